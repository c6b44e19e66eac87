"""Sequences: the states of a recurrent network, its perplexity, and the way back through time."""

import numpy as np


def states(x, h, w_xh, w_hh, b):
    """The state after each step, (T, N, H), for H_t = tanh(X_t @ w_xh + H_(t-1) @ w_hh + b).

    x: (T, N, D); h, the state before the first step: (N, H); w_xh: (D, H); w_hh: (H, H); b: (H,).
    """
    raise NotImplementedError


def perplexity(chances):
    """The perplexity of a model: a float. chances: (N,), what it gave to the tokens that really came."""
    raise NotImplementedError


def through_time(upstream, x, h, w_xh, w_hh):
    """The gradients of x, h, w_xh and w_hh for the states of H_t = tanh(X_t @ w_xh + H_(t-1) @ w_hh).

    upstream: (T, N, H), of all states; the other shapes as in `states`.
    """
    raise NotImplementedError
