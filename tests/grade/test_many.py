"""A whole class: the same bytes on any executor, for any number of workers, and after any end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tinygrad_edu.grade import (
    Job,
    Result,
    ResultError,
    SandboxError,
    Submission,
    SubmissionError,
    grade_job,
    grade_many,
    jobs_in,
    load_assignment,
    many,
)

ASSIGNMENT = """
from tinygrad_edu.grade import Assignment, expect
hw = Assignment("hw1", title="Backpropagation by hand")
@hw.check(points=2, needs=["mul_backward"])
def product_rule(student, rng):
    x, y, upstream = rng.normal(size=(3, 5, 4))
    expect(student.mul_backward(upstream, x, y)).is_gradient_of(lambda x, y: x * y, at=(x, y), upstream=upstream)
@hw.check(points=1, needs=["relu_backward"])
def relu_rule(student, rng):
    x, upstream = rng.normal(size=(2, 5, 4))
    expect(student.relu_backward(upstream, x)).equals(upstream * (x > 0))
"""

PRODUCTS = ("u * y, u * x", "u * y, -u * x", "u * x, u * y", "y, x", "u * y", "1 / 0")


@pytest.fixture
def course(tmp_path: Path) -> Path:
    (tmp_path / "hw1.py").write_text(ASSIGNMENT)
    (tmp_path / "handed in").mkdir()
    for i in range(8):
        product = PRODUCTS[i % len(PRODUCTS)]
        source = f"def mul_backward(u, x, y): return {product}\ndef relu_backward(u, x): return u * (x > 0)\n"
        (tmp_path / "handed in" / f"student{i}.py").write_text(source)
    (tmp_path / "handed in" / "student8.pdf").write_text("no program")
    (tmp_path / "handed in" / ".DS_Store").write_text("litter")
    return tmp_path


def jobs_of(course: Path, **settings: Any) -> list[Job]:
    return jobs_in(load_assignment(course / "hw1.py"), course / "handed in", **settings)


def content(folder: Path) -> dict[str, bytes]:
    """All results, byte for byte; and nothing else may be there but how long it took."""
    names = sorted(path.name for path in folder.iterdir())
    assert names == [*(f"student{i}.json" for i in range(9)), "timings.csv"]
    return {name: (folder / name).read_bytes() for name in names if name != "timings.csv"}


def scores(results: list[Result]) -> list[float]:
    return [result.score for result in results]


RIGHT = [3.0, 1.0, 1.0, 1.0, 1.0, 1.0, 3.0, 1.0, 0.0]


def test_results_are_the_same_bytes_for_any_number_of_workers_and_any_executor(course: Path) -> None:
    jobs = jobs_of(course)
    assert scores(grade_many(jobs, out=course / "one", workers=1)) == RIGHT
    assert scores(grade_many(jobs[::-1], out=course / "three", workers=3)) == RIGHT[::-1]
    with ProcessPoolExecutor(2) as pool:
        grade_many(jobs, pool, out=course / "processes")
    assert content(course / "one") == content(course / "three") == content(course / "processes")


@pytest.mark.slow
def test_a_class_is_graded_on_a_cluster_of_dask(course: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="pip install distributed: a cluster to grade on")
    grade_many(jobs_of(course), out=course / "here", workers=2)
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**settings) as cluster, distributed.Client(cluster) as client:
        grade_many(jobs_of(course), client.get_executor(), out=course / "there")
    assert content(course / "here") == content(course / "there")


def test_the_unit_of_work_is_plain_json(course: Path) -> None:
    job = jobs_of(course)[1]
    work = many.as_work(job, job.submission())
    answer = json.loads(json.dumps(grade_job(json.loads(json.dumps(work)))))
    assert json.loads(answer["result"])["checks"][0]["kind"] == "sign"


def test_what_is_graded_already_is_not_graded_again(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = grade_many(jobs_of(course), out=course / "out")
    times = {path: path.stat().st_mtime_ns for path in (course / "out").glob("*.json")}
    monkeypatch.setattr(many, "grade_job", lambda work: pytest.fail("graded again"))
    assert grade_many(jobs_of(course), out=course / "out") == first
    assert times == {path: path.stat().st_mtime_ns for path in (course / "out").glob("*.json")}


def test_who_has_handed_in_something_else_is_graded_anew(course: Path) -> None:
    grade_many(jobs_of(course), out=course / "out")
    before = content(course / "out")
    shutil.copy(course / "handed in" / "student0.py", course / "handed in" / "student1.py")
    assert scores(grade_many(jobs_of(course), out=course / "out"))[1] == 3.0
    after = content(course / "out")
    assert [name for name in before if before[name] != after[name]] == ["student1.json"]


SCRIPT = """
import sys
from tinygrad_edu.grade import grade_many, jobs_in, load_assignment
grade_many(jobs_in(load_assignment("hw1.py"), "handed in"), out="killed", workers=2)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_a_run_that_is_killed_again_and_again_gives_the_same_bytes_in_the_end(course: Path) -> None:
    grade_many(jobs_of(course), out=course / "undisturbed", workers=2)
    kept: dict[str, bytes] = {}
    (course / "homes").mkdir()
    environment = {**os.environ, "TMPDIR": str(course / "homes")}
    for n in (1, 3, 6):  # killed as soon as there are so many results
        run = subprocess.Popen([sys.executable, "-c", SCRIPT], cwd=course, start_new_session=True, env=environment)
        while len(list((course / "killed").glob("*.json"))) < n and run.poll() is None:
            time.sleep(0.002)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        now = {path.name: path.read_bytes() for path in (course / "killed").glob("*.json")}
        assert {name: now.get(name) for name in kept} == kept
        kept = now
    subprocess.run([sys.executable, "-c", SCRIPT], cwd=course, check=True, env=environment)
    assert content(course / "killed") == content(course / "undisturbed")
    keys = [line.split(",")[0] for line in (course / "killed" / "timings.csv").read_text().splitlines()[1:]]
    assert len(keys) <= 9 + 3, "at most what was under way when it was killed is graded twice"
    homes = list((course / "homes").iterdir())
    assert len(homes) <= 6, "at most those that were being made or removed when it was killed are left"


class Unreliable(Executor):
    """An executor whose workers die: each submission so many times."""

    def __init__(self, times: int) -> None:
        self.times, self.deaths = times, dict[str, int]()

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        student = args[0]["student"]
        self.deaths[student] = self.deaths.get(student, 0) + 1
        if self.deaths[student] <= self.times:
            future.set_exception(RuntimeError("the worker is gone"))
        else:
            future.set_result(fn(*args))
        return future


def test_a_worker_that_dies_costs_no_points(course: Path) -> None:
    assert scores(grade_many(jobs_of(course), Unreliable(2))) == RIGHT


def test_a_submission_that_no_worker_survives_is_no_zero_and_is_tried_again_by_the_next_run(course: Path) -> None:
    results = grade_many(jobs_of(course), Unreliable(99), out=course / "out")
    assert {result.status for result in results} == {"grader-error"}
    assert "no worker could grade this: RuntimeError" in results[0].checks[0].message
    assert scores(grade_many(jobs_of(course), out=course / "out")) == RIGHT


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda course: (course / "hw1.py").write_text(ASSIGNMENT + "# changed\n"), "another version of the assign"),
        (lambda course: (course / "out" / "student3.json").write_text("{}"), "student3.json: JSON, but of another k"),
        (lambda course: (course / "out" / "student3.json").write_text('{"form'), "student3.json: not JSON, or cut"),
        (lambda course: version(course / "out" / "student3.json"), "version 9 of the format"),
        (lambda course: version(course / "out" / "student3.json", "NumPy 1.0"), "was graded with NumPy 1.0"),
    ],
)
def test_a_folder_of_other_results_is_refused_and_left_as_it_is(course: Path, change: Any, said: str) -> None:
    grade_many(jobs_of(course), out=course / "out")
    change(course)
    before = content(course / "out")
    with pytest.raises(ResultError, match=said):
        grade_many(jobs_of(course), out=course / "out")
    assert content(course / "out") == before


def version(path: Path, grader: str = "") -> None:
    data = json.loads(path.read_text())
    data |= {"grader": grader} if grader else {"version": 9}
    path.write_text(json.dumps(data))


def test_another_secret_draws_other_inputs_and_wants_another_folder(course: Path) -> None:
    grade_many(jobs_of(course), out=course / "out")
    with pytest.raises(ResultError, match="another secret"):
        grade_many(jobs_of(course, secret=b"of this year, and long"), out=course / "out")


def test_a_machine_that_isolates_too_little_grades_nobody(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "FREE", {})
    monkeypatch.setattr(many, "Sandbox", lambda limits, **_: WeakSandbox(limits))
    with pytest.raises(SandboxError, match="level 5 is required"):
        grade_many(jobs_of(course, require_isolation=5), out=course / "out")
    assert not list((course / "out").glob("*.json"))


def WeakSandbox(limits: Any) -> Any:
    """A sandbox as on a system that lacks a wall, which refuses to begin."""
    from tinygrad_edu.grade import Sandbox

    return Sandbox(limits, require_isolation=5, without=("system calls",))


def test_an_assignment_that_changes_meanwhile_is_noticed(course: Path) -> None:
    jobs = jobs_of(course)
    (course / "hw1.py").write_text(ASSIGNMENT + "# changed\n")
    with pytest.raises(ValueError, match="has changed while it is graded"):
        grade_many(jobs)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((), "the folder is empty"),
        (("emmy.py", "emmy.zip"), "emmy has handed in twice: emmy.py and emmy.zip"),
        (("Emmy.py", "emmy.ipynb"), "handed in twice"),
        (None, "no such file or folder"),
    ],
)
def test_a_folder_that_cannot_be_meant_is_refused(names: tuple[str, ...] | None, said: str, tmp_path: Path) -> None:
    (tmp_path / "hw1.py").write_text(ASSIGNMENT)
    if names is not None:
        (tmp_path / "in").mkdir()
        for name in names:
            (tmp_path / "in" / name).write_text("x = 1")
    with pytest.raises(SubmissionError, match=said):
        jobs_in(load_assignment(tmp_path / "hw1.py"), tmp_path / "in")


NOETHER, GAUSS = "Emmy Noether_12345_assignsubmission_", "Carl Gauß_12346_assignsubmission_"
DOWNLOADED = [
    (("noetheremmy_17_4021_hw1-1.py", "noetheremmy_17_4022_report.pdf", "gauß_LATE_18_4023_hw1.py"),
     {"noetheremmy_17": 0.0, "gauß_18": None}),
    (("noetheremmy_17_4021_main.py", "noetheremmy_17_4022_helpers-2.py", "gauß_18_4023_hw1.ipynb"),
     {"noetheremmy_17": 0.0, "gauß_18": 0.0}),
    ((f"{NOETHER}file_/hw1.zip", f"{NOETHER}onlinetext_/onlinetext.html", f"{GAUSS}file_/a/hw1.py"),
     {"Emmy Noether_12345": 0.0, "Carl Gauß_12346": 0.0}),
    ((f"{NOETHER}file_hw1.py", f"{NOETHER}file_helpers.py", f"{GAUSS}file_hw1.ipynb"),
     {"Emmy Noether_12345": 0.0, "Carl Gauß_12346": 0.0}),
    (("hw_1_17_emmy.py", "hw_1_18_carl.py", "grades.csv", "desktop.ini"), {"hw_1_17_emmy": 0.0, "hw_1_18_carl": 0.0}),
]  # fmt: skip


@pytest.mark.parametrize(("names", "students"), DOWNLOADED)
def test_all_files_of_a_student_that_were_downloaded_together_are_one_submission(
    names: tuple[str, ...], students: dict[str, float | None], tmp_path: Path
) -> None:
    (tmp_path / "hw1.py").write_text(ASSIGNMENT)
    source = "def mul_backward(u, x, y): return u * y, u * x\n"
    for name in names:
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".zip"):
            zipfile.ZipFile(path, "w").writestr("x/hw1.py", source)
        else:
            cells = {"cells": [{"cell_type": "code", "source": source}]}
            path.write_text("x = 1" if "helpers" in name else json.dumps(cells) if name.endswith(".ipynb") else source)
    jobs = jobs_in(load_assignment(tmp_path / "hw1.py"), tmp_path / "in")
    assert {job.student: job.late for job in jobs} == students
    for job in jobs:
        submission = job.submission()
        assert submission.parts[-1][1] == source, submission.warnings
        assert {name.rpartition(".")[2] for name in submission.modules} <= {"helpers"}


@pytest.mark.parametrize("error", [MemoryError(), RecursionError("deep"), KeyError("x"), OSError(5, "I/O error")])
def test_whatever_a_reader_raises_is_that_students_unreadable(
    error: Exception, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Submission.read

    def fails(path: str, *args: Any, **options: Any) -> Submission:
        if "student3" in path:
            raise error
        return read(path, *args, **options)

    monkeypatch.setattr(Submission, "read", fails)
    results = grade_many(jobs_of(course), workers=2)
    assert scores(results) == [score * (i != 3) for i, score in enumerate(RIGHT)]
    assert results[3].status == "unreadable"
    assert f"it cannot be read ({type(error).__name__}" in results[3].warnings[0]


def test_two_graders_share_a_folder(course: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(grade_many, jobs_of(course), out=course / "out", workers=1) for _ in range(2)]
        assert [scores(run.result()) for run in runs] == [RIGHT, RIGHT]
    assert len(content(course / "out")) == 9


def test_a_thread_pool_of_ones_own_is_left_open(course: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        grade_many(jobs_of(course)[:2], pool)
        assert pool.submit(int, "7").result() == 7
