"""The report of `gradcheck`, and its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .._support.languages import counted, listed, say, texts

__all__ = ["Mismatch", "Report"]


SHOWN = 8
"""The number of kinks that are printed."""


class Mismatch(NamedTuple):
    """One derivative on which the engine and finite differences disagree.

    Attributes
    ----------
    entry : the derivative, such as `∂output[2]/∂x[0, 1]`.
    analytic : its value by the engine.
    numerical, error : its value by finite differences, and the error of that.
    tolerance : the difference that is allowed.
    note : a kink, or a missing path, in words.
    """

    entry: str
    analytic: float
    numerical: float
    error: float
    tolerance: float
    note: str = ""

    @property
    def difference(self) -> float:
        return abs(self.analytic - self.numerical)

    @property
    def severity(self) -> float:
        """The difference in multiples of the tolerance; inf if the engine's answer is nan."""
        severity = self.difference / self.tolerance if self.tolerance else float("inf")
        return severity if severity == severity else float("inf")

    @property
    def in_short(self) -> str:
        """The mismatch on one line."""
        text = texts("{entry} is {right}, but the engine says {found}")
        return say(text, entry=self.entry, right=f"{self.numerical:.6g}", found=f"{self.analytic + 0.0:.6g}")

    def __str__(self) -> str:
        lines = [
            f"{self.entry}{self.note}",
            say("  the engine says       {number}", number=f"{self.analytic + 0.0:.12g}"),
            say(
                "  finite differences    {number}  (± {error})",
                number=f"{self.numerical + 0.0:.12g}",
                error=f"{self.error:.1g}",
            ),
            say(
                "  difference            {number}, where {tolerance} is tolerated",
                number=f"{self.difference:.3g}",
                tolerance=f"{self.tolerance:.1g}",
            ),
        ]
        return "\n".join(lines)


@dataclass
class Report:
    """The result of `gradcheck`: true if all derivatives are right; printed, it explains itself.

    Attributes
    ----------
    problems : the mistakes, a paragraph each; empty if all is right.
    kinks : the places where `f` has no derivative and the engine follows a convention.
    mismatches : the derivatives that disagree, the worst first.
    compared : the number of derivatives that were compared, for each order.

    >>> import tinygrad_edu as tg
    >>> report = tg.gradcheck(tg.relu, -1.5)
    >>> bool(report), report.kinks
    (True, [])
    """

    problems: list[str] = field(default_factory=list)
    kinks: list[str] = field(default_factory=list)
    mismatches: list[Mismatch] = field(default_factory=list)
    compared: list[int] = field(default_factory=list)

    def __bool__(self) -> bool:
        return not self.problems

    def __str__(self) -> str:
        if self.problems:
            return "\n\n".join(["gradcheck: " + self.problems[0], *self.problems[1:]])
        counts = listed([say("{n} of order {order}", n=n, order=k) for k, n in enumerate(self.compared, 1)])
        lines = [say("gradcheck: all derivatives are right ({counts} compared with finite differences)", counts=counts)]
        lines += [say("  at a kink: {kink}", kink=kink) for kink in self.kinks[:SHOWN]]
        more = len(self.kinks) - SHOWN
        return "\n".join(lines + [counted(more, "  and at {n} other kink", "  and at {n} other kinks")] * (more > 0))


def verdict(order: int, mismatches: Sequence[Mismatch], compared: int) -> str:
    """The paragraph about derivatives that disagree, of which the worst comes first."""
    what = say("the gradient") if order == 1 else say("the derivative of order {order}", order=order)
    one = texts("{what} is wrong: {worst}")
    several = texts("{what} is wrong: {k} of {n} derivatives disagree, the worst is {worst}")
    text = several if len(mismatches) > 1 else one
    lines = [say(text, what=what, k=len(mismatches), n=compared, worst=mismatches[0])]
    hint = _pattern(mismatches)
    return "\n".join(lines + ([say("  hint: {hint}", hint=say(hint))] if hint else []))


def _pattern(mismatches: Sequence[Mismatch]) -> str:
    """The mistake that a pattern common to all mismatches suggests; empty if there is none."""
    telling = texts(
        {
            0.0: "the engine's are all 0: is something detached, such as by .data, float() or no_grad()?",
            -1.0: "the engine's have the wrong sign",
            2.0: "the engine's are twice what they should be: is something counted twice?",
            0.5: "the engine's are half of what they should be: is one of two uses not counted, or a factor 2 missing?",
        }
    )
    for ratio, words in telling.items():
        if all(abs(m.analytic - ratio * m.numerical) <= 1e-6 * abs(m.numerical) for m in mismatches):
            return words
    return ""
