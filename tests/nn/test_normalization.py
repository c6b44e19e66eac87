"""Normalisation layers are PyTorch's: values, gradients, running statistics, names, words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from tests.nn.twins import assert_agree, assert_close, same_module, torch_or_skip
from tinygrad_edu import nn
from tinygrad_edu.testing import assert_gradients

DTYPE = st.sampled_from([np.float64, np.float32])


def numbers(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(1.0, 2.0, shape)


@pytest.mark.torch
@given(
    axes=st.sampled_from([0, 1, 2]),
    momentum=st.sampled_from([None, 0.1, 0.7]),
    affine=st.booleans(),
    track=st.booleans(),
    dtype=DTYPE,
)
def test_batches_and_what_is_remembered_of_them_are_pytorchs(
    axes: int, momentum: float | None, affine: bool, track: bool, dtype: Any
) -> None:
    torch = torch_or_skip()
    how: dict[str, Any] = {"eps": 1e-3, "momentum": momentum, "affine": affine, "track_running_stats": track}
    name = "BatchNorm2d" if axes == 2 else "BatchNorm1d"
    ours, theirs = getattr(nn, name)(3, **how), getattr(torch.nn, name)(3, **how)
    for i, parameter in enumerate(ours.parameters()):
        parameter.data = numbers((3,), i)
    same_module(ours, theirs, dtype)
    for batch in range(2):
        assert_agree(ours, theirs, numbers((4, 3, 5, 2)[: 2 + axes], batch), dtype=dtype)
        ours.zero_grad()
        theirs.zero_grad()
    for key, expected in theirs.state_dict().items():
        assert_close(ours.state_dict()[key], expected, 1e-6)
    assert_agree(ours.eval(), theirs.eval(), numbers((5, 3, 2, 4)[: 2 + axes], 9), dtype=dtype)


@pytest.mark.torch
@given(
    shape=st.sampled_from([(2,), (5, 2), (3, 5, 2)]),
    affine=st.booleans(),
    bias=st.booleans(),
    dtype=DTYPE,
)
def test_layers_are_pytorchs(shape: tuple[int, ...], affine: bool, bias: bool, dtype: Any) -> None:
    torch = torch_or_skip()
    ours, theirs = (library.LayerNorm(shape, 1e-3, affine, bias) for library in (nn, torch.nn))
    for i, parameter in enumerate(ours.parameters()):
        parameter.data = numbers(shape, i)
    same_module(ours, theirs, dtype)
    assert_agree(ours, theirs, numbers((4, 3, 5, 2), 3), dtype=dtype)


@pytest.mark.torch
@given(size=st.integers(1, 6), beta=st.sampled_from([0.5, 0.75]), k=st.sampled_from([1.0, 2.0]), dtype=DTYPE)
def test_local_responses_are_pytorchs(size: int, beta: float, k: float, dtype: Any) -> None:
    torch = torch_or_skip()
    ours, theirs = (library.LocalResponseNorm(size, 0.1, beta, k) for library in (nn, torch.nn))
    assert repr(ours) == repr(theirs)
    assert_agree(ours, theirs, numbers((2, 5, 3, 4), size), dtype=dtype)


def test_first_and_second_derivatives() -> None:
    x, w, b = numbers((3, 2, 4), 0), numbers((2,), 1), numbers((2,), 2)
    assert_gradients(lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True, eps=0.1), x, w, b)
    assert_gradients(lambda x, b: F.batch_norm(x, None, None, None, b, training=True, eps=0.1), x, b)
    running = tg.tensor([0.5, -0.5], "float64"), tg.tensor([1.0, 2.0], "float64")
    assert_gradients(lambda x, w, b: F.batch_norm(x, *running, w, b), x, w, b)
    w = numbers((4,), 3)
    assert_gradients(lambda x, w: F.layer_norm(x, 4, w, eps=0.1), x, w)
    assert_gradients(lambda x: F.local_response_norm(x, 2, 0.3), x)
    assert tg.gradcheck(lambda x: (F.layer_norm(x, 4) ** 3).sum(), x)


def test_the_number_of_features_is_learned_from_the_first_input() -> None:
    layer = nn.BatchNorm2d(None)
    assert repr(layer.running_mean) == "uninitialized(?,)"
    assert layer(tg.randn(2, 3, 5, 4)).shape == (2, 3, 5, 4)
    assert layer.state_dict()["running_var"].shape == layer.state_dict()["weight"].shape == (3,)
    last = nn.LayerNorm(None)
    last(tg.randn(2, 3))
    assert last.state_dict()["weight"].tolist() == [1.0] * 3


def test_evaluation_leaves_what_is_remembered_alone() -> None:
    layer = nn.BatchNorm1d(3)
    layer(tg.randn(5, 3))
    before = layer.state_dict()
    layer.eval()(tg.randn(5, 3))
    for name, array in layer.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_training_in_float32_stays_in_float32() -> None:
    layer = nn.BatchNorm2d(3)
    out = layer(tg.randn(2, 3, 5, 4))
    out.sum().backward()
    arrays = [out, *layer.buffers(), *(p.grad for p in layer.parameters())]
    assert [x.dtype for x in arrays if x.shape] == [np.dtype(np.float32)] * 5


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: nn.BatchNorm2d(3)(tg.ones((2, 3))), r"BatchNorm2d: the input is \(N, C, H, W\), and not \(2, 3\)"),
        (
            lambda: nn.BatchNorm1d(3)(tg.ones((1, 3))),
            r"batch_norm: fewer than two numbers a channel, as in input \(1, 3\), have no varian",
        ),
        (lambda: nn.BatchNorm1d(3)(tg.ones((2, 4))), r"input \(2, 4\) has 4 channels, and running_mean \(3,\)"),
        (lambda: F.batch_norm(tg.ones((2, 3)), None, None), r"only the batch's can be taken: training=True"),
        (lambda: nn.LayerNorm((3, 4))(tg.ones((2, 4))), r"\(2, 4\) does not end with normalized_shape \(3, 4\)"),
        (lambda: nn.LayerNorm(()), r"LayerNorm: normalized_shape names at least one axis"),
        (lambda: F.layer_norm(tg.ones((2, 3)), 3, tg.ones(2)), r"weight \(2,\) must have normalized_shape \(3,\)"),
        (lambda: nn.LocalResponseNorm(2)(tg.ones((2, 3))), r"the input is \(N, C, \*sizes\), and not \(2, 3\)"),
    ],
)
def test_what_does_not_go_together_is_refused(call: Any, says: str) -> None:
    with pytest.raises(tg.TinygradError, match=says):
        call()


@pytest.mark.parametrize("f", [F.batch_norm, F.instance_norm])
def test_running_statistics_may_be_plain_arrays_and_follow_then_too(f: Any) -> None:
    x = np.random.default_rng(0).standard_normal((4, 2, 5))
    arrays, tensors = (np.zeros(2), np.ones(2)), (tg.zeros(2, dtype="float64"), tg.ones(2, dtype="float64"))
    given: dict[str, Any] = {"training": True} if f is F.batch_norm else {}
    assert np.array_equal(f(x, *arrays, **given), f(x, *tensors, **given))
    for array, tensor in zip(arrays, tensors):
        assert np.array_equal(array, tensor.data)
        assert not np.array_equal(array, np.zeros(2))


def test_no_images_move_no_running_means() -> None:
    layer: Any = nn.InstanceNorm2d(2, track_running_stats=True)
    assert layer(tg.zeros((0, 2, 3, 4))).shape == (0, 2, 3, 4)
    assert (layer.running_mean.tolist(), layer.running_var.tolist()) == ([0, 0], [1, 1])


@pytest.mark.parametrize(
    "make", [lambda bias: nn.GroupNorm(2, 4, bias=bias), lambda bias: nn.InstanceNorm1d(4, affine=True, bias=bias)]
)
def test_a_layer_may_have_a_weight_and_no_bias(make: Any) -> None:
    assert [name for name, _ in make(False).named_parameters()] == ["weight"]
    x = np.random.default_rng(0).standard_normal((2, 4, 3))
    assert np.allclose(make(False)(x).data, make(True)(x).data)
