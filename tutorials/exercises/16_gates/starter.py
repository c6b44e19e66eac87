"""Gates: one step of an LSTM and of a GRU, and the way back through a memory."""

import numpy as np


def sigmoid(x):
    """1 / (1 + e^-x), element by element."""
    return 1 / (1 + np.exp(-x))


def lstm_step(x, h, c, w_x, w_h, b):
    """The states h and c after a step, a tuple of two (N, H).

    x: (N, D); h, c: (N, H); w_x: (D, 4·H), w_h: (H, 4·H) and b: (4·H,) have blocks for i, f, g and o, in this order.
    """
    raise NotImplementedError


def memory_backward(upstream, f, c, i, g):
    """The gradients of f, c, i and g for f · c + i · g; all are (N, H)."""
    raise NotImplementedError


def gru_step(x, h, w_x, w_h, b_x, b_h):
    """The state after a step, (N, H): (1 - z) · n + z · h with n = tanh(x_n + r · h_n).

    x: (N, D); h: (N, H). x @ w_x + b_x has blocks for r, z and n, in this order, and so has h @ w_h + b_h.
    """
    raise NotImplementedError
