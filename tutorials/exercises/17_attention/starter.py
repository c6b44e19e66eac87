"""Attention: a soft lookup, its mask, its heads, and what comes back to the comparisons."""

import numpy as np


def attention(queries, keys, values):
    """softmax(queries keysᵀ / √d) values, for queries (L, d), keys (S, d) and values (S, v): (L, v)."""
    raise NotImplementedError


def causal_weights(scores):
    """The softmax of each row of scores (T, T), in which query i takes of the keys 0 to i alone."""
    raise NotImplementedError


def split_heads(x, heads):
    """x (T, d) as (heads, T, d / heads): head 0 has the first d / heads numbers of each position, and so on."""
    raise NotImplementedError


def scores_gradient(upstream, weights):
    """The gradient of the scores (L, S), for weights = softmax(scores) in each row; `upstream` is the weights'."""
    raise NotImplementedError
