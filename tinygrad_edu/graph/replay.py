"""Replay: a graph computed again at other inputs, row by row, by the table alone.

It shows that a graph is all there is to know of a computation: a graph of gradients that was recorded at one point
gives the gradients at another. Comparisons are part of it, so that a kink may lie between the two points.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, overload

import numpy as np

from ..engine.graphs import ancestors
from ..engine.messages import listed, short
from ..engine.node import Node, number_of
from ..engine.primitives import TABLE, Primitive
from ..engine.primitives.comparisons import COMPARISONS
from ..errors import DtypeError, GraphError, ShapeError
from .plain import Graph, PlainNode
from .transcribe import INTERNAL, read_attribute

__all__ = ["replay"]


class Step(NamedTuple):
    """One number of a graph: how it is computed from others, or what it is.

    Attributes
    ----------
    key : the node, or the id of the plain node.
    names : what it may be called in the inputs.
    like : what it was; None where that is not known.
    row, operands, attrs : the call that made it; the operands are keys, or (None, constant).
    """

    key: Any
    names: tuple[Any, ...]
    like: Any
    row: Primitive | None = None
    operands: tuple[tuple[Any, Any], ...] = ()
    attrs: Mapping[str, Any] = {}


@overload
def replay(graph: Node | Graph, inputs: Mapping[Any, Any]) -> Any: ...
@overload
def replay(graph: Sequence[Node], inputs: Mapping[Any, Any]) -> list[Any]: ...
def replay(graph: Any, inputs: Mapping[Any, Any]) -> Any:
    """What a recorded graph gives at other inputs: plain numbers, by the rows of the table, with nothing recorded.

    Parameters
    ----------
    graph : a node, such as a loss or a gradient of `tg.gradients(..., create_graph=True)`; a list of nodes, for a list
        of results; or a plain graph, of `tg.graph.plain` or `tg.graph.read`.
    inputs : numbers for some of its nodes, by the node or by its name; all other leaves keep theirs. They have the
        shapes that the nodes had, since a graph is recorded for given shapes. A node that it does not depend on is
        no mistake: a gradient may be constant.

    What a program decides by itself, such as by `if x > 0` or by an index `x[x > 0]`, is no part of a graph, and stays
    as it was; a comparison is, in `tg.where(x > 0, ...)`. Of Values it is if it was recorded inside `tg.trace()`.

    Raises `GraphError` for a name that the graph does not have, and for a plain graph that does not hold all numbers,
    attributes or operations; `ShapeError` for an input of another shape.

    >>> import tinygrad_edu as tg
    >>> x = tg.Value(3.0, name="x")
    >>> y = x.relu() * x
    >>> (slope,) = tg.gradients(y, [x], create_graph=True)
    >>> tg.graph.replay(y, {"x": -2.0}), tg.graph.replay([y, slope], {x: 5.0})
    (-0.0, [25.0, 10.0])
    >>> tg.graph.replay(tg.graph.plain(y), {"x": 4.0})
    16.0
    """
    if not isinstance(inputs, Mapping):
        raise DtypeError(f"replay: inputs maps nodes or their names to numbers, not {short(inputs)}")
    if isinstance(graph, Graph):
        found = _run([_of_plain_node(node, graph) for node in graph.nodes], graph.outputs, inputs)
        return found[0] if len(found) == 1 else found
    single = isinstance(graph, Node)
    outputs = [graph] if single else list(graph) if isinstance(graph, Iterable) else []
    if not outputs or not all(isinstance(x, Node) for x in outputs):
        raise DtypeError("replay: takes a Value, a Tensor, a list of them, or a graph of tg.graph.plain")
    found = _run([_of_node(x) for x in ancestors(outputs)], outputs, inputs)
    return found[0] if single else found


def _of_node(node: Node) -> Step:
    operands = tuple((x, None) if isinstance(x, Node) else (None, x) for x in node.inputs)
    names = (node,) if node.name is None else (node, node.name)
    row: Any = node.primitive
    return Step(node, names, lambda: number_of(node), row, operands, node.attrs)


def _run(steps: Sequence[Step], outputs: Sequence[Any], inputs: Mapping[Any, Any]) -> list[Any]:
    """The numbers of the outputs, computed in the order of the steps."""
    names = {name: step for step in steps for name in step.names}
    unknown = [name for name in inputs if name not in names and not isinstance(name, Node)]
    if unknown:
        called = ([name for name in step.names if isinstance(name, str)] for step in steps if step.row is None)
        leaves = [names[0] for names in called if names]
        raise GraphError(
            f"replay: the graph has no {listed([*map(str, unknown)])}; its named leaves are {listed(leaves)}"
        )
    values: dict[Any, Any] = {}
    for step in steps:
        given = [inputs[name] for name in step.names if name in inputs]
        if given:
            values[step.key] = _in_place_of(step, given[0])
        elif step.row is None:
            values[step.key] = step.like()
        else:
            operands = [values[key] if key is not None else constant for key, constant in step.operands]
            with np.errstate(all="ignore"):
                out = step.row.compute(operands, dict(step.attrs))
            values[step.key] = np.asarray(out) if isinstance(out, np.generic) else out
    return [values[x] for x in outputs]


def _in_place_of(step: Step, given: Any) -> Any:
    """A given number in the type and dtype of the one that it replaces."""
    was, given = step.like(), number_of(given)
    if np.shape(given) != np.shape(was):
        raise ShapeError(f"replay: {step.names[-1]} has shape {np.shape(was)} in this graph, not {np.shape(given)}")
    return np.array(given, was.dtype) if isinstance(was, np.ndarray) else float(given)


# From a plain graph, which has all of this in words.


def _of_plain_node(node: PlainNode, graph: Graph) -> Step:
    names = tuple(name for name in (node.label, node.name) if name is not None and node.kind != "constant")
    sources = [edge.source for edge in sorted(graph.edges, key=lambda e: e.slot) if edge.target == node.id]
    operands = tuple((source, None) for source in sources)
    like = lambda: _number(node)
    if node.kind == "gradient" and operands:  # handed on unchanged
        return Step(node.id, names, like, TABLE["identity"], operands)
    if node.kind in ("leaf", "constant", "forward", "gradient"):
        return Step(node.id, names, like)
    if node.kind != "operation" or node.operation is None or node.formula or graph.mode == "both":
        raise GraphError(
            f"replay: {node.label} stands for several operations, or for a formula; replay the graph of tg.graph.plain"
        )
    row = TABLE.get(node.operation) or COMPARISONS.get(node.operation)
    if row is None:
        raise GraphError(
            f"replay: there is no operation {node.operation!r} in the table, which {node.label} is made by"
        )
    attrs = {key: _attribute(node, key, text) for key, text in node.attrs}
    if row.name == "concatenate":
        attrs["ends"] = ()  # its gradient alone asks for them
    if row.attrs.keys() & INTERNAL:
        raise GraphError(f"replay: not all attributes of {node.operation} are in a plain graph; replay the node itself")
    return Step(node.id, names, like, row, operands, attrs)


def _number(node: PlainNode) -> Any:
    value = node.value
    if value is None or value.elements is None:
        raise GraphError(f"replay: the plain graph does not hold all numbers of {node.label}; give them, or the node")
    return value.elements[0] if value.dtype == "float" else np.array(value.elements, value.dtype).reshape(value.shape)


def _attribute(node: PlainNode, key: str, text: str) -> Any:
    try:
        return read_attribute(key, text)
    except ValueError:
        raise GraphError(
            f"replay: the plain graph does not hold all of {key}={text} of {node.label}; replay the node itself"
        ) from None
