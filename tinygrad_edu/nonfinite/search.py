"""The search for the first number that is not finite, forward and then backward.

A nan spreads to every result that is computed from it, so it seldom shows where it was made. `find_nan` goes back
through the graph to the operation that made it from finite numbers. If all numbers are finite, it walks backward, to
the first gradient that is not finite.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy import ndarray

from .._support.languages import say, texts
from ..engine.gradients import Contribution, contributions
from ..engine.graphs import ancestors
from ..engine.messages import short
from ..engine.node import Node, number_of
from ..engine.walk import walk
from ..errors import GraphError, InPlaceError
from .reasons import has_nan, is_finite
from .report import NanReport, backward_report, forward_report

__all__ = ["find_nan"]


def find_nan(output: Node) -> NanReport:
    """Find the origin of a nan or inf in a result or in its gradients.

    It looks for a culprit in this order:

    1. If `output` is not finite: the oldest node that made it so. That is an operation that made nan or inf from finite
       operands, or a leaf or constant that is not finite itself.
    2. The first gradient that is not finite, in a backward walk from an upstream gradient of ones.
    3. A nan or inf that does not reach the output, such as one that `where` left out; but not the -inf of a mask, which
       is intended.

    The time is proportional to the size of the graph, and `.grad` does not change. Nodes that were made inside
    `with tg.trace():` are reported with their source lines.

    Returns a report that is false if all is finite. Raises `GraphError` if `output` is not a node.

    >>> import tinygrad_edu as tg
    >>> p = tg.Value(-3.0, name="p")
    >>> loss = 2 * tg.log(p) + 1
    >>> print(tg.find_nan(loss))
    find_nan: log gave nan
      log(-3.0) = nan, where -3.0 is 'p'
      why: a negative number has no logarithm
      usual remedy: keep it positive, such as tg.log(tg.clip(x, 1e-12)); ...
    >>> bool(tg.find_nan(tg.exp(p)))
    False
    """
    if not isinstance(output, Node):
        raise GraphError(f"find_nan: needs a Value or a Tensor, not {type(output).__name__} {short(output)}")
    with np.errstate(all="ignore"):
        nodes = ancestors([output])
        nonfinite = {x for x in nodes if not is_finite(number_of(x))}
        if output in nonfinite:
            return forward_report(_trail(nodes, nonfinite))
        try:
            step = _first_bad_step(output)
        except InPlaceError as error:
            text = texts("find_nan: {n} nodes, all finite; their gradients cannot be computed: {error}")
            return NanReport(None, "", None, say(text, n=len(nodes), error=error))
        if step is not None:
            return backward_report(step)
        for node in nodes:
            if node in nonfinite and _made_here(node):
                return forward_report([node], harmless=True)
    return NanReport(None, "", None, say("find_nan: all is finite: {n} nodes, and their gradients", n=len(nodes)))


def _trail(nodes: Sequence[Node], nonfinite: Collection[Node]) -> list[Node]:
    """The nodes through which nan or inf came to the last one, in order of creation."""
    reached = {nodes[-1]}
    for node in reversed(nodes):  # a node is younger than its inputs
        if node in reached:
            reached.update(x for x in node.inputs if isinstance(x, Node) and x in nonfinite)
    return [x for x in nodes if x in reached]


def _made_here(node: Node) -> bool:
    """Whether this operation made nan or inf from finite operands; a leaf is only blamed for nan."""
    if node.primitive is None:
        return has_nan(number_of(node))
    return all(is_finite(number_of(x)) for x in node.inputs)


def _first_bad_step(output: Node) -> Contribution | None:
    """The first edge of a backward walk, from an upstream gradient of ones, on which nan or inf appears."""
    number = number_of(output)
    seed = np.ones_like(number) if isinstance(number, ndarray) else None
    if not output.requires_grad or all(is_finite(gradient) for _, gradient in walk(output, seed, every=True)):
        return None
    found = (x for x in contributions(output, seed) if not (is_finite(x.contribution) and is_finite(x.total)))
    return next(found, None)
