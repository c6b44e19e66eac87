"""How far each layer of a network sees: the part of the image on which one number of its output depends.

A. Araujo, W. Norris, J. Sim, "Computing receptive fields of convolutional neural networks", Distill, 2019. It is worked
out on the graph of one call, so blocks with several paths, and functions between the layers, are covered as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any, NamedTuple

import numpy as np

from .. import plots
from .._support.text import clean
from ..engine.graphs import reachable
from ..engine.messages import is_whole, short
from ..engine.node import Node, shape_of
from ..engine.trial import example, trial
from ..errors import DtypeError, OutOfRangeError, ShapeError
from ..nn import Module
from ..nn.summary import Record

__all__ = ["Field", "ReceptiveField", "receptive_field"]


class Field(NamedTuple):
    """What the number at place o along one axis sees: the pixels from offset + stride · o on, `size` of them.

    Attributes
    ----------
    size : how many pixels it sees.
    stride : how many pixels the fields of neighbours are apart.
    offset : where the field of the first number begins; negative where it reaches into the padding.
    """

    size: float
    stride: float
    offset: float

    @property
    def last(self) -> float:
        """The last pixel that the first number sees."""
        return self.offset + self.size - 1


@dataclass
class Layer:
    """A row of the table.

    Attributes
    ----------
    name, kind : the path of the module, such as `features.0`, and its class.
    output : the height and width of its output; () where it has none.
    fields : along height and width; None where each number sees the whole image.
    """

    name: str
    kind: str
    output: tuple[int, ...]
    fields: tuple[Field, Field] | None


class ReceptiveField:
    """The table of `receptive_field`: a row for each layer, in the order of the calls.

    Attributes
    ----------
    layers : the rows.
    image : height and width of the image.
    """

    def __init__(self, layers: Sequence[Layer], image: tuple[int, int]) -> None:
        self.layers, self.image = list(layers), image

    def __getitem__(self, name: str) -> Layer:
        for layer in reversed(self.layers):  # of several calls the last
            if layer.name == name:
                return layer
        raise OutOfRangeError(f"receptive_field: no layer {name!r} with a field of its own; see the table")

    def box(self, name: str, place: tuple[int, int]) -> tuple[int, int, int, int]:
        """The pixels that one number sees, (first row, first column, row behind, column behind), within the image.

        Raises `OutOfRangeError` for a layer that is not in the table, or a place that its output does not have.

        >>> from tinygrad_edu import models, nn
        >>> fields = receptive_field(nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.MaxPool2d(2)), 1, 8, 10)
        >>> fields.box("1", (0, 2))
        (0, 3, 3, 7)
        """
        layer = self[name]
        if np.shape(place) != (2,) or not all(is_whole(o) and 0 <= o < n for o, n in zip(place, layer.output)):
            raise OutOfRangeError(f"receptive_field: the output of {name!r} is {layer.output}; no place {short(place)}")
        if layer.fields is None:
            return 0, 0, *self.image
        (top, bottom), (left, right) = (
            (max(0, floor(field.offset + field.stride * o)), min(n, ceil(field.last + field.stride * o) + 1))
            for field, o, n in zip(layer.fields, place, self.image)
        )
        return top, left, bottom, right

    def draw(self, image: Any, places: Mapping[str, tuple[int, int]] | None = None) -> plots.Plot:
        """The image, (height, width) or (1, height, width), with the field of one number of each layer as a box on it.

        `places` is the place of the number for each layer to draw; by default the middle of all that do not see the
        whole image.

        >>> from tinygrad_edu import models
        >>> receptive_field(models.lenet(), 1, 28, 28).draw(np.zeros((28, 28)), {"3": (5, 5)})
        Plot: 1 image of 28 × 28, with 1 box
        """
        pixels = np.asarray(image, float).reshape(self.image)
        if places is None:
            places = {x.name: (x.output[0] // 2, x.output[1] // 2) for x in self.layers if x.fields is not None}
        rows = []
        for name, place in places.items():
            top, left, bottom, right = self.box(name, place)
            rows.append([[layer.name for layer in self.layers].index(name), left, top, right, bottom])
        return plots.images([pixels], boxes=[rows])

    def __repr__(self) -> str:
        cells = [["layer", "output", "sees", "stride", "offset"]]
        for layer in self.layers:
            columns = ["all", "", ""] if layer.fields is None else [_pair(numbers) for numbers in zip(*layer.fields)]
            cells.append([clean(f"{layer.name} {layer.kind}"), " × ".join(map(str, layer.output)), *columns])
        widths = [max(map(len, column)) for column in zip(*cells)]
        return "\n".join("  ".join(cell.ljust(n) for cell, n in zip(row, widths)).rstrip() for row in cells)


def _pair(numbers: Sequence[float]) -> str:
    """Two numbers along height and width, or one where they are equal."""
    return " × ".join(dict.fromkeys(f"{x:g}" for x in numbers))


def receptive_field(model: Module, channels: int, height: int, width: int, depth: int | None = None) -> ReceptiveField:
    """What one number of each layer sees of an image with these sizes: how much, how far apart, from where on.

    Layers have rows whose output is (N, C, height, width); with `depth`, those within so many modules. Batch norm is
    taken as after training, when it does not look at other pixels. Behind a transposed convolution the field is an
    upper bound: it may change from place to place.

    Raises the errors of the model for such images, and `DtypeError` if `model` is not a module.

    >>> from tinygrad_edu import models
    >>> receptive_field(models.lenet(), 1, 28, 28)
    layer        output   sees  stride  offset
    0 Conv2d     28 × 28  5     1       -2
    1 Sigmoid    28 × 28  5     1       -2
    2 AvgPool2d  14 × 14  6     2       -2
    3 Conv2d     10 × 10  14    2       -2
    4 Sigmoid    10 × 10  14    2       -2
    5 AvgPool2d  5 × 5    16    4       -2
    """
    if not isinstance(model, Module):
        raise DtypeError(f"receptive_field: needs a module, not {short(model)}")
    record = Record()
    with trial(model) as twin:
        record.watch(twin)
        image = example((1, channels, height, width), twin)
        out = twin(image)
    if not isinstance(out, Node):
        raise ShapeError(f"receptive_field: the model gives {short(out)}, and not one tensor")
    fields, names = _fields_of(out, image), {id(module): name for name, module in twin.named_modules()}
    layers = [
        Layer(name, type(call.module).__name__, shape_of(call.output)[2:], fields[call.output])
        for call in sorted(record.calls, key=lambda call: call.end)
        if isinstance(call.output, Node) and call.output in fields and len(shape_of(call.output)) == 4
        if (name := names[id(call.module)]) and (depth is None or name.count(".") < depth)
    ]
    return ReceptiveField(layers, (height, width))


def _fields_of(out: Node, image: Node) -> dict[Node, tuple[Field, Field] | None]:
    """The fields of all nodes that depend on the image, oldest first; None for the whole of it."""
    fields: dict[Node, tuple[Field, Field] | None] = {image: (Field(1, 1, 0), Field(1, 1, 0))}
    for node in sorted(reachable(out, [image]), key=lambda node: node.index):
        if node is not image:
            inputs = [(x, fields[x]) for x in node.inputs if isinstance(x, Node) and x in fields]
            fields[node] = _passed_on(node, inputs)
    return fields


def _passed_on(node: Any, inputs: Sequence[tuple[Node, tuple[Field, Field] | None]]) -> tuple[Field, Field] | None:
    """The fields of a result, from those of its operands."""
    known = [fields for _, fields in inputs if fields is not None]
    if len(known) < len(inputs):
        return None
    name, attrs, operands = node.primitive.name, node.attrs, [x for x, _ in inputs]
    if name in WINDOWED:
        kernel = attrs.get("kernel") or shape_of(node.inputs[1])[2:]
        stride, dilation = (attrs.get(key) or (1, 1) for key in ("stride", "dilation"))
        padding = attrs.get("padding") or ((0, 0), (0, 0))
        vertical, horizontal = map(WINDOWED[name], known[0], kernel, stride, padding, dilation)
        return vertical, horizontal
    places_stay = all(len(shape_of(x)) == 4 and shape_of(x)[2:] == shape_of(node)[2:] for x in (node, *operands))
    if not places_stay or name in MIXING or (name == "normalize" and max(attrs["axis"]) > 1):
        return None
    vertical, horizontal = (_joined(fields) for fields in zip(*known))
    return vertical, horizontal


def _windowed(field: Field, kernel: int, stride: int, padding: tuple[int, int], dilation: int) -> Field:
    """A window of `kernel` numbers over the output that has this field."""
    size = field.size + field.stride * dilation * (kernel - 1)
    return Field(size, field.stride * stride, field.offset - field.stride * padding[0])


def _transposed(field: Field, kernel: int, stride: int, padding: tuple[int, int], dilation: int) -> Field:
    """A transposed convolution: each number sees what is less than a window away, on a grid finer by the stride."""
    step = field.stride / stride
    reach = step * dilation * (kernel - 1)
    return Field(field.size + reach, step, field.offset + step * padding[0] - reach)


WINDOWED = {"convolution": _windowed, "max_pool": _windowed, "avg_pool": _windowed, "conv_transpose": _transposed}
"""The rows of the engine's table that look through windows."""

MIXING = {"matmul", "einsum", "linear", "dot", "flip", "roll", "cumsum", "cumprod", "sort", "take", "take_along_axis"}
"""Rows whose result may have its operand's shape, and another order of places, or sums over them."""


def _joined(fields: Sequence[Field]) -> Field:
    """What a number sees that is made of several, at the same place."""
    offset = min(field.offset for field in fields)
    return Field(max(field.last for field in fields) - offset + 1, fields[0].stride, offset)
