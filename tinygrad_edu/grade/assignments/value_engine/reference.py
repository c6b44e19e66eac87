"""A number that remembers how it was made, and can find its own derivatives."""

import math


def topological_order(inputs, output):
    """The nodes that output depends on, itself too, each after its inputs; `inputs[node]` lists those of a node."""
    order, seen, waiting = [], set(), [(output, False)]
    while waiting:
        node, inputs_done = waiting.pop()
        if inputs_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            waiting.append((node, True))
            waiting.extend((before, False) for before in inputs[node])
    return order


class Value:
    """A float `data`, its gradient `grad`, and the values it was made of with its derivative by each."""

    def __init__(self, data, parents=(), derivatives=()):
        self.data, self.grad = data, 0.0
        self.parents, self.derivatives = parents, derivatives

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))

    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, (self,), (1.0 - t * t,))

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        return self * other**-1

    __radd__, __rmul__ = __add__, __mul__

    def backward(self):
        """Add to the `grad` of every value that this one depends on the derivative of this one by it."""
        nodes, waiting = {self: self.parents}, [self]
        while waiting:
            for parent in waiting.pop().parents:
                if parent not in nodes:
                    nodes[parent] = parent.parents
                    waiting.append(parent)
        flow = dict.fromkeys(nodes, 0.0)
        flow[self] = 1.0
        for node in reversed(topological_order(nodes, self)):
            node.grad += flow[node]
            for parent, derivative in zip(node.parents, node.derivatives):
                flow[parent] += flow[node] * derivative
