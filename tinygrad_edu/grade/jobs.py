"""`Job`: a submission that waits for grading; `jobs_in` finds those of a whole class in a folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .._support.text import clean
from .assignment import Loaded
from .errors import SubmissionError
from .submission.submission import Submission

__all__ = ["Job", "jobs_in"]

LITTER = {"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini"}
"""Files that systems leave in folders, besides those that begin with a dot."""


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
    """

    loaded: Loaded
    student: str
    path: str
    secret: bytes
    require_isolation: int = 1

    def submission(self) -> Submission:
        """Read the submission. If that fails, the result has no parts, and a warning says why."""
        try:
            needs = sorted({name for check in self.loaded.assignment.checks for name in check.needs})
            return Submission.read(self.path, main=self.loaded.assignment.name, needs=needs)
        except SubmissionError as error:
            why = clean(str(error).replace(self.path, Path(self.path).name))
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

    Parameters
    ----------
    path : the folder; or one submission.
    student : the student who handed in the one submission, which may then be a folder.

    Raises `SubmissionError` if there is no submission, or there are two of one student.
    """
    path = Path(path)
    if not path.exists():
        raise SubmissionError(f"{clean(str(path))}: no such file or folder")
    whole_class = path.is_dir() and not student
    handed_in = sorted(filter(is_submission, path.iterdir())) if whole_class else [path]
    if not handed_in:
        raise SubmissionError(f"{clean(str(path))}: the folder is empty")
    jobs = [
        Job(loaded, student or student_of(one), str(one), secret or bytes.fromhex(loaded.sha256), require_isolation)
        for one in handed_in
    ]
    check_students(jobs)
    return jobs


def is_submission(path: Path) -> bool:
    return path.name not in LITTER and not path.name.startswith(".")


def student_of(path: Path) -> str:
    """The student of a submission."""
    return clean(path.name if path.is_dir() else path.stem, 200)


def check_students(jobs: Sequence[Job]) -> None:
    """Refuse two submissions of one student, and ids that cannot be the name of a file."""
    seen: dict[str, Job] = {}
    for job in jobs:
        if not job.student or job.student.startswith(".") or Path(job.student).name != job.student:
            raise SubmissionError(f"{job.student!r}: no name for a student; it is a file's name, too")
        other = seen.setdefault(job.student.casefold(), job)
        if other is not job:
            one, two = sorted(clean(Path(path).name) for path in (other.path, job.path))
            raise SubmissionError(f"{job.student} has handed in twice: {one} and {two}; leave one of them")
