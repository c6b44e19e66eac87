"""`grade gradescope`, and what `grade` prints into the log of a workflow."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tinygrad_edu.cli import main

ASSIGNMENT = """
from tinygrad_edu.grade import Assignment, expect

hw = Assignment("hw1")

@hw.check(needs=["two"])
def two(student, rng):
    expect(student.two()).equals(2)
"""


def test_the_zip_has_what_gradescope_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "hw1.py").write_text(ASSIGNMENT)
    out = tmp_path / "autograder.zip"
    assert main(["grade", "gradescope", str(tmp_path / "hw1.py"), "-o", str(out)]) == 0
    assert {"setup.sh", "run_autograder", "assignment/hw1.py"} <= set(zipfile.ZipFile(out).namelist())
    said = capsys.readouterr().out
    assert said.startswith(str(out))
    assert "300 s in all" in said
    assert "10 minutes" not in said
    more = ASSIGNMENT.replace('"hw1"', '"hw1", limits=Limits(total_seconds=900)').replace(
        "Assignment,", "Assignment, Limits,"
    )
    (tmp_path / "hw1.py").write_text(more)
    assert main(["grade", "gradescope", str(tmp_path / "hw1.py"), "-o", str(out)]) == 0
    assert "Gradescope ends it after 10 minutes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "why"), [(None, "No such file"), ("def", "line 1"), ("x = 1", "makes no Assignment")]
)
def test_an_assignment_that_cannot_be_used_is_refused_in_one_line(
    source: str | None, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if source is not None:
        (tmp_path / "hw1.py").write_text(source)
    assert main(["grade", "gradescope", str(tmp_path / "hw1.py"), "-o", str(tmp_path / "x.zip")]) == 2
    error = capsys.readouterr().err
    assert why in error
    assert error.count("\n") == 1
    assert not (tmp_path / "x.zip").exists()


def test_a_gradebook_that_cannot_be_filled_is_refused_before_all_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "hw1.py").write_text(ASSIGNMENT)
    (tmp_path / "emmy.py").write_text("def two(): return 2")
    book = tmp_path / "canvas.csv"
    book.write_text("Student,ID,HW0\n    Points Possible,,10\n")
    paths = [str(tmp_path / name) for name in ("hw1.py", "emmy.py")]
    assert main(["grade", *paths, "--json", str(tmp_path / "out"), "--fill", "canvas", str(book)]) == 2
    assert "no column 'hw1'; its columns: Student, ID, HW0" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert book.read_text() == "Student,ID,HW0\n    Points Possible,,10\n"


@pytest.mark.slow
def test_a_student_commands_nothing_in_a_workflow(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    (tmp_path / "hw1.py").write_text(ASSIGNMENT)
    (tmp_path / "emmy.py").write_text("def two(): raise ValueError('\\n::error::mine\\n##[error]mine')")
    assert main(["grade", str(tmp_path / "hw1.py"), str(tmp_path / "emmy.py"), "--show"]) == 0
    first, *lines, last = capsys.readouterr().out.splitlines()
    assert first.removeprefix("::stop-commands::") == last.strip(":")
    assert any("mine" in line for line in lines)
    assert not [line for line in lines if line.strip().startswith("::") or "##[" in line]
