"""Attention: every query takes a weighted mean of values, with weights from its comparison with keys.

`nn.functional.attention_weights`, a row of the engine's table, compares; `MultiheadAttention` is the layer of the
Transformer, and `KeyValueCache` keeps what it would compute again for every new token.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.graphs import ancestors
from ..engine.messages import has_no_graph, in_words, probability, whole_from
from ..engine.node import Node, number_of, shape_of
from ..engine.primitives.attention import attention_weights
from ..engine.primitives.fused import linear
from ..engine.primitives.linear_algebra import matmul
from ..engine.primitives.reductions import mean
from ..engine.primitives.shape import concatenate, expand_dims, repeat, reshape, split, squeeze, swapaxes
from ..errors import DtypeError, OutOfRangeError, ShapeError
from . import init
from .layers import Linear, dropout
from .module import Module
from .parameter import Parameter, Shape, data_for

__all__ = ["KeyValueCache", "MultiheadAttention", "attention_maps"]


def scaled_dot_product_attention(
    query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0, is_causal: bool = False,
    scale: float | None = None, enable_gqa: bool = False,
) -> Any:  # fmt: skip
    """softmax(q kᵀ / √E + mask) v: a mean of the values (..., S, V) for each query (..., L, E); keys are (..., S, E).

    Parameters
    ----------
    attn_mask : broadcasts with (..., L, S); bools that are True where a query may attend to a key, or numbers that are
        added to the comparisons.
    dropout_p : each weight is 0 with this probability, also outside training: give 0.0 there.
    is_causal : whether query i attends to the keys 0 to i alone.
    scale : takes the place of 1/√E.
    enable_gqa : whether heads of queries share keys and values: (..., H, L, E) with (..., H / n, S, E).

    A query that may attend to no key gets zeros, and its gradient is 0. Raises `ShapeError` for shapes that do not
    go together. Source: A. Vaswani et al., "Attention is all you need" (2017), equation 1.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.nn.functional import scaled_dot_product_attention
    >>> q, k = tg.tensor([[0.0, 9.0]]), tg.tensor([[9.0, 0.0], [0.0, 9.0], [-9.0, 0.0]])
    >>> scaled_dot_product_attention(q, k, tg.tensor([[1.0], [2.0], [3.0]]))  # the query is like the second key
    tensor([[2.]])
    """
    k, v = shape_of(key), shape_of(value)
    if len(v) < 2 or k[-2:-1] != v[-2:-1]:
        raise ShapeError(
            f"scaled_dot_product_attention: each of the keys (..., S, E) has a value (..., S, V), not "
            f"{in_words(key)} and {in_words(value)}"
        )
    if enable_gqa:
        if len(shape_of(query)) < 3 or len(k) < 3 or not k[-3] or shape_of(query)[-3] % k[-3]:
            raise ShapeError(
                f"scaled_dot_product_attention: heads of the queries {in_words(query)} cannot share those of the keys "
                f"{in_words(key)}"
            )
        key, value = (repeat(x, shape_of(query)[-3] // k[-3], axis=-3) for x in (key, value))
    weights = attention_weights(query, key, attn_mask, is_causal, scale)
    return matmul(dropout(weights, dropout_p), value)


class KeyValueCache:
    """The keys and values of all positions so far, of every attention layer that was given the cache.

    With it, a model that writes a text computes each new token alone, instead of the whole text again. The result is
    the same: later tokens do not change the keys and values of earlier ones. `len(cache)` is the number of positions.

    >>> import tinygrad_edu as tg
    >>> layer, cache = tg.nn.MultiheadAttention(4, 2, batch_first=True), tg.nn.KeyValueCache()
    >>> x = tg.randn(1, 3, 4, seed=0)
    >>> whole, _ = layer(x, x, x, is_causal=True)
    >>> steps = [layer(x[:, t : t + 1], x[:, t : t + 1], x[:, t : t + 1], cache=cache)[0] for t in range(3)]
    >>> len(cache), bool(abs(whole - tg.concatenate(steps, axis=1)).max() < 1e-6)
    (3, True)
    """

    def __init__(self) -> None:
        self._of: dict[Module, tuple[Any, Any]] = {}

    def __len__(self) -> int:
        return max((shape_of(key)[-2] for key, _ in self._of.values()), default=0)

    def extended(self, layer: Module, key: Any, value: Any) -> tuple[Any, Any]:
        """The layer's keys and values (N, heads, S, E) with the new ones behind them, which the cache keeps too.

        Raises `ShapeError` where the batch is another one than before.
        """
        if layer in self._of:
            before = self._of[layer]
            if shape_of(before[0])[0] != shape_of(key)[0]:
                raise ShapeError(
                    f"KeyValueCache: it holds a batch of {shape_of(before[0])[0]}, and got one of {shape_of(key)[0]}; "
                    "make a new cache for each batch of texts"
                )
            key, value = (concatenate([old, new], -2) for old, new in zip(before, (key, value)))
        self._of[layer] = key, value
        return key, value


class MultiheadAttention(Module):
    """Attention in several heads: each has its own projections of queries, keys and values to embed_dim / num_heads.

    What the heads give stands side by side and goes through a last linear layer, `out_proj`.

    Parameters
    ----------
    embed_dim : numbers E in a query, and in the result.
    num_heads : heads, which share these numbers equally.
    dropout : probability to drop a weight in training.
    bias : whether the projections add a bias.
    kdim, vdim : numbers in a key and a value; embed_dim if left out.
    batch_first : whether batches are (N, L, E) instead of (L, N, E).

    The parameters are PyTorch's: `in_proj_weight` (3·E, E) holds the projections of queries, keys and values, or, where
    keys or values have other sizes, `q_proj_weight`, `k_proj_weight` and `v_proj_weight` do; `in_proj_bias` (3·E,);
    `out_proj.weight`, `out_proj.bias`. The projections begin as in Glorot and Bengio (2010), the biases with 0.

    Call it with query, key and value, of a batch or of a single sequence (L, E), and

    - `key_padding_mask` (N, S): True for keys that are padding, to which no query attends;
    - `need_weights`: whether the weights (N, L, S) are returned too, else None;
    - `attn_mask` (L, S) or (N·num_heads, L, S): True where a query may *not* attend to a key. Both masks may hold
      numbers instead, which are added to the comparisons;
    - `average_attn_weights`: False gives the weights of each head, (N, num_heads, L, S);
    - `is_causal`: whether query i attends to the keys 0 to i alone. No `attn_mask` is needed for it;
    - `cache`: a `KeyValueCache` with the keys before these. Every query attends to those, and to its own and earlier
      ones.

    It returns the result, of the query's shape, and the weights. A query that may attend to no key has weights 0.

    Raises `ShapeError` for shapes that do not go together, `OutOfRangeError` for heads that cannot share embed_dim.
    Source: A. Vaswani et al., "Attention is all you need" (2017), section 3.2.2.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.MultiheadAttention(8, 2, batch_first=True)
    >>> x = tg.randn(3, 5, 8)
    >>> out, weights = layer(x, x, x)
    >>> out.shape, weights.shape
    ((3, 5, 8), (3, 5, 5))
    """

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True, *, kdim: int | None = None,
        vdim: int | None = None, batch_first: bool = False,
    ) -> None:  # fmt: skip
        if num_heads < 1 or embed_dim < 1 or embed_dim % num_heads:
            raise OutOfRangeError(
                f"MultiheadAttention: num_heads={num_heads} heads cannot share embed_dim={embed_dim} numbers equally"
            )
        probability("MultiheadAttention", dropout=dropout)
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = embed_dim, num_heads, dropout, batch_first
        self.kdim, self.vdim = (embed_dim if size is None else size for size in (kdim, vdim))
        whole_from(1, "MultiheadAttention", kdim=self.kdim, vdim=self.vdim)
        together = self.kdim == self.vdim == embed_dim
        self.in_proj_weight = Parameter() if together else None
        self.q_proj_weight = None if together else Parameter()
        self.k_proj_weight = None if together else Parameter()
        self.v_proj_weight = None if together else Parameter()
        self.in_proj_bias = Parameter() if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias=bias)
        self.build()

    def shapes(self) -> dict[str, Shape]:
        e = self.embed_dim
        return {
            "in_proj_weight": (3 * e, e),
            "q_proj_weight": (e, e),
            "k_proj_weight": (e, self.kdim),
            "v_proj_weight": (e, self.vdim),
            "in_proj_bias": (3 * e,),
        }

    def reset_parameters(self) -> None:
        for name in self.shapes():
            if name.endswith("weight") and getattr(self, name) is not None:
                init.xavier_uniform_(getattr(self, name))
        if self.out_proj.bias is not None:
            init.zeros_(self.out_proj.bias)

    def forward(
        self, query: Any, key: Any, value: Any, key_padding_mask: Any = None, need_weights: bool = True,
        attn_mask: Any = None, average_attn_weights: bool = True, is_causal: bool = False,
        cache: KeyValueCache | None = None,
    ) -> tuple[Any, Any]:  # fmt: skip
        inputs = [data_for(self, x, self.out_proj.weight) for x in (query, key, value)]
        shapes = [shape_of(x) for x in inputs]
        axes = len(shapes[0])
        if axes not in (2, 3) or any(len(shape) != axes for shape in shapes):
            raise ShapeError(
                f"MultiheadAttention: query, key and value are batches of sequences, of shape "
                f"{'(N, L, E)' if self.batch_first else '(L, N, E)'}, or single ones (L, E); not {shapes}"
            )
        if axes == 2:
            inputs = [expand_dims(x, 0) for x in inputs]
            key_padding_mask = None if key_padding_mask is None else expand_dims(key_padding_mask, 0)
        elif not self.batch_first:
            inputs = [swapaxes(x, 0, 1) for x in inputs]
        q, k, v = inputs
        out, weights = self._batch(q, k, v, key_padding_mask, attn_mask, is_causal, cache)
        shown = (mean(weights, 1) if average_attn_weights else weights) if need_weights else None
        if axes == 2:
            return squeeze(out, 0), None if shown is None else squeeze(shown, 0)
        return (out if self.batch_first else swapaxes(out, 0, 1)), shown

    def _batch(
        self, query: Any, key: Any, value: Any, padding: Any, mask: Any, is_causal: bool, cache: KeyValueCache | None
    ) -> tuple[Any, Any]:
        """The result (N, L, E) for inputs (N, L, E), (N, S, kdim) and (N, S, vdim), and the weights of all heads."""
        (n, length, _), keys, values = shape_of(query), shape_of(key), shape_of(value)
        wanted = ((n, length, self.embed_dim), (n, keys[1], self.kdim), (n, keys[1], self.vdim))
        if (shape_of(query), keys, values) != wanted:
            raise ShapeError(
                f"MultiheadAttention: query, key and value (N, L, {self.embed_dim}), (N, S, {self.kdim}) and "
                f"(N, S, {self.vdim}) have equally many examples N, keys and values S; not {shape_of(query)}, {keys} "
                f"and {values}"
            )
        q, k, v = (
            self._in_heads(linear(x, w, b)) for x, w, b in zip((query, key, value), self._projections(), self._biases())
        )
        q.name, k.name, v.name = "queries", "keys", "values"  # for pictures
        if cache is not None:
            k, v = cache.extended(self, k, v)
            is_causal = length > 1
        size = shape_of(k)[2]
        masks = [*self._additive(mask, n, length, size), *self._padding(padding, n, size)]
        if is_causal and size != length:  # the last query belongs to the last key
            masks.append(np.where(np.tri(length, size, size - length, dtype=bool), 0.0, -np.inf).astype(q.dtype))
            is_causal = False
        weights = attention_weights(q, k, sum(masks[1:], masks[0]) if masks else None, is_causal)
        weights.name = "weights"
        if self.training and self.dropout:
            weights = dropout(weights, self.dropout)
        heads = matmul(weights, v)
        heads.name = "heads"
        return self.out_proj(reshape(swapaxes(heads, 1, 2), (n, length, self.embed_dim))), weights

    def _in_heads(self, x: Any) -> Any:
        """(N, T, E) as (N, heads, T, E / heads)."""
        n, length, _ = shape_of(x)
        return swapaxes(reshape(x, (n, length, self.num_heads, self.embed_dim // self.num_heads)), 1, 2)

    def _projections(self) -> list[Any]:
        """The weights that make queries, keys and values."""
        if self.in_proj_weight is None:
            return [self.q_proj_weight, self.k_proj_weight, self.v_proj_weight]
        return split(self.in_proj_weight, 3)

    def _biases(self) -> list[Any]:
        return [None] * 3 if self.in_proj_bias is None else split(self.in_proj_bias, 3)

    def _additive(self, mask: Any, n: int, length: int, size: int) -> list[Any]:
        """`attn_mask` as numbers that broadcast with the comparisons (N, heads, L, S)."""
        if mask is None:
            return []
        heads = self.num_heads
        shape = shape_of(mask)
        if shape not in ((length, size), (n * heads, length, size)):
            raise ShapeError(
                f"MultiheadAttention: attn_mask is of shape (L, S) = {(length, size)} or (N·num_heads, L, S) = "
                f"{(n * heads, length, size)}, not {shape}"
            )
        mask = self._numbers("attn_mask", mask)
        return [mask if len(shape) == 2 else reshape(mask, (n, heads, length, size))]

    def _padding(self, mask: Any, n: int, size: int) -> list[Any]:
        """`key_padding_mask` likewise."""
        if mask is None:
            return []
        if shape_of(mask) != (n, size):
            raise ShapeError(
                f"MultiheadAttention: key_padding_mask is of shape (N, S) = {(n, size)}, not {shape_of(mask)}"
            )
        return [reshape(self._numbers("key_padding_mask", mask), (n, 1, 1, size))]

    def _numbers(self, name: str, mask: Any) -> Any:
        """A mask as numbers to add, in the dtype of the layer; -inf where one of bools is True."""
        number = np.asarray(number_of(mask))
        if number.dtype.kind not in "bf":
            raise DtypeError(
                f"MultiheadAttention: {name} is of bools, True where a query may not attend to a key, or of "
                f"floating-point numbers that are added, and not of {number.dtype}; mask == 1 makes bools of ones and "
                "zeros"
            )
        if number.dtype.kind == "b":
            return np.where(number, -np.inf, 0.0).astype(self.out_proj.weight.dtype)
        return data_for(self, mask, self.out_proj.weight)

    def extra_repr(self) -> str:
        sizes = {name: getattr(self, name) for name in ("kdim", "vdim") if getattr(self, name) != self.embed_dim}
        more = sizes | ({"dropout": self.dropout} if self.dropout else {})
        more |= {} if self.in_proj_bias is not None else {"bias": False}
        more |= {"batch_first": True} if self.batch_first else {}
        return ", ".join([f"{self.embed_dim}, {self.num_heads}", *(f"{name}={x}" for name, x in more.items())])


def attention_maps(output: Node) -> list[np.ndarray]:
    """The weights of all attention that a result was made from, in the order in which they were computed.

    Each is an array as the layer computed it, such as (N, heads, L, S) of `MultiheadAttention`. `plots.attention` draws
    them. A result of `no_grad()` remembers nothing, and so has none.

    >>> import tinygrad_edu as tg
    >>> model = tg.nn.TransformerEncoder(tg.nn.TransformerEncoderLayer(8, 2, 16), num_layers=3)
    >>> [weights.shape for weights in tg.nn.attention_maps(model(tg.randn(5, 1, 8)))]
    [(1, 2, 5, 5), (1, 2, 5, 5), (1, 2, 5, 5)]
    """
    if not isinstance(output, Node):
        raise has_no_graph("attention_maps", output)
    names = ((node, node.primitive and node.primitive.name) for node in ancestors([output]))
    return [np.asarray(number_of(node)) for node, name in names if name == "attention_weights"]
