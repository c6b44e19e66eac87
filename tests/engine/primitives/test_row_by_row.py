"""All ways to compute a convolution give the numbers of one: row by row, by matrices that overlap, and by columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from tinygrad_edu.engine.primitives import convolution as columns, row_by_row
from tinygrad_edu.engine.primitives.convolution import conv_transpose, conv_weight, convolution

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]

WAYS: dict[str, tuple[Callable[..., bool], int]] = {
    "columns": (lambda *_: False, 1 << 60),
    "overlapping": (lambda *_: False, 1),
    "row by row": (lambda weight, windows, stride, dilation, n: stride[0] == dilation[0] == 1, 1 << 60),
}
"""What says whether it goes row by row, and from how many columns on matrices overlap."""


def numbers(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape)


def rows(x: Any, weight: Any, way: str | None = None, cache: int = columns.CACHE, **how: Any) -> Rows:
    """The convolution and both of its gradients; the way None leaves the choice."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(columns, "CACHE", cache)
        if way is not None:
            pays, wide = WAYS[way]
            patched.setattr(row_by_row, "pays", pays)
            patched.setattr(columns, "WIDE", wide)
        y = convolution(x, weight, **how)
        g = numbers(*y.shape, seed=2).astype(y.dtype)
        to_x = conv_transpose(g, weight, size=x.shape[2:], **how)
        return y, to_x, conv_weight(x, g, kernel=weight.shape[2:], **how)


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[Any, Any, dict[str, Any]]:
    """Images, a weight, and the settings, of one to three axes."""
    axes = draw(st.integers(1, 3))

    def for_each_axis(what: st.SearchStrategy[Any]) -> Any:
        return draw(st.tuples(*[what] * axes))

    kernel, dilation = for_each_axis(st.integers(1, 3)), for_each_axis(st.integers(1, 2))
    padding = for_each_axis(st.tuples(st.integers(0, 3), st.integers(0, 3)))
    size = tuple(d * (k - 1) + 1 + draw(st.integers(0, 4)) for d, k in zip(dilation, kernel))
    n, channels, out, groups = (draw(st.integers(1, most)) for most in (3, 3, 3, 2))
    x, weight = numbers(n, channels * groups, *size), numbers(out * groups, channels, *kernel, seed=1)
    how = {"stride": for_each_axis(st.integers(1, 3)), "padding": padding, "dilation": dilation}
    return x, weight, how | ({"groups": groups} if groups > 1 else {})


@given(convolutions(), st.sampled_from(sorted(WAYS)), st.sampled_from([1, 1000, columns.CACHE]))
def test_all_ways_give_the_same(given: tuple[Any, Any, dict[str, Any]], way: str, cache: int) -> None:
    x, weight, how = given
    for found, expected in zip(rows(x, weight, way, cache, **how), rows(x, weight, "columns", **how)):
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kinds", [("uint8", "float32"), ("float64", "int8"), ("float32", "float64")], ids="-".join)
def test_operands_of_two_dtypes(kinds: tuple[str, str], way: str) -> None:
    x, weight = (np.arange(2 * 3 * 36).reshape(-1, 3, 6, 6) % 256).astype(kinds[0]), np.ones((4, 3, 3, 3), kinds[1])
    how: Any = {"stride": None, "padding": ((1, 1), (1, 1)), "dilation": None}
    for found, expected in zip(rows(x, weight, way, **how), rows(x, weight, "columns", **how)):
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("channels", [3, 32])
def test_float32_is_as_exact_as_by_columns(channels: int) -> None:
    x, weight = numbers(40, channels, 12, 10), numbers(channels, channels, 3, 3, seed=1)
    how: Any = {"stride": None, "padding": ((1, 1), (1, 1)), "dilation": None}
    single = x.astype(np.float32), weight.astype(np.float32)
    exact = rows(single[0].astype(np.float64), single[1].astype(np.float64), "columns", **how)
    for found, other, truth in zip(rows(*single, **how), rows(*single, "columns", **how), exact):
        assert np.abs(found - truth).max() < 3 * np.abs(other - truth).max() + 1e-6 * np.abs(truth).max()


def test_float16_is_rounded_once() -> None:
    x, weight = numbers(2, 3, 40, 30).astype(np.float16), numbers(4, 3, 3, 3, seed=1).astype(np.float16)
    how: Any = {"stride": None, "padding": ((1, 1), (1, 1)), "dilation": None}
    y, to_x, to_weight = rows(x, weight, **how)
    x, weight, g = (z.astype(np.float32) for z in (x, weight, numbers(*y.shape, seed=2).astype(np.float16)))
    wide = (
        convolution(x, weight, **how),
        conv_transpose(g, weight, size=(40, 30), **how),
        conv_weight(x, g, kernel=(3, 3), **how),
    )
    for found, expected in zip((y, to_x, to_weight), wide):
        assert found.dtype == np.float16
        np.testing.assert_array_equal(found, expected.astype(np.float16))


@pytest.mark.parametrize("way", WAYS)
def test_without_positions_the_weight_receives_zeros(way: str) -> None:
    x, weight = numbers(1, 2, 2, 300), numbers(3, 2, 3, 3)
    assert not rows(x, weight, way, stride=None, padding=None, dilation=None)[2].any()


def test_images_receive_zeros_from_no_channels() -> None:
    x, weight = numbers(1, 2, 5, 300), numbers(0, 2, 3, 3)
    y, to_x, to_weight = rows(x, weight, stride=None, padding=None, dilation=None)
    assert (y.shape, to_weight.shape) == ((1, 0, 3, 298), (0, 2, 3, 3))
    assert not to_x.any()


USUAL: dict[str, Any] = {"weight": (64, 64, 3, 3), "windows": (24, 24), "stride": (1, 1), "dilation": (1, 1), "n": 8}


@pytest.mark.parametrize(
    "change",
    [
        {"weight": (64, 64, 1, 3)},
        {"weight": (64, 20, 3, 3)},
        {"weight": (8, 8, 3, 3)},
        {"n": 3},
        {"windows": (24, 5)},
        {"stride": (2, 1)},
        {"dilation": (2, 1)},
    ],
    ids=str,
)
def test_where_rows_do_not_pay(change: dict[str, Any]) -> None:
    assert row_by_row.pays(**USUAL)
    assert not row_by_row.pays(**USUAL | change)
