"""Equality compares numbers; a node's identity is what dicts and sets go by."""

from __future__ import annotations

from typing import Any

import tinygrad_edu as tg


def test_equal_numbers_are_different_keys() -> None:
    a, b = tg.Value(2.0), tg.Value(2.0)
    assert a == b
    assert len({a, b}) == 2
    assert {a: 1, b: 2}[b] == 2
    assert hash(a) == hash(a)
    s, t = tg.ones(3), tg.ones(3)
    assert (s == t).all()
    assert len({s, t}) == 2
    assert s in {s: 1}


def test_nan_is_not_equal_to_itself() -> None:
    x: Any = tg.Value(float("nan"))
    assert x != x
    assert x in {x}
