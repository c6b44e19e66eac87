"""Submissions waiting to be graded: one from a file, or those of a whole class from a folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .._support.text import clean
from .errors import SubmissionError
from .loading import Loaded
from .submission.submission import Submission

__all__ = ["Job", "jobs_in"]

LITTER = {"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini"}
"""What systems leave in folders, besides what begins with a dot."""


@dataclass(frozen=True)
class Job:
    """One student's submission of one assignment.

    Attributes
    ----------
    student : by which the course knows them; also the name of the file with the result.
    path : of what they handed in.
    secret : what the inputs are drawn by. Whoever has it knows them; by default it is the hash of the assignment, whose
        checks students do not have either.
    require_isolation : the level below which nothing is graded.
    """

    loaded: Loaded
    student: str
    path: str
    secret: bytes
    require_isolation: int = 1

    def submission(self) -> Submission:
        """Read what was handed in; a submission without any part, and the reason, where that cannot be done."""
        try:
            return Submission.read(self.path, main=self.loaded.assignment.name)
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
    student : whose the one submission is. It may be a folder, then.

    Raises `SubmissionError` where there is nothing, or two submissions of one student.
    """
    path = Path(path)
    if not path.exists():
        raise SubmissionError(f"{clean(str(path))}: no such file or folder")
    whole_class = path.is_dir() and not student
    handed_in = sorted(filter(handed_in_by_somebody, path.iterdir())) if whole_class else [path]
    if not handed_in:
        raise SubmissionError(f"{clean(str(path))}: the folder is empty")
    jobs = [
        Job(loaded, student or name(one), str(one), secret or bytes.fromhex(loaded.sha256), require_isolation)
        for one in handed_in
    ]
    check_students(jobs)
    return jobs


def handed_in_by_somebody(path: Path) -> bool:
    return path.name not in LITTER and not path.name.startswith(".")


def name(path: Path) -> str:
    """Whose submission it is."""
    return clean(path.name if path.is_dir() else path.stem, 200)


def check_students(jobs: Sequence[Job]) -> None:
    """Refuse two submissions of one student, and names that no file can have."""
    seen: dict[str, Job] = {}
    for job in jobs:
        if not job.student or job.student.startswith(".") or Path(job.student).name != job.student:
            raise SubmissionError(f"{job.student!r}: no name for a student; it is a file's name, too")
        other = seen.setdefault(job.student.casefold(), job)
        if other is not job:
            one, two = sorted(clean(Path(path).name) for path in (other.path, job.path))
            raise SubmissionError(f"{job.student} has handed in twice: {one} and {two}; leave one of them")
