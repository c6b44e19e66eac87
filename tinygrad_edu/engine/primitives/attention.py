"""Attention weights: how much each query attends to each key, as one row of the table.

A query is compared with every key by a scalar product; the softmax of the comparisons says which share of each value
the query takes. The shares are the row's result, so that pictures and programs can show them, and its rule needs
nothing else: with W the shares and g their gradient, the comparisons S receive W·(g - Σ g·W), the rule of softmax.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np

from ...errors import DtypeError, ShapeError
from ..blas import product
from ..messages import in_words
from ..node import Node, number_of, shape_of
from .kernels import in_float32, underflow_is_zero
from .primitive import Variadic
from .reductions import sum_
from .rows import primitive
from .shape import swapaxes

__all__ = ["attention_weights"]


@underflow_is_zero
def _attention_rule(
    slots: Sequence[int], g: Any, out: Any, operands: Sequence[Any], scale: float, causal: bool
) -> list[Any]:
    q, k = operands[:2]
    if type(g) is np.ndarray:  # without an array of all products
        shared = np.einsum("...i,...i->...", g, out)[..., None]
    else:
        shared = sum_(g * out, axis=-1, keepdims=True)
    by_scores = (g - shared) * out
    by = (
        lambda: product(by_scores, k) * scale,
        lambda: product(swapaxes(by_scores, -1, -2), q) * scale,
        lambda: by_scores,
    )
    return [by[slot]() for slot in slots]


@primitive(
    _attention_rule,
    words=(
        "scale ({out} ⊙ ({g} − Σ {g} ⊙ {out})) {y}",
        "scale ({out} ⊙ ({g} − Σ {g} ⊙ {out}))ᵀ {x}",
        "{out} ⊙ ({g} − Σ {g} ⊙ {out})",
    ),
    kind=Variadic,
    name="attention_weights",
    symbol="softmax(QKᵀ)",
)
@underflow_is_zero
def _attention_weights(*operands: Any, scale: float, causal: bool) -> Any:
    q, k, *masks = (x.astype(np.float32) if in_float32(x.dtype) else x for x in operands)
    scores = product(q * scale, np.ascontiguousarray(np.swapaxes(k, -1, -2)))  # BLAS is slower on a view of k
    for mask in masks:
        scores = scores + mask
    if causal:
        scores += np.where(np.tri(*scores.shape[-2:]) == 0, -np.inf, 0).astype(scores.dtype)
    top = np.maximum.reduce(scores, axis=-1, keepdims=True, initial=-np.inf)
    top[top == -np.inf] = 0  # of a query that may take nothing: all its shares become exp(-inf)
    scores -= top
    shares = np.exp(scores, out=scores)
    total = np.einsum("...i->...", shares)[..., None]
    total[total == 0] = 1
    shares /= total
    return shares.astype(np.float16) if all(x.dtype.char == "e" for x in operands) else shares


def attention_weights(
    query: Any, key: Any, attn_mask: Any = None, is_causal: bool = False, scale: float | None = None
) -> Any:
    """The attention of queries (..., L, E) to keys (..., S, E): the shares softmax(q kᵀ · scale), (..., L, S).

    Parameters
    ----------
    attn_mask : broadcasts with (..., L, S); bools that are True where a query may attend to a key, or numbers that are
        added to the comparisons before the softmax.
    is_causal : whether query i attends to the keys 0 to i alone.
    scale : 1/√E if it is left out, so that the comparisons of random vectors have the variance 1.

    The shares of a query sum to 1. Those of a query that may attend to no key are all 0, and so is its gradient.

    Raises `ShapeError` for shapes that do not go together, `DtypeError` for a mask of whole numbers.
    Source: A. Vaswani et al., "Attention is all you need" (2017), equation 1.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import attention_weights
    >>> x = tg.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> attention_weights(x, x, scale=2.0, is_causal=True).data.round(2)
    array([[1.  , 0.  ],
           [0.12, 0.88]], dtype=float32)
    """
    q, k = shape_of(query), shape_of(key)
    if len(q) < 2 or len(k) < 2 or q[-1] != k[-1]:
        raise ShapeError(
            f"attention_weights: takes queries (..., L, E) and keys (..., S, E), whose vectors are equally long, not "
            f"{in_words(query)} and {in_words(key)}"
        )
    masks = () if attn_mask is None else (_added(attn_mask, query),)
    try:
        leading = np.broadcast_shapes(q[:-2], k[:-2])
        fits = all(
            np.broadcast_shapes(shape_of(mask), (*leading, q[-2], k[-2])) == (*leading, q[-2], k[-2]) for mask in masks
        )
    except ValueError:
        fits = False
    if not fits:
        what = f" and attn_mask {in_words(attn_mask)}" if masks else ""
        raise ShapeError(
            f"attention_weights: queries {in_words(query)}, keys {in_words(key)}{what} do not broadcast to "
            f"(..., L, S) = (..., {q[-2]}, {k[-2]})"
        )
    scale = 1 / sqrt(q[-1] or 1) if scale is None else scale
    return _attention_weights(query, key, *masks, scale=float(scale), causal=bool(is_causal))


def _added(mask: Any, query: Any) -> Any:
    """A mask as numbers to add: 0 and -inf for bools."""
    number = np.asarray(number_of(mask))
    if number.dtype.kind == "f":
        return mask if isinstance(mask, Node) else number
    if number.dtype.kind != "b":
        raise DtypeError(
            f"attention_weights: attn_mask is of bools, True where a query may attend to a key, or of floating-point "
            f"numbers that are added, and not of {number.dtype}; mask == 1 makes bools of ones and zeros"
        )
    dtype = getattr(number_of(query), "dtype", np.dtype(np.float32))
    return np.where(number, 0.0, -np.inf).astype(dtype if dtype.kind == "f" else np.float32)
