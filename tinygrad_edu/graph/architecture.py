"""An architecture: what a model is made of, and the shapes of the arrays between its layers, without numbers.

It is drawn of a trial of the model, so layers whose sizes are open get theirs in the picture.
"""

from __future__ import annotations

import inspect
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from .._support.languages import say, texts
from .._support.nested import leaves
from ..engine.messages import is_whole, short
from ..engine.node import Node, number_of
from ..engine.tensor import Tensor
from ..engine.trial import example, trial
from ..errors import GraphError
from .plain import Graph, Quantity
from .views.collapse import close

__all__ = ["architecture", "is_model", "results_of"]


def is_model(x: Any) -> bool:
    """Whether this is a module, which can be called on an input."""
    return hasattr(x, "named_modules") and hasattr(x, "forward") and not isinstance(x, type)


def results_of(model: Any, inputs: Any) -> list[Node]:
    """What a copy of the model gives for inputs of these shapes, with all it was made from.

    `inputs` is a shape, an example such as an array of integers, or a list of these for a model of several inputs.
    Raises `GraphError` for anything else, and the errors of the model for such inputs.
    """
    several = inputs if isinstance(inputs, list) and not all(map(is_whole, inputs)) else [inputs]
    names = [name for name in inspect.signature(type(model).forward).parameters if name != "self"]
    with trial(model) as twin:
        examples = [_example(x, twin, name) for x, name in zip_longest(several, names[: len(several)])]
        results = [x for x in leaves(twin(*examples)) if isinstance(x, Node)]
    if not results:
        text = texts("draw: {model} gives no Tensor for {given}, so there is nothing to draw")
        raise GraphError(text, model=type(model).__name__, given=short(inputs))
    return results


def _example(x: Any, model: Any, name: str | None) -> Tensor:
    """Random numbers of a shape; an array as it is; as a node that bears the name."""
    if isinstance(x, (str, type(None))):
        raise GraphError(
            "draw: of a model the second argument is the shape of its input, such as (1, 1, 28, 28), or an array, not "
            "{given}",
            given=short(x),
        )
    x = example(x, model, name)
    return x if getattr(x, "flow", False) else Tensor(number_of(x), name=name)


def architecture(graph: Graph, model: str) -> Graph:
    """A forward graph as its layers, the operations between them, and the shapes on the arrows: no numbers.

    A layer is a module, or a marked function, that has none in it; what is inside is not part of the graph any more.
    """
    outer = {cluster.parent for cluster in graph.clusters}
    graph = close(graph, outer)
    kinds = {node.id: node.kind for node in graph.nodes}
    return replace(
        graph,
        mode="architecture",
        title=say("The architecture of {model}", model=model),
        nodes=tuple(replace(node, value=_shape_of(node.value, node.kind)) for node in graph.nodes),
        edges=tuple(
            replace(edge, value=_shape_of(edge.value or graph.node(edge.source).value))
            if kinds[edge.source] in ("operation", "module")
            else edge
            for edge in graph.edges
        ),
        clusters=tuple(cluster if cluster.path in outer else replace(cluster, nodes=0) for cluster in graph.clusters),
    )


def _shape_of(value: Quantity | None, kind: str = "") -> Quantity | None:
    """Only the shape of a quantity; a number written into an expression stays."""
    return value if value is None or kind == "constant" else Quantity(value.shape, "", None)
