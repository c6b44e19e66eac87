"""Boxes around the objects of images: how much they overlap, anchors, offsets, and which of many to keep.

A box is (x1, y1, x2, y2): its left, upper, right and lower edge, in pixels, y downwards. Arrays of boxes have the shape
(..., 4). The functions take arrays, lists or Tensors, give arrays, and record no gradients. They raise `ShapeError` for
boxes that are not four numbers, and `OutOfRangeError` for a box with a negative width or height, nan or inf.

>>> iou([0, 0, 4, 2], [[2, 0, 6, 2], [5, 5, 6, 6]]).round(2)
array([0.33, 0.  ])
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ..engine.convert import array_of
from ..engine.messages import short
from ..engine.messages.hints import hold_to_hints
from ..errors import DtypeError, OutOfRangeError, ShapeError

__all__ = ["anchors", "area", "assign", "centre_form", "clip", "corner_form", "decode", "encode", "iou", "nms"]

# The forms of a box.


def centre_form(boxes: Any) -> ndarray:
    """(centre x, centre y, width, height) of boxes given by their corners: (..., 4) → (..., 4).

    >>> centre_form([1, 2, 5, 4])
    array([3., 3., 4., 2.])
    """
    x1, y1, x2, y2 = _edges("centre_form", boxes)
    return np.stack([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1], axis=-1)


def corner_form(boxes: Any) -> ndarray:
    """(x1, y1, x2, y2) of boxes given by centre, width and height: (..., 4) → (..., 4).

    >>> corner_form([3, 3, 4, 2])
    array([1., 2., 5., 4.])
    """
    array = _numbers("corner_form", boxes)
    _hold(
        "corner_form", array, (array[..., 2:] >= 0).all(axis=-1), "width and height are not negative, and all is finite"
    )
    x, y, width, height = np.moveaxis(array, -1, 0)
    return np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=-1)


def clip(boxes: Any, height: float, width: float) -> ndarray:
    """Boxes without what lies outside an image of this height and width: (..., 4) → (..., 4).

    >>> clip([-3, 2, 50, 8], height=10, width=20)
    array([ 0.,  2., 20.,  8.])
    """
    return np.stack([np.clip(edge, 0, end) for edge, end in zip(_edges("clip", boxes), (width, height) * 2)], axis=-1)


# How much they overlap.


def area(boxes: Any) -> ndarray:
    """Width times height of each box: (..., 4) → (...).

    >>> area([[0, 0, 4, 2], [1, 1, 1, 5]])
    array([8., 0.])
    """
    x1, y1, x2, y2 = _edges("area", boxes)
    return np.asarray((x2 - x1) * (y2 - y1))


def iou(a: Any, b: Any) -> ndarray:
    """Intersection over union: the area that two boxes share, divided by the area that they cover together.

    The boxes, (..., 4) and (..., 4), broadcast: `iou(a[:, None], b)` compares each of a with each of b, and gives
    (len(a), len(b)). Boxes that only touch have 0, and so have two boxes without area.

    >>> a = np.array([[0, 0, 2, 2], [1, 1, 3, 3]])
    >>> iou(a[:, None], a).round(3)
    array([[1.   , 0.143],
           [0.143, 1.   ]])
    """
    first, second = _edges("iou", a), _edges("iou", b)
    try:
        return np.asarray(_ratio(first, second))
    except ValueError:
        raise ShapeError(
            f"iou: boxes {np.shape(a)} and {np.shape(b)} do not broadcast; a[:, None] compares each of a with each of b"
        ) from None


# Anchors: the boxes that a detector has an opinion about.


def anchors(shape: tuple[int, int], stride: float, sizes: Sequence[float], ratios: Sequence[float] = (1.0,)) -> ndarray:
    """Boxes of several sizes and ratios around the middle of every cell of a map: (rows · columns · A, 4).

    A size s and a ratio r make a box of s·√r by s/√r pixels: r is width to height, and the area is s². As many sizes
    with every ratio would be too many, there are the first ratio with every size, and the other ratios with the first
    size, A = len(sizes) + len(ratios) − 1 in all: Liu et al., "SSD", ECCV 2016, in the form of Zhang et al., "Dive into
    deep learning" (2023), section 14.4. The order is that of the map: row by row, and for each cell its A anchors.

    Parameters
    ----------
    shape : rows and columns of the map.
    stride : the distance in pixels between the middles of two cells.
    sizes, ratios : in pixels; width to height.

    Raises `OutOfRangeError` for sizes or ratios that are not larger than 0.

    >>> anchors((1, 2), stride=8, sizes=[8], ratios=[1, 4])
    array([[ 0.,  0.,  8.,  8.],
           [-4.,  2., 12.,  6.],
           [ 8.,  0., 16.,  8.],
           [ 4.,  2., 20.,  6.]])
    """
    given = (stride, *sizes, *ratios)
    if not sizes or not ratios or not all(0 < x < math.inf for x in given):
        raise OutOfRangeError(
            "anchors: stride, sizes and ratios are larger than 0, and not "
            f"{short(stride)}, {short(sizes)}, {short(ratios)}"
        )
    pairs = np.array([(s, ratios[0]) for s in sizes] + [(sizes[0], r) for r in ratios[1:]], float)
    half = np.stack([pairs[:, 0] * np.sqrt(pairs[:, 1]), pairs[:, 0] / np.sqrt(pairs[:, 1])], axis=1) / 2
    rows, columns = ((np.arange(n) + 0.5) * stride for n in shape)
    x, y = np.meshgrid(columns, rows)
    middle = np.stack([x, y], axis=-1).reshape(-1, 1, 2)
    return np.concatenate([middle - half, middle + half], axis=-1).reshape(-1, 4)


def assign(anchors: Any, boxes: Any, threshold: float = 0.5) -> ndarray:
    """For each anchor the index of the true box that it stands for, or −1 for none: (A, 4), (K, 4) → (A,).

    First every true box takes the anchor that overlaps it most, the pair of the largest IoU before the others, so that
    none is left without one as long as there are anchors. Then every other anchor takes the box that it overlaps most,
    if their IoU is at least `threshold`.

    >>> assign([[0, 0, 4, 4], [1, 0, 5, 4], [8, 8, 9, 9]], [[0, 0, 4, 5]])
    array([ 0,  0, -1])
    """
    anchors, boxes = _listed("assign", anchors), _listed("assign", boxes)
    found = np.full(len(anchors), -1)
    if not len(anchors) or not len(boxes):
        return found
    table = iou(anchors[:, None], boxes)
    enough = table.max(axis=1) >= threshold
    found[enough] = table.argmax(axis=1)[enough]
    for _ in range(min(table.shape)):
        anchor, box = np.unravel_index(table.argmax(), table.shape)
        found[anchor] = box
        table[anchor], table[:, box] = -1, -1
    return found


SCALES = np.array([0.1, 0.1, 0.2, 0.2])
"""What offsets are divided by, so that they have about the size 1: the "variances" in the program of SSD's authors."""

LARGEST = math.log(1000 / 16)
"""The logarithm of how much larger than its anchor a box may be, so that no exponential overflows."""


def encode(boxes: Any, anchors: Any) -> ndarray:
    """The offsets from anchors to boxes, which a network learns: (..., 4), (..., 4) → (..., 4).

    The difference of the centres in units of the anchor, and the logarithm of the ratio of the sizes, divided by 0.1
    and by 0.2: ((x − x_a) / w_a / 0.1, (y − y_a) / h_a / 0.1, log(w / w_a) / 0.2, log(h / h_a) / 0.2).

    Raises `OutOfRangeError` for a box or an anchor without width or height.

    >>> encode([1, 0, 5, 8], [0, 0, 4, 4]).round(2)
    array([2.5 , 5.  , 0.  , 3.47])
    """
    b, a = (_with_area("encode", what, given) for what, given in (("box", boxes), ("anchor", anchors)))
    parts = [(b[..., :2] - a[..., :2]) / a[..., 2:], np.log(b[..., 2:] / a[..., 2:])]
    return np.asarray(np.concatenate(parts, axis=-1) / SCALES)


def decode(offsets: Any, anchors: Any) -> ndarray:
    """The boxes at these offsets from the anchors, the inverse of `encode`: (..., 4), (..., 4) → (..., 4).

    A width or height is at most 62.5 times the anchor's, so that the first guesses of a network do not overflow.

    >>> decode(encode([1, 0, 5, 8], [0, 0, 4, 4]), [0, 0, 4, 4])
    array([1., 0., 5., 8.])
    """
    scaled, a = _numbers("decode", offsets) * SCALES, _with_area("decode", "anchor", anchors)
    if not np.isfinite(scaled).all():
        raise OutOfRangeError("decode: an offset is nan or inf")
    middle = a[..., :2] + scaled[..., :2] * a[..., 2:]
    half = np.exp(np.minimum(scaled[..., 2:], LARGEST)) * a[..., 2:] / 2
    return np.concatenate([middle - half, middle + half], axis=-1)


# Non-maximum suppression.

BEST = 256
"""How many boxes are resolved first. If many boxes stand around few objects, these drop nearly all the others."""

COLUMN, CELL = 512, 48
"""How many boxes that begin near each other on the x axis, and of these on the y axis, are compared at once."""


def nms(boxes: Any, scores: Any, threshold: float = 0.5, classes: Any = None) -> ndarray:
    """Non-maximum suppression: of boxes that overlap, only the best; their indices, the highest score first.

    The box with the highest score is kept, and all that overlap it with an IoU above `threshold` are dropped; then the
    best of the others is kept, and so on. Among equal scores, the first box goes first. With `classes`, boxes of
    different classes do not drop each other.

    Parameters
    ----------
    boxes, scores, classes : (N, 4), (N,) and (N,).

    Raises `OutOfRangeError` for a threshold that is not between 0 and 1, and `DtypeError` for a score that is nan.

    >>> nms([[0, 0, 4, 4], [0, 0, 4, 5], [6, 6, 9, 9]], scores=[0.8, 0.9, 0.3])
    array([1, 2])
    >>> nms([[0, 0, 4, 4], [0, 0, 4, 5], [6, 6, 9, 9]], scores=[0.8, 0.9, 0.3], classes=[7, 1, 1])
    array([1, 0, 2])
    """
    boxes, scores = _listed("nms", boxes), _values("nms", "scores", scores)
    kinds = np.zeros(len(boxes)) if classes is None else _values("nms", "classes", classes)
    if not len(boxes) == len(scores) == len(kinds):
        raise ShapeError(f"nms: {len(boxes)} boxes have {len(scores)} scores and {len(kinds)} classes")
    if np.isnan(scores).any():
        raise DtypeError("nms: a score is nan, which is neither higher nor lower than another")
    if not 0 <= threshold <= 1:
        raise OutOfRangeError(f"nms: threshold is an IoU, between 0 and 1, not {short(threshold)}")
    best_first = np.argsort(-scores, kind="stable")
    kept = [
        of[_survivors(boxes[of], threshold)] for of in (best_first[kinds[best_first] == k] for k in np.unique(kinds))
    ]
    together = np.concatenate([np.zeros(0, int), *kept])
    return together[np.lexsort([together, -scores[together]])]


def _survivors(boxes: ndarray, threshold: float) -> ndarray:
    """The indices of those boxes, sorted best first, that no better one drops.

    The best few are resolved, and drop what they can among the others; then four times as many, and so on.
    """
    columns = np.ascontiguousarray(boxes.T)
    left, kept, n = np.arange(len(boxes)), [np.zeros(0, int)], BEST
    while len(left):
        chunk, rest = left[:n], left[n:]
        better, worse = _overlapping(columns[:, chunk], columns[:, chunk], threshold)
        better, worse = better[better < worse], worse[better < worse]
        keep, before = np.ones(len(chunk), bool), np.zeros(len(chunk), bool)
        while (keep != before).any():  # the first n are right after n rounds, and all of them mostly after a few
            before, keep = keep, np.ones(len(chunk), bool)
            keep[worse[before[better]]] = False
        kept.append(chunk[keep])
        _, dropped = _overlapping(columns[:, chunk[keep]], columns[:, rest], threshold)
        left, n = np.delete(rest, dropped), 4 * n
    return np.concatenate(kept)


def _overlapping(a: ndarray, b: ndarray, threshold: float) -> tuple[ndarray, ndarray]:
    """The pairs (i, j) of boxes a (4, N) and b (4, M) with IoU > threshold."""
    pairs = [(np.zeros(0, int), np.zeros(0, int))]
    share = (1 - 1e-5) * threshold / (1 + threshold)  # shared > threshold · (a + b − shared), and those at the limit
    for column, near_column in _bands(a[0::2], b[0::2], threshold, COLUMN):
        here, there = a[:, column], b[:, near_column]
        for cell, near in _bands(here[1::2], there[1::2], threshold, CELL):
            table = _share_more(here[:, cell, None], there[:, None, near], share)
            i, j = np.divmod(np.flatnonzero(table), max(1, len(near)))
            pairs.append((column[cell[i]], near_column[near[j]]))
    i, j = (np.concatenate(side) for side in zip(*pairs))
    exact = _ratio(a[:, i], b[:, j]) > threshold
    return i[exact], j[exact]


def _share_more(a: ndarray, b: ndarray, share: float) -> ndarray:
    """Whether boxes share more than this share of the sum of their areas, for edges (4, N, 1) and (4, 1, M): (N, M).

    One side cut off at 0 is enough: a negative area is not more. New arrays for each step would take a third longer.
    """
    both, height = np.minimum(a[2], b[2]), np.minimum(a[3], b[3])
    both -= np.maximum(a[0], b[0])
    height -= np.maximum(a[1], b[1])
    np.maximum(both, 0, out=both)
    both *= height
    both -= share * _size_of(b)
    more: ndarray = both > share * _size_of(a)
    return more


def _bands(a: ndarray, b: ndarray, threshold: float, size: int) -> Iterator[tuple[ndarray, ndarray]]:
    """Groups of `size` neighbouring intervals a (2, N), each with all b (2, M) that may overlap one of them enough.

    Of two with an IoU above the threshold, the second begins before 1 − threshold of the first one's length.
    """
    by_a, by_b = np.argsort(a[0]), np.argsort(b[0])
    begins, reach = b[0, by_b], (1 - threshold) * (a[1] - a[0])
    far = (1 - threshold) * (b[1] - b[0]).max(initial=0)
    for group in (by_a[i : i + size] for i in range(0, len(by_a), size)):
        ends = a[0, group[0]] - far, (a[0, group] + reach[group]).max()
        yield group, by_b[np.searchsorted(begins, ends[0], "left") : np.searchsorted(begins, ends[1], "right")]


SMALLEST = np.finfo(np.float32).tiny
"""What an area counts for at least, so that boxes without one have the ratio 0."""

# Helpers. Edges are the four numbers of boxes on the first axis.


def _shared(a: Any, b: Any) -> Any:
    """The area that boxes share, for edges that broadcast."""
    width = np.minimum(a[2], b[2]) - np.maximum(a[0], b[0])
    height = np.minimum(a[3], b[3]) - np.maximum(a[1], b[1])
    return np.maximum(width, 0) * np.maximum(height, 0)


def _ratio(a: Any, b: Any) -> Any:
    """The area that boxes share, divided by the area that they cover; for edges that broadcast."""
    both = _shared(a, b)
    return both / np.maximum(_size_of(a) + _size_of(b) - both, SMALLEST)


def _size_of(edges: Any) -> Any:
    """The area of boxes."""
    return (edges[2] - edges[0]) * (edges[3] - edges[1])


def _numbers(function: str, boxes: Any) -> ndarray:
    """Boxes or offsets as floats, (..., 4)."""
    array = array_of(boxes)
    if array.dtype.kind not in "biuf" and array.size:
        raise DtypeError(f"{function}: boxes are numbers, not {short(boxes)}")
    if array.shape == (0,):
        array = array.reshape(0, 4)  # an empty list
    if not array.ndim or array.shape[-1] != 4:
        raise ShapeError(f"{function}: boxes have four numbers on their last axis, (..., 4), not shape {array.shape}")
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)


def _edges(function: str, boxes: Any) -> ndarray:
    """The edges x1, y1, x2, y2 of boxes, checked: (4, ...)."""
    array = _numbers(function, boxes)
    rule = "x1, y1, x2, y2 are finite, with x1 <= x2 and y1 <= y2; corner_form makes them of centre, width and height"
    _hold(function, array, (array[..., 2:] >= array[..., :2]).all(axis=-1), rule)
    return np.moveaxis(array, -1, 0)


def _hold(function: str, boxes: ndarray, right: Any, rule: str) -> None:
    """Raise `OutOfRangeError` for the first box that is not finite or not `right`, with the rule."""
    right = right & np.isfinite(boxes).all(axis=-1)
    if not right.all():
        raise OutOfRangeError(f"{function}: {boxes[~right].reshape(-1, 4)[0].tolist()} is no box: {rule}")


def _listed(function: str, boxes: Any) -> ndarray:
    """A list of boxes, checked: (N, 4)."""
    array = np.moveaxis(_edges(function, boxes), 0, -1)
    if array.ndim != 2:
        raise ShapeError(f"{function}: needs a list of boxes, (N, 4), not shape {array.shape}")
    return array


def _with_area(function: str, what: str, boxes: Any) -> ndarray:
    """Boxes in centre form, checked to have a width and a height."""
    array = np.moveaxis(_edges(function, boxes), 0, -1)
    flat = (array[..., 2:] <= array[..., :2]).any(axis=-1)
    if flat.any():
        raise OutOfRangeError(f"{function}: the {what} {array[flat].reshape(-1, 4)[0].tolist()} has no width or height")
    return centre_form(array)


def _values(function: str, what: str, given: Any) -> ndarray:
    """One number for each box: (N,)."""
    array = array_of(given)
    if array.ndim != 1:
        raise ShapeError(f"{function}: {what} has a number for each box, (N,), not shape {array.shape}")
    return array


hold_to_hints(globals())
