"""Notes: what only a few nodes remember, such as a name. The file named behind each field reads and writes it."""

from __future__ import annotations

from types import CodeType
from typing import TYPE_CHECKING, Any

import numpy as np

from .grad_mode import Source, caller, recording, tracing

if TYPE_CHECKING:
    from .row import Row

__all__ = ["Notes"]


class Notes:
    """What a node remembers beside its call.

    Attributes
    ----------
    name : the user's name for the node.
    grad : the gradient that `backward()` collected; None until one has come.
    source : the line of the user's program that made it (`grad_mode.trace`).
    expression : the call on data alone that gave this leaf, inside `trace()`: what `record` is called with (`node.py`).
    cut : what cut this leaf off from what it was computed from: "detach", or inside `trace()` "no_grad".
    retains_grad : whether `backward()` keeps the gradient of this intermediate node (`operators.py`).
    changed : the tick of the latest change in place, and the instruction that made it (`inplace.py`).
    called : in a copy, the tick of the call copied, if one of its numbers was changed in place since (`copies.py`).
    released : shape and dtype of the array that a backward pass has released (`memory.py`).
    scopes : the calls of modules and functions that this node is a result of (`scopes.py`).
    walks : the spans of ticks in which differentiations made a graph from this leaf (`scopes.py`).
    derivative : the names of what this gradient is the derivative of and by, such as `("z", ("x", "y"))` (`scopes.py`).
    role : what a leaf is: "parameter" or "buffer" of a module (`nn/parameter.py`), "variable" of `tg.grad`.
    open_name, open_shape, open_dtype : what is known of an uninitialised parameter (`nn/parameter.py`).
    """

    name: str | None = None
    grad: Any = None
    source: Source | None = None
    expression: tuple[Row, Any, Any] | None = None
    cut: str | None = None
    retains_grad: bool = False
    changed: tuple[int] | tuple[int, CodeType, int] | None = None
    called: int | None = None
    released: tuple[tuple[int, ...], np.dtype[Any]] | None = None
    scopes: tuple[Any, ...] = ()
    walks: tuple[tuple[int, int], ...] = ()
    derivative: tuple[str, tuple[str, ...]] | None = None
    role: str | None = None
    open_name: str
    open_shape: tuple[int | None, ...]
    open_dtype: np.dtype[Any]

    def left_out(self, call: tuple[Row, Any, Any], flow: bool) -> None:
        """Note inside `trace()` why a call is not recorded: `no_grad` cuts it off, or no gradient flows through it."""
        if flow:
            self.cut_by("no_grad")
        elif recording():
            self.expression = call

    def cut_by(self, by: str) -> None:
        """Note what cut a leaf off from what it was computed from, and inside `trace()` where."""
        self.cut = by
        if tracing():
            self.source = caller()
