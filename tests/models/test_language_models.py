"""Language models: causal, the same with and without a cache, and sampled as it is written."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
from tinygrad_edu import models, nn

torch_test = pytest.mark.torch


def small_gpt(seed: int = 0, block: int = 6) -> models.GPT:
    tg.manual_seed(seed)
    model = models.gpt(11, block, channels=8, layers=2, heads=2)
    for parameter in model.parameters():  # larger than at the start, so that tokens differ in probability
        parameter.data = parameter.data * 8
    return model


# GPT.


def test_the_number_of_parameters() -> None:
    """12 c² + 13 c in a layer, the embeddings, the last norm."""
    for vocabulary, block, c, layers in ((27, 16, 16, 1), (65, 64, 128, 4)):
        model = models.gpt(vocabulary, block, c, layers, 4)
        wanted = (vocabulary + block) * c + layers * (12 * c * c + 13 * c) + 2 * c
        assert sum(p.size for p in model.parameters()) == wanted


def test_no_logit_depends_on_a_later_token() -> None:
    """By the gradient with respect to the embedded tokens, which is exact."""
    model: Any = small_gpt().double()
    x = tg.tensor(np.random.default_rng(0).normal(size=(1, 6, 8)), requires_grad=True)
    model.tokens.forward = lambda tokens: x  # in the place of the embedding's result
    for t in range(6):
        (by_x,) = tg.gradients(model(np.zeros((1, 6), int))[0, t].sum(), [x])
        assert not by_x[0, t + 1 :].any()
        assert np.abs(by_x[0, : t + 1]).max(-1).min() > 0


@torch_test
def test_it_is_pytorchs_transformer() -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    model = small_gpt().double()
    layer = torch.nn.TransformerEncoderLayer(
        8, 2, 32, 0.0, lambda x: torch.nn.functional.gelu(x, approximate="tanh"), batch_first=True, norm_first=True
    )
    twin = torch.nn.TransformerEncoder(layer, 2, torch.nn.LayerNorm(8), enable_nested_tensor=False).double()
    twin.load_state_dict({name: torch.tensor(x) for name, x in model.layers.state_dict().items()})
    tokens = np.random.default_rng(0).integers(0, 11, (3, 6))
    embedded = torch.tensor(model.tokens.weight.data[tokens] + model.positions.weight.data)
    mask = torch.nn.Transformer.generate_square_subsequent_mask(6, dtype=torch.float64)
    expected = twin(embedded, mask) @ torch.tensor(model.tokens.weight.data).T
    np.testing.assert_allclose(model(tokens).data, expected.detach().numpy(), rtol=1e-9, atol=1e-9)


def test_first_weights_are_gpts() -> None:
    model = models.gpt(100, 64, 64, 4, 4)
    weights = dict(model.named_parameters())
    assert weights["tokens.weight"].data.std() == pytest.approx(0.02, rel=0.1)
    assert weights["layers.layers.2.linear1.weight"].data.std() == pytest.approx(0.02, rel=0.1)
    assert weights["layers.layers.2.linear2.weight"].data.std() == pytest.approx(0.02 / math.sqrt(8), rel=0.1)
    first, second = (weights[f"layers.layers.{i}.linear1.weight"].data for i in (0, 1))
    assert not np.array_equal(first, second)
    loss = models.next_token_loss(model(np.zeros((1, 64), int)), np.ones((1, 64), int))
    assert loss.item() == pytest.approx(math.log(100), abs=0.2)


def test_it_learns_to_repeat() -> None:
    tg.manual_seed(0)
    model, rng = models.gpt(7, 8, 32, 2, 2), np.random.default_rng(0)
    optimizer = tg.optim.AdamW(model.parameters(), lr=0.003)
    for _ in range(150):
        half = rng.integers(0, 7, (16, 4))
        text = np.concatenate([half, half], 1)
        optimizer.zero_grad()
        logits = model(text[:, :-1])
        loss = models.next_token_loss(logits[:, 3:], text[:, 4:])  # the second half is the first one again
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.2
    assert list(models.generate(model, [3, 1, 6, 2], 4, temperature=0)) == [3, 1, 6, 2]


# Writing.


@given(prompt=st.lists(st.integers(0, 10), min_size=1, max_size=9), length=st.integers(0, 9), seed=st.integers(0, 9))
def test_a_cache_gives_the_same_tokens(prompt: list[int], length: int, seed: int) -> None:
    """Also of a prompt that is longer than the block, and of a text that grows longer."""
    model = MODEL
    with_cache = list(models.generate(model, prompt, length, seed=seed))
    assert with_cache == list(models.generate(model, prompt, length, seed=seed, use_cache=False))
    assert len(with_cache) == length


MODEL = small_gpt()
SMALL_TRANSLATOR = models.transformer(9, 9, channels=8, heads=2, layers=1)


def test_of_a_long_prompt_the_last_tokens_count() -> None:
    prompt = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    for n in (6, 9):
        assert list(models.generate(MODEL, prompt[-n:], 5, temperature=0)) == list(
            models.generate(MODEL, prompt[-6:], 5, temperature=0)
        )


def test_a_model_is_left_in_the_mode_in_which_it_was() -> None:
    model = small_gpt().train()
    next(models.generate(model, [1], 1))
    assert model.training
    assert model(np.array([[1]])).requires_grad


def test_a_text_ends_with_its_stop_token() -> None:
    class Counting(nn.Module):
        def forward(self, tokens: Any, cache: Any = None) -> Any:
            return tg.tensor(np.eye(9)[np.asarray(tokens) + 1])

    assert list(models.generate(Counting(), [2], 9, temperature=0, stop=7)) == [3, 4, 5, 6]


LOGITS = np.log([0.5, 0.25, 0.15, 0.07, 0.03])


def drawn(n: int = 4000, **how: Any) -> np.ndarray:
    rng = np.random.default_rng(0)
    counts = Counter(models.choose(LOGITS, seed=rng, **how) for _ in range(n))
    return np.array([counts[i] for i in range(5)]) / n


@pytest.mark.parametrize(
    ("how", "shares"),
    [
        ({}, [0.5, 0.25, 0.15, 0.07, 0.03]),
        ({"temperature": 0}, [1, 0, 0, 0, 0]),
        ({"temperature": 0.5}, np.square([0.5, 0.25, 0.15, 0.07, 0.03]) / 0.3408),
        ({"top_k": 2}, [2 / 3, 1 / 3, 0, 0, 0]),
        ({"top_k": 99}, [0.5, 0.25, 0.15, 0.07, 0.03]),
        ({"top_p": 0.75}, [2 / 3, 1 / 3, 0, 0, 0]),
        ({"top_p": 0.76}, [0.5 / 0.9, 0.25 / 0.9, 0.15 / 0.9, 0, 0]),
        ({"top_p": 1.0}, [0.5, 0.25, 0.15, 0.07, 0.03]),
        ({"top_p": 1e-9}, [1, 0, 0, 0, 0]),
        ({"top_k": 3, "top_p": 0.6}, [2 / 3, 1 / 3, 0, 0, 0]),
    ],
)
def test_tokens_are_drawn_by_their_shares(how: dict[str, Any], shares: Any) -> None:
    found = drawn(**how)
    np.testing.assert_allclose(found, shares, atol=0.03)
    assert ((found == 0) == (np.asarray(shares) == 0)).all()


def test_a_seed_gives_the_same_token_and_no_seed_takes_the_packages() -> None:
    assert len({models.choose(LOGITS, seed=4) for _ in range(5)}) == 1
    tg.manual_seed(5)
    first = [models.choose(LOGITS) for _ in range(20)]
    tg.manual_seed(5)
    assert [models.choose(LOGITS) for _ in range(20)] == first
    assert len(set(first)) > 1


def test_a_token_that_is_impossible_is_never_drawn() -> None:
    logits = [-math.inf, 0.0, -math.inf]
    assert {models.choose(logits, seed=s) for s in range(50)} == {1}


def test_measures() -> None:
    assert models.perplexity(math.log(8)) == pytest.approx(8)
    assert models.bits_per_character(math.log(8)) == pytest.approx(3)
    assert models.bits_per_character(math.log(8), tokens=100, characters=150) == pytest.approx(2)


def test_padding_does_not_count_in_the_loss() -> None:
    logits = np.random.default_rng(0).normal(size=(2, 3, 5))
    targets = np.array([[1, 4, -100], [0, -100, -100]])
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    expected = -(log_p[0, 0, 1] + log_p[0, 1, 4] + log_p[1, 0, 0]) / 3
    assert models.next_token_loss(tg.tensor(logits), targets).item() == pytest.approx(expected)


# BERT.


def test_bert_learns_gaps_and_pairs() -> None:
    tg.manual_seed(1)
    model = models.bert(9, 8, 64, 1, 4, dropout=0.0)
    rng = np.random.default_rng(0)
    optimizer = tg.optim.AdamW(model.parameters(), lr=0.002)
    for _ in range(130):
        a = rng.integers(3, 9, (16, 1))
        follows = rng.integers(0, 2, 16)
        b = rng.integers(3, 6, (16, 1)) + 3 * follows[:, None]
        tokens = np.concatenate([np.zeros((16, 1), int), a, a, np.ones((16, 1), int), b, b], 1)
        targets = np.full((16, 6), -100)
        targets[:, 0], targets[:, 2] = follows, a[:, 0]
        tokens[:, 2] = 2  # the gap
        segments = np.array([[0, 0, 0, 0, 1, 1]] * 16)
        optimizer.zero_grad()
        loss = models.bert_loss(model(tokens, segments), targets)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


def test_bert_sees_both_sides_and_no_padding() -> None:
    tg.manual_seed(0)
    model: Any = models.bert(9, 8, 8, 2, 2, dropout=0.0).double()
    x = tg.tensor(np.random.default_rng(0).normal(size=(1, 5, 8)), requires_grad=True)
    model.tokens.forward = lambda tokens: x
    padding = np.array([[False, False, False, False, True]])
    places, follows = model(np.zeros((1, 5), int), padding=padding)
    (by_x,) = tg.gradients((places[0, 1] * np.arange(9)).sum() + follows[0, 0], [x])
    assert (np.abs(by_x[0]).max(-1) > 0).tolist() == [True, True, True, True, False]


def test_a_text_without_a_gap_has_a_loss_of_pairs_alone() -> None:
    outputs = (tg.zeros((2, 3, 5)), tg.zeros((2, 2)))
    assert models.bert_loss(outputs, [[1, -100, -100], [0, -100, -100]]).item() == pytest.approx(math.log(2))
    assert models.bert_loss(outputs, [[1, 3, -100], [0, -100, 2]]).item() == pytest.approx(math.log(2) + math.log(5))


# From one sequence to another.


def reversed_batch(rng: np.random.Generator, n: int = 32) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Source: three to five digits 3..9, padded with 0. Target: 1, the digits reversed, 2, ignored behind."""
    source, answer = np.zeros((n, 5), int), np.full((n, 7), -100)
    for row, out in zip(source, answer):
        digits = rng.integers(3, 10, rng.integers(3, 6))
        row[: len(digits)] = digits
        out[: len(digits) + 2] = [1, *digits[::-1], 2]
    return source, np.maximum(answer[:, :-1], 0), answer[:, 1:]


@pytest.mark.parametrize(
    ("make", "steps", "lr"),
    [
        (lambda: models.seq2seq(10, 10, 32, pad=0), 150, 0.01),
        (lambda: models.transformer(10, 10, channels=32, heads=4, layers=1, dropout=0.0, pad=0), 200, 0.005),
    ],
    ids=["seq2seq", "transformer"],
)
def test_a_network_learns_to_reverse(make: Any, steps: int, lr: float) -> None:
    tg.manual_seed(0)
    model, rng = make(), np.random.default_rng(0)
    optimizer = tg.optim.Adam(model.parameters(), lr=lr)
    for _ in range(steps):
        source, target, answer = reversed_batch(rng)
        optimizer.zero_grad()
        models.next_token_loss(model(source, target), answer).backward()
        optimizer.step()
    right = 0
    for _ in range(20):
        digits = rng.integers(3, 10, rng.integers(3, 6)).tolist()
        found = model.translate(digits, start=1, stop=2, length=8)
        right += (found[0] if isinstance(found, tuple) else found) == digits[::-1]
    assert right >= 15


@pytest.mark.parametrize("make", [models.seq2seq, models.transformer])
def test_padding_of_the_source_changes_nothing(make: Any) -> None:
    model = make(10, 10, channels=8, pad=0).double().eval()
    target = np.array([[1, 4, 5]])
    short, long = model(np.array([[3, 4]]), target), model(np.array([[3, 4, 0, 0]]), target)
    np.testing.assert_allclose(long.data, short.data, rtol=1e-12)


@pytest.mark.parametrize("make", [models.seq2seq, models.transformer])
def test_nothing_is_taken_of_a_source_that_is_all_padding(make: Any) -> None:
    model = make(10, 10, channels=8, pad=0).double().eval()
    sources, target = np.array([[3, 4, 5], [0, 0, 0]]), np.array([[1, 4, 5]] * 2)
    logits = model(sources, target)
    assert np.isfinite(logits.data).all()
    logits.sum().backward()
    assert all(np.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)
    if isinstance(model, models.Seq2Seq):
        states, state, padding = model.encode(sources)
        context, weights = model.attention(state, states, padding)
        assert (weights.data[1] == 0).all()
        assert (context.data[1] == 0).all()
        np.testing.assert_allclose(weights.data[0].sum(), 1)


def test_without_teacher_forcing_the_network_reads_what_it_thinks() -> None:
    tg.manual_seed(0)
    model = models.seq2seq(10, 10, 8).double()
    source, target = np.array([[3, 4, 5]]), np.array([[1, 9, 9, 9]])
    forced, free = model(source, target), model(source, target, teacher_forcing=0.0)
    np.testing.assert_array_equal(forced.data[:, 0], free.data[:, 0])
    likeliest = np.argmax(free.data[0], -1)
    as_read = np.array([[1, *likeliest[:-1]]])
    np.testing.assert_array_equal(model(source, as_read).data, free.data)


def test_a_translator_writes_with_its_cache_what_it_thinks_of_the_whole_target() -> None:
    tg.manual_seed(0)
    model = models.transformer(10, 10, channels=8, heads=2, layers=2, dropout=0.0).eval()
    source = [3, 5, 7]
    written = model.translate(source, start=1, stop=99, length=5)
    whole = model(np.array([source]), np.array([[1, *written[:-1]]]))
    assert np.argmax(whole.data[0], -1).tolist() == written


WRONG: Any = "1"
WRONG_IDS: Any = [1.7]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: MODEL(np.zeros((1, 7), int)), tg.ShapeError, r"with 1 to block=6 tokens, not \(1, 7\)"),
        (lambda: MODEL([1, 2]), tg.ShapeError, r"tokens are of shape \(N, T\)"),
        (lambda: MODEL(np.zeros((1, 0), int)), tg.ShapeError, "with 1 to block=6"),
        (lambda: MODEL([[11]]), tg.OutOfRangeError, "11 is not among the 11 rows"),
        (lambda: models.bert(9, 4)(np.zeros((1, 5), int)), tg.ShapeError, "with 1 to block=4"),
        (lambda: models.generate(MODEL, [], 3), tg.ShapeError, "a prompt has at least one token"),
        (lambda: models.generate(MODEL, [1], -1), tg.OutOfRangeError, "length is a whole number from 0 on"),
        (lambda: models.generate(MODEL, [1], 3, temperature=-1.0), tg.OutOfRangeError, "temperature is a number, 0"),
        (lambda: models.generate(MODEL, [1], 3, top_k=0), tg.OutOfRangeError, "top_k is a whole number from 1 on"),
        (lambda: models.choose([0.0], top_p=0.0), tg.OutOfRangeError, "top_p is a share"),
        (lambda: models.choose([0.0], temperature=math.nan), tg.OutOfRangeError, "0 or more and finite, not nan"),
        (lambda: models.choose([0.0], temperature=math.inf), tg.OutOfRangeError, "0 or more and finite, not inf"),
        (lambda: models.choose([0.0], temperature=WRONG), tg.DtypeError, "temperature is a number, not str '1'"),
        (lambda: models.choose([0.0, math.inf]), tg.ShapeError, "none of them nan or inf"),
        (lambda: models.choose([-math.inf, -math.inf]), tg.ShapeError, "not all of them -inf"),
        (lambda: models.choose([]), tg.ShapeError, "a row"),
        (lambda: models.generate(MODEL, WRONG_IDS, 3), tg.DtypeError, "generate: .* whole numbers"),
        (lambda: models.generate(MODEL, WRONG, 3), tg.DtypeError, "generate: .* whole numbers"),
        (lambda: models.bits_per_character(1.0, 5, 0), tg.OutOfRangeError, "characters is above 0, not 0"),
        (lambda: models.char_rnn(9, 4)([1, 2]), tg.ShapeError, r"CharRNN: tokens are of shape \(N, T\)"),
        (lambda: models.char_rnn(9, 4)([[]]), tg.ShapeError, "CharRNN: .* at least one token"),
        (lambda: models.seq2seq(9, 9, 4)([[3]], [[1]], -1.0), tg.OutOfRangeError, "teacher_forcing is a probability"),
        (lambda: models.seq2seq(9, 9, 4)([[3]], [[1], [1]]), tg.ShapeError, "1 sources and 2 targets"),
        (lambda: models.seq2seq(9, 9, 4).translate([3], 1, 2, -1), tg.OutOfRangeError, "length is a whole number"),
        (lambda: SMALL_TRANSLATOR([[3]], [[1], [1]]), tg.ShapeError, "1 sources and 2 targets"),
        (lambda: SMALL_TRANSLATOR.translate([3], 1, 2, -1), tg.OutOfRangeError, "length is a whole number"),
        (lambda: models.choose([0.0, math.nan]), tg.ShapeError, "none of them nan"),
        (lambda: models.choose([[0.0]]), tg.ShapeError, "a row"),
        (lambda: models.next_token_loss(tg.zeros((1, 2, 5)), [[-100, -100]]), tg.OutOfRangeError, "each target .* -1"),
        (lambda: models.bert_loss((tg.zeros((1, 2, 5)), tg.zeros((1, 2))), [[-100, 3]]), tg.OutOfRangeError, "bert_"),
        (lambda: models.seq2seq(9, 9, 4).translate([], 1, 2, 3), tg.ShapeError, "Seq2Seq: a source .* one token"),
        (lambda: models.seq2seq(9, 9, 4)([[3]], [[]]), tg.ShapeError, "Seq2Seq: a target .* at least one token"),
        (lambda: SMALL_TRANSLATOR.translate([], 1, 2, 3), tg.ShapeError, "Translator: a source .* at least one token"),
        (lambda: SMALL_TRANSLATOR([[3]], [[]]), tg.ShapeError, "Translator: a target .* at least one token"),
    ],
)  # fmt: skip
def test_wrong_use_is_refused(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_tokens_that_cannot_be_are_never_drawn_and_the_smallest_temperature_takes_the_likeliest() -> None:
    with np.errstate(all="raise"):
        assert {models.choose([-math.inf, 0.0, 0.0], seed=seed) for seed in range(20)} == {1, 2}
        assert {models.choose([0.0, 1.0, -math.inf], 5e-324, seed=seed) for seed in range(20)} == {1}
    assert models.perplexity(1000.0) == math.inf
