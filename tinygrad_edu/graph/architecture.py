"""An architecture: what a model is made of, and the shapes of the arrays between its layers, without numbers.

The model is copied, and the copy runs once on examples of the given shapes. So the model does not change, and layers
whose sizes are open get theirs in the picture.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import zip_longest
from typing import Any

import numpy as np

from .._support.languages import say, texts
from ..engine import random
from ..engine.convert import DEFAULT_DTYPE
from ..engine.grad_mode import enable_grad
from ..engine.messages import is_whole, short
from ..engine.node import Node, number_of
from ..engine.tensor import Tensor
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
    state = random.get_state()
    try:
        twin = copy.deepcopy(model).eval().requires_grad_()  # so that every operation is recorded
        with enable_grad():
            results = list(
                _nodes(twin(*(_example(x, twin, name) for x, name in zip_longest(several, names[: len(several)]))))
            )
    finally:
        random.set_state(state)
    if not results:
        text = texts("draw: {model} gives no Tensor for {given}, so there is nothing to draw")
        raise GraphError(text, model=type(model).__name__, given=short(inputs))
    return results


def _example(x: Any, model: Any, name: str | None) -> Tensor:
    """Random numbers of a shape; an array as it is."""
    if isinstance(x, (str, type(None))):
        raise GraphError(
            "draw: of a model the second argument is the shape of its input, such as (1, 28, 28), or an array, not "
            "{given}",
            given=short(x),
        )
    if isinstance(x, (tuple, list)) and all(map(is_whole, x)):
        x = np.random.default_rng(0).normal(size=tuple(x))
    numbers = np.asarray(number_of(x))
    if numbers.dtype.kind != "f":
        return Tensor(numbers, name=name)
    dtypes = [getattr(p, "open_dtype", None) or number_of(p).dtype for p in model.parameters()]
    return Tensor(numbers, dtypes[0] if dtypes else DEFAULT_DTYPE, requires_grad=True, name=name)


def _nodes(result: Any) -> Iterator[Node]:
    """The nodes in the result of a model, which may be a tuple, a list or a dictionary."""
    if isinstance(result, Node):
        yield result
    elif isinstance(result, (tuple, list)):
        for part in result:
            yield from _nodes(part)
    elif isinstance(result, Mapping):
        yield from _nodes(list(result.values()))


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
