"""`tinygrad-edu grade`: from a new assignment to the gradebook; wrong input is one line and exit code 2."""

from __future__ import annotations

import csv
import errno
import json
import os
from pathlib import Path

import pytest

from tinygrad_edu.cli import grade

from .conftest import Command

WRONG = "def mul_backward(upstream, x, y):\n    return -upstream * y, upstream * x\n"


@pytest.fixture
def course(run: Command, folder: Path) -> Path:
    """A new assignment, and three students."""
    assert run("grade", "new", "hw1").code == 0
    (folder / "in").mkdir()
    (folder / "in" / "emmy.py").write_text((folder / "hw1" / "reference.py").read_text())
    (folder / "in" / "alan.py").write_text(WRONG)
    (folder / "in" / "=cmd.py").write_text("print('\\033[31m')\n")
    return folder


def test_a_new_assignment_gives_its_reference_all_points_and_its_starter_none(course: Path, run: Command) -> None:
    assert run("grade", "hw1", "hw1/reference.py").out == "reference: 3 of 3 points\n"
    assert run("grade", "hw1", "hw1/starter.py").out == "starter: 0 of 3 points\n"


@pytest.mark.parametrize("stop", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "hw2"), KeyboardInterrupt()])
def test_a_new_assignment_is_there_completely_or_not_at_all(
    folder: Path, run: Command, monkeypatch: pytest.MonkeyPatch, stop: BaseException
) -> None:
    def write(path: Path, content: bytes) -> None:
        if path.name != "assignment.py":
            raise stop
        path.write_bytes(content)

    with monkeypatch.context() as context:
        context.setattr(grade, "replace_file", write)
        assert run("grade", "new", "hw2").code != 0
    assert not (folder / "hw2").exists()
    assert run("grade", "new", "hw2").code == 0


def test_a_class_is_graded_into_results_a_table_and_pages(course: Path, run: Command) -> None:
    command = ("grade", "hw1", "in", "--json", "out", "--csv", "grades.csv", "--format", "html", "pages")
    code, out, err = run(*command)
    assert (code, err) == (0, "")
    assert out.splitlines() == ["=cmd: 0 of 3 points", "alan: 0 of 3 points", "emmy: 3 of 3 points"]
    assert json.loads((course / "out" / "alan.json").read_text())["checks"][0]["kind"] == "sign"
    table = list(csv.DictReader((course / "grades.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["student"], row["score"]) for row in table] == [("'=cmd", "0"), ("alan", "0"), ("emmy", "3")]
    assert (course / "pages" / "alan.html").exists()
    assert run(*command).out == out


def test_one_student_is_shown_what_is_wrong_as_far_as_the_instructor_wants(course: Path, run: Command) -> None:
    shown = {level: run("grade", "hw1", "in/alan.py", "--show", "--feedback", level).out for level in ("what", "how")}
    assert all("The sign is wrong." in out for out in shown.values())
    assert ["a minus was lost" in out for out in shown.values()] == [False, True]
    assert "isolation" not in shown["how"]  # it tells a student nothing


def test_a_folder_can_be_the_submission_of_one_student(course: Path, run: Command) -> None:
    (course / "in" / "hw1.py").write_text("from emmy import mul_backward\n")
    assert run("grade", "hw1", "in", "--student", "emmy").out == "emmy: 3 of 3 points\n"


def test_a_check_that_fails_by_itself_gives_nobody_a_zero(course: Path, run: Command) -> None:
    text = (course / "hw1" / "assignment.py").read_text().replace("rng.normal(size=(3, 5, 4))", "1 / 0")
    (course / "hw1" / "assignment.py").write_text(text)
    code, out, err = run("grade", "hw1", "in", "--json", "out", "--csv", "grades.csv")
    assert (code, "emmy: not graded" in out) == (2, True)
    assert "2 of 3 could not be graded" in err
    assert "ZeroDivisionError" in err
    assert err.count("\n") == 1
    table = list(csv.DictReader((course / "grades.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row["score"] for row in table] == ["0", "", ""]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("nowhere.py in", "nowhere.py: No such file or directory"),
        ("hw1 nowhere", "nowhere: no such file or folder"),
        ("hw1 empty", "empty: the folder is empty"),
        ("hw1 twice", "emmy has handed in twice: emmy.ipynb and emmy.py"),
        ("broken.py in", "broken.py, line 2: SyntaxError"),
        ("raises.py in", "raises.py, line 1: ZeroDivisionError"),
        ("lesson.py in", "makes no Assignment"),
        ("hw1 in --json old", "give a new folder"),
        ("hw1 in --format word x", "the formats are"),
        ("hw1 in --csv nowhere/grades.csv", "nowhere is no folder that can be written"),
        ("hw1 in --csv in", "cannot write in: Is a directory"),
        ("hw1 in --format html in/emmy.py", "emmy.py is no folder that can be written"),
        ("hw1 in --format html in/emmy.py/pages", "emmy.py is no folder that can be written"),
        ("hw1 in --fill excel x", "the gradebooks are"),
        ("hw1 in --fill canvas nowhere.csv", "there is no file nowhere.csv"),
        ("hw1 in --late nowhere.csv", "cannot read nowhere.csv: No such file"),
        ("hw1 in --groups in", "cannot read in: Is a directory"),
        ("hw1 in --late short", "columns student and days"),
        ("hw1 in --late late.csv", "emmy is late by 'x'; days are a number"),
        ("hw1 in --secret nowhere", "--secret nowhere: No such file"),
        ("hw1 in --secret short", "can be guessed"),
        ("hw1 in --require-isolation 9", "invalid choice"),
        ("hw1 in --workers 0", "not a whole number from 1 on"),
        ("new 1st", "letters, digits"),
        ("new hw1", "hw1: File exists"),
    ],
)
def test_wrong_input_is_refused_in_one_line(words: str, said: str, course: Path, run: Command) -> None:
    (course / "empty").mkdir()
    (course / "twice").mkdir()
    for name in ("emmy.py", "emmy.ipynb"):
        (course / "twice" / name).write_text("{}")
    (course / "old").mkdir()
    (course / "old" / "emmy.json").write_text('{"format": "tinygrad_edu.result", "version": 0}')
    (course / "broken.py").write_text("x = 1\ndef f(:\n")
    (course / "raises.py").write_text("1 / 0\n")
    (course / "short").write_text("abc\nx\n")
    (course / "late.csv").write_text("student,days\nemmy,x\n")
    code, out, err = run("grade", *words.split())
    assert (code, out) == (2, "")
    assert said in err.splitlines()[-1]
    assert err.splitlines()[-1].startswith("tinygrad-edu")
    assert (course / "old" / "emmy.json").exists()


CANVAS = "Student,ID,SIS Login ID,HW\n    Points Possible,,,3\nEmmy,17,emmy,\nAlan,18,alan,\nAda,19,ada,\n"
MOODLE = "Identifier,Full name,Status,Grade,Maximum Grade\nParticipant 7,emmy,Submitted - 2 days 12 hours late,,3\n"


def test_conflicts_in_a_gradebook_are_said_before_the_work_and_cost_nobody_else(course: Path, run: Command) -> None:
    (course / "in" / "17.py").write_text(WRONG)
    (course / "canvas.csv").write_text(CANVAS)
    command = ("grade", "hw1", "in", "--json", "out", "--fill", "canvas", "canvas.csv", "--column", "HW")
    code, out, _ = run(*command)
    conflict = "canvas.csv: 17 and emmy: no grade, for they are the same line 3; leave one of them"
    assert (code, out.splitlines()[:2]) == (0, ["canvas.csv: =cmd: not in the gradebook", conflict])
    assert out.count("same line") == 1
    rows = list(csv.reader((course / "canvas.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row[3] for row in rows[2:]] == ["", "0", ""]
    assert (course / "out" / "emmy.json").exists()
    (course / "in" / "17.py").unlink()
    assert run(*command).code == 0
    rows = list(csv.reader((course / "canvas.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row[3] for row in rows[2:]] == ["3", "0", ""]


def test_groups_get_one_grade_and_late_ones_lose_points(course: Path, run: Command) -> None:
    path = course / "hw1" / "assignment.py"
    path.write_text(path.read_text().replace('Assignment("hw1"', 'Assignment("hw1", late=lambda days: days / 10'))
    (course / "canvas.csv").write_text(CANVAS)
    (course / "groups.csv").write_text("group,student\nemmy,emmy\nemmy,19\n")
    (course / "late.csv").write_text("student,days\nemmy,1\n")
    more = ("--fill", "canvas", "canvas.csv", "--column", "HW", "--groups", "groups.csv", "--late", "late.csv")
    code, out, _ = run("grade", "hw1", "in", "--csv", "grades.csv", *more)
    assert (code, "emmy: 2.7 of 3 points (1 day late: 0.3 points are taken off)" in out) == (0, True)
    rows = list(csv.reader((course / "canvas.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row[3] for row in rows[2:]] == ["2.7", "0", "2.7"]
    table = list(csv.DictReader((course / "grades.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["days_late"], row["lost"]) for row in table] == [("0", "0"), ("0", "0"), ("1", "0.3")]
    (course / "moodle.csv").write_text(MOODLE)
    assert "(2.5 days late: 0.75" in run("grade", "hw1", "in/emmy.py", "--fill", "moodle", "moodle.csv").out


def test_who_stops_it_is_told_what_is_kept(course: Path, run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tinygrad_edu.cli.grade.grade_many", stopped)
    answer = run("grade", "hw1", "in", "--json", "out")
    assert (answer.code, answer.err) == (130, "tinygrad-edu: stopped: what is in out is kept; run it again to go on\n")
    assert run("grade", "hw1", "in").err == "tinygrad-edu: stopped: nothing is kept\n"
