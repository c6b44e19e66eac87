"""Gradescope's autograder, in folders laid out as Gradescope's are, run as Gradescope runs it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tinygrad_edu.errors import FileError
from tinygrad_edu.grade.errors import AssignmentError
from tinygrad_edu.grade.formats.autograder import autograder, days_late

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Gradescope's containers are Linux")

ASSIGNMENT = """
from shapes import SHAPE
from tinygrad_edu.grade import Assignment, expect

hw = Assignment("hw1", title="Backpropagation by hand")

@hw.check(points=2, needs=["mul_backward"])
def product_rule(student, rng):
    x, y, upstream = rng.normal(size=(3, *SHAPE))
    expect(student.mul_backward(upstream, x, y)).is_gradient_of(lambda x, y: x * y, at=(x, y), upstream=upstream)

@hw.check(points=1, needs=["one"])
def broken(student, rng):
    expect(student.one()).equals(1)
    BREAKS
"""

RIGHT = "def mul_backward(upstream, x, y): return upstream * y, upstream * x\ndef one(): return 1\n"

METADATA = {
    "id": 123456,
    "created_at": "2026-01-15T10:00:00.000000-08:00",
    "assignment": {"title": "Homework 1", "total_points": "3.0"},
    "users": [
        {"id": 2, "email": "emmy@example.org", "name": "Emmy Noether"},
        {"id": 1, "email": "carl@example.org", "name": "Carl </b> Gauß"},
    ],
    "submission_method": "upload",
    "previous_submissions": [],
}

PYTHON = """#!/bin/sh
case "$1 $2" in "-m pip") echo "$@" > pip.txt ;; *) exec {python} "$@" ;; esac
"""

Run = Callable[..., tuple[subprocess.CompletedProcess[str], Any]]


@pytest.fixture
def gradescope(tmp_path: Path) -> Run:
    """What Gradescope does with a zip and a submission: how `run_autograder` ended, and `results.json`."""

    def run(source: str, breaks: str = "", **options: Any) -> tuple[subprocess.CompletedProcess[str], Any]:
        theirs = tmp_path / "instructor"
        theirs.mkdir()
        (theirs / "hw1.py").write_text(ASSIGNMENT.replace("BREAKS", breaks))
        (theirs / "shapes.py").write_text("SHAPE = (5, 4)")
        root = tmp_path / "autograder"
        for folder in ("source", "submission", "results"):
            (root / folder).mkdir(parents=True)
        zipfile.ZipFile(io.BytesIO(autograder(theirs / "hw1.py", **options))).extractall(root / "source")
        (root / "run_autograder").write_bytes((root / "source" / "run_autograder").read_bytes())
        (root / "submission" / "homework.py").write_text(source)
        (root / "submission_metadata.json").write_text(json.dumps(METADATA))
        environment = {**os.environ, "PATH": f"{programs(tmp_path)}:{os.environ['PATH']}"}
        subprocess.run(["bash", str(root / "source" / "setup.sh")], check=True, env=environment, cwd=root)
        ended = subprocess.run(
            ["bash", str(root / "run_autograder")], env=environment, cwd=root, capture_output=True, text=True
        )
        results = root / "results" / "results.json"
        return ended, json.loads(results.read_text()) if results.exists() else None

    return run


def programs(folder: Path) -> Path:
    """In place of those that need a network: an `apt-get` that does nothing, and a `pip` that notes what it is told."""
    there = folder / "programs"
    there.mkdir()
    (there / "python").write_text(PYTHON.format(python=sys.executable))
    (there / "apt-get").write_text("#!/bin/sh\n")
    (there / "python3").write_text(f'#!/bin/sh\nmkdir -p "$3/bin" && cp {there}/python "$3/bin/python"\n')
    for program in there.iterdir():
        program.chmod(0o755)
    return there


@pytest.mark.parametrize(
    ("due", "own", "days"),
    [
        (None, None, 0.0),
        ("2026-01-14T18:00:00Z", None, 1.0),
        ("2026-01-14T18:00:00.000000-00:00", "2026-01-15T06:00:00.000000-08:00", 4 / 24),
        ("2026-02-01T00:00:00.000000-08:00", None, 0.0),
    ],
)
def test_gradescope_says_how_late_a_submission_is(due: Any, own: Any, days: float, tmp_path: Path) -> None:
    users = [{**METADATA["users"][0], "assignment": {"due_date": own}}]  # type: ignore[index]
    metadata = {**METADATA, "assignment": {"due_date": due}, "users": users}
    (tmp_path / "metadata.json").write_text(json.dumps(metadata))
    assert days_late(tmp_path / "metadata.json") == pytest.approx(days)
    (tmp_path / "metadata.json").write_text(json.dumps({**metadata, "created_at": 3, "assignment": {"due_date": "x"}}))
    with pytest.raises(FileError, match="is damaged"):
        days_late(tmp_path / "metadata.json")


@pytest.mark.slow
def test_a_submission_is_graded_as_gradescope_would_have_it(gradescope: Run, tmp_path: Path) -> None:
    ended, results = gradescope(RIGHT)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert results["score"] == 3.0
    assert [(test["score"], test["max_score"], test["status"]) for test in results["tests"]] == [
        (2.0, 2.0, "passed"),
        (1.0, 1.0, "passed"),
    ]
    assert [student["email"] for student in results["extra_data"]["students"]] == [
        "emmy@example.org",
        "carl@example.org",
    ]
    source = tmp_path / "autograder" / "source"
    assert "numpy>=2.0" in (source / "pip.txt").read_text()
    where = [str(source / "venv" / "bin" / "python"), "-c", "import tinygrad_edu; print(tinygrad_edu.__file__)"]
    used = subprocess.run(where, cwd=source, capture_output=True, text=True, check=True).stdout
    assert Path(used.strip()).is_relative_to(source)


@pytest.mark.slow
def test_feedback_is_as_much_as_the_instructor_says(gradescope: Run) -> None:
    ended, results = gradescope(RIGHT.replace("upstream * y", "-upstream * y"), feedback="what")
    assert ended.returncode == 0
    assert results["score"] == 1.0
    assert results["tests"][0]["output"]
    assert "How:" not in results["tests"][0]["output"]


@pytest.mark.slow
def test_a_check_that_fails_itself_is_no_zero_and_instructors_are_told(gradescope: Run) -> None:
    ended, results = gradescope(RIGHT, breaks="1 / 0")
    assert ended.returncode == 1
    assert "ZeroDivisionError" in ended.stderr
    assert "score" not in json.dumps(results)


@pytest.mark.slow
def test_what_is_no_program_is_said_to_the_student(gradescope: Run, tmp_path: Path) -> None:
    ended, results = gradescope("\x00\x00 PDF")
    assert (ended.returncode, results["score"]) == (0, 0.0)
    assert results["output"]


def test_the_same_files_give_the_same_zip_and_an_assignment_that_does_not_load_gives_none(tmp_path: Path) -> None:
    (tmp_path / "assignment.py").write_text(ASSIGNMENT.replace("BREAKS", ""))
    (tmp_path / "shapes.py").write_text("SHAPE = (5, 4)")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "x.pyc").write_bytes(b"x")
    first, second = (autograder(tmp_path, secret=b"secret") for _ in range(2))
    assert first == second
    names = zipfile.ZipFile(io.BytesIO(first)).namelist()
    assert "tinygrad_edu/data/digits.npz" in names
    assert [name for name in names if "pycache" in name] == []
    (tmp_path / "assignment.py").write_text("def")
    with pytest.raises(AssignmentError, match="line 1"):
        autograder(tmp_path)
