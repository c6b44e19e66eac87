"""A number that remembers how it was made, and can find its own derivatives."""

import math


def topological_order(inputs, output):
    """The nodes that output depends on, itself too, each after its inputs; `inputs[node]` lists those of a node."""
    raise NotImplementedError


class Value:
    """A float `data`, its gradient `grad`, and the values it was made of."""

    def __init__(self, data):
        self.data, self.grad = data, 0.0

    def __add__(self, other):
        raise NotImplementedError

    def __mul__(self, other):
        raise NotImplementedError

    def __pow__(self, n):
        raise NotImplementedError

    def tanh(self):
        raise NotImplementedError

    def __neg__(self):
        raise NotImplementedError

    def __sub__(self, other):
        raise NotImplementedError

    def __truediv__(self, other):
        raise NotImplementedError

    __radd__, __rmul__ = __add__, __mul__

    def backward(self):
        """Add to the `grad` of every value that this one depends on the derivative of this one by it."""
        raise NotImplementedError
