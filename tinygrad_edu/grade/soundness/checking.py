"""`check_assignment`: one test of an assignment after the other. All programs run in the sandbox, as submissions do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from ..._support.languages import say, speaking, texts
from ..assignment import beside_assignment, load_assignment
from ..errors import AssignmentError
from ..submission.submission import Submission
from .answers import WrongAnswers, in_odd_answers
from .course import Course, in_reference, in_starter
from .findings import Soundness
from .programs import WrongProgram, in_wrong_programs, wrong_programs

__all__ = ["check_assignment"]


def check_assignment(
    path: str | os.PathLike[str],
    *,
    reference: str | os.PathLike[str] | None = None,
    starter: str | os.PathLike[str] | None = None,
    seeds: int = 20,
    most: int = 200,
    workers: int | None = None,
    lang: str | None = None,
) -> Soundness:
    """Test an assignment; the report says what to mend, if anything.

    Parameters
    ----------
    path : the path of its file, or of a folder with an `assignment.py`.
    reference, starter : .py files; by default `reference.py` and `starter.py` beside the assignment, or, beside
        `hw1.py`, `hw1_reference.py` and `hw1_starter.py`. The starter may be missing.
    seeds : how often the reference is graded, each time for another student.
    most : how many wrong programs are tried at most, spread over the whole reference.
    workers : how many programs run at a time; by default one for each processor.
    lang : the language of the report, "en" or "zh"; None: the one that `TINYGRAD_EDU_LANG` names.

    Raises `AssignmentError` if the assignment cannot be loaded or there is no reference.

    >>> from tinygrad_edu.grade.assignments import folder
    >>> report = check_assignment(folder("chain_rule"), seeds=2, most=5)
    >>> bool(report), report.programs
    (True, 5)
    """
    loaded = load_assignment(path)
    file = Path(path) / "assignment.py" if Path(path).is_dir() else Path(path)
    right = _beside(file, "reference", reference)
    if right is None:
        names = say(" or ").join(place.name for place in beside_assignment(file, "reference"))
        text = texts("{path}: no reference beside it, {names}; or name one by --reference")
        raise AssignmentError(text, path=path, names=names)
    course = Course(loaded, Path(path), right, _beside(file, "starter", starter), workers)
    with speaking(lang, loaded.assignment.texts):
        return _tried_out(course, seeds, most)


def _beside(file: Path, role: Literal["reference", "starter"], given: str | os.PathLike[str] | None) -> Path | None:
    """The reference or the starter of an assignment; None if there is none."""
    if given is None:
        return next(filter(Path.is_file, beside_assignment(file, role)), None)
    if Path(given).suffix != ".py" or not Path(given).is_file():
        raise AssignmentError("{option}: it must be an existing .py file", option=f"--{role} {given}")
    return Path(given)


def _tried_out(course: Course, seeds: int, most: int) -> Soundness:
    """Run all tests one after the other; those with wrong programs only if the reference passes."""
    right = Submission.read(course.reference)
    students = [f"seed-{i}" for i in range(1, seeds + 1)]
    results = course.of_each(say("the reference"), lambda student: course.graded(right, student), students)
    findings = [*in_reference(course, results), *(in_starter(course, course.starter) if course.starter else ())]
    possible: list[WrongProgram] = []
    tried: list[WrongProgram] = []
    answers: list[WrongAnswers] = []
    passed = [result.student for result in results if all(check.outcome == "pass" for check in result.checks)]
    if passed and not any(finding.kind in ("reference", "missing", "own error") for finding in findings):
        good = passed[0]
        expected = {check.name: course.expected_of(check, right, good) for check in course.assignment.checks}
        answers = [WrongAnswers(name, course.place(name), notes.probes) for name, (notes, _) in expected.items()]
        findings += [finding for wrong in answers for finding in wrong.findings]
        for check in course.assignment.checks:
            findings += in_odd_answers(course, check, course.draw(check, good), expected[check.name][1])
        ((_, source),) = right.parts
        possible = list(wrong_programs(source))
        tried = [possible[i * len(possible) // most] for i in range(most)] if len(possible) > most else possible
        findings += in_wrong_programs(
            course, tried, good, {name: sum(x.seconds for x in heard) for name, (_, heard) in expected.items()}
        )
    return Soundness(
        assignment=course.assignment.name,
        title=say(course.assignment.title),
        max_score=course.assignment.max_score,
        reference=course.reference.name,
        starter=course.starter.name if course.starter else "",
        seeds=seeds,
        programs=len(tried),
        possible_programs=len(possible),
        answers=sum(wrong.tried for wrong in answers),
        named=sum(wrong.named for wrong in answers),
        findings=tuple(dict.fromkeys(findings)),
    )
