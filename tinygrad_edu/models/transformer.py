"""The Transformer of the paper, from tokens to tokens: it reads a sequence, and writes another one.

A. Vaswani et al., "Attention is all you need", NeurIPS 2017.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import nn
from ..engine.messages import whole_from
from ..engine.node import number_of, shape_of
from ..nn.module import evaluating
from .language import shape_of_tokens

__all__ = ["Translator", "transformer"]


class Translator(nn.Module):
    """Source tokens (N, S) and target tokens (N, T) → logits (N, T, vocabulary) of the token after each of the target.

    Parameters
    ----------
    source_vocabulary, target_vocabulary : how many tokens there are.
    channels, heads, layers, dropout : of encoder and decoder; `norm_first` as in `nn.TransformerEncoderLayer`.
    pad : the token of the source that is padding, which no position attends to; None if there is none.

    In training the target is the right answer with a start in front, all places at once, because none sees the ones
    behind it; `translate` writes from the start on.

    >>> import numpy as np
    >>> model = transformer(10, 12, channels=8, heads=2, layers=1)
    >>> model(np.ones((3, 5), int), np.ones((3, 4), int)).shape
    (3, 4, 12)
    """

    def __init__(
        self, source_vocabulary: int, target_vocabulary: int, channels: int = 128, heads: int = 4, layers: int = 2,
        dropout: float = 0.1, norm_first: bool = False, pad: int | None = None,
    ) -> None:  # fmt: skip
        self.scale, self.pad = math.sqrt(channels), pad
        self.source = nn.Embedding(source_vocabulary, channels)
        self.target = nn.Embedding(target_vocabulary, channels)
        for embedding in (self.source, self.target):
            nn.init.normal_(embedding.weight, std=1 / self.scale)
        self.positions = nn.PositionalEncoding(channels, dropout)
        sizes = (channels, heads, layers, layers, 4 * channels, dropout)
        self.transformer = nn.Transformer(*sizes, batch_first=True, norm_first=norm_first)
        self.output = nn.Linear(channels, target_vocabulary)

    def forward(self, source: Any, target: Any) -> Any:
        """Source (N, S) and target (N, T) → logits (N, T, target_vocabulary).

        Raises `ShapeError` for sequences without a token, or a source without a target.
        """
        return self.decode(target, *self.encode(source))

    def encode(self, source: Any) -> tuple[Any, Any]:
        """What the encoder makes of the source, (N, S, channels), and where this is padding (N, S), or None."""
        shape_of_tokens("Translator", source, "a source is")
        padding = None if self.pad is None else np.asarray(number_of(source)) == self.pad
        x = self.positions(self.source(source) * self.scale)
        return self.transformer.encoder(x, src_key_padding_mask=padding), padding

    def decode(self, target: Any, memory: Any, padding: Any = None, cache: nn.KeyValueCache | None = None) -> Any:
        """Logits (N, T, target_vocabulary) of the token after each of the target; with a cache, after those before."""
        shape_of_tokens("Translator", target, "a target is", rows=shape_of(memory)[0])
        x = self.positions(self.target(target) * self.scale, start=0 if cache is None else len(cache))
        x = self.transformer.decoder(x, memory, memory_key_padding_mask=padding, tgt_is_causal=True, cache=cache)
        return self.output(x)

    def translate(self, source: Sequence[int], start: int, stop: int, length: int) -> list[int]:
        """The likeliest token after `start`, the likeliest after that, ... up to `stop`, or `length` tokens.

        >>> 0 <= len(transformer(10, 12, channels=8, heads=2, layers=1).translate([3, 4], 0, 1, 5)) <= 5
        True
        """
        whole_from(0, "translate", length=length)
        tokens, cache = [start], nn.KeyValueCache()
        with evaluating(self):
            memory, padding = self.encode(np.array([source]))
            while len(tokens) <= length and (len(tokens) == 1 or tokens[-1] != stop):
                logits = self.decode(np.array([tokens[-1:]]), memory, padding, cache)
                tokens.append(int(np.argmax(number_of(logits)[0, -1])))
        return [token for token in tokens[1:] if token != stop]


transformer = Translator
