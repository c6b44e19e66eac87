"""An autodiff engine of forty lines, as people write it to learn: the rival of the scalar benchmarks.

A number keeps its operands and the local derivatives by them; `backward` orders the graph by recursion.
"""

# ruff: noqa: D1
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any


class Value:
    __slots__ = ("data", "grad", "locals", "operands")

    def __init__(self, data: float, operands: tuple[Value, ...] = (), locals: tuple[float, ...] = ()) -> None:
        self.data, self.grad, self.operands, self.locals = data, 0.0, operands, locals

    def __add__(self, other: Any) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: Any) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, power: float) -> Value:
        return Value(self.data**power, (self,), (power * self.data ** (power - 1),))

    def exp(self) -> Value:
        out = math.exp(self.data)
        return Value(out, (self,), (out,))

    def log(self) -> Value:
        return Value(math.log(self.data), (self,), (1 / self.data,))

    def relu(self) -> Value:
        return Value(max(0.0, self.data), (self,), (float(self.data > 0),))

    def __neg__(self) -> Value:
        return self * -1.0

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        return other + (-self)

    def __truediv__(self, other: Any) -> Any:
        return self * other**-1.0

    __radd__, __rmul__ = __add__, __mul__

    def backward(self) -> None:
        order: list[Value] = []
        seen: set[Value] = set()

        def visit(node: Value) -> None:
            if node not in seen:
                seen.add(node)
                for operand in node.operands:
                    visit(operand)
                order.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            for operand, local in zip(node.operands, node.locals):
                operand.grad += local * node.grad


def block(function: Callable[..., Any]) -> Callable[..., Any]:
    return function
