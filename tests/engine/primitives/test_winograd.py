"""Winograd's convolution gives the numbers of the definition, in all three rows, and is taken only where it may be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from tinygrad_edu.engine.primitives import winograd
from tinygrad_edu.engine.primitives.convolution import conv_transpose, conv_weight, convolution

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


def numbers(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape)


def rows(x: Any, weight: Any, monkeypatch: pytest.MonkeyPatch, by_tiles: bool | None = None, **how: Any) -> Rows:
    """The convolution and both of its gradients, by tiles or as the definition has it; None leaves the choice."""
    with monkeypatch.context() as patched:
        if by_tiles is not None:
            patched.setattr(winograd, "pays", lambda *_: by_tiles)
        y = convolution(x, weight, **how)
        g = numbers(*y.shape, seed=2).astype(y.dtype)
        to_x = conv_transpose(g, weight, size=x.shape[2:], **how)
        return y, to_x, conv_weight(x, g, kernel=(3, 3), **how)


@given(
    shape=st.tuples(*[st.integers(1, 3)] * 2, *[st.integers(3, 9)] * 2, st.integers(1, 3)),
    padding=st.tuples(*[st.tuples(st.integers(0, 3), st.integers(0, 3))] * 2),
    cache=st.sampled_from([1, winograd.CACHE]),
)
def test_tiles_give_what_the_definition_gives(shape: Any, padding: Any, cache: int) -> None:
    n, channels, height, width, out = shape
    x, weight = numbers(n, channels, height, width), numbers(out, channels, 3, 3, seed=1)
    how: Any = {"stride": None, "padding": padding, "dilation": None}
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(winograd, "CACHE", cache)  # a row of tiles at a time, or all
        by_tiles = rows(x, weight, monkeypatch, True, **how)
        for tiles, expected in zip(by_tiles, rows(x, weight, monkeypatch, False, **how)):
            np.testing.assert_allclose(tiles, expected, rtol=1e-11, atol=1e-11)


def test_whole_numbers_stay_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    x, weight = np.arange(2.0 * 3 * 6 * 8).reshape(2, 3, 6, 8), np.arange(4.0 * 3 * 9).reshape(4, 3, 3, 3)
    how: Any = {"stride": None, "padding": None, "dilation": None}
    y, _, _ = rows(x, weight, monkeypatch, True, **how)
    np.testing.assert_array_equal(y, rows(x, weight, monkeypatch, False, **how)[0])


@pytest.mark.parametrize("kinds", [("uint8", "float32"), ("float64", "int8"), ("float32", "float64")], ids="-".join)
def test_operands_of_two_dtypes(kinds: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    x, weight = (np.arange(2 * 3 * 36).reshape(-1, 3, 6, 6) % 256).astype(kinds[0]), np.ones((4, 3, 3, 3), kinds[1])
    how: Any = {"stride": None, "padding": ((1, 1), (1, 1)), "dilation": None}
    for tiles, expected in zip(rows(x, weight, monkeypatch, True, **how), rows(x, weight, monkeypatch, False, **how)):
        assert tiles.dtype == expected.dtype
        np.testing.assert_allclose(tiles, expected, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("channels", [32, 64])
def test_float32_is_as_exact_as_by_the_definition(channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x, weight = numbers(8, channels, 12, 10), numbers(channels, channels, 3, 3, seed=1)
    how: Any = {"stride": None, "padding": ((1, 1), (1, 1)), "dilation": None}
    single = x.astype(np.float32), weight.astype(np.float32)
    exact = rows(single[0].astype(np.float64), single[1].astype(np.float64), monkeypatch, False, **how)
    by_definition, chosen = rows(*single, monkeypatch, False, **how), rows(*single, monkeypatch, **how)
    for found, other, truth in zip(chosen, by_definition, exact):
        assert not np.array_equal(found, other)  # tiles were chosen
        largest = np.abs(truth).max()
        assert np.abs(found - truth).max() < 3 * np.abs(other - truth).max() + 1e-6 * largest


LARGE: dict[str, Any] = {
    "weight": (64, 64, 3, 3), "windows": (24, 24), "results": (24, 24), "n": 8,
    "dtype": np.dtype(np.float32), "waste": 1.35,
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"weight": (64, 64, 5, 5)},
        {"weight": (64, 64, 3)},
        {"weight": (64, 3, 3, 3)},
        {"n": 1, "windows": (8, 8), "results": (8, 8)},
        {"windows": (5, 5), "results": (5, 5), "n": 64},
        {"windows": (7, 7), "results": (7, 7), "n": 64, "waste": 1.1},
        {"windows": (4, 4), "results": (6, 6), "n": 64},
        {"dtype": np.dtype(np.int64)},
        {"dtype": np.dtype(np.float16)},
    ],
    ids=str,
)
def test_tiles_do_not_pay(change: dict[str, Any]) -> None:
    assert winograd.pays(**LARGE)
    assert not winograd.pays(**LARGE | change)


@pytest.mark.parametrize("how", [{"stride": (2, 1)}, {"dilation": (1, 2)}, {"groups": 2}], ids=str)
def test_strides_gaps_and_groups_go_by_the_definition(how: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    x, weight = numbers(2, 4, 9, 8), numbers(6, 4 // how.get("groups", 1), 3, 3, seed=1)
    how = {"stride": None, "padding": None, "dilation": None} | how
    always = rows(x, weight, monkeypatch, True, **how)
    for found, expected in zip(always, rows(x, weight, monkeypatch, False, **how)):
        np.testing.assert_array_equal(found, expected)
