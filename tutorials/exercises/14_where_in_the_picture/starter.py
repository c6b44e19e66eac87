"""Where in the picture: how much boxes overlap, which to keep, and how good a ranked list is."""

import numpy as np


def iou(a, b):
    """Intersection over union of boxes (x1, y1, x2, y2), arrays (..., 4) that broadcast; 0 where there is no area."""
    raise NotImplementedError


def nms(boxes, scores, classes, threshold):
    """The indices of the boxes that stay, a list, the highest score first; boxes: (N, 4), scores, classes: (N,).

    The best box stays, and drops the boxes of its class that overlap it with an IoU above the threshold; and so on.
    """
    raise NotImplementedError


def average_precision(hits, total):
    """The area under the raised precision-recall curve of boxes found, best first; a float.

    hits: for each box whether it is a hit, a list of 0 and 1; total: how many true boxes there are. Each precision is
    raised to the largest at the same or a higher recall. It is 0.0 if nothing was found.
    """
    raise NotImplementedError
