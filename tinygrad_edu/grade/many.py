"""Grades a whole class on any executor. It can be resumed, and the results do not depend on the number of workers.

The unit of work is `grade_job`: a function that any process on any machine can import, from plain JSON to plain JSON.
Only `submit` of the executor is used, so a thread pool, a process pool, Dask's `Client.get_executor()` and
`MPIPoolExecutor` all fit. A folder of results holds one file per student, which appears complete or not at all.
"""

from __future__ import annotations

import atexit
import csv
import os
import platform
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from .._support.files import remove_abandoned, replace_file
from .._support.languages import language, say, speaking, texts
from .._support.progress import progress_bar
from .._support.text import exception_text
from .._support.threads import pool_of
from .assignment import Loaded, load_assignment
from .errors import AssignmentError, IsolationError, ResultError
from .grading import GRADER, TRIES, Seeds, all_missed, as_result, grade_one, result_key
from .jobs import Job, check_students
from .results import Result, read_result
from .sandbox.isolation import Isolation, Limits
from .sandbox.sandbox import Sandbox
from .submission.reading import sha256_of
from .submission.submission import Submission

__all__ = ["ELSEWHERE", "grade_job", "grade_many"]

AHEAD = 4
"""How many submissions for each worker are read and submitted in advance."""

ELSEWHERE = texts("submissions are graded in processes of their own, on a machine that has them")
"""What to do where there are no threads: there are no processes either."""

Work = dict[str, Any]


def grade_many(
    jobs: Sequence[Job],
    executor: Executor | None = None,
    *,
    out: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    lang: str | None = None,
) -> list[Result]:
    """The results of the jobs, in their order.

    Parameters
    ----------
    executor : does the work; by default `workers` threads, each of which waits for a child. Other machines need this
        package and, at the same path, the assignment.
    out : a folder. Each result is written there at once, and the next call does not compute it again: after a crash,
        call again. A student who has handed in a new version meanwhile is graded again.
    workers : how many submissions are graded at a time; by default one for each processor.
    lang : the language of the feedback, "en" or "zh"; None: the one that `TINYGRAD_EDU_LANG` names.

    If the grader fails, the result has the status "grader-error", and the next call tries again.

    Raises `ResultError` if `out` holds results of another assignment or version, and `IsolationError` if a machine
    isolates less than required; results that are already written stay.
    """
    check_students(jobs)
    workers = workers or os.cpu_count() or 1
    with speaking(lang):
        folder = None if out is None else Folder(Path(out), jobs)
        own = None if executor else pool_of(workers, "grade", ELSEWHERE)
        try:
            return ClassRun(jobs, executor or own, workers * AHEAD, folder).results()  # type: ignore[arg-type]
        finally:
            if own is not None:
                own.shutdown(cancel_futures=True)


class ClassRun:
    """One call of `grade_many`: the jobs that wait, those that run, and the results so far."""

    def __init__(self, jobs: Sequence[Job], executor: Executor, window: int, folder: Folder | None) -> None:
        self.jobs, self.executor, self.window, self.folder = jobs, executor, window, folder
        self.found: dict[int, Result] = {}
        self.failures = dict.fromkeys(range(len(jobs)), 0)
        self.waiting = deque(range(len(jobs)))
        self.submissions: dict[int, Submission] = {}
        self.running: dict[Future[Work], int] = {}

    def results(self) -> list[Result]:
        try:
            with progress_bar(len(self.jobs), say("grading"), unit=say(" submissions")) as self.bar:
                while self.waiting or self.running:
                    while self.waiting and len(self.running) < self.window:
                        self.submit(self.waiting.popleft())
                    if self.running:
                        self.collect()
        finally:
            for future in self.running:  # after an error, or Ctrl-C
                future.cancel()
        return [self.found[i] for i in range(len(self.jobs))]

    def submit(self, i: int) -> None:
        """Read a submission, and have it graded unless its result exists already."""
        job = self.jobs[i]
        submission = self.submissions.pop(i, None) or job.submission()
        known = self.folder and self.folder.known(job, submission)
        if known:
            self.found[i] = known
            self.bar.update()
        else:
            self.submissions[i] = submission
            self.running[self.executor.submit(grade_job, as_work(job, submission))] = i

    def collect(self) -> None:
        """Wait until at least one submission is graded. A worker that dies does not count against the student."""
        done, _ = wait(self.running, return_when=FIRST_COMPLETED)
        for future in done:
            i = self.running.pop(future)
            job = self.jobs[i]
            error = future.exception()
            if isinstance(error, (AssignmentError, IsolationError)):
                raise error
            if error is None:
                answer = future.result()
                result = read_result(answer["result"])
            else:
                self.failures[i] += 1
                if self.failures[i] < TRIES:
                    self.waiting.append(i)
                    continue
                answer, result = {}, _not_graded(job, self.submissions[i], exception_text(error))
            del self.submissions[i]
            self.found[i] = result
            if self.folder:
                self.folder.write(job, result, answer)
            self.bar.update()


def _not_graded(job: Job, submission: Submission, why: str) -> Result:
    """The result of a submission that no worker could grade."""
    assignment = job.loaded.assignment
    with speaking(None, assignment.texts):
        why = say("no worker could grade this: {why}", why=why)
        seeds, missed = Seeds(job.secret, assignment.name, job.student), all_missed(assignment, "grader-error", why)
        return as_result(assignment, submission, seeds, job.loaded.sha256, job.late, missed, Isolation({}))


# The unit of work.


def as_work(job: Job, submission: Submission) -> Work:
    """A job as plain JSON. It contains the submission as it was read: the graded bytes are those that were hashed."""
    return {
        "assignment": job.loaded.path,
        "assignment_sha256": job.loaded.sha256,
        "student": job.student,
        "secret": job.secret.hex(),
        "require_isolation": job.require_isolation,
        "late": job.late,
        "lang": language(),
        "submission": asdict(submission),
    }


def grade_job(work: Work) -> Work:
    """Grade one submission, from plain JSON to plain JSON, in any process that can import this package."""
    started = time.perf_counter()
    path, sha256 = work["assignment"], work["assignment_sha256"]
    loaded = _the_assignment(path, sha256)
    if loaded.sha256 != sha256:
        raise AssignmentError(f"{path} has changed while it is graded, or is another one on {platform.node()}")
    handed_in = dict(work["submission"])
    handed_in["parts"] = tuple((name, source) for name, source in handed_in["parts"])
    handed_in["modules"] = {module: (path, source) for module, (path, source) in handed_in["modules"].items()}
    handed_in["warnings"] = tuple(handed_in["warnings"])
    with borrowed_sandbox(loaded.assignment.limits, work["require_isolation"], loaded.files) as sandbox:
        result = grade_one(
            loaded.assignment,
            Submission(**handed_in),
            sandbox=sandbox,
            student=work["student"],
            secret=bytes.fromhex(work["secret"]),
            assignment_sha256=sha256,
            late=work["late"],
            lang=work["lang"],
        )
    return {"result": result.json(), "seconds": time.perf_counter() - started, "host": platform.node()}


@lru_cache(maxsize=4)
def _the_assignment(path: str, sha256: str) -> Loaded:
    """The assignment, loaded once in each worker."""
    return load_assignment(path)


FREE: dict[tuple[int, Limits, int, str], list[Sandbox]] = {}
"""The idle sandboxes of each process: a forked process must not use those of its parent."""


@contextmanager
def borrowed_sandbox(
    limits: Limits, require_isolation: int, files: Mapping[str, bytes] | None = None
) -> Iterator[Sandbox]:
    """A sandbox that nobody else uses at the same time, because it starts one child at a time. It is kept for the next
    submission and closed when this process ends.
    """
    free = FREE.setdefault((os.getpid(), limits, require_isolation, sha256_of(files or {})), [])
    try:
        sandbox = free.pop()
    except IndexError:
        sandbox = Sandbox(limits, require_isolation=require_isolation, files=files)
        atexit.register(sandbox.close)
    try:
        yield sandbox
    finally:
        free.append(sandbox)


# The folder.


class Folder:
    """A folder of results: one file per student, and `timings.csv` with how long each took, and where."""

    def __init__(self, path: Path, jobs: Sequence[Job]) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        remove_abandoned(path)
        self.results = {file.name: self.checked(file, jobs) for file in sorted(path.glob("*.json"))}

    def checked(self, file: Path, jobs: Sequence[Job]) -> Result:
        """The result in a file. Raises `ResultError` if it is of another assignment, version or secret."""
        try:
            result = read_result(file)
        except (ResultError, OSError) as error:
            text = texts("{file}: {error}; delete it to have it graded again, or give a new folder")
            raise ResultError(text, file=file, error=error) from None
        for job in jobs[:1]:
            seeds = Seeds(job.secret, job.loaded.assignment.name, result.student)
            others = {
                say("another assignment"): result.assignment != job.loaded.assignment.name,
                say("another version of the assignment"): result.assignment_sha256 != job.loaded.sha256,
                say("{other}, and this is {own}", other=result.grader, own=GRADER): result.grader != GRADER,
                say("another secret"): result.seeds != seeds.id,
            }
            for what, differs in others.items():
                if differs:
                    raise ResultError("{file} was graded with {what}; give a new folder", file=file, what=what)
        return result

    def known(self, job: Job, submission: Submission) -> Result | None:
        """The existing result of exactly this submission, if the grader did not fail in it."""
        result = self.results.get(f"{job.student}.json")
        seeds = Seeds(job.secret, job.loaded.assignment.name, job.student)
        key = result_key(job.loaded.assignment, job.loaded.sha256, submission.sha256, seeds, job.late)
        if result is None or result.key != key or result.status == "grader-error":
            return None
        return result if result.isolation.level >= job.require_isolation else None

    def write(self, job: Job, result: Result, measured: Work) -> None:
        """Write a result, and its timing into `timings.csv`."""
        text = measured["result"] if measured else result.json()
        replace_file(self.path / f"{job.student}.json", text.encode("utf-8"))
        if measured:
            timings = self.path / "timings.csv"
            new = not timings.exists()
            with open(timings, "a", newline="", encoding="utf-8") as file:
                rows = csv.writer(file)
                if new:
                    rows.writerow(["key", "seconds", "host", "finished"])
                finished = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
                rows.writerow([result.key, f"{measured['seconds']:.3f}", measured["host"], finished])
