"""Programs that were written for an engine of forty lines run on `Value`, with nothing but the import changed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import pytest

import tinygrad_edu as tg
from benchmarks.forty_lines import Value as FortyLines
from benchmarks.scalar_gpt import IMPORT, PROGRAM

NAMES = ["bo", "ida"]


def trained(line: str, **exchanged: Callable[..., Any]) -> list[float]:
    """The weights after two steps of training the GPT on single numbers."""
    names: dict[str, Any] = {"__name__": "scalar_gpt"}
    exec(compile(PROGRAM.read_text("utf-8").replace(IMPORT, line), str(PROGRAM), "exec"), names)
    names.update(exchanged)
    weights = names["new_weights"](random.Random(0))
    names["train"](NAMES, weights, steps=2, report=lambda line: None)
    return [number.data for matrix in weights.values() for row in matrix for number in row]


def test_a_whole_gpt_learns_the_same_on_three_engines() -> None:
    expected = trained("from benchmarks.forty_lines import Value, block\n")
    assert len(expected) == 4192
    assert trained(IMPORT) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert trained(IMPORT, dot=tg.dot) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_the_gpt_is_short_enough_to_be_read() -> None:
    assert len(PROGRAM.read_text("utf-8").splitlines()) <= 150


@pytest.mark.parametrize("engine", [tg.Value, FortyLines])
def test_what_such_programs_write(engine: Any) -> None:
    x, y, unused = engine(2.0), engine(-3.0), engine(5.0)
    out = sum([x * y, x**-0.5, (x * 2).log(), (-y).exp(), y.relu(), 1 - x, x / 4, 3 * x, 1.0 + y])
    out.backward()
    assert out.data == pytest.approx(-6 + 2**-0.5 + math.log(4) + math.exp(3) - 1 + 0.5 + 6 - 2)
    assert x.grad == pytest.approx(-3 - 0.5 * 2**-1.5 + 0.5 - 1 + 0.25 + 3)
    assert y.grad == pytest.approx(2 - math.exp(3) + 1)
    assert 0.9 * unused.grad + 0.1 * unused.grad**2 == 0.0  # Adam asks before anything set it to 0
    x.data -= 0.1 * x.grad
    x.data = x.data + 1
    assert x.data == pytest.approx(3 - 0.1 * x.grad)
