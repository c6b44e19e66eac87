"""A GPT: what its loss hands back, its perplexity, and three ways to draw the next token."""

import numpy as np


def loss_gradient(logits, targets):
    """The gradient of the logits (T, V), for the mean of -log p of the targets (T,), whole numbers below V."""
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares = shares / shares.sum(axis=1, keepdims=True)
    shares[np.arange(len(targets)), targets] -= 1
    return shares / len(targets)


def perplexity(chances):
    """Among how many equally likely tokens the model might as well choose; `chances` are those of the right tokens."""
    return float(np.exp(-np.log(chances).mean()))


def sharpened(logits, temperature, k):
    """The probabilities (V,) for logits (V,): divided by the temperature, and only the k largest; the others are 0."""
    scores = logits / temperature
    shares = np.exp(scores - scores.max())
    shares[np.argsort(-scores)[k:]] = 0
    return shares / shares.sum()


def nucleus(chances, p):
    """The probabilities (V,) of only the fewest likeliest tokens that together have at least p; the others are 0."""
    order = np.argsort(-chances)
    enough = np.argmax(np.cumsum(chances[order]) >= p) + 1
    kept = np.zeros_like(chances)
    kept[order[:enough]] = chances[order[:enough]]
    return kept / kept.sum()
