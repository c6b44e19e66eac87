"""Every layer, activation and loss passes gradcheck, first and second order: by its input, target and parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn

rng = np.random.default_rng(0)


def numbers(*shape: int) -> Any:
    """Distinct numbers of both signs, none near 0 or 1 or near each other: off the kinks of all layers and losses."""
    n = int(np.prod(shape))
    return (rng.permutation(n).reshape(shape) - (n - 1) / 2) * 0.37 + 0.05


def probabilities(*shape: int) -> Any:
    p = rng.random(shape) + 0.2
    return p / p.sum(axis=-1, keepdims=True)


features, sequence, images = numbers(2, 3), numbers(2, 3, 4), numbers(1, 2, 3, 4)
batch = numbers(2, 2, 2, 3)
steps = numbers(2, 1, 3)
classes = np.array([2, 0])
weight = [0.5, 2.0, 1.0]

LAYERS: list[tuple[Any, ...]] = [
    (nn.Linear(3, 2), features),
    (nn.Embedding(4, 3), np.array([[1, 0], [1, 3]])),
    (nn.Dropout(0.4), features),
    (nn.Dropout1d(0.4), sequence),
    (nn.Dropout2d(0.4), images),
    (nn.Dropout3d(0.4), images[None]),
    (nn.AlphaDropout(0.4), features),
    (nn.Bilinear(3, 2, 2), features, numbers(2, 2)),
    (nn.Unflatten(1, (3, 1)), features),
    (nn.Flatten(), sequence),
    (nn.Identity(), features),
    (nn.Lambda(tg.sin), features),
    (nn.Conv1d(3, 2, 2), sequence),
    (nn.Conv2d(2, 4, 2, padding="same", groups=2), images),
    (nn.Conv3d(1, 2, (1, 2, 2), stride=(1, 1, 2)), images[:, None]),
    (nn.ConvTranspose2d(2, 3, 2, stride=2, output_padding=1), images),
    (nn.Conv2d(2, 2, 2, padding=1, padding_mode="circular"), images),
    (nn.ConvTranspose1d(3, 2, 2, stride=2), sequence),
    (nn.ConvTranspose3d(1, 2, 2), images[None]),
    (nn.MaxPool3d((1, 2, 1)), images[None]),
    (nn.AvgPool3d((1, 2, 1)), images[None]),
    (nn.AdaptiveAvgPool1d(3), sequence),
    (nn.AdaptiveAvgPool3d((2, 2, 3)), images[None]),
    (nn.AdaptiveMaxPool1d(3), sequence),
    (nn.AdaptiveMaxPool2d((2, 3)), images),
    (nn.AdaptiveMaxPool3d((2, 2, 3)), images[None]),
    *(
        (getattr(nn, f"{kind}Pad{n}d")(*([1, 0.5] if kind == "Constant" else [1])), images[None])
        for kind in ("Circular", "Constant", "Reflection", "Replication", "Zero")
        for n in (1, 2, 3)
        if (kind, n) != ("Reflection", 3)
    ),
    (nn.ReflectionPad3d((1, 1, 1, 1, 0, 1)), images[None]),
    (nn.Upsample(size=(4, 5), mode="bilinear"), images),
    (nn.PixelShuffle(1), images),
    (nn.PixelUnshuffle(1), images),
    (nn.MaxPool1d(2), sequence),
    (nn.MaxPool2d(2, stride=1, padding=1), images),
    (nn.AvgPool1d(2), sequence),
    (nn.AvgPool2d(2, stride=1, padding=1), images),
    (nn.AdaptiveAvgPool2d((2, 3)), images),
    (nn.GlobalAvgPool(), images),
    (nn.BatchNorm1d(3), sequence),
    (nn.BatchNorm2d(2), batch),
    (nn.BatchNorm2d(2).eval(), batch),
    (nn.BatchNorm3d(2), batch[:, :, None]),
    (nn.GroupNorm(1, 2), images),
    (nn.InstanceNorm1d(3), sequence),
    (nn.InstanceNorm2d(2, affine=True), images),
    (nn.InstanceNorm3d(2), batch[:, :, None]),
    (nn.RMSNorm(4), sequence),
    (nn.LayerNorm(4), sequence),
    (nn.LocalResponseNorm(2, alpha=0.3), images),
    (nn.RNN(3, 1, bidirectional=True), steps),
    (nn.RNN(3, 2, nonlinearity="relu"), steps),
    (nn.LSTM(3, 1), steps),
    (nn.GRU(3, 1, batch_first=True), steps),
    (nn.MultiheadAttention(2, 2, batch_first=True), numbers(1, 3, 2), numbers(1, 2, 2), numbers(1, 2, 2)),
    (nn.PositionalEncoding(3), features),
    (nn.PositionalEmbedding(4, 3), features),
    (nn.RNNCell(3, 2), features),
    (nn.LSTMCell(3, 2), features),
    (nn.GRUCell(3, 2), features),
    (nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), features),
]
ACTIVATIONS: list[tuple[nn.Module, Any]] = [
    (nn.ReLU(), features),
    (nn.PReLU(3), features),
    (nn.LeakyReLU(0.2), features),
    (nn.Sigmoid(), features),
    (nn.Tanh(), features),
    (nn.Softmax(dim=0), features),
    (nn.LogSoftmax(dim=1), features),
    (nn.GELU(), features),
    (nn.GELU("tanh"), features),
    (nn.ELU(1.5), features),
    (nn.Softplus(2.0), features),
    (nn.GLU(), numbers(2, 4)),
    (nn.Threshold(0.3, 2.0), features),
    *(
        (getattr(nn, name)(), features)
        for name in (
            "CELU",
            "Hardshrink",
            "Hardsigmoid",
            "Hardswish",
            "Hardtanh",
            "LogSigmoid",
            "Mish",
            "ReLU6",
            "SELU",
            "SiLU",
            "Softmin",
            "Softshrink",
            "Softsign",
            "Tanhshrink",
        )
    ),
]
SIGNS = np.array([[1, -1, 1], [-1, -1, 1]])
LOSSES: list[tuple[Any, ...]] = [
    (nn.CosineSimilarity(), features, numbers(2, 3)),
    (nn.PairwiseDistance(), features, numbers(2, 3) + 0.11),
    (nn.CosineEmbeddingLoss(-0.9), features, numbers(2, 3), np.array([1, -1])),
    (nn.GaussianNLLLoss(full=True), features, numbers(2, 3), probabilities(2, 3)),
    (nn.HingeEmbeddingLoss(), features, SIGNS),
    (nn.MarginRankingLoss(0.1), features, numbers(2, 3) + 0.11, SIGNS),
    (nn.MultiLabelSoftMarginLoss(), features, probabilities(2, 3)),
    (nn.MultiMarginLoss(2), features, classes),
    (nn.PoissonNLLLoss(full=True), features, probabilities(2, 3) * 4),
    (nn.SmoothL1Loss(beta=0.6), features, numbers(2, 3) + 0.11),
    (nn.SoftMarginLoss(), features, SIGNS),
    (nn.TripletMarginLoss(9.0), features, numbers(2, 3) + 0.11, numbers(2, 3)),
    (nn.MSELoss(), features, numbers(2, 3)),
    (nn.L1Loss(reduction="sum"), features, numbers(2, 3) + 0.11),
    (nn.HuberLoss(delta=0.6), features, numbers(2, 3) + 0.11),
    (nn.HingeLoss(), features, np.array([[1, -1, 1], [-1, -1, 1]])),
    (nn.BCELoss(weight=weight), probabilities(2, 3), probabilities(2, 3)),
    (nn.BCEWithLogitsLoss(pos_weight=weight), features, probabilities(2, 3)),
    (nn.KLDivLoss(reduction="batchmean"), features, probabilities(2, 3)),
    (nn.KLDivLoss(log_target=True), features, np.log(probabilities(2, 3))),
    (nn.NLLLoss(weight=weight), features, classes),
    (nn.NLLLoss(ignore_index=0, reduction="none"), features, classes),
    (nn.CrossEntropyLoss(), features, classes),
    (nn.CrossEntropyLoss(weight=weight, label_smoothing=0.1, ignore_index=0), features, classes),
    (nn.CrossEntropyLoss(label_smoothing=0.1), features, probabilities(2, 3)),
    (nn.FocalLoss(1.5), features, classes),
]
EVERYTHING: list[tuple[Any, ...]] = [*LAYERS, *ACTIVATIONS, *LOSSES]


def flat(result: Any) -> tuple[Any, ...]:
    return tuple(x for part in result for x in flat(part)) if isinstance(result, tuple) else (result,)


@pytest.mark.parametrize(
    ("module", "inputs"), [pytest.param(module, inputs, id=repr(module)) for module, *inputs in EVERYTHING]
)
def test_derivatives_are_those_of_finite_differences(module: nn.Module, inputs: list[Any]) -> None:
    module.double()
    parameters = dict(module.named_parameters())
    owners = dict(module.named_modules())

    def call(*given: Any) -> Any:
        """The module with other parameters in the place of its own, and the same numbers dropped every time."""
        tg.manual_seed(0)
        for name, other in zip(parameters, given[len(inputs) :]):
            owner, _, attribute = name.rpartition(".")
            vars(owners[owner])[attribute] = other
        return flat(module(*given[: len(inputs)]))

    assert tg.gradcheck(call, (*inputs, *(p.numpy() for p in parameters.values())))


def test_nothing_that_computes_is_left_out() -> None:
    checked = {type(module) for module, *_ in EVERYTHING}
    exported = {x for x in vars(nn).values() if isinstance(x, type) and issubclass(x, nn.Module)}
    made_of_these = {x for x in exported if "transformer" in x.__module__}  # test_attention.py differentiates them
    assert exported - checked == {nn.Module, nn.ModuleList, nn.ModuleDict} | (made_of_these - checked)
