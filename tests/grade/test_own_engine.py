"""`grade --engine` finds and names what is wrong in home-made engines; in right ones it finds nothing."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tinygrad_edu.cli import main
from tinygrad_edu.grade import AssignmentError
from tinygrad_edu.grade.own_engine import Page, check_engine
from tinygrad_edu.grade.own_engine.engine import load_adapter
from tinygrad_edu.grade.own_engine.page import answered, questions

MICRO = """
class Value:
    def __init__(self, data, inputs=(), op=""):
        self.data, self.grad, self.inputs, self.rule = data, 0.0, inputs, lambda: None
    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))
        def rule():
            self.grad += out.grad
            other.grad += out.grad
        out.rule = rule
        return out
    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))
        def rule():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out.rule = rule
        return out
    def __pow__(self, n):
        out = Value(self.data**n, (self,))
        def rule(): self.grad += n * self.data ** (n - 1) * out.grad
        out.rule = rule
        return out
    __radd__, __rmul__ = __add__, __mul__
    def __neg__(self): return self * -1
    def __sub__(self, other): return self + -other
    def __rsub__(self, other): return -self + other
    def __truediv__(self, other): return self * other**-1
    def __rtruediv__(self, other): return self**-1 * other
    def backward(self):
        order, seen, waiting = [], set(), [(self, False)]
        while waiting:
            v, done = waiting.pop()
            if done:
                order.append(v)
            elif v not in seen:
                seen.add(v)
                waiting += [(v, True), *((x, False) for x in v.inputs)]
        for v in order:
            if v.inputs: v.grad = 0.0
        self.grad = 1.0
        for v in reversed(order): v.rule()

number = Value
"""
"""An engine of numbers, as in the well-known video, without its faults. The last line is the adapter."""

ARRAYS = """
import numpy as np

class Array:
    def __init__(self, data, inputs=(), rules=()):
        self.data, self.grad, self.inputs, self.rules = np.asarray(data), None, inputs, rules
        self.shape = self.data.shape
    def __add__(self, other): return Array(self.data + other.data, (self, other), (lambda g: g, lambda g: g))
    def __mul__(self, other):
        a, b = self.data.copy(), other.data.copy()
        return Array(a * b, (self, other), (lambda g: g * b, lambda g: g * a))
    def __matmul__(self, other):
        a, b = self.data.copy(), other.data.copy()
        return Array(a @ b, (self, other), (lambda g: g @ b.T, lambda g: a.T @ g))
    def tanh(self):
        t = np.tanh(self.data)
        return Array(t, (self,), (lambda g: g * (1 - t * t),))
    def sum(self, axis=None):
        shape = self.shape
        def rule(g):
            return np.broadcast_to(g if axis is None else np.expand_dims(g, axis), shape)
        return Array(self.data.sum(axis=axis), (self,), (rule,))
    def backward(self, upstream=1.0):
        order, seen, waiting = [], set(), [(self, False)]
        while waiting:
            v, done = waiting.pop()
            if done: order.append(v)
            elif v not in seen:
                seen.add(v)
                waiting += [(v, True), *((x, False) for x in v.inputs)]
        flow = {self: np.asarray(upstream)}
        for v in reversed(order):
            g = flow.pop(v)
            v.grad = g if v.grad is None else v.grad + g
            for x, rule in zip(v.inputs, v.rules):
                part = unbroadcast(rule(g), x.shape)
                flow[x] = part if x not in flow else flow[x] + part

def unbroadcast(g, shape):
    while g.ndim > len(shape): g = g.sum(axis=0)
    for i, n in enumerate(shape):
        if n == 1: g = g.sum(axis=i, keepdims=True)
    return g

tensor = Array
"""
"""An engine of arrays that is right."""


def page(tmp_path: Path, source: str, *changes: tuple[str, str]) -> Page:
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    (tmp_path / "adapter.py").write_text(source, encoding="utf-8")
    return check_engine(tmp_path / "adapter.py", seconds=10)


def wrong(page: Page) -> dict[str, str]:
    return {finding.name: finding.kind for finding in page.of("wrong")}


def test_nothing_is_found_in_a_right_engine(tmp_path: Path) -> None:
    numbers, arrays = page(tmp_path, MICRO), page(tmp_path, ARRAYS)
    assert not numbers.of("wrong"), str(numbers)
    assert not arrays.of("wrong"), str(arrays)
    assert len(numbers.of("right")) > 15
    assert len(arrays.of("right")) > 15
    assert "tanh" in {finding.name for finding in numbers.of("not offered")}  # what is not there is not wrong


MISTAKES = [
    (MICRO, [("self.grad += other.data * out", "self.grad += self.data * out")], "multiply", "operands swapped"),
    (MICRO, [("self.grad += n * self.data ** (n - 1)", "self.grad += n * self.data ** n")], "x ** 3", "formula"),
    (MICRO, [("self.grad += other.data", "self.grad = other.data"), ("other.grad += self", "other.grad = self")],
        "values that are used several times", "overwritten"),
    (MICRO, [("            if v.inputs: v.grad = 0.0\n", "            pass\n")], "a second backward", "not reset"),
    (MICRO, [("-self + other", "self + -other")], "2 - x", "values"),
    (ARRAYS, [("1 - t * t", "1 - t")], "tanh", "formula"),
    (ARRAYS, [("np.expand_dims(g, axis)", "np.expand_dims(g, 0)")], "sum(axis=1)", "raised"),
    (ARRAYS, [("        if n == 1: g = g.sum(axis=i, keepdims=True)", "        pass")], "add, a column", "not summed"),
    (ARRAYS, [("a, b = self.data.copy(), other.data.copy()", "a, b = self.data, other.data")],
        "an array that is changed in place", "changed in place"),
    (ARRAYS, [("g @ b.T", "(g @ b.T).T if len(set(g.shape)) == 1 else g @ b.T")], "matmul", "transposed"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "changes", "name", "kind"), MISTAKES, ids=[f"{x[2]}" for x in MISTAKES])
def test_a_fault_is_found_and_named(
    source: str, changes: list[tuple[str, str]], name: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    (tmp_path / "adapter.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    engine = load_adapter(tmp_path / "adapter.py")
    found = [answered(engine, question) for question in questions() if question.name == name]
    assert kind in {finding.kind for finding in found}, found


LOOP = """
        order, seen, waiting = [], set(), [(self, False)]
        while waiting:
            v, done = waiting.pop()
            if done:
                order.append(v)
            elif v not in seen:
                seen.add(v)
                waiting += [(v, True), *((x, False) for x in v.inputs)]
"""

RECURSION = """
        order, seen = [], set()
        def visit(v):
            if v not in seen:
                seen.add(v)
                for x in v.inputs: visit(x)
                order.append(v)
        visit(self)
"""


def test_recursion_and_a_walk_of_every_path_cost_one_line_each_and_not_the_page(tmp_path: Path) -> None:
    assert wrong(page(tmp_path, MICRO, (LOOP, RECURSION))) == {"a chain of 20,000 additions": "recursion"}
    every_path = ("            elif v not in seen:\n", "            else:\n")
    (tmp_path / "adapter.py").write_text(MICRO.replace(*every_path), encoding="utf-8")
    found = check_engine(tmp_path / "adapter.py", seconds=1.5)
    assert wrong(found)["y = y + y, 40 times: no path is walked twice"] == "time"
    assert found.of("right")


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not there")
def test_nothing_is_found_in_pytorch(tmp_path: Path) -> None:
    adapter = """
import torch
def number(x): return torch.tensor(x, dtype=torch.float64, requires_grad=True)
def tensor(x): return torch.tensor(x, requires_grad=True)
def value(x): return x.detach().numpy()
def backward(result, upstream): result.backward(torch.as_tensor(upstream) if result.ndim else None)
def gradient(x): return None if x.grad is None else x.grad.numpy()
def gradients(result, inputs):
    if not result.requires_grad: return [torch.zeros_like(x) for x in inputs]
    found = torch.autograd.grad(result, inputs, torch.ones_like(result), create_graph=True, allow_unused=True)
    return [torch.zeros_like(x) if g is None else g for g, x in zip(found, inputs)]
def change(x, number):
    with torch.no_grad(): x[0] = number
def call(name, *operands, **attributes):
    if name == "max" and attributes: return operands[0].amax(**attributes)
    return operands[0].T if name == "transpose" else NotImplemented
"""
    found = page(tmp_path, adapter)
    assert not found.of("wrong"), str(found)
    assert not found.of("not offered"), str(found)


def test_the_command_writes_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.py").write_text(MICRO.replace("-self + other", "self + -other"), encoding="utf-8")
    assert main(["grade", "--engine", str(tmp_path / "mine.py")]) == 1
    out = capsys.readouterr().out
    assert out.startswith("mine.py: ")
    assert "✗ 2 - x" in out
    assert "Arrays\n  – not offered: all" in out


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x = 1", r"adapter\.py: an adapter defines number"),
        ("import sys\n\n1 / 0", r"adapter\.py, line 3: ZeroDivisionError"),
        ("def number(x) return x", r"adapter\.py, line 1: SyntaxError"),
        ("raise SystemExit", r"adapter\.py: it ended while it was loaded"),
        (None, r"adapter\.py: No such"),
    ],
)
def test_an_adapter_that_cannot_be_used_is_refused(source: str | None, said: str, tmp_path: Path) -> None:
    if source is not None:
        (tmp_path / "adapter.py").write_text(source)
    with pytest.raises(AssignmentError, match=said):
        check_engine(tmp_path / "adapter.py")
