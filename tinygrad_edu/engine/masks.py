"""Comparisons in a graph: what `x > 0` gives, and when it is recorded as a node.

An answer has no gradient. But a gradient may depend on it, as that of `relu` does. If the answer stood in a graph as a
constant, the graph would be right for the numbers of one run alone. So it is a node without a gradient there:

- The functions of `primitives/comparisons.py` record wherever an operand is recorded. The library's own code uses them.
- The operators do so while the rules of the table run on nodes, and those of Values inside `trace()`.
- Elsewhere `x > 0` is a plain bool of a Value, for `if x > 0`. Of a Tensor it is a `Mask`, an array of bools that
  becomes a node as soon as something recorded is computed with it, such as `tg.where(x > 0, x, 0)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays import Plain, plain
from .grad_mode import TRACED, state
from .node import Node, new, record

if TYPE_CHECKING:
    from .row import Row

__all__ = ["ANSWERS", "Mask", "answered"]

ANSWERS: dict[Any, Row] = {}
"""The rows of comparisons, and `astype`, by the functions of NumPy that mean the same."""


class Mask(Plain):
    """An array of bools that remembers which comparison it answers.

    Attributes
    ----------
    call : the row of the comparison, and its operands x and y, or x and the attributes. None after a change in place,
        and for what is computed from a mask by other functions than `&`, `|`, `^`, `~` and `astype`.
    """

    call: tuple[Row, Any, Any] | None = None

    def as_node(self) -> Any:
        """The answer in a graph: a node without a gradient; a constant if the comparison is not known."""
        made: dict[int, Any] = {}
        todo = [self]
        while todo:  # no recursion: masks of masks may be deep
            mask = todo[-1]
            operands = mask.call[1:] if mask.call else ()
            waiting = [x for x in operands if isinstance(x, Mask) and id(x) not in made]
            todo += waiting
            if not waiting:
                made[id(todo.pop())] = mask._recorded([made.get(id(x), x) for x in operands])
        return made[id(self)]

    def _recorded(self, operands: list[Any]) -> Any:
        if self.call is None:
            return np.array(self)
        (row, _, _), (x, y) = self.call, operands
        return record(new(Node.array_kind), np.array(self), row, x, y, gradient=False)

    def __array_ufunc__(self, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
        if any(isinstance(x, Node) for x in operands):
            return NotImplemented  # it is theirs
        plain = [np.asarray(x) if isinstance(x, Mask) else x for x in operands]
        into = options.get("out", ())
        if into:
            options["out"] = tuple(np.asarray(x) if isinstance(x, Mask) else x for x in into)
            self.call = None
        answer = getattr(ufunc, method)(*plain, **options)
        if into:
            return into[0]
        row = ANSWERS.get(ufunc)
        return answer if row is None or method != "__call__" or options else remembered(answer, row, *operands)

    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(index, value)
        self.call = None

    def __getitem__(self, index: Any) -> Any:
        return np.asarray(self)[index]

    def astype(self, dtype: Any, *rest: Any, **more: Any) -> Any:
        out = np.asarray(self).astype(dtype, *rest, **more)
        return remembered(out, ANSWERS[np.astype], self, {"dtype": out.dtype}) if self.call else out


def remembered(answer: Any, row: Row, x: Any, y: Any = None) -> Mask:
    """An array of bools as a mask. Arrays that were compared are copied, because they may be changed later."""
    mask: Mask = np.asarray(answer).view(Mask)
    if isinstance(y, np.ndarray) and not isinstance(y, Mask):
        y = np.array(y)
    elif isinstance(x, np.ndarray) and not isinstance(x, Mask):
        x = np.array(x)
    mask.call = (row, x, y)
    return mask


def answered(answer: Any, row: Row, x: Any, y: Any = None) -> Any:
    """What `x > y` and its like return: the answer, or a node that holds it where a graph has to know of it."""
    here = state()
    of_arrays = isinstance(answer, np.ndarray)
    if here.complete or (here.level == TRACED and not of_arrays):
        return record(new(Node.array_kind if of_arrays else type(x)), answer, row, x, y, gradient=False)
    receives = any(isinstance(z, Node) and z.requires_grad for z in (x, y))
    if not (of_arrays and here.level and receives):
        return plain(answer)
    return remembered(answer, row, x, y)
