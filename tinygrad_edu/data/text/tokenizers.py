"""Tokenizers: text as whole numbers, and back.

A tokenizer knows a number of *tokens*, pieces of text, and each has a number from 0 on, its *id*. The special tokens,
which stand for no text, come first. `encode` gives none of them, whatever the text says; to mark the end of a text, add
the id yourself: `[*tokenizer.encode(text), tokenizer.special["<end>"]]`.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import heapify, heappop, heappush
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, Literal

from ..._support.files import replace_file
from ..._support.json_records import Format, Wrong
from ...engine.convert import array_of
from ...engine.messages import is_whole, short
from ...errors import DtypeError, FileError, OutOfRangeError, ShapeError

__all__ = ["BytePairTokenizer", "CharTokenizer", "Tokenizer"]

Pair = tuple[int, int]


@dataclass(frozen=True)
class Saved:
    """A tokenizer in a file.

    Attributes
    ----------
    kind : which class it is of.
    special : the names of the special tokens, which have the first ids.
    characters : those of a CharTokenizer, in the order of their ids.
    unknown : the special token of all other characters.
    merges : the pairs of ids that a BytePairTokenizer merges, in the order in which it learned them.
    """

    kind: Literal["characters", "byte pairs"]
    special: tuple[str, ...]
    characters: tuple[str, ...] = ()
    unknown: str | None = None
    merges: tuple[Pair, ...] = ()


FORMAT = Format(Saved, "tinygrad_edu.tokenizer", 1, "A tokenizer")


class Tokenizer:
    """What both kinds of tokenizer can do. `CharTokenizer.train` or `BytePairTokenizer.train` makes one.

    Attributes
    ----------
    tokens : how each token is shown, by its id. Bytes that are not a whole character are written `\\xe5`.
    special : the ids of the special tokens, by their names.
    """

    tokens: list[str]
    special: dict[str, int]

    def __len__(self) -> int:
        """The number of tokens, with the special ones."""
        return len(self.tokens)

    def encode(self, text: str) -> list[int]:
        """The ids of a text."""
        raise NotImplementedError(f"{type(self).__name__}: a Tokenizer defines encode(self, text)")

    def decode(self, ids: Any, skip_special: bool = False) -> str:
        """The text of a list, an array or a Tensor of ids.

        A special token is written by its name, or left out where `skip_special` is true.

        Raises `OutOfRangeError` for an id that no token has, `DtypeError` for ids that are no whole numbers, and
        `ShapeError` for more than one row of them.
        """
        array = array_of(ids)
        if array.ndim != 1:
            raise ShapeError(f"decode: takes one row of ids, not shape {array.shape}; decode row by row")
        if array.size and array.dtype.kind not in "iu":
            raise DtypeError(f"decode: ids are whole numbers, not {short(ids)}")
        numbers: list[int] = array.tolist()
        for number in numbers:
            if not 0 <= number < len(self):
                raise OutOfRangeError(f"decode: no token has the id {number}; there are {len(self)}, from 0 on")
        return self._text([i for i in numbers if not (skip_special and i < len(self.special))])

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the tokenizer to a file, as JSON; gives the path.

        The file appears complete or not at all. Raises `OSError` if it cannot be written.
        """
        replace_file(path, FORMAT.write(self._saved()).encode())
        return Path(path)

    @staticmethod
    def load(path: str | os.PathLike[str]) -> CharTokenizer | BytePairTokenizer:
        """The tokenizer that `save` wrote to a file. Nothing in the file is executed.

        Raises `FileError` for a file that is missing, cut off, damaged, or of another kind.

        >>> Tokenizer.load("no_such_file.json")
        Traceback (most recent call last):
            ...
        tinygrad_edu.errors.FileError: load: cannot read no_such_file.json: No such file or directory
        """
        try:
            saved = FORMAT.read(Path(path), "tokenizer")
            if saved.kind == "characters":
                return CharTokenizer(saved.characters, saved.special, saved.unknown)
            return BytePairTokenizer(saved.merges, saved.special)
        except OSError as error:
            raise FileError(f"load: cannot read {path}: {error.strerror}") from None
        except (Wrong, ShapeError) as error:
            raise FileError(f"load: {path} is no tokenizer: {error}") from None

    def _text(self, ids: list[int]) -> str:
        """The text of ids that all have a token."""
        raise NotImplementedError(f"{type(self).__name__}: a Tokenizer defines _text(self, ids)")

    def _saved(self) -> Saved:
        """What `save` writes."""
        raise NotImplementedError(f"{type(self).__name__}: a Tokenizer defines _saved(self)")


class CharTokenizer(Tokenizer):
    """One token a character.

    Parameters
    ----------
    characters : those that it knows, each once.
    special : the names of the special tokens.
    unknown : the special token that stands for every other character; without it they are an error.

    Raises `ShapeError` where there are no characters, or a token is there twice, or `unknown` is not in `special`.

    >>> tokenizer = CharTokenizer.train(["anna", "bob"], special=["<end>"])
    >>> tokenizer.tokens
    ['<end>', 'a', 'b', 'n', 'o']
    >>> tokenizer.encode("noa"), tokenizer.decode([3, 4, 1, 0])
    ([3, 4, 1], 'noa<end>')
    >>> tokenizer.encode("noé")
    Traceback (most recent call last):
        ...
    tinygrad_edu.errors.OutOfRangeError: encode: 'é' (U+00E9, at index 2) is none of the 4 characters that this
        tokenizer knows; train it on a text that has it, or with unknown=, a special token for all others
    """

    def __init__(self, characters: Iterable[str], special: Sequence[str] = (), unknown: str | None = None) -> None:
        self.characters = tuple(characters)
        self.special = _special_ids("CharTokenizer", special)
        self.unknown = unknown
        self.tokens = [*self.special, *self.characters]
        self._ids = {character: i for i, character in enumerate(self.characters, len(self.special))}
        given: tuple[Any, ...] = self.characters
        if wrong := [x for x in given if not isinstance(x, str) or len(x) != 1]:
            raise ShapeError(f"CharTokenizer: {short(wrong[0])} is not one character")
        if not self.characters or len(self._ids) < len(self.characters):
            raise ShapeError("CharTokenizer: needs characters, each once; CharTokenizer.train finds those of a text")
        if unknown is not None and unknown not in self.special:
            raise ShapeError(f"CharTokenizer: unknown={short(unknown)} is none of the special tokens {list(special)}")

    @classmethod
    def train(cls, text: str | Iterable[str], special: Sequence[str] = (), unknown: str | None = None) -> CharTokenizer:
        """A tokenizer of all characters of a text, or of several texts, in the order of their code points.

        Raises `ShapeError` for a text without characters.
        """
        return cls(sorted(set().union(*_texts("CharTokenizer.train", text))), special, unknown)

    def encode(self, text: str) -> list[int]:
        """The id of each character.

        Raises `OutOfRangeError` for a character that it does not know, unless it has a token for these.
        """
        if self.unknown is not None:
            others = self.special[self.unknown]
            return [self._ids.get(character, others) for character in text]
        try:
            return [self._ids[character] for character in text]
        except KeyError as error:
            character = error.args[0]
            raise OutOfRangeError(
                f"encode: {character!r} (U+{ord(character):04X}, at index {text.index(character)}) is none of the "
                f"{len(self.characters)} characters that this tokenizer knows; train it on a text that has it, or with "
                "unknown=, a special token for all others"
            ) from None

    def _text(self, ids: list[int]) -> str:
        return "".join(self.tokens[i] for i in ids)

    def _saved(self) -> Saved:
        return Saved("characters", tuple(self.special), self.characters, self.unknown)


class BytePairTokenizer(Tokenizer):
    r"""Tokens that are frequent pieces of words, learned from a text; it knows every text.

    It begins with the 256 bytes of UTF-8. Training then merges, again and again, the two neighbouring tokens that are
    together most often into a new token. No token reaches from one word into the next; a space belongs to the word
    after it. R. Sennrich, B. Haddow, A. Birch, "Neural machine translation of rare words with subword units", ACL
    2016; on bytes: A. Radford et al., "Language models are unsupervised multitask learners" (2019), section 2.2.

    Parameters
    ----------
    merges : the pairs of ids to merge, in this order; the first makes the token 256 + the number of special tokens.
    special : the names of the special tokens.

    Raises `ShapeError` where a special token or a pair is there twice, a pair names a token that does not exist yet, or
    the tokens have more than 16 million bytes in all.

    >>> tokenizer = BytePairTokenizer.train("low lower lowest newer newest", size=261)
    >>> tokenizer.tokens[256:]
    ['we', 'lo', ' n', ' lo', 'ewe']
    >>> [tokenizer.tokens[i] for i in tokenizer.encode("slowest")]
    ['s', 'lo', 'we', 's', 't']
    >>> tokenizer.decode(tokenizer.encode("诗 and \0"))
    '诗 and \x00'
    """

    def __init__(self, merges: Iterable[Pair] = (), special: Sequence[str] = ()) -> None:
        self.special = _special_ids("BytePairTokenizer", special)
        self.merges = tuple(merges)
        first = len(self.special)
        self._bytes = [b""] * first + [bytes([i]) for i in range(256)]
        room = LONGEST
        for pair in self.merges:
            known = len(self._bytes)
            if not (_is_pair(pair) and all(first <= token < known for token in pair)):
                raise ShapeError(f"BytePairTokenizer: {short(pair)} are not two of the tokens before {known}")
            room -= len(self._bytes[pair[0]]) + len(self._bytes[pair[1]])
            if room < 0:  # a small file may double a token again and again
                raise ShapeError(f"BytePairTokenizer: the tokens up to {known} have more than {LONGEST:,} bytes in all")
            self._bytes.append(self._bytes[pair[0]] + self._bytes[pair[1]])
        if len(set(self.merges)) < len(self.merges):
            raise ShapeError("BytePairTokenizer: each pair is merged once, and one of these is there twice")
        self.tokens = [*self.special, *(piece.decode("utf-8", "backslashreplace") for piece in self._bytes[first:])]
        self._merged = {pair: i for i, pair in enumerate(self.merges, first + 256)}
        self._encode_word = lru_cache(100_000)(self._encode_new_word)

    @classmethod
    def train(cls, text: str | Iterable[str], size: int, special: Sequence[str] = ()) -> BytePairTokenizer:
        """A tokenizer of `size` tokens in all, learned from a text or from several texts.

        They are fewer if no two tokens are together twice. Among equally frequent pairs, the one of the smallest
        ids is merged first.

        Raises `ShapeError` for a text without characters, or a size that has no room for all bytes.
        """
        first = len(special) + 256
        if size < first:
            raise ShapeError(
                f"BytePairTokenizer.train: size is at least {first} (256 bytes, {len(special)} special), not {size}"
            )
        counts = Counter(word for part in _texts("BytePairTokenizer.train", text) for word in words_of(part))
        words = [[len(special) + byte for byte in word] for word in counts]
        frequency = list(counts.values())
        pairs: Counter[Pair] = Counter()  # how often two tokens are together
        places: dict[Pair, set[int]] = defaultdict(set)  # in which words

        def count(i: int, sign: int) -> None:
            for pair in pairwise(words[i]):
                pairs[pair] += sign * frequency[i]
                places[pair].add(i)

        for i in range(len(words)):
            count(i, +1)
        merges: list[Pair] = []
        most = [(-n, pair) for pair, n in pairs.items()]  # a heap: the most frequent first, then the smallest ids
        heapify(most)
        while first + len(merges) < size and most:
            n, best = heappop(most)
            if -n != pairs[best]:  # it has become rarer since it was pushed
                heappush(most, (-pairs[best], best))
                continue
            if -n < 2:
                break
            known = len(pairs)
            for i in sorted(places[best]):
                count(i, -1)
                words[i] = merged(words[i], best, first + len(merges))
                count(i, +1)
            for pair in islice(reversed(pairs), len(pairs) - known):  # those with the new token; no other gains
                heappush(most, (-pairs[pair], pair))
            merges.append(best)
        return cls(merges, special)

    def encode(self, text: str) -> list[int]:
        """The ids of a text: in each word, pairs are merged in the order in which they were learned."""
        return [token for word in words_of(text) for token in self._encode_word(word)]

    def _encode_new_word(self, word: bytes) -> list[int]:
        tokens = [len(self.special) + byte for byte in word]
        while True:
            known = [self._merged[pair] for pair in pairwise(tokens) if pair in self._merged]
            if not known:
                return tokens
            token = min(known)  # the earliest learned
            tokens = merged(tokens, self.merges[token - len(self.special) - 256], token)

    def _text(self, ids: list[int]) -> str:
        """The text; bytes that are no UTF-8, which tokens in another order can give, become U+FFFD."""
        content = b"".join(self.tokens[i].encode() if i < len(self.special) else self._bytes[i] for i in ids)
        try:
            return content.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return content.decode("utf-8", "replace")

    def _saved(self) -> Saved:
        return Saved("byte pairs", tuple(self.special), merges=self.merges)


LONGEST = 2**24
"""The most bytes of all tokens together."""


def _is_pair(pair: Any) -> bool:
    """Whether it is a tuple of two whole numbers."""
    return isinstance(pair, tuple) and len(pair) == 2 and all(map(is_whole, pair))


WORD = re.compile(r" ?\w+| ?[^\w\s]+|\s+")
"""Every character of a text is in exactly one match."""


def words_of(text: str) -> list[bytes]:
    """The words of a text, its punctuation and its white space, each in UTF-8."""
    return [word.encode("utf-8", "surrogatepass") for word in WORD.findall(text)]


def merged(tokens: list[int], pair: Pair, token: int) -> list[int]:
    """The tokens with each occurrence of a pair, from the left, replaced by one token."""
    result: list[int] = []
    i = 0
    while i < len(tokens):
        found = tuple(tokens[i : i + 2]) == pair
        result.append(token if found else tokens[i])
        i += 2 if found else 1
    return result


def _texts(function: str, text: str | Iterable[str]) -> list[str]:
    """The texts to learn from."""
    parts = [text] if isinstance(text, str) else list(text)
    for part in parts:
        if not isinstance(part, str):
            raise DtypeError(f"{function}: a text is a string, not {type(part).__name__} {short(part)}")
    if not any(parts):
        raise ShapeError(f"{function}: there is nothing to learn from an empty text")
    return parts


def _special_ids(function: str, special: Sequence[Any]) -> dict[str, int]:
    """The ids of the special tokens."""
    if isinstance(special, str):
        raise DtypeError(f"{function}: special is a list of names; write [{special!r}]")
    if wrong := [name for name in special if not isinstance(name, str)]:
        raise DtypeError(f"{function}: the name of a special token is a string, not {short(wrong[0])}")
    if len(set(special)) < len(special) or "" in special:
        raise ShapeError(f"{function}: special tokens have different names, not {list(special)}")
    return {name: i for i, name in enumerate(special)}
