"""GPT: a Transformer that predicts the next token from those before it, and so writes a text token by token.

A. Radford, K. Narasimhan, T. Salimans, I. Sutskever, "Improving language understanding by generative pre-training"
(2018); with the norms before the sublayers, as in the GPT-2 of Radford et al., "Language models are unsupervised
multitask learners" (2019).
"""

from __future__ import annotations

import math
from typing import Any

from .. import nn
from .language import shape_of_tokens

__all__ = ["GPT", "gpt"]


class GPT(nn.Module):
    """Tokens (N, T) → logits (N, T, vocabulary) of the token after each.

    Parameters
    ----------
    vocabulary : how many tokens there are.
    block : the longest T.
    channels : numbers in the vector of a token.
    layers : Transformer layers, each with attention to the tokens so far and two linear layers with GELU.
    heads : heads of each attention.
    dropout : probability to drop a number in training, as in `nn.TransformerEncoderLayer`.

    Weights begin normal with the deviation 0.02, those in front of a sum divided by √(2 · layers); biases with 0. The
    last linear layer has the weights of the embedding. Raises `ShapeError` for more than `block` tokens;
    `models.generate` hands on the last ones of a longer text.

    >>> model = GPT(vocabulary=27, block=16, channels=32, layers=2, heads=4)
    >>> model([[3, 1, 4, 1, 5]]).shape
    (1, 5, 27)
    """

    def __init__(
        self,
        vocabulary: int,
        block: int = 64,
        channels: int = 128,
        layers: int = 4,
        heads: int = 4,
        dropout: float = 0.0,
    ) -> None:
        self.block = block
        self.tokens = nn.Embedding(vocabulary, channels)
        self.positions = nn.PositionalEmbedding(block, channels)
        self.dropout = nn.Dropout(dropout)
        layer = nn.TransformerEncoderLayer(
            channels, heads, 4 * channels, dropout, _gelu, batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, layers, nn.LayerNorm(channels))
        for name, parameter in self.named_parameters():
            if len(parameter.shape) > 1:
                in_front_of_a_sum = name.endswith(("out_proj.weight", "linear2.weight"))
                nn.init.normal_(parameter, std=0.02 / (math.sqrt(2 * layers) if in_front_of_a_sum else 1))
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, tokens: Any, cache: nn.KeyValueCache | None = None) -> Any:
        """Tokens (N, T) → logits (N, T, vocabulary); with a cache, the tokens follow those that it has seen."""
        start = 0 if cache is None else len(cache)
        shape_of_tokens("GPT", tokens, block=self.block, before=start)
        x = self.dropout(self.positions(self.tokens(tokens), start))
        x = self.layers(x, is_causal=True, cache=cache)
        return nn.functional.linear(x, self.tokens.weight)


def _gelu(x: Any) -> Any:
    """GELU by the approximation with tanh, as in GPT."""
    return nn.functional.gelu(x, approximate="tanh")


gpt = GPT
