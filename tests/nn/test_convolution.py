"""Convolution layers are PyTorch's: values, gradients, names of parameters, first numbers, words."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from tests.nn.twins import DTYPES, assert_agree, same_module, torch_or_skip
from tinygrad_edu import nn
from tinygrad_edu.engine.gradients import contributions
from tinygrad_edu.testing import assert_gradients


def numbers(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


@st.composite
def settings(draw: st.DrawFn, axes: int) -> tuple[tuple[int, ...], dict[str, Any]]:
    """The shape of an input, and the settings of a layer that takes it."""

    def each(low: int, high: int) -> Any:
        one = st.integers(low, high)
        return draw(one | st.tuples(*[one] * axes))

    groups = draw(st.integers(1, 3))
    chosen = {
        "kernel_size": each(1, 3),
        "stride": each(1, 3),
        "padding": draw(st.sampled_from(["same", "valid"])) if draw(st.integers(0, 3)) == 0 else each(0, 2),
        "dilation": each(1, 2),
        "groups": groups,
        "bias": draw(st.booleans()),
        "in_channels": groups * draw(st.integers(1, 2)),
        "out_channels": groups * draw(st.integers(1, 2)),
    }
    if chosen["padding"] == "same":
        chosen["stride"] = 1
    side = st.integers(5, 7 if axes < 3 else 5)
    return (draw(st.integers(1, 3)), chosen["in_channels"], *(draw(side) for _ in range(axes))), chosen


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:Using padding='same'")  # PyTorch tells that it copies
@pytest.mark.parametrize("name", ["Conv1d", "Conv2d", "Conv3d"])
@given(data=st.data())
def test_values_and_gradients_are_pytorchs(name: str, data: st.DataObject) -> None:
    torch = torch_or_skip()
    shape, how = data.draw(settings(int(name[4])))
    dtype = data.draw(st.sampled_from([np.float64, np.float32]))
    ours, theirs = getattr(nn, name)(**how), getattr(torch.nn, name)(**how)
    same_module(ours, theirs, dtype)
    assert repr(ours).replace("'", "") == repr(theirs)
    assert_agree(ours, theirs, numbers(shape, 1), dtype=dtype)


@pytest.mark.torch
@given(data=st.data())
def test_transposed_convolution_is_pytorchs(data: st.DataObject) -> None:
    torch = torch_or_skip()
    shape, how = data.draw(settings(2))
    assume(not isinstance(how["padding"], str))
    less = max(np.atleast_1d(how["stride"]).min(), np.atleast_1d(how["dilation"]).min()) - 1
    how["output_padding"] = data.draw(st.integers(0, int(less)))
    dtype = data.draw(st.sampled_from([np.float64, np.float32]))
    ours, theirs = nn.ConvTranspose2d(**how), torch.nn.ConvTranspose2d(**how)
    same_module(ours, theirs, dtype)
    assert repr(ours) == repr(theirs)
    assert_agree(ours, theirs, numbers(shape, 2), dtype=dtype)
    x = numbers(shape, 2).astype(dtype)
    size = tuple(n + data.draw(st.integers(-2, 2)) for n in ours(x).shape[2:])
    try:
        wanted = theirs(torch.tensor(x), output_size=size).detach()
    except ValueError:
        with pytest.raises(tg.ShapeError, match="output_size is from"):
            ours(x, output_size=size)
    except RuntimeError:  # PyTorch gives every size the right to a step of its own, and then refuses some
        with suppress(tg.ShapeError):
            ours(x, output_size=size)
    else:
        assert np.allclose(ours(x, output_size=size).data, wanted, atol=1e-4)


@DTYPES
@pytest.mark.torch
def test_a_large_batch_is_cut_into_blocks_that_fit_together(dtype: Any) -> None:
    torch = torch_or_skip()
    how: dict[str, Any] = {"kernel_size": (5, 4), "stride": (2, 1), "padding": 2}
    ours, theirs = nn.Conv2d(8, 3, **how), torch.nn.Conv2d(8, 3, **how)
    same_module(ours, theirs, dtype)
    assert_agree(ours, theirs, numbers((200, 8, 17, 15), 3), dtype=dtype)


@given(stride=st.integers(1, 2), padding=st.integers(0, 1), groups=st.integers(1, 2))
def test_first_and_second_derivatives(stride: int, padding: int, groups: int) -> None:
    x, w, b = numbers((2, 2, 4, 3), 4), numbers((4, 2 // groups, 3, 2), 5), numbers((4,), 6)
    assert_gradients(lambda x, w, b: F.conv2d(x, w, b, stride, padding, groups=groups), x, w, b)
    w = numbers((2, 4 // groups, 3, 2), 7)
    b = numbers((4 // groups * groups,), 8)
    assert_gradients(lambda x, w, b: F.conv_transpose2d(x, w, b, stride, padding, groups=groups), x, w, b)


def test_of_no_channels_the_bias_is_left() -> None:
    layer: Any
    for layer in (nn.Conv2d(0, 3, 3), nn.ConvTranspose2d(0, 3, 3)):
        y = layer(tg.ones((2, 0, 5, 4)))
        assert (y.data == layer.bias.data[:, None, None]).all()
        y.sum().backward()
        assert layer.bias.grad.tolist() == [y.size / 3] * 3


def test_gradcheck_of_a_layer() -> None:
    layer = nn.Conv2d(2, 3, (2, 3), padding=1).double()
    assert tg.gradcheck(lambda x: layer(x).tanh().sum(), numbers((2, 2, 3, 4), 9))


def test_the_number_of_channels_is_learned_from_the_first_input() -> None:
    layer = nn.Conv2d(None, 6, kernel_size=5, groups=2)
    assert repr(layer.weight) == "uninitialized(6, ?, 5, 5)"
    assert layer(tg.randn(2, 4, 9, 8)).shape == (2, 6, 5, 4)
    assert layer.weight.shape == (6, 2, 5, 5)
    up = nn.ConvTranspose2d(None, 6, kernel_size=2, stride=2, groups=2)
    assert up(tg.randn(2, 4, 3, 5)).shape == (2, 6, 6, 10)
    assert up.weight.shape == (4, 3, 2, 2)
    with pytest.raises(tg.ShapeError, match=r"in_channels=3 cannot be cut into groups=2"):
        nn.Conv1d(None, 4, 2, groups=2)(tg.randn(2, 3, 9))


def test_it_begins_as_in_pytorch() -> None:
    tg.manual_seed(0)
    for parameter in nn.Conv2d(4, 300, (5, 5)).parameters():  # a fan_in of 100
        assert 0.098 < abs(parameter.data).max() <= 0.1


def test_a_frozen_layer_and_an_image_get_no_gradient() -> None:
    x, frozen, learned = tg.randn(2, 1, 6, 5), nn.Conv2d(1, 3, 2).requires_grad_(False), nn.Conv2d(3, 2, 2)
    loss = learned(frozen(x)).sum()
    rows = [step.node.primitive.name for step in contributions(loss) if step.node.primitive]
    loss.backward()
    assert rows.count("convolution") == 2  # to the weight and to the bias of the layer that learns
    assert frozen.weight.grad is None
    assert learned.weight.grad is not None


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: nn.Conv2d(1, 2, "large"), "Conv2d: kernel_size is a whole number from 1 on"),
        (lambda: nn.Conv2d(1, 2, (3, 3, 3)), "or a tuple of 2 such"),
        (lambda: nn.Conv2d(1, 2, 3, padding=-1), "padding is a whole number from 0 on"),
        (lambda: nn.Conv2d(2, 3, 3, groups=2), "out_channels=3 cannot be cut into groups=2"),
        (lambda: nn.Conv2d(2, 2, 3, groups=0), "groups is a whole number from 1 on, not 0"),
        (lambda: nn.Conv2d(3, 4, 3, groups=2), "in_channels=3 cannot be cut into groups=2"),
    ],
)
def test_wrong_settings_are_refused_when_the_layer_is_made(make: Any, says: str) -> None:
    with pytest.raises(tg.TinygradError, match=says):
        make()
