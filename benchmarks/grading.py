"""The grader: the time for a class of 1,000 with 10 checks each, and what a killed grader loses."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .harness import Options, Outcome, Target, bounded

STUDENTS, CHECKS, KILLS = 1_000, 10, 10

ASSIGNMENT = f"""
from tinygrad_edu import tanh
from tinygrad_edu.grade import Assignment, expect

hw = Assignment("class")

def make(i):
    def check(student, rng):
        x, y, upstream = rng.normal(size=(3, 5 + i, 4))
        expect(student.mul_backward(upstream, x, y)).is_gradient_of(lambda x, y: x * y, at=(x, y), upstream=upstream)
        expect(student.tanh_backward(upstream, x)).is_gradient_of(tanh, at=x, upstream=upstream)
    check.__name__ = f"check_{{i}}"
    hw.check(needs=["mul_backward", "tanh_backward"])(check)

for i in range({CHECKS}):
    make(i)
"""

SUBMISSION = """
# {student}
import numpy as np

def mul_backward(upstream, x, y):
    return {product}

def tanh_backward(upstream, x):
    return upstream * (1 - np.tanh(x) ** 2)
"""

PRODUCTS = ("upstream * y, upstream * x",) * 3 + ("upstream * y, -upstream * x", "upstream * x, upstream * y", "y, x")

GRADE = """
import sys
from tinygrad_edu.grade import grade_many, jobs_in, load_assignment
grade_many(jobs_in(load_assignment("assignment.py"), "in"), out=sys.argv[1], workers=2)
"""


def write_course(folder: Path, students: int) -> None:
    """An assignment, and a submission for each student, half of them right."""
    (folder / "assignment.py").write_text(ASSIGNMENT)
    (folder / "in").mkdir()
    for i in range(students):
        source = SUBMISSION.format(student=i, product=PRODUCTS[i % len(PRODUCTS)])
        (folder / "in" / f"student{i}.py").write_text(source)


def grade(folder: Path, out: str) -> subprocess.Popen[bytes]:
    """Start a grader in a process group of its own."""
    return subprocess.Popen([sys.executable, "-c", GRADE, out], cwd=folder, start_new_session=True)


def finished(run: subprocess.Popen[bytes]) -> None:
    if run.wait():
        raise RuntimeError(f"the grader ended with exit code {run.returncode}")


def results(folder: Path) -> dict[str, bytes]:
    """The files with results, by name."""
    return {path.name: path.read_bytes() for path in folder.glob("*.json")}


@dataclass(frozen=True)
class Grading:
    """A workload that measures the grader on a course in a temporary folder."""

    name: str
    computes: str
    targets: tuple[Target, ...]
    on_course: Callable[[Path, Options, Outcome], None]

    def measure(self, options: Options) -> Outcome:
        outcome = Outcome()
        with tempfile.TemporaryDirectory() as folder:
            self.on_course(Path(folder), options, outcome)
        return outcome


def whole_class(folder: Path, options: Options, outcome: Outcome) -> None:
    """Seconds for the whole class; a quick run grades a tenth of it."""
    students = STUDENTS // 10 if options.quick else STUDENTS
    write_course(folder, students)
    began, processor = time.perf_counter(), processor_seconds()
    finished(grade(folder, "out"))
    outcome.add("ours", "s for 1,000", (time.perf_counter() - began) * STUDENTS / students)
    outcome.add("ours", "CPU s for 1,000", (processor_seconds() - processor) * STUDENTS / students)
    outcome.notes.append(f"{students} submissions, 2 at a time, each check in a child of its own, all walls up")


def processor_seconds() -> float:
    """CPU time of all child processes that have ended, with those of the grader."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def killed(folder: Path, options: Options, outcome: Outcome) -> None:
    """Kill the grader at random moments, resume, and count the results that differ from those of a quiet run."""
    write_course(folder, 40)
    began = time.perf_counter()
    finished(grade(folder, "undisturbed"))
    whole = time.perf_counter() - began
    choose = random.Random(0)
    for _ in range(KILLS):
        run = grade(folder, "killed")
        time.sleep(choose.uniform(0.0, 2.5 * whole / KILLS))
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    finished(grade(folder, "killed"))
    quiet, resumed = results(folder / "undisturbed"), results(folder / "killed")
    different = sum(quiet.get(name) != resumed.get(name) for name in {*quiet, *resumed})
    graded = len((folder / "killed" / "timings.csv").read_text().splitlines()) - 1
    outcome.add("ours", "results that differ", float(different))
    outcome.add("ours", "graded twice", float(graded - len(quiet)))
    outcome.notes.append(f"{KILLS} times kill -9 at a random moment, {len(quiet)} submissions")


WORKLOADS = (
    Grading(
        name="grading",
        computes=f"{STUDENTS:,} submissions x {CHECKS} checks, 2 workers",
        targets=(bounded(95, "ours", "s for 1,000"),),
        on_course=whole_class,
    ),
    Grading(
        name="grading killed",
        computes=f"a grader that is killed {KILLS} times, and goes on",
        targets=(bounded(0, "ours", "results that differ"),),
        on_course=killed,
    ),
)
