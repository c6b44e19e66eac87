"""Lesson 15: the states of a recurrent network, perplexity, and backpropagation through time."""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.grade import Assignment, expect, require
from tinygrad_edu.grade.checks import backward
from tinygrad_edu.grade.diagnosis import random_upstream

hw = Assignment("sequences", title="Sequences")


def recurrent(x, h, w_xh, w_hh, b=0.0):
    """The states, on nodes."""
    found = []
    for t in range(len(x)):
        h = tg.tanh(x[t] @ w_xh + h @ w_hh + b)
        found.append(h)
    return tg.stack(found)


def is_close(answer, wrong):
    """Whether an answer is the array that a known mistake gives."""
    return isinstance(answer, np.ndarray) and answer.shape == np.shape(wrong) and np.allclose(answer, wrong)


@hw.check(points=2, needs=["states"], title="The state after each step")
def forward(student, rng):
    x, h = rng.normal(size=(4, 2, 3)), rng.normal(size=(2, 5))
    w_xh, w_hh, b = rng.normal(size=(3, 5)), rng.normal(size=(5, 5)) / 2, rng.normal(size=5)
    answer, right = student.states(x, h, w_xh, w_hh, b), np.asarray(recurrent(x, h, w_xh, w_hh, b))
    for wrong, what, kind, how in (
        (right[-1], "There is one state, and one after each step is expected.", "last state", "Keep each in a list."),
        (
            np.tanh(x @ w_xh + h @ w_hh + b),
            "Every step begins at the initial state again.",
            "state",
            "The state after a step is the one before the next.",
        ),
        (
            np.asarray(recurrent(x, 0 * h, w_xh, w_hh, b)),
            "The state before the first step is taken as 0.",
            "initial state",
            "It is given: h.",
        ),
        (
            np.asarray(recurrent(x, h, w_xh, w_hh)),
            "The bias is missing.",
            "bias",
            "b is added at each step.",
        ),
        (
            np.asarray(recurrent(x, h, w_xh, w_hh.T, b)),
            "The state is multiplied by the transpose of w_hh.",
            "transposed",
            "h @ w_hh: a row for each sequence.",
        ),
    ):
        require(not is_close(answer, wrong), what, kind=kind, how=how)
    expect(answer, "the states").equals(right)


@hw.check(points=2, needs=["perplexity"], title="Perplexity")
def guesses(student, rng):
    chances = rng.uniform(0.05, 0.9, size=7)
    answer = student.perplexity(chances)
    logs = -np.log(chances)
    for wrong, what, kind, how in (
        (logs.mean(), "This is the mean of -log p, the loss.", "loss", "The perplexity is its exponential."),
        (np.exp(logs.sum()), "The logarithms are added up.", "sum", "Take their mean: a long text is no worse."),
        (1 / chances.mean(), "The mean is taken before the logarithm.", "mean", "The mean is that of the logarithms."),
        (
            2 ** logs.mean(),
            "2 to the power of natural logarithms.",
            "base",
            "np.exp belongs to np.log, 2** to np.log2.",
        ),
        (np.exp(-logs.mean()), "The sign is missing.", "sign", "log p is negative; the loss is -log p."),
    ):
        require(not (isinstance(answer, float) and np.allclose(answer, wrong)), what, kind=kind, how=how)
    expect(answer, "the perplexity").is_close(float(np.exp(logs.mean())), rtol=1e-9)
    expect(student.perplexity(np.full(5, 1 / 27)), "of a model that knows nothing").is_close(27.0, rtol=1e-9)


@hw.check(points=4, needs=["through_time"], title="Back through time")
def back(student, rng):
    at = [rng.normal(size=s) for s in ((4, 2, 3), (2, 5), (3, 5))] + [rng.normal(size=(5, 5)) / 2]
    upstream = random_upstream(rng, (4, 2, 5))
    answer = student.through_time(upstream, *at)
    if isinstance(answer, (tuple, list)) and len(answer) == 4:
        h = at[1]
        after = np.asarray(recurrent(*at))
        before = np.concatenate([h[None], after[:-1]])
        alone = upstream * (1 - after**2)
        require(
            not is_close(answer[3], np.einsum("tnh,tnk->hk", before, alone)),
            "Each step passes on its own gradient only, and nothing comes from the steps after it.",
            kind="carried",
            how="A state receives from its own upstream and from the next step: upstream[t] + by_h.",
        )
        require(
            not is_close(answer[3], before[-1].T @ (upstream[-1] * (1 - after[-1] ** 2))),
            "The weight receives from the last step only.",
            kind="one step",
            how="w_hh is used at each step, and its gradient is the sum over all steps.",
        )
    backward(student.through_time, recurrent, rng, "tnd", "nh", "dh", "hh")
