"""Lesson 21: the largest rate, Adadelta, and clipping."""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.grade import Assignment, expect, require
from tinygrad_edu.grade.checks import follows_optimizer

hw = Assignment("steps-downhill", title="Steps downhill")


@hw.check(points=2, needs=["largest_rate"], title="The largest rate")
def rate(student, rng):
    X = rng.normal(size=(20, 3)) * [1, 2, 5] + 1
    answer, hessian = student.largest_rate(X), X.T @ X / len(X)
    require(
        isinstance(answer, (int, float, np.number)),
        "one number is expected, and not {found}",
        kind="type",
        found=type(answer).__name__,
    )
    curvatures = np.linalg.eigvalsh(hessian)
    mistakes = {
        "the rate is 2 / the smallest curvature": 2 / curvatures[0],
        "the rate is 1 / the largest curvature, half of what is allowed": 1 / curvatures[-1],
        "the mean over the N rows is left out of the Hessian": 2 / curvatures[-1] / len(X),
        "the largest number on the diagonal is taken for the largest curvature": 2 / np.diag(hessian).max(),
    }
    for what, wrong in mistakes.items():
        require(
            not np.allclose(answer, wrong) or np.allclose(wrong, 2 / curvatures[-1]),
            what,
            kind="curvature",
            how="The Hessian of this loss is X.T @ X / N. Its largest eigenvalue is the largest curvature, and the "
            "rate has to be below 2 / that.",
        )
    expect(answer, "the largest rate").equals(2 / curvatures[-1])


@hw.check(points=3, needs=["adadelta"], title="Adadelta")
def adadelta(student, rng):
    start, gradients = rng.normal(size=(3, 2)), [rng.normal(size=(3, 2)) for _ in range(6)]
    path = student.adadelta(start, gradients, 2.0)
    require(
        isinstance(path, (list, tuple)) and len(path) == len(gradients),
        "a list is expected, of the parameters after each of the {n} steps",
        kind="shape",
        n=len(gradients),
    )
    require(
        not (np.array_equal(path[0], path[-1]) and not np.array_equal(path[0], start)),
        "the parameters after the first step equal those after the last",
        kind="in place",
        how="`w -= ...` changes one array again and again, and the list holds it several times. Write `w = w - ...`.",
    )
    mistakes = {
        "u is updated before the step that it is used in": (True, True, False),
        "ε is missing in the root of u: no step could ever be taken": (False, False, False),
        "u is the running mean of the squares of lr · d": (False, True, True),
    }
    for what, (early, with_eps, with_rate) in mistakes.items():
        wrong = other_path(start, gradients, 2.0, early, with_eps, with_rate)
        require(
            not all(np.allclose(mine, other) for mine, other in zip(path, wrong)),
            what,
            kind="adadelta",
            how="First s, then d from the old u, then the new u from d, and in the end the step.",
        )
    after = iter(path)
    follows_optimizer(lambda gradient: next(after), tg.optim.Adadelta, start, gradients, lr=2.0)


def other_path(w, gradients, lr, early, with_eps, with_rate):
    """The parameters after each step, with a known mistake."""
    s, u, path = np.zeros_like(w), np.zeros_like(w), []
    for g in gradients:
        s = 0.9 * s + 0.1 * g**2
        if early:
            u = 0.9 * u + 0.1 * (g * np.sqrt(u + 1e-6) / np.sqrt(s + 1e-6)) ** 2
        d = g * np.sqrt(u + 1e-6 * with_eps) / np.sqrt(s + 1e-6)
        if not early:
            u = 0.9 * u + 0.1 * (lr * d if with_rate else d) ** 2
        w = w - lr * d
        path.append(w)
    return path


@hw.check(points=3, needs=["clip_by_norm"], title="Clipping by the norm of all")
def clipping(student, rng):
    gradients = [rng.normal(size=(4, 3)), rng.normal(size=5)]
    norm = float(np.sqrt(sum((g**2).sum() for g in gradients)))
    answer = clipped(student, gradients, 2 * norm)
    require(
        not are_close(answer, [2 * g for g in gradients]),
        "gradients whose norm is below the bound are made larger",
        kind="norm",
        how="Clipping only shortens: the factor is at most 1.",
    )
    expect(answer, "gradients that are small enough").equals(gradients)
    answer, most = clipped(student, gradients, norm / 3), norm / 3
    require(
        not are_close(answer, [g * most / np.linalg.norm(g) for g in gradients]),
        "each array is scaled by its own norm, which turns the direction of the step",
        kind="norm",
        how="Add up the squares of all arrays first: there is one norm, and one factor for all.",
    )
    require(
        not are_close(answer, [g * most / sum(map(np.linalg.norm, gradients)) for g in gradients]),
        "the norms of the arrays are added up",
        kind="norm",
        how="Add up the squares of all numbers, and take one root in the end.",
    )
    require(
        not are_close(answer, [np.clip(g, -most, most) for g in gradients]),
        "each number is clipped by itself, which turns the direction of the step",
        kind="norm",
        how="Scale all numbers by one factor, most / norm.",
    )
    expect(answer, "gradients that are too large").equals([g / 3 for g in gradients])


def clipped(student, gradients, most):
    """The answer, as a list."""
    answer = student.clip_by_norm(gradients, most)
    return list(answer) if isinstance(answer, tuple) else answer


def are_close(answer, wrong):
    """Whether an answer is the list of arrays that a known mistake gives."""
    return (
        isinstance(answer, list)
        and [getattr(a, "shape", None) for a in answer] == [w.shape for w in wrong]
        and all(np.allclose(a, w) for a, w in zip(answer, wrong))
    )
