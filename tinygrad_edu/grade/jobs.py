"""`Job`: a submission that waits for grading; `jobs_in` finds those of a whole class in a folder."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .._support.languages import say, texts
from .._support.text import clean, exception_text
from .assignment import Loaded
from .errors import SubmissionError
from .submission.submission import Submission

__all__ = ["Job", "jobs_in"]

LITTER = {"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini"}
"""Files that systems leave in folders, besides those that begin with a dot."""

TABLES = (".csv", ".tsv", ".xlsx", ".ods")
"""Endings of gradebooks, which may lie among the submissions."""

MOODLE = re.compile(r"(?P<student>.*_\d+)_assignsubmission_[a-z]+_?(?P<file>.*)", re.DOTALL)
CANVAS = re.compile(r"(?P<name>[^_]+)(?P<late>_LATE)?_(?P<number>\d+)_\d+_(?P<file>.*?)(?:-\d+)?(?P<end>\.\w+)?")
"""How Moodle and Canvas call submissions that are downloaded together. All files of a student begin alike."""


@dataclass(frozen=True)
class Job:
    """One student's submission of one assignment.

    Attributes
    ----------
    student : the student's id in the course; also the name of the file with the result.
    path : the path of the submission.
    secret : the bytes from which the inputs are drawn; who knows them knows the inputs. By default the hash of the
        assignment, because students do not have its checks either.
    require_isolation : the lowest isolation level at which it is graded.
    beside : if there are several files, the path of each, and how the student called it.
    late : how many days late it was handed in; None if that is not known, and it is late.
    """

    loaded: Loaded
    student: str
    path: str
    secret: bytes
    require_isolation: int = 1
    beside: tuple[tuple[str, str], ...] = ()
    late: float | None = 0.0

    def submission(self) -> Submission:
        """Read the submission. If that fails, the result has no parts, and a warning says why."""
        needs = sorted({name for check in self.loaded.assignment.checks for name in check.needs})
        try:
            return Submission.read(self.path, self.loaded.assignment.name, needs=needs, beside=self.beside)
        except SubmissionError as error:
            why = clean(str(error).replace(self.path, Path(self.path).name))
        except Exception as error:  # whatever it is: it is this student's file, and not the class
            what = clean(exception_text(error), 200)
            why = say("{file}: it cannot be read ({error})", file=clean(Path(self.path).name), error=what)
        digest = hashlib.sha256(why.encode(errors="surrogatepass")).hexdigest()
        return Submission(Path(self.path).name, (), warnings=(why,), sha256=digest)


def jobs_in(
    loaded: Loaded,
    path: str | os.PathLike[str],
    *,
    student: str = "",
    secret: bytes = b"",
    require_isolation: int = 1,
) -> list[Job]:
    """A job for every file, archive, notebook and folder in a folder; its name without the ending is the student.

    If the folder was downloaded from Moodle or Canvas, all files of a student are one submission, and the id is what
    their names begin with, such as `Emmy Noether_12345` or `noetheremmy_17`.

    Parameters
    ----------
    path : the folder; or one submission.
    student : the student who handed in the one submission, which may then be a folder.

    Raises `SubmissionError` if there is no submission, or there are two of one student.
    """
    path = Path(path)
    if not path.exists():
        raise SubmissionError("{path}: no such file or folder", path=clean(str(path)))
    if path.is_dir() and not student:
        handed_in = _by_student(sorted(filter(_is_submission, path.iterdir())))
    else:
        handed_in = [(student or _student_of(path), [(path, "")], 0.0)]
    if not handed_in:
        raise SubmissionError("{path}: the folder is empty", path=clean(str(path)))
    secret = secret or bytes.fromhex(loaded.sha256)
    jobs = []
    for one, paths, late in handed_in:
        several = len(paths) > 1 or any(name for _, name in paths)
        beside = tuple((str(path), name) for path, name in paths if several)
        jobs.append(Job(loaded, one, str(paths[0][0]), secret, require_isolation, beside, late))
    check_students(jobs)
    return jobs


def _by_student(paths: Sequence[Path]) -> list[tuple[str, list[tuple[Path, str]], float | None]]:
    """For each student the id, the paths with the names that files had before they were downloaded, and the lateness.

    Names like those of Canvas count only where all are like that, and of more than one student.
    """
    canvas = [found for path in paths if (found := CANVAS.fullmatch(path.name))]
    is_canvas = len(canvas) == len(paths) and len({found["name"] for found in canvas}) > 1
    together: dict[str, list[tuple[Path, str]]] = {}
    apart: list[tuple[str, list[tuple[Path, str]], float | None]] = []
    late = set()
    for path in paths:
        moodle, from_canvas = MOODLE.fullmatch(path.name), CANVAS.fullmatch(path.name) if is_canvas else None
        if moodle:
            together.setdefault(moodle["student"], []).append((path, moodle["file"]))
        elif from_canvas:
            student = f"{from_canvas['name']}_{from_canvas['number']}"
            together.setdefault(student, []).append((path, from_canvas["file"] + (from_canvas["end"] or "")))
            late |= {student} if from_canvas["late"] else set()
        else:
            apart.append((_student_of(path), [(path, "")], 0.0))
    return apart + [(clean(one, 200), files, None if one in late else 0.0) for one, files in together.items()]


def _is_submission(path: Path) -> bool:
    return path.name not in LITTER and not path.name.startswith(".") and path.suffix.lower() not in TABLES


def _student_of(path: Path) -> str:
    """The student of a submission."""
    return clean(path.name if path.is_dir() else path.stem, 200)


def check_students(jobs: Sequence[Job]) -> None:
    """Refuse two submissions of one student, and ids that cannot be the name of a file."""
    seen: dict[str, Job] = {}
    for job in jobs:
        if not job.student or job.student.startswith(".") or Path(job.student).name != job.student:
            text = texts("{student}: no name for a student; it is a file's name, too")
            raise SubmissionError(text, student=repr(job.student))
        other = seen.setdefault(job.student.casefold(), job)
        if other is not job:
            one, two = sorted(clean(Path(path).name) for path in (other.path, job.path))
            text = texts("{student} has handed in twice: {one} and {two}; leave one of them")
            raise SubmissionError(text, student=job.student, one=one, two=two)
