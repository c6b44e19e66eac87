"""Pooling layers are PyTorch's: values, gradients, words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from tests.nn.twins import assert_agree, torch_or_skip
from tinygrad_edu import nn
from tinygrad_edu.testing import assert_gradients

DTYPE = st.sampled_from([np.float64, np.float32])


@st.composite
def inputs(draw: st.DrawFn, axes: int) -> np.ndarray:
    """Images of small whole numbers: many are equal."""
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 3)), *(draw(st.integers(4, 8)) for _ in range(axes)))
    return np.random.default_rng(draw(st.integers(0, 9))).integers(-2, 3, shape).astype(float)


@st.composite
def windows(draw: st.DrawFn, axes: int) -> dict[str, Any]:
    def each(low: int, high: int) -> Any:
        one = st.integers(low, high)
        return draw(one | st.tuples(*[one] * axes))

    kernel = each(1, 3)
    stride = each(1, 3) if draw(st.booleans()) else None
    return {
        "kernel_size": kernel,
        "stride": stride,
        "padding": draw(st.integers(0, int(np.min(kernel)) // 2)),
        "ceil_mode": draw(st.booleans()),
    }


@pytest.mark.torch
@pytest.mark.parametrize("name", ["MaxPool1d", "MaxPool2d"])
@given(data=st.data())
def test_the_largest_and_where_its_gradient_goes_are_pytorchs(name: str, data: st.DataObject) -> None:
    torch = torch_or_skip()
    how = data.draw(windows(int(name[7]))) | {"dilation": data.draw(st.integers(1, 2))}
    assume(how["dilation"] == 1 or (how["padding"] == 0 and np.max(how["kernel_size"]) < 3))  # it fits the image
    ours, theirs = getattr(nn, name)(**how), getattr(torch.nn, name)(**how)
    assert repr(ours) == repr(theirs)
    assert_agree(ours, theirs, data.draw(inputs(int(name[7]))), dtype=data.draw(DTYPE))


@pytest.mark.parametrize("axes", [1, 2, 3])
@given(data=st.data())
def test_the_places_of_the_largest_are_those_where_the_gradient_goes(axes: int, data: st.DataObject) -> None:
    how, x = data.draw(windows(axes)), tg.tensor(data.draw(inputs(axes)), requires_grad=True)
    largest, places = getattr(F, f"max_pool{axes}d")(x, **how, return_indices=True)
    flat, by_channel = x.data.reshape(*x.shape[:2], -1), places.reshape(*x.shape[:2], -1)
    assert places.dtype.kind == "i"
    assert np.array_equal(np.take_along_axis(flat, by_channel, 2), largest.data.reshape(by_channel.shape))
    largest.sum().backward()
    counts = np.zeros(flat.shape)
    np.add.at(counts, (*np.indices(by_channel.shape)[:2], by_channel), 1)
    assert np.array_equal(counts.reshape(x.shape), x.grad)
    single = getattr(F, f"max_pool{axes}d")(x[0], **how, return_indices=True)
    assert np.array_equal(single[0].data, largest.data[0])
    assert np.array_equal(single[1], places[0])


@pytest.mark.torch
@pytest.mark.parametrize("name", ["MaxPool1d", "MaxPool2d", "MaxPool3d"])
@given(data=st.data())
def test_the_places_of_the_largest_are_pytorchs(name: str, data: st.DataObject) -> None:
    torch = torch_or_skip()
    how, x = data.draw(windows(int(name[7]))), data.draw(inputs(int(name[7])))
    ours, theirs = getattr(nn, name)(**how, return_indices=True), getattr(torch.nn, name)(**how, return_indices=True)
    assert np.array_equal(ours(x)[1], theirs(torch.tensor(x))[1].numpy())


@pytest.mark.torch
@pytest.mark.parametrize("name", ["AvgPool1d", "AvgPool2d"])
@given(data=st.data())
def test_the_mean_is_pytorchs(name: str, data: st.DataObject) -> None:
    torch = torch_or_skip()
    axes = int(name[7])
    how = data.draw(windows(axes)) | {"count_include_pad": data.draw(st.booleans())}
    assert_agree(
        getattr(nn, name)(**how), getattr(torch.nn, name)(**how), data.draw(inputs(axes)), dtype=data.draw(DTYPE)
    )


@pytest.mark.torch
@given(
    x=inputs(2),
    size=st.integers(1, 9) | st.tuples(*[st.none() | st.integers(1, 9)] * 2),
    dtype=DTYPE,
)
def test_the_mean_over_a_number_of_windows_is_pytorchs(x: np.ndarray, size: Any, dtype: Any) -> None:
    torch = torch_or_skip()
    assert_agree(nn.AdaptiveAvgPool2d(size), torch.nn.AdaptiveAvgPool2d(size), x, dtype=dtype)
    if isinstance(size, int):
        assert_agree(
            lambda x: F.adaptive_avg_pool1d(x, size),
            lambda x: torch.nn.functional.adaptive_avg_pool1d(x, size),
            x[:, :, 0],
            dtype=dtype,
        )


def test_the_first_of_equal_numbers_counts() -> None:
    x = tg.tensor([[[[0.0, 7.0, 1.0, 1.0], [7.0, 0.0, 1.0, 1.0]]]], requires_grad=True)
    F.max_pool2d(x, 2).backward([[[[10.0, 20.0]]]])
    assert x.grad.tolist() == [[[[0.0, 10.0, 20.0, 0.0], [0.0, 0.0, 0.0, 0.0]]]]


def test_an_infinite_gradient_stays_where_it_belongs() -> None:
    x = tg.tensor([[[1.0, 2.0]]], requires_grad=True)
    F.max_pool1d(x, 2).backward([[[np.inf]]])
    assert x.grad.tolist() == [[[0.0, np.inf]]]


def test_the_mean_of_every_channel() -> None:
    x = tg.tensor(np.arange(24.0).reshape(2, 3, 4))
    assert nn.GlobalAvgPool()(x).tolist() == x.mean(axis=2, keepdims=True).tolist()
    with pytest.raises(tg.ShapeError, match=r"GlobalAvgPool: the input is \(N, C, \*sizes\), and not \(2, 3\)"):
        nn.GlobalAvgPool()(tg.ones((2, 3)))


def test_first_and_second_derivatives() -> None:
    x = np.random.default_rng(0).permutation(2 * 2 * 5 * 4).reshape(2, 2, 5, 4) / 10.0
    for pool in (
        lambda x: F.max_pool2d(x, 3, 2, 1),
        lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False),
        lambda x: F.adaptive_avg_pool2d(x, (3, 3)),
        lambda x: F.max_pool2d(x, 2, ceil_mode=True),
    ):
        assert_gradients(lambda x, pool=pool: pool(x) ** 2, x)
    assert tg.gradcheck(lambda x: (F.max_pool2d(x, 2) ** 2).sum(), x)


@pytest.mark.parametrize("pool", [F.max_pool2d, F.avg_pool2d])
def test_windows_lie_side_by_side_where_no_stride_is_given(pool: Any) -> None:
    x = np.random.default_rng(0).normal(size=(1, 2, 6, 4))
    for stride in (None, (), (3, 2), [3, 2], np.array([3, 2])):
        np.testing.assert_array_equal(pool(x, (3, 2), stride), pool(x, (3, 2)))
    assert pool(x, (3, 2)).shape == (1, 2, 2, 2)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda x: F.max_pool2d(x, 8), r"the window \(8, 8\) is larger than the image \(6, 5\)"),
        (
            lambda x: F.max_pool2d(x[0, 0], 2),
            r"the input is \(N, C, H, W\), or a single one without N, and not \(6, 5\)",
        ),
        (lambda x: F.avg_pool2d(x, 2, padding=2), r"padding \(2, 2\) is more than half of the window \(2, 2\)"),
        (lambda x: F.avg_pool2d(x, 2, np.array([1, 0])), r"stride is a whole number from 1 on"),
        (lambda x: F.avg_pool2d(x, 2, stride=0), r"stride is a whole number from 1 on"),
        (lambda x: F.max_pool2d(x, 2.0), r"kernel_size is a whole number from 1 on, or a tuple of 2 such, not 2.0"),
        (lambda x: F.adaptive_avg_pool2d(x, 0), r"output_size is a whole number from 1 on"),
        (lambda x: F.adaptive_avg_pool2d(x[:, :, :0], 2), r"adaptive_avg_pool2d: .* larger than the image \(0, 5\)"),
        (lambda x: F.adaptive_max_pool2d(x[:, :, :0], 2), r"adaptive_max_pool2d: .* larger than the image \(0, 5\)"),
    ],
)
def test_what_does_not_go_together_is_refused(call: Any, says: str) -> None:
    with pytest.raises(tg.TinygradError, match=says):
        call(tg.randn(2, 3, 6, 5))
