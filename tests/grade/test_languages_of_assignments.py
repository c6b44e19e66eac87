"""An assignment speaks two languages: its titles, and what the grader says of an answer."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from string import Formatter

import pytest

import tinygrad_edu as tg
from tinygrad_edu._support.languages import say, speaking
from tinygrad_edu.cli import main
from tinygrad_edu.cli.translation import texts_in_code, texts_in_markdown
from tinygrad_edu.grade import Assignment, Sandbox, Submission, expect, grade_one
from tinygrad_edu.grade.assignment import load_assignment
from tinygrad_edu.grade.assignments import ASSIGNMENTS, TEMPLATE, folder
from tinygrad_edu.grade.errors import AssignmentError

EXERCISES = sorted((Path(tg.__file__).parents[1] / "tutorials" / "exercises").glob("*/assignment.py"))
SHIPPED = [TEMPLATE, *map(folder, ASSIGNMENTS)]
FILES = [*(one / "assignment.py" for one in SHIPPED), *EXERCISES]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_every_title_of_an_assignment_that_ships_is_also_in_chinese(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(file.parents[2]))
    assignment = load_assignment(file).assignment
    assert {assignment.title, *(check.title for check in assignment.checks)} <= assignment.texts["zh"].keys()


@pytest.mark.parametrize("one", SHIPPED, ids=lambda one: one.name)
def test_every_text_of_an_assignment_that_ships_is_also_in_chinese(one: Path) -> None:
    read: dict[str, Callable[[str], list[str]]] = {".md": texts_in_markdown, ".py": texts_in_code}
    texts = [
        text for file in one.iterdir() if file.suffix in read for text in read[file.suffix](file.read_text("utf-8"))
    ]
    assert set(texts) <= json.loads((one / "assignment.zh.json").read_text("utf-8")).keys()


PROSE = re.compile(r"[a-z],? [a-z0-9]|[a-z]\.$")
CODE = re.compile(r"lambda .*|[\w.]*\([\w, ]*\)")


def said_in(tree: ast.AST) -> Iterator[str]:
    """The prose in the code of an assignment that a student may read, with 1 for each value."""
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # a docstring
            continue
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "1" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            todo += ast.iter_child_nodes(node)
            continue
        if PROSE.search(text) and not CODE.fullmatch(text):
            yield text


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_all_that_a_check_says_is_also_in_chinese(file: Path) -> None:
    with speaking("zh", {"zh": json.loads(file.with_suffix(".zh.json").read_text("utf-8"))}):
        assert [text for text in said_in(ast.parse(file.read_text("utf-8"))) if say(text) == text] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_a_translation_has_the_places_of_its_text(file: Path) -> None:
    for text, translation in json.loads(file.with_suffix(".zh.json").read_text("utf-8")).items():
        assert places(text) == places(translation), text


def places(text: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(text) if field is not None}


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_an_assignment_that_is_written_in_chinese_is_the_same_assignment(name: str, tmp_path: Path) -> None:
    assert main(["grade", "new", str(tmp_path / "hw1"), "--like", name, "--lang", "zh"]) == 0
    here, there = load_assignment(tmp_path / "hw1").assignment, load_assignment(folder(name)).assignment
    assert here.name == "hw1"
    chinese = there.texts["zh"]
    assert [here.title, *(check.title for check in here.checks)] == [
        chinese[text] for text in (there.title, *(check.title for check in there.checks))
    ]
    assert [(check.name, check.points, check.needs) for check in here.checks] == [
        (check.name, check.points, check.needs) for check in there.checks
    ]
    for file in ("reference.py", "starter.py"):
        trees = [ast.parse((place / file).read_text("utf-8")) for place in (tmp_path / "hw1", folder(name))]
        for tree in trees:
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    node.value = ""
        assert ast.dump(trees[0]) == ast.dump(trees[1])


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
