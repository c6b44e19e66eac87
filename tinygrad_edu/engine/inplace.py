"""In-place changes: detects those that would make a gradient wrong.

A change in place takes a tick of the graph's clock, as every new node does. An operand was changed after a use if the
change has the larger tick. The rule of that use then gets a stand-in for the number. It knows the shape, and every
computation with it is an error. So a rule that needs only the shape still works, and no gradient is ever computed from
a wrong number.
"""

from __future__ import annotations

import sys
from itertools import islice
from typing import Any

import numpy as np

from . import messages
from .convert import numbers
from .grad_mode import Source, recording, source_at, user_frame
from .node import NO_ATTRS, Node, Operand, clock, number_of
from .parts import here

__all__ = [
    "Changed", "as_used", "assign", "called", "change_since", "changed_in_place", "note_change", "owned", "shares",
    "tick_of_change",
]  # fmt: skip

newest = [0]
"""The tick of the latest change in place, of any node: the operands of younger calls need not be checked."""


def tick_of_change() -> int:
    """A tick of the clock for a change in place, from now on the newest, whatever other threads change meanwhile.

    One step of Python, in C, takes it from the clock and notes it: a thread that came to rest between the two would
    write its tick over a newer one.
    """
    newest[:] = islice(clock, 1)
    return newest[0]


def note_change(*nodes: Node) -> None:
    """Note that these nodes were changed in place just now: their old numbers are lost for the rules."""
    tick, frame = tick_of_change(), user_frame(3)
    change = (tick, frame.f_code, frame.f_lasti) if frame is not None else (tick,)
    part = here()
    if part is not None:
        part.refuse_change(nodes)
    for node in nodes:
        notes = node.notes or node.own_notes()
        notes.changed = change


def owned(node: Node) -> np.ndarray:
    """The array of a tensor, for a change in place; the caller notes the change.

    If somebody else holds the array too, the tensor first gets a copy: views of the array may be part of a graph, or
    belong to the user, and must keep their numbers.
    """
    number_of(node)  # computes it again, if a backward pass has released it
    if sys.getrefcount(node._number) > HELD_ONCE or node._number.base is not None:
        node._number = node._number.copy()
    return node._number  # type: ignore[no-any-return]


def shares(node: Node) -> bool:
    """Whether the array is a view of one that somebody else holds too, such as the tensor of which it is a part."""
    whole = number_of(node).base
    return type(whole) is np.ndarray and sys.getrefcount(whole) > VIEWED_ONCE


def _held_once() -> tuple[int, int]:
    """How many references are counted to an array that only its node holds, and to one that only a view of it holds.

    Python versions differ.
    """
    node = Node()
    node._number = np.empty(0)
    held = sys.getrefcount(node._number)
    node._number = node._number[:]
    whole = node._number.base
    return held, sys.getrefcount(whole)


HELD_ONCE, VIEWED_ONCE = _held_once()


def assign(node: Node, index: Any, value: Any) -> None:
    """Change numbers of a tensor in place, and note the change.

    Raises `DtypeError` if the tensor's dtype cannot hold the numbers; `ShapeError` or `OutOfRangeError` if they or the
    index do not fit.
    """
    new, dtype = np.asarray(numbers("setitem", value)), number_of(node).dtype
    if not np.can_cast(new.dtype, dtype, "same_kind"):
        raise messages.not_held(node, new.dtype)
    try:
        owned(node)[index] = new
    except (IndexError, TypeError, ValueError) as error:
        raise messages.refused("setitem", [value], {"into": node, "index": index}, error) from None
    note_change(node)


def changed_in_place(node: Any, row: Any, other: Any) -> bool:
    """`x += y`: change x itself if it is a parameter or a buffer inside no_grad(); returns whether it was changed.

    Raises `InPlaceError` for a tensor that is a parameter while operations are recorded: a new node in its place would
    be cut off from its gradient.
    """
    role = node.notes and node.notes.role
    if node.primitive is not None or not (node.requires_grad or role):
        return False
    if not recording():
        node.data = row.compute([number_of(node), numbers(row.name, other)], NO_ATTRS)
        return True
    if node.requires_grad and role != "variable" and isinstance(node, Node.array_kind):
        raise messages.already_a_leaf(node, row.name)
    return False


def called(node: Node) -> int:
    """The tick of the call that gave the number of a node: its own, unless it is a copy."""
    return (node.notes and node.notes.called) or node.index


def change_since(user: Node, x: Operand) -> Any:
    """The change in place of x that came after `user` had used it; None if there was none."""
    changed = isinstance(x, Node) and x.notes and x.notes.changed
    return changed if changed and changed[0] > called(user) else None


def as_used(x: Operand, number: Any, user: Node) -> Any:
    """The number of x, if `user` was computed from it; a stand-in, if x was changed since then."""
    change = change_since(user, x)
    return Changed(x, user, source_at(*change[1:]) if change[1:] else None) if change else number


class Changed:
    """A stand-in for a number that was changed in place after its use: it has a shape, but no values."""

    def __init__(self, x: Node, user: Node, where: Source | None) -> None:
        self._refusal = (x, user, where)

    def _refuse(self, *_: Any, **__: Any) -> Any:
        x, user, where = self._refusal
        if hasattr(user, "_number"):
            raise messages.changed_after_use(x, user, where)
        raise messages.cannot_be_recomputed(x, user, where)

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
