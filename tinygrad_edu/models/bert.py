"""BERT: an encoder that reads a whole text at once and learns from gaps in it, and from pairs of sentences.

J. Devlin, M.-W. Chang, K. Lee, K. Toutanova, "BERT: pre-training of deep bidirectional transformers for language
understanding", NAACL 2019. `data.text.mask_tokens` and `data.text.NextSentence` make what it learns from.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import nn
from ..engine.convert import numbers
from .language import counting, next_token_loss, shape_of_tokens

__all__ = ["BERT", "bert", "bert_loss"]


class BERT(nn.Module):
    """Tokens (N, T) → logits (N, T, vocabulary) of what stands at each place, and (N, 2) of whether B follows A.

    Parameters
    ----------
    vocabulary : how many tokens there are.
    block : the longest T.
    channels, layers, heads, dropout : of the Transformer layers, which are those of the paper: norms behind the sums,
        GELU.

    The text is a first token `<cls>`, a sentence A, a separator, a sentence B, a separator. The vector at the first
    token, `pooler` and `follows` say whether B follows A; `transform` and the weights of the embedding say what stands
    at each place. Weights begin normal with the deviation 0.02, biases with 0.

    >>> import numpy as np
    >>> places, follows = BERT(vocabulary=30, block=16, channels=8, layers=1, heads=2)(np.zeros((2, 6), int))
    >>> places.shape, follows.shape
    ((2, 6, 30), (2, 2))
    """

    def __init__(
        self,
        vocabulary: int,
        block: int = 64,
        channels: int = 128,
        layers: int = 4,
        heads: int = 4,
        dropout: float = 0.1,
    ) -> None:
        self.block = block
        self.tokens = nn.Embedding(vocabulary, channels)
        self.positions = nn.PositionalEmbedding(block, channels)
        self.segments = nn.Embedding(2, channels)
        self.norm, self.dropout = nn.LayerNorm(channels), nn.Dropout(dropout)
        layer = nn.TransformerEncoderLayer(channels, heads, 4 * channels, dropout, "gelu", batch_first=True)
        self.layers = nn.TransformerEncoder(layer, layers)
        self.transform = nn.Sequential(nn.Linear(channels, channels), nn.GELU(), nn.LayerNorm(channels))
        self.bias = nn.Parameter(np.zeros(vocabulary, np.float32))
        self.pooler = nn.Sequential(nn.Linear(channels, channels), nn.Tanh())
        self.follows = nn.Linear(channels, 2)
        for name, parameter in self.named_parameters():
            if len(parameter.shape) > 1:
                nn.init.normal_(parameter, std=0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, tokens: Any, segments: Any = None, padding: Any = None) -> tuple[Any, Any]:
        """`segments` (N, T) is 0 in the sentence A and 1 in B, 0 if left out; `padding` (N, T) True at padding."""
        shape = shape_of_tokens("BERT", tokens, block=self.block)
        segments = np.zeros(shape, int) if segments is None else segments
        x = self.positions(self.tokens(tokens) + self.segments(segments))
        x = self.layers(self.dropout(self.norm(x)), src_key_padding_mask=padding)
        places = nn.functional.linear(self.transform(x), self.tokens.weight, self.bias)
        return places, self.follows(self.pooler(x[:, 0]))


def bert_loss(outputs: tuple[Any, Any], targets: Any, ignore_index: int = -100) -> Any:
    """The sum of BERT's two losses: of the gaps, and of whether B follows A.

    Targets (N, T): at the first place, which is `<cls>` and never a gap, whether B follows A, 0 or 1; behind it the
    token that stood in each gap, and `ignore_index` everywhere else. A text without a gap has no loss of gaps. Raises
    `OutOfRangeError` where no first place says whether B follows A.

    >>> import tinygrad_edu as tg
    >>> loss = bert_loss((tg.zeros((1, 4, 8)), tg.zeros((1, 2))), [[1, -100, 5, -100]])
    >>> round(loss.item(), 4)  # log 8 + log 2
    2.7726
    """
    places, follows = outputs
    classes = np.asarray(numbers("bert_loss", targets))
    counting(classes[:, 0], ignore_index, "bert_loss")
    loss = nn.functional.cross_entropy(follows, classes[:, 0], ignore_index=ignore_index)
    if (classes[:, 1:] != ignore_index).any():
        loss = loss + next_token_loss(places[:, 1:], classes[:, 1:], ignore_index)
    return loss


def bert(
    vocabulary: int, block: int = 64, channels: int = 128, layers: int = 4, heads: int = 4, dropout: float = 0.1
) -> BERT:
    """A new `BERT`."""
    return BERT(vocabulary, block, channels, layers, heads, dropout)
