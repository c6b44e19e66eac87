"""Numbers that changed after they were used, and numbers that were let go of.

A change in place takes a tick of the graph's clock, as every node does. So a node's operand was changed after its use
if the change has the larger tick. The rules of such a node are run with a stand-in, which knows the operand's shape
but refuses to be computed with: what only needs the shape still works, and nothing wrong is ever computed.
"""

from __future__ import annotations

from typing import Any

from ..errors import InPlaceError
from .grad_mode import Source, caller
from .node import Node, Operand, creation, describe, next_index

__all__ = ["Changed", "newest_change", "note_change", "recompute", "unchanged"]

_newest = 0


def newest_change() -> int:
    """The tick of the latest change in place, of any node: what is younger need not be checked."""
    return _newest


def note_change(*nodes: Node) -> None:
    """Note that these were changed in place, now and here: older uses of them can no longer be differentiated."""
    global _newest
    _newest = next_index()
    change = (_newest, caller())
    for node in nodes:
        node._note("changed", change)


def recompute(node: Node) -> Any:
    """The number of a node that a backward pass has let go of: made again from what it was made from."""
    missing: dict[Node, None] = {}
    todo = [node]
    while todo:
        node = todo.pop()
        if node not in missing and not hasattr(node, "_data"):
            missing[node] = None
            todo.extend(x for x in node.inputs if isinstance(x, Node))
    for node in sorted(missing, key=creation):
        values = [unchanged(x, x._data, node) if isinstance(x, Node) else x for x in node.inputs]
        assert node.primitive is not None
        node._data = node._compute(node.primitive, values, node.attrs)
    return node._data


def unchanged(x: Operand, value: Any, user: Node) -> Any:
    """The value of x as `user` saw it; where x was changed since, a stand-in that refuses to be computed with."""
    changed = x._extra.get("changed") if isinstance(x, Node) and x._extra else None
    return Changed(x, user, changed[1]) if changed and changed[0] > user.index else value


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
