"""Layers of features: linear, embedding, flatten and dropout, with their functions. `linear` is a row of the engine."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from .._support.languages import texts
from ..engine.arrays import plain
from ..engine.messages import check, probability, several
from ..engine.node import number_of, shape_of
from ..engine.parts import for_examples
from ..engine.primitives.einsum import einsum
from ..engine.primitives.elementwise import maximum, where
from ..engine.primitives.fused import linear
from ..engine.primitives.indexing import getitem
from ..engine.primitives.reductions import norm
from ..engine.primitives.shape import flatten, reshape
from ..engine.random import generator
from ..errors import OutOfRangeError, ShapeError
from . import init
from .module import Module
from .parameter import Parameter, Shape, class_indices, data_for, numeric, real

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "AlphaDropout", "Bilinear", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "Embedding", "Flatten", "Linear",
    "Unflatten",
]  # fmt: skip


def embedding(input: Any, weight: Any, padding_idx: int | None = None) -> Any:
    """The rows of weight (K, D) at the integers of input (...): (..., D). A row picked twice receives both gradients.

    The row `padding_idx` receives none. Raises `DtypeError` if the input is not of integers, `OutOfRangeError` if one
    of them, or `padding_idx`, is not the index of a row, `ShapeError` if the weight does not have two axes.

    >>> import tinygrad_edu as tg
    >>> embedding([2, 0], tg.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    tensor([[5., 6.],
            [1., 2.]])
    """
    n, _ = _rows_and_columns("embedding", weight)
    rows = class_indices("embedding", input, n, texts("rows of the weight"))
    found = getitem(weight, rows)
    if padding_idx is None:
        return found
    padding = _padding_row(padding_idx, n)
    return where((rows == padding)[..., None], number_of(weight)[padding], found)


def _rows_and_columns(function: str, weight: Any) -> tuple[int, ...]:
    shape = shape_of(weight)
    if len(shape) != 2:
        text = texts("{name}: the weight is (K, D), a row for each of K integers; {shape} is not")
        raise ShapeError(text, name=function, shape=shape)
    return shape


def _padding_row(index: int, rows: int) -> int:
    """The row that is meant: a negative index counts from the end."""
    if not -rows <= index < rows:
        raise OutOfRangeError("embedding: padding_idx {index} is none of the {n} rows", index=index, n=rows)
    return index % rows


def one_hot(target: Any, num_classes: int = -1, dtype: Any = np.float32) -> np.ndarray:
    """Integers (...) as arrays with a 1 at the integer's place, (..., num_classes); by default 1 + the largest.

    Raises `DtypeError` if the target is not of integers, `OutOfRangeError` for one outside 0 to num_classes - 1.

    >>> one_hot([0, 2])
    array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    target = numeric("one_hot", target)
    n = num_classes if num_classes >= 0 else int(np.max(number_of(target), initial=-1)) + 1
    hot: np.ndarray = plain(np.eye(n, dtype=dtype)[class_indices("one_hot", target, n, texts("classes"))])
    return hot


def dropout(
    x: Any, p: float = 0.5, training: bool = True, seed: Any = None, *, shape: Any = None, batch_axis: int = 0
) -> Any:
    """In training, each number is 0 with probability p, else divided by 1 - p to keep the mean; otherwise x itself.

    Srivastava et al. (2014). `seed` is an int or a `numpy.random.Generator`; without one the numbers come from the
    package's own generator, which `tg.manual_seed` sets. Numbers are dropped together where `shape`, which broadcasts
    with x's, has one for several. The examples lie along `batch_axis`; several threads of `train.fit` need to know it.
    Raises `OutOfRangeError` if p is not a probability.

    >>> import tinygrad_edu as tg
    >>> dropout(tg.ones(6), 0.5, seed=1)
    tensor([0., 2., 2., 2., 0., 0.])
    """
    probability("dropout", p=p)
    if not training or p == 0:
        return x
    x = numeric("dropout", x)
    if p == 1:
        return x * 0.0
    kind = x.dtype if hasattr(x, "dtype") and x.dtype.kind == "f" else np.dtype(float)
    sizes = shape_of(x) if shape is None else shape
    drawn = for_examples("dropout", lambda sizes: generator(seed).random(sizes, np.float32), sizes, batch_axis)
    return x * ((drawn >= p).astype(kind) * (1 / (1 - p)))


def alpha_dropout(x: Any, p: float = 0.5, training: bool = True, seed: Any = None) -> Any:
    """Dropout for networks of `selu`: dropped numbers become its lowest value, and mean 0 and variance 1 are kept.

    Klambauer et al., arXiv:1706.02515. The other arguments and the errors are those of `dropout`.

    >>> import tinygrad_edu as tg
    >>> alpha_dropout(tg.ones(4), 0.5, seed=1).data.round(2)
    array([-0.78,  1.67,  1.67,  1.67], dtype=float32)
    """
    probability("alpha_dropout", p=p)
    if not training or p == 0:
        return x
    x, low = numeric("alpha_dropout", x), -1.7580993408473766  # -scale · alpha of `selu`
    if p == 1:
        return x * 0.0
    keep = dropout(np.ones(shape_of(x), getattr(x, "dtype", float)), p, seed=seed) * (1 - p)
    scale = 1 / math.sqrt((1 - p) * (1 + p * low**2))
    return (x * keep + low * (1.0 - keep)) * scale - low * p * scale


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:
    """The input divided by its p-norm along the axis `dim`; no norm counts as less than eps.

    >>> import tinygrad_edu as tg
    >>> normalize(tg.tensor([[3.0, 4.0]]))
    tensor([[0.6, 0.8]])
    """
    x = real("normalize", input)
    return x / maximum(norm(x, p, axis=dim, keepdims=True), eps)


def bilinear(x1: Any, x2: Any, weight: Any, bias: Any = None) -> Any:
    """x1ᵀ W x2 + b for each W in weight (O, I, J): x1 (..., I) and x2 (..., J) give (..., O).

    >>> import tinygrad_edu as tg
    >>> bilinear(tg.tensor([1.0, 2.0]), tg.tensor([3.0]), tg.tensor([[[10.0], [1.0]]]))
    tensor([36.])
    """
    many = shape_of(x1)[:-1]
    if many != shape_of(x2)[:-1] or shape_of(weight)[1:] != (*shape_of(x1)[-1:], *shape_of(x2)[-1:]):
        text = texts("bilinear: x1 (..., I), x2 (..., J) and weight (O, I, J), not {x1}, {x2} and {weight}")
        raise ShapeError(text, x1=shape_of(x1), x2=shape_of(x2), weight=shape_of(weight))
    check("bilinear", x1, x2, weight)
    rows = [reshape(x, (math.prod(many), shape_of(x)[-1])) for x in (x1, x2)]
    y = reshape(einsum("ni,oij,nj->no", rows[0], weight, rows[1]), (*many, shape_of(weight)[0]))
    return y if bias is None else y + bias


class Linear(Module):
    """y = x Wᵀ + b, for x of shape (..., in_features); y has shape (..., out_features).

    Parameters
    ----------
    in_features : size of the last axis of x; None learns it at the first call.
    out_features : size of the last axis of y.
    bias : whether b is added.

    `weight` has shape (out_features, in_features), `bias` (out_features,). Both begin uniform between ±1/√in_features,
    as in PyTorch.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.Linear(None, 10)
    >>> layer.weight
    uninitialized(10, ?)
    >>> layer(tg.randn(5, 784)).shape, layer.weight.shape
    ((5, 10), (10, 784))
    """

    open_sizes: ClassVar = {"in_features": -1}

    def __init__(self, in_features: int | None, out_features: int, bias: bool = True) -> None:
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter()
        self.bias: Any = Parameter() if bias else None
        self.build()

    def shapes(self) -> dict[str, Shape]:
        return {"weight": (self.out_features, self.in_features), "bias": (self.out_features,)}

    def reset_parameters(self) -> None:
        init.begin_uniform(self, self.in_features or 0)

    def forward(self, x: Any) -> Any:
        return linear(data_for(self, x, self.weight), self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Bilinear(Module):
    """x1ᵀ W x2 + b, for x1 (..., in1_features) and x2 (..., in2_features); see `nn.functional.bilinear`.

    `weight` (out_features, in1_features, in2_features) and `bias` begin uniform between ±1/√in1_features.

    >>> import tinygrad_edu as tg
    >>> tg.nn.Bilinear(3, 4, 5)(tg.randn(2, 3), tg.randn(2, 4)).shape
    (2, 5)
    """

    def __init__(self, in1_features: int, in2_features: int, out_features: int, bias: bool = True) -> None:
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        self.weight = Parameter()
        self.bias = Parameter() if bias else None
        self.build()

    def shapes(self) -> dict[str, Shape]:
        inputs = (self.in1_features, self.in2_features)
        return {"weight": (self.out_features, *inputs), "bias": (self.out_features,)}

    def reset_parameters(self) -> None:
        init.begin_uniform(self, self.in1_features)

    def forward(self, x1: Any, x2: Any) -> Any:
        return bilinear(data_for(self, x1, self.weight), data_for(self, x2, self.weight), self.weight, self.bias)

    def extra_repr(self) -> str:
        sizes = (f"{name}={getattr(self, name)}" for name in ("in1_features", "in2_features", "out_features"))
        return f"{', '.join(sizes)}, bias={self.bias is not None}"


class Embedding(Module):
    """A learned vector for each of `num_embeddings` things: integers (...) to vectors (..., embedding_dim).

    `weight` (num_embeddings, embedding_dim) begins normal, the row `padding_idx` with zeros; that row does not learn.

    >>> import tinygrad_edu as tg
    >>> tg.nn.Embedding(10, 3)([[1, 2], [4, 1]]).shape
    (2, 2, 3)
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, *, _weight: Any = None,
        _freeze: bool = False,
    ) -> None:  # fmt: skip
        if padding_idx is not None:
            padding_idx = _padding_row(padding_idx, num_embeddings)
        self.num_embeddings, self.embedding_dim, self.padding_idx = num_embeddings, embedding_dim, padding_idx
        self.weight = Parameter(_weight, not _freeze)  # random numbers are drawn only where there is none
        self.build()

    def shapes(self) -> dict[str, Shape]:
        return {"weight": (self.num_embeddings, self.embedding_dim)}

    def reset_parameters(self) -> None:
        init.normal_(self.weight)
        if self.padding_idx is not None:
            is_padding = np.arange(self.num_embeddings)[:, None] == self.padding_idx
            self.weight.data = np.where(is_padding, 0.0, self.weight.data)

    @classmethod
    def from_pretrained(cls, embeddings: Any, freeze: bool = True, padding_idx: int | None = None) -> Self:
        """A layer with these vectors (num_embeddings, embedding_dim), which learns only if it is not to `freeze`.

        >>> import tinygrad_edu as tg
        >>> tg.nn.Embedding.from_pretrained([[1.0, 2.0], [3.0, 4.0]])([1])
        tensor([[3., 4.]])
        """
        n, size = _rows_and_columns("from_pretrained", embeddings)
        return cls(n, size, padding_idx, _weight=embeddings, _freeze=freeze)

    def forward(self, input: Any) -> Any:
        return embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"


class Flatten(Module):
    """The axes from `start_dim` to `end_dim` made into one: (N, C, H, W) becomes (N, C·H·W).

    >>> import tinygrad_edu as tg
    >>> tg.nn.Flatten()(tg.zeros((2, 3, 4))).shape
    (2, 12)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x: Any) -> Any:
        return flatten(x, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """The axis `dim` as several of the sizes `unflattened_size`, of which one may be -1: the opposite of `Flatten`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.Unflatten(1, (3, -1))(tg.zeros((2, 12))).shape
    (2, 3, 4)
    """

    def __init__(self, dim: int, unflattened_size: Any) -> None:
        self.dim, self.unflattened_size = dim, several(unflattened_size)

    def forward(self, x: Any) -> Any:
        shape = shape_of(x)
        if not -len(shape) <= self.dim < len(shape):
            raise ShapeError("Unflatten: dim {dim} is no axis of {shape}", dim=self.dim, shape=shape)
        axis = self.dim % len(shape)
        sizes = shape_of(reshape(np.empty(shape[axis]), self.unflattened_size))  # of this axis alone, to know the -1
        return reshape(x, (*shape[:axis], *sizes, *shape[axis + 1 :]))

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


class Dropout(Module):
    """In training, each number is 0 with probability p, else divided by 1 - p; after `eval()` x itself. See `dropout`.

    >>> import tinygrad_edu as tg
    >>> _ = tg.manual_seed(1)
    >>> layer = tg.nn.Dropout(0.5)
    >>> layer(tg.ones(6))
    tensor([0., 2., 2., 2., 0., 0.])
    >>> layer.eval()(tg.ones(6))
    tensor([1., 1., 1., 1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        probability(type(self).__name__, p=p)
        self.p = p  # the result is always new, and `inplace` there for PyTorch's programs

    def forward(self, x: Any) -> Any:
        return dropout(x, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class DropoutOfChannels(Dropout):
    """The base class of dropout that drops whole channels."""

    axes: ClassVar[int]

    def forward(self, x: Any) -> Any:
        shape = shape_of(x)
        if len(shape) not in (self.axes + 1, self.axes + 2):
            text = texts("{name}: channels with {n} axes behind them, not {shape}")
            raise ShapeError(text, name=type(self).__name__, n=self.axes, shape=shape)
        return dropout(x, self.p, self.training, shape=shape[: -self.axes] + (1,) * self.axes)


class Dropout1d(DropoutOfChannels):
    """Dropout of whole channels of (N, C, L) or (C, L); see `dropout`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.Dropout1d(0.5)(tg.ones((2, 3, 4))).shape
    (2, 3, 4)
    """

    axes = 1


class Dropout2d(DropoutOfChannels):
    """Dropout of whole channels of (N, C, H, W) or (C, H, W); Tompson et al. (2015). See `dropout`.

    >>> import tinygrad_edu as tg
    >>> _ = tg.manual_seed(1)
    >>> tg.nn.Dropout2d(0.5)(tg.ones((1, 3, 1, 2))).tolist()
    [[[[0.0, 0.0]], [[2.0, 2.0]], [[2.0, 2.0]]]]
    """

    axes = 2


class Dropout3d(DropoutOfChannels):
    """Dropout of whole channels of (N, C, D, H, W) or (C, D, H, W); see `dropout`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.Dropout3d(0.5)(tg.ones((2, 3, 1, 2, 2))).shape
    (2, 3, 1, 2, 2)
    """

    axes = 3


class AlphaDropout(Dropout):
    """Dropout for networks of `selu`; see `nn.functional.alpha_dropout`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.AlphaDropout(0.5).eval()(tg.ones(2))
    tensor([1., 1.])
    """

    def forward(self, x: Any) -> Any:
        return alpha_dropout(x, self.p, self.training)
