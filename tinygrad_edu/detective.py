"""The detective: where the first nan or inf came from, why, and what is usually done about it.

A nan spreads: what is computed from one is one. So the place where it shows is seldom the place where it was made.
`find_nan` goes back through the graph to the operation that made it out of finite numbers. If all numbers are finite,
it walks backward, for the first gradient that is not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from .errors import GraphError
from .node import Node, Step, creation, describe, steps

__all__ = ["NanReport", "find_nan"]


@dataclass(frozen=True)
class NanReport:
    """What `find_nan` found: false if all is finite; in words when printed.

    Attributes
    ----------
    node : the culprit: the node whose number is the first that is not finite, or (backward) whose rule made the
        first gradient that is not; None if all is finite.
    phase : "forward" or "backward"; "" if all is finite.
    slot : backward, the operand whose gradient is not finite; forward, the constant operand to blame, if it is one.
    text : all of it in words.
    """

    node: Node | None
    phase: str
    slot: int | None
    text: str

    def __bool__(self) -> bool:
        return self.node is not None

    def __str__(self) -> str:
        return self.text


def find_nan(output: Node) -> NanReport:
    """Find out where a nan or inf in a number, or in its gradients, came from.

    Looks at everything that `output` was made from. If `output` is not finite, the culprit is the oldest operation
    that made nan or inf out of finite operands and from which it spread to `output`; or a leaf or a constant that is
    not finite itself. Else it is the first gradient that is not finite, in the order of the backward walk (from an
    upstream gradient of ones). Else it is a nan that some other operation left out, such as `where`. Infinite leaves
    and constants that do no harm, such as the -inf of a mask, are none.

    Takes time in proportion to the size of the graph. Leaves `.grad` untouched. Inside `with tg.trace():` nodes know
    their source lines, and the report names them.

    Returns a report that is false if all is finite. Raises `GraphError` for what is no node.

    >>> import tinygrad_edu as tg
    >>> p = tg.Value(-3.0, name="p")
    >>> print(tg.find_nan(2 * tg.log(p) + 1))
    find_nan: log gave nan
      log(-3.0) = nan, where -3.0 is 'p'
      why: a negative number has no logarithm
      usual remedy: ...
    >>> bool(tg.find_nan(tg.exp(p)))
    False
    """
    if not isinstance(output, Node):
        raise GraphError(f"find_nan: needs a Value or a Tensor, not {type(output).__name__} {output!r:.60}")
    with np.errstate(all="ignore"):
        nodes = everything(output)
        unwell = {x for x in nodes if not finite(x._data)}
        if output in unwell:
            return forward_report(spread(output, unwell), unwell, output)
        if (step := first_bad_step(output)) is not None:
            return backward_report(step)
        left_out = [x for x in nodes if x in unwell and (x.primitive is not None or not_a_number(x._data))]
        if left_out and (origin := oldest_origin(left_out, unwell)):
            return forward_report(left_out, unwell, output)
    return NanReport(None, "", None, f"find_nan: all {len(nodes)} nodes are finite, and so are their gradients")


# Searching.


def everything(output: Node) -> list[Node]:
    """All nodes that the output was made from, oldest first."""
    seen = {output}
    todo = [output]
    while todo:
        for x in todo.pop().inputs:
            if isinstance(x, Node) and x not in seen:
                seen.add(x)
                todo.append(x)
    return sorted(seen, key=creation)
