"""Text becomes numbers and comes back unchanged; what a model is trained on is what the papers say."""

from __future__ import annotations

import gzip
import hashlib
import json
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu.data import DataLoader, text
from tinygrad_edu.data.text import BytePairTokenizer, CharTokenizer, Documents, NextSentence, Tokenizer, Windows
from tinygrad_edu.errors import DtypeError, FileError, OutOfRangeError, ShapeError

EVERYTHING = st.text(st.characters(codec=None, categories=None))
"""Every string there is, those with halves of surrogate pairs included."""

WRONG: list[Any] = [5, [b"ab"], ["ab"], None, [1.5, 2.5], [(1, 2, 3)], [1], [0.5], 1.5]
"""What type checkers refuse, too."""

SPECIAL = ["<pad>", "<mask>", "<cls>", "<sep>"]


# The collections.


def test_the_names() -> None:
    names = text.names()
    assert len(names) == len(set(names)) == 8403
    assert names == sorted(names)
    assert set("".join(names)) == set("abcdefghijklmnopqrstuvwxyz")
    assert {"emma", "oliver", "christophorus", "bo"} <= set(names)


def test_the_poems() -> None:
    poems = text.poems()
    assert len(poems) == len(set(poems)) == 1676
    assert len(set("".join(poems))) == 1730
    for poem in poems:
        assert (len(poem), poem[5] + poem[11] + poem[17] + poem[23]) == (24, "，。，。")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        (
            "names",
            ["Grady Ward", "Gutenberg", "stdlib", "PDDL", "CC0", "https://creativecommons.org/publicdomain/zero"],
        ),
        ("poems", ["chinese-poetry", "JackeyGao", "public domain", "Permission is hereby granted", "OpenCC"]),
    ],
)
def test_the_licence_beside_a_collection_names_this_very_file_its_source_and_terms(name: str, parts: list[str]) -> None:
    folder = files("tinygrad_edu.data.text")
    licence = folder.joinpath(f"{name}.LICENSE.txt").read_text(encoding="utf-8")
    assert hashlib.sha256(folder.joinpath(f"{name}.txt").read_bytes()).hexdigest() in licence
    assert all(part in licence for part in parts)


def test_they_are_small() -> None:
    folder = Path(str(files("tinygrad_edu.data.text")))
    assert sum(len(gzip.compress(file.read_bytes())) for file in folder.glob("*.txt")) < 100_000


# Tokenizers.


@given(s=EVERYTHING.filter(bool), more=EVERYTHING)
def test_characters_come_back(s: str, more: str) -> None:
    tokenizer = CharTokenizer.train([s, more], special=SPECIAL)
    assert tokenizer.decode(tokenizer.encode(s)) == s
    assert len(tokenizer) == len(set(s + more)) + 4


LEARNED = BytePairTokenizer.train([*text.names()[:300], *text.poems()[:100]], size=500, special=["<end>"])


@given(s=EVERYTHING)
def test_byte_pairs_bring_every_string_back(s: str) -> None:
    assert LEARNED.decode(LEARNED.encode(s)) == s


@given(s=st.text("ab \n诗", min_size=1), size=st.integers(257, 280))
def test_byte_pairs_learned_from_any_text_bring_it_back_in_no_more_tokens_than_bytes(s: str, size: int) -> None:
    tokenizer = BytePairTokenizer.train(s, size, special=["<end>"])
    ids = tokenizer.encode(s)
    assert tokenizer.decode(ids) == s
    assert len(ids) <= len(s.encode())
    assert 257 <= len(tokenizer) <= size
    assert 0 not in ids


@given(s=st.text("ab c", min_size=1, max_size=40))
def test_each_merge_is_of_the_most_frequent_pair(s: str) -> None:
    """Sennrich et al. (2016), algorithm 1, done again from the beginning at each merge."""
    words = [list(word) for word in text.tokenizers.words_of(s)]
    expected = []
    for token in range(256, 262):
        pairs = [pair for word in words for pair in pairwise(word)]
        if not pairs or max(map(pairs.count, pairs)) < 2:
            break
        best = min(pairs, key=lambda pair: (-pairs.count(pair), pair))
        expected.append(best)
        words = [text.tokenizers.merged(word, best, token) for word in words]
    tokenizer = BytePairTokenizer.train(s, 262)
    assert list(tokenizer.merges) == expected
    assert tokenizer.encode(s) == [token for word in words for token in word]


def test_byte_pairs_shorten_what_they_learned_from() -> None:
    names = " ".join(text.names()[:300])
    assert len(LEARNED.encode(names)) < 0.65 * len(names)


def test_special_tokens_come_only_from_their_ids() -> None:
    for tokenizer in (CharTokenizer.train("<end>", special=["<end>"]), LEARNED):
        assert tokenizer.special == {"<end>": 0}
        assert 0 not in tokenizer.encode("<end>")
        ids = [*tokenizer.encode("end"), 0]
        assert tokenizer.decode(ids) == "end<end>"
        assert tokenizer.decode(tg.tensor(np.array(ids)), skip_special=True) == "end"


def test_a_special_token_may_stand_for_unknown_characters() -> None:
    tokenizer = CharTokenizer.train("ab", special=["<end>", "?"], unknown="?")
    assert tokenizer.encode("abc") == [2, 3, 1]
    assert tokenizer.decode([2, 1]) == "a?"


def test_bytes_that_are_no_text_become_a_replacement() -> None:
    assert LEARNED.decode(LEARNED.encode("诗")[:1]) == "\ufffd"
    assert LEARNED.tokens[1 + 0xE5] == r"\xe5"


@pytest.mark.parametrize(
    "tokenizer",
    [
        CharTokenizer.train('aé\ud800\udc00诗\n"\\', special=["<end>", "<?>"], unknown="<?>"),
        CharTokenizer("a"),
        LEARNED,
        BytePairTokenizer(),
    ],
)
def test_a_saved_tokenizer_is_the_same(tokenizer: Any, tmp_path: Path) -> None:
    again = Tokenizer.load(tokenizer.save(tmp_path / "tokenizer.json"))
    assert type(again) is type(tokenizer)
    assert (again.tokens, again.special) == (tokenizer.tokens, tokenizer.special)
    for s in ("aéa", "诗"):
        if isinstance(tokenizer, BytePairTokenizer) or tokenizer.unknown:
            assert again.encode(s) == tokenizer.encode(s)


HEAD = b'{"format": "tinygrad_edu.tokenizer", "version": 1, "special": ["<end>"], "kind": '


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"{}",
        HEAD.replace(b"1", b"2") + b'"characters", "characters": ["a"]}',
        HEAD + b'"characters"}',
        HEAD + b'"characters", "characters": ["ab"]}',
        HEAD + b'"characters", "characters": ["a", "a"]}',
        HEAD + b'"characters", "characters": ["a"], "unknown": "?"}',
        HEAD + b'"byte pairs", "merges": [[1, 257]]}',
        HEAD + b'"byte pairs", "merges": [[0, 1]]}',
        HEAD + b'"byte pairs", "merges": [[98, 99], [98, 99]]}',
        HEAD
        + b'"byte pairs", "merges": [[98, 98], '
        + b", ".join(b"[%d, %d]" % (i, i) for i in range(257, 300))
        + b"]}",
        HEAD.replace(b"]", b', "<end>"]') + b'"byte pairs"}',
        HEAD + b'"words"}',
    ],
)
def test_a_file_that_is_no_tokenizer_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(FileError, match=r"x\.json is no tokenizer"):
        Tokenizer.load(tmp_path / "x.json")


def test_the_file_is_plain_json(tmp_path: Path) -> None:
    path = CharTokenizer.train("ba", special=["<end>"]).save(tmp_path / "x.json")
    assert json.loads(path.read_text("utf-8")) == {
        "format": "tinygrad_edu.tokenizer",
        "version": 1,
        "kind": "characters",
        "special": ["<end>"],
        "characters": ["a", "b"],
    }


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: CharTokenizer.train(""), ShapeError, "empty text"),
        (lambda: CharTokenizer.train([]), ShapeError, "empty text"),
        (lambda: BytePairTokenizer.train(["", ""], 300), ShapeError, "empty text"),
        (lambda: CharTokenizer.train(WRONG[0]), DtypeError, "text is a text or a list of texts, not int 5"),
        (lambda: BytePairTokenizer.train(WRONG[1], 300), DtypeError, "a text is a string, not bytes"),
        (lambda: BytePairTokenizer.train("ab", 256, ["<end>"]), ShapeError, "at least 257"),
        (lambda: CharTokenizer("ab", "<end>"), DtypeError, r"a list of names; write \['<end>'\]"),
        (lambda: CharTokenizer("ab", ["<end>", "<end>"]), ShapeError, "different names"),
        (lambda: CharTokenizer("ab", ["<end>"], "<unk>"), ShapeError, "none of the special tokens"),
        (lambda: CharTokenizer("ab").encode("abc"), OutOfRangeError, r"'c' \(U\+0063, at index 2\).* unknown="),
        (lambda: CharTokenizer("ab").encode(WRONG[2]), DtypeError, "text is a text, not list"),
        (lambda: LEARNED.encode(WRONG[3]), DtypeError, "text is a text, not NoneType"),
        (lambda: LEARNED.decode([3, 10_000]), OutOfRangeError, "no token has the id 10000; there are 500"),
        (lambda: LEARNED.decode([-1]), OutOfRangeError, "no token has the id -1"),
        (lambda: LEARNED.decode([0.5]), DtypeError, "whole numbers"),
        (lambda: LEARNED.decode([[1], [2]]), ShapeError, "row by row"),
        (lambda: BytePairTokenizer.train("ab", WRONG[4]), DtypeError, "size is a whole number"),
        (lambda: BytePairTokenizer([(97, 98), (97, 98)]), ShapeError, "is there twice"),
        (lambda: BytePairTokenizer(WRONG[5]), ShapeError, r"\(1, 2, 3\) are not two of the tokens"),
        (lambda: CharTokenizer("ab", WRONG[6]), DtypeError, "the name of a special token is a string, not 1"),
        (lambda: CharTokenizer(WRONG[6]), ShapeError, "1 is not one character"),
    ],
)
def test_wrong_calls(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_decoding_nothing_gives_nothing() -> None:
    assert LEARNED.decode([]) == CharTokenizer("a").decode(np.array([], dtype=int)) == ""


# Datasets.


@given(n=st.integers(2, 30), length=st.integers(1, 9), step=st.none() | st.integers(1, 12))
def test_windows_lie_in_the_text_and_their_targets_one_further(n: int, length: int, step: int | None) -> None:
    if n <= length:
        with pytest.raises(ShapeError, match="too few for a window"):
            Windows(range(n), length, step)
        return
    windows = Windows(range(n), length, step)
    inputs, targets = windows.batch(range(len(windows)))
    assert inputs.shape == targets.shape == (len(windows), length)
    assert np.array_equal(targets, inputs + 1)
    assert inputs[:, 0].tolist() == list(range(0, n - length, step or length))


def test_windows_by_index() -> None:
    windows = Windows(range(7), 3)
    assert [x.tolist() for x in windows[-1]] == [[3, 4, 5], [4, 5, 6]]
    with pytest.raises(OutOfRangeError):
        windows[2]


@given(
    rows=st.lists(st.lists(st.integers(5, 9), max_size=6), min_size=1, max_size=5), most=st.none() | st.integers(1, 7)
)
def test_documents_say_each_token_after_its_beginning_and_then_the_end(rows: list[list[int]], most: int | None) -> None:
    documents = Documents(rows, start=1, end=2, pad=0, length=most)
    inputs, targets = documents.batch(range(len(rows)))
    for row, given_, wanted, length in zip(rows, inputs.tolist(), targets.tolist(), documents.lengths):
        assert length == min(len(row) + 1, most or 99)
        assert given_[:length] == [1, *row][:length]
        assert wanted[:length] == [*row, 2][:length]
        assert set(given_[length:]) <= {0}
        assert set(wanted[length:]) <= {-100}
    assert inputs.shape == targets.shape == (len(rows), documents.lengths.max())
    assert documents[-1][1].tolist() == [*rows[-1], 2][:most]


def test_padding_does_not_change_the_loss() -> None:
    rows = [[5, 6, 7], [8], []]
    documents = Documents(rows, start=1, end=2, pad=0)
    table = nn.Embedding(9, 9)

    def loss(indices: list[int], reduction: str) -> Any:
        inputs, targets = documents.batch(indices)
        return nn.functional.cross_entropy(table(inputs).reshape(-1, 9), targets.reshape(-1), reduction=reduction)

    together = loss([0, 1, 2], "sum")
    apart = sum(loss([i], "sum").item() for i in range(3))
    assert np.isclose(together.item(), apart, rtol=1e-6)
    together.backward()
    assert not table.weight.grad[0].any(), "no gradient reaches the token that pads"


@pytest.mark.parametrize("shuffle", [False, True])
def test_buckets_hold_every_text_once_and_pad_less(shuffle: bool) -> None:
    lengths = np.random.default_rng(0).integers(0, 30, 101)
    documents = Documents([[7] * n for n in lengths], start=1, end=2, pad=0)

    def padded(**settings: Any) -> int:
        batches = [x[0].data for x in DataLoader(documents, batch_size=10, shuffle=shuffle, **settings)]
        assert sorted(n for batch in batches for n in (batch == 7).sum(1)) == sorted(lengths)
        return sum((batch == 0).sum() for batch in batches)

    assert padded(bucket_by=documents.lengths) < 0.2 * padded()


def test_buckets_come_in_an_order_that_the_seed_decides() -> None:
    documents = Documents([[7] * n for n in range(40)], start=1, end=2, pad=0)
    loader = DataLoader(documents, batch_size=8, shuffle=True, bucket_by=documents.lengths)
    first, second = ([x.shape[1] for x, _ in loader] for _ in range(2))
    assert first != second
    assert sorted(first) == sorted(second) == [8, 16, 24, 32, 40]
    loader.epoch = 0
    assert [x.shape[1] for x, _ in loader] == first
    with pytest.raises(ShapeError, match="for each of the 40 examples"):
        DataLoader(documents, bucket_by=[1, 2])


TOKENS = CharTokenizer("abcdefgh", special=SPECIAL)


@given(
    rows=st.lists(st.lists(st.integers(0, 11), min_size=7, max_size=7), min_size=1, max_size=4),
    rate=st.floats(0.01, 1),
    seed=st.integers(0, 99),
)
def test_masks_hide_that_share_of_what_is_no_special_token(rows: list[list[int]], rate: float, seed: int) -> None:
    inputs, targets = text.mask_tokens(rows, TOKENS, np.random.default_rng(seed), rate=rate)
    tokens = np.array(rows)
    hidden = targets != -100
    assert np.array_equal(targets[hidden], tokens[hidden])
    assert np.array_equal(inputs[~hidden], tokens[~hidden])
    assert not hidden[tokens < 4].any()
    for row, chosen in zip(tokens, hidden):
        able = int((row >= 4).sum())
        assert chosen.sum() == min(able, max(1, round(rate * able)))
    assert set(inputs[hidden].tolist()) <= {1, *range(4, 12)}


def test_of_the_hidden_tokens_80_percent_are_masks_10_random_and_10_stay() -> None:
    tokens = np.random.default_rng(0).integers(4, 12, (200, 100))
    inputs, targets = text.mask_tokens(tokens, TOKENS, np.random.default_rng(1))
    hidden = targets != -100
    assert hidden.sum() == 200 * 15
    assert abs((inputs[hidden] == 1).mean() - 0.8) < 0.02
    # One in eight of the random tokens is by chance the one that stood there.
    assert abs((inputs[hidden] == tokens[hidden]).mean() - (0.1 + 0.1 / 8)) < 0.02


POEMS = [[TOKENS.encode(s) for s in poem] for poem in (["ab", "cd", "e"], ["f", "gh"], [], ["abcdefgh", "h"])]


def test_pairs_of_sentences_are_what_their_label_says() -> None:
    following = {(tuple(a), tuple(b)) for poem in POEMS for a, b in pairwise(poem)}
    labels = []
    for seed in range(50):
        pairs = NextSentence(POEMS, TOKENS, length=20, seed=seed)
        assert len(pairs) == 4
        tokens, segments, follows = pairs.batch(range(4))
        for row, segment, label in zip(tokens.tolist(), segments.tolist(), follows.tolist()):
            cls, sep, pad = (TOKENS.special[name] for name in ("<cls>", "<sep>", "<pad>"))
            ends = [i for i, token in enumerate(row) if token == sep]
            assert row[0] == cls
            assert len(ends) == 2
            assert set(row[ends[1] + 1 :]) <= {pad}
            assert segment == [0] * (ends[0] + 1) + [1] * (len(row) - ends[0] - 1)
            pair = tuple(row[1 : ends[0]]), tuple(row[ends[0] + 1 : ends[1]])
            assert (pair in following) == bool(label)
        labels += follows.tolist()
    assert 0.4 < np.mean(labels) < 0.6


def test_a_pair_that_is_too_long_loses_from_its_longer_sentence() -> None:
    for seed in range(9):
        pairs = NextSentence([POEMS[3], POEMS[3]], TOKENS, length=9, seed=seed)
        longest = TOKENS.decode(pairs[0][0])
        assert longest in ("<cls>abcde<sep>h<sep>", "<cls>abc<sep>abc<sep>")


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: Windows([1, 2], 0), ShapeError, "length is a whole number from 1 on"),
        (lambda: Windows(WRONG[4], 1), DtypeError, "tokens is a list of whole numbers"),
        (lambda: Documents([], 0, 0, 0), ShapeError, "there is no text"),
        (lambda: Documents(WRONG[2], 0, 0, 0), DtypeError, "whole numbers, as encode gives"),
        (lambda: Documents([[1]], 0, 0, 0, length=0), ShapeError, "length is a whole number from 1 on"),
        (lambda: text.pad([]), ShapeError, "there is no row"),
        (lambda: text.mask_tokens([1, 2], TOKENS, np.random.default_rng()), ShapeError, r"shape \(N, length\)"),
        (lambda: text.mask_tokens([[5]], TOKENS, np.random.default_rng(), rate=0), ShapeError, "rate is a share"),
        (lambda: text.mask_tokens([[99]], TOKENS), OutOfRangeError, "no token has the id 99"),
        (lambda: text.mask_tokens([[-1]], TOKENS), OutOfRangeError, "no token has the id -1"),
        (lambda: Windows([1, 2, 3], 1).batch(WRONG[7]), DtypeError, "indices is a list of whole numbers"),
        (lambda: Documents([[1]], 0, 0, 0)[3], OutOfRangeError, "no example 3 among 1"),
        (lambda: Documents([[1]], WRONG[8], 0, 0), DtypeError, "start is a whole number, not float 1.5"),
        (lambda: NextSentence(POEMS, TOKENS, 9)[99], OutOfRangeError, "no example 99"),
        (lambda: NextSentence(POEMS, TOKENS, 9, seed=-1), DtypeError, "seed is a whole number"),
        (lambda: text.mask_tokens([[0]], CharTokenizer("a"), np.random.default_rng()), ShapeError, "'<mask>'"),
        (lambda: NextSentence([[[5]]], TOKENS, 9), ShapeError, "no document has two"),
        (lambda: NextSentence([[[5], [6]]], TOKENS, 9), ShapeError, "of two sentences, none"),
        (lambda: NextSentence(POEMS, TOKENS, 4), ShapeError, "from 5 on"),
        (lambda: NextSentence(POEMS, CharTokenizer("a"), 9), ShapeError, "no special token '<cls>'"),
    ],
)
def test_wrong_data(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()
