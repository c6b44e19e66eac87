"""What all language models share: the loss of the next token, its measures, and writing a text token by token."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from numbers import Real
from typing import Any

import numpy as np

from .. import nn
from ..data.text.language import whole_numbers
from ..engine.convert import numbers
from ..engine.messages import short, whole_from
from ..engine.node import number_of, shape_of
from ..engine.primitives.shape import swapaxes
from ..engine.random import generator
from ..errors import DtypeError, OutOfRangeError, ShapeError
from ..nn.module import evaluating

__all__ = ["bits_per_character", "choose", "generate", "next_token_loss", "perplexity"]


def next_token_loss(logits: Any, targets: Any, ignore_index: int = -100) -> Any:
    """The mean of -log p of each target, in nats: logits (N, T, V), targets (N, T) whole numbers below V.

    Places whose target is `ignore_index`, such as padding, do not count. Raises `OutOfRangeError` where none counts,
    since a mean of nothing is no number, and the errors of `nn.functional.cross_entropy`.

    >>> import tinygrad_edu as tg
    >>> round(next_token_loss(tg.zeros((1, 3, 4)), [[0, 3, -100]]).item(), 4)  # log 4
    1.3863
    """
    counting(targets, ignore_index, "next_token_loss")
    return nn.functional.cross_entropy(swapaxes(logits, 1, -1), targets, ignore_index=ignore_index)


def counting(targets: Any, ignore_index: int, function: str) -> None:
    """Raises `OutOfRangeError` where no target counts: empty, or all of them `ignore_index`."""
    if (np.asarray(number_of(targets)) == ignore_index).all():
        raise OutOfRangeError(
            f"{function}: a loss is a mean over targets, and each target here is {ignore_index}, to be ignored"
        )


def shape_of_tokens(
    model: str,
    tokens: Any,
    what: str = "tokens are",
    block: int | None = None,
    before: int = 0,
    rows: int | None = None,
) -> tuple[int, int]:
    """The shape (N, T) of what a model reads: at least one token, and with those `before` no more than its block.

    `rows` is what N has to be. Raises `ShapeError` for another shape.
    """
    shape = shape_of(tokens)
    if len(shape) != 2 or not shape[1] or (block is not None and before + shape[1] > block):
        limit = "at least one token" if block is None else f"1 to block={block} tokens"
        after = f" after {before}" if before else ""
        raise ShapeError(f"{model}: {what} of shape (N, T) with {limit}, not {shape}{after}")
    if rows is not None and shape[0] != rows:
        raise ShapeError(f"{model}: each source has a target, and there are {rows} sources and {shape[0]} targets")
    return shape


def perplexity(loss: float) -> float:
    """exp of a mean loss in nats a token: among so many tokens, all equally likely, the model might as well choose.

    It is inf where the number is too large for a float.

    >>> perplexity(math.log(27)), perplexity(1000.0)
    (27.0, inf)
    """
    try:
        return math.exp(loss)
    except OverflowError:
        return math.inf


def bits_per_character(loss: float, tokens: int = 1, characters: int = 1) -> float:
    """A mean loss in nats a token as bits a character, for a text of so many tokens and characters.

    It compares models with different tokens. One token a character needs no numbers. Raises `OutOfRangeError` for a
    text without tokens or without characters.

    >>> bits_per_character(math.log(2), tokens=300, characters=600)
    0.5
    """
    for name, number in (("tokens", tokens), ("characters", characters)):
        if not number > 0:
            raise OutOfRangeError(f"bits_per_character: {name} is above 0, not {number}")
    return loss / math.log(2) * tokens / characters


def choose(
    logits: Any, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None, seed: Any = None
) -> int:
    """A token, drawn by the softmax of the logits (V,).

    Parameters
    ----------
    temperature : divides the logits: below 1 likely tokens become more likely; 0 takes the likeliest.
    top_k : draw among the k likeliest tokens only; A. Fan, M. Lewis, Y. Dauphin, "Hierarchical neural story generation"
        (2018).
    top_p : draw among the fewest likeliest tokens that have this share of the probability, the nucleus; Holtzman et
        al., "The curious case of neural text degeneration" (2020).
    seed : an int or a `numpy.random.Generator`; without one the package's own, which `tg.manual_seed` sets.

    Raises `OutOfRangeError` for a temperature below 0 or infinite, a k below 1 or a share that is not above 0 and at
    most 1, `ShapeError` for logits that are no row. Logits may be -inf, of tokens that are never drawn, but not all of
    them, nor inf or nan.

    >>> logits = [0.0, 2.0, 1.0, -1.0]
    >>> choose(logits, temperature=0), {choose(logits, top_k=2, seed=s) for s in range(20)}
    (1, {1, 2})
    """
    scores = np.asarray(numbers("choose", logits), np.float64)
    if scores.ndim != 1 or not np.isfinite(scores.max(initial=-np.inf)):
        raise ShapeError(
            f"choose: logits are a row (V,) of one number a token, none of them nan or inf, and not all of them -inf; "
            f"not {short(logits)}"
        )
    _check_choice(temperature, top_k, top_p)
    if temperature == 0:
        return int(scores.argmax())
    order = np.argsort(-scores, kind="stable")[:top_k]
    with np.errstate(over="ignore"):  # a difference divided by nearly 0 may become -inf
        shares = np.exp((scores[order] - scores[order[0]]) / temperature)
    shares /= shares.sum()
    if top_p is not None:
        enough = int(np.searchsorted(np.cumsum(shares), top_p * (1 - 1e-12))) + 1
        order, shares = order[:enough], shares[:enough] / shares[:enough].sum()
    place = int(np.searchsorted(np.cumsum(shares), generator(seed).random(), "right"))
    return int(order[min(place, len(order) - 1)])  # the shares may add up to a little less than 1


def _check_choice(temperature: float, top_k: int | None, top_p: float | None) -> None:
    if not isinstance(temperature, Real) or not 0 <= temperature < math.inf:
        raise OutOfRangeError(f"choose: temperature is a number, 0 or more and finite, not {short(temperature)}")
    if top_k is not None:
        whole_from(1, "choose", top_k=top_k)
    if top_p is not None and not (isinstance(top_p, Real) and 0 < top_p <= 1):
        raise OutOfRangeError(f"choose: top_p is a share, above 0 and at most 1, not {short(top_p)}")


def generate(
    model: Any, prompt: Sequence[int], length: int, *, temperature: float = 1.0, top_k: int | None = None,
    top_p: float | None = None, seed: Any = None, stop: int | None = None, use_cache: bool = True,
) -> Iterator[int]:  # fmt: skip
    """The tokens with which a model goes on from a prompt, one after the other.

    Parameters
    ----------
    model : called with tokens (1, T) and `cache=`, it gives logits (1, T, V). `model.block`, where there is one, is the
        longest T. The model reads the last `block` tokens of a longer text alone.
    prompt : ids of tokens, at least one.
    length : the number of new tokens at most.
    temperature, top_k, top_p, seed : of `choose`.
    stop : the id of the token that ends a text; it is not handed out.
    use_cache : whether what was computed of earlier tokens is kept, not computed again: in `model.new_cache()`, or
        in an `nn.KeyValueCache` where the model has no such method; the tokens are the same.

    Nothing is recorded, and the model computes as after `eval()`. Raises `ShapeError` for an empty prompt, and the
    errors of `choose`.

    >>> from tinygrad_edu import models
    >>> model = models.gpt(vocabulary=5, block=8, channels=4, layers=1, heads=1)
    >>> len(list(generate(model, [0], 12, seed=0)))
    12
    """
    tokens: list[int] = whole_numbers("generate", prompt).tolist()
    if not tokens:
        raise ShapeError("generate: a prompt has at least one token; give the token with which texts start")
    whole_from(0, "generate", length=length)
    if not callable(model):
        raise DtypeError(f"generate: model is a language model, not {short(model)}")
    _check_choice(temperature, top_k, top_p)
    return _tokens(
        model,
        tokens,
        length,
        {"temperature": temperature, "top_k": top_k, "top_p": top_p},
        generator(seed),
        stop,
        use_cache,
    )


def _tokens(
    model: Any, tokens: list[int], length: int, how: Any, rng: Any, stop: int | None, use_cache: bool
) -> Iterator[int]:
    block = getattr(model, "block", None)
    cache, seen = (getattr(model, "new_cache", nn.KeyValueCache)() if use_cache else None), 0
    for _ in range(length):
        if cache is not None and block is not None and len(tokens) > block:
            cache = None  # every position moves now, and with it every key
        new = tokens[seen:] if cache is not None else tokens[-block:] if block else tokens
        with evaluating(model):
            logits = model(np.array([new]), cache=cache)
        seen = len(tokens)
        token = choose(logits[0, -1], seed=rng, **how)
        if token == stop:
            return
        tokens.append(token)
        yield token
