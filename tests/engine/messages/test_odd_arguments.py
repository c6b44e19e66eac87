"""Odd things in every place of every primitive: it works, forward and backward, or it is refused in our own words."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.engine.primitives import TABLE
from tinygrad_edu.engine.primitives.primitive import Variadic
from tinygrad_edu.errors import TinygradError

NO_NUMBERS = {
    "None": None,
    "a string": "2",
    "bytes": b"2",
    "a complex number": 1j,
    "a complex array": np.array([1j]),
    "an array of objects": np.array([None, 1]),
    "an array of strings": np.array(["2"]),
    "a date": np.datetime64("2020-01-01"),
    "ragged rows": [1, [2]],
    "a list with a hole": [None, 1.0],
    "a list of strings": ["2"],
    "a dict": {},
    "a set": {1},
    "an object": object(),
    "a type": range,
    "an iterator": iter([1]),
    "a masked array": np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False]),
}

ODD_SETTINGS = {
    **NO_NUMBERS,
    "a float": 1.5,
    "nan": float("nan"),
    "True": True,
    "far": 99,
    "far below": -99,
    "NumPy's int": np.int64(1),
    "an array of no axes": np.array(1),
    "an array": np.array([1, 0]),
    "an array of floats": np.array([0.5]),
    "a list": [1, 0],
    "a tuple": (1, 0),
    "a short tuple": (5,),
    "one twice": (0, 0),
    "a tuple of floats": (0.5,),
    "pairs": ((1, 2), (3, 4)),
    "ragged pairs": ((1,), (1, 2)),
    "a slice": slice(1, 2),
    "an ellipsis": ...,
    "a dtype": "float32",
    "a Value": tg.Value(1.0),
    "a Tensor": tg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
}

NEEDED: dict[str, dict[str, Any]] = {
    "clip": {"min": 0.0},
    "repeat": {"repeats": 2},
    "tile": {"reps": 2},
    "take_along_axis": {"indices": [[0]], "axis": 1},
}
"""Settings without which a function is not called."""

ROWS = {name: row for name, row in TABLE.items() if not isinstance(row, Variadic) and hasattr(tg, name)}
SETTINGS = [(name, setting) for name, row in ROWS.items() for setting in row.attrs]


def beside() -> list[Any]:
    """One of each kind of operand."""
    return [tg.tensor(np.arange(1.0, 7.0).reshape(2, 3), requires_grad=True), np.ones((2, 3)), tg.Value(2.0), 2.0]


def ours(call: Callable[[], Any]) -> str | None:
    """The message of a refusal; None where the call works, and its derivative as well."""
    try:
        out = call()
        if isinstance(out, tg.Tensor | tg.Value) and out.requires_grad:
            tg.sum(out).backward()
    except TinygradError as error:
        return str(error)
    return None


@pytest.mark.parametrize("name", ROWS)
def test_what_is_no_number_is_refused_as_every_operand_beside_all_kinds_of_others(name: str) -> None:
    arity = len(ROWS[name].rules)
    for (kind, odd), place, other in product(NO_NUMBERS.items(), range(arity), beside()):
        operands: list[Any] = [other] * arity
        operands[place] = odd
        message = ours(lambda: getattr(tg, name)(*operands, **NEEDED.get(name, {})))  # noqa: B023
        assert message is not None, kind
        assert message.startswith((f"{name}: ", "tensor: ")), kind
        assert "cannot be computed on" not in message


@pytest.mark.parametrize(("name", "setting"), SETTINGS)
def test_an_odd_setting_works_or_is_refused(name: str, setting: str) -> None:
    for odd, x in product(ODD_SETTINGS.values(), beside()):
        settings = {**NEEDED.get(name, {}), setting: odd}
        message = ours(lambda: getattr(tg, name)(*[x] * len(ROWS[name].rules), **settings))  # noqa: B023
        assert "cannot be computed on" not in (message or "")
