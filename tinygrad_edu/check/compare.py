"""`gradcheck`: compares the engine's derivatives with finite differences.

One backward pass gives the derivatives of one number by all inputs. So the outputs are combined into a few functionals:
each output alone if they are few, random sums if they are many. One move of the inputs gives the change of all outputs.
So the inputs are moved one at a time if they are few, in random groups if they are many; a group that disagrees is
halved until the wrong number is found.

At a kink a difference quotient means nothing, and the engine follows a convention. There the answer of the engine must
lie between the left and the right derivative, and it must be right at points nearby on both sides. So a wrong rule
cannot hide behind a kink.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from .._support.languages import say, texts
from ..engine.graphs import reachable
from ..engine.messages import describe
from ..engine.node import Node, creation, number_of
from ..errors import DtypeError, GradientError, TinygradError
from .point import Point, Tolerance
from .preconditions import refuse_coarse, refuse_unsound, take_derivatives
from .report import Mismatch, Report, verdict
from .search import Finding, kinks_in_words, mismatches, nearby, search
from .subject import Gradient, Subject
from .vectors import around_one

__all__ = ["gradcheck"]

FEW_OUTPUTS = 32
"""Up to this many outputs are compared one by one; more are combined in random sums."""

FEW_INPUTS = 64
"""Up to this many inputs are moved one by one; more are moved in this many random groups."""

FEW_STEPS = 64
"""The number of different steps of a function that are checked by themselves, to find the wrong one."""


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

    Floats, arrays of floats, and nodes that require a gradient are differentiated; other arguments are passed on
    unchanged. `f` receives new Values and Tensors, so that no `.grad` changes.

    Parameters
    ----------
    f : returns a Value, a Tensor, a number, an array, or a tuple of them, of any shapes.
    inputs : the arguments, a tuple; or the only argument.
    order : the highest derivative. The second is that of the gradient, by all inputs and by the upstream gradient.
    eps : the longest step of the differences; by default it is chosen for each number.
    atol, rtol : the difference that is allowed, besides the estimated error of the finite differences; rtol is 1e-8 by
        default, and 1e-3 with `allow_float32`.
    raise_exception : raise a `GradientError` with all details if a derivative is wrong; else return the report.
    seed : for the random upstream gradients and groups.
    allow_float32 : accept float32 inputs, which can only be checked coarsely.

    Returns a report that is true if all derivatives are right. Printed, it says what was compared and where `f` has
    kinks.

    Raises `GradientError` as said; `DtypeError` for float32 inputs, and if there is nothing to differentiate.

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
        raise DtypeError(say(NOTHING))
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
    """One run of `gradcheck`: its options, and the report so far."""

    def __init__(self, tolerance: Tolerance, random: np.random.Generator) -> None:
        self.tolerance, self.random, self.report = tolerance, random, Report()

    def run(self, f: Subject, order: int, blame: bool = True) -> Report:
        """Check the derivatives up to an order; stop at the first order with a wrong or infinite derivative."""
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
        """The point at which a subject is checked, with the functionals of its outputs."""
        here = subject.arguments.point
        values = abs(subject.values(here))
        if values.size <= FEW_OUTPUTS:
            return Point(subject, here, np.diag(around_one(self.random, values.size)), self.tolerance)
        sizes = np.maximum(values, np.median(values) or 1.0)  # dividing by them makes all terms of a sum similar
        return Point(subject, here, around_one(self.random, 6, values.size) / sizes, self.tolerance)

    def groups(self, n: int) -> list[ndarray]:
        """The indices of n inputs: one by one if they are few, else in random groups."""
        if n <= FEW_INPUTS:
            return [np.array([j]) for j in range(n)]
        return np.array_split(self.random.permutation(n), FEW_INPUTS)

    def compare(self, point: Point, f: Subject | None) -> None:
        """Compare all first derivatives of a subject that is made from f; report the wrong ones, and the kinks."""
        order, groups = point.subject.order, self.groups(len(point.point))
        self.report.compared.append(len(groups) * min(point.call.values.size, len(point.functionals)))
        findings = search(point, groups) if point.call.values.size else []
        wrong = _named(findings)
        culprits, kinks = self.blame(f, order) if wrong and f else ([], [])
        excused = bool(kinks) and not culprits and all(np.isfinite(m.analytic) for m in wrong)
        if excused or not wrong:
            elsewhere = _named(nearby(findings, self.random))
            if not elsewhere:
                self.report.kinks += [f"{m.in_short}: {kinks[0]}" for m in wrong]
                self.report.kinks += list(dict.fromkeys(words for x in findings for words in kinks_in_words(x)))
                return
            wrong += elsewhere
        self.report.mismatches = sorted(wrong, key=lambda m: -m.severity)
        self.report.problems += [verdict(order, self.report.mismatches, self.report.compared[-1]), *culprits]

    def blame(self, f: Subject, order: int) -> tuple[list[str], list[str]]:
        """The steps of f that are wrong by themselves, and those that are at a kink, in words."""
        wrong, kinked = [], []
        for node, name, step in _steps_alone(f):
            try:
                report = Check(self.tolerance, self.random).run(step, order, blame=False)
            except TinygradError:  # the step cannot be called by itself
                continue
            if report.mismatches:
                text = texts("to blame is the rule of {name}: {wrong}")
                wrong.append(say(text, name=name, wrong=report.mismatches[0].in_short))
            elif report.kinks:
                kinked.append(say("{node} on the way is at a kink", node=describe(node)))
        return wrong, kinked


NOTHING = texts(
    "gradcheck: there is nothing to differentiate: give floats (2.0, not 2), arrays of float64, or nodes that require "
    "a gradient"
)


def _named(findings: Sequence[Finding]) -> list[Mismatch]:
    """The wrong derivatives, each once."""
    return list({m.entry: m for x in findings for m in mismatches(x)}.values())


def _steps_alone(f: Subject) -> Iterator[tuple[Node, str, Subject]]:
    """Each kind of step of a function once: the node, its name, and the step as a function of its own operands."""
    call = f.record(f.arguments.point)
    nodes = {x for out in call.outputs if isinstance(out, Node) and out.requires_grad for x in reachable(out)}
    seen: set[object] = set()
    for node in sorted(nodes, key=creation):
        kind = (node.primitive, repr(node.attrs), tuple(np.shape(number_of(x)) for x in node.inputs))
        if node.primitive is not None and kind not in seen and len(seen) < FEW_STEPS:
            seen.add(kind)
            yield node, node.primitive.name, _alone(node)


def _alone(node: Node) -> Subject:
    """A step by itself, as a function of those of its operands that require a gradient."""
    slots = [i for i, x in enumerate(node.inputs) if isinstance(x, Node) and x.requires_grad]

    def step(*operands: Any) -> Any:
        inputs = list(node.inputs)
        for i, x in zip(slots, operands):
            inputs[i] = x
        return node.primitive(*inputs, **node.attrs)  # type: ignore[misc]

    return Subject(step, [node.inputs[i] for i in slots])
