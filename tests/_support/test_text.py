"""Text that comes from anywhere."""

from __future__ import annotations

from tinygrad_edu._support.text import exception_text
from tinygrad_edu.grade.own_engine.engine import Engine
from tinygrad_edu.grade.own_engine.page import answered
from tinygrad_edu.grade.own_engine.questions import Question


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_an_exception_whose_own_words_fail_is_called_by_its_name() -> None:
    assert exception_text(Mute()) == "Mute"


def test_a_question_to_an_engine_whose_exception_has_no_words_is_answered() -> None:
    def ask(engine: Engine) -> None:
        raise Mute

    assert answered(Engine(None), Question("Numbers", "add", ask)).message == "Mute"  # type: ignore[arg-type]
