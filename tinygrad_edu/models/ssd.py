"""A single-shot detector: one pass of a network finds the objects of an image, each with its box and its class.

W. Liu et al., "SSD: Single shot multibox detector", ECCV 2016. Every cell of two or more maps, fine ones for small
things and coarse ones for large things, has an opinion on a few anchors, boxes of given sizes and ratios: whether there
is an object (as in J. Redmon et al., "You only look once", CVPR 2016), where its edges are, and of which class it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from .. import nn
from ..data import boxes
from ..engine.node import number_of, shape_of
from ..engine.primitives.shape import concatenate, reshape, transpose
from ..errors import OutOfRangeError, ShapeError
from ..nn.functional import binary_cross_entropy_with_logits, cross_entropy, focal_loss, smooth_l1_loss
from ..nn.module import evaluating
from .fcn import conv_stages

__all__ = ["SSD", "ssd"]

RARE = 0.01
"""How probable an object is at an anchor before anything is learned: Lin et al., "Focal loss" (2017), section 4.1."""


class SSD(nn.Module):
    """Stages, of which the last ones give maps; behind each map a 3×3 convolution with 5 + C numbers an anchor.

    These are the logit of "there is an object", the four offsets of `boxes.encode`, and the logits of the C classes.

    Parameters
    ----------
    stages : modules, each of which works on what the one before it gives.
    widths : the number of channels of the last stages' maps.
    strides : how many pixels of the image a cell of these maps is wide.
    sizes : the sizes of the anchors of each map, in pixels.
    ratios : width to height of the anchors.
    classes : the number of classes, without a background.
    size : the height and the width of the images.
    focal : the exponent of the focal loss for "there is an object"; 0 for cross-entropy.

    Attributes
    ----------
    anchors : (M, 4), of all maps.

    >>> import tinygrad_edu as tg
    >>> model = ssd(classes=3, size=32)
    >>> model(tg.zeros((2, 1, 32, 32))).shape, model.anchors.shape
    ((2, 240, 8), (240, 4))
    """

    def __init__(
        self, stages: Sequence[nn.Module], widths: Sequence[int], strides: Sequence[int],
        sizes: Sequence[Sequence[float]], ratios: Sequence[float], classes: int, size: int, focal: float = 0.0,
    ) -> None:  # fmt: skip
        self.classes, self.size, self.focal = classes, size, focal
        self.stages = nn.ModuleList(stages)
        self.heads = nn.ModuleList()
        maps = []
        for width, stride, some in zip(widths, strides, sizes):
            each = len(some) + len(ratios) - 1
            head = nn.Conv2d(width, each * (5 + classes), kernel_size=3, padding=1)
            rare = [math.log(RARE / (1 - RARE)), *[0.0] * (4 + classes)]
            head.bias = nn.Parameter(np.tile(rare, each).astype(np.float32))
            self.heads.append(head)
            maps.append(boxes.anchors((size // stride, size // stride), stride, some, ratios))
        self.anchors = np.concatenate(maps)

    def forward(self, x: Any) -> Any:
        """Images (N, channels, size, size) → (N, M, 5 + C).

        Raises `ShapeError` for images of another size, and for stages whose maps do not have the strides.
        """
        if shape_of(x)[2:] != (self.size, self.size):
            raise ShapeError(f"SSD: the anchors are for images of {(self.size, self.size)}, not {shape_of(x)[2:]}")
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        said = [transpose(head(each), (0, 2, 3, 1)) for head, each in zip(self.heads, maps[-len(self.heads) :])]
        n = shape_of(x)[0]
        every = concatenate([reshape(each, (n, -1, 5 + self.classes)) for each in said], axis=1)
        if shape_of(every)[1] != len(self.anchors):
            raise ShapeError(
                f"SSD: its strides promise {len(self.anchors)} anchors, and its stages give maps of "
                f"{[shape_of(each)[1:3] for each in said]} cells, with {shape_of(every)[1]}"
            )
        return every

    def losses(self, predictions: Any, true: Any) -> dict[str, Any]:
        """The losses of "there is an object", of the boxes and of the classes.

        Each is a sum, divided by the number of anchors that stand for a true box, or by 1 where none does.

        `true` (N, K, 5) is a class and the corners for each box, with class −1 where there is none. An anchor stands
        for a box as `boxes.assign` says; the others should say that there is no object, and no more is asked of them.

        Raises `ShapeError` for true boxes in another form, and `OutOfRangeError` for one without width or height.
        """
        rows, n = np.asarray(number_of(true)), shape_of(predictions)[0]
        if rows.ndim != 3 or rows.shape[0] != n or rows.shape[2] != 5:
            raise ShapeError(
                f"SSD: true boxes are (N, K, 5), rows of class, x1, y1, x2, y2 for each of {n} images, not {rows.shape}"
            )
        of = np.stack([_standing_for(self.anchors, each) for each in rows])  # (N, M)
        image, anchor = np.nonzero(of >= 0)
        wanted, chosen = rows[image, of[image, anchor]], predictions[image, anchor]
        offsets = boxes.encode(wanted[:, 1:], self.anchors[anchor])
        there = predictions[:, :, 0]
        if self.focal:
            logits = reshape(there, (-1, 1))
            yes_or_no = concatenate([logits * 0.0, logits], axis=1)  # their softmax is the sigmoid of the logit
            object_loss = focal_loss(yes_or_no, (of >= 0).ravel() * 1, self.focal, reduction="sum")
        else:
            object_loss = binary_cross_entropy_with_logits(there, of >= 0, reduction="sum")
        matched = max(1, len(image))
        return {
            "object": object_loss / matched,
            "box": smooth_l1_loss(chosen[:, 1:5], offsets, reduction="sum") / matched,
            "class": cross_entropy(chosen[:, 5:], wanted[:, 0].astype(int), reduction="sum") / matched,
        }

    def loss(self, predictions: Any, true: Any) -> Any:
        """The sum of `losses`, for `train.fit`."""
        total: Any = sum(self.losses(predictions, true).values())
        return total

    def detect(self, images: Any, score: float = 0.05, overlap: float = 0.45) -> list[ndarray]:
        """The boxes found in each image, best first: (K, 6), class, x1, y1, x2, y2 and score.

        A score is the probability of an object times that of its most probable class. Boxes with less than `score` are
        left out, and those that overlap a better one of their class with an IoU above `overlap`. Without boxes it is
        (0, 6). The model is in evaluation mode meanwhile.

        Raises `OutOfRangeError` where the network gives nan or inf.
        """
        with evaluating(self):
            said = np.asarray(number_of(self(images)), float)
        if not np.isfinite(said).all():
            raise OutOfRangeError("SSD: the network gives nan or inf; has its training diverged?")
        return [_found(each, self.anchors, self.size, score, overlap) for each in said]


def _standing_for(anchors: ndarray, rows: ndarray) -> ndarray:
    """For each anchor the row of the true box that it stands for, or −1: (M, 4), (K, 5) → (M,)."""
    there = np.flatnonzero(rows[:, 0] >= 0)
    return np.asarray(np.append(there, -1)[boxes.assign(anchors, rows[there, 1:])])


def _found(said: ndarray, anchors: ndarray, size: int, score: float, overlap: float) -> ndarray:
    """The boxes that predictions (M, 5 + C) of one image tell of: (K, 6)."""
    there = np.exp(-np.logaddexp(0, -said[:, 0]))  # the sigmoid
    weights = np.exp(said[:, 5:] - said[:, 5:].max(axis=1, keepdims=True))
    scores, classes = there * weights.max(axis=1) / weights.sum(axis=1), weights.argmax(axis=1)
    good = np.flatnonzero(scores >= score)
    corners = boxes.clip(boxes.decode(said[good, 1:5], anchors[good]), size, size)
    kept = boxes.nms(corners, scores[good], overlap, classes[good])
    return np.column_stack([classes[good][kept], corners[kept], scores[good][kept]])


def ssd(
    channels: int = 1,
    classes: int = 10,
    size: int = 40,
    widths: Sequence[int] = (8, 16, 32, 64),
    sizes: Sequence[Sequence[float]] = ((13,), (18,)),
    ratios: Sequence[float] = (0.7, 0.4, 1.0),
    focal: float = 0.0,
) -> SSD:
    """A small `SSD`, whose last two stages have maps with a cell every 4 and every 8 pixels, for `data.Scenes`.

    Parameters
    ----------
    widths : the channels of its four stages, the first of which keeps the size of the image.

    >>> import tinygrad_edu as tg
    >>> ssd(classes=3, size=32).detect(tg.zeros((2, 1, 32, 32)))[1].shape
    (0, 6)
    """
    return SSD(conv_stages(channels, widths), widths[-2:], (4, 8), sizes, ratios, classes, size, focal)
