"""A recurrent network that reads an image row by row, from the top."""

from __future__ import annotations

from typing import Any

from .. import nn

__all__ = ["RowRNN", "rnn"]


class RowRNN(nn.Module):
    """Two recurrent layers over the rows of an image, and a linear layer on the state after the last row.

    >>> import tinygrad_edu as tg
    >>> RowRNN()(tg.zeros((5, 1, 28, 28))).shape
    (5, 10)
    """

    def __init__(self, width: int = 28, hidden: int = 128, layers: int = 2, classes: int = 10) -> None:
        self.rnn = nn.RNN(width, hidden, num_layers=layers, batch_first=True)
        self.output = nn.Linear(hidden, classes)

    def forward(self, images: Any) -> Any:
        """Images (N, 1, height, width) → logits (N, classes)."""
        rows = images.reshape(len(images), -1, images.shape[-1])  # (N, height, width): a step a row
        states, _ = self.rnn(rows)
        return self.output(states[:, -1])


rnn = RowRNN
