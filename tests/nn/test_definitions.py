"""Layers, activations and losses by their definitions, written out by hand: no library but NumPy is needed."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from tinygrad_edu import nn

rng = np.random.default_rng(0)


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(getattr(found, "data", found), expected, rtol=1e-9, atol=1e-12)


SIGNATURES = """
    Linear(in_features, out_features, bias=True)
    Embedding(num_embeddings, embedding_dim, padding_idx=None)
    Flatten(start_dim=1, end_dim=-1)
    Dropout(p=0.5, inplace=False)
    Conv1d(in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, padding_mode='zeros')
    Conv2d(in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, padding_mode='zeros')
    Conv3d(in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, padding_mode='zeros')
    ConvTranspose2d(in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True, dilation=1)
    MaxPool1d(kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False)
    MaxPool2d(kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False)
    AvgPool1d(kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True)
    AvgPool2d(kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None)
    BatchNorm1d(num_features, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, bias=True)
    BatchNorm2d(num_features, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, bias=True)
    LayerNorm(normalized_shape, eps=1e-05, elementwise_affine=True, bias=True)
    LocalResponseNorm(size, alpha=0.0001, beta=0.75, k=1.0)
    RNN(input_size, hidden_size, num_layers=1, nonlinearity='tanh', bias=True, batch_first=False, dropout=0.0, bidirectional=False)
    LSTM(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False, proj_size=0)
    GRU(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False)
    RNNCell(input_size, hidden_size, bias=True, nonlinearity='tanh')
    LSTMCell(input_size, hidden_size, bias=True)
    GRUCell(input_size, hidden_size, bias=True)
    LeakyReLU(negative_slope=0.01, inplace=False)
    PReLU(num_parameters=1, init=0.25)
    ELU(alpha=1.0, inplace=False)
    GELU(approximate='none')
    Softplus(beta=1.0, threshold=None)
    ReLU(inplace=False)
    ReLU6(inplace=False)
    CELU(alpha=1.0, inplace=False)
    SELU(inplace=False)
    SiLU(inplace=False)
    Mish(inplace=False)
    Hardtanh(min_val=-1.0, max_val=1.0, inplace=False)
    Hardsigmoid(inplace=False)
    Hardswish(inplace=False)
    Hardshrink(lambd=0.5)
    Softshrink(lambd=0.5)
    Threshold(threshold, value, inplace=False)
    GLU(dim=-1)
    Bilinear(in1_features, in2_features, out_features, bias=True)
    Unflatten(dim, unflattened_size)
    Dropout2d(p=0.5, inplace=False)
    AlphaDropout(p=0.5, inplace=False)
    ConvTranspose1d(in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True, dilation=1)
    ConvTranspose3d(in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True, dilation=1)
    MaxPool3d(kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False)
    AvgPool3d(kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None)
    AdaptiveMaxPool2d(output_size)
    GroupNorm(num_groups, num_channels, eps=1e-05, affine=True, bias=True)
    InstanceNorm2d(num_features, eps=1e-05, momentum=0.1, affine=False, track_running_stats=False, bias=True)
    RMSNorm(normalized_shape, eps=None, elementwise_affine=True)
    ZeroPad2d(padding)
    ConstantPad2d(padding, value=0.0)
    ReflectionPad1d(padding)
    Upsample(size=None, scale_factor=None, mode='nearest', align_corners=False)
    PixelShuffle(upscale_factor)
    PixelUnshuffle(downscale_factor)
    CosineSimilarity(dim=1, eps=1e-08)
    PairwiseDistance(p=2.0, eps=1e-06, keepdim=False)
    SmoothL1Loss(reduction='mean', beta=1.0)
    SoftMarginLoss(reduction='mean')
    HingeEmbeddingLoss(margin=1.0, reduction='mean')
    MarginRankingLoss(margin=0.0, reduction='mean')
    CosineEmbeddingLoss(margin=0.0, reduction='mean')
    TripletMarginLoss(margin=1.0, p=2.0, eps=1e-06, swap=False, reduction='mean')
    GaussianNLLLoss(full=False, eps=1e-06, reduction='mean')
    PoissonNLLLoss(log_input=True, full=False, eps=1e-08, reduction='mean')
    MultiMarginLoss(p=1, margin=1.0, weight=None, reduction='mean')
    MultiLabelSoftMarginLoss(weight=None, reduction='mean')
    normalize(input, p=2.0, dim=1, eps=1e-12)
    pad(input, pad, mode='constant', value=0.0)
    interpolate(input, size=None, scale_factor=None, mode='nearest', align_corners=False)
    MSELoss(reduction='mean')
    L1Loss(reduction='mean')
    HuberLoss(reduction='mean', delta=1.0)
    CrossEntropyLoss(weight=None, ignore_index=-100, reduction='mean', label_smoothing=0.0)
    NLLLoss(weight=None, ignore_index=-100, reduction='mean')
    BCELoss(weight=None, reduction='mean')
    BCEWithLogitsLoss(weight=None, reduction='mean', pos_weight=None)
    KLDivLoss(reduction='mean', log_target=False)
    FocalLoss(gamma=2.0, weight=None, ignore_index=-100, reduction='mean')
    Softmax(dim=-1)
    LogSoftmax(dim=-1)
    softmax(x, dim=-1)
    log_softmax(x, dim=-1)
    HingeLoss(reduction='mean')
    mse_loss(input, target, reduction='mean')
    l1_loss(input, target, reduction='mean')
    huber_loss(input, target, reduction='mean', delta=1.0)
    cross_entropy(input, target, weight=None, ignore_index=-100, reduction='mean', label_smoothing=0.0)
    nll_loss(input, target, weight=None, ignore_index=-100, reduction='mean')
    binary_cross_entropy(input, target, weight=None, reduction='mean')
    binary_cross_entropy_with_logits(input, target, weight=None, reduction='mean', pos_weight=None)
    kl_div(input, target, reduction='mean', log_target=False)
    focal_loss(input, target, gamma=2.0, weight=None, ignore_index=-100, reduction='mean')
    hinge_loss(input, target, reduction='mean')
    embedding(input, weight, padding_idx=None)
    dropout(x, p=0.5, training=True, seed=None, shape=None, batch_axis=0)
    uniform_(tensor, a=0.0, b=1.0, seed=None)
    normal_(tensor, mean=0.0, std=1.0, seed=None)
    xavier_uniform_(tensor, gain=1.0, seed=None)
    xavier_normal_(tensor, gain=1.0, seed=None)
    kaiming_uniform_(tensor, a=0.0, mode='fan_in', nonlinearity='leaky_relu', seed=None)
    kaiming_normal_(tensor, a=0.0, mode='fan_in', nonlinearity='leaky_relu', seed=None)
    orthogonal_(tensor, gain=1.0, seed=None)
    calculate_gain(nonlinearity, param=0.01)
"""  # noqa: E501
"""PyTorch's, without the arguments that we do not have; seeds, focal and hinge loss, and dim=-1 are ours."""


@pytest.mark.parametrize("line", SIGNATURES.strip().splitlines())
def test_arguments_and_their_defaults_are_pytorchs(line: str) -> None:
    name = line.strip().partition("(")[0]
    (place,) = (place for place in (nn, F, nn.init) if name in place.__all__)
    parameters = inspect.signature(getattr(place, name)).parameters.values()
    known = [str(p.replace(annotation=p.empty)) for p in parameters if not p.name.startswith("_")]
    assert f"{name}({', '.join(known)})" == line.strip()


def test_gains_are_pytorchs() -> None:
    gains = {"linear": 1, "conv1d": 1, "conv2d": 1, "conv3d": 1, "sigmoid": 1, "tanh": 5 / 3, "relu": math.sqrt(2),
             "selu": 3 / 4, "leaky_relu": math.sqrt(2 / 1.0001)}  # fmt: skip
    assert {name: nn.init.calculate_gain(name) for name in gains} == gains
    assert nn.init.calculate_gain("leaky_relu", 0.5) == math.sqrt(2 / 1.25)


# Activations.

X = np.array([[-3.0, -0.5, 0.0], [0.25, 1.0, 4.0]])
PHI = np.array([[0.5 * math.erfc(-x / math.sqrt(2)) for x in row] for row in X])
"""The distribution function of the normal distribution."""
EXP_BY_ROW, EXP_BY_COLUMN = (np.exp(X) / np.exp(X).sum(axis, keepdims=True) for axis in (1, 0))
ACTIVATIONS: list[tuple[nn.Module, Any]] = [
    (nn.ReLU(), np.maximum(X, 0)),
    (nn.LeakyReLU(), np.where(X > 0, X, X / 100)),
    (nn.LeakyReLU(0.5), np.where(X > 0, X, X / 2)),
    (nn.PReLU(), np.where(X > 0, X, X / 4)),
    (nn.PReLU(3, init=0.5), np.where(X > 0, X, X / 2)),
    (nn.ELU(), np.where(X > 0, X, np.exp(X) - 1)),
    (nn.ELU(1.5), np.where(X > 0, X, 1.5 * (np.exp(X) - 1))),
    (nn.GELU(), X * PHI),
    (nn.GELU("tanh"), X / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (X + 0.044715 * X**3)))),
    (nn.Sigmoid(), 1 / (1 + np.exp(-X))),
    (nn.Tanh(), (np.exp(2 * X) - 1) / (np.exp(2 * X) + 1)),
    (nn.Softplus(), np.log(1 + np.exp(X))),
    (nn.Softplus(2.0), np.log(1 + np.exp(2 * X)) / 2),
    (nn.Softplus(2.0, 1.5), np.where(2 * X > 1.5, X, np.log(1 + np.exp(2 * X)) / 2)),
    (nn.ReLU6(), [[0, 0, 0], [0.25, 1, 4]]),
    (nn.Hardtanh(), [[-1, -0.5, 0], [0.25, 1, 1]]),
    (nn.Hardtanh(-2.0, 3.0), [[-2, -0.5, 0], [0.25, 1, 3]]),
    (nn.Hardsigmoid(), [[0, 2.5 / 6, 0.5], [3.25 / 6, 4 / 6, 1]]),
    (nn.Hardswish(), [[0, -1.25 / 6, 0], [0.8125 / 6, 4 / 6, 4]]),
    (nn.SiLU(), X / (1 + np.exp(-X))),
    (nn.Mish(), X * np.tanh(np.log(1 + np.exp(X)))),
    (nn.SELU(), 1.0507009873554805 * np.where(X > 0, X, 1.6732632423543772 * (np.exp(X) - 1))),
    (nn.CELU(2.0), np.where(X > 0, X, 2 * (np.exp(X / 2) - 1))),
    (nn.CELU(), np.where(X > 0, X, np.exp(X) - 1)),
    (nn.Threshold(0.25, -7.0), [[-7, -7, -7], [-7, 1, 4]]),
    (nn.Hardshrink(), [[-3, 0, 0], [0, 1, 4]]),
    (nn.Softshrink(), [[-2.5, 0, 0], [0, 0.5, 3.5]]),
    (nn.Softshrink(1.5), [[-1.5, 0, 0], [0, 0, 2.5]]),
    (nn.Tanhshrink(), X - np.tanh(X)),
    (nn.Softsign(), X / (1 + abs(X))),
    (nn.LogSigmoid(), -np.log(1 + np.exp(-X))),
    (nn.Softmin(), np.exp(-X) / np.exp(-X).sum(1, keepdims=True)),
    (nn.GLU(0), [X[0] / (1 + np.exp(-X[1]))]),
    (nn.Softmax(), EXP_BY_ROW),
    (nn.Softmax(dim=0), EXP_BY_COLUMN),
    (nn.LogSoftmax(), np.log(EXP_BY_ROW)),
    (nn.LogSoftmax(dim=0), np.log(EXP_BY_COLUMN)),
]


@pytest.mark.parametrize(("module", "expected"), ACTIVATIONS, ids=[repr(row[0]) for row in ACTIVATIONS])
def test_an_activation_is_its_formula(module: nn.Module, expected: Any) -> None:
    close(module.double()(tg.tensor(X)), expected)


def test_the_defaults_of_the_functions_are_those_of_the_modules() -> None:
    for function, module in ((F.leaky_relu, nn.LeakyReLU()), (F.elu, nn.ELU()), (F.gelu, nn.GELU()),
                             (F.softplus, nn.Softplus()), (F.softmax, nn.Softmax()),
                             (F.log_softmax, nn.LogSoftmax())):  # fmt: skip
        close(function(tg.tensor(X)), module(tg.tensor(X)).data)


@pytest.mark.parametrize("weight", [(), (1,)])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 1)])
def test_prelu_with_one_weight_keeps_the_shape(shape: tuple[int, ...], weight: tuple[int, ...]) -> None:
    x = np.linspace(-2.0, 1.0, math.prod(shape)).reshape(shape)
    out = F.prelu(tg.tensor(x), tg.tensor(np.full(weight, 0.5)))
    assert out.shape == shape
    close(out, np.where(x > 0, x, 0.5 * x))


def test_prelu_has_a_weight_for_each_channel() -> None:
    x, weight = -np.ones((2, 3, 2)), np.array([0.5, 0.25, 0.125])
    close(F.prelu(tg.tensor(x), tg.tensor(weight)), x * weight[:, None])


# Losses. Scores are (N, C) or (N, C, L).

LOGITS, CLASSES = rng.normal(size=(4, 3)), np.array([2, 0, -100, 1])
LOG_P = LOGITS - np.log(np.exp(LOGITS).sum(1, keepdims=True))
WEIGHT = np.array([0.5, 2.0, 3.0])


def combined(losses: Sequence[float], weights: Sequence[float], reduction: str) -> Any:
    return {"none": losses, "sum": sum(losses), "mean": sum(losses) / sum(weights)}[reduction]


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["", "weight"])
def test_losses_of_classes_are_their_formulas(weight: Any, reduction: str) -> None:
    w = np.ones(3) if weight is None else weight
    picked = [(LOG_P[i, c], w[c]) if c >= 0 else (0.0, 0.0) for i, c in enumerate(CLASSES)]
    weights = [v for _, v in picked]
    expected = combined([-v * log_p for log_p, v in picked], weights, reduction)
    close(F.nll_loss(tg.tensor(LOG_P), CLASSES, weight, reduction=reduction), expected)
    close(F.cross_entropy(tg.tensor(LOGITS), CLASSES, weight, reduction=reduction), expected)
    close(nn.NLLLoss(weight, reduction=reduction).double()(tg.tensor(LOG_P), CLASSES), expected)
    close(nn.CrossEntropyLoss(weight, reduction=reduction).double()(tg.tensor(LOGITS), CLASSES), expected)
    focal = [-v * (1 - np.exp(log_p)) ** 3 * log_p for log_p, v in picked]
    expected = combined(focal, weights, reduction)
    close(F.focal_loss(tg.tensor(LOGITS), CLASSES, 3.0, weight, reduction=reduction), expected)
    close(nn.FocalLoss(3.0, weight, reduction=reduction).double()(tg.tensor(LOGITS), CLASSES), expected)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["", "weight"])
def test_label_smoothing_gives_every_class_a_share(weight: Any, reduction: str) -> None:
    """Szegedy et al. (2016), section 7: q = (1 − s) · target + s / C; each class has its weight."""
    w = np.ones(3) if weight is None else weight
    losses, weights = [], []
    for log_p, c in zip(LOG_P, CLASSES):
        q = 0.7 * (np.arange(3) == c) + 0.3 / 3
        losses.append(-np.sum(q * w * log_p) if c >= 0 else 0.0)
        weights.append(w[c] if c >= 0 else 0.0)
    expected = combined(losses, weights, reduction)
    close(F.cross_entropy(tg.tensor(LOGITS), CLASSES, weight, -100, reduction, 0.3), expected)
    loss = nn.CrossEntropyLoss(weight, reduction=reduction, label_smoothing=0.3).double()
    close(loss(tg.tensor(LOGITS), CLASSES), expected)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_targets_may_be_probabilities(smoothing: float, reduction: str) -> None:
    p = np.exp(rng.normal(size=(4, 3)))
    p /= p.sum(1, keepdims=True)
    q = (1 - smoothing) * p + smoothing / 3
    expected = combined(list(-np.sum(q * WEIGHT * LOG_P, axis=1)), [1.0] * 4, reduction)
    close(F.cross_entropy(tg.tensor(LOGITS), p, WEIGHT, reduction=reduction, label_smoothing=smoothing), expected)


def test_classes_stand_on_the_second_axis() -> None:
    scores, classes = rng.normal(size=(2, 3, 5)), rng.integers(0, 3, (2, 5))
    log_p = scores - np.log(np.exp(scores).sum(1, keepdims=True))
    expected = [[-log_p[i, classes[i, j], j] for j in range(5)] for i in range(2)]
    close(F.cross_entropy(tg.tensor(scores), classes, reduction="none"), expected)
    close(F.nll_loss(tg.tensor(log_p), classes, reduction="none"), expected)


A, B = rng.normal(size=(2, 3)) * 2, rng.normal(size=(2, 3))
P, Q, SIGNS = 1 / (1 + np.exp(-A)), 1 / (1 + np.exp(-B)), np.sign(B)
BINARY = -(Q * np.log(P) + (1 - Q) * np.log(1 - P))
LOSSES: list[tuple[Callable[..., nn.Module], Any, Any, Any]] = [
    (nn.MSELoss, A, B, (A - B) ** 2),
    (nn.L1Loss, A, B, np.abs(A - B)),
    (nn.HuberLoss, A, B, np.where(np.abs(A - B) < 1, (A - B) ** 2 / 2, np.abs(A - B) - 0.5)),
    (lambda reduction: nn.HuberLoss(reduction, delta=0.5), A, B,
     np.where(np.abs(A - B) < 0.5, (A - B) ** 2 / 2, 0.5 * (np.abs(A - B) - 0.25))),
    (nn.HingeLoss, A, SIGNS, np.maximum(0, 1 - SIGNS * A)),
    (lambda reduction: nn.BCELoss(reduction=reduction), P, Q, BINARY),
    (lambda reduction: nn.BCELoss(WEIGHT, reduction), P, Q, WEIGHT * BINARY),
    (lambda reduction: nn.BCEWithLogitsLoss(reduction=reduction), A, Q, BINARY),
    (lambda reduction: nn.BCEWithLogitsLoss(WEIGHT[::-1], reduction, WEIGHT), A, Q,
     -WEIGHT[::-1] * (WEIGHT * Q * np.log(P) + (1 - Q) * np.log(1 - P))),
    (nn.KLDivLoss, np.log(P), Q, Q * (np.log(Q) - np.log(P))),
    (lambda reduction: nn.KLDivLoss(reduction, log_target=True), np.log(P), np.log(Q), Q * (np.log(Q) - np.log(P))),
]  # fmt: skip


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("case", LOSSES, ids=[repr(case[0]("mean")) for case in LOSSES])
def test_losses_of_numbers_are_their_formulas(case: Any, reduction: str) -> None:
    make, x, target, losses = case
    expected = {"mean": losses.mean(), "sum": losses.sum(), "none": losses}[reduction]
    close(make(reduction=reduction).double()(tg.tensor(x), target), expected)


def test_the_divergence_of_a_batch_is_divided_by_the_examples() -> None:
    expected = np.sum(Q * (np.log(Q) - np.log(P))) / 2
    close(nn.KLDivLoss("batchmean")(tg.tensor(np.log(P)), Q), expected)
    close(F.kl_div(tg.tensor(np.log([0.5, 0.5])), [1.0, 0.0]), math.log(2) / 2)  # 0 · log 0 is 0


def test_logarithms_of_probabilities_end_at_minus_100() -> None:
    p = tg.tensor([0.0, 1.0, 1e-50, 1.0, 0.0], dtype="float64", requires_grad=True)
    losses = F.binary_cross_entropy(p, [1.0, 0.0, 1.0, 1.0, 0.0], reduction="none")
    close(losses, [100.0, 100.0, -math.log(1e-50) if math.exp(-100) < 1e-50 else 100.0, 0.0, 0.0])


# Layers.


def arrays(layer: nn.Module) -> list[Any]:
    """The weight and the bias."""
    return list(layer.state_dict().values())


def test_a_linear_layer_is_a_product_and_a_sum() -> None:
    x, layer = rng.normal(size=(2, 5, 3)), nn.Linear(3, 4).double()
    weight, bias = arrays(layer)
    close(layer(tg.tensor(x)), np.einsum("abi,oi->abo", x, weight) + bias)


@pytest.mark.parametrize(
    ("name", "sizes", "shape"),
    [
        ("Linear", (3, 4), (5, 3)), ("Conv2d", (3, 4, 2), (2, 3, 4, 5)), ("ConvTranspose2d", (3, 4, 2), (2, 3, 4, 5)),
        ("RNN", (3, 4), (5, 2, 3)), ("LSTM", (3, 4), (5, 2, 3)), ("GRU", (3, 4), (5, 2, 3)),
        ("RNNCell", (3, 4), (2, 3)), ("LSTMCell", (3, 4), (2, 3)), ("GRUCell", (3, 4), (2, 3)),
    ],
)  # fmt: skip
def test_a_layer_without_biases_is_one_with_biases_of_0(name: str, sizes: Any, shape: Any) -> None:
    x, layer, twin = rng.normal(size=shape), getattr(nn, name)(*sizes, bias=False), getattr(nn, name)(*sizes)
    state = {name: np.zeros(parameter.shape) for name, parameter in twin.named_parameters()}
    assert layer.state_dict().keys() == {name for name in state if "bias" not in name}
    twin.load_state_dict({**state, **layer.state_dict()})
    for ours, theirs in zip(flat(layer(x)), flat(twin(x)), strict=True):
        assert ours.dtype == theirs.dtype == np.float32
        np.testing.assert_allclose(ours.data, theirs.data, rtol=1e-6, atol=1e-6)


def flat(out: Any) -> list[Any]:
    """What a layer gives: the tensors in all tuples."""
    return [x for part in out for x in flat(part)] if isinstance(out, tuple) else [out]


def per_axis(x: Any, n: int) -> tuple[int, ...]:
    """One number for each axis."""
    return x if isinstance(x, tuple) else (x,) * n


def convolved(
    x: Any, weight: Any, bias: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """Dumoulin and Visin (2016), place by place."""
    n = x.ndim - 2
    stride, padding, dilation = per_axis(stride, n), per_axis(padding, n), per_axis(dilation, n)
    x = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)])
    outputs, per_group, *kernel = weight.shape
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel)]
    out = np.zeros((len(x), outputs, *((m - r) // s + 1 for m, r, s in zip(x.shape[2:], reach, stride))))
    for i, o, *place in np.ndindex(*out.shape):
        first = o // (outputs // groups) * per_group
        for c, *tap in np.ndindex(per_group, *kernel):
            at = (p * s + t * d for p, s, t, d in zip(place, stride, tap, dilation))
            out[(i, o, *place)] += weight[(o, c, *tap)] * x[(i, first + c, *at)]
        out[(i, o, *place)] += bias[o]
    return out


def scattered(x: Any, weight: Any, bias: Any, stride: Any, padding: Any, more: Any, groups: int, dilation: Any) -> Any:
    """Transposed convolution, place by place, into an image whose border is then cut off."""
    inputs, per_group, *kernel = weight.shape
    sizes = [(m - 1) * s + d * (k - 1) + 1 + e for m, s, d, k, e in zip(x.shape[2:], stride, dilation, kernel, more)]
    out: Any = np.zeros((len(x), per_group * groups, *sizes))
    for i, c, *place in np.ndindex(*x.shape):
        first = c // (inputs // groups) * per_group
        for o, *tap in np.ndindex(per_group, *kernel):
            at = tuple(p * s + t * d for p, s, t, d in zip(place, stride, tap, dilation))
            out[(i, first + o, *at)] += x[(i, c, *place)] * weight[(c, o, *tap)]
    cut = tuple(slice(p, size - p) for p, size in zip(padding, sizes))
    return out[(..., *cut)] + bias[:, None, None]


@pytest.mark.parametrize(
    ("layer", "shape", "how"),
    [
        (nn.Conv1d(2, 3, 3), (2, 2, 7), {}),
        (nn.Conv1d(2, 4, 2, stride=2, padding=1, dilation=3, groups=2), (2, 2, 9),
         {"stride": 2, "padding": 1, "dilation": 3, "groups": 2}),
        (nn.Conv2d(2, 3, (2, 3)), (2, 2, 4, 5), {}),
        (nn.Conv2d(4, 6, (2, 3), (1, 2), (1, 2), (2, 1), 2), (1, 4, 4, 5),
         {"stride": (1, 2), "padding": (1, 2), "dilation": (2, 1), "groups": 2}),
        (nn.Conv3d(1, 2, (1, 2, 2), (1, 1, 2), (0, 1, 0)), (1, 1, 2, 3, 4),
         {"stride": (1, 1, 2), "padding": (0, 1, 0)}),
    ],
    ids=repr,
)  # fmt: skip
def test_a_convolution_is_a_sum_over_the_window(layer: Any, shape: Any, how: Any) -> None:
    x = rng.normal(size=shape)
    layer.double()
    close(layer(tg.tensor(x)), convolved(x, *arrays(layer), **how))


def test_padding_same_keeps_the_size_and_valid_pads_nothing() -> None:
    x = rng.normal(size=(1, 2, 6))
    layer = nn.Conv1d(2, 3, 4, padding="same").double()  # 3 more: one in front, two behind
    expected = convolved(np.pad(x, [(0, 0), (0, 0), (1, 2)]), *arrays(layer))
    close(layer(tg.tensor(x)), expected)
    layer = nn.Conv1d(2, 3, 4, padding="valid").double()
    close(layer(tg.tensor(x)), convolved(x, *arrays(layer)))


@pytest.mark.parametrize(
    ("stride", "padding", "more", "groups", "dilation"),
    [((1, 1), (0, 0), (0, 0), 1, (1, 1)), ((2, 3), (1, 0), (1, 2), 2, (1, 2)), ((1, 2), (0, 2), (0, 1), 1, (2, 1))],
)
def test_a_transposed_convolution_scatters_the_window(
    stride: Any, padding: Any, more: Any, groups: int, dilation: Any
) -> None:
    x = rng.normal(size=(2, 4, 3, 4))
    layer = nn.ConvTranspose2d(4, 6, (2, 3), stride, padding, more, groups, dilation=dilation).double()
    weight, bias = arrays(layer)
    close(layer(tg.tensor(x)), scattered(x, weight, bias, stride, padding, more, groups, dilation))


def pooled(x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, mean: str | None) -> Any:
    """The largest number or the mean in each window, place by place; `mean` says whether padding counts."""
    n = x.ndim - 2
    kernel, padding, dilation = per_axis(kernel, n), per_axis(padding, n), per_axis(dilation, n)
    stride = kernel if stride is None else per_axis(stride, n)
    counts = []
    for size, k, s, p, d in zip(x.shape[2:], kernel, stride, padding, dilation):
        room = size + 2 * p - d * (k - 1) - 1
        windows = (-(-room // s) if ceil_mode else room // s) + 1
        counts.append(windows - 1 if (windows - 1) * s >= size + p else windows)  # none begins behind the numbers
    out = np.zeros((*x.shape[:2], *counts))
    for i, c, *place in np.ndindex(*out.shape):
        along = zip(place, stride, padding, kernel, dilation)
        places = list(product(*([q * s - p + t * d for t in range(k)] for q, s, p, k, d in along)))
        inside = [x[(i, c, *at)] for at in places if all(0 <= a < m for a, m in zip(at, x.shape[2:]))]
        padded = [at for at in places if all(-p <= a < m + p for a, m, p in zip(at, x.shape[2:], padding))]
        divisor = len(padded) if mean == "padding counts" else len(inside)
        out[(i, c, *place)] = max(inside) if mean is None else sum(inside) / divisor
    return out


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("stride", [None, 1, 3])
@pytest.mark.parametrize("padding", [0, 1])
def test_pooling_is_the_largest_or_the_mean_of_each_window(padding: int, stride: Any, ceil_mode: bool) -> None:
    x, y = rng.normal(size=(2, 2, 8)), rng.normal(size=(1, 2, 7, 8))
    for n, z in ((1, x), (2, y)):
        window = (2, 3)[-n:]
        largest, mean = (getattr(nn, f"{kind}Pool{n}d") for kind in ("Max", "Avg"))
        for dilation in (1, 2):
            expected = pooled(z, window, stride, padding, dilation, ceil_mode, None)
            close(largest(window, stride, padding, dilation, ceil_mode)(tg.tensor(z)), expected)
        for counts, words in ((True, "padding counts"), (False, "padding does not count")):
            expected = pooled(z, window, stride, padding, 1, ceil_mode, words)
            close(mean(window, stride, padding, ceil_mode, counts)(tg.tensor(z)), expected)


def test_adaptive_pooling_divides_each_axis_into_parts_that_may_overlap() -> None:
    x = rng.normal(size=(2, 3, 5, 7))
    parts = [[slice(i * m // k, -(-(i + 1) * m // k)) for i in range(k)] for m, k in ((5, 2), (7, 3))]
    expected = np.array([[x[:, :, rows, columns].mean((2, 3)) for columns in parts[1]] for rows in parts[0]])
    close(nn.AdaptiveAvgPool2d((2, 3))(tg.tensor(x)), expected.transpose(2, 3, 0, 1))


@pytest.mark.parametrize("momentum", [0.1, 0.5, None])
@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 5), (4, 3, 2, 5)])
def test_a_batch_norm_follows_the_batches_and_uses_what_it_followed(shape: Any, momentum: float | None) -> None:
    """Ioffe and Szegedy (2015), algorithms 1 and 2; as in PyTorch the running variance is the unbiased one."""
    layer = (nn.BatchNorm2d if len(shape) == 4 else nn.BatchNorm1d)(3, eps=0.25, momentum=momentum).double()
    weight, bias = np.array([0.5, 2.0, 3.0]), np.array([1.0, -1.0, 0.5])
    layer.load_state_dict({"weight": weight, "bias": bias}, strict=False)
    axes, each = (0, *range(2, len(shape))), (1, 3, *(1 for _ in shape[2:]))

    def normal(x: Any, mean: Any, variance: Any) -> Any:
        x = (x - mean.reshape(each)) / np.sqrt(variance.reshape(each) + 0.25)
        return x * weight.reshape(each) + bias.reshape(each)

    mean, variance = np.zeros(3), np.ones(3)
    for t in (1, 2, 3):
        x = rng.normal(size=shape) * 3 + 1
        close(layer(tg.tensor(x)), normal(x, x.mean(axes), x.var(axes)))
        new = 1 / t if momentum is None else momentum
        mean, variance = mean + new * (x.mean(axes) - mean), variance + new * (x.var(axes, ddof=1) - variance)
        close(layer.running_mean, mean)
        close(layer.running_var, variance)
        assert layer.num_batches_tracked is not None
        assert layer.num_batches_tracked.item() == t
    x = rng.normal(size=shape)
    close(layer.eval()(tg.tensor(x)), normal(x, mean, variance))


def test_a_batch_norm_may_do_without_weights_and_without_a_memory() -> None:
    layer, x = nn.BatchNorm1d(3, affine=False, track_running_stats=False).double(), rng.normal(size=(5, 3))
    for _ in range(2):
        close(layer(tg.tensor(x)), (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5))
        layer.eval()
    assert layer.state_dict() == {}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("biased", [False, True])
def test_batch_norm_in_evaluation_takes_the_numbers_that_it_is_given(weighted: bool, biased: bool) -> None:
    x, mean, weight, bias = rng.normal(size=(5, 3)), *rng.normal(size=(3, 3))
    var = rng.uniform(0.5, 2, 3)
    out = F.batch_norm(tg.tensor(x), mean, var, weight if weighted else None, bias if biased else None, eps=0.25)
    close(out, (x - mean) / np.sqrt(var + 0.25) * (weight if weighted else 1) + (bias if biased else 0))


def test_the_settings_of_a_local_response_norm_that_are_left_out_are_pytorchs() -> None:
    x = rng.normal(size=(2, 4, 3))
    close(F.local_response_norm(tg.tensor(x), 3), F.local_response_norm(tg.tensor(x), 3, 1e-4, 0.75, 1.0).data)


@pytest.mark.parametrize("sizes", [(4,), (3, 4)])
def test_a_layer_norm_normalises_the_last_axes(sizes: tuple[int, ...]) -> None:
    x, axes = rng.normal(size=(2, 3, 4)) * 3 + 1, tuple(range(-len(sizes), 0))
    layer = nn.LayerNorm(sizes, eps=0.25).double()
    weight, bias = rng.normal(size=sizes), rng.normal(size=sizes)
    layer.load_state_dict({"weight": weight, "bias": bias})
    normal = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 0.25)
    close(layer(tg.tensor(x)), normal * weight + bias)
    close(nn.LayerNorm(sizes, 0.25, elementwise_affine=False)(tg.tensor(x)), normal)
    assert dict(nn.LayerNorm(sizes, bias=False).named_parameters()).keys() == {"weight"}


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_a_local_response_norm_divides_by_the_neighbours(size: int) -> None:
    """Krizhevsky et al. (2012), section 3.3, with PyTorch's mean in the place of the sum."""
    x, expected = rng.normal(size=(2, 5, 3, 2)), np.zeros((2, 5, 3, 2))
    for c in range(5):
        around = x[:, max(0, c - size // 2) : c + (size - 1) // 2 + 1]
        expected[:, c] = x[:, c] / (2.0 + 0.5 / size * (around**2).sum(1)) ** 0.25
    close(nn.LocalResponseNorm(size, alpha=0.5, beta=0.25, k=2.0)(tg.tensor(x)), expected)


def test_a_padding_row_receives_no_gradient_and_a_repeated_row_receives_both() -> None:
    layer = nn.Embedding(4, 2, padding_idx=-1).double()
    out = layer([[0, 3], [0, 1]])
    close(out, layer.weight.data[[[0, 3], [0, 1]]])
    out.backward(np.arange(8.0).reshape(2, 2, 2))
    close(layer.weight.grad, [[0 + 4, 1 + 5], [6, 7], [0, 0], [0, 0]])


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def rnn_step(x: Any, states: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any) -> Any:
    """Elman (1990)."""
    return (np.tanh(w_ih @ x + b_ih + w_hh @ states[0] + b_hh),)


def lstm_step(x: Any, states: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any) -> Any:
    """Hochreiter and Schmidhuber (1997), in PyTorch's order of the gates."""
    h, c = states
    i, f, g, o = np.split(w_ih @ x + b_ih + w_hh @ h + b_hh, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru_step(x: Any, states: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any) -> Any:
    """Cho et al., arXiv:1406.1078, with PyTorch's reset gate."""
    (h,) = states
    x_r, x_z, x_n = np.split(w_ih @ x + b_ih, 3)
    h_r, h_z, h_n = np.split(w_hh @ h + b_hh, 3)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    return ((1 - z) * np.tanh(x_n + r * h_n) + z * h,)


RECURRENT: dict[str, tuple[Callable[..., Any], int]] = {
    "RNN": (rnn_step, 1),
    "LSTM": (lstm_step, 2),
    "GRU": (gru_step, 1),
}


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_layers_go_through_the_sequence_in_both_directions(name: str, batch_first: bool) -> None:
    step, n = RECURRENT[name]
    layer = getattr(nn, name)(3, 4, num_layers=2, bidirectional=True, batch_first=batch_first).double()
    x, first = rng.normal(size=(5, 2, 3)), [rng.normal(size=(4, 2, 4)) for _ in range(n)]  # T, N, I; layers, N, H
    expected, last = np.zeros((5, 2, 8)), [np.zeros((4, 2, 4)) for _ in range(n)]
    for i in range(2):
        below = list(x[:, i])
        for at in range(4):
            if at % 2 == 0:
                above: list[list[Any]] = [[] for _ in below]
            states = tuple(state[at, i] for state in first)
            ending = f"_l{at // 2}" + "_reverse" * (at % 2)
            weights = [getattr(layer, part + ending).data for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
            for t in reversed(range(5)) if at % 2 else range(5):
                states = step(below[t], states, *weights)
                above[t].append(states[0])
            for ends, state in zip(last, states):
                ends[at, i] = state
            if at % 2:
                below = [np.concatenate(both) for both in above]
        expected[:, i] = below
    given = [tg.tensor(state) for state in first]
    out, found = layer(tg.tensor(x.swapaxes(0, 1) if batch_first else x), given if n == 2 else given[0])
    close(out, expected.swapaxes(0, 1) if batch_first else expected)
    for ours, theirs in zip(found if n == 2 else [found], last):
        close(ours, theirs)


@pytest.mark.parametrize("name", RECURRENT)
def test_a_cell_is_one_step_from_states_that_are_0_by_default(name: str) -> None:
    step, n = RECURRENT[name]
    cell = getattr(nn, f"{name}Cell")(3, 4).double()
    x, zeros = rng.normal(size=3), (np.zeros(4),) * n
    weights = [getattr(cell, part).data for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    once = step(x, zeros, *weights)
    found = cell(tg.tensor(x[None]))
    for ours, theirs in zip(found if n == 2 else [found], once):
        close(ours, theirs[None])
    states = [tg.tensor(state[None]) for state in once]
    found = cell(tg.tensor(x[None]), states if n == 2 else states[0])
    for ours, theirs in zip(found if n == 2 else [found], step(x, once, *weights)):
        close(ours, theirs[None])


# Activations at their kinks, and of whole numbers.

KINKS: list[tuple[Any, list[float], list[float]]] = [
    (F.relu6, [0.0, 6.0], [0.0, 0.0]),
    (F.hardtanh, [-1.0, 1.0], [0.0, 0.0]),
    (F.hardsigmoid, [-3.0, 3.0], [0.0, 0.0]),
    (F.hardswish, [-3.0, 3.0], [0.0, 1.0]),
    (F.hardshrink, [-0.5, 0.5], [0.0, 0.0]),
    (F.softshrink, [-0.5, 0.0, 0.5], [0.0, 0.0, 0.0]),
    (lambda x: F.threshold(x, 1.0, 5.0), [1.0, 1.5], [0.0, 1.0]),
    (F.leaky_relu, [0.0], [0.01]),
    (F.selu, [0.0], [1.0507009873554805 * 1.6732632423543772]),
    (F.celu, [0.0], [1.0]),
    (F.softsign, [0.0], [1.0]),
]


@pytest.mark.parametrize(("function", "x", "slopes"), KINKS)
def test_an_activation_has_pytorchs_slope_at_its_kinks(function: Any, x: list[float], slopes: list[float]) -> None:
    close(tg.grad(lambda x: function(x).sum())(np.array(x)), slopes)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int64", "bool"])
def test_activations_take_whole_numbers_as_float32(dtype: str) -> None:
    whole = np.array([[0, 1], [1, 0]], dtype)
    for module, _ in ACTIVATIONS:
        if type(module) not in (nn.GLU, nn.PReLU, nn.ReLU, nn.ELU, nn.Sigmoid, nn.Tanh, nn.Softmax, nn.LogSoftmax):
            found = module.float()(whole)
            np.testing.assert_array_equal(found, getattr(module(tg.tensor(whole, dtype="float32")), "data", None))
            assert found.dtype == np.float32, module


def test_inplace_is_taken_and_changes_nothing() -> None:
    x = tg.tensor(X)
    for module in (nn.ReLU(True), nn.ReLU(inplace=True), nn.LeakyReLU(0.1, inplace=True), nn.Dropout(0.0, True)):
        module(x)
        assert "inplace" not in repr(module)
    close(x, X)


# Losses of numbers, vectors and margins.

A, B, C3 = (rng.normal(size=(3, 4)) for _ in range(3))
SIGNS = np.array([[1.0, -1.0, 1.0, -1.0]] * 3)
VARIANCE = np.exp(rng.normal(size=(3, 4)))
COUNTS = np.array([[0.0, 1.0, 2.0, 5.0]] * 3)
D = abs(A - B)


def distance(a: Any, b: Any, p: float = 2.0) -> Any:
    return np.sum(abs(a - b + 1e-6) ** p, axis=-1) ** (1 / p)


COSINE = np.sum(A * B, 1) / np.sqrt(np.sum(A * A, 1) * np.sum(B * B, 1))
PICKED = A[np.arange(3), [2, 0, 3]][:, None]
OTHERS = np.arange(4) != np.array([2, 0, 3])[:, None]
VIOLATIONS = OTHERS * np.maximum(0, 0.5 - PICKED + A)
STIRLING = np.where(COUNTS > 1, COUNTS * np.log(COUNTS + (COUNTS == 0)) - COUNTS + np.log(2 * np.pi * (COUNTS + (COUNTS == 0))) / 2, 0)  # fmt: skip # noqa: E501
BY_DEFINITION: list[tuple[Any, tuple[Any, ...], Any]] = [
    (nn.SmoothL1Loss, (A, B), np.where(D < 1, D**2 / 2, D - 0.5)),
    (partial(nn.SmoothL1Loss, beta=0.3), (A, B), np.where(D < 0.3, D**2 / 0.6, D - 0.15)),
    (partial(nn.SmoothL1Loss, beta=0.0), (A, B), D),
    (nn.SoftMarginLoss, (A, SIGNS), np.log(1 + np.exp(-SIGNS * A))),
    (nn.HingeEmbeddingLoss, (D, SIGNS), np.where(SIGNS > 0, D, np.maximum(0, 1 - D))),
    (partial(nn.HingeEmbeddingLoss, 2.0), (D, SIGNS), np.where(SIGNS > 0, D, np.maximum(0, 2 - D))),
    (nn.MarginRankingLoss, (A, B, SIGNS), np.maximum(0, -SIGNS * (A - B))),
    (partial(nn.MarginRankingLoss, 0.7), (A, B, SIGNS), np.maximum(0, 0.7 - SIGNS * (A - B))),
    (nn.CosineEmbeddingLoss, (A, B, [1, -1, 1]), np.where([1, 0, 1], 1 - COSINE, np.maximum(0, COSINE))),
    (partial(nn.CosineEmbeddingLoss, -0.9), (A, B, [1, -1, -1]),
     np.where([1, 0, 0], 1 - COSINE, np.maximum(0, COSINE + 0.9))),
    (nn.TripletMarginLoss, (A, B, C3), np.maximum(0, distance(A, B) - distance(A, C3) + 1)),
    (partial(nn.TripletMarginLoss, 3.0, 1.0, swap=True), (A, B, C3),
     np.maximum(0, distance(A, B, 1) - np.minimum(distance(A, C3, 1), distance(B, C3, 1)) + 3)),
    (nn.GaussianNLLLoss, (A, B, VARIANCE), (np.log(VARIANCE) + (A - B) ** 2 / VARIANCE) / 2),
    (partial(nn.GaussianNLLLoss, full=True), (A, B, np.full((3, 1), 0.5)),
     (np.log(0.5) + (A - B) ** 2 / 0.5 + np.log(2 * np.pi)) / 2),
    (partial(nn.GaussianNLLLoss, eps=0.25), (A, B, np.zeros(3)), (np.log(0.25) + (A - B) ** 2 / 0.25) / 2),
    (nn.PoissonNLLLoss, (A, COUNTS), np.exp(A) - COUNTS * A),
    (partial(nn.PoissonNLLLoss, False), (D, COUNTS), D - COUNTS * np.log(D + 1e-8)),
    (partial(nn.PoissonNLLLoss, full=True), (A, COUNTS), np.exp(A) - COUNTS * A + STIRLING),
    (partial(nn.MultiMarginLoss, margin=0.5), (A, [2, 0, 3]), VIOLATIONS.sum(1) / 4),
    (partial(nn.MultiMarginLoss, 2, 0.5, [1.0, 0.0, 2.0, 3.0]), (A, [2, 0, 3]),
     (VIOLATIONS**2).sum(1) / 4 * [2.0, 1.0, 3.0]),
    (nn.MultiLabelSoftMarginLoss, (A, SIGNS > 0), np.log(1 + np.exp(-SIGNS * A)).mean(1)),
]  # fmt: skip


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("make", "inputs", "losses"), BY_DEFINITION)
def test_a_loss_is_its_formula(make: Any, inputs: tuple[Any, ...], losses: Any, reduction: str) -> None:
    combine: dict[str, Any] = {"mean": np.mean, "sum": np.sum, "none": np.asarray}
    expected = combine[reduction](losses)
    loss = make(reduction=reduction)
    np.testing.assert_allclose(loss(tg.tensor(inputs[0]), *inputs[1:]).data, expected, rtol=1e-9, atol=1e-11)


def test_the_margins_and_distances_by_default_are_pytorchs() -> None:
    close(F.multi_margin_loss(tg.tensor(A), [2, 0, 3]), np.mean(OTHERS * np.maximum(0, 1 - PICKED + A)))
    close(nn.CosineSimilarity()(tg.tensor(A), B), COSINE)
    close(nn.CosineSimilarity(dim=0)(tg.tensor(A.T), B.T), COSINE)
    close(F.cosine_similarity(tg.tensor(np.zeros((2, 3))), np.ones((2, 3))), [0, 0])
    for dim in (0, 1, 2, -1):  # each norm is that of the broadcast vector
        spread = [np.broadcast_to(x, (2, 2, 3)) for x in (A[:2, :3][None], B[:2, :3][:, None])]
        product, lengths = (spread[0] * spread[1]).sum(dim), [np.sqrt((x * x).sum(dim)) for x in spread]
        close(F.cosine_similarity(A[:2, :3][None], B[:2, :3][:, None], dim), product / (lengths[0] * lengths[1]))
    close(nn.PairwiseDistance()(tg.tensor(A), B), distance(A, B))
    close(nn.PairwiseDistance(3.0, 0.0, True)(tg.tensor(A), B), np.sum(D**3, 1, keepdims=True) ** (1 / 3))
    close(F.normalize(tg.tensor(A)), A / np.sqrt(np.sum(A * A, 1, keepdims=True)))
    close(F.normalize(tg.tensor(A), 1.0, 0), A / np.sum(abs(A), 0, keepdims=True))
    close(F.normalize(tg.tensor(np.zeros((2, 3)))), np.zeros((2, 3)))


@pytest.mark.parametrize(
    "call",
    [
        lambda: F.soft_margin_loss(A, SIGNS * 0),
        lambda: F.hinge_embedding_loss(A, SIGNS > 0),
        lambda: F.margin_ranking_loss(A, B, SIGNS * 2),
        lambda: F.cosine_embedding_loss(A, B, [1, 0, 1]),
        lambda: F.gaussian_nll_loss(A, B, -VARIANCE),
    ],
)
def test_targets_that_make_no_sense_are_refused(call: Any) -> None:
    with pytest.raises(tg.OutOfRangeError, match=r"targets are −1 and 1|a variance is 0 or larger"):
        call()


# Normalisation in groups; pooling, upsampling and borders, with and without the axis of the batch.

V = rng.normal(size=(2, 6, 3, 4))


def standard(x: Any, axis: Any) -> Any:
    return (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + 1e-5)


def test_group_norm_takes_the_mean_of_every_group_of_channels() -> None:
    expected = standard(V.reshape(2, 3, 24), 2).reshape(V.shape)
    layer: Any = nn.GroupNorm(3, 6).double()
    close(layer(tg.tensor(V)), expected)
    layer.weight.data, layer.bias.data = np.arange(6.0), np.arange(6.0) + 1
    close(layer(tg.tensor(V)), expected * np.arange(6)[:, None, None] + np.arange(1, 7)[:, None, None])
    close(nn.GroupNorm(1, None).double()(tg.tensor(V[:, :, 0, 0])), standard(V[:, :, 0, 0], 1))
    close(nn.GroupNorm(2, 6, affine=False)(tg.tensor(V)), standard(V.reshape(2, 2, 36), 2).reshape(V.shape))
    for make in (lambda: nn.GroupNorm(4, 6), lambda: F.group_norm(V, 4), lambda: F.group_norm(V, 3, np.ones(3))):
        with pytest.raises(tg.ShapeError, match=r"GroupNorm: num_channels=6|4 groups share|has 6 channels; weight"):
            make()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_instance_norm_knows_every_example_alone(n: int) -> None:
    x = rng.normal(size=(2, 3, 4, 5, 2)[: n + 2])
    axes = tuple(range(2, n + 2))
    make = getattr(nn, f"InstanceNorm{n}d")
    assert list(make(3).state_dict()) == []
    close(make(3)(tg.tensor(x)), standard(x, axes))
    close(make(3)(tg.tensor(x[1])), standard(x, axes)[1])
    layer = make(3, affine=True, track_running_stats=True, momentum=0.25).double()
    close(layer(tg.tensor(x)), standard(x, axes))
    flat = x.reshape(2, 3, -1)
    mean, var = 0.25 * flat.mean((0, 2)), 0.75 + 0.25 * flat.var(2, ddof=1).mean(0)
    close(layer.running_mean, mean)
    close(layer.running_var, var)
    each = (slice(None), *[None] * n)
    close(layer.eval()(tg.tensor(x)), (x - mean[each]) / np.sqrt(var[each] + 1e-5))
    with pytest.raises(tg.ShapeError, match="or without N"):
        make(3)(tg.tensor(np.ones(3)))
    with pytest.raises(tg.ShapeError, match="two or more numbers"):
        make(3)(tg.tensor(np.ones((2, 3, *[1] * n))))


def test_rms_norm_divides_by_the_root_of_the_mean_square() -> None:
    for dtype, tolerance in (("float64", 1e-9), ("float32", 1e-5)):
        x, eps = V.astype(dtype) * 1e-3, np.finfo(dtype).eps
        layer: Any = nn.RMSNorm((3, 4))
        layer = layer.double() if dtype == "float64" else layer
        layer.weight.data = np.arange(12.0).reshape(3, 4)
        expected = x / np.sqrt((x**2).mean((2, 3), keepdims=True) + eps) * np.arange(12).reshape(3, 4)
        np.testing.assert_allclose(layer(tg.tensor(x)).data, expected, rtol=tolerance)
    close(nn.RMSNorm(4, 0.5, False)(tg.tensor(V)), V / np.sqrt((V**2).mean(3, keepdims=True) + 0.5))
    close(F.rms_norm([[3, 4]], 2), np.array([[3, 4]]) / np.sqrt(12.5))
    with pytest.raises(tg.ShapeError, match=r"rms_norm: input .* does not end with normalized_shape \(5,\)"):
        F.rms_norm(V, 5)


def windows_of(n: int, m: int) -> list[slice]:
    return [slice(i * n // m, math.ceil((i + 1) * n / m)) for i in range(m)]


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("wanted", [2, 3])
def test_adaptive_pooling_of_any_size(n: int, wanted: int) -> None:
    x = rng.normal(size=(2, 2, 4, 5, 6)[: n + 2])
    places = list(product(*(windows_of(size, wanted) for size in x.shape[2:])))
    axes = tuple(range(2, n + 2))
    for kind, pick in (("Max", np.max), ("Avg", np.mean)):
        expected = np.stack([pick(x[(slice(None), slice(None), *place)], axes) for place in places], -1)
        expected = expected.reshape(2, 2, *[wanted] * n)
        layer = getattr(nn, f"Adaptive{kind}Pool{n}d")(wanted)
        close(layer(tg.tensor(x)), expected)
        close(layer(tg.tensor(x[0])), expected[0])


def test_pooling_of_volumes() -> None:
    x = rng.normal(size=(2, 3, 4, 6, 2))
    blocks = x.reshape(2, 3, 2, 2, 3, 2, 1, 2)
    close(nn.MaxPool3d(2)(tg.tensor(x)), blocks.max((3, 5, 7)))
    close(nn.AvgPool3d(2)(tg.tensor(x)), blocks.mean((3, 5, 7)))
    close(nn.AvgPool3d(2, divisor_override=3)(tg.tensor(x)), blocks.sum((3, 5, 7)) / 3)
    ones = np.ones((1, 1, 3, 5))  # windows over the border, and over the end
    override = F.avg_pool2d(tg.tensor(ones), 2, 2, 1, True, False, -4)
    assert override.tolist() == [[[[-0.25, -0.5, -0.5], [-0.5, -1, -1]]]]
    with pytest.raises(tg.DtypeError, match="divisor_override"):
        F.avg_pool2d(ones, 2, divisor_override=0)


def test_a_window_over_the_edge_counts_with_ceil_mode() -> None:
    x = np.arange(6.0).reshape(1, 1, 2, 3)
    assert F.max_pool2d(tg.tensor(x), 3, 2, ceil_mode=True).tolist() == [[[[5.0]]]]
    assert F.max_pool1d(tg.tensor(x[0]), 4, 3, ceil_mode=True).tolist() == [[[2.0], [5.0]]]
    assert F.avg_pool2d(tg.tensor(x), 3, 2, ceil_mode=True).tolist() == [[[[2.5]]]]
    with pytest.raises(tg.ShapeError, match="larger than the image"):
        F.max_pool2d(x, 6, 2, ceil_mode=True)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_images_may_come_without_the_axis_of_the_batch(n: int) -> None:
    x = rng.normal(size=(2, 4, 6, 5, 4)[: n + 2])
    makers: list[Any] = [
        lambda: getattr(nn, f"Conv{n}d")(4, 3, 2, padding=1),
        lambda: getattr(nn, f"Conv{n}d")(4, 3, 3, padding=1, padding_mode="circular"),
        lambda: getattr(nn, f"ConvTranspose{n}d")(4, 3, 2, stride=2),
        lambda: getattr(nn, f"MaxPool{n}d")(2, 1),
        lambda: getattr(nn, f"AvgPool{n}d")(2, 1),
        lambda: getattr(nn, f"ReflectionPad{n}d")(1),
        lambda: getattr(nn, f"Dropout{n}d")(0.0),
    ]
    for make in makers:
        layer = make().double()
        close(layer(tg.tensor(x[1])), layer(tg.tensor(x)).data[1])
        if not isinstance(layer, nn.Dropout):
            assert layer(x[1].tolist()).shape == layer(x[1]).shape


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_transposed_convolution_is_the_gradient_of_the_convolution(n: int) -> None:
    sizes, window = (3, 2, 4)[:n], (2, 3, 2)[:n]
    x, w = rng.normal(size=(2, 4, *sizes)), rng.normal(size=(4, 2, *window))
    y = getattr(F, f"conv_transpose{n}d")(tg.tensor(x), w, None, 2, 1, 1)
    conv = getattr(F, f"conv{n}d")
    image = rng.normal(size=y.shape)
    back = tg.grad(lambda image: (conv(image, w, None, 2, 1) * x).sum())(image)
    close(y, back)


@pytest.mark.parametrize(  # what PyTorch gives; the number that is cut off is reflected, and does not come round again
    ("mode", "expected"),
    [
        ("constant", [3.0, 4.0, 0.0, 0.0]),
        ("reflect", [3.0, 4.0, 3.0, 2.0]),
        ("replicate", [3.0, 4.0, 4.0, 4.0]),
        ("circular", [3.0, 4.0, 3.0, 4.0]),
    ],
)
def test_negative_borders_cut_off(mode: str, expected: list[float]) -> None:
    assert F.pad(tg.arange(5).reshape(1, 1, 5), (-3, 2), mode).data[0, 0].tolist() == expected


@pytest.mark.parametrize(("mode", "numpys"), [("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap")])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_padding_modes_surround_what_is_convolved(n: int, mode: str, numpys: str) -> None:
    x = rng.normal(size=(2, 3, 4, 5, 6)[: n + 2])
    around = (1, 2, 1)[:n]
    layer = getattr(nn, f"Conv{n}d")(3, 2, 3, padding=around, padding_mode=mode).double()
    bare = getattr(nn, f"Conv{n}d")(3, 2, 3).double()
    bare.load_state_dict(layer.state_dict())
    how: Any = numpys
    bordered = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in around)], mode=how)
    close(layer(tg.tensor(x)), bare(tg.tensor(bordered)).data)
    assert f"padding_mode={mode!r}" in repr(layer)
    kind = {"reflect": "Reflection", "replicate": "Replication", "circular": "Circular"}[mode]
    widths = [p for axis in reversed(around) for p in (axis, axis)]
    close(getattr(nn, f"{kind}Pad{n}d")(tuple(widths))(tg.tensor(x)), bordered)
    same = getattr(nn, f"Conv{n}d")(3, 2, 3, padding="same", padding_mode=mode)
    assert same(x).shape == (2, 2, *x.shape[2:])


def test_borders_begin_with_the_last_axis() -> None:
    x = np.arange(6.0).reshape(1, 2, 3)
    close(F.pad(tg.tensor(x), (1, 2), value=7.0), np.pad(x, ((0, 0), (0, 0), (1, 2)), constant_values=7.0))
    close(F.pad(tg.tensor(x), (0, 1, 2, 0)), np.pad(x, ((0, 0), (2, 0), (0, 1))))
    close(F.pad(tg.tensor(x), (-1, 1)), np.pad(x[:, :, 1:], ((0, 0), (0, 0), (0, 1))))
    close(nn.ConstantPad1d((1, 0), 5.0)(tg.tensor(x)), np.pad(x, ((0, 0), (0, 0), (1, 0)), constant_values=5.0))
    close(nn.ZeroPad2d(1)(tg.tensor(x)), np.pad(x, ((0, 0), (1, 1), (1, 1))))
    for wrong in ((1,), (1,) * 8):
        with pytest.raises(tg.ShapeError, match="pad: two whole numbers for each axis"):
            F.pad(x, wrong)
    with pytest.raises(tg.ShapeError, match=r"pad: .* has too few numbers to cut off"):
        F.pad(x, (-2, -2))
    with pytest.raises(tg.DtypeError, match="pad: mode is 'constant', "):
        F.pad(x, (1, 1), "edge")
    with pytest.raises(tg.DtypeError, match="padding_mode is 'zeros', "):
        nn.Conv1d(1, 1, 1, padding_mode="edge")


def test_upsampling_by_hand() -> None:
    """A ramp stays one between its ends, whichever places are kept."""
    x = np.array([[[0.0, 1.0, 2.0]]])
    up = partial(F.interpolate, tg.tensor(x))
    assert up(size=6).tolist() == [[[0, 0, 1, 1, 2, 2]]]
    assert up(size=4).tolist() == [[[0, 0, 1, 2]]]  # ⌊0⌋, ⌊0.75⌋, ⌊1.5⌋, ⌊2.25⌋
    assert up(size=2).tolist() == [[[0, 1]]]
    close(up(size=5, mode="linear", align_corners=True), [[[0, 0.5, 1, 1.5, 2]]])
    close(up(scale_factor=2, mode="linear"), [[[0, 0.25, 0.75, 1.25, 1.75, 2]]])
    close(up(size=1, mode="linear", align_corners=True), [[[0]]])
    close(nn.Upsample(scale_factor=2.5)(tg.tensor(x)), [[[0, 0, 0, 1, 1, 2, 2]]])  # ⌊i / 2.5⌋
    image = rng.normal(size=(2, 1, 3, 2))
    rows = nn.Upsample(size=(5, 2), mode="bilinear", align_corners=True)(tg.tensor(image))
    close(rows.data[:, :, ::2], image)
    close(rows.data[:, :, 1], image[:, :, :2].mean(2))
    wrongs: list[dict[str, Any]] = [{}, {"size": 2, "scale_factor": 2}, {"size": 2, "mode": "bilinear"}]
    for wrong in wrongs:
        with pytest.raises(tg.DtypeError, match="interpolate: "):
            up(**wrong)
    with pytest.raises(tg.ShapeError, match="one for each of 1 axes"):
        up(size=(2, 3))
    with pytest.raises(tg.ShapeError, match=r"interpolate: nothing would be left of \(1, 1, 3\) along axis 2"):
        up(scale_factor=0.3)


def test_pixels_are_made_of_channels_and_back() -> None:
    x = rng.normal(size=(2, 12, 3, 5))
    y = nn.PixelShuffle(2)(tg.tensor(x))
    for i, j in product(range(6), range(10)):  # Shi et al. (2016), eq. 4
        close(y.data[:, 1, i, j], x[:, 4 + 2 * (i % 2) + j % 2, i // 2, j // 2])
    close(nn.PixelUnshuffle(2)(y), x)
    close(nn.PixelShuffle(2)(tg.tensor(x[0])), y.data[0])
    for wrong, given, factor in ((F.pixel_shuffle, x, 5), (F.pixel_unshuffle, x, 2), (F.pixel_shuffle, x[0, 0], 1)):
        with pytest.raises(tg.ShapeError, match="pixel_"):
            wrong(given, factor)


def test_bilinear_and_unflatten() -> None:
    x1, x2 = rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 5, 4))
    layer: Any = nn.Bilinear(3, 4, 2).double()
    w, b = layer.weight.data, layer.bias.data
    close(layer(tg.tensor(x1), tg.tensor(x2)), np.stack([((x1 @ m) * x2).sum(-1) for m in w], -1) + b)
    assert abs(nn.Bilinear(4, 50, 50).weight.data).max() == pytest.approx(0.5, abs=0.01)
    with pytest.raises(tg.ShapeError, match="bilinear: x1"):
        layer(x2, x1)
    assert nn.Unflatten(-1, (2, -1))(tg.zeros((3, 8))).shape == (3, 2, 4)
    assert nn.Unflatten(0, (3, 1))(tg.zeros((3, 8))).shape == (3, 1, 8)
    assert nn.Unflatten(1, (1, -1))(tg.zeros((2, 4, 0))).shape == (2, 1, 4, 0)
    with pytest.raises(tg.ShapeError, match="dim 2 is no axis"):
        nn.Unflatten(2, (2, 4))(tg.zeros((3, 8)))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_dropout_of_channels_drops_all_of_one_or_nothing(n: int) -> None:
    tg.manual_seed(0)
    x = np.ones((8, 9, 2, 3, 2)[: n + 2])
    y = getattr(nn, f"Dropout{n}d")(0.25)(tg.tensor(x)).data.reshape(8, 9, -1)
    assert (y == y[..., :1]).all()
    assert set(y.round(9).flat) == {0.0, round(4 / 3, 9)}
    with pytest.raises(tg.ShapeError, match=f"Dropout{n}d: channels"):
        getattr(nn, f"Dropout{n}d")(0.25)(np.ones(3))


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    """Klambauer et al., section on dropout: a (x d + α'(1 − d)) + b, with a² q (1 + α'² (1 − q)) = 1."""
    low, x = -1.0507009873554805 * 1.6732632423543772, rng.normal(size=(400, 300))
    y = F.alpha_dropout(tg.tensor(x), 0.25, seed=1).data
    a = (0.75 * (1 + 0.25 * low**2)) ** -0.5
    dropped = np.isclose(y, a * low - 0.25 * a * low)
    assert dropped.mean() == pytest.approx(0.25, abs=0.01)
    close(y[~dropped], (a * x - 0.25 * a * low)[~dropped])
    assert (y.mean(), y.std()) == pytest.approx((0, 1), abs=0.02)
    assert F.alpha_dropout(tg.ones(3), 1.0).tolist() == [0, 0, 0]
    assert nn.AlphaDropout(0.5).eval()(5.0) == 5.0


# Attention and losses in the forms that are seldom asked for.


def test_grouped_heads_share_their_keys_and_values() -> None:
    q, k, v = rng.normal(size=(2, 6, 3, 4)), rng.normal(size=(2, 2, 5, 4)), rng.normal(size=(2, 2, 5, 4))
    found = F.scaled_dot_product_attention(q, k, v, enable_gqa=True)
    for head in range(6):  # heads 0 to 2 take the first keys, 3 to 5 the second
        scores = q[:, head] @ k[:, head // 3].swapaxes(1, 2) / 2.0  # √4
        weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
        close(found[:, head], weights @ v[:, head // 3])
    with pytest.raises(tg.ShapeError):
        F.scaled_dot_product_attention(q[:, :5], k, v, enable_gqa=True)


@pytest.mark.parametrize("batch_first", [False, True])
def test_one_sequence_is_a_batch_of_one_to_attention(batch_first: bool) -> None:
    layer, axis = nn.MultiheadAttention(4, 2, batch_first=batch_first).double(), 0 if batch_first else 1
    x = rng.normal(size=(3, 4))
    batch = np.expand_dims(x, axis)
    for found, expected, at in zip(layer(x, x, x), layer(batch, batch, batch), (axis, 0)):
        close(found, np.squeeze(expected.data, at))


@pytest.mark.parametrize("dropout", [-0.1, 1.5])
def test_the_dropout_of_attention_is_a_probability(dropout: float) -> None:
    with pytest.raises(tg.OutOfRangeError, match="dropout is a probability"):
        nn.MultiheadAttention(4, 2, dropout=dropout)


def test_the_soft_margins_of_labels_are_a_mean_over_the_last_axis() -> None:
    x, labels = rng.normal(size=(2, 3, 4)), rng.integers(0, 2, (2, 3, 4)).astype(float)
    margins = np.log1p(np.exp(-x)) * labels + np.log1p(np.exp(x)) * (1 - labels)
    close(F.multilabel_soft_margin_loss(x, labels, reduction="none"), margins.mean(-1))


@pytest.mark.parametrize("smoothing", [0.1, 1.0])
def test_label_smoothing_mixes_the_class_with_all_classes(smoothing: float) -> None:
    x, classes = rng.normal(size=(5, 3)), np.array([0, 2, 1, 1, 0])
    log_p = x - np.log(np.exp(x).sum(1, keepdims=True))
    mixed = (1 - smoothing) * np.eye(3)[classes] + smoothing / 3
    close(F.cross_entropy(x, classes, label_smoothing=smoothing), -np.mean((mixed * log_p).sum(1)))


@pytest.mark.parametrize("batch_first", [False, True])
def test_padded_sequences_of_vectors_are_their_rows_beside_a_fill(batch_first: bool) -> None:
    sequences = [rng.normal(size=(length, 3)) for length in (2, 4, 1)]
    expected = np.full((3, 4, 3), 7.0)
    for i, sequence in enumerate(sequences):
        expected[i, : len(sequence)] = sequence
    padded = nn.pad_sequence(sequences, batch_first, 7.0)
    close(padded, expected if batch_first else expected.swapaxes(0, 1))
    for found, sequence in zip(nn.unpad_sequence(padded, [2, 4, 1], batch_first), sequences):
        close(found, sequence)
    left = nn.pad_sequence(sequences, batch_first, 7.0, "left")
    flipped = nn.pad_sequence([x[::-1] for x in sequences], batch_first, 7.0)
    close(left, np.flip(flipped, 1 if batch_first else 0))
