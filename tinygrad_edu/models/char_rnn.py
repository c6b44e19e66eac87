"""A recurrent network that reads a text and says, after each token, which one comes next.

J. L. Elman, "Finding structure in time", Cognitive Science 14 (1990); with the cells of S. Hochreiter and J.
Schmidhuber, "Long short-term memory", Neural Computation 9 (1997), or of K. Cho et al., arXiv:1406.1078 (2014).
"""

from __future__ import annotations

from typing import Any

from .. import nn
from ..engine.messages import one_of
from ..errors import OutOfRangeError
from .language import shape_of_tokens

__all__ = ["CharRNN", "char_rnn"]

CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class CharRNN(nn.Module):
    """Tokens (N, T) → logits (N, T, vocabulary) of the token after each.

    Parameters
    ----------
    vocabulary : how many tokens there are.
    channels : numbers in the vector of a token, and in the state.
    layers : recurrent layers above each other.
    cell : "rnn", "lstm" or "gru".

    Raises `OutOfRangeError` for another cell.

    >>> CharRNN(vocabulary=27, channels=16, cell="gru")([[3, 1, 4]]).shape
    (1, 3, 27)
    """

    def __init__(self, vocabulary: int, channels: int = 128, layers: int = 1, cell: str = "lstm") -> None:
        one_of(CELLS, "CharRNN", OutOfRangeError, cell=cell)
        self.tokens = nn.Embedding(vocabulary, channels)
        self.rnn = CELLS[cell](channels, channels, num_layers=layers, batch_first=True)
        self.output = nn.Linear(channels, vocabulary)

    def new_cache(self) -> dict[str, Any]:
        """Where `forward` keeps the state behind the last token, so that a text can be read piece by piece."""
        return {}

    def forward(self, tokens: Any, cache: dict[str, Any] | None = None) -> Any:
        """Tokens (N, T) → logits (N, T, vocabulary); with a cache, the tokens follow those that it has seen."""
        shape_of_tokens("CharRNN", tokens)
        states, last = self.rnn(self.tokens(tokens), None if cache is None else cache.get("state"))
        if cache is not None:
            cache["state"] = last
        return self.output(states)


char_rnn = CharRNN
