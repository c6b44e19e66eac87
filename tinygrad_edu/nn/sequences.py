"""Batches of sequences of different lengths: padding them, the mask of the padding, and taking it away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..engine.messages import one_of, short, whole_from
from ..engine.node import number_of, shape_of
from ..engine.primitives.shape import pad, stack, swapaxes
from ..errors import DtypeError, OutOfRangeError, ShapeError
from .parameter import numeric

__all__ = ["pad_sequence", "padding_mask", "unpad_sequence"]


def pad_sequence(
    sequences: Sequence[Any], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Any:
    """Sequences (T_i, ...) as one batch (T, N, ...), or (N, T, ...) if `batch_first`; T is the longest of the lengths.

    `padding_side` is "right" or "left". The gradient reaches each sequence, and none is lost in the padding. Raises
    `ShapeError` for no sequences, or for ones that differ behind their first axis, `DtypeError` for another side.

    >>> import tinygrad_edu as tg
    >>> tg.nn.pad_sequence([tg.tensor([1.0, 2.0, 3.0]), tg.tensor([4.0])], batch_first=True)
    tensor([[1., 2., 3.],
            [4., 0., 0.]])
    """
    if not isinstance(sequences, Iterable):
        raise DtypeError(f"pad_sequence: takes a list of sequences, not {short(sequences)}")
    arrays = [numeric("pad_sequence", x) for x in sequences]
    shapes = [shape_of(x) for x in arrays]
    if not arrays or any(not shape or shape[1:] != shapes[0][1:] for shape in shapes):
        raise ShapeError(
            f"pad_sequence: one or more sequences (T, ...) that are alike but for T, not of shapes {shapes}"
        )
    one_of(("right", "left"), "pad_sequence", padding_side=padding_side)
    longest = max(shape[0] for shape in shapes)
    padded = []
    for x, shape in zip(arrays, shapes):
        missing = (0, longest - shape[0]) if padding_side == "right" else (longest - shape[0], 0)
        padded.append(pad(x, (missing, *[(0, 0)] * (len(shape) - 1)), constant_values=padding_value))
    batch = stack(padded)
    return batch if batch_first else swapaxes(batch, 0, 1)


def unpad_sequence(padded_sequences: Any, lengths: Any, batch_first: bool = False) -> list[Any]:
    """The opposite of `pad_sequence`: the sequences without what stands behind their lengths (N,).

    Raises `OutOfRangeError` for a length that the batch does not have.

    >>> import tinygrad_edu as tg
    >>> tg.nn.unpad_sequence(tg.tensor([[1.0, 2.0], [4.0, 0.0]]), [2, 1], batch_first=True)
    [tensor([1., 2.]), tensor([4.])]
    """
    if len(shape_of(padded_sequences)) < 2:
        raise ShapeError(f"unpad_sequence: a batch has two axes or more, not shape {shape_of(padded_sequences)}")
    batch = padded_sequences if batch_first else swapaxes(padded_sequences, 0, 1)
    n, longest = shape_of(batch)[:2]
    sizes = lengths_of("unpad_sequence", lengths, longest, n)
    return [batch[i, :size] for i, size in enumerate(sizes)]


def padding_mask(lengths: Any, max_len: int | None = None) -> np.ndarray:
    """Where a batch of sequences of these lengths (N,) is padding: bools (N, max_len), the longest by default.

    It is a `key_padding_mask` of attention, and `~` of it the weight of a loss that leaves out the padding. Raises
    `OutOfRangeError` for a length that is negative or greater than `max_len`.

    >>> padding_mask([3, 1])
    array([[False, False, False],
           [False,  True,  True]])
    """
    if max_len is not None:
        whole_from(0, "padding_mask", max_len=max_len)
    sizes = lengths_of("padding_mask", lengths, max_len)
    longest = int(sizes.max(initial=0)) if max_len is None else max_len
    mask: np.ndarray = np.arange(longest) >= sizes[:, None]
    return mask


def lengths_of(name: str, lengths: Any, longest: int | None, n: int | None = None, least: int = 0) -> np.ndarray:
    """The lengths of n sequences as whole numbers (N,), each from `least` to `longest`."""
    sizes = np.asarray(number_of(lengths))
    if sizes.ndim != 1 or (sizes.size and sizes.dtype.kind not in "iu"):
        raise DtypeError(
            f"{name}: lengths are a list of whole numbers, one a sequence, not {sizes.dtype} {sizes.shape}"
        )
    if n is not None and len(sizes) != n:
        raise ShapeError(f"{name}: {len(sizes)} lengths for {n} sequences")
    wrong = sizes[(sizes < least) | (sizes > (np.inf if longest is None else longest))]
    if wrong.size:
        limit = " on" if longest is None else f" to {longest}"
        raise OutOfRangeError(f"{name}: a length is from {least}{limit}, not {wrong[0]}")
    return sizes.astype(np.intp)
