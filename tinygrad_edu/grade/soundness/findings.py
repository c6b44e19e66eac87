"""The findings about an assignment, as records for programs and as text for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..._support.json_records import Format
from ..._support.languages import counted, say
from ..._support.text import clean

__all__ = ["Finding", "Soundness"]

Kind = Literal[
    "reference", "flaky", "starter", "missing", "own error", "upstream", "square", "numbers", "tolerance", "name",
    "survivor", "unused check",
]  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """Something to mend in an assignment.

    Attributes
    ----------
    kind : "reference": the reference loses points. "flaky": it loses points with some seeds. "starter": it gets
        points, or cannot be read. "missing": a check needs a name that the reference or the starter does not define.
        "own error": a check itself fails, for everybody or for some answers. "upstream", "square", "numbers": a probe
        hides mistakes. "tolerance": it is so large that a mistake passes. "name": a mistake is taken for another one.
        "survivor": a wrong program loses no points. "unused check": no wrong program loses points by it.
    place : the file and line, such as "reference.py:12".
    check : the name of the check; empty if the finding is about all checks.
    message : what is wrong.
    advice : what to change.
    """

    kind: Kind
    place: str
    check: str
    message: str
    advice: str

    def __str__(self) -> str:
        said = self.message
        for name in filter(None, (self.check, self.place)):
            said = say("{name}: {problem}", name=name, problem=said)
        return clean(said, 4_000)


@dataclass(frozen=True)
class Soundness:
    """The report on an assignment. It is true if, and only if, there are no findings.

    Attributes
    ----------
    assignment, title, max_score : name, title and points of the assignment.
    reference, starter : the names of the files; the starter may be empty.
    seeds : with how many seeds the reference was graded.
    programs, possible_programs : how many wrong programs were tried, and how many there are.
    answers, named : how many wrong gradients were tried, and for how many the right mistake was named.
    findings : what to mend. If the reference or a check fails, the other tests are not run: mend these first.
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
        reference = counted(self.seeds, "{file} with {n} seed", "{file} with {n} seeds", file=self.reference)
        tried = [reference, self.starter or say("no starter")]
        if self.programs:
            programs = counted(self.possible_programs, "{n} wrong program", "{n} wrong programs")
            some = self.programs < self.possible_programs
            tried.append(say("{some} of {programs}", some=self.programs, programs=programs) if some else programs)
        if self.answers:
            answers = counted(self.answers, "{n} wrong gradient", "{n} wrong gradients")
            named = say("all") if self.named == self.answers else f"{self.named}"
            tried.append(say("{answers} ({named} called by their name)", answers=answers, named=named))
        points = say("{n} point" if self.max_score == 1 else "{n} points", n=f"{self.max_score:g}")
        head = [
            say("{name}: {problem}", name=self.title, problem=points),
            say("Tried: {things}", things=say(", ").join(tried)),
        ]
        said = [
            f"{finding}\n  → {finding.advice}" if after is None or after.advice != finding.advice else str(finding)
            for finding, after in zip(self.findings, [*self.findings[1:], None])  # repeated advice appears once
        ]
        end = counted(len(said), "{n} finding.", "{n} findings.") if said else say("Nothing to mend.")
        return "\n\n".join(["\n".join(head), *said, end])


FORMAT = Format(Soundness, "tinygrad_edu.soundness", 1, "What came of checking an assignment")
