"""`tinygrad-edu step`, as a user types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Command


def test_where_nobody_watches_the_derivation_is_printed(folder: Path, run: Command) -> None:
    answer = run("step", "lesson.py:z")
    assert answer.code == 0
    assert "∂z/∂q = weight = 4" in answer.out
    assert "q = x + y = 5" in answer.out


def test_the_player_is_written_with_the_users_lines(folder: Path, run: Command) -> None:
    answer = run("step", "lesson.py:z", "-o", "z.html", "--predict", "--lang", "zh")
    assert (answer.code, answer.out) == (0, "z.html：7 步\n")
    page = (folder / "z.html").read_text("utf-8")
    assert "lesson.py:4  q = x + y" in page
    assert 'id="predict" checked' in page
    assert "逐步演示" in page


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (["lesson.py:z", "-o", "z.bmp"], "none of the extensions .html"),
        (["lesson.py:fixed"], "does not require a gradient"),
        (["lesson.py:z", "-o", "nowhere/z.html"], "cannot write"),
    ],
)
def test_wrong_input_is_one_line(folder: Path, run: Command, typed: list[str], says: str) -> None:
    answer = run("step", *typed)
    assert answer.code == 2
    assert says in answer.err
    assert answer.err.count("\n") == 1
