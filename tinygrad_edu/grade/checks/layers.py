"""The check of a layer: the student's own class with `forward(x)` and `backward(upstream)`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...engine.derivatives import vjp
from ..diagnosis import random_upstream, right_for_own_forward
from ..diagnosis.reference import names_of
from ..errors import StudentError, WrongAnswer
from ..expect import expect
from .asking import Axes, called_slow, many_operands, operands

__all__ = ["same_layer"]


def same_layer(
    make: Callable[..., Any], function: Callable[..., Any], rng: np.random.Generator, *axes: Axes,
    gradients: Sequence[str] = (),
) -> None:  # fmt: skip
    """A layer must compute `function` forward, and its gradients backward.

    Parameters
    ----------
    make : makes the student's layer from its parameters. Its `forward(x)` returns the output. Then its
        `backward(upstream)` returns the gradient of x, and stores those of the parameters in attributes.
    function : a function of x and the parameters, of the engine's nodes, such as
        `lambda x, weight, bias: x @ weight + bias`.
    axes : the axes of x and of each parameter, as in `backward`.
    gradients : the names of the attributes; by default "grad_weight" for the parameter `weight` of `function`.

    Raises `WrongAnswer`: of the kind "forward" if the output is wrong, and then it says whether the gradient of x is
    right for this output; else with the mistake that explains the gradients if one does.

    >>> class Linear:
    ...     def __init__(self, weight, bias):
    ...         self.weight, self.bias = weight, bias
    ...     def forward(self, x):
    ...         self.x = x
    ...         return x @ self.weight + self.bias
    ...     def backward(self, upstream):
    ...         self.grad_weight, self.grad_bias = self.x.T @ upstream, upstream.sum(axis=0)
    ...         return upstream @ self.weight.T
    >>> same_layer(Linear, lambda x, weight, bias: x @ weight + bias, np.random.default_rng(0), "nk", "km", "m")
    """
    names = names_of(function, len(axes))
    attributes = gradients or [f"grad_{name}" for name in names[1:]]
    for at in operands(axes, rng):
        x, *parameters = at
        expected = np.asarray(function(*at))
        upstream = random_upstream(rng, expected.shape)
        layer = make(*parameters)
        expect(layer, "the layer").is_object()
        try:
            expect(layer.forward(x), "the output of forward").equals(expected)
        except WrongAnswer as wrong:
            words = ", and backward is right for it" if right_by_itself(make(*parameters), x, upstream) else ""
            raise WrongAnswer(f"{wrong}{words}", kind="forward", where="Look at forward.") from None
        answer = (layer.backward(upstream), *(getattr(layer, name) for name in attributes))
        expect(answer).is_gradient_of(function, at=at, upstream=upstream)
    for at in many_operands(function, axes, rng):
        x, *parameters = at
        upstream = random_upstream(rng, np.shape(function(*at)))
        right = vjp(function, *at)[1](upstream)
        with called_slow(sum(x.size for x in at)):
            layer = make(*parameters)
            layer.forward(x)
            expect((layer.backward(upstream), *(getattr(layer, name) for name in attributes))).equals(right)


def right_by_itself(layer: Any, x: np.ndarray, upstream: np.ndarray) -> bool:
    """Whether backward is right for a wrong forward pass."""

    def backward(upstream: np.ndarray, x: np.ndarray) -> Any:
        layer.forward(x)
        return layer.backward(upstream)

    try:
        return right_for_own_forward(layer.forward, backward, [x], upstream)
    except StudentError:
        return False
