"""The Transformer: positions, the layers of encoder and decoder, and stacks of them, with PyTorch's names.

A. Vaswani, N. Shazeer, N. Parmar, J. Uszkoreit, L. Jones, A. N. Gomez, Ł. Kaiser, I. Polosukhin, "Attention is all you
need", NeurIPS 2017.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any, ClassVar

import numpy as np

from ..engine.messages import short, whole_from
from ..engine.node import shape_of
from ..engine.primitives.elementwise import relu
from ..engine.primitives.indexing import getitem
from ..errors import DtypeError, ShapeError
from . import init
from .activations import gelu
from .attention import KeyValueCache, MultiheadAttention
from .containers import ModuleList
from .layers import Dropout, Linear
from .module import Module
from .normalization import LayerNorm
from .parameter import Parameter, Shape, data_for, real

__all__ = [
    "PositionalEmbedding", "PositionalEncoding", "Transformer", "TransformerDecoder", "TransformerDecoderLayer",
    "TransformerEncoder", "TransformerEncoderLayer",
]  # fmt: skip

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {"relu": relu, "gelu": gelu}


def positional_encoding(length: int, d_model: int, start: int = 0, dtype: Any = np.float32) -> np.ndarray:
    """The positions from `start` on as waves of falling frequencies: (length, d_model).

    Column 2i is sin(t / 10000^(2i / d_model)), column 2i + 1 the cosine of the same; t is the position. Vaswani et al.
    (2017), section 3.5.

    >>> positional_encoding(3, 2).round(2)
    array([[ 0.  ,  1.  ],
           [ 0.84,  0.54],
           [ 0.91, -0.42]], dtype=float32)
    """
    whole_from(0, "positional_encoding", start=start)
    waves = np.arange(0, d_model, 2) / d_model
    angles = np.arange(start, start + length)[:, None] / 10000.0**waves
    table = np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, 2 * len(waves))
    return table[:, :d_model].astype(dtype)


class PositionalEncoding(Module):
    """x (..., T, d_model) with `positional_encoding` added, so that attention can tell the positions apart.

    `layer(x, start=t)` takes x for the positions from t on. There is nothing to learn, and no longest sequence.

    >>> import tinygrad_edu as tg
    >>> tg.nn.PositionalEncoding(2)(tg.zeros((1, 2, 2))).data.round(2)
    array([[[0.  , 1.  ],
            [0.84, 0.54]]], dtype=float32)
    """

    def __init__(self, d_model: int, dropout: float = 0.0) -> None:
        whole_from(1, "PositionalEncoding", d_model=d_model)
        self.d_model, self.dropout = d_model, Dropout(dropout)

    def forward(self, x: Any, start: int = 0) -> Any:
        shape = shape_of(x)
        if len(shape) < 2 or shape[-1] != self.d_model:
            raise ShapeError(
                f"PositionalEncoding: the input is (..., T, d_model) with d_model={self.d_model}, not {shape}"
            )
        x = real("PositionalEncoding", x)
        return self.dropout(x + positional_encoding(shape[-2], self.d_model, start, x.dtype))

    def extra_repr(self) -> str:
        return f"{self.d_model}"


class PositionalEmbedding(Module):
    """x (..., T, d_model) with a learned vector added for each of `max_len` positions; Gehring et al. (2017).

    `weight` (max_len, d_model) begins normal with the deviation 0.02, as in BERT and GPT. `layer(x, start=t)` takes x
    for the positions from t on. Raises `ShapeError` for positions beyond `max_len`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.PositionalEmbedding(10, 4)(tg.zeros((2, 3, 4))).shape
    (2, 3, 4)
    """

    def __init__(self, max_len: int, d_model: int) -> None:
        whole_from(1, "PositionalEmbedding", max_len=max_len, d_model=d_model)
        self.max_len, self.d_model = max_len, d_model
        self.weight = Parameter()
        self.build()

    def shapes(self) -> dict[str, Shape]:
        return {"weight": (self.max_len, self.d_model)}

    def reset_parameters(self) -> None:
        init.normal_(self.weight, std=0.02)

    def forward(self, x: Any, start: int = 0) -> Any:
        shape = shape_of(x)
        if len(shape) < 2 or shape[-1] != self.d_model or not 0 <= start <= self.max_len - shape[-2]:
            raise ShapeError(
                f"PositionalEmbedding: the input is (..., T, {self.d_model}) of at most max_len={self.max_len} "
                f"positions, not {shape}" + (f" from position {start} on" if start else "")
            )
        return data_for(self, x, self.weight) + getitem(self.weight, slice(start, start + shape[-2]))

    def extra_repr(self) -> str:
        return f"{self.max_len}, {self.d_model}"


class TransformerLayer(Module):
    """The base class of a layer of the encoder and one of the decoder: sublayers, each with a sum and a norm."""

    norms: ClassVar[int]

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: str | Callable[[Any], Any] = "relu", layer_norm_eps: float = 1e-5, batch_first: bool = False,
        norm_first: bool = False, bias: bool = True,
    ) -> None:  # fmt: skip
        if not callable(activation) and activation not in ACTIVATIONS:
            raise DtypeError(
                f"{type(self).__name__}: activation is 'relu', 'gelu' or a function, not {short(activation)}"
            )
        attention = {"dropout": dropout, "bias": bias, "batch_first": batch_first}
        self.norm_first, self.activation = norm_first, activation
        self.self_attn = MultiheadAttention(d_model, nhead, **attention)  # type: ignore[arg-type]
        if self.norms == 3:
            self.multihead_attn = MultiheadAttention(d_model, nhead, **attention)  # type: ignore[arg-type]
        self.linear1 = Linear(d_model, dim_feedforward, bias)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias)
        for i in range(1, self.norms + 1):
            setattr(self, f"norm{i}", LayerNorm(d_model, eps=layer_norm_eps, bias=bias))
            setattr(self, f"dropout{i}", Dropout(dropout))

    def _add_and_norm(self, i: int, x: Any, sublayer: Callable[[Any], Any], name: str) -> Any:
        """x + sublayer(x) and norm i: after the sum as in the paper, or, with `norm_first`, before the sublayer."""
        norm, dropout = getattr(self, f"norm{i}"), getattr(self, f"dropout{i}")
        total = x + dropout(sublayer(norm(x) if self.norm_first else x))
        total.name = f"after_{name}"  # for pictures
        return total if self.norm_first else norm(total)

    def _feed_forward(self, x: Any) -> Any:
        activation = self.activation if callable(self.activation) else ACTIVATIONS[self.activation]
        return self.linear2(self.dropout(activation(self.linear1(x))))

    def extra_repr(self) -> str:
        return "norm_first=True" if self.norm_first else ""


class TransformerEncoderLayer(TransformerLayer):
    """A layer of the encoder: self-attention, then two linear layers; each with a sum and a layer norm.

    Parameters
    ----------
    d_model : numbers in the vector of a position.
    nhead : heads of the attention.
    dim_feedforward : numbers between the two linear layers.
    dropout : probability to drop a weight of the attention, a number between the linear layers, a result of a sublayer.
    activation : between the linear layers: "relu", "gelu" or a function.
    layer_norm_eps : added to the variance.
    batch_first : whether batches are (N, T, d_model) instead of (T, N, d_model).
    norm_first : False for norm(x + sublayer(x)), as in the paper; True for x + sublayer(norm(x)), which trains more
        easily in deep networks.
    bias : whether linear layers and norms have one.

    Call it with x and, as for `MultiheadAttention`, `src_mask` (T, T), `src_key_padding_mask` (N, T), `is_causal`, and
    `cache`. With `is_causal` and without a decoder, it is the layer of a GPT.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.TransformerEncoderLayer(8, nhead=2, dim_feedforward=16, batch_first=True)
    >>> layer(tg.randn(3, 5, 8)).shape
    (3, 5, 8)
    """

    norms: ClassVar = 2

    def forward(
        self,
        src: Any,
        src_mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool = False,
        cache: KeyValueCache | None = None,
    ) -> Any:
        how = {"key_padding_mask": src_key_padding_mask, "attn_mask": src_mask, "is_causal": is_causal, "cache": cache}
        attend = lambda x: self.self_attn(x, x, x, need_weights=False, **how)[0]
        x = self._add_and_norm(1, data_for(self, src, self.linear1.weight), attend, "attention")
        return self._add_and_norm(2, x, self._feed_forward, "feed_forward")


class TransformerDecoderLayer(TransformerLayer):
    """A layer of the decoder: self-attention, attention to the encoder's result (`memory`), two linear layers.

    The parameters are those of `TransformerEncoderLayer`. Call it with the target and the memory and, as for
    `MultiheadAttention`, masks of each, `tgt_is_causal` and `memory_is_causal`, and a `cache` of the self-attention.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.TransformerDecoderLayer(8, nhead=2, dim_feedforward=16, batch_first=True)
    >>> layer(tg.randn(3, 5, 8), tg.randn(3, 7, 8), tgt_is_causal=True).shape
    (3, 5, 8)
    """

    norms: ClassVar = 3

    def forward(
        self, tgt: Any, memory: Any, tgt_mask: Any = None, memory_mask: Any = None, tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None, tgt_is_causal: bool = False, memory_is_causal: bool = False,
        cache: KeyValueCache | None = None,
    ) -> Any:  # fmt: skip
        own = {"key_padding_mask": tgt_key_padding_mask, "attn_mask": tgt_mask, "is_causal": tgt_is_causal}
        of_memory = {
            "key_padding_mask": memory_key_padding_mask, "attn_mask": memory_mask, "is_causal": memory_is_causal,
        }  # fmt: skip
        attend = lambda x: self.self_attn(x, x, x, need_weights=False, cache=cache, **own)[0]
        attend_to_memory = lambda x: self.multihead_attn(x, memory, memory, need_weights=False, **of_memory)[0]
        x = self._add_and_norm(1, data_for(self, tgt, self.linear1.weight), attend, "attention")
        x = self._add_and_norm(2, x, attend_to_memory, "memory")
        return self._add_and_norm(3, x, self._feed_forward, "feed_forward")


class TransformerStack(Module):
    """The base class of encoder and decoder: copies of a layer, one after the other, and a norm at the end if given."""

    def __init__(self, layer: Module, num_layers: int, norm: Module | None = None) -> None:
        whole_from(1, type(self).__name__, num_layers=num_layers)
        self.layers = ModuleList([deepcopy(layer) for _ in range(num_layers)])
        self.norm = norm

    def _through(self, x: Any, *rest: Any, **options: Any) -> Any:
        for layer in self.layers:
            x = layer(x, *rest, **options)
        return x if self.norm is None else self.norm(x)


class TransformerEncoder(TransformerStack):
    """`num_layers` copies of an encoder layer, and a norm behind them if one is given.

    They begin with equal weights, as in PyTorch. Call it with x, `mask` (T, T), `src_key_padding_mask` (N, T),
    `is_causal` and `cache`; see `MultiheadAttention`.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.TransformerEncoderLayer(8, nhead=2, dim_feedforward=16, batch_first=True)
    >>> tg.nn.TransformerEncoder(layer, num_layers=2)(tg.randn(3, 5, 8)).shape
    (3, 5, 8)
    """

    def __init__(self, encoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__(encoder_layer, num_layers, norm)

    def forward(
        self,
        src: Any,
        mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool = False,
        cache: KeyValueCache | None = None,
    ) -> Any:
        return self._through(src, mask, src_key_padding_mask, is_causal, cache)


class TransformerDecoder(TransformerStack):
    """`num_layers` copies of a decoder layer, and a norm behind them if one is given.

    Its call is that of `TransformerDecoderLayer`.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.TransformerDecoderLayer(8, nhead=2, dim_feedforward=16, batch_first=True)
    >>> tg.nn.TransformerDecoder(layer, num_layers=2)(tg.randn(3, 5, 8), tg.randn(3, 7, 8)).shape
    (3, 5, 8)
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__(decoder_layer, num_layers, norm)

    def forward(
        self, tgt: Any, memory: Any, tgt_mask: Any = None, memory_mask: Any = None, tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None, tgt_is_causal: bool = False, memory_is_causal: bool = False,
        cache: KeyValueCache | None = None,
    ) -> Any:  # fmt: skip
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        return self._through(tgt, memory, *masks, tgt_is_causal, memory_is_causal, cache)


class Transformer(Module):
    """Encoder and decoder, from vectors to vectors: what stands between the embeddings and the last linear layer.

    Parameters
    ----------
    num_encoder_layers, num_decoder_layers : copies of a layer; behind them stands a layer norm.

    The others are those of `TransformerEncoderLayer`. All matrices begin as in Glorot and Bengio (2010).

    Call it with the source and the target and, as for `MultiheadAttention`, with masks of source, target and memory.
    `tgt_is_causal=True` keeps every position of the target from later ones; so does `tgt_mask` with
    `Transformer.generate_square_subsequent_mask(T)`.

    >>> import tinygrad_edu as tg
    >>> model = tg.nn.Transformer(8, 2, 1, 1, 16, batch_first=True)
    >>> model(tg.randn(3, 7, 8), tg.randn(3, 5, 8), tgt_is_causal=True).shape
    (3, 5, 8)
    """

    def __init__(
        self, d_model: int = 512, nhead: int = 8, num_encoder_layers: int = 6, num_decoder_layers: int = 6,
        dim_feedforward: int = 2048, dropout: float = 0.1, activation: str | Callable[[Any], Any] = "relu",
        layer_norm_eps: float = 1e-5, batch_first: bool = False, norm_first: bool = False, bias: bool = True,
    ) -> None:  # fmt: skip
        sizes, switches = (d_model, nhead, dim_feedforward, dropout), (batch_first, norm_first, bias)
        options: Any = (*sizes, activation, layer_norm_eps, *switches)
        norms = [LayerNorm(d_model, eps=layer_norm_eps, bias=bias) for _ in range(2)]
        self.encoder = TransformerEncoder(TransformerEncoderLayer(*options), num_encoder_layers, norms[0])
        self.decoder = TransformerDecoder(TransformerDecoderLayer(*options), num_decoder_layers, norms[1])
        for parameter in self.parameters():
            if len(parameter.shape) > 1:
                init.xavier_uniform_(parameter)

    def forward(
        self, src: Any, tgt: Any, src_mask: Any = None, tgt_mask: Any = None, memory_mask: Any = None,
        src_key_padding_mask: Any = None, tgt_key_padding_mask: Any = None, memory_key_padding_mask: Any = None,
        src_is_causal: bool = False, tgt_is_causal: bool = False, memory_is_causal: bool = False,
    ) -> Any:  # fmt: skip
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        return self.decoder(tgt, memory, *masks, tgt_is_causal, memory_is_causal)

    @staticmethod
    def generate_square_subsequent_mask(sz: int, dtype: Any = np.float32) -> np.ndarray:
        """The causal mask (sz, sz) as numbers to add: -inf above the diagonal, else 0.

        >>> Transformer.generate_square_subsequent_mask(2)
        array([[  0., -inf],
               [  0.,   0.]], dtype=float32)
        """
        whole_from(1, "generate_square_subsequent_mask", sz=sz)
        return np.triu(np.full((sz, sz), -np.inf, dtype), 1)
