"""Where in the picture: how much boxes overlap, which to keep, and how good a ranked list is."""

import numpy as np


def iou(a, b):
    """Intersection over union of boxes (x1, y1, x2, y2), arrays (..., 4) that broadcast; 0 where there is no area."""
    width = np.maximum(np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0]), 0)
    height = np.maximum(np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1]), 0)
    areas = [(box[..., 2] - box[..., 0]) * (box[..., 3] - box[..., 1]) for box in (a, b)]
    covered = areas[0] + areas[1] - width * height
    return width * height / np.where(covered > 0, covered, 1)


def nms(boxes, scores, classes, threshold):
    """The indices of the boxes that stay, a list, the highest score first; boxes: (N, 4), scores, classes: (N,).

    The best box stays, and drops the boxes of its class that overlap it with an IoU above the threshold; and so on.
    """
    kept = []
    for i in np.argsort(-scores):
        rivals = [j for j in kept if classes[j] == classes[i]]
        if not rivals or iou(boxes[i], boxes[rivals]).max() <= threshold:
            kept.append(int(i))
    return kept


def average_precision(hits, total):
    """The area under the raised precision-recall curve of boxes found, best first; a float.

    hits: for each box whether it is a hit, a list of 0 and 1; total: how many true boxes there are. Each precision is
    raised to the largest at the same or a higher recall. It is 0.0 if nothing was found.
    """
    found = np.cumsum(hits)
    precision = found / np.arange(1, len(hits) + 1)
    raised = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(found, prepend=0) / total * raised).sum())
