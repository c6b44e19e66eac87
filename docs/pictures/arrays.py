"""Arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.graph import Drawing

from .programs import logistic_regression


def broadcasting() -> Drawing:
    """Broadcasting, and summing back

    The bias is spread over the rows; its gradient is the sum over them.
    """
    X = tg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True, name="X")
    b = tg.tensor([0.5, -0.5, 0.25], requires_grad=True, name="b")
    loss = ((X + b) ** 2).sum()
    loss.name = "loss"
    return tg.draw(loss, "both")


def between() -> Drawing:
    """A part: the ways from one node to another

    With what is used on them, and nothing else.
    """
    return tg.draw(logistic_regression(), between=("o", "p"))


def boxes() -> Drawing:
    """A named box around chosen nodes

    It closes and opens as a module does.
    """
    return tg.draw(logistic_regression(), boxes={"sigmoid": ["v₁", "e", "v₂", "p"]}, gradients=False)


def hidden() -> Drawing:
    """Without constants, and without what takes no gradient"""
    return tg.draw(logistic_regression(), "both", hide=("constants", "data"), direction="TB")


def softmax_cross_entropy() -> Drawing:
    """Softmax and cross-entropy, by hand"""
    logits = tg.tensor([[2.0, 1.0, 0.1], [0.5, 2.5, 0.3]], requires_grad=True, name="logits")
    log_p = logits - tg.logsumexp(logits, axis=1, keepdims=True)
    log_p.name = "log_p"
    loss = -log_p[np.arange(2), np.array([0, 1])].mean()
    loss.name = "loss"
    return tg.draw(loss)


def attention() -> Drawing:
    """Attention

    softmax(Q Kᵀ / √d) V, for four words of three numbers each.
    """

    @tg.block
    def softmax(x: Any) -> Any:
        e = tg.exp(x - x.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    rng = np.random.default_rng(0)
    X, Wq, Wk, Wv = (
        tg.tensor(rng.normal(size=shape), requires_grad=True, name=name)
        for name, shape in {"X": (4, 6), "Wq": (6, 3), "Wk": (6, 3), "Wv": (6, 5)}.items()
    )
    Q, K, V = X @ Wq, X @ Wk, X @ Wv
    Q.name, K.name, V.name = "Q", "K", "V"
    weights = softmax(Q @ K.T / 3**0.5)
    weights.name = "weights"
    return tg.draw(weights @ V, gradients=False)
