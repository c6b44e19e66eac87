"""Attention: a soft lookup, its mask, its heads, and what comes back to the comparisons."""

import numpy as np

from tinygrad_edu.grade import Assignment, expect, require
from tinygrad_edu.grade.diagnosis import random_upstream
from tinygrad_edu.nn.functional import attention_weights, scaled_dot_product_attention, softmax

hw = Assignment("attention-lesson", title="Attention")


def is_close(answer, wrong):
    """Whether the answer is this array of floats."""
    made = isinstance(answer, np.ndarray) and answer.shape == wrong.shape and answer.dtype.kind in "fiu"
    return made and np.allclose(answer, wrong)


def none_of(answer, mistakes):
    """The answer must not be what a known mistake gives: rows of what it gives, words, a kind, a way out."""
    for wrong, what, kind, how in mistakes:
        require(not is_close(answer, wrong), what, kind=kind, how=how)


@hw.check(points=3, needs=["attention"], title="The soft lookup")
def lookup(student, rng):
    for length, size, d, v in ((4, 6, 8, 3), (5, 5, 5, 5), (1, 3, 2, 4)):
        queries, keys, values = rng.normal(size=(length, d)), rng.normal(size=(size, d)), rng.normal(size=(size, v))
        answer = student.attention(queries, keys, values)
        scores = queries @ keys.T / np.sqrt(d)
        none_of(
            answer,
            [
                (
                    softmax(scores * np.sqrt(d)) @ values,
                    "The comparisons are not divided by √d.",
                    "no root",
                    "divide by np.sqrt(d), where d is how many numbers a key has",
                ),
                (
                    softmax(scores / np.sqrt(d)) @ values,
                    "The comparisons are divided by d, and not by its root.",
                    "no root",
                    "divide by np.sqrt(d)",
                ),
                (
                    softmax(scores, dim=0) @ values,
                    "The shares of a key sum to 1, and not those of a query.",
                    "wrong axis",
                    "the softmax goes along the keys, axis 1",
                ),
                (
                    scores @ values,
                    "The values are weighted by the comparisons, without a softmax.",
                    "no softmax",
                    "shares are positive and sum to 1: exp, divided by its sum",
                ),
                (
                    np.exp(scores) @ values,
                    "The shares of a query do not sum to 1.",
                    "not normalised",
                    "divide each row by its sum: .sum(axis=1, keepdims=True)",
                ),
            ],
        )
        expect(answer, "the result").is_close(scaled_dot_product_attention(queries, keys, values), rtol=1e-9)
    large = np.array([[10_000.0, 0.0]])
    answer = student.attention(large, np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[3.0], [5.0]]))
    require(
        isinstance(answer, np.ndarray) and np.isfinite(answer).all(),
        "Large comparisons overflow.",
        kind="overflow",
        how="subtract the largest number of each row before np.exp; the shares stay the same",
    )


@hw.check(points=2, needs=["causal_weights"], title="No look ahead")
def causal(student, rng):
    for length in (5, 3, 1):
        scores = rng.normal(size=(length, length))
        answer = student.causal_weights(scores)
        before = np.tril(np.ones((length, length)), -1)
        with np.errstate(all="ignore"):
            strict = np.nan_to_num(softmax(np.where(before == 1, scores, -np.inf)))
        if length > 1:
            none_of(
                answer,
                [
                    (softmax(scores), "Every query sees every key.", "no mask", "key j is allowed where j <= i"),
                    (
                        np.tril(softmax(scores)),
                        "The mask comes behind the softmax, and the shares that are left do not sum to 1.",
                        "late mask",
                        "set the scores to -np.inf before the softmax",
                    ),
                    (
                        softmax(np.tril(scores)),
                        "A score of 0 is no mask: exp(0) is 1.",
                        "masked by 0",
                        "set the scores to -np.inf, whose exp is 0",
                    ),
                    (
                        softmax(np.where(np.triu(np.ones((length, length))) == 1, scores, -np.inf)),
                        "Each query sees what comes later instead of what came before.",
                        "wrong triangle",
                        "row i is the query, column j the key: allowed is j <= i, np.tril",
                    ),
                    (strict, "A query does not see its own key.", "diagonal", "allowed is j <= i, with the diagonal"),
                ],
            )
        expected = attention_weights(scores, np.eye(length), is_causal=True, scale=1.0)
        expect(answer, "the shares").is_close(expected, rtol=1e-9)
    large = np.array([[10_000.0, 0.0], [9_999.0, 10_000.0]])
    answer = student.causal_weights(large)
    require(
        isinstance(answer, np.ndarray) and np.isfinite(answer).all(),
        "Large scores overflow.",
        kind="overflow",
        how="subtract the largest number of each row before np.exp; the shares stay the same",
    )
    expect(answer, "the shares of large scores").is_close(
        attention_weights(large, np.eye(2), None, True, 1.0), rtol=1e-9
    )


@hw.check(points=2, needs=["split_heads"], title="Several heads")
def heads(student, rng):
    for length, number, width in ((5, 2, 3), (3, 4, 2), (2, 1, 6)):
        x = rng.normal(size=(length, number * width))
        answer = student.split_heads(x, number)
        parts = x.reshape(length, number, width)
        none_of(
            answer,
            [] if number == 1 else
            [
                (
                    x.reshape(number, length, width),
                    "The heads are cut across the positions.",
                    "reshaped only",
                    "first x.reshape(T, heads, d // heads), then move the axis of the heads to the front",
                ),
                (
                    x.reshape(length, width, number).transpose(2, 0, 1),
                    "A head has every so many-th number, and not numbers beside each other.",
                    "interleaved",
                    "the heads come before their numbers: x.reshape(T, heads, d // heads)",
                ),
                (parts, "The axis of the positions is still in front.", "axes", "move the heads to the front"),
            ],
        )  # fmt: skip
        expect(answer, "the {n} heads", n=number).is_close(parts.transpose(1, 0, 2), rtol=1e-12)


@hw.check(points=3, needs=["scores_gradient"], title="Back through the softmax")
def gradient(student, rng):
    for shape in ((4, 6), (3, 3), (1, 5)):
        scores = rng.normal(size=shape)
        weights = softmax(scores)
        upstream = random_upstream(rng, shape)
        answer = student.scores_gradient(upstream, weights)
        inner = upstream * weights
        none_of(
            answer,
            [
                (
                    inner,
                    "A share changes with its own comparison alone.",
                    "no sum",
                    "all shares of a row change with each comparison: subtract the row's sum of upstream · weights",
                ),
                (
                    upstream * weights * (1 - weights),
                    "This is the rule of the sigmoid, for one share alone.",
                    "sigmoid rule",
                    "weights · (upstream − the sum of upstream · weights over the row)",
                ),
                (
                    upstream - inner.sum(axis=1, keepdims=True),
                    "The factor of the share is left out.",
                    "factor",
                    "multiply by weights",
                ),
                (
                    weights * (upstream - inner.sum(axis=0, keepdims=True)),
                    "The sum goes down the columns.",
                    "wrong axis",
                    "the shares of a query are a row: sum over axis 1",
                ),
                (
                    weights * (upstream - inner.sum()),
                    "The sum goes over all queries.",
                    "wrong axis",
                    "each row has a sum of its own: axis=1, keepdims=True",
                )
                if shape[0] > 1
                else (np.full((0,), 0.0), "", "", ""),
            ],
        )
        expect(answer).is_gradient_of(lambda s: softmax(s), at=scores, upstream=upstream)
