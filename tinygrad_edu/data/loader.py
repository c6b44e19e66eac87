"""`DataLoader`: the batches of a dataset, in an order that depends on a seed alone."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ..engine.messages import is_whole, short, whole_from
from ..engine.messages.pytorch import TakesPyTorchsArguments
from ..engine.tensor import Tensor
from ..errors import DtypeError, ShapeError
from .dataset import as_dataset

__all__ = ["DataLoader"]


class DataLoader(TakesPyTorchsArguments):
    """The batches of a dataset, as Tensors. Each iteration is one pass over the dataset.

    Parameters
    ----------
    dataset : what to read: a `Dataset`, or a list of examples, such as pairs of an image and a label.
    batch_size : how many examples a batch has; the last one may have fewer.
    shuffle : whether each pass has a random order of its own.
    drop_last : whether to skip a last batch that is not full.
    transform : changes the first array of each batch: a function `(images, generator) -> images`, such as
        `RandomCrop(28, padding=2)`, or several, applied in order.
    seed : of the orders and of the transforms.
    bucket_by : the length of each example; those of similar length then share a batch, so that little is padded.

    All that is random in a pass depends on the seed and on the number of the pass, `loader.epoch`, alone. To repeat a
    pass, set `loader.epoch` to its number before iterating.

    Raises `DtypeError` for a dataset that has no length or no items, `ShapeError` for a batch size below 1, or
    lengths of another number than that of the examples.

    >>> import numpy as np
    >>> from tinygrad_edu.data import TensorDataset
    >>> loader = DataLoader(TensorDataset(np.arange(5)), batch_size=2, shuffle=True, seed=1)
    >>> [x.tolist() for (x,) in loader]
    [[4, 0], [1, 2], [3]]
    >>> [x.tolist() for (x,) in loader]
    [[1, 4], [0, 3], [2]]
    >>> loader.epoch = 0
    >>> [x.tolist() for (x,) in loader]
    [[4, 0], [1, 2], [3]]
    """

    def __init__(
        self, dataset: Any, batch_size: int = 1, shuffle: bool = False, drop_last: bool = False,
        transform: Callable[..., ndarray] | Sequence[Callable[..., ndarray]] = (), seed: int = 0,
        bucket_by: Sequence[int] | ndarray | None = None,
    ) -> None:  # fmt: skip
        dataset = as_dataset("DataLoader", dataset)
        whole_from(1, "DataLoader", batch_size=batch_size)
        whole_from(0, "DataLoader", seed=seed)
        if bucket_by is not None and np.shape(bucket_by) != (len(dataset),):
            raise ShapeError(
                f"DataLoader: bucket_by has a length for each of the {len(dataset)} examples, not shape "
                f"{np.shape(bucket_by)}"
            )
        self.dataset = dataset
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.transforms = (transform,) if callable(transform) else tuple(transform)
        for function in self.transforms:
            if not _takes_two(function):
                raise DtypeError(
                    "DataLoader: a transform takes the images of a batch and a random generator, as in lambda images, "
                    f"rng: 1 - images, and not {short(function)}"
                )
        self.seed = seed
        self.bucket_by = None if bucket_by is None else np.asarray(bucket_by)
        self.epoch = 0

    def __len__(self) -> int:
        """The number of batches in a pass."""
        full, rest = divmod(len(self.dataset), self.batch_size)
        return full + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        rng = np.random.default_rng([self.seed, self.epoch])
        self.epoch += 1
        n = len(self.dataset)
        order = rng.permutation(n) if self.shuffle else np.arange(n)
        batches = np.arange(len(self))
        if self.bucket_by is not None:
            order = order[self.bucket_by[order].argsort(kind="stable")]
            batches = rng.permutation(batches) if self.shuffle else batches
        for i in batches:
            first, *others = self.dataset.batch(order[i * self.batch_size : (i + 1) * self.batch_size])
            for transform in self.transforms:
                first = transform(first, rng)
            yield tuple(Tensor(x) for x in (first, *others))

    def state_dict(self) -> dict[str, Any]:
        """The seed, and the number of passes begun."""
        return {"seed": self.seed, "epoch": self.epoch}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue where another loader stopped."""
        seed, epoch = state["seed"], state["epoch"]
        if not (is_whole(seed) and is_whole(epoch) and min(seed, epoch) >= 0):
            raise DtypeError(f"DataLoader: seed and epoch are whole numbers, not {short(seed)} and {short(epoch)}")
        self.seed, self.epoch = seed, epoch


def _takes_two(function: Any) -> bool:
    """Whether this can be called with two arguments, as far as Python knows."""
    if not callable(function):
        return False
    try:
        inspect.signature(function).bind(None, None)
    except TypeError:
        return False
    except ValueError:  # some functions of C have no signature
        pass
    return True
