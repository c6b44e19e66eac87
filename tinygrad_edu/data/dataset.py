"""Datasets: examples by index, one or a batch at a time; subsets, random splits and cross-validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy import ndarray

from ..engine.convert import array_of
from ..engine.messages import short
from ..engine.node import Node
from ..engine.random import generator
from ..errors import DtypeError, OutOfRangeError, ShapeError

__all__ = ["Dataset", "Subset", "TensorDataset", "k_fold", "random_split"]

Example = Any
"""The tuple of the parts of an example, such as an image and its label; or one array."""


class Dataset:
    """Examples by index. A subclass defines how many there are, and gives one of them:

    >>> class Squares(Dataset):
    ...     def __len__(self):
    ...         return 5
    ...     def __getitem__(self, index):
    ...         return float(index), float(index**2)
    >>> Squares().batch([1, 3])
    (array([1., 3.], dtype=float32), array([1., 9.], dtype=float32))
    """

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__}: a Dataset defines __len__(self), the number of its examples")

    def __getitem__(self, index: Any) -> Example:
        raise NotImplementedError(f"{type(self).__name__}: a Dataset defines __getitem__(self, index), an example")

    def batch(self, indices: Sequence[int] | ndarray) -> tuple[ndarray, ...]:
        """The examples at these indices, stacked part by part: images (N, ...), labels (N,).

        An example that is no tuple but one number or array makes a tuple of one. Python floats become float32, as in a
        Tensor.

        Raises `ShapeError` where the examples differ in shape or number of parts, and `DtypeError` where they are not
        made of numbers.
        """
        examples = [x if isinstance(x, (tuple, list)) else (x,) for x in (self[int(i)] for i in indices)]
        if len(sizes := sorted({len(x) for x in examples})) > 1:
            raise ShapeError(f"batch: an example of {sizes[0]} parts and one of {sizes[1]} do not make a batch")
        if sizes == [0]:
            raise ShapeError("batch: an example is an empty tuple, and a batch of these has no parts")
        return tuple(_stacked(column) for column in zip(*examples))


class TensorDataset(Dataset):
    """Arrays or Tensors of one length; their i-th items are example i.

    Raises `ShapeError` where the lengths differ.

    >>> import numpy as np
    >>> data = TensorDataset(np.zeros((3, 2)), np.array([0, 1, 0]))
    >>> len(data), data[1]
    (3, (array([0., 0.]), np.int64(1)))
    """

    def __init__(self, *arrays: Any) -> None:
        if not arrays:
            raise ShapeError("TensorDataset: give at least one array")
        self.arrays = tuple(array_of(x) for x in arrays)
        shapes = [np.shape(x) for x in self.arrays]
        if any(not shape for shape in shapes) or len({shape[0] for shape in shapes}) > 1:
            raise ShapeError(f"TensorDataset: the arrays have one length, and these have shapes {shapes}")

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, index: Any) -> Example:
        return tuple(x[index] for x in self.arrays)

    def batch(self, indices: Sequence[int] | ndarray) -> tuple[ndarray, ...]:
        """The items at these indices, copied."""
        rows = places(self, indices)
        return tuple(x[rows] for x in self.arrays)


class Subset(Dataset):
    """Some examples of a dataset, by their indices there, of which negative ones count from the end.

    Raises `OutOfRangeError` for an index outside the dataset.

    >>> import numpy as np
    >>> Subset(TensorDataset(np.arange(5) * 10), [4, 0])[0]
    (np.int64(40),)
    """

    def __init__(self, dataset: Any, indices: Sequence[int] | ndarray) -> None:
        self.dataset = as_dataset("Subset", dataset)
        self.indices = places(self.dataset, indices, "Subset")

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any) -> Example:
        return self.dataset[self.indices[index]]

    def batch(self, indices: Sequence[int] | ndarray) -> tuple[ndarray, ...]:
        """The examples at these indices, stacked."""
        return self.dataset.batch(self.indices[places(self, indices)])


def random_split(dataset: Any, lengths: Sequence[float], seed: Any = 0) -> list[Subset]:
    """Split a dataset at random into subsets of these lengths, or of these fractions, which sum to 1.0.

    Examples that fractions leave over go to the first subsets, one each. The same seed gives the same subsets.

    Raises `ShapeError` where the lengths sum neither to the length of the dataset nor to 1.0.

    >>> import numpy as np
    >>> train, test = random_split(TensorDataset(np.arange(10)), [0.8, 0.2])
    >>> len(train), len(test)
    (8, 2)
    """
    dataset = as_dataset("random_split", dataset)
    n, lengths = len(dataset), np.asarray(lengths).tolist()
    sizes = [int(length) for length in lengths]
    if any(isinstance(share, float) for share in lengths) and abs(sum(lengths) - 1) < 1e-6:
        sizes = [int(n * share) for share in lengths]
        for i in range(n - sum(sizes)):
            sizes[i % len(sizes)] += 1
    if sum(sizes) != n or min(sizes, default=-1) < 0:
        raise ShapeError(f"random_split: {list(lengths)} sum neither to the {n} examples there are nor to 1.0")
    order = generator(seed).permutation(n)
    return [Subset(dataset, part) for part in np.split(order, np.cumsum(sizes)[:-1])]


def k_fold(dataset: Any, k: int, seed: Any = 0) -> list[tuple[Subset, Subset]]:
    """Cross-validation: k pairs (training, validation). Each example is in one validation set, chosen at random.

    Raises `ShapeError` where k is below 2 or above the number of examples.

    >>> import numpy as np
    >>> [(len(train), len(validation)) for train, validation in k_fold(TensorDataset(np.arange(10)), 3)]
    [(6, 4), (7, 3), (7, 3)]
    """
    dataset = as_dataset("k_fold", dataset)
    if not 2 <= k <= len(dataset):
        raise ShapeError(f"k_fold: k is from 2 to the number of examples, {len(dataset)}, not {k}")
    folds = np.array_split(generator(seed).permutation(len(dataset)), k)
    return [
        (Subset(dataset, np.concatenate(folds[:i] + folds[i + 1 :])), Subset(dataset, fold))
        for i, fold in enumerate(folds)
    ]


class Listed(Dataset):
    """The items of a list, or of anything else that has a length and items."""

    def __init__(self, items: Any) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: Any) -> Example:
        return self.items[index]


def as_dataset(function: str, examples: Any) -> Dataset:
    """The examples as a dataset: one already, an array, or what has a length and items, such as a list of pairs.

    >>> len(as_dataset("DataLoader", [([0.0, 1.0], 1), ([1.0, 1.0], 0)]))
    2
    """
    if isinstance(examples, Dataset):
        return examples
    if isinstance(examples, (ndarray, Node)):
        return TensorDataset(examples)
    has_items = hasattr(examples, "__len__") and hasattr(examples, "__getitem__")
    if not has_items or isinstance(examples, (str, bytes, Mapping)):
        raise DtypeError(
            f"{function}: needs a Dataset or a list of examples, not {type(examples).__name__}; TensorDataset(X, y) "
            "makes one of arrays"
        )
    return Listed(examples)


def places(dataset: Dataset, indices: Sequence[int] | ndarray, function: str = "") -> ndarray:
    """Indices of examples, counted from the front."""
    array, n, function = np.asarray(indices), len(dataset), function or type(dataset).__name__
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise DtypeError(f"{function}: examples are chosen by whole numbers, not {short(indices)}")
    outside = array[(array < -n) | (array >= n)]
    if len(outside):
        raise OutOfRangeError(f"{function}: there is no example {outside[0]} among {n}")
    return array.astype(np.intp) % max(1, n)


def _stacked(items: Sequence[Any]) -> ndarray:
    """One part of several examples, as one array."""
    nested = [x for x in items if isinstance(x, (tuple, dict)) and not all(isinstance(y, Real) for y in x)]
    if nested:
        raise DtypeError(
            "batch: an example is one array, or a tuple of numbers and arrays, and here it has a "
            f"{type(nested[0]).__name__} in it; give its parts side by side, as in (image, box, label)"
        )
    try:
        arrays = [array_of(x) for x in items]
    except ValueError:
        raise ShapeError(f"batch: {short(items[0])} holds lists of different lengths; pad them") from None
    shapes = sorted({x.shape for x in arrays})
    if len(shapes) > 1:
        raise ShapeError(f"batch: examples of shapes {shapes[0]} and {shapes[1]} cannot stand in one array; pad them")
    batch = np.stack(arrays)
    if batch.dtype.kind not in "biuf":
        raise DtypeError(f"batch: an example is made of numbers or arrays of numbers, not {type(items[0]).__name__}")
    return batch.astype(np.float32) if any(type(x) is float for x in items) else batch
