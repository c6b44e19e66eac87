"""Two recurrent layers of 128 over the 28 rows of 64 images, one training step with Adam; and a layer of an LSTM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from .by_hand import softmax_cross_entropy
from .harness import Contestant, Run, Timed, at_most, faster
from .mlp import LR, Flat, restarting
from .training import Library, contestants

STEPS, BATCH, ROW, HIDDEN = 28, 64, 28, 128
RECURRENT = [f"{part}_l{layer}" for layer in (0, 1) for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
NAMES = [*RECURRENT, "weight", "bias"]


def inputs() -> tuple[ndarray, ndarray, list[ndarray]]:
    """Rows (T, N, 28), labels (N,), and the parameters, in float32, as `NAMES` are."""
    rng = np.random.default_rng(9)
    rows = rng.random((STEPS, BATCH, ROW), np.float32)
    labels = rng.integers(0, 10, BATCH)
    shapes = [
        *((HIDDEN, ROW), (HIDDEN, HIDDEN), (HIDDEN,), (HIDDEN,)),
        *((HIDDEN, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN,), (HIDDEN,)),
        *((10, HIDDEN), (10,)),
    ]
    bound = HIDDEN**-0.5
    return rows, labels, [rng.uniform(-bound, bound, shape).astype(np.float32) for shape in shapes]


class Layer:
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh) along a sequence, forward and backward, in its own buffers."""

    def __init__(self, parameters: list[ndarray], gradients: list[ndarray]) -> None:
        self.w_ih, self.w_hh, self.b_ih, self.b_hh = parameters
        self.gradients = gradients
        self.h, self.d = (np.empty((STEPS, BATCH, HIDDEN), np.float32) for _ in range(2))
        self.part = np.empty((BATCH, HIDDEN), np.float32)

    def forward(self, x: ndarray) -> ndarray:
        h, part, w = self.h, self.part, self.w_hh.T
        np.dot(x.reshape(-1, x.shape[2]), self.w_ih.T, out=h.reshape(-1, HIDDEN))
        np.add(h, self.b_ih + self.b_hh, out=h)
        np.tanh(h[0], out=h[0])
        for t in range(1, STEPS):
            np.dot(h[t - 1], w, out=part)
            np.add(h[t], part, out=part)
            np.tanh(part, out=h[t])
        return h

    def backward(self, x: ndarray, g: ndarray | None, last: ndarray | None) -> ndarray:
        """The gradient of W_ih x, from the gradients of all states or from that of the last state."""
        h, d, part = self.h, self.d, self.part
        for t in reversed(range(STEPS)):
            z = d[t]
            np.multiply(h[t], h[t], out=z)
            np.subtract(1, z, out=z)
            if t == STEPS - 1:
                z *= g[t] if g is not None else last
            else:
                np.dot(d[t + 1], self.w_hh, out=part)
                if g is not None:
                    np.add(part, g[t], out=part)
                z *= part
        flat = d.reshape(-1, HIDDEN)
        dw_ih, dw_hh, db_ih, db_hh = self.gradients
        np.dot(flat.T, x.reshape(-1, x.shape[2]), out=dw_ih)
        np.dot(d[1:].reshape(-1, HIDDEN).T, h[:-1].reshape(-1, HIDDEN), out=dw_hh)
        np.add.reduce(flat, 0, out=db_ih)
        db_hh[:] = db_ih
        return flat


def hand() -> Run:
    rows, labels, parameters = inputs()
    flat = Flat(parameters)
    first, second = (Layer(flat.parameters[a : a + 4], flat.gradients[a : a + 4]) for a in (0, 4))
    (w, b), (dw, db) = flat.parameters[8:], flat.gradients[8:]

    def step() -> Sequence[Any]:
        h1 = first.forward(rows)
        h2 = second.forward(h1)
        loss, g = softmax_cross_entropy(h2[-1].dot(w.T) + b, labels)
        np.dot(g.T, h2[-1], out=dw)
        np.add.reduce(g, 0, out=db)
        d = second.backward(h1, None, g.dot(w))
        first.backward(rows, d.dot(second.w_ih).reshape(h1.shape), None)
        flat.adam()
        return loss, *flat.parameters

    return restarting(step, flat.restart)


def library(contestant: str) -> Run:
    library = Library(contestant)
    rows, labels, parameters = inputs()
    rnn, output = library.nn.RNN(ROW, HIDDEN, num_layers=2), library.nn.Linear(HIDDEN, 10)
    every = [*rnn.parameters(), *output.parameters()]
    optimizer = library.optim.Adam(every, lr=LR["Adam"])

    def restart() -> None:
        library.load(rnn, NAMES[:8], parameters[:8])
        library.load(output, NAMES[8:], parameters[8:])
        optimizer.state.clear()

    return restarting(library.step(lambda x: output(rnn(x)[0][-1]), optimizer, rows, labels, every), restart)


def lstm(contestant: str) -> Run:
    library = Library(contestant)
    rng = np.random.default_rng(10)
    layer = library.nn.LSTM(ROW, HIDDEN)
    every = list(layer.parameters())
    values = [rng.uniform(-(HIDDEN**-0.5), HIDDEN**-0.5, tuple(p.shape)).astype(np.float32) for p in every]
    library.load(layer, NAMES[:4], values)
    x = library.tensor(rng.random((STEPS, BATCH, ROW), np.float32))

    def run() -> Sequence[Any]:
        layer.zero_grad()
        loss = (layer(x)[0][-1] ** 2).mean()
        loss.backward()
        return loss, *(p.grad for p in every)

    return run


WORKLOADS = (
    Timed(
        name="rnn",
        computes=f"RNN of two layers of {HIDDEN}, {STEPS} steps, batch {BATCH}, one step of Adam, float32",
        outputs=("loss", *NAMES),
        contestants=(Contestant("hand", hand), *contestants(library)),
        targets=(at_most(1.08, "ours", "hand"), faster(1, "ours", "torch")),
        rtol=1e-3,  # Adam divides by the size of the gradient, so rounding shows where that is small
        atol=1e-4,
    ),
    Timed(
        name="lstm",
        computes=f"LSTM of {HIDDEN}, {STEPS} steps, batch {BATCH}, forward and backward from the last state, float32",
        outputs=("loss", *NAMES[:4]),
        contestants=tuple(contestants(lstm)),
        targets=(faster(1, "ours", "torch"),),
        rtol=1e-4,
        atol=1e-6,
    ),
)
