"""What docs/grading.md tells instructors to do works as it stands there."""

from __future__ import annotations

import csv
import re
import shlex
from pathlib import Path

import pytest

from tinygrad_edu.cli import main
from tinygrad_edu.grade.sandbox.isolation import LEVELS

PAGE = (Path(__file__).parents[2] / "docs" / "grading.md").read_text(encoding="utf-8")

FILES = {
    "submissions/emmy.py": "def mul_backward(upstream, x, y): return upstream * y, upstream * x\n",
    "submissions/carl.py": "def mul_backward(upstream, x, y): return upstream * x, upstream * y\n",
    "canvas.csv": "Student,ID,SIS Login ID,Section,HW1 (4)\n    Points Possible,,,,10\nE,1,emmy,S,\nC,2,carl,S,\n",
    "moodle.csv": "Identifier,Full name,Grade,Feedback comments\nParticipant 1,emmy,,\nParticipant 2,carl,,\n",
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_page_can_be_followed_to_the_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (assignment,) = blocks("python")
    assert len([line for line in assignment.splitlines() if line]) <= 10
    for name, text in {"hw1.py": assignment, **FILES}.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    for line in "".join(blocks("sh")).splitlines():
        assert main(shlex.split(line)[1:]) == 0, line
    assert Path("autograder.zip").exists()
    assert {path.name for path in Path("pages").iterdir()} == {"emmy.html", "carl.html", "index.html"}
    for name, column, grades in (
        ("grades", "score", ["0", "2"]),
        ("canvas", "HW1 (4)", ["10", "10", "0"]),
        ("moodle", "Grade", ["2", "0"]),
    ):
        with open(f"{name}.csv", encoding="utf-8-sig", newline="") as file:
            assert [row[column] for row in csv.DictReader(file)] == grades


def test_the_page_says_of_the_levels_what_the_sandbox_says() -> None:
    for level, words in LEVELS.items():
        assert f"| {level} | {words} |" in PAGE
