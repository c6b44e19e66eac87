"""Recurrent layers, `RNN`, `LSTM` and `GRU`, and their cells, which compute a single step.

One layer over a sequence in one direction is one node of the graph; this file puts layers and directions together. A
cell consists of other operations, each of them a node.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from .._support.languages import texts
from ..engine.messages import one_of, probability, short, whole_from
from ..engine.node import shape_of
from ..engine.primitives.elementwise import where
from ..engine.primitives.fused import linear
from ..engine.primitives.recurrent import NONLINEARITIES, gru, gru_cell, lstm, lstm_cell, rnn, rnn_cell
from ..engine.primitives.shape import concatenate, expand_dims, flip, squeeze, stack, swapaxes
from ..errors import OutOfRangeError, ShapeError
from . import init
from .layers import dropout
from .module import Module
from .parameter import Parameter, Shape, data_for
from .sequences import lengths_of

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNCell"]


class Recurrent(Module):
    """The base class of layers and cells: stacked weights, uniform between ±1/√hidden_size, as in PyTorch."""

    open_sizes: ClassVar = {"input_size": -1}
    blocks: ClassVar[int]
    """The number of blocks of `hidden_size` rows in a weight: one for each gate."""

    def _make(self, input_size: int | None, hidden_size: int, bias: bool, endings: list[str]) -> None:
        known = {} if input_size is None else {"input_size": input_size}
        whole_from(1, type(self).__name__, **known, hidden_size=hidden_size)
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        self._parts = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"][: 4 if bias else 2]
        self._endings = endings
        for name in self.shapes():
            setattr(self, name, Parameter())
        self.build()

    def _inputs_of(self, ending: str) -> int | None:
        """The number of input features of the weights with this ending."""
        return self.input_size

    def shapes(self) -> dict[str, Shape]:
        rows = self.blocks * self.hidden_size
        return {
            part + ending: {"weight_ih": (rows, self._inputs_of(ending)), "weight_hh": (rows, self.hidden_size)}.get(
                part, (rows,)
            )
            for ending in self._endings
            for part in self._parts
        }

    def reset_parameters(self) -> None:
        init.begin_uniform(self, self.hidden_size)

    def _weights(self, ending: str) -> list[Any]:
        """Two weights and two biases; the biases are None without `bias`."""
        found = [getattr(self, part + ending) for part in self._parts]
        return found if self.bias else [*found, None, None]

    def _converted(self, x: Any) -> Any:
        return data_for(self, x, self._weights(self._endings[0])[1])

    def _zeros(self, *shape: int) -> np.ndarray:
        return np.zeros(shape, self._weights(self._endings[0])[1].dtype)

    def _check_features(self, x: Any) -> None:
        features = shape_of(x)[-1:]
        if features != (self.input_size,):
            none = texts("{name}: the input of shape {shape} has no features on its last axis, and input_size is {m}")
            text = texts("{name}: the input of shape {shape} has {n} features on its last axis, and input_size is {m}")
            n = features[0] if features else 0
            text = text if features else none
            raise ShapeError(text, name=type(self).__name__, shape=shape_of(x), n=n, m=self.input_size)


class Whole:
    """How a batch (T, N, ...) of sequences of one length is read."""

    def turned(self, x: Any) -> Any:
        """Each sequence from its end to its beginning."""
        return flip(x, 0)

    def last(self, states: Any) -> Any:
        """The state of each sequence after its last step, (N, H)."""
        return states[-1]

    def emptied(self, x: Any) -> Any:
        """x with 0 in the padding."""
        return x


class Padded(Whole):
    """The same for sequences that are padded behind their ends; the padding stays where it is."""

    def __init__(self, sizes: np.ndarray, longest: int) -> None:
        steps = np.arange(longest)[:, None]
        self.columns, self.ends, self.inside = np.arange(len(sizes)), sizes - 1, (steps < sizes)[..., None]
        self.backwards = np.where(steps < sizes, sizes - 1 - steps, steps)

    def turned(self, x: Any) -> Any:
        return x[self.backwards, self.columns]

    def last(self, states: Any) -> Any:
        return states[self.ends, self.columns]

    def emptied(self, x: Any) -> Any:
        return where(self.inside, x, 0.0)


class RecurrentLayers(Recurrent):
    """The base class of the layers: several ones above each other, in one direction or both."""

    states: ClassVar[int] = 1
    proj_size = 0
    """The features of an output, where a layer has fewer of them than of its state; 0 is the usual `hidden_size`."""

    def __init__(
        self, input_size: int | None, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False,
    ) -> None:  # fmt: skip
        whole_from(1, type(self).__name__, num_layers=num_layers)
        probability(type(self).__name__, dropout=dropout)
        self.num_layers, self.batch_first = num_layers, batch_first
        self.dropout, self.bidirectional = dropout, bidirectional
        self._directions = ["", "_reverse"] if bidirectional else [""]
        endings = [f"_l{layer}{direction}" for layer in range(num_layers) for direction in self._directions]
        self._make(input_size, hidden_size, bias, endings)

    def _inputs_of(self, ending: str) -> int | None:
        first = ending.partition("_reverse")[0] == "_l0"
        return self.input_size if first else len(self._directions) * (self.proj_size or self.hidden_size)

    def _sequence(self, x: Any, states: list[Any], weights: list[Any]) -> list[Any]:
        """One layer in one direction: each state after every step, (T, N, H)."""
        raise NotImplementedError

    def _layers(self, x: Any, first: list[Any] | None, lengths: Any) -> tuple[Any, list[Any]]:
        """The output, and each state after the last step of each sequence, (layers · directions, N, H)."""
        x = self._converted(x)
        shape = shape_of(x)
        if len(shape) == 2:  # a single sequence (T, I), and states (layers · directions, H): as a batch of one
            n = 0 if self.batch_first else 1
            first = first and [expand_dims(self._converted(state), 1) for state in first]
            out, end = self._layers(expand_dims(x, n), first, lengths)
            return squeeze(out, n), [squeeze(state, 1) for state in end]
        if len(shape) != 3:
            text = texts("{name}: the input is a batch of sequences, of shape {batch}, or one (T, I); not {shape}")
            batch = "(N, T, I)" if self.batch_first else "(T, N, I)"
            raise ShapeError(text, name=type(self).__name__, batch=batch, shape=shape)
        self._check_features(x)
        x = swapaxes(x, 0, 1) if self.batch_first else x
        n = shape[0 if self.batch_first else 1]
        sizes = [self.proj_size or self.hidden_size, self.hidden_size][: self.states]
        wanted = [(len(self._endings), n, size) for size in sizes]
        states = [self._zeros(*sizes) for sizes in wanted] if first is None else list(map(self._converted, first))
        for state, needed in zip(states, wanted):
            if shape_of(state) != needed:
                text = texts("{name}: an initial state has shape (layers · directions, N, H) = {needed}, not {shape}")
                raise ShapeError(text, name=type(self).__name__, needed=needed, shape=shape_of(state))
        longest = shape_of(x)[0]
        sequences = Whole()
        if lengths is not None:
            sequences = Padded(lengths_of(type(self).__name__, lengths, longest, n, least=1), longest)
            x = sequences.emptied(x)  # a nan in the padding would reach the gradients of the weights
        last: list[list[Any]] = [[] for _ in states]
        for layer in range(self.num_layers):
            if layer and self.dropout:
                x = dropout(x, self.dropout, self.training, batch_axis=1)
            outputs = []
            for direction in self._directions:
                place = len(last[0])
                ordered = sequences.turned(x) if direction else x
                after = self._sequence(ordered, [s[place] for s in states], self._weights(self._endings[place]))
                for ends, state in zip(last, after):
                    ends.append(sequences.last(state))
                outputs.append(sequences.turned(after[0]) if direction else after[0])
            x = concatenate(outputs, -1) if self.bidirectional else outputs[0]
        x = sequences.emptied(x)
        return (swapaxes(x, 0, 1) if self.batch_first else x), [stack(ends) for ends in last]

    def extra_repr(self) -> str:
        defaults = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False}
        changed = [f"{k}={getattr(self, k)}" for k, default in defaults.items() if getattr(self, k) != default]
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *changed])


class RNN(RecurrentLayers):
    """Layers of `h' = tanh(W_ih x + b_ih + W_hh h + b_hh)` along a sequence; Elman, "Finding structure in time" (1990).

    Parameters
    ----------
    input_size : features of an input; None learns it at the first call.
    hidden_size : features H of a state, and of the output in one direction.
    num_layers : layers above each other; each reads the states of the one below.
    nonlinearity : "tanh" or "relu".
    bias : whether b_ih and b_hh are added.
    batch_first : whether the input and the output are (N, T, features) instead of (T, N, features).
    dropout : probability to drop an output of a layer in training; the last layer drops none.
    bidirectional : whether each layer also reads the sequence backwards; the outputs of both stand side by side.

    Call it with the input, and with initial states (layers · directions, N, H) unless they are 0. It returns the
    output, which is the states of the last layer at every step, and the final states of all layers.

    Sequences of different lengths are padded behind their ends, by `pad_sequence`. Called with their `lengths` (N,), a
    layer reads each as if it were alone, backwards from its own end: the final states are those after its own last
    step, and the output behind that is 0. PyTorch packs sequences for it.

    The parameters are PyTorch's, `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0` and so on; in the backward
    direction they end in `_reverse`. All begin uniform between ±1/√hidden_size.

    Raises `ShapeError` for shapes that do not go together, `OutOfRangeError` for sizes below 1, and for lengths below 1
    or above T.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.RNN(28, 128, num_layers=2, batch_first=True)
    >>> output, last = layer(tg.randn(64, 10, 28))
    >>> output.shape, last.shape
    ((64, 10, 128), (2, 64, 128))
    >>> both = tg.nn.RNN(1, 1, bidirectional=True)
    >>> output, last = both(tg.nn.pad_sequence([tg.ones((3, 1)), tg.ones((2, 1))]), lengths=[3, 2])
    >>> output[2, 1].data
    array([0., 0.], dtype=float32)
    """

    blocks: ClassVar = 1

    def __init__(
        self, input_size: int | None, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh",
        bias: bool = True, batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False,
    ) -> None:  # fmt: skip
        one_of(NONLINEARITIES, type(self).__name__, nonlinearity=nonlinearity)
        self.nonlinearity = nonlinearity
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional)

    def _sequence(self, x: Any, states: list[Any], weights: list[Any]) -> list[Any]:
        w_ih, w_hh, b_ih, b_hh = weights
        return [rnn(x, states[0], w_ih, w_hh, b_ih, b_hh, self.nonlinearity)]

    def forward(self, input: Any, hx: Any = None, *, lengths: Any = None) -> tuple[Any, Any]:
        output, (last,) = self._layers(input, None if hx is None else [hx], lengths)
        return output, last


class LSTM(RecurrentLayers):
    """Layers of long short-term memory along a sequence; Hochreiter and Schmidhuber (1997).

    i, f, o = σ(W_ih x + b_ih + W_hh h + b_hh), g = tanh(likewise), c' = f·c + i·g, h' = o·tanh(c'). A weight holds the
    blocks i, f, g, o below each other.

    Parameters and errors as those of `RNN`, without a choice of the nonlinearity. Call it with the input and, unless
    they are 0, a pair (h, c) of initial states. It returns the output and the pair (h, c) of final states.

    With `proj_size` P, from 1 to H - 1, h' is W_hr (o·tanh(c')) of only P features; Sak et al., arXiv:1402.1128. Then
    each step is several nodes of the graph.

    >>> import tinygrad_edu as tg
    >>> output, (h, c) = tg.nn.LSTM(3, 4)(tg.randn(5, 2, 3))
    >>> output.shape, h.shape, c.shape
    ((5, 2, 4), (1, 2, 4), (1, 2, 4))
    """

    blocks: ClassVar = 4
    states: ClassVar = 2

    def __init__(
        self, input_size: int | None, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, proj_size: int = 0,
    ) -> None:  # fmt: skip
        if hidden_size > 0 and not 0 <= proj_size < hidden_size:  # a size of 0 is refused below
            text = texts("LSTM: proj_size is less than hidden_size={size}, and 0 for none; not {value}")
            raise OutOfRangeError(text, size=hidden_size, value=proj_size)
        self.proj_size = proj_size
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional)

    def shapes(self) -> dict[str, Shape]:
        if not self.proj_size:
            return super().shapes()
        shapes = {}
        for name, shape in super().shapes().items():
            shapes[name] = (shape[0], self.proj_size) if name.startswith("weight_hh") else shape
            if name.startswith(self._parts[-1]):
                shapes[name.replace(self._parts[-1], "weight_hr")] = (self.proj_size, self.hidden_size)
        return shapes

    def _weights(self, ending: str) -> list[Any]:
        weights = super()._weights(ending)
        return [*weights, getattr(self, "weight_hr" + ending)] if self.proj_size else weights

    def _sequence(self, x: Any, states: list[Any], weights: list[Any]) -> list[Any]:
        if not self.proj_size:
            both = lstm(x, (states[0], states[1]), *weights)
            return [both[:, 0], both[:, 1]]
        w_ih, w_hh, b_ih, b_hh, w_hr = weights
        h, c = states
        after = []
        for x_t in x:
            h, c = lstm_cell(linear(x_t, w_ih, b_ih), linear(h, w_hh, b_hh), h, c)
            h = linear(h, w_hr)
            after.append((h, c))
        return [stack(each) for each in zip(*after)]

    def forward(
        self, input: Any, hx: tuple[Any, Any] | None = None, *, lengths: Any = None
    ) -> tuple[Any, tuple[Any, Any]]:
        output, (h, c) = self._layers(input, None if hx is None else _pair("LSTM", hx), lengths)
        return output, (h, c)


class GRU(RecurrentLayers):
    """Layers of gated recurrent units along a sequence; Cho et al., arXiv:1406.1078, with PyTorch's reset gate.

    r, z = σ(W_ih x + b_ih + W_hh h + b_hh), n = tanh(W_in x + b_in + r·(W_hn h + b_hn)), h' = (1 - z)·n + z·h. A weight
    holds the blocks r, z, n below each other.

    Parameters, call and errors as those of `RNN`, without a choice of the nonlinearity.

    >>> import tinygrad_edu as tg
    >>> output, last = tg.nn.GRU(3, 4, bidirectional=True)(tg.randn(5, 2, 3))
    >>> output.shape, last.shape
    ((5, 2, 8), (2, 2, 4))
    """

    blocks: ClassVar = 3

    def _sequence(self, x: Any, states: list[Any], weights: list[Any]) -> list[Any]:
        return [gru(x, states[0], *weights)]

    def forward(self, input: Any, hx: Any = None, *, lengths: Any = None) -> tuple[Any, Any]:
        output, (last,) = self._layers(input, None if hx is None else [hx], lengths)
        return output, last


class RecurrentCell(Recurrent):
    """The base class of the cells: a single step."""

    def __init__(self, input_size: int | None, hidden_size: int, bias: bool = True) -> None:
        self._make(input_size, hidden_size, bias, [""])

    def _step(self, cell: Callable[..., tuple[Any, ...]], x: Any, states: list[Any], **attrs: Any) -> tuple[Any, ...]:
        x = self._converted(x)
        self._check_features(x)
        wanted = (*shape_of(x)[:-1], self.hidden_size)
        states = [self._zeros(*wanted) if state is None else self._converted(state) for state in states]
        for state in states:
            if shape_of(state) != wanted:
                text = texts("{layer}: a state has shape {wanted}, not {shape}")
                raise ShapeError(text, layer=type(self).__name__, wanted=wanted, shape=shape_of(state))
        w_ih, w_hh, b_ih, b_hh = self._weights("")
        return cell(linear(x, w_ih, b_ih), linear(states[0], w_hh, b_hh), *states, **attrs)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")


class RNNCell(RecurrentCell):
    """A step of an `RNN`: an input (N, I) and a state (N, H) to the next state; the state is 0 if it is left out.

    Parameters `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`. Raises `ShapeError` for shapes that do not go together.

    >>> import tinygrad_edu as tg
    >>> cell = tg.nn.RNNCell(3, 4)
    >>> h = None
    >>> for x in tg.randn(5, 2, 3):
    ...     h = cell(x, h)
    >>> h.shape
    (2, 4)
    """

    blocks: ClassVar = 1

    def __init__(self, input_size: int | None, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh") -> None:
        one_of(NONLINEARITIES, type(self).__name__, nonlinearity=nonlinearity)
        self.nonlinearity = nonlinearity
        super().__init__(input_size, hidden_size, bias)

    def forward(self, input: Any, hx: Any = None) -> Any:
        return self._step(rnn_cell, input, [hx], nonlinearity=self.nonlinearity)[0]


class LSTMCell(RecurrentCell):
    """A step of an `LSTM`: an input (N, I) and a pair (h, c) of states (N, H) to the next pair; 0 if left out.

    Parameters `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`. Raises `ShapeError` for shapes that do not go together.

    >>> import tinygrad_edu as tg
    >>> h, c = tg.nn.LSTMCell(3, 4)(tg.randn(2, 3))
    >>> h.shape, c.shape
    ((2, 4), (2, 4))
    """

    blocks: ClassVar = 4

    def forward(self, input: Any, hx: tuple[Any, Any] | None = None) -> tuple[Any, Any]:
        h, c = self._step(lstm_cell, input, [None, None] if hx is None else _pair("LSTMCell", hx))
        return h, c


class GRUCell(RecurrentCell):
    """A step of a `GRU`: an input (N, I) and a state (N, H) to the next state; the state is 0 if it is left out.

    Parameters `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`. Raises `ShapeError` for shapes that do not go together.

    >>> import tinygrad_edu as tg
    >>> tg.nn.GRUCell(3, 4)(tg.randn(2, 3)).shape
    (2, 4)
    """

    blocks: ClassVar = 3

    def forward(self, input: Any, hx: Any = None) -> Any:
        return self._step(gru_cell, input, [hx])[0]


def _pair(layer: str, hx: Any) -> list[Any]:
    if not isinstance(hx, (tuple, list)) or len(hx) != 2:
        text = texts("{layer}: the states are a pair (h, c), not {kind} {value}")
        raise ShapeError(text, layer=layer, kind=type(hx).__name__, value=short(hx))
    return list(hx)
