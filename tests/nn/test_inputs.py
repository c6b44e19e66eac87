"""Layers and losses take what a learner has: arrays of any dtype, lists, whole numbers; the network keeps its dtype."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from tinygrad_edu import nn
from tinygrad_edu.nn.parameter import data_for

LAYERS: list[tuple[nn.Module, tuple[int, ...]]] = [
    (nn.Linear(4, 3), (2, 4)),
    (nn.Conv1d(4, 3, 2), (2, 4, 5)),
    (nn.Conv2d(4, 3, 2), (2, 4, 5, 6)),
    (nn.Conv3d(4, 3, 2), (2, 4, 5, 6, 3)),
    (nn.ConvTranspose2d(4, 3, 2), (2, 4, 5, 6)),
    (nn.BatchNorm1d(4), (2, 4)),
    (nn.BatchNorm2d(4), (2, 4, 5, 6)),
    (nn.BatchNorm2d(4, affine=False), (2, 4, 5, 6)),
    (nn.LayerNorm(4), (2, 4)),
    (nn.PReLU(), (2, 4)),
    (nn.RNN(4, 3), (5, 2, 4)),
    (nn.LSTM(4, 3), (5, 2, 4)),
    (nn.GRU(4, 3), (5, 2, 4)),
    (nn.RNNCell(4, 3), (2, 4)),
    (nn.LSTMCell(4, 3), (2, 4)),
    (nn.GRUCell(4, 3), (2, 4)),
]
each_layer = pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=[repr(layer) for layer, _ in LAYERS])


class Foreign:
    """An array of another library, such as a tensor of PyTorch's or a table of pandas: its dtype is not NumPy's."""

    dtype = object()

    def __init__(self, numbers: Any) -> None:
        self.numbers = np.array(numbers)
        self.shape, self.ndim = self.numbers.shape, self.numbers.ndim

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.array(self.numbers, dtype)


def first(out: Any) -> Any:
    return first(out[0]) if isinstance(out, tuple) else out


@each_layer
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "uint8", "bool"])
def test_data_take_the_dtype_of_the_network(layer: nn.Module, shape: Any, dtype: str) -> None:
    x = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    expected = first(layer(x.astype("float32"))).data
    for given in (x, tg.tensor(x), x.tolist(), Foreign(x)):
        out = first(layer(given))
        assert out.dtype == np.float32
        np.testing.assert_array_equal(out.data, expected)


@each_layer
def test_what_is_no_number_is_refused_in_the_name_of_the_layer(layer: nn.Module, shape: Any) -> None:
    for wrong in (None, "pixels", [["a"]], np.ones(shape) * 1j):
        with pytest.raises(tg.DtypeError, match=f"^{type(layer).__name__}: needs numbers"):
            layer(wrong)


def test_a_forgotten_return_is_named_where_it_hurts() -> None:
    for layer in (nn.Linear(None, 3), nn.Linear(4, 3), nn.MaxPool2d(2), nn.GlobalAvgPool()):
        with pytest.raises(tg.DtypeError, match="did a function forget its `return`"):
            layer(None)


def test_the_dtype_of_what_a_gradient_flows_to_is_its_makers() -> None:
    x = tg.tensor(np.ones((2, 4)), requires_grad=True)
    out = nn.Linear(4, 3)(x)
    out.sum().backward()
    assert out.dtype == x.grad.dtype == np.float64


def test_data_in_the_right_dtype_are_not_touched_and_names_stay() -> None:
    layer = nn.Linear(4, 3)
    x, images = np.ones((2, 4), np.float32), tg.tensor(np.ones((2, 4)), name="images")
    assert data_for(layer, x, layer.weight) is x
    assert data_for(layer, images, layer.weight).name == "images"


ACTIVATIONS = [F.relu, F.gelu, F.elu, F.leaky_relu, F.softplus, F.sigmoid, F.tanh, F.softmax, F.log_softmax]


@pytest.mark.parametrize("function", ACTIVATIONS)
def test_activations_take_lists(function: Any) -> None:
    np.testing.assert_array_equal(function([1, -2]), function(np.array([1, -2])))
    with pytest.raises(tg.DtypeError, match="needs numbers"):
        function("1")


WITHOUT_PARAMETERS: list[tuple[Any, tuple[int, ...]]] = [
    (nn.AdaptiveAvgPool1d(3), (2, 4, 5)),
    (nn.AdaptiveAvgPool2d((1, 2)), (2, 4, 3, 5)),
    (nn.AdaptiveAvgPool2d((2, 2)), (2, 4, 4, 6)),
    (nn.AdaptiveAvgPool3d(2), (2, 4, 3, 5, 3)),
    (nn.AdaptiveMaxPool2d(2), (2, 4, 3, 5)),
    (nn.AvgPool1d(2), (2, 4, 5)),
    (nn.AvgPool2d(2, padding=1), (2, 4, 3, 5)),
    (nn.CosineSimilarity(), (2, 4)),
    (nn.GELU(), (2, 4)),
    (nn.GlobalAvgPool(), (2, 4, 3, 5)),
    (nn.Hardswish(), (2, 4)),
    (nn.InstanceNorm1d(4), (2, 4, 5)),
    (nn.LocalResponseNorm(3), (2, 4, 5)),
    (nn.MaxPool2d(2, padding=1), (2, 4, 3, 5)),
    (nn.PairwiseDistance(), (2, 4)),
    (nn.RMSNorm(4, elementwise_affine=False), (2, 4)),
    (nn.Softmax(1), (2, 4)),
    (nn.Upsample(7, mode="bilinear"), (2, 4, 3, 5)),
    (nn.Upsample(scale_factor=2), (2, 4, 3, 5)),
]


@pytest.mark.parametrize(("layer", "shape"), WITHOUT_PARAMETERS, ids=[repr(layer) for layer, _ in WITHOUT_PARAMETERS])
@pytest.mark.parametrize(
    ("dtype", "largest"), [("float16", 9), ("int64", 9), ("uint8", 255), ("int8", 127), ("bool", 1)]
)
def test_layers_without_parameters_give_for_any_dtype_what_they_give_for_floats(
    layer: Any, shape: Any, dtype: str, largest: int
) -> None:
    x = np.random.default_rng(0).integers(0, largest, shape, endpoint=True)
    pair = isinstance(layer, (nn.CosineSimilarity, nn.PairwiseDistance))
    given, expected = (layer(*[y] * (1 + pair)) for y in (x.astype(dtype), x.astype("float32")))
    assert np.allclose(
        np.asarray(given, "float32"), np.asarray(expected), rtol=2e-3 if dtype == "float16" else 1e-6, atol=1e-6
    )


@pytest.mark.parametrize(
    "layer", [nn.Dropout(0.0), nn.Softmax(1), nn.MaxPool1d(2), nn.AdaptiveAvgPool1d(2), nn.Flatten()]
)
def test_layers_without_parameters_take_arrays_of_other_libraries(layer: Any) -> None:
    x = np.random.default_rng(0).random((2, 4), "float32")
    np.testing.assert_array_equal(layer(Foreign(x)), layer(x))


@pytest.mark.parametrize("loss", [F.mse_loss, F.kl_div, F.binary_cross_entropy, F.cross_entropy, F.cosine_similarity])
def test_losses_take_arrays_of_other_libraries(loss: Any) -> None:
    x, y = np.random.default_rng(0).random((2, 3, 4), "float32")
    np.testing.assert_array_equal(loss(Foreign(x), Foreign(y)), loss(x, y))


@pytest.mark.parametrize(
    "loss", [F.mse_loss, F.l1_loss, F.huber_loss, F.hinge_loss, F.kl_div, F.binary_cross_entropy,
             F.binary_cross_entropy_with_logits]
)  # fmt: skip
def test_losses_take_lists(loss: Any) -> None:
    assert loss([1, 0.5], [1, 1]) == loss(np.array([1, 0.5]), np.array([1, 1]))
    for wrong in (([1.0], None), (None, 1.0), ("1", 1.0)):
        with pytest.raises(tg.TinygradError, match=f"{loss.__name__}: (needs numbers|input)"):
            loss(*wrong)


@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss, F.focal_loss])
def test_losses_of_classes_take_lists_and_whole_numbers(loss: Any) -> None:
    weight = [0.5, 0.25]
    expected = loss(np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([1, 0]), weight=weight)
    assert loss([[1, 2], [3, 5]], [1, 0], weight=weight) == pytest.approx(expected)
    for dtype in ("int64", "uint8"):
        assert loss(tg.tensor([[1, 2], [3, 5]], dtype), [1, 0], weight=weight).item() == pytest.approx(expected)
    with pytest.raises(tg.DtypeError, match=f"{loss.__name__}: needs numbers"):
        loss("ab", [1])
