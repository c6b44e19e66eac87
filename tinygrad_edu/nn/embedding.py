"""Vectors for integers: learned ones, and one-hot ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.node import Node, number_of
from ..engine.primitives.elementwise import where
from ..engine.primitives.primitive import shape_of
from ..engine.primitives.shape import getitem
from ..errors import DtypeError, OutOfRangeError
from . import init
from .inputs import numeric
from .module import Module
from .parameter import Parameter, Shape

__all__ = ["Embedding", "class_indices", "embedding", "one_hot"]


def embedding(input: Any, weight: Any, padding_idx: int | None = None) -> Any:
    """The rows of weight (K, D) at the integers of input (...): (..., D). A row picked twice receives both gradients.

    The row `padding_idx` receives none. Raises `DtypeError` for what is no integer, `OutOfRangeError` for one that is
    no row.

    >>> import tinygrad_edu as tg
    >>> embedding([2, 0], tg.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    tensor([[5., 6.],
            [1., 2.]])
    """
    rows = class_indices("embedding", input, shape_of(weight)[0], "rows of the weight")
    found = getitem(weight, rows)
    if padding_idx is None:
        return found
    return where((rows == padding_idx)[..., None], number_of(weight)[padding_idx], found)


def one_hot(target: Any, num_classes: int = -1, dtype: Any = np.float32) -> np.ndarray:
    """Integers (...) as arrays with a 1 at the integer's place, (..., num_classes); by default 1 + the largest.

    Raises `DtypeError` for what is no integer, `OutOfRangeError` for one outside 0 to num_classes - 1.

    >>> one_hot([0, 2])
    array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    target = numeric("one_hot", target)
    n = num_classes if num_classes >= 0 else int(np.max(number_of(target), initial=-1)) + 1
    hot: np.ndarray = np.eye(n, dtype=dtype)[class_indices("one_hot", target, n, "classes")]
    return hot


def class_indices(function: str, x: Any, n: int, of: str, ignore: int | None = None) -> np.ndarray:
    """Integers from 0 to n - 1, or `ignore`, as an array of its own; what else x may be is refused."""
    array = np.array(number_of(x) if isinstance(x, Node) else x)
    if array.dtype.kind not in "iu" and array.size:
        raise DtypeError(
            f"{function}: needs whole numbers to pick {of}, and got {array.dtype}; a list of ints makes a float32 "
            "tensor, so write tg.tensor(..., dtype='int64') or give the list or array itself"
        )
    if array.size and not 0 <= np.minimum.reduce(array, None) <= np.maximum.reduce(array, None) < n:
        bad = array[((array < 0) | (array >= n)) & (array != ignore)]
        if bad.size:
            raise OutOfRangeError(f"{function}: {bad.flat[0]} is not among the {n} {of}, which are 0 to {n - 1}")
    return array.astype(np.intp, copy=False)


class Embedding(Module):
    """A learned vector for each of `num_embeddings` things: integers (...) to vectors (..., embedding_dim).

    `weight` (num_embeddings, embedding_dim) begins normal, the row `padding_idx` with zeros; that row does not learn.

    >>> import tinygrad_edu as tg
    >>> tg.nn.Embedding(10, 3)([[1, 2], [4, 1]]).shape
    (2, 2, 3)
    """

    def __init__(self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None) -> None:
        self.num_embeddings, self.embedding_dim, self.padding_idx = num_embeddings, embedding_dim, padding_idx
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise OutOfRangeError(f"Embedding: padding_idx {padding_idx} is none of the {num_embeddings} rows")
        if padding_idx is not None:
            self.padding_idx = padding_idx % num_embeddings
        self.weight = Parameter()
        self.build()

    def shapes(self) -> dict[str, Shape]:
        return {"weight": (self.num_embeddings, self.embedding_dim)}

    def reset_parameters(self) -> None:
        init.normal_(self.weight)
        if self.padding_idx is not None:
            self.weight.data = np.where(
                np.arange(self.num_embeddings)[:, None] == self.padding_idx, 0.0, self.weight.data
            )

    def forward(self, input: Any) -> Any:
        return embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
