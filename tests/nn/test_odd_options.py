"""Options of a wrong type or size are refused in the package's own words, whatever the function or layer."""

from __future__ import annotations

import warnings
from contextlib import suppress
from inspect import Parameter, signature
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg

nn: Any = tg.nn
F: Any = tg.nn.functional
optim: Any = tg.optim

ODD: tuple[Any, ...] = ("x", -1, 0, float("nan"), None, 1.5, (1, 2, 3, 4, 5, 6, 7), [], object(), True)
X: Any = tg.tensor(np.random.default_rng(0).random((2, 4)), "float32")
SIGNS = np.array([[1.0, -1.0, 1.0, -1.0]] * 2)
CLASSES = np.array([0, 1])
SEQUENCE = tg.ones((5, 2, 4))


def images(n: int) -> Any:
    return tg.tensor(np.random.default_rng(0).random((2, 4) + (4,) * n), "float32")


FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "attention_weights": (X, X), "batch_norm": (X, np.zeros(4), np.ones(4)), "bilinear": (X, X, tg.ones((3, 4, 4))),
    "binary_cross_entropy": (X, X), "binary_cross_entropy_with_logits": (X, X),
    "cosine_embedding_loss": (X, X, SIGNS[:, 0]), "cosine_similarity": (X, X), "cross_entropy": (X, CLASSES),
    "embedding": (CLASSES, X), "focal_loss": (X, CLASSES), "gaussian_nll_loss": (X, X, X), "group_norm": (X, 2),
    "hinge_embedding_loss": (X, SIGNS), "hinge_loss": (X, SIGNS), "huber_loss": (X, X), "instance_norm": (images(1),),
    "interpolate": (images(2), 2), "kl_div": (X, X), "l1_loss": (X, X), "layer_norm": (X, (4,)),
    "linear": (X, tg.ones((3, 4))), "local_response_norm": (images(1), 2), "margin_ranking_loss": (X, X, SIGNS),
    "mse_loss": (X, X), "multi_margin_loss": (X, CLASSES), "multilabel_soft_margin_loss": (X, X),
    "nll_loss": (X, CLASSES), "one_hot": (CLASSES,), "pad": (X, (1, 1)), "pairwise_distance": (X, X),
    "pixel_shuffle": (images(2), 2), "pixel_unshuffle": (images(2), 2), "poisson_nll_loss": (X, X),
    "positional_encoding": (4, 4), "prelu": (X, tg.tensor([0.1])), "rms_norm": (X, (4,)),
    "scaled_dot_product_attention": (X, X, X), "smooth_l1_loss": (X, X), "soft_margin_loss": (X, SIGNS),
    "threshold": (X, 0.0, 0.0), "triplet_margin_loss": (X, X, X),
}  # fmt: skip
"""Arguments of a right call, where they are not one array, or images and the size of a window."""

LAYERS: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    "Bilinear": ((4, 4, 3), (X, X)), "CosineEmbeddingLoss": ((), (X, X, SIGNS[:, 0])),
    "CosineSimilarity": ((), (X, X)), "CrossEntropyLoss": ((), (X, CLASSES)), "Embedding": ((4, 3), (CLASSES,)),
    "FocalLoss": ((), (X, CLASSES)), "GRU": ((4, 3), (SEQUENCE,)), "GRUCell": ((4, 3), (X,)),
    "GaussianNLLLoss": ((), (X, X, X)), "GlobalAvgPool": ((), (images(1),)), "GroupNorm": ((2, 4), (X,)),
    "HingeEmbeddingLoss": ((), (X, SIGNS)), "HingeLoss": ((), (X, SIGNS)), "LSTM": ((4, 3), (SEQUENCE,)),
    "LSTMCell": ((4, 3), (X,)), "LayerNorm": ((4,), (X,)), "Linear": ((4, 3), (X,)),
    "LocalResponseNorm": ((2,), (images(1),)), "MarginRankingLoss": ((), (X, X, SIGNS)),
    "MultiMarginLoss": ((), (X, CLASSES)), "MultiheadAttention": ((4, 2), (SEQUENCE,) * 3),
    "NLLLoss": ((), (X, CLASSES)), "PairwiseDistance": ((), (X, X)), "PixelShuffle": ((2,), (images(2),)),
    "PixelUnshuffle": ((2,), (images(2),)), "PositionalEmbedding": ((5, 4), (SEQUENCE,)),
    "PositionalEncoding": ((4,), (SEQUENCE,)), "RMSNorm": ((4,), (X,)), "RNN": ((4, 3), (SEQUENCE,)),
    "RNNCell": ((4, 3), (X,)), "SoftMarginLoss": ((), (X, SIGNS)), "Threshold": ((0.0, 0.0), (X,)),
    "Transformer": ((4, 2, 1, 1, 8), (SEQUENCE, SEQUENCE)),
    "TransformerDecoder": ((nn.TransformerDecoderLayer(4, 2, 8), 1), (SEQUENCE, SEQUENCE)),
    "TransformerDecoderLayer": ((4, 2, 8), (SEQUENCE, SEQUENCE)),
    "TransformerEncoder": ((nn.TransformerEncoderLayer(4, 2, 8), 1), (SEQUENCE,)),
    "TransformerEncoderLayer": ((4, 2, 8), (SEQUENCE,)), "TripletMarginLoss": ((), (X, X, X)),
    "Unflatten": ((1, (2, 2)), (X,)), "Upsample": ((2,), (images(2),)),
}  # fmt: skip
"""Arguments of a right layer, and its inputs."""

CONTAINERS = {"Lambda", "Module", "ModuleDict", "ModuleList", "Sequential"}


def arguments(name: str) -> tuple[Any, ...]:
    if name in FUNCTIONS or name[-2:] not in ("1d", "2d", "3d"):
        return FUNCTIONS.get(name, (X,))
    n = int(name[-2])
    weights = (4, 3) if "transpose" in name else (3, 4)
    return (images(n), tg.ones(weights + (2,) * n) if "conv" in name else 2)


def made_and_called(name: str) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    if name in LAYERS or name[-2:] not in ("1d", "2d", "3d"):
        return LAYERS.get(name, ((), (X, X) if name.endswith("Loss") else (X,)))
    n = int(name[-2])
    kinds = {"Conv": (4, 3, 2), "Norm": (4,), "Drop": ()}
    return next((given for kind, given in kinds.items() if kind in name), (2,)), (images(n),)


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("name", F.__all__)
def test_a_function_computes_or_says_what_is_wrong(name: str) -> None:
    function, args = getattr(F, name), arguments(name)
    function(*args)
    row = getattr(function, "attrs", None)
    for option in list(signature(function).parameters)[len(args) :] if row is None else row:
        for odd in ODD:
            with suppress(tg.TinygradError):
                function(*args, **{option: odd})
    for i, arg in enumerate(args):
        if row is None and not isinstance(arg, (tg.Tensor, np.ndarray)):
            for odd in ODD:
                with suppress(tg.TinygradError):
                    function(*args[:i], odd, *args[i + 1 :])


NAMES = [
    name for name in nn.__all__
    if isinstance(getattr(nn, name), type) and issubclass(getattr(nn, name), nn.Module) and name not in CONTAINERS
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_layer_computes_or_says_what_is_wrong(name: str) -> None:
    layer = getattr(nn, name)
    given, inputs = made_and_called(name)
    layer(*given)(*inputs)
    parameters = signature(layer).parameters.values()
    options = [x.name for x in parameters if x.kind is not Parameter.VAR_POSITIONAL]
    for option in options:
        for odd in ODD:
            with suppress(tg.TinygradError):
                layer(**{**dict(zip(options, given)), option: odd})(*inputs)


@pytest.mark.parametrize(("wrong", "said"), [
    (lambda: F.one_hot(CLASSES, 2.0), "one_hot: num_classes is a whole number, not float 2.0"),
    (lambda: F.glu(X, "x"), "glu: dim is a whole number, not str 'x'"),
    (lambda: F.gaussian_nll_loss(X, X, X, eps=None), "gaussian_nll_loss: eps is a number, not NoneType None"),
    (lambda: F.scaled_dot_product_attention(X, X, X, scale="x"), "scale is a number or None, not str"),
    (lambda: F.interpolate(images(2), 0), "interpolate: nothing would be left of"),
    (lambda: F.interpolate(images(2)[:, :, :0], 3), "interpolate: nothing would be left of"),
    (lambda: F.adaptive_max_pool2d(images(2), 2, True), r"takes 2 .*; it is adaptive_max_pool2d\(x, output_size\)"),
    (lambda: F.glu(X, axes=1), "glu has no argument axes; it has x and dim"),
    (lambda: nn.GLU(1.5), "GLU: dim is a whole number, not float 1.5"),
    (lambda: nn.Dropout("x"), "Dropout: p is a number, not str 'x'"),
    (lambda: nn.RNN(4, 3, num_layers="x"), "RNN: num_layers is a whole number"),
    (lambda: nn.TransformerEncoder(nn.Identity(), 1, "x"), "TransformerEncoder: norm is a layer or None, not str 'x'"),
    (lambda: nn.GroupNorm(0, 4), "GroupNorm"),
    (lambda: nn.Linear(4), r"missing .*'out_features'; it is Linear\(in_features, out_features, bias=True\)"),
    (lambda: optim.SGD([nn.Parameter([1.0])]).step(1.0), "SGD: step takes nothing, or a function"),
    (lambda: (tg.tensor([1.0], requires_grad=True) > 0).float(), "no tensor, and has no float: here it is x"),
])  # fmt: skip
def test_what_is_wrong_is_named(wrong: Any, said: str) -> None:
    with pytest.raises((tg.TinygradError, AttributeError), match=said):
        wrong()


@pytest.mark.parametrize("name", ["clip_grad_norm_", "clip_grad_value_"])
@pytest.mark.parametrize("odd", ODD)
def test_clipping_computes_or_says_what_is_wrong(name: str, odd: Any) -> None:
    w = tg.tensor([3.0, 4.0], requires_grad=True)
    (w * w).sum().backward()
    with suppress(tg.TinygradError):
        getattr(optim, name)([w], odd)
    assert w.grad is not None


def of_numpy(x: Any) -> Any:
    """A number as NumPy has it; anything else is what it is."""
    return {int: np.int64, float: np.float32}.get(type(x), lambda x: x)(x)


@pytest.mark.parametrize("name", NAMES)
def test_a_layer_takes_numbers_of_numpy(name: str) -> None:
    layer = getattr(nn, name)
    given, inputs = made_and_called(name)
    layer(*map(of_numpy, given))(*inputs)
    for option, parameter in list(signature(layer).parameters.items())[len(given) :]:
        if type(parameter.default) in (int, float):
            layer(*given, **{option: of_numpy(parameter.default)})(*inputs)


def test_numbers_of_numpy_are_numbers() -> None:
    assert nn.Linear(np.int64(4), np.int8(3)).out_features == 3
    assert nn.LeakyReLU(np.float32(0.5))(tg.tensor([-2.0])).item() == F.leaky_relu(tg.tensor([-2.0]), 0.5).item() == -1
    np.testing.assert_array_equal(F.one_hot(CLASSES, np.int8(2)), np.eye(2))


def test_a_layer_of_the_users_own_raises_what_it_raises() -> None:
    class Mine(tg.nn.Module):
        def __init__(self, width: int) -> None:
            self.width = width
            if width == "two":  # type: ignore[comparison-overlap]
                raise KeyError(width)

    assert Mine("one").width == "one"  # type: ignore[arg-type, comparison-overlap]
    with pytest.raises(KeyError):
        Mine("two")  # type: ignore[arg-type]


def test_a_closure_computes_the_loss_before_the_step() -> None:
    w = tg.tensor([3.0], requires_grad=True)

    def closure() -> Any:
        loss = (w * w).sum()
        loss.backward()
        return loss

    assert optim.SGD([w], lr=0.25).step(closure).item() == 9.0
    assert w.tolist() == [1.5]


OF_SETTINGS = [
    x for x in map(nn.__dict__.get, nn.__all__) if isinstance(x, type) and getattr(x, "is_made_of_settings", False)
]
LOSSES = [x for x in OF_SETTINGS if x.__module__ == nn.losses.__name__]
NO_ARGUMENTS = {nn.GlobalAvgPool, nn.Identity, nn.Module}  # Python says so


@pytest.mark.parametrize("layer", [x for x in OF_SETTINGS if x not in NO_ARGUMENTS and x not in LOSSES])
@pytest.mark.parametrize("x", [X, np.ones((2, 4))], ids=["tensor", "array"])
def test_a_layer_that_is_made_of_data_says_that_data_come_in_the_call(layer: Any, x: Any) -> None:
    with pytest.raises(tg.DtypeError, match=rf"^{layer.__name__}: is made of settings.* {layer.__name__}\(...\)\(x\)"):
        layer(x)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("target", [X, CLASSES, tg.Value(1.0)], ids=["tensor", "classes", "value"])
def test_a_loss_that_is_made_of_data_says_that_data_come_in_the_call(loss: Any, target: Any) -> None:
    with pytest.raises(tg.DtypeError, match=rf"^{loss.__name__}: is made of settings.*{loss.__name__}\(...\)\(x, y\)"):
        loss(X, target)
