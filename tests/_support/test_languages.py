"""Every text for a reader goes through the catalogues, and every language has every text."""

from __future__ import annotations

import ast
import json
import re
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

import tinygrad_edu as tg
from tinygrad_edu._support import languages as module
from tinygrad_edu._support.languages import counted, language, languages, retold, say, speaking
from tinygrad_edu.grade import errors as graders
from tinygrad_edu.step.texts import TEXTS

PACKAGE = Path(tg.__file__).parent
CATALOGUES = Path(module.__file__).parent
OTHERS = [lang for lang in languages() if lang != "en"]
RETOLD, ARGPARSE = (
    [text for lang in OTHERS for text in json.loads((CATALOGUES / lang / f"{name}.json").read_text("utf-8"))]
    for name in ("retold", "argparse")
)
"""What Python, NumPy and a student's process say, and argparse of a command: that stands in the catalogues alone."""

BEGINNERS = ("arguments", "attributes", "axes", "explain", "indices", "operands", "shapes", "tensors", "words")
"""The errors of the engine that beginners meet."""

DRAWN = ("architecture", "asked", "backward", "choices", "draw", "marks", "part", "recorded")
"""What takes the options of pictures."""

SPEAKING = [
    "check", "cli", *(f"engine/messages/{name}.py" for name in BEGINNERS),
    "grade/assignment.py", "grade/compare.py", "grade/formats", "grade/jobs.py", "grade/own_engine",
    "grade/sandbox/isolation.py",
    "grade/signs.py", "grade/soundness/answers.py", "grade/submission", "graph/compare", "graph/formats/page",
    "graph/layout/choice.py", "graph/picture/arrows.py", "graph/picture/card.py", "graph/picture/descriptions.py",
    "graph/views/totals.py", "graph/views/view.py", "graph/words", "nn/summary.py", "nonfinite", "step",
]  # fmt: skip
"""What makes texts for readers: here a sentence outside the catalogues is a mistake."""

REFUSING = [
    "cli", *(f"engine/primitives/{name}.py" for name in ("convolution", "fused", "normalization", "windows")),
    "grade/assignment.py", "grade/formats/gradebooks.py", "grade/jobs.py", "grade/own_engine", "nn/containers.py",
    "nn/convolution.py", "nn/layers.py", "nn/loss_parts.py", "nn/losses.py", "nn/messages.py", "nn/module.py",
    "nn/normalization.py", "nn/parameter.py", "nn/pooling.py", "nn/recurrent.py", "_support/formats.py",
    *(f"graph/{name}.py" for name in DRAWN), "graph/views/view.py", "graph/words", "step/derivation.py",
]  # fmt: skip
"""What teachers and students meet first: here also an error that stands outside the catalogues is a mistake."""

WORDS = re.compile(r"[A-Za-z]{2,},? [a-z]{2,}")
MARKUP = re.compile(r"\);|</?\w|=\"|: [^;]+;|pip install|\\\\|\bimport |^#!")
NO_SENTENCES = {
    "bold reverse", "the result", "the variable", "A derivation, event by event, as tinygrad_edu plays it",
    "A language model", "tinygrad-edu tutorials copy DIR", "tinygrad-edu grade check ", "(?<=^# )tinygrad-edu grade .+",
    "^from programs import (\\w+)$", "Feedback comments", "Grade can be changed", "Full name", "Email address",
    "ID number", "changed in place", "second derivative", "not subscriptable", "bad operand",
    "unsupported operand", "not offered", "system calls", *(f"grade {name}" for name in ("new", "check", "gradescope")),
    "tutorials open", "tutorials copy",
}  # fmt: skip
"""A style of Textual; two parts of an error; titles of files; commands; columns of Moodle; kinds of mistakes; parts of
Python's errors; a mechanism's name."""


def is_call(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def is_error_in_words(node: ast.AST) -> bool:
    """Whether an error gets a text and the values for its places."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.keywords):
        return False
    error: Any = getattr(tg.errors, node.func.id, None) or getattr(graders, node.func.id, None)
    inherits = isinstance(error, type) and issubclass(error, tg.TinygradError) and "__init__" not in vars(error)
    return inherits or node.func.id in ("EngineError", "Refusal")


def strings(node: ast.AST) -> Iterator[str]:
    """The string constants of an expression, as `texts` marks them."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values):
            yield from strings(key if key and isinstance(value, ast.Lambda) else value)
    elif not isinstance(node, ast.Lambda):
        yield from (text for child in ast.iter_child_nodes(node) for text in strings(child))


def helps(node: ast.AST) -> Iterator[str]:
    """What a command says of itself and its options: `about` of `command`, and `help`."""
    if is_call(node, "command") and isinstance(node, ast.Call):
        yield from strings(node.args[3])
    if isinstance(node, ast.keyword) and node.arg == "help" and isinstance(node.value, ast.Constant):
        yield from strings(node.value)
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values):
            if isinstance(key, ast.Constant) and key.value == "help" and isinstance(value, ast.Constant):
                yield from strings(value)


def said_in(call: ast.Call) -> Iterator[str]:
    """The texts that a call of `say`, `counted`, `texts` or of an error says, as far as they stand in it."""
    if is_call(call, "texts"):
        yield from (text for arg in call.args for text in strings(arg))
        return
    for arg in call.args[1:3] if is_call(call, "counted") else call.args[:1]:
        assert not isinstance(arg, ast.JoinedStr), f"{ast.unparse(arg)}: a text with values in it is in no catalogue"
        for choice in (arg.body, arg.orelse) if isinstance(arg, ast.IfExp) else (arg,):
            if isinstance(choice, ast.Constant):
                yield str(choice.value)


def modules() -> list[Path]:
    return sorted(file for file in PACKAGE.rglob("*.py") if "tutorials" not in file.parts)


def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


@cache
def said() -> set[str]:
    """All texts that the package says."""
    texts: set[str] = set()
    for file in modules():
        speaks = file.parent == CATALOGUES or "languages import" in file.read_text("utf-8")
        for node in ast.walk(tree(file)):
            is_text = (speaks and is_call(node, "say", "counted", "texts")) or is_error_in_words(node)
            if is_text and isinstance(node, ast.Call):
                texts.update(filter(None, said_in(node)))
            if "cli" in file.parts:
                texts.update(helps(node))
    return texts


def places(text: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(text) if field is not None}


def entries(lang: str) -> list[tuple[str, str]]:
    files = sorted((CATALOGUES / lang).glob("*.json"))
    return [pair for file in files for pair in json.loads(file.read_text("utf-8"), object_pairs_hook=list)]


def test_the_scan_finds_texts() -> None:
    assert len(said()) > 150
    assert "The gradient of {label} is {after}." in said()


@pytest.mark.parametrize("lang", OTHERS)
def test_a_language_has_every_text_that_is_said(lang: str) -> None:
    assert said() - {key for key, _ in entries(lang)} == set()


@pytest.mark.parametrize("lang", OTHERS)
def test_a_language_has_no_text_that_is_never_said(lang: str) -> None:
    assert {key for key, _ in entries(lang)} - said() - {*RETOLD, *ARGPARSE} == set()


@pytest.mark.parametrize("lang", OTHERS)
def test_no_text_is_twice_in_a_language(lang: str) -> None:
    keys = [key for key, _ in entries(lang)]
    assert {key for key in keys if keys.count(key) > 1} == set()


@pytest.mark.parametrize("lang", OTHERS)
def test_a_text_has_the_same_places_in_every_language(lang: str) -> None:
    told = {key: text for key, text in entries(lang) if places(key) != places(text)}
    assert [key for key in told if key not in RETOLD] == []
    assert [key for key, text in told.items() if not places(text) < places(key)] == [], "of Python's, some say less"


def is_sentence(text: str) -> bool:
    """Whether the text has two words after one another, and is no markup and no name of a text of the player."""
    names = any(text in name for name in TEXTS)
    return bool(WORDS.search(text)) and not (MARKUP.search(text) or names or text in NO_SENTENCES)


def prose(tree: ast.Module, errors: bool = False) -> Iterator[tuple[int, str]]:
    """Sentences in the code that are no docstrings and in no catalogue; those of errors only if asked for."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        in_words = is_call(node, "say", "counted", "texts") or is_error_in_words(node)
        if in_words and isinstance(node, ast.Call):
            todo += [word.value for word in node.keywords]
            continue
        if is_call(node, "together") and isinstance(node, ast.Call):  # where threads meet: for errors of `fit`
            todo += node.args[1:]
            continue
        if (
            isinstance(node, ast.Assert)
            or (isinstance(node, ast.Raise) and not errors)
            or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        ):
            continue
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and is_sentence(node.value)
            and node.value not in said()
        ):
            yield node.lineno, node.value
        todo += ast.iter_child_nodes(node)


def modules_in(rooms: list[str]) -> list[Path]:
    """The modules in these folders, without examples: their texts are data."""
    found = [file for file in modules() if file.relative_to(PACKAGE).as_posix().startswith(tuple(rooms))]
    return [file for file in found if file.name != "example.py"]


@pytest.mark.parametrize("file", modules_in(SPEAKING), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_sentence_stands_outside_the_catalogues(file: Path) -> None:
    assert list(prose(tree(file))) == []


@pytest.mark.parametrize("file", modules_in(REFUSING), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_error_of_a_beginner_stands_outside_the_catalogues(file: Path) -> None:
    assert list(prose(tree(file), errors=True)) == []


def test_a_sentence_outside_the_catalogues_is_found() -> None:
    code = ast.parse('print("two words"); raise ValueError(f"no such {x}"); print(say("Forward"), "x", "<b>two words")')
    assert [text for _, text in prose(code, errors=True)] == ["no such ", "two words"]
    assert [text for _, text in prose(code)] == ["two words"]


def test_the_environment_chooses_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINYGRAD_EDU_LANG", "zh")
    assert language() == "zh"
    assert say("Forward") == "前向传播"
    with speaking("en"):
        assert say("Forward") == "Forward"
        with speaking(None):
            assert language() == "en"
    monkeypatch.setenv("TINYGRAD_EDU_LANG", "")
    assert language() == "en"


def test_an_unknown_language_is_refused_with_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(tg.TinygradError, match=r"^lang is one of 'en', 'zh', and not 'fr'$"), speaking("fr"):
        pass
    monkeypatch.setenv("TINYGRAD_EDU_LANG", "tlh")
    with pytest.raises(tg.TinygradError, match=r"^the environment variable TINYGRAD_EDU_LANG is one of"):
        say("Forward")


def test_what_is_put_into_a_text_is_no_text() -> None:
    assert say("The gradient of {label} is {after}.", label="{after}", after="{x}") == "The gradient of {after} is {x}."


def test_no_space_stands_between_chinese_and_chinese() -> None:
    with speaking("zh"):
        assert say("{most} and {last}", most="x", last="数组") == "x 和数组"
        assert say(" ") == "", "what stands between sentences"


@pytest.mark.parametrize(
    "message", ["NameError: name 'x' is not defined", "syntax error: invalid character '，' (U+FF0C)"]
)
def test_what_python_says_is_said_in_the_language(message: str) -> None:
    assert retold(message) == message
    with speaking("zh"):
        assert not set(retold(message).split()) & {"is", "not", "syntax", "invalid"}


def test_one_and_many_are_two_texts() -> None:
    assert counted(1, "{n} path", "{n} paths") == "1 path"
    assert counted(1000, "{n} path", "{n} paths") == "1,000 paths"
    with speaking("zh"):
        assert counted(1, "{n} path", "{n} paths") == "1 条路径"


@pytest.mark.parametrize("text", RETOLD)
def test_no_message_of_a_students_keeps_the_grader_searching(text: str) -> None:
    begin, *between = re.split(r"\{\w+\}", text)
    message = begin + "x" + "".join(piece * (498 // (len(between) * len(piece))) for piece in between if piece) + "!"
    began = time.process_time()
    with speaking("zh"):
        retold(message)
    assert time.process_time() - began < 0.15
