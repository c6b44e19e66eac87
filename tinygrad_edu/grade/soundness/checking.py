"""`check_assignment`: an assignment is tried out before a class does it.

The reference must get all points, with every seed, and the starter none. Then wrong programs are made of the reference,
and each must lose points. All of them run in the sandbox, as what students hand in does.
"""

from __future__ import annotations

import os
from pathlib import Path

from ..assignment import load_assignment
from ..errors import AssignmentError
from ..submission.submission import Submission
from .answers import WrongAnswers
from .course import Course
from .programs import WrongProgram, wrong_programs
from .report import Soundness
from .solutions import of_reference, of_starter
from .trials import of_wrong_programs

__all__ = ["check_assignment"]


def check_assignment(
    path: str | os.PathLike[str],
    *,
    reference: str | os.PathLike[str] | None = None,
    starter: str | os.PathLike[str] | None = None,
    seeds: int = 20,
    most: int = 200,
    workers: int | None = None,
) -> Soundness:
    """Try out an assignment; what is to be mended, if anything.

    Parameters
    ----------
    path : of its file, or of a folder with an `assignment.py`.
    reference, starter : .py files. If left out, `reference.py` and `starter.py` beside the assignment, or, beside
        `hw1.py`, `hw1_reference.py` and `hw1_starter.py`. There may be no starter.
    seeds : so often is the reference graded, each time as another student's.
    most : so many wrong programs are tried at most, of all parts of the reference.
    workers : programs at a time; by default one for each processor.

    Raises `AssignmentError` where the assignment cannot be loaded or there is no reference.

    >>> from tinygrad_edu.grade.assignments import folder
    >>> report = check_assignment(folder("chain_rule"), seeds=2, most=5)
    >>> bool(report), report.programs
    (True, 5)
    """
    loaded = load_assignment(path)
    file = Path(path) / "assignment.py" if Path(path).is_dir() else Path(path)
    right = beside(file, "reference", reference)
    if right is None:
        names = " or ".join(place.name for place in places(file, "reference"))
        raise AssignmentError(f"{path}: no reference beside it, {names}; or name one by --reference")
    return tried_out(Course(loaded, Path(path), right, beside(file, "starter", starter), workers), seeds, most)


def places(file: Path, role: str) -> list[Path]:
    """Where the reference or the starter of an assignment is looked for."""
    own = [] if file.stem == "assignment" else [file.with_name(f"{file.stem}_{role}.py")]
    return [*own, file.with_name(f"{role}.py")]


def beside(file: Path, role: str, given: str | os.PathLike[str] | None) -> Path | None:
    """The reference or the starter of an assignment, if there is one."""
    if given is None:
        return next(filter(Path.is_file, places(file, role)), None)
    if Path(given).suffix != ".py" or not Path(given).is_file():
        raise AssignmentError(f"--{role} {given}: it must be a .py file that there is")
    return Path(given)


def tried_out(course: Course, seeds: int, most: int) -> Soundness:
    """Everything that is tried, one after the other; wrong programs mean nothing before the right one is right."""
    right = Submission.read(course.reference)
    students = [f"seed-{i}" for i in range(1, seeds + 1)]
    results = course.of_each("the reference", lambda student: course.graded(right, student), students)
    findings = [*of_reference(course, results), *(of_starter(course, course.starter) if course.starter else ())]
    possible: list[WrongProgram] = []
    tried: list[WrongProgram] = []
    answers: list[WrongAnswers] = []
    good = next((result.student for result in results if result.score == result.max_score), None)
    if good and not any(finding.kind in ("reference", "missing", "own error") for finding in findings):
        expected = {check.name: course.expected_of(check, right, good) for check in course.assignment.checks}
        answers = [WrongAnswers(name, course.place(name), notes.probes) for name, (notes, _) in expected.items()]
        findings += [finding for wrong in answers for finding in wrong.findings]
        ((_, source),) = right.parts
        possible = list(wrong_programs(source))
        tried = [possible[i * len(possible) // most] for i in range(most)] if len(possible) > most else possible
        findings += of_wrong_programs(course, tried, good, {name: seconds for name, (_, seconds) in expected.items()})
    return Soundness(
        assignment=course.assignment.name,
        title=course.assignment.title,
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
