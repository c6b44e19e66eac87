"""An assignment speaks two languages: its titles, and what the grader says of an answer."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import tinygrad_edu as tg
from tinygrad_edu.grade import Assignment, Sandbox, Submission, expect, grade_one
from tinygrad_edu.grade.assignment import load_assignment
from tinygrad_edu.grade.assignments import ASSIGNMENTS, folder
from tinygrad_edu.grade.errors import AssignmentError

EXERCISES = sorted((Path(tg.__file__).parents[1] / "tutorials" / "exercises").glob("*/assignment.py"))
FILES = [*(folder(name) / "assignment.py" for name in ASSIGNMENTS), *EXERCISES]


SENTENCE = re.compile(r"(?:[A-Za-z'-]{2,}[,:;]? ){2}[A-Za-z]{2,}")
"""Three words in a row: a text for a student. (The kind of a mistake is a word or two, and stays English.)"""


def said_in(file: Path) -> Iterator[tuple[str, bool]]:
    """The sentences in an assignment, without its docstrings, and whether values are put into them beforehand."""
    tree = ast.parse(file.read_text("utf-8"))
    mixed = {piece for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for piece in ast.walk(node)}
    notes = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node not in notes and SENTENCE.search(str(node.value)):
            yield str(node.value), node in mixed


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_all_that_an_assignment_that_ships_says_is_also_in_chinese(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(file.parents[2]))
    assignment = load_assignment(file).assignment
    chinese, said = assignment.texts["zh"], list(said_in(file))
    titles = {assignment.title, *(check.title for check in assignment.checks)}
    assert titles <= chinese.keys()
    assert [text for text, mixed in said if mixed] == [], "give values to require and expect: a whole text has an entry"
    assert {text for text, _ in said} <= chinese.keys()
    source = {node.value for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Constant)}
    assert chinese.keys() <= source | titles, "nothing says these any more"
    for text, translation in chinese.items():
        assert places(text) == places(translation), text


def places(text: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(text) if field is not None}


def test_the_feedback_is_in_the_language_asked_for() -> None:
    hw = Assignment("hw1", title="Squares")
    hw.texts = {"zh": {"Squares": "平方", "Square": "求平方"}}

    @hw.check(points=2, needs=["square_backward"])
    def square(student, rng):  # type: ignore[no-untyped-def]
        x, upstream = rng.normal(size=(2, 5, 4))
        expect(student.square_backward(upstream, x)).is_gradient_of(lambda x: x * x, at=x, upstream=upstream)

    handed_in = Submission.from_source("def square_backward(upstream, x): return -upstream * 2 * x")
    with Sandbox() as sandbox:
        english = grade_one(hw, handed_in, sandbox=sandbox)
        chinese = grade_one(hw, handed_in, sandbox=sandbox, lang="zh")
    assert (english.title, english.checks[0].title, english.checks[0].message) == (
        "Squares",
        "Square",
        "The sign is wrong.",
    )
    assert (chinese.title, chinese.checks[0].title, chinese.checks[0].message) == ("平方", "求平方", "符号错了。")
    assert chinese.checks[0].kind == english.checks[0].kind == "sign"
    assert chinese.key != english.key


def test_a_damaged_catalogue_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "assignment.py").write_text((folder("chain_rule") / "assignment.py").read_text())
    (tmp_path / "assignment.zh.json").write_text('{"Product": 3}')
    with pytest.raises(AssignmentError, match=r"assignment\.zh\.json: an object of texts by texts is needed"):
        load_assignment(tmp_path)
