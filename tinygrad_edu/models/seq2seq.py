"""Two recurrent networks, one that reads and one that writes, and the first attention between them.

D. Bahdanau, K. Cho, Y. Bengio, "Neural machine translation by jointly learning to align and translate", ICLR 2015; the
encoder reads in one direction, so that no state sees the padding behind its sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import nn
from ..engine.grad_mode import no_grad
from ..engine.messages import probability, whole_from
from ..engine.node import number_of, shape_of
from ..engine.parts import together
from ..engine.primitives.elementwise import tanh, where
from ..engine.primitives.reductions import softmax
from ..engine.primitives.shape import concatenate, expand_dims, squeeze, stack
from ..engine.random import generator
from .language import shape_of_tokens

__all__ = ["AdditiveAttention", "Seq2Seq", "seq2seq"]


class AdditiveAttention(nn.Module):
    """A query (N, Q) compared with keys (N, S, K) by a small network, vᵀ tanh(W q + U k): a mean of the keys, (N, K).

    Call it with the query, the keys and, where there is padding, where (N, S). It returns the mean and the weights
    (N, S), which are 0 at padding: where all is padding, the mean is 0. Bahdanau, Cho and Bengio (2015), section 3.1.

    >>> import tinygrad_edu as tg
    >>> context, weights = AdditiveAttention(4, 6, hidden=5)(tg.randn(2, 4), tg.randn(2, 3, 6))
    >>> context.shape, weights.shape
    ((2, 6), (2, 3))
    """

    def __init__(self, query_size: int, key_size: int, hidden: int) -> None:
        self.query = nn.Linear(query_size, hidden, bias=False)
        self.key = nn.Linear(key_size, hidden, bias=False)
        self.score = nn.Linear(hidden, 1, bias=False)

    def forward(self, query: Any, keys: Any, padding: Any = None) -> tuple[Any, Any]:
        scores = squeeze(self.score(tanh(expand_dims(self.query(query), 1) + self.key(keys))), -1)
        if padding is not None:
            scores = where(padding, np.float32(-1e9), scores)
        weights = softmax(scores, axis=-1)
        if padding is not None and np.asarray(number_of(padding)).all(-1).any():
            weights = where(padding, np.float32(0), weights)
        return squeeze(expand_dims(weights, 1) @ keys, 1), weights


class Seq2Seq(nn.Module):
    """Source tokens (N, S) and target tokens (N, T) → logits (N, T, vocabulary) of the token after each of the target.

    Parameters
    ----------
    source_vocabulary, target_vocabulary : how many tokens there are.
    channels : numbers in an embedding and in a state.
    pad : the token of the source that is padding, on the right; None if there is none.

    The encoder's last state is the decoder's first. At each step the decoder's state asks what of the source matters
    now, and the answer goes into the next state together with the token before.

    >>> model = seq2seq(10, 12, channels=8)
    >>> model(np.ones((3, 5), int), np.ones((3, 4), int)).shape
    (3, 4, 12)
    """

    def __init__(
        self, source_vocabulary: int, target_vocabulary: int, channels: int = 64, pad: int | None = None
    ) -> None:
        self.pad = pad
        self.source = nn.Embedding(source_vocabulary, channels)
        self.target = nn.Embedding(target_vocabulary, channels)
        self.encoder = nn.GRU(channels, channels, batch_first=True)
        self.attention = AdditiveAttention(channels, channels, channels)
        self.decoder = nn.GRUCell(2 * channels, channels)
        self.output = nn.Linear(2 * channels, target_vocabulary)

    def forward(self, source: Any, target: Any, teacher_forcing: float = 1.0, seed: Any = None) -> Any:
        """Logits (N, T, target_vocabulary).

        `teacher_forcing` is the probability with which a step reads the right token before it, from the target, instead
        of the one that the network itself thought likeliest; S. Bengio et al., "Scheduled sampling" (2015).

        Raises `ShapeError` for sequences without a token, or a source without a target, `OutOfRangeError` for what
        is no probability.
        """
        states, state, padding = self.encode(source)
        tokens = np.asarray(number_of(target))
        shape_of_tokens("Seq2Seq", tokens, "a target is", rows=shape_of(source)[0])
        probability("Seq2Seq", teacher_forcing=teacher_forcing)
        steps = tokens.shape[1]
        right = np.full(steps, True)
        if teacher_forcing < 1:  # one decision for all examples
            right[1:] = together("Seq2Seq", lambda _: generator(seed).random(steps - 1) < teacher_forcing)
        logits: list[Any] = []
        for t in range(steps):
            token = tokens[:, t] if right[t] else np.argmax(number_of(logits[-1]), axis=-1)
            out, state, _ = self.step(token, state, states, padding)
            logits.append(out)
        return stack(logits, 1)

    def encode(self, source: Any) -> tuple[Any, Any, Any]:
        """The encoder's states (N, S, channels), the one at the last token (N, channels), and the padding, or None.

        Raises `ShapeError` for a source without a token.
        """
        shape_of_tokens("Seq2Seq", source, "a source is")
        states, last = self.encoder(self.source(source))
        if self.pad is None:
            return states, last[0], None
        padding = np.asarray(number_of(source)) == self.pad
        lengths = (~padding).sum(1)
        return states, states[np.arange(len(lengths)), np.maximum(lengths, 1) - 1], padding

    def step(self, token: Any, state: Any, states: Any, padding: Any = None) -> tuple[Any, Any, Any]:
        """One token (N,) of the decoder: logits (N, target_vocabulary), the next state, the attention (N, S)."""
        context, weights = self.attention(state, states, padding)
        state = self.decoder(concatenate([self.target(token), context], -1), state)
        return self.output(concatenate([state, context], -1)), state, weights

    def translate(self, source: Sequence[int], start: int, stop: int, length: int) -> tuple[list[int], np.ndarray]:
        """The likeliest token after `start`, the likeliest after that, ... up to `stop`, or `length` tokens.

        Also the attention (steps, S): what each step took of each source token.

        >>> tokens, weights = seq2seq(10, 12, channels=8).translate([3, 4, 5], start=0, stop=1, length=5)
        >>> weights.shape == (len(tokens), 3)
        True
        """
        tokens: list[int] = []
        maps: list[np.ndarray] = []
        whole_from(0, "translate", length=length)
        token = np.array([start])
        with no_grad():
            states, state, padding = self.encode(np.array([source]))
            for _ in range(length):
                logits, state, weights = self.step(token, state, states, padding)
                token = np.argmax(number_of(logits), axis=-1)
                if token[0] == stop:
                    break
                tokens.append(int(token[0]))
                maps.append(number_of(weights)[0])
        return tokens, np.array(maps).reshape(len(maps), len(source))


seq2seq = Seq2Seq
