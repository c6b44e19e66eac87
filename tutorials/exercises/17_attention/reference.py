"""Attention: a soft lookup, its mask, its heads, and what comes back to the comparisons."""

import numpy as np


def attention(queries, keys, values):
    """softmax(queries keysᵀ / √d) values, for queries (L, d), keys (S, d) and values (S, v): (L, v)."""
    scores = queries @ keys.T / np.sqrt(keys.shape[1])
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True) @ values


def causal_weights(scores):
    """The softmax of each row of scores (T, T), in which query i takes of the keys 0 to i alone."""
    allowed = np.tril(np.ones(scores.shape, bool))
    masked = np.where(allowed, scores, -np.inf)
    shares = np.exp(masked - masked.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def split_heads(x, heads):
    """x (T, d) as (heads, T, d / heads): head 0 has the first d / heads numbers of each position, and so on."""
    length, d = x.shape
    return x.reshape(length, heads, d // heads).transpose(1, 0, 2)


def scores_gradient(upstream, weights):
    """The gradient of the scores (L, S), for weights = softmax(scores) in each row; `upstream` is the weights'."""
    return weights * (upstream - (upstream * weights).sum(axis=1, keepdims=True))
