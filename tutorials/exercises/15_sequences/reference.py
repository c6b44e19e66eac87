"""Sequences: the states of a recurrent network, its perplexity, and the way back through time."""

import numpy as np


def states(x, h, w_xh, w_hh, b):
    """The state after each step, (T, N, H), for H_t = tanh(X_t @ w_xh + H_(t-1) @ w_hh + b).

    x: (T, N, D); h, the state before the first step: (N, H); w_xh: (D, H); w_hh: (H, H); b: (H,).
    """
    found = []
    for x_t in x:
        h = np.tanh(x_t @ w_xh + h @ w_hh + b)
        found.append(h)
    return np.array(found)


def perplexity(chances):
    """The perplexity of a model: a float. chances: (N,), what it gave to the tokens that really came."""
    return float(np.exp(-np.mean(np.log(chances))))


def through_time(upstream, x, h, w_xh, w_hh):
    """The gradients of x, h, w_xh and w_hh for the states of H_t = tanh(X_t @ w_xh + H_(t-1) @ w_hh).

    upstream: (T, N, H), of all states; the other shapes as in `states`.
    """
    after = states(x, h, w_xh, w_hh, 0.0)
    before = [h, *after[:-1]]
    by_x, by_w_xh, by_w_hh = np.zeros_like(x), np.zeros_like(w_xh), np.zeros_like(w_hh)
    by_h = np.zeros_like(h)
    for t in reversed(range(len(x))):
        inner = (upstream[t] + by_h) * (1 - after[t] ** 2)
        by_x[t] = inner @ w_xh.T
        by_w_xh += x[t].T @ inner
        by_w_hh += before[t].T @ inner
        by_h = inner @ w_hh.T
    return by_x, by_h, by_w_xh, by_w_hh
