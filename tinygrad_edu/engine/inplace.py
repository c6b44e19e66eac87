"""In-place changes: detects those that would make a gradient wrong.

A change in place takes a tick of the graph's clock, as every node does. So an operand was changed after its use if the
change has the larger tick. The rule of that use then gets a stand-in for the number, which knows the shape but refuses
to be computed with: a rule that needs only the shape still works, and no gradient is ever computed from a wrong number.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from ..errors import DtypeError, InPlaceError
from .convert import numbers
from .grad_mode import Source, caller
from .messages import describe, refused
from .node import Node, Operand, next_index, number_of

__all__ = ["Changed", "as_used", "assign", "note_change", "owned"]

newest = 0
"""The tick of the latest change in place, of any node: the operands of younger calls need not be checked."""


def note_change(*nodes: Node) -> None:
    """Note that these nodes were changed in place, here and now: rules cannot use their old numbers any more."""
    global newest
    newest = next_index()
    change = (newest, caller())
    for node in nodes:
        node.own_notes().changed = change


def owned(node: Node) -> np.ndarray:
    """The array of a tensor, to be changed in place by one who notes the change.

    Where somebody else holds the array, a copy takes its place first: views of it may be part of a graph, or in the
    user's hands, and keep the numbers that they had.
    """
    number_of(node)  # made again, where a backward pass has released it
    if sys.getrefcount(node._data) > HELD_ONCE or node._data.base is not None:
        node._data = node._data.copy()
    return node._data  # type: ignore[no-any-return]


def _held_once() -> int:
    """The references that `owned` counts to an array that nobody but its node holds; interpreters differ."""
    node = Node()
    node._data = np.empty(0)
    return sys.getrefcount(node._data)


HELD_ONCE = _held_once()


def assign(node: Node, index: Any, value: Any) -> None:
    """Change numbers of a tensor in place, and note the change.

    Raises `DtypeError` where the tensor's dtype cannot take the numbers, and what does not fit is refused.
    """
    new, dtype = np.asarray(numbers("setitem", value)), number_of(node).dtype
    if not np.can_cast(new.dtype, dtype, "same_kind"):
        raise DtypeError(
            f"setitem: {describe(node)} holds {dtype}, which cannot take {new.dtype} without loss; "
            "make it a tensor of that dtype first, with .astype()"
        )
    try:
        owned(node)[index] = new
    except (ValueError, IndexError) as error:
        raise refused("setitem", [value], {"into": node, "index": index}, error) from None
    note_change(node)


def as_used(x: Operand, number: Any, user: Node) -> Any:
    """The number of x if it is the one that `user` was computed from; if x was changed since then, a stand-in."""
    changed = isinstance(x, Node) and x.notes and x.notes.changed
    return Changed(x, user, changed[1]) if changed and changed[0] > user.index else number


class Changed:
    """Stands for a number that was changed in place after its use. Its shape may be asked for; its values may not."""

    def __init__(self, x: Node, user: Node, where: Source | None) -> None:
        self._refusal = (x, user, where)

    def _refuse(self, *_: Any, **__: Any) -> Any:
        x, user, where = self._refusal
        changed = f"{describe(x)} was changed in place{f' at {where}' if where else ''}"
        if hasattr(user, "_data"):
            raise InPlaceError(
                f"backward: {changed}, after {describe(user)} had used it, and the number is needed as it was: change "
                "it after backward(), or change a copy of it"
            )
        raise InPlaceError(
            f"{describe(user)} cannot be computed again: backward() has let go of its numbers, to save memory, and "
            f"since then {changed}; look at a graph, or draw it, before its parameters change, such as by "
            "optimizer.step()"
        )

    def __getattr__(self, name: str) -> Any:
        if name in ("shape", "ndim", "size", "dtype"):
            return getattr(self._refusal[0], name)
        return self._refuse()

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __pow__ = __rpow__ = __matmul__ = __rmatmul__ = __neg__ = __abs__ = __float__ = __int__ = __bool__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = __getitem__ = __iter__ = __len__ = __index__ = _refuse
    __array__ = __array_ufunc__ = __array_function__ = _refuse
    __eq__ = __ne__ = _refuse
    __hash__ = None  # type: ignore[assignment]
