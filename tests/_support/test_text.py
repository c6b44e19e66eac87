"""Text that comes from anywhere."""

from __future__ import annotations

import io
import sys

import pytest

import tinygrad_edu as tg
from tinygrad_edu._support.text import exception_text
from tinygrad_edu.cli import main
from tinygrad_edu.grade.own_engine.engine import Engine
from tinygrad_edu.grade.own_engine.page import answered
from tinygrad_edu.grade.own_engine.questions import Question


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "cp936"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_output_in_an_old_encoding_gets_what_it_lacks_as_escapes(
    encoding: str, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, written = tg.steps(tg.Value(2.0, name="x") * 3.0), io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding))
    script.show(lang=lang)
    assert main(["--lang", lang, "tutorials"]) == 0
    sys.stdout.flush()
    assert r"\u2202" in written.getvalue().decode(encoding)  # ∂, which none of them has


def test_an_exception_whose_own_words_fail_is_called_by_its_name() -> None:
    assert exception_text(Mute()) == "Mute"


def test_a_question_to_an_engine_whose_exception_has_no_words_is_answered() -> None:
    def ask(engine: Engine) -> None:
        raise Mute

    assert answered(Engine(None), Question("Numbers", "add", ask)).message == "Mute"  # type: ignore[arg-type]
