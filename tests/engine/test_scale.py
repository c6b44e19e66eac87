"""Deep, wide and doubled graphs: nothing recurses, time grows with the number of nodes, memory comes back."""

from __future__ import annotations

import copy
import gc
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.engine import gradients


def chain(n: int, x: Any) -> Any:
    """x + 1 + 1 + ..., with a multiplication among every two."""
    for _ in range(n // 2):
        x = x * 1.0 + 1.0
    return x


def tree(leaves: list[Any]) -> Any:
    """The sum of the leaves, in pairs of pairs."""
    while len(leaves) > 1:
        leaves = [a + b for a, b in zip(leaves[::2], leaves[1::2])] + leaves[len(leaves) // 2 * 2 :]
    return leaves[0]


def doubled(n: int, x: Any) -> Any:
    for _ in range(n):
        x = x + x
    return x


@contextmanager
def no_collector() -> Iterator[None]:
    """The cyclic garbage collector off: what is freed is freed by reference counting."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.mark.slow
def test_a_chain_of_a_million() -> None:
    x = tg.Value(3.0)
    y = chain(1_000_000, x)
    y.backward()
    assert (y.data, x.grad) == (500_003.0, 1.0)
    assert repr(y) == "Value(500003.0)"
    with no_collector():
        del y


def test_a_chain_of_a_hundred_thousand_is_copied() -> None:
    x = tg.Value(3.0)
    y = chain(100_000, x)
    twin = copy.deepcopy(y)
    twin.backward()
    assert x.grad == 0.0
    y.backward()
    assert x.grad == 1.0


def test_a_chain_of_tensors() -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = chain(20_000, x)
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]
    assert repr(y).startswith("tensor([10001., 10002.]")
    copy.deepcopy(y)


def test_a_tree_of_a_hundred_thousand_leaves() -> None:
    leaves: list[Any] = [tg.Value(1.0) for _ in range(100_000)]
    root = tree(leaves)
    root.backward()
    assert root.data == 100_000.0
    assert all(leaf.grad == 1.0 for leaf in leaves)
    assert repr(copy.deepcopy(root)) == "Value(100000.0)"


@pytest.mark.parametrize("make", [tg.Value, lambda x: tg.tensor(x, dtype=float, requires_grad=True)])
def test_forty_doublings(make: Callable[[float], Any]) -> None:
    """2 ** 40 paths, and 40 steps."""
    x = make(1.0)
    y = doubled(40, x)
    y.backward()
    assert float(y.data) == float(x.grad) == 2.0**40
    assert len(list(gradients.contributions(y))) == 80
    assert float(copy.deepcopy(y).data) == 2.0**40


def test_one_leaf_used_a_hundred_thousand_times() -> None:
    x = tg.Value(2.0)
    total = tg.Value(0.0)
    for _ in range(100_000):
        total = total + x
    total.backward()
    assert x.grad == 100_000.0


def test_second_derivatives_of_a_long_chain() -> None:
    x = tg.Value(1.0)
    y = x
    for _ in range(5_000):
        y = y * 0.999 + x * x * 0.001
    (first,) = tg.gradients(y, [x], create_graph=True)
    (second,) = tg.gradients(first, [x])
    assert second == pytest.approx(2 * (1 - 0.999**5000), rel=1e-9)


def calls(*work: Callable[[], object]) -> int:
    """How many calls the work takes: counted, because clocks differ."""
    count = 0

    def counting(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event.endswith("call")

    sys.setprofile(counting)
    try:
        for step in work:
            step()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    "build", [chain, lambda n, x: tree([x * 1.0 for _ in range(n // 2)]), lambda n, x: doubled(n, x * 0.0)]
)
def test_work_grows_with_the_number_of_nodes(build: Callable[[int, Any], Any]) -> None:
    """Ten times the nodes make ten times the calls."""
    small, large = (build(n, tg.Value(1.0)) for n in (1_000, 10_000))
    assert calls(large.backward, lambda: copy.deepcopy(large)) < 11 * calls(
        small.backward, lambda: copy.deepcopy(small)
    )


@pytest.mark.parametrize("step", [lambda x: -x, lambda x: x * 0.5 + x * 0.5, tg.tanh])
def test_the_work_of_a_jacobian_grows_with_the_length_of_a_chain(step: Callable[[Any], Any]) -> None:
    def jacobian(n: int) -> Callable[[], object]:
        f = lambda x: reduce(lambda y, _: step(y), range(n), tg.concatenate([x, x]))  # more numbers than x has
        return lambda: tg.jacobian(f)(np.ones(2))

    assert calls(jacobian(400)) < 5 * calls(jacobian(100))


# Memory.


IN_A_SHORT_STACK = """
import sys, threading
import tinygrad_edu as tg
from tinygrad_edu.engine import memory

if sys.argv[1] == "in turn":
    tg.Node.__del__ = memory.free

def chain(step):
    x = tg.tensor([1.0], requires_grad=True) if step == "tensor" else tg.Value(1.0)
    alone = sys.getrefcount(x)  # 2, or 1 since Python 3.14
    y = x
    for _ in range(20_000):
        y = tg.where(True, y, x) if step == "where" else y.sin() if step == "sin" else y * 0.5
    del y  # a chain that nothing else holds
    assert sys.getrefcount(x) == alone, "part of the chain is still there"

def run():
    for step in ["value", "tensor", "sin", "where"]:
        chain(step)
    print("freed")

threading.stack_size((64 if sys.version_info < (3, 14) else 128) * 1024)  # with less left, 3.14 puts off what it frees
thread = threading.Thread(target=run)
thread.start()
thread.join()
"""


@pytest.mark.parametrize("how", ["as this Python does", "in turn"])
def test_a_long_chain_is_freed_in_a_short_stack(how: str) -> None:
    ran = subprocess.run([sys.executable, "-c", IN_A_SHORT_STACK, how], capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("freed\n", "")


def leftover(run: Callable[[], object]) -> tuple[int, int]:
    """What a run leaves behind: objects that only the cyclic collector finds, and bytes that are still held.

    The collector is asked at the end alone. It empties Python's own stores of spare tuples and dicts as well. Of two
    runs the smaller counts: a leak is in both, what other threads of the interpreter keep meanwhile is not.
    """
    run()
    gc.collect()
    cycles, held = 0, []
    with no_collector():
        tracemalloc.start()
        try:
            for _ in range(2):
                before = tracemalloc.get_traced_memory()[0]
                run()
                cycles += gc.collect()
                held.append(tracemalloc.get_traced_memory()[0] - before)
        finally:
            tracemalloc.stop()
    return cycles, min(held)


def scalar_network() -> None:
    w = [tg.Value(0.1 * i) for i in range(50)]
    loss = tree([(a * b).tanh() for a in w for b in w[:20]])
    loss.backward(retain_grads=True)


def tensor_network() -> None:
    w, b = tg.randn(64, 64, seed=0, requires_grad=True), tg.zeros(64, requires_grad=True)
    h = tg.randn(32, 64, seed=1)
    for _ in range(5):
        h = (h @ w + b).tanh()
    h.sum().backward()


def second_order() -> None:
    x = tg.tensor(np.linspace(0.1, 1.0, 500), requires_grad=True)
    (first,) = tg.gradients((tg.exp(x) * x).sum(), [x], create_graph=True)
    first.sum().backward()
    tg.hvp(lambda x: (x**3).sum(), x, np.ones(500))
    tg.hessian(lambda x: (x**3).sum())(np.ones(20))


def abandoned() -> None:
    chain(10_000, tg.Value(1.0))
    doubled(40, tg.ones(1000, requires_grad=True))


def steps_as_data() -> None:
    list(gradients.contributions(doubled(40, tg.Value(1.0)), create_graph=True))


def copies() -> None:
    copy.deepcopy(chain(1000, tg.ones(1000, requires_grad=True)))


@pytest.mark.parametrize("run", [scalar_network, tensor_network, second_order, abandoned, steps_as_data, copies])
def test_memory_comes_back_without_the_garbage_collector(run: Callable[[], object]) -> None:
    cycles, held = leftover(run)
    assert cycles == 0
    assert held < 4096  # what interpreters keep for themselves; a leak would be a thousand times that


def test_no_node_points_forward() -> None:
    """Nothing that is reachable from an input leads to what was made of it."""
    x = tg.Value(2.0)
    y = x * x
    y.backward()
    assert not any(isinstance(thing, tg.Node) for thing in gc.get_referents(x))
    assert sum(thing is x for thing in gc.get_referents(y)) == 2


def test_a_backward_pass_holds_little_more_than_the_forward_pass() -> None:
    """Large arrays that nobody holds are released as the walk passes them."""
    x = tg.tensor(np.linspace(0.0, 1.0, 200_000), requires_grad=True)
    nbytes = x.data.nbytes
    tracemalloc.start()
    try:
        y = x
        for _ in range(8):
            y = (y * 0.5).tanh()
        loss = y.sum()
        del y
        forward = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        loss.backward()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak - forward < 6 * nbytes
