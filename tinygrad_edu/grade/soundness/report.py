"""What came of checking an assignment, as records for programs and as text for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...records import Format
from ..text import clean

__all__ = ["Finding", "Soundness"]

Kind = Literal[
    "reference", "flaky", "starter", "missing", "own error", "upstream", "square", "numbers", "tolerance", "name",
    "survivor", "unused check",
]  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """Something in an assignment that should be mended.

    Attributes
    ----------
    kind : "reference": it does not get all points. "flaky": it does not get them with all seeds. "starter": it gets
        some, or cannot be read. "missing": a check needs what the reference or the starter does not define. "own
        error": a check itself fails, so that nobody gets a grade. "upstream", "square", "numbers": a probe in which
        mistakes hide. "tolerance": one so large that a mistake passes. "name": a mistake is taken for another one.
        "survivor": a wrong program loses no points. "unused check": no wrong program loses points by it.
    place : the file and the line, such as "reference.py:12".
    check : which one it is about; empty if it is about all.
    message : what was found.
    advice : what to change.
    """

    kind: Kind
    place: str
    check: str
    message: str
    advice: str

    def __str__(self) -> str:
        check = f"{self.check}: " if self.check else ""
        return clean(f"{self.place}: {check}{self.message}", 4_000)


@dataclass(frozen=True)
class Soundness:
    """What came of checking an assignment.

    Attributes
    ----------
    assignment, title, max_score : of the assignment.
    reference, starter : the files; the starter is empty where there is none.
    seeds : with so many the reference was graded.
    programs, possible_programs : how many wrong programs were tried, of how many that there are.
    answers, named : how many wrong gradients were tried, and how many of them were called by the right mistake.
    findings : what to mend. Where the reference fails or a check does, there is nothing else: mend these first.

    True if, and only if, there are no findings.
    """

    assignment: str
    title: str
    max_score: float
    reference: str
    starter: str
    seeds: int
    programs: int
    possible_programs: int
    answers: int
    named: int
    findings: tuple[Finding, ...]

    def __bool__(self) -> bool:
        return not self.findings

    def json(self) -> str:
        """The report as JSON."""
        return FORMAT.write(self)

    def __str__(self) -> str:
        head = f"{self.title}: {self.max_score:g} points"
        tried = f"Tried: {self.reference} with {self.seeds} seed{'s' * (self.seeds > 1)}"
        tried += f", {self.starter}" if self.starter else ", no starter"
        if self.programs:
            some = "" if self.programs == self.possible_programs else f" of {self.possible_programs}"
            tried += f", {self.programs}{some} wrong programs, {self.answers} wrong gradients"
        if self.answers:
            tried += f" ({self.named / self.answers:.0%} of them called by their name)"
        said = [
            f"{finding}\n  → {finding.advice}" if after is None or after.advice != finding.advice else str(finding)
            for finding, after in zip(self.findings, [*self.findings[1:], None])  # the same advice once
        ]
        n = len(self.findings)
        end = "Nothing to mend." if not n else "1 finding." if n == 1 else f"{n} findings."
        return "\n\n".join([f"{head}\n{tried}", *said, end])


FORMAT = Format(Soundness, "tinygrad_edu.soundness", 1, "What came of checking an assignment")
