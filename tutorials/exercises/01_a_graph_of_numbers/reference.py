"""Lesson 1: the chain rule on paper, a class that records, and the number of paths through a graph."""

import math
from itertools import count


def by_hand(a, b, c):
    """The derivatives of out = (a * b + c) * a by a, b and c, in this order."""
    p = a * b
    s = p + c
    grad_s, grad_a = a, s  # out = s * a
    grad_p, grad_c = grad_s, grad_s  # s = p + c
    return grad_a + grad_p * b, grad_p * a, grad_c  # p = a * b: the second path of a


# The class of the lesson, with three methods more: log, relu and hypot.

clock = count(1)


class Node:
    """A number, and how it was made."""

    def __init__(self, data, inputs=(), local=()):
        self.data = data
        self.inputs = inputs  # the nodes it was computed from; none for a leaf
        self.local = local  # its derivative by each of them
        self.index = next(clock)  # when it was made
        self.grad = 0.0


def nodes_of(output):
    """Everything that output was made from, and output itself, the newest first."""
    found, waiting = {output}, [output]
    while waiting:
        for node in waiting.pop().inputs:
            if node not in found:
                found.add(node)
                waiting.append(node)
    return sorted(found, key=lambda node: node.index, reverse=True)


def backward(output):
    """Set `grad` of every node of the graph: the derivative of output by it."""
    nodes = nodes_of(output)
    for node in nodes:
        node.grad = 0.0
    output.grad = 1.0
    for node in nodes:
        for x, local in zip(node.inputs, node.local):
            x.grad += node.grad * local


class Value(Node):
    """A number to compute with."""

    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def exp(self):
        e = math.exp(self.data)
        return Value(e, (self,), (e,))

    def log(self):
        """The natural logarithm, math.log."""
        return Value(math.log(self.data), (self,), (1.0 / self.data,))

    def relu(self):
        """The number itself where it is above 0, else 0.0."""
        return Value(max(self.data, 0.0), (self,), (1.0 if self.data > 0.0 else 0.0,))  # equivalent

    def hypot(self, other):
        """The square root of self² + other², math.hypot: an operation of two operands."""
        h = math.hypot(self.data, other.data)
        return Value(h, (self, other), (self.data / h, other.data / h))


def count_paths(inputs, output, leaf):
    """How many paths lead from leaf to output.

    `inputs` says of each node what it was made from, a node twice if it was used twice: {"x": [], "y": ["x", "x"]}.
    Its keys stand in the order in which the nodes were made; `reversed(inputs)` goes from the newest to the oldest.
    """
    paths = dict.fromkeys(inputs, 0)
    paths[output] = 1
    for node in reversed(inputs):
        for before in inputs[node]:
            paths[before] += paths[node]
    return paths[leaf]
