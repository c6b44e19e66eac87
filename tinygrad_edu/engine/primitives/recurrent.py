"""Rows of recurrent layers: all steps of a sequence, in one direction, are one node.

x (T, N, I) is a sequence of T steps of N examples with I features each, h (N, H) the state before the first step. The
result (T, N, H) holds the state after each step; that of `lstm` (T, 2, N, H) both states, h and c. The weights are
PyTorch's: w_ih (k·H, I) and w_hh (k·H, H) with a block of H rows for each of the k gates of a cell, and two biases.

What a cell computes is written once, in rows of the table, and runs on arrays and nodes; `rnn_cell` and `lstm_cell`
have faster loops for arrays, too. The rules are backpropagation through time on arrays: a loop that carries the
gradient from step to step, and one product for all steps for each weight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy import ndarray

from ..._support.languages import texts
from ...errors import DtypeError, ShapeError
from ..blas import product
from ..node import shape_of
from .elementwise import relu, sigmoid, tanh
from .fused import linear, linear_row
from .primitive import Variadic
from .shape import stack

__all__ = ["gru", "gru_cell", "lstm", "lstm_cell", "rnn", "rnn_cell"]

States = tuple[Any, ...]
NONLINEARITIES: dict[str, Callable[[Any], Any]] = {"tanh": tanh, "relu": relu}


# The cells. `from_x` is W_ih x + b_ih, `from_h` is W_hh h + b_hh; then come the states before the step. They return the
# states after it.


def rnn_cell(from_x: Any, from_h: Any, h: Any, nonlinearity: str = "tanh") -> States:
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh); Elman, "Finding structure in time" (1990)."""
    return (NONLINEARITIES[nonlinearity](from_x + from_h),)


def lstm_cell(from_x: Any, from_h: Any, h: Any, c: Any) -> States:
    """c' = f·c + i·g and h' = o·tanh(c'); Hochreiter and Schmidhuber, "Long short-term memory" (1997).

    The gates i, f and o are sigmoids, the new content g is a tanh, of blocks of W_ih x + b_ih + W_hh h + b_hh.
    """
    i, f, g, o = gates(from_x + from_h, 4)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(c), c


def gru_cell(from_x: Any, from_h: Any, h: Any) -> States:
    """h' = (1 - z)·n + z·h with n = tanh(x_n + r·h_n) and z, r sigmoids; Cho et al., arXiv:1406.1078, eq. 5 to 8.

    As in PyTorch, the reset gate r is applied after the product, to h_n = W_hn h + b_hn.
    """
    x_r, x_z, x_n = gates(from_x, 3)
    h_r, h_z, h_n = gates(from_h, 3)
    z = sigmoid(x_z + h_z)
    n = tanh(x_n + sigmoid(x_r + h_r) * h_n)
    return ((1.0 - z) * n + z * h,)


def gates(x: Any, k: int) -> list[Any]:
    """The last axis in k equal parts."""
    size = x.shape[-1] // k
    return [x[..., i * size : (i + 1) * size] for i in range(k)]


def steps_of(cell: Callable[..., States]) -> Callable[..., Any]:
    """All steps of a cell, on arrays or on nodes: the states after each."""

    def steps(x: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, *states: Any, **attrs: Any) -> Any:
        from_x = linear(x, w_ih, b_ih)  # of all steps in one product
        after: list[Any] = []
        for t in range(len(x)):
            states = cell(from_x[t], linear_row(states[0], w_hh, b_hh), *states, **attrs)
            after.extend(states)
        if len(states) == 1:
            return stack(after)
        return stack(after).reshape((len(x), len(states), *states[0].shape))

    return steps


def _rnn_steps(x: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, h: Any, nonlinearity: str) -> Any:
    """All steps of `rnn_cell` on arrays, in place; new arrays would take a fifth of the time."""
    out = linear(x, w_ih, b_ih + b_hh)
    from_h = np.ascontiguousarray(w_hh.T)  # small products with a turned matrix take half as long again
    for h_t in out:
        h_t += product(h, from_h)
        h = np.tanh(h_t, out=h_t) if nonlinearity == "tanh" else np.maximum(h_t, 0, out=h_t)
    return out


def _lstm_steps(x: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, h: Any, c: Any) -> Any:
    """All steps of `lstm_cell` on arrays, in place; the gates stay behind the states, where `_lstm_rule` finds them.

    The sigmoid of z is (1 + tanh(z / 2)) / 2. So the rows of the gates i, f and o are halved beforehand, and one tanh
    does for all four gates.
    """
    size = h.shape[1]
    half = np.full(4 * size, 0.5, w_hh.dtype)
    half[2 * size : 3 * size] = 1
    from_x = linear(x, w_ih * half[:, None], (b_ih + b_hh) * half)
    from_h = np.ascontiguousarray((w_hh * half[:, None]).T)
    steps, n, _ = from_x.shape
    memory = np.empty(6 * steps * n * size, np.result_type(from_x, w_hh, h, c))
    out, kept = _states_and_gates(memory, steps, n, size)
    new = np.empty((n, size), memory.dtype)
    for from_x_t, (h_t, c_t), every in zip(from_x, out, kept):
        from_x_t += product(h, from_h)
        i, f, g, o = np.tanh(_by_gate(from_x_t), out=every)
        for gate in (every[:2], o):
            gate *= 0.5
            gate += 0.5
        np.multiply(f, c, out=c_t)
        c_t += np.multiply(i, g, out=new)
        np.tanh(c_t, out=h_t)
        h_t *= o
        h, c = h_t, c_t
    return out


def _states_and_gates(memory: ndarray, steps: int, n: int, size: int) -> tuple[ndarray, ndarray]:
    """Two parts of one memory: the states h and c (T, 2, N, H), and the gates i, f, g and o (T, 4, N, H)."""
    states, kept = np.split(memory, [2 * steps * n * size])
    return states.reshape(steps, 2, n, size), kept.reshape(steps, 4, n, size)


def _by_gate(x: ndarray) -> ndarray:
    """(N, 4·H) as (4, N, H)."""
    return x.reshape(len(x), 4, x.shape[1] // 4).swapaxes(0, 1)


# Backpropagation through time. `d` is the gradient of the gates before sigmoid and tanh; `d_h` and `d_c` are what the
# states receive from later steps.


def _rnn_rule(slots: Sequence[int], g: Any, out: Any, operands: Sequence[Any], nonlinearity: str) -> list[Any]:
    _, _, w_hh, _, _, h0 = operands
    d = np.empty_like(out)
    d_h = np.zeros(h0.shape, out.dtype)
    for t in reversed(range(len(out))):
        d_h += g[t]
        if nonlinearity == "tanh":
            np.multiply(out[t], out[t], out=d[t])
            np.subtract(1, d[t], out=d[t])
        else:
            np.greater(out[t], 0, out=d[t])
        d[t] *= d_h
        d_h = product(d[t], w_hh)
    return _shares(slots, operands, h0, out, d, d, d_h)


def _lstm_rule(slots: Sequence[int], g: Any, out: Any, operands: Sequence[Any]) -> list[Any]:
    w_hh, (h0, c0) = operands[2], operands[5:]
    memory, (steps, _, n, size) = out.base, out.shape
    if memory is None or memory.shape != (6 * steps * n * size,):  # a copy, which has lost its gates
        memory = _lstm_steps(*operands).base
    kept = _states_and_gates(memory, steps, n, size)[1]
    d = np.empty((steps, n, 4 * size), out.dtype)
    by_gate, slopes = np.empty((2, *kept.shape[1:]), out.dtype)
    d_h, d_c = np.zeros((2, *h0.shape), out.dtype)
    for t in reversed(range(steps)):
        i, f, new, o = every = kept[t]
        c_before = out[t - 1, 1] if t else c0
        d_h += g[t, 0]
        d_c += g[t, 1]
        tanh_c = np.tanh(out[t, 1])
        np.multiply(d_h, tanh_c, out=by_gate[3])
        tanh_c *= tanh_c
        np.subtract(1, tanh_c, out=tanh_c)
        tanh_c *= o
        tanh_c *= d_h
        d_c += tanh_c
        for share, factor in zip(by_gate, (new, c_before, i)):
            np.multiply(d_c, factor, out=share)
        np.subtract(1, every, out=slopes)  # of a sigmoid s: s·(1 - s)
        slopes *= every
        np.multiply(new, new, out=slopes[2])  # of a tanh s: 1 - s²
        np.subtract(1, slopes[2], out=slopes[2])
        np.multiply(by_gate, slopes, out=_by_gate(d[t]))
        d_h = product(d[t], w_hh)
        d_c *= f
    return _shares(slots, operands, h0, out[:, 0], d, d, d_h, d_c)


def _gru_rule(slots: Sequence[int], g: Any, out: Any, operands: Sequence[Any]) -> list[Any]:
    x, w_ih, w_hh, b_ih, b_hh, h0 = operands
    h = _before(h0, out)
    x_r, x_z, x_n = gates(linear(x, w_ih, b_ih), 3)
    h_r, h_z, h_n = gates(linear(h, w_hh, b_hh), 3)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = tanh(x_n + r * h_n)
    # ∂h'/∂ of what r, z and n are computed from: as it comes from the input, and as it comes from the state.
    by_n = (1 - z) * (1 - n * n)
    by_x = np.stack([by_n * h_n * r * (1 - r), (h - n) * z * (1 - z), by_n], axis=2)
    by_h = np.stack([by_x[:, :, 0], by_x[:, :, 1], by_n * r], axis=2)
    d_h: Any = 0
    for t in reversed(range(len(out))):
        d_h = g[t] + d_h
        by_x[t] *= d_h[:, None]
        by_h[t] *= d_h[:, None]
        d_h = d_h * z[t] + product(by_h[t].reshape(len(h0), len(w_hh)), w_hh)
    return _shares(slots, operands, h0, out, by_x, by_h, d_h)


def _before(first: ndarray, after: ndarray) -> ndarray:
    """The states before each step, from those after."""
    return np.concatenate([first[None], after[:-1]])


def _shares(
    slots: Sequence[int],
    operands: Sequence[Any],
    h0: ndarray,
    h: ndarray,
    d_x: ndarray,
    d_h: ndarray,
    *d_states: ndarray,
) -> list[Any]:
    """What the operands receive when `d_x` and `d_h` are the gradients of all W_ih x + b_ih and W_hh h + b_hh."""
    x, w_ih, w_hh = operands[:3]
    from_x, from_h = _flat(d_x, len(w_ih)), _flat(d_h, len(w_hh))
    later = from_h[len(h0) :]  # of all steps but the first, which has the state h0 before it
    by: tuple[Callable[[], ndarray], ...] = (
        lambda: product(from_x, w_ih).reshape(x.shape),
        lambda: product(from_x.T, _flat(x, w_ih.shape[1])),
        lambda: product(later.T, _flat(h[:-1], w_hh.shape[1])) + product(from_h[: len(h0)].T, h0),
        lambda: np.add.reduce(from_x, 0),
        lambda: np.add.reduce(from_h, 0),
    )
    return [by[slot]() if slot < 5 else d_states[slot - 5] for slot in slots]


def _flat(x: ndarray, columns: int) -> ndarray:
    """All examples of all steps as the rows of a matrix."""
    return x.reshape((prod(x.shape[:2]), columns))


# The rows.

THROUGH_TIME = texts(("{g} back through time",))
"""The rule of every operand, as books call it."""

_rnn = Variadic("rnn", _rnn_steps, [_rnn_rule], composition=steps_of(rnn_cell), words=THROUGH_TIME)
_lstm = Variadic("lstm", _lstm_steps, [_lstm_rule], composition=steps_of(lstm_cell), words=THROUGH_TIME)
_gru = Variadic("gru", steps_of(gru_cell), [_gru_rule], composition=steps_of(gru_cell), words=THROUGH_TIME)


def rnn(x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None, nonlinearity: str = "tanh") -> Any:
    """A sequence of Elman's cells, `rnn_cell`: x (T, N, I) and a first state h (N, H) to the states (T, N, H).

    Raises `ShapeError` for shapes that do not go together.

    >>> import tinygrad_edu as tg
    >>> rnn(tg.ones((5, 2, 3)), tg.zeros((2, 4)), tg.ones((4, 3)), tg.ones((4, 4))).shape
    (5, 2, 4)
    """
    if nonlinearity not in NONLINEARITIES:
        raise DtypeError(f"rnn: the nonlinearity is 'tanh' or 'relu', not {nonlinearity!r}")
    return _rnn(*_operands("rnn", 1, x, w_ih, w_hh, b_ih, b_hh, h), nonlinearity=nonlinearity)


def lstm(x: Any, states: tuple[Any, Any], w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
    """A sequence of `lstm_cell`s: x (T, N, I) and first states h and c (N, H) to the states h and c (T, 2, N, H).

    Raises `ShapeError` for shapes that do not go together.

    >>> import tinygrad_edu as tg
    >>> states = tg.zeros((2, 4)), tg.zeros((2, 4))
    >>> lstm(tg.ones((5, 2, 3)), states, tg.ones((16, 3)), tg.ones((16, 4))).shape
    (5, 2, 2, 4)
    """
    return _lstm(*_operands("lstm", 4, x, w_ih, w_hh, b_ih, b_hh, *states))


def gru(x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
    """A sequence of `gru_cell`s: x (T, N, I) and a first state h (N, H) to the states (T, N, H).

    Raises `ShapeError` for shapes that do not go together.

    >>> import tinygrad_edu as tg
    >>> gru(tg.ones((5, 2, 3)), tg.zeros((2, 4)), tg.ones((12, 3)), tg.ones((12, 4))).shape
    (5, 2, 4)
    """
    return _gru(*_operands("gru", 3, x, w_ih, w_hh, b_ih, b_hh, h))


def _operands(name: str, k: int, x: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, *states: Any) -> tuple[Any, ...]:
    """The operands of a row, their shapes checked; biases that are None are 0."""
    shapes = [shape_of(z) for z in (x, w_ih, w_hh, *states)]
    (x_shape, ih, hh), of_states = shapes[:3], shapes[3:]
    if len(x_shape) != 3 or not x_shape[0]:
        raise ShapeError(f"{name}: the input is a sequence (T, N, I) of at least one step, not of shape {x_shape}")
    (_, n, features), size = x_shape, hh[-1] if hh else 0
    if ih != (k * size, features) or hh != (k * size, size):
        raise ShapeError(
            f"{name}: with I = {features} features the weights are of shapes ({k}·H, {features}) and ({k}·H, H), "
            f"not {ih} and {hh}"
        )
    if any(shape != (n, size) for shape in of_states):
        raise ShapeError(f"{name}: a first state is of shape (N, H) = {(n, size)}, not {of_states}")
    zeros = np.zeros(k * size, w_hh.dtype)
    biases = (zeros if b_ih is None else b_ih, zeros if b_hh is None else b_hh)
    if any(shape_of(b) != (k * size,) for b in biases):
        raise ShapeError(f"{name}: a bias is of shape {(k * size,)}, not {[shape_of(b) for b in biases]}")
    return (x, w_ih, w_hh, *biases, *states)
