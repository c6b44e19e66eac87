"""The walk: the only chain rule in the package.

Of all nodes that have received a gradient it visits the youngest first, and passes the gradient on to its operands.
Whoever used a node is younger than that node, so by the time a node's turn comes, every contribution to its gradient
has arrived:

    gradient of x  =  Σ over the uses of x   (gradient of the use) · (local derivative of the use by x)

Run on plain numbers, the rules give gradients. Run on nodes (`create_graph=True`), they record while they compute, and
the gradients are graphs themselves: they can be differentiated again, drawn, or printed. `backward()`, `tg.grad`, the
pictures and the explanations all consume this one walk.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from heapq import heapify, heappop, heappush
from itertools import repeat
from typing import TYPE_CHECKING, Any

from numpy import asarray, generic, ndarray

from . import inplace, messages
from .float_walk import pass_numbers_on
from .grad_mode import complete_graph
from .graphs import reachable
from .memory import LARGE
from .node import Attrs, Node, new, number_of, record
from .primitives.elementwise import identity

if TYPE_CHECKING:
    from .row import Row

__all__ = ["by_the_table", "recorded", "unshared", "walk"]


def walk(
    output: Node,
    gradient: Any = None,
    *,
    inputs: Sequence[Node] | None = None,
    create_graph: bool = False,
    every: bool = False,
    on_edge: Callable[..., object] | None = None,
    release: Callable[[Node], object] | None = None,
) -> Iterator[tuple[Node, Any]]:
    """Yield (node, gradient of `output` by that node), youngest node first; every gradient is final when it appears.

    Yields the leaves and the nodes that retain their gradient; with `every`, all nodes.

    Parameters
    ----------
    gradient : the upstream gradient at `output`; 1 for a single number.
    inputs : walk only the paths that lead to these nodes.
    create_graph : run the rules on nodes instead of numbers, so that the gradients are graphs.
    on_edge : called for every edge with the fields of a `Contribution` (`gradients.py`).
    release : called with a node of many numbers when the walk has used it.
    """
    if not getattr(output, "requires_grad", False):
        raise messages.no_gradient(output)
    needed = None if inputs is None else reachable(output, inputs)
    if needed is not None and output not in needed:
        return
    gradient_of = {output: _seed_in_graph(output, gradient) if create_graph else output.seed(gradient)}
    if type(gradient_of[output]) is float and needed is None and on_edge is None and not every:
        pass_numbers_on(gradient_of)
    todo = [(-x.tick, x) for x in gradient_of if x.primitive is not None and (needed is None or needed[x])]
    heapify(todo)  # the youngest on top
    while todo:
        node = heappop(todo)[1]
        upstream = gradient_of.pop(node)
        if every or (node.notes is not None and node.notes.retains_grad):
            yield node, upstream
        for slot, x, contribution in pull(node, upstream, needed, create_graph):
            so_far = gradient_of.get(x)
            if so_far is None and x.primitive is not None and (needed is None or needed[x]):
                heappush(todo, (-x.tick, x))
            gradient_of[x] = total = contribution if so_far is None else so_far + contribution
            if on_edge is not None:
                on_edge(node, slot, x, upstream, contribution, total)
        if release is not None and type(upstream) is ndarray and upstream.nbytes >= LARGE:
            release(node)
    for leaf in sorted(gradient_of, key=lambda leaf: leaf.tick, reverse=True):
        yield leaf, gradient_of[leaf]


def _seed_in_graph(output: Node, gradient: Any) -> Any:
    """The gradient that a walk begins with as a node, if the gradients are to be graphs."""
    if isinstance(gradient, Node) and gradient.shape == output.shape:
        return output.fit(gradient)
    return record(new(type(output)), output.seed(gradient))


def pull(
    node: Node, upstream: Any, needed: Container[Node] | None = None, create_graph: bool = False
) -> Sequence[tuple[int, Any, Any]]:
    """(slot, operand, upstream · local derivative) for the operands of a call that need a gradient, by the table.

    This is the fast way for one or two operands, on which a backward pass spends most of its time. `_pull_with_care`
    does the rest.
    """
    x, y, rules = node._first, node._second, node.primitive.rules  # type: ignore[union-attr]
    if type(x) is tuple or node.tick < inplace.newest[0]:
        return _pull_with_care(node, upstream, needed, create_graph)
    try:
        if y is None or type(y) is dict:
            out, a = (node, x) if create_graph else (node._number, x._number)
            to_x = rules[0](upstream, out, a, **y) if y else rules[0](upstream, out, a)
            return ((0, x, x.fit(to_x)),) if x.tick > 0 else ()
        of_x, of_y = isinstance(x, Node), isinstance(y, Node)
        out, a, b = (node, x, y) if create_graph else (node._number, x._number if of_x else x, y._number if of_y else y)
        of_x = of_x and (x.tick > 0 if needed is None else x in needed)
        of_y = of_y and (y.tick > 0 if needed is None else y in needed)
        to_x = ((0, x, x.fit(rules[0](upstream, out, a, b))),) if of_x else ()
        return (*to_x, (1, y, y.fit(rules[1](upstream, out, a, b)))) if of_y else to_x
    except (ArithmeticError, AttributeError, TypeError, ValueError):  # a float's rule divides by 0, a released array
        pass  # once more, with care, which raises what is really wrong
    return _pull_with_care(node, upstream, needed, create_graph)


def _pull_with_care(
    node: Node, upstream: Any, needed: Container[Node] | None, create_graph: bool
) -> list[tuple[int, Any, Any]]:
    """`pull` for any number of operands, with numbers that were released or changed in place, and IEEE 754."""
    operands = node.inputs
    receives = [isinstance(x, Node) and (x.tick > 0 if needed is None else x in needed) for x in operands]
    slots = [slot for slot, received in enumerate(receives) if received]
    out, *values = (node, *operands) if create_graph else map(number_of, (node, *operands))
    if node.tick < inplace.newest[0]:
        out, *values = map(inplace.as_used, (node, *operands), (out, *values), repeat(node))
    found = zip(slots, by_the_table(node.primitive, slots, upstream, out, values, node.attrs))  # type: ignore[arg-type]
    return [(slot, operands[slot], operands[slot].fit(c)) for slot, c in found if c is not None]


def by_the_table(
    row: Row, slots: Sequence[int], upstream: Any, out: Any, values: Sequence[Any], attrs: Attrs
) -> list[Any]:
    """What the operands in `slots` of a call receive, by the rules of its row.

    A row that is made of other rows has a rule for arrays only. On nodes its composition is computed anew and walked.
    """
    if row.composition is None or not isinstance(upstream, Node):
        return row.pull(slots, upstream, out, values, attrs)
    inputs = {slot: identity(values[slot]) for slot in slots}  # the walk ends here: operands may be made of each other
    out = row.composition(*(inputs.get(slot, x) for slot, x in enumerate(values)), **attrs)
    found = dict(recorded(walk(out, upstream, inputs=list(inputs.values()), create_graph=True, every=True)))
    return [found.get(x) for x in inputs.values()]


def recorded(pairs: Iterator[tuple[Node, Any]]) -> list[tuple[Node, Any]]:
    """A walk to its end, its operations recorded even inside `no_grad()`."""
    return complete_graph.run(list, pairs)  # type: ignore[no-any-return]


def unshared(gradient: Any, handed_out: set[int]) -> Any:
    """A gradient as an array of its own. Rules may hand one array to several operands; `handed_out` are given away.

    Arithmetic on arrays of shape () gives NumPy's numbers, which cannot be changed in place, and become arrays again.
    """
    if type(gradient) is not ndarray:
        return asarray(gradient) if isinstance(gradient, generic) else gradient
    if gradient.base is not None or id(gradient) in handed_out:
        gradient = gradient.copy()
    handed_out.add(id(gradient))
    return gradient
