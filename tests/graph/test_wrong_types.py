"""Everything that draws, given something of another kind in each of its places: our own error, or a picture."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn, plots
from tinygrad_edu.errors import TinygradError

x = tg.Value(2.0, "x")
z = x * x

FUNCTIONS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "draw": (tg.draw, {"node": z}),
    "film": (tg.graph.film, {"drawings": [tg.draw(z), tg.draw(z)]}),
    "formula": (tg.formula, {"node": z}),
    "explain": (tg.explain, {"output": z, "by": x}),
    "diff": (tg.graph.diff, {"expected": z, "found": z}),
    "plain": (lambda output, gradients=True: tg.graph.plain(output, gradients=gradients), {"output": z}),
    "replay": (tg.graph.replay, {"graph": z, "inputs": {}}),
    "read": (tg.graph.read, {"source": "{}"}),
    "save": (tg.draw(z).save, {"path": "z.svg"}),
    "steps": (tg.steps, {"output": z}),
    "attention_maps": (nn.attention_maps, {"output": z}),
    "lines": (plots.lines, {"curves": {"a": [1, 2]}}),
    "points": (plots.points, {"groups": {"a": [[1, 2]]}}),
    "contours": (plots.contours, {"function": np.add, "x": (0, 1), "y": (0, 1)}),
    "regions": (plots.regions, {"predict": np.sum, "X": [[0.0, 0.0], [1.0, 1.0]], "labels": [0, 1]}),
    "bars": (plots.bars, {"names": ["a"], "groups": {"g": [1]}}),
    "histogram": (plots.histogram, {"groups": {"a": [1, 2]}}),
    "attention": (plots.attention, {"weights": [[1.0]]}),
    "images": (plots.images, {"arrays": np.zeros((1, 4, 4))}),
    "row": (plots.row, {}),
}

WRONG: list[Any] = [3, -1, float("nan"), True, None, "word", b"word", [1], {1: 2}, object(), int]

THEIRS = {("draw", "colour"), ("draw", "label"), ("draw", "note")}
"""Functions of the user's: what they raise is theirs."""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_draws_says_what_is_wrong_with_its_arguments(name: str, tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    function, right = FUNCTIONS[name]
    for parameter in inspect.signature(function).parameters.values():
        for wrong in WRONG:
            if callable(wrong) and (name, parameter.name) in THEIRS:
                continue
            with suppress(TinygradError, FileNotFoundError if name == "read" else TinygradError):
                if parameter.kind is parameter.VAR_POSITIONAL:
                    function(wrong)
                else:
                    function(**{**right, parameter.name: wrong})


def test_an_error_names_the_place_and_the_value() -> None:
    three: Any = 3
    for call, words in (
        (lambda: nn.attention_maps(three), "attention_maps: only a Value or a Tensor has a graph; this is a int: 3"),
        (lambda: plots.lines(three), r"lines: a dictionary from names to numbers is needed, not 3"),
        (lambda: plots.contours(np.add, x=(1, 1), y=(0, 1)), r"x: the lower and the upper end .* not \(1, 1\)"),
        (lambda: plots.images(np.zeros((1, 4, 4)), columns=0), "images: columns is a whole number from 1 on, not 0"),
        (lambda: plots.row(three), "row: plots are needed, .* not 3"),
        (lambda: tg.draw(z, seed="a"), "the seed is an array of numbers, not 'a'"),
        (lambda: tg.graph.replay(z, three), "replay: inputs maps nodes or their names to numbers, not 3"),
    ):
        with pytest.raises(TinygradError, match=words):
            call()
