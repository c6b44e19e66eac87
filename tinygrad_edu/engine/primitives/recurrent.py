"""Rows of recurrent layers: all steps of a sequence, in one direction, are one node.

x (T, N, I) is a sequence of T steps of N examples with I features each, h (N, H) the state before the first step. The
result (T, N, H) holds the state after each step; that of `lstm` (T, 2, N, H) both states, h and c. The weights are
PyTorch's: w_ih (k·H, I) and w_hh (k·H, H) with a block of H rows for each of the k gates of a cell, and two biases.

What a cell computes is written once, in rows of the table, and runs on arrays and nodes; `rnn_cell` and `lstm_cell`
have faster loops for arrays, too. The rules are backpropagation through time on arrays: a loop that carries the
gradient from step to step, and one product for the weights of many steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy import ndarray

from ..._support.languages import texts
from ...errors import ShapeError
from ..blas import multiplier, one_thread, product
from ..messages import one_of
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
    from_h = np.empty(h.shape, np.result_type(out, h, w_hh))
    times_w_hh = multiplier(w_hh.T, len(h))
    with one_thread():
        for h_t in out:
            times_w_hh(h, from_h)
            h_t += from_h
            h = np.tanh(h_t, out=h_t) if nonlinearity == "tanh" else np.maximum(h_t, 0, out=h_t)
    return out


def _lstm_steps(*operands: Any) -> Any:
    """All steps of `lstm_cell` on arrays, in place; the gates stay behind the states, where `_lstm_rule` finds them.

    A step has one product: of rows [h, x, 1] with the weights and biases of all gates. The sigmoid of z is
    (1 + tanh(z / 2)) / 2. So those of the gates i, f and o are halved beforehand, and one tanh does for all four gates.
    """
    x, w_ih, w_hh, b_ih, b_hh, h, c = operands
    (steps, n, features), size, dtype = x.shape, h.shape[1], np.result_type(*operands)
    weights = np.concatenate([w_hh, w_ih, (b_ih + b_hh)[:, None]], 1).reshape(4, size, size + features + 1)
    weights = weights * np.array([0.5, 0.5, 1, 0.5], dtype)[:, None, None]
    times_weights = multiplier(weights.swapaxes(1, 2), n)
    out, kept = _states_and_gates(np.empty(6 * steps * n * size, dtype), steps, n, size)
    row = np.ones((n, size + features + 1), dtype)
    new = np.empty((n, size), dtype)
    with one_thread():
        for x_t, (h_t, c_t), every in zip(x, out, kept):
            row[:, :size] = h
            row[:, size:-1] = x_t
            times_weights(row, every)
            i, f, g, o = np.tanh(every, out=every)
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


# Backpropagation through time.

BLOCK = 1 << 20
"""What the weights receive is added up for so many bytes of gradients at a time, while they are in the cache."""


def _through_time(
    slots: Sequence[int], operands: Sequence[Any], h: ndarray, step: Callable[..., object]
) -> list[ndarray]:
    """What the operands receive, by a loop from the last step to the first; `h` are the states after each step.

    `step(t, d, *d_states)` has the states' gradients from later steps in `d_states`, which it brings before step t. It
    fills d (N, k·H) with the gradient of W_ih x + b_ih + W_hh h + b_hh. What h receives through W_hh is then d @ W_hh.
    """
    x, w_ih, w_hh, b_ih, _, h0 = operands[:6]
    (steps, n, _), gates, dtype = x.shape, len(w_hh), h.dtype
    block = max(1, min(steps, BLOCK // max(1, n * gates * dtype.itemsize)))
    d, d_x = np.empty((block, n, gates), dtype), np.empty(x.shape, dtype)
    d_w_ih, d_w_hh, d_b, *d_states = (np.zeros(y.shape, dtype) for y in (w_ih, w_hh, b_ih, *operands[5:]))
    times_w_hh = multiplier(w_hh, n)
    for stop in range(steps, 0, -block):
        start = max(0, stop - block)
        with one_thread():
            for t in reversed(range(start, stop)):
                step(t, d[t - start], *d_states)
                if t or 5 in slots:
                    times_w_hh(d[t - start], d_states[0])
        of_block = _flat(d[: stop - start])
        if 0 in slots:
            d_x[start:stop] = product(of_block, w_ih).reshape(stop - start, *x.shape[1:])
        if 1 in slots:
            d_w_ih += product(of_block.T, _flat(x[start:stop]))
        if 2 in slots:
            later = max(1, start)  # the first step has no step before it
            d_w_hh += product(_flat(d[later - start : stop - start]).T, _flat(h[later - 1 : stop - 1]))
            if start == 0:
                d_w_hh += product(d[0].T, h0)
        if 3 in slots or 4 in slots:
            d_b += product(np.ones(len(of_block), dtype), of_block)
    by = (d_x, d_w_ih, d_w_hh, d_b, d_b, *d_states)
    return [by[slot] for slot in slots]


def _flat(x: ndarray) -> ndarray:
    """All examples of all steps as the rows of a matrix."""
    return x.reshape(prod(x.shape[:2]), prod(x.shape[2:]))


def _rnn_rule(slots: Sequence[int], g: Any, out: Any, operands: Sequence[Any], nonlinearity: str) -> list[Any]:
    def step(t: int, d: ndarray, d_h: ndarray) -> None:
        d_h += g[t]
        if nonlinearity == "tanh":
            np.multiply(out[t], out[t], out=d)
            np.subtract(1, d, out=d)
        else:
            np.greater(out[t], 0, out=d)
        d *= d_h

    return _through_time(slots, operands, out, step)


def _lstm_rule(slots: Sequence[int], g: Any, out: Any, operands: Sequence[Any]) -> list[Any]:
    """With s·(1 - s), the derivative of a sigmoid s, and i·(1 - g²) = i - i·g·g, and o·(1 - tanh²c) = o - h·tanh c."""
    memory, (steps, _, n, size) = out.base, out.shape
    if memory is None or memory.shape != (6 * steps * n * size,):  # a copy, which has lost its gates
        memory = _lstm_steps(*operands).base
    kept = _states_and_gates(memory, steps, n, size)[1]
    slopes = np.empty((4, n, size), out.dtype)
    part, new = np.empty((2, n, size), out.dtype)

    def step(t: int, d: ndarray, d_h: ndarray, d_c: ndarray) -> None:
        (h, c), (i, f, content, o), d_by_gate = out[t], kept[t], d.reshape(n, 4, size).swapaxes(0, 1)
        by_i, by_f, by_g, by_o = np.subtract(1, kept[t], out=slopes)
        by_i *= np.multiply(i, content, out=new)
        by_f *= np.subtract(c, new, out=part)  # f·c, with c of the step before
        np.subtract(i, np.multiply(new, content, out=part), out=by_g)
        by_o *= h
        d_h += g[t, 0]
        d_c += g[t, 1]
        np.multiply(np.tanh(c, out=part), h, out=part)
        np.subtract(o, part, out=part)
        d_c += np.multiply(part, d_h, out=part)
        np.multiply(slopes[:3], d_c, out=d_by_gate[:3])
        np.multiply(by_o, d_h, out=d_by_gate[3])
        d_c *= f

    return _through_time(slots, operands, out[:, 0], step)


def _gru_rule(slots: Sequence[int], g: Any, out: Any, operands: Sequence[Any]) -> list[Any]:
    x, w_ih, w_hh, b_ih, b_hh, h0 = operands
    h = np.concatenate([h0[None], out[:-1]])  # before each step
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
    from_x, from_h = _flat(by_x), _flat(by_h)
    by: tuple[Callable[[], ndarray], ...] = (
        lambda: product(from_x, w_ih).reshape(x.shape),
        lambda: product(from_x.T, _flat(x)),
        lambda: product(from_h.T, _flat(h)),
        lambda: np.add.reduce(from_x, 0),
        lambda: np.add.reduce(from_h, 0),
        lambda: d_h,
    )
    return [by[slot]() for slot in slots]


# The rows.

THROUGH_TIME = texts(("{g} back through time",))
"""The rule of every operand, as books call it."""

_rnn = Variadic("rnn", _rnn_steps, [_rnn_rule], composition=steps_of(rnn_cell), words=THROUGH_TIME)
_lstm = Variadic("lstm", _lstm_steps, [_lstm_rule], composition=steps_of(lstm_cell), words=THROUGH_TIME)
_gru = Variadic("gru", steps_of(gru_cell), [_gru_rule], composition=steps_of(gru_cell), words=THROUGH_TIME)


def rnn(x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None, nonlinearity: str = "tanh") -> Any:
    """A sequence of Elman's cells, `rnn_cell`: x (T, N, I) and an initial state h (N, H) to the states (T, N, H).

    Raises `ShapeError` for shapes that do not go together.

    >>> import tinygrad_edu as tg
    >>> rnn(tg.ones((5, 2, 3)), tg.zeros((2, 4)), tg.ones((4, 3)), tg.ones((4, 4))).shape
    (5, 2, 4)
    """
    one_of(NONLINEARITIES, "rnn", nonlinearity=nonlinearity)
    return _rnn(*_operands("rnn", 1, x, w_ih, w_hh, b_ih, b_hh, h), nonlinearity=nonlinearity)


def lstm(x: Any, states: tuple[Any, Any], w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
    """A sequence of `lstm_cell`s: x (T, N, I) and initial states h and c (N, H) to the states h and c (T, 2, N, H).

    Raises `ShapeError` for shapes that do not go together.

    >>> import tinygrad_edu as tg
    >>> states = tg.zeros((2, 4)), tg.zeros((2, 4))
    >>> lstm(tg.ones((5, 2, 3)), states, tg.ones((16, 3)), tg.ones((16, 4))).shape
    (5, 2, 2, 4)
    """
    return _lstm(*_operands("lstm", 4, x, w_ih, w_hh, b_ih, b_hh, *states))


def gru(x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
    """A sequence of `gru_cell`s: x (T, N, I) and an initial state h (N, H) to the states (T, N, H).

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
        raise ShapeError(f"{name}: an initial state is of shape (N, H) = {(n, size)}, not {of_states}")
    zeros = np.zeros(k * size, w_hh.dtype)
    biases = (zeros if b_ih is None else b_ih, zeros if b_hh is None else b_hh)
    if any(shape_of(b) != (k * size,) for b in biases):
        raise ShapeError(f"{name}: a bias is of shape {(k * size,)}, not {[shape_of(b) for b in biases]}")
    return (x, w_ih, w_hh, *biases, *states)
