"""`gradcheck`: the engine's derivatives beside those of finite differences.

Each side gives what the other needs. One backward pass gives the derivatives of one number by all inputs, so the
outputs are taken together in a few functionals: each output alone where they are few, random sums where they are many.
One move of the inputs gives the change of all outputs, so the inputs are moved one at a time where they are few, in
random groups where they are many; a group that disagrees is halved until the number is found.

A difference quotient at a kink means nothing. There the engine follows a convention, so what is asked is that its
answer lie between the right and the left derivative, and that it be right at points nearby on both sides: a wrong rule
cannot hide behind a kink.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ..engine.node import Node, creation, describe
from ..engine.walk import reachable
from ..errors import DtypeError, GradientError, TinygradError
from .point import Point, Tolerance
from .report import Mismatch, Report, verdict
from .search import Finding, around_one, kinks_in_words, mismatches, nearby, search
from .sound import refuse_coarse, refuse_unsound, take_derivatives
from .subject import Gradient, Subject
from .vectors import numbers

__all__ = ["gradcheck"]

FEW_OUTPUTS = 32
"""Up to this many outputs each is looked at alone; more are seen through random sums."""

FEW_INPUTS = 64
"""Up to this many numbers each is moved alone; more are moved in so many random groups."""

FEW_STEPS = 64
"""So many different steps of a function are checked by themselves, to find the one to blame."""


def gradcheck(
    f: Callable[..., Any],
    inputs: Any,
    *,
    order: int = 2,
    eps: float | None = None,
    atol: float = 0.0,
    rtol: float | None = None,
    raise_exception: bool = True,
    seed: int = 0,
    allow_float32: bool = False,
) -> Report:
    """Compare the derivatives of `f` that the engine computes with finite differences.

    Floats, arrays of floats, and nodes that require a gradient are differentiated; other arguments are passed on as
    they are. `f` receives Values and Tensors of this function's own, so that nobody's `.grad` changes.

    Parameters
    ----------
    f : returns a Value, a Tensor, a number, an array, or a tuple of them, of any shapes.
    inputs : the arguments, a tuple; or the only argument.
    order : up to which derivative. The second is the derivative of the gradient by all inputs and by the upstream.
    eps : the longest step of the differences; chosen for each number where left out.
    atol, rtol : what the two may differ by, besides the error of the finite differences, which is estimated; rtol is
        1e-8 where left out, for float32 1e-3.
    raise_exception : raise a `GradientError` with all details where a derivative is wrong; else return the report.
    seed : for the random upstream gradients and groups.
    allow_float32 : check float32 inputs nevertheless, as coarsely as that has to be.

    Returns a report that is true if all is right; printed, it says what was compared and where `f` has kinks.

    Raises `GradientError` as said; `DtypeError` for float32 inputs, and where there is nothing to differentiate.

    >>> import numpy as np
    >>> import tinygrad_edu as tg
    >>> print(tg.gradcheck(lambda x, y: (np.exp(x) * y).sum(), (np.array([0.5, 1.0]), 2.0)))
    gradcheck: all derivatives are right (3 of order 1 and 12 of order 2 compared with finite differences)
    >>> print(tg.gradcheck(tg.relu, 0.0, order=1))
    gradcheck: all derivatives are right (1 of order 1 compared with finite differences)
      at a kink: ∂output/∂x is 0 on the left and 1 on the right; the engine says 0
    """
    subject = Subject(f, inputs)
    if not subject.arguments.varied:
        raise DtypeError(
            "gradcheck: there is nothing to differentiate: give floats (2.0, not 2), arrays of float64, or nodes that "
            "require a gradient"
        )
    if rtol is None:
        rtol = 1e-3 if allow_float32 else 1e-8
    with np.errstate(all="ignore"):
        if not allow_float32:
            refuse_coarse(subject)
        report = Check(Tolerance(atol, rtol, eps), np.random.default_rng(seed)).run(subject, order)
    if raise_exception and not report:
        raise GradientError(str(report))
    return report


class Check:
    """One run of `gradcheck`: the settings, and what was found so far."""

    def __init__(self, tolerance: Tolerance, random: np.random.Generator) -> None:
        self.tolerance, self.random, self.report = tolerance, random, Report()

    def run(self, f: Subject, order: int, blame: bool = True) -> Report:
        """Check the derivatives up to an order; stops at the first that is wrong, or infinite."""
        subject = f
        for k in range(1, order + 1):
            try:
                refuse_unsound(subject)
                point = self.point(subject)
                take_derivatives(point)
                self.compare(point, f if blame else None)
            except GradientError as problem:
                self.report.problems.append(str(problem))
            if self.report.problems or not np.isfinite(point.jacobian).all():
                break
            if k < order:
                subject = Gradient(subject, around_one(self.random, point.call.values.size))
        return self.report

    def point(self, subject: Subject) -> Point:
        """The place where a subject is checked, and what of its outputs is looked at."""
        here = subject.arguments.point
        values = abs(subject.values(here))
        if values.size <= FEW_OUTPUTS:
            return Point(subject, here, np.diag(around_one(self.random, values.size)), self.tolerance)
        sums = around_one(self.random, 6, values.size) / np.maximum(values, np.median(values) or 1.0)  # of one size
        return Point(subject, here, sums, self.tolerance)

    def groups(self, n: int) -> list[ndarray]:
        """The n inputs, each alone if they are few, else in random groups."""
        if n <= FEW_INPUTS:
            return [np.array([j]) for j in range(n)]
        return np.array_split(self.random.permutation(n), FEW_INPUTS)

    def compare(self, point: Point, f: Subject | None) -> None:
        """Compare all first derivatives of a subject that is made from f; report what is wrong, and what is a kink."""
        order, groups = point.subject.order, self.groups(len(point.point))
        self.report.compared.append(len(groups) * min(point.call.values.size, len(point.functionals)))
        findings = search(point, groups) if point.call.values.size else []
        wrong = named(findings)
        culprits, kinks = self.blame(f, order) if wrong and f else ([], [])
        excused = bool(kinks) and not culprits and all(np.isfinite(m.analytic) for m in wrong)
        if excused or not wrong:
            elsewhere = named(nearby(findings, self.random))
            if not elsewhere:
                self.report.kinks += [f"{m.in_short}: {kinks[0]}" for m in wrong]
                self.report.kinks += list(dict.fromkeys(words for x in findings for words in kinks_in_words(x)))
                return
            wrong += elsewhere
        self.report.mismatches = sorted(wrong, key=lambda m: -m.severity)
        self.report.problems += [verdict(order, self.report.mismatches, self.report.compared[-1]), *culprits]

    def blame(self, f: Subject, order: int) -> tuple[list[str], list[str]]:
        """Which steps of f are wrong by themselves, and which are at a kink; in words."""
        wrong, kinked = [], []
        for node, name, step in steps_alone(f):
            try:
                report = Check(self.tolerance, self.random).run(step, order, blame=False)
            except TinygradError:  # it cannot be called by itself, so nothing can be said about it
                continue
            if report.mismatches:
                wrong.append(f"to blame is the rule of {name}: {report.mismatches[0].in_short}")
            elif report.kinks:
                kinked.append(f"{describe(node)} on the way is at a kink")
        return wrong, kinked


def named(findings: Sequence[Finding]) -> list[Mismatch]:
    """The derivatives that are wrong, each once."""
    return list({m.entry: m for x in findings for m in mismatches(x)}.values())


def steps_alone(f: Subject) -> Iterator[tuple[Node, str, Subject]]:
    """Each step of a function, with its name and as a function of its own operands; each kind of step once."""
    call = f.record(f.arguments.point)
    nodes = {x for out in call.outputs if isinstance(out, Node) and out.requires_grad for x in reachable(out)}
    seen: set[object] = set()
    for node in sorted(nodes, key=creation):
        kind = (node.primitive, repr(node.attrs), tuple(numbers(x).shape for x in node.inputs))
        if node.primitive is not None and kind not in seen and len(seen) < FEW_STEPS:
            seen.add(kind)
            yield node, node.primitive.name, alone(node)


def alone(node: Node) -> Subject:
    """A step by itself: a function of those of its operands that require a gradient."""
    slots = [i for i, x in enumerate(node.inputs) if isinstance(x, Node) and x.requires_grad]

    def step(*operands: Any) -> Any:
        inputs = list(node.inputs)
        for i, x in zip(slots, operands):
            inputs[i] = x
        return node.primitive(*inputs, **node.attrs)  # type: ignore[misc]

    return Subject(step, [node.inputs[i] for i in slots])
