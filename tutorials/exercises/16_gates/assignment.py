"""Lesson 16: a step of an LSTM, the way back through its memory, and a step of a GRU."""

from itertools import permutations

import numpy as np

from tinygrad_edu.grade import Assignment, expect, require
from tinygrad_edu.grade.checks import backward

hw = Assignment("gates", title="Gates")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(blocks, c, squash=np.tanh, new=np.tanh):
    """The states after a step, from the blocks i, f, g and o."""
    i, f, g, o = blocks
    c = sigmoid(f) * c + sigmoid(i) * new(g)
    return sigmoid(o) * squash(c), c


def are_close(answer, wrong):
    """Whether an answer is the tuple of arrays that a known mistake gives."""
    return (
        isinstance(answer, (tuple, list))
        and [np.shape(a) for a in answer] == [w.shape for w in wrong]
        and all(np.allclose(a, w) for a, w in zip(answer, wrong))
    )


@hw.check(points=3, needs=["lstm_step"], title="A step of an LSTM")
def long_short_term(student, rng):
    x, h, c = rng.normal(size=(2, 3)), rng.normal(size=(2, 5)), 2 * rng.normal(size=(2, 5))
    w_x, w_h, b = rng.normal(size=(3, 20)), rng.normal(size=(5, 20)), rng.normal(size=20)
    answer = student.lstm_step(x, h, c, w_x, w_h, b)
    blocks = np.split(x @ w_x + h @ w_h + b, 4, axis=1)
    right = lstm(blocks, c)
    for wrong, what, kind, how in (
        (right[::-1], "The two states are in the other order.", "order", "First h, then c."),
        (
            lstm(np.split(x @ w_x + b, 4, axis=1), c),
            "The last state h has no part in the gates.",
            "state",
            "Each block is x @ w_x + h @ w_h + b.",
        ),
        (
            lstm(blocks, c, squash=lambda c: c),
            "The memory is shown without a tanh.",
            "tanh",
            "h = o · tanh(c): the memory itself may be large.",
        ),
        (
            lstm(blocks, c, new=sigmoid),
            "The new content g goes through a sigmoid.",
            "content",
            "Only gates lie between 0 and 1; new content is a tanh, and may be negative.",
        ),
        (
            (right[0], np.tanh(right[1])),
            "The memory that is kept went through the tanh.",
            "tanh",
            "Keep c, and show o · tanh(c): a tanh at each step would let the gradient vanish.",
        ),
    ):
        require(not are_close(answer, wrong), what, kind=kind, how=how)
    for order in permutations(range(4)):
        require(
            order == (0, 1, 2, 3) or not are_close(answer, lstm([blocks[k] for k in order], c)),
            "The blocks are taken in another order.",
            kind="gates",
            how="They are i, f, g and o, in this order.",
        )
    expect(answer, "the states h and c").equals(right)


@hw.check(points=2, needs=["memory_backward"], title="Back through the memory")
def memory(student, rng):
    backward(student.memory_backward, lambda f, c, i, g: f * c + i * g, rng, "nh", "nh", "nh", "nh")


@hw.check(points=3, needs=["gru_step"], title="A step of a GRU")
def gated(student, rng):
    x, h = rng.normal(size=(2, 3)), rng.normal(size=(2, 5))
    w_x, w_h, b_x, b_h = (rng.normal(size=s) for s in ((3, 15), (5, 15), 15, 15))
    x_r, x_z, x_n = np.split(x @ w_x + b_x, 3, axis=1)
    h_r, h_z, h_n = np.split(h @ w_h + b_h, 3, axis=1)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    answer = student.gru_step(x, h, w_x, w_h, b_x, b_h)
    earlier = (r * h) @ w_h[:, 10:] + b_h[10:]
    for wrong, what, kind, how in (
        (z * n + (1 - z) * h, "The update gate is the other way round.", "update", "z keeps: (1 - z) · n + z · h."),
        (
            (1 - z) * np.tanh(r * (x_n + h_n)) + z * h,
            "The reset gate closes the input too.",
            "reset",
            "r multiplies only what comes from the state: x_n + r · h_n.",
        ),
        (
            (1 - z) * np.tanh(x_n + h_n) + z * h,
            "The reset gate has no effect.",
            "reset",
            "n = tanh(x_n + r · h_n).",
        ),
        (
            (1 - z) * np.tanh(x_n + earlier) + z * h,
            "The reset gate stands before the product with w_h, as in the paper.",
            "reset",
            "Here it multiplies the result, h_n = h @ w_h + b_h, as PyTorch has it.",
        ),
        (
            (1 - r) * np.tanh(x_n + z * h_n) + r * h,
            "The two gates are exchanged.",
            "gates",
            "The blocks are r, z and n, in this order.",
        ),
    ):
        require(not are_close([answer], [wrong]), what, kind=kind, how=how)
    expect(answer, "the state").equals((1 - z) * n + z * h)
