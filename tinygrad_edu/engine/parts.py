"""Parts of a batch that threads compute side by side, and what they compute together.

Nearly all of a network looks at each example for itself, so a thread that has a part of the batch needs nothing of the
others. For what is of the whole batch, such as the mean of batch norm, the parts come `together`: each waits until all
are there, one of them computes it, and all go on with the result. `train/parallel.py` has the threads.

Outside of parts, `together` is a call of the function:

>>> together("the mean", lambda parts: sum(parts) / len(parts), 3.0)
3.0
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any

from numpy import ndarray

from ..errors import ModuleError
from . import messages
from .node import Node

__all__ = ["Part", "for_examples", "here", "together"]


class Part:
    """What is known of a part while a thread computes it.

    Attributes
    ----------
    rows : its examples among those of the batch.
    begin : the tick of the graph's clock at which the parts began.
    meet : `together`, for this part.
    """

    def __init__(self, rows: slice, begin: int, meet: Callable[[str, Callable[[list[Any]], Any], Any], Any]) -> None:
        self.rows, self.begin, self.meet = rows, begin, meet

    def refuse_change(self, nodes: Iterable[Node]) -> None:
        """Raise `ModuleError` for a change in place, by this part alone, of nodes that were there before the parts."""
        for node in nodes:
            if node.index < self.begin:
                raise ModuleError(
                    f"fit: {messages.describe(node)} is changed in place while threads compute parts of a batch; each "
                    "of them would change it; use threads=1"
                )


part: ContextVar[Part | None] = ContextVar("part", default=None)

here = part.get
"""The part that is computed here; None outside of parts, and where one thread computes for all of them."""


def together(where: str, function: Callable[[list[Any]], Any], own: Any = None) -> Any:
    """`function` of a list of what each part gives as its `own`, called once for all parts; outside of parts, of [own].

    Raises `ModuleError` where another part has come to another place than this one, which is called `where`.
    """
    found = here()
    return function([own]) if found is None else found.meet(where, function, own)


def for_examples(
    what: str, make: Callable[[tuple[int, ...]], ndarray], shape: tuple[int, ...], axis: int = 0
) -> ndarray:
    """`make(shape)`, such as random numbers, for examples along `axis`; a part gets its rows of the whole batch's.

    Raises `ModuleError` in a part, for a shape that does not have its examples there.

    >>> import numpy as np
    >>> for_examples("ones", np.ones, (2,))
    array([1., 1.])
    """
    found = here()
    if found is None:
        return make(shape)
    rows, before, behind = found.rows, shape[:axis], shape[axis + 1 :]
    n = rows.stop - rows.start
    if shape[axis : axis + 1] != (n,):
        raise ModuleError(
            f"fit: {what} of shape {shape} in a thread that computes {n} examples of a batch: these do not lie along "
            f"axis {axis}, and the numbers would be other ones than on one thread; use threads=1"
        )
    where = f"{what} of shape ({', '.join(map(str, (*before, 'N', *behind)))})"
    whole = together(where, lambda sizes: make((*before, sum(sizes), *behind)), shape[axis])
    return whole[(slice(None),) * axis + (rows,)]  # type: ignore[no-any-return]
