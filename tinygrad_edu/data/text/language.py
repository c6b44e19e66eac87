"""What language models train on: windows of a long text, many short texts, masked tokens, pairs of sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ...engine.convert import array_of
from ...engine.messages import short, whole_from
from ...engine.random import generator
from ...errors import DtypeError, OutOfRangeError, ShapeError
from ..dataset import Dataset, places
from .tokenizers import Tokenizer

__all__ = ["Documents", "NextSentence", "Windows", "mask_tokens", "pad"]

IGNORED = -100
"""The target of a place that does not count: the `ignore_index` of the losses."""


def pad(sequences: Sequence[Sequence[int]], value: int = 0) -> ndarray:
    """Rows of different lengths as one array (N, longest) of int64, filled up with `value` on the right.

    Raises `ShapeError` where there is no row, `DtypeError` for what is no whole number.

    >>> pad([[5, 6, 7], [], [8]], value=9)
    array([[5, 6, 7],
           [9, 9, 9],
           [8, 9, 9]])
    """
    rows = [whole_numbers("pad", row) for row in sequences]
    if not rows:
        raise ShapeError("pad: there is no row")
    padded = np.full((len(rows), max(map(len, rows))), value, dtype=np.int64)
    for target, row in zip(padded, rows):
        target[: len(row)] = row
    return padded


class Windows(Dataset):
    """Windows of a long text: `length` tokens, and as the target of each of them the token after it.

    Parameters
    ----------
    tokens : the ids of the text.
    length : of a window.
    step : from the beginning of a window to that of the next; left out, it is `length`, and no token is in two windows.

    Raises `ShapeError` for a text that is shorter than one window and its last target, or a length or step below 1.

    >>> windows = Windows([0, 1, 2, 3, 4, 5, 6, 7], length=3)
    >>> len(windows), windows[1]
    (2, (array([3, 4, 5]), array([4, 5, 6])))
    """

    def __init__(self, tokens: Sequence[int] | ndarray, length: int, step: int | None = None) -> None:
        self.tokens = whole_numbers("Windows", tokens)
        self.length = length
        self.step = length if step is None else step
        whole_from(1, "Windows", length=length, step=self.step)
        if len(self.tokens) <= length:
            raise ShapeError(
                f"Windows: {len(self.tokens)} tokens are too few for a window of {length} and the token after it; give "
                "a longer text or a smaller length"
            )

    def __len__(self) -> int:
        return (len(self.tokens) - self.length - 1) // self.step + 1

    def __getitem__(self, index: Any) -> tuple[ndarray, ndarray]:
        inputs, targets = self.batch([index])
        return inputs[0], targets[0]

    def batch(self, indices: Sequence[int] | ndarray) -> tuple[ndarray, ...]:
        """Inputs and targets, both (N, length)."""
        begin = places(self, indices) * self.step
        where = begin[:, None] + np.arange(self.length)
        return self.tokens[where], self.tokens[where + 1]


class Documents(Dataset):
    """Many short texts, each from its beginning to its end.

    The input is a token that marks the start, then the text; the target of each token is the one after it, and at the
    end a token that marks the end. The rows of a batch are as long as its longest text: behind a shorter one the inputs
    are `pad` and the targets -100, which the losses of `nn` ignore.

    Parameters
    ----------
    texts : the ids of each text.
    start, end, pad : the ids of three tokens, which may be the same one.
    length : the most tokens of a row; what is longer is cut off.

    Attributes
    ----------
    lengths : the length of each row before it is padded. With `DataLoader(..., bucket_by=documents.lengths)` texts of
        similar length share a batch, and little is padded.

    Raises `ShapeError` where there is no text, or for a length below 1.

    >>> documents = Documents([[5, 6, 7], [8]], start=1, end=2, pad=0)
    >>> inputs, targets = documents.batch([0, 1])
    >>> inputs.tolist(), targets.tolist()
    ([[1, 5, 6, 7], [1, 8, 0, 0]], [[5, 6, 7, 2], [8, 2, -100, -100]])
    """

    def __init__(
        self, texts: Sequence[Sequence[int]], start: int, end: int, pad: int, length: int | None = None
    ) -> None:
        if length is not None:
            whole_from(1, "Documents", length=length)
        if not len(texts):
            raise ShapeError("Documents: there is no text")
        whole = [whole_numbers("Documents", text) for text in texts]
        self.rows = [np.concatenate([[start], text, [end]])[: None if length is None else length + 1] for text in whole]
        self.pad = pad
        self.lengths = np.array([len(row) - 1 for row in self.rows])

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> tuple[ndarray, ndarray]:
        row = self.rows[places(self, [index])[0]]
        return row[:-1], row[1:]

    def batch(self, indices: Sequence[int] | ndarray) -> tuple[ndarray, ...]:
        """Inputs and targets, both (N, the longest)."""
        rows = [self.rows[i] for i in places(self, indices)]
        return pad([row[:-1] for row in rows], self.pad), pad([row[1:] for row in rows], IGNORED)


def mask_tokens(
    tokens: Any, tokenizer: Tokenizer, seed: Any = None, mask: str = "<mask>", rate: float = 0.15
) -> tuple[ndarray, ndarray]:
    """The task of a masked language model: tokens (N, length) with some of them hidden, and what stood there.

    In each row the share `rate` of the tokens is chosen at random, at least one; special tokens never are. 80 % of the
    chosen ones become the token `mask`, 10 % any token that is not special, and 10 % stay. The targets are -100, which
    the losses ignore, where nothing was chosen. `seed` is an int or a `numpy.random.Generator`; without one the
    package's own draws. J. Devlin, M. Chang, K. Lee, K. Toutanova, "BERT: pre-training of deep
    bidirectional transformers for language understanding", NAACL 2019, section 3.1.

    Raises `ShapeError` for tokens of another number of axes, a rate that is no share, or a tokenizer without the token,
    `OutOfRangeError` for an id that no token has.

    >>> from tinygrad_edu.data.text import CharTokenizer
    >>> tokenizer = CharTokenizer("abcdefgh", special=["<pad>", "<mask>"])
    >>> row = tokenizer.encode("abcdefgh")
    >>> inputs, targets = mask_tokens([row], tokenizer, np.random.default_rng(3), rate=0.25)
    >>> tokenizer.decode(inputs[0]), targets[0].tolist()
    ('<mask>bcd<mask>fgh', [2, -100, -100, -100, 6, -100, -100, -100])
    """
    array = array_of(tokens)
    if array.ndim != 2 or array.dtype.kind not in "iu":
        raise ShapeError(f"mask_tokens: tokens are whole numbers of shape (N, length), not {short(tokens)}")
    if not 0 < rate <= 1:
        raise ShapeError(f"mask_tokens: rate is a share, above 0 and at most 1, not {short(rate)}")
    hidden = _special("mask_tokens", tokenizer, mask)
    unknown = array[(array < 0) | (array >= len(tokenizer))]
    if unknown.size:
        raise OutOfRangeError(f"mask_tokens: no token has the id {unknown[0]}; there are {len(tokenizer)}, from 0 on")
    rng = generator(seed)
    may_be = array >= len(tokenizer.special)
    number = np.maximum(1, np.rint(rate * may_be.sum(axis=1))).astype(int)
    rank = np.where(may_be, rng.random(array.shape), 2).argsort(axis=1).argsort(axis=1)
    chosen = may_be & (rank < number[:, None])
    lot = rng.random(array.shape)
    any_token = rng.integers(len(tokenizer.special), len(tokenizer), array.shape)
    inputs = np.where(chosen & (lot < 0.8), hidden, np.where(chosen & (lot < 0.9), any_token, array))
    return inputs, np.where(chosen, array, IGNORED)


class NextSentence(Dataset):
    """Pairs of sentences, of which the second follows the first, or does not.

    A row is `<cls>`, the first sentence, `<sep>`, the second sentence, `<sep>`. In half of the pairs, at random, the
    second sentence is one from another document, or from elsewhere in the document if there is no other. J. Devlin et
    al., "BERT" (see `mask_tokens`), section 3.1, task 2.

    Parameters
    ----------
    documents : of each, its sentences, and of each of these the ids.
    tokenizer : has the special tokens `<cls>`, `<sep>` and `<pad>`.
    length : the most tokens of a row; the longer sentence of a pair is cut off until they fit.
    seed : of the choice.

    A batch has three parts: tokens (N, longest), padded by `<pad>`; segments (N, longest), 0 up to the first `<sep>`,
    then 1; and whether the second sentence follows (N,), 0 or 1.

    Raises `ShapeError` where no document has two sentences, or there are only two in all; for a length below 5; and for
    a tokenizer without one of the special tokens.

    >>> from tinygrad_edu.data.text import CharTokenizer
    >>> tokenizer = CharTokenizer("abcd", special=["<pad>", "<cls>", "<sep>"])
    >>> documents = [[tokenizer.encode(s) for s in lines] for lines in (["ab", "ba"], ["c", "dd"])]
    >>> pairs = NextSentence(documents, tokenizer, length=8)
    >>> tokens, segments, follows = pairs.batch([0, 1])
    >>> [tokenizer.decode(row) for row in tokens]
    ['<cls>ab<sep>ba<sep>', '<cls>c<sep>dd<sep><pad>']
    >>> segments.tolist(), follows.tolist()
    ([[0, 0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1, 1]], [1, 1])
    """

    def __init__(
        self, documents: Sequence[Sequence[Sequence[int]]], tokenizer: Tokenizer, length: int, seed: Any = 0
    ) -> None:
        whole_from(5, "NextSentence", length=length)
        cls, sep, self.pad = (_special("NextSentence", tokenizer, name) for name in ("<cls>", "<sep>", "<pad>"))
        sentences = [(d, i) for d, document in enumerate(documents) for i in range(len(document))]
        first_of = np.cumsum([0, *map(len, documents)])
        rng = generator(seed)
        self.rows: list[tuple[ndarray, ndarray, int]] = []
        for d, document in enumerate(documents):
            elsewhere = len(sentences) - len(document)
            for i in range(len(document) - 1):
                others = [(d, j) for j in range(len(document)) if j not in (i, i + 1)] if not elsewhere else []
                if not elsewhere and not others:
                    raise ShapeError("NextSentence: of two sentences, none does not follow the first; give more")
                follows = int(rng.integers(2))
                if follows:
                    e, j = d, i + 1
                elif elsewhere:
                    k = int(rng.integers(elsewhere))
                    e, j = sentences[k if k < first_of[d] else k + len(document)]
                else:
                    e, j = others[int(rng.integers(len(others)))]
                first, second = list(document[i]), list(documents[e][j])
                while len(first) + len(second) > length - 3:
                    (first if len(first) > len(second) else second).pop()
                row = [cls, *first, sep, *second, sep]
                segments = [0] * (len(first) + 2) + [1] * (len(second) + 1)
                self.rows.append((whole_numbers("NextSentence", row), np.array(segments), follows))
        if not self.rows:
            raise ShapeError("NextSentence: no document has two sentences")

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[ndarray, ndarray, int]:
        return self.rows[int(places(self, [index])[0])]

    def batch(self, indices: Sequence[int] | ndarray) -> tuple[ndarray, ...]:
        """Tokens (N, longest), segments (N, longest), and whether the second sentence follows (N,)."""
        tokens, segments, follows = zip(*(self.rows[i] for i in places(self, indices)))
        return pad(tokens, self.pad), pad(segments, 1), np.array(follows)


def whole_numbers(function: str, tokens: Any) -> ndarray:
    """A row of ids, as int64."""
    array = np.asarray(tokens)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise DtypeError(f"{function}: a text is a row of whole numbers, as encode gives, not {short(tokens)}")
    return array.astype(np.int64)


def _special(function: str, tokenizer: Tokenizer, name: str) -> int:
    """The id of a special token."""
    if not hasattr(tokenizer, "special"):
        raise DtypeError(f"{function}: tokenizer is one of data.text, such as CharTokenizer, not {short(tokenizer)}")
    if name not in tokenizer.special:
        raise ShapeError(f"{function}: the tokenizer has no special token {name!r}, only {list(tokenizer.special)}")
    return tokenizer.special[name]
