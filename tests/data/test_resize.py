"""Images change their size as PyTorch's `interpolate` does it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.data import Resize, resize

SIZES = st.integers(1, 9)


@given(SIZES, SIZES, SIZES, SIZES, st.sampled_from(["bilinear", "nearest"]))
def test_it_is_the_layers_interpolation(height: int, width: int, rows: int, columns: int, mode: str) -> None:
    images = np.random.default_rng(0).normal(size=(2, 3, height, width))
    ours = resize(images, (rows, columns), mode)
    assert np.allclose(ours, tg.nn.functional.interpolate(images, (rows, columns), mode=mode)) or mode == "nearest"
    if mode == "nearest":  # the nearest to the middle of a new pixel, not to its corner
        assert np.isin(ours, images).all()


def test_nearest_pixels_are_those_below_the_new_ones_middle() -> None:
    row = np.arange(5)[None, None, None]
    assert resize(row, (1, 3), "nearest").ravel().tolist() == [0, 2, 4]
    assert resize(row, (1, 10), "nearest").ravel().tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.int64])
def test_the_dtype_stays(dtype: Any) -> None:
    images = np.array([[[[0, 255]]]], dtype)
    out = Resize((1, 4))(images, np.random.default_rng(0))
    assert out.dtype == dtype
    assert out.ravel().tolist() == [0, 63.75, 191.25, 255] if out.dtype.kind == "f" else [0, 64, 191, 255]


def test_the_own_size_changes_nothing() -> None:
    images = np.random.default_rng(0).random((2, 3, 5, 4), np.float32)
    for mode in ("bilinear", "nearest"):
        assert np.array_equal(resize(images, (5, 4), mode), images)


@pytest.mark.parametrize(
    ("images", "size", "mode", "says"),
    [
        (np.zeros((3, 28, 28)), 4, "bilinear", r"images are \(N, C, H, W\), and these are \(3, 28, 28\)"),
        (np.zeros((3, 1, 0, 28)), 4, "bilinear", r"these are \(3, 1, 0, 28\)"),
        (np.zeros((3, 1, 28, 28)), 0, "bilinear", "from 1 on, not 0"),
        (
            np.zeros((3, 1, 28, 28)),
            (4, 2.5),
            "bilinear",
            r"size is a whole number or two whole numbers, not tuple \(4, 2.5\)",
        ),
        (np.zeros((3, 1, 28, 28)), 4, "cubic", "mode is 'bilinear' or 'nearest', not 'cubic'"),
    ],
)
def test_wrong_input(images: Any, size: Any, mode: str, says: str) -> None:
    with pytest.raises(tg.TinygradError, match=says):
        resize(images, size, mode)


def test_no_images() -> None:
    assert resize(np.zeros((0, 3, 4, 5), np.float32), 2).shape == (0, 3, 2, 2)
