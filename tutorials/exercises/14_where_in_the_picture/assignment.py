"""Where in the picture: how much boxes overlap, which to keep, and how good a ranked list is."""

import numpy as np

from tinygrad_edu.data import boxes
from tinygrad_edu.grade import Assignment, expect, require

hw = Assignment("where-in-the-picture", title="Where in the picture")


def random_boxes(rng, n, canvas=10):
    """Boxes with corners inside a canvas."""
    return np.sort(rng.uniform(0, canvas, (n, 2, 2)), axis=1).reshape(n, 4)


def parts(a, b):
    """Width and height of what two boxes share, negative where they are apart, and their areas."""
    width = np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0])
    height = np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1])
    return width, height, *((box[..., 2] - box[..., 0]) * (box[..., 3] - box[..., 1]) for box in (a, b))


@hw.check(points=3, needs=["iou"], title="Intersection over union")
def overlap(student, rng):
    for a, b in ((random_boxes(rng, 9), random_boxes(rng, 9)), (random_boxes(rng, 5)[:, None], random_boxes(rng, 3))):
        answer, expected = student.iou(a, b), boxes.iou(a, b)
        width, height, one, other = parts(a, b)
        shared = np.maximum(width, 0) * np.maximum(height, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            mistakes = (
                (
                    width * height / (one + other - width * height),
                    "Boxes that are apart have an overlap.",
                    "apart",
                    "make a negative width or height of what they share 0 before you multiply",
                ),
                (
                    shared / (one + other),
                    "What both cover is counted twice.",
                    "union",
                    "the union is the sum of the areas minus what they share, which is in both",
                ),
                (
                    shared / np.minimum(one, other),
                    "It is divided by the smaller area.",
                    "smaller",
                    "divide by all that the two boxes cover together",
                ),
                (shared, "The shared area is not divided by anything.", "area", "divide by the area of the union"),
            )
        for wrong, what, kind, how in mistakes:
            made = isinstance(answer, np.ndarray) and answer.shape == wrong.shape
            same = np.allclose(wrong, expected)  # where all boxes are apart, for example
            require(same or not (made and np.allclose(answer, wrong)), what, kind=kind, how=how)
        expect(answer, "iou of {a} and {b}", a=a.shape, b=b.shape).is_close(expected, rtol=1e-9)
    flat = np.array([[1.0, 1, 1, 5], [0, 0, 2, 2]])
    answer = student.iou(flat, flat[[0, 0]])
    require(
        not (is_float(answer) and np.isnan(answer).any()),
        "Two boxes without area give nan.",
        kind="0/0",
        how="where the union is 0, divide by 1 instead: np.where(union > 0, union, 1)",
    )
    expect(answer, "iou of a box without area with itself and with another").is_close(np.zeros(2), rtol=1e-9)


def is_float(answer):
    """Whether the answer is a float or an array of floats."""
    return isinstance(answer, (float, np.floating, np.ndarray)) and np.asarray(answer).dtype.kind == "f"


def greedy(of, scores, classes, threshold, per_class=True, dropped_drop=False, best_first=True, tie=True):
    """Suppression box by box, and what common mistakes make of it."""
    kept, seen = [], []
    for i in np.argsort(-scores if best_first else scores, kind="stable").tolist():
        rivals = [j for j in (seen if dropped_drop else kept) if not per_class or classes[j] == classes[i]]
        seen.append(i)
        most = boxes.iou(of[i], of[rivals]).max() if rivals else -1.0
        if most < threshold or (tie and most == threshold):
            kept.append(i)
    return kept


@hw.check(points=3, needs=["nms"], title="The best of boxes that overlap")
def suppression(student, rng):
    # Neighbours have the IoU 3/5, the next but one 1/3; the last two, half as wide, exactly 1/2.
    row = np.array([[x, 0.0, x + 4, 4] for x in (0, 1, 2, 3, 20, 21)] + [[40.0, 0, 44, 4], [40, 0, 42, 4]])
    scores, classes = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.95, 0.4, 0.3]), np.array([0, 0, 0, 1, 1, 1, 0, 0])
    crowd = np.concatenate([random_boxes(rng, 1) + rng.normal(0, 0.4, (7, 4)).cumsum(axis=0) * 0.3 for _ in range(3)])
    crowd = np.sort(crowd.reshape(-1, 2, 2), axis=1).reshape(-1, 4)
    cases = [
        (row, scores, classes, 0.5),
        (crowd, rng.permutation(21) / 21, rng.integers(0, 2, 21), 0.3),
    ]
    for of, points, kinds, threshold in cases:
        answer = student.nms(of, points, kinds, threshold)
        expected = greedy(of, points, kinds, threshold)
        listed = isinstance(answer, (list, tuple, np.ndarray)) and all(isinstance(i, (int, np.integer)) for i in answer)
        as_list = [int(i) for i in answer] if listed else answer
        for mistake, what, kind, how in (
            (
                {"per_class": False},
                "Boxes of another class are dropped, too.",
                "classes",
                "compare a box only with kept ones of its own class",
            ),
            (
                {"dropped_drop": True},
                "Boxes that were dropped themselves drop others.",
                "chain",
                "compare with those that were kept; a box that is gone has no say",
            ),
            ({"best_first": False}, "The worst boxes go first.", "order", "np.argsort(-scores) has the best first"),
            (
                {"tie": False},
                "A box goes whose IoU is equal to the threshold.",
                "threshold",
                "only those above the threshold are dropped",
            ),
        ):
            wrong = greedy(of, points, kinds, threshold, **mistake)
            require(not listed or as_list != wrong or wrong == expected, what, kind=kind, how=how)
        require(
            not listed or sorted(as_list) != sorted(expected) or as_list == expected,
            "The right boxes, in another order.",
            kind="order",
            how="the highest score first, over all classes",
        )
        expect(as_list, "nms of {n} boxes", n=len(of)).equals(expected)
    nothing = student.nms(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int), 0.5)
    empty = isinstance(nothing, (list, tuple, np.ndarray)) and len(nothing) == 0
    require(empty, "Without boxes an empty list is expected.", kind="empty")


def area(hits, total, raised=True):
    """Average precision."""
    found = np.cumsum(hits)
    precision = found / np.arange(1, len(hits) + 1)
    curve = np.maximum.accumulate(precision[::-1])[::-1] if raised else precision
    return float((np.diff(found, prepend=0) / total * curve).sum())


@hw.check(points=3, needs=["average_precision"], title="Average precision")
def ranking(student, rng):
    lists = [([1, 0, 1, 1, 0], 4), ([0, 0, 1], 3), (rng.integers(0, 2, 12).tolist(), 12), ([], 2), ([0, 0], 2)]
    for hits, total in lists:
        answer, expected = student.average_precision(hits, total), area(hits, total)
        n = sum(hits)
        for wrong, what, kind, how in (
            (
                area(hits, total, raised=False),
                "The precisions are not raised.",
                "raised",
                "go through the list from its end, and keep the largest precision seen: np.maximum.accumulate",
            ),
            (
                area(hits, n, raised=False) if n else None,
                "It is divided by the hits, and the precisions are not raised.",
                "missed",
                "divide by the true boxes; and keep the largest precision from the end of the list on",
            ),
            (
                area(hits, n) if n else None,
                "It is divided by the hits, not by the true boxes.",
                "missed",
                "a true box that was not found adds nothing, and counts in the total all the same",
            ),
            (n / total, "This is the recall.", "recall", "each hit adds 1 / total times the raised precision there"),
        ):
            same = wrong is not None and isinstance(answer, float) and np.isclose(answer, wrong)
            text = "{what} In the answer for {hits}."
            require(not same or np.isclose(wrong, expected), text, kind=kind, how=how, what=what, hits=hits)
        require(
            not (isinstance(answer, float) and np.isnan(answer)),
            "The answer for {hits} is nan.",
            kind="empty",
            how="a list without boxes has the average precision 0.0",
            hits=hits,
        )
        number = float(answer) if isinstance(answer, (int, np.floating)) else answer
        given = {"hits": hits, "total": total}
        expect(number, "the average precision of {hits}, with {total} true boxes", **given).is_close(
            expected, rtol=1e-9
        )
