"""What is recorded, in each thread and each task, and with which source lines."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

import tinygrad_edu as tg


@pytest.mark.parametrize("make", [lambda: tg.Value(2.0), lambda: tg.ones(2, requires_grad=True)])
def test_no_grad_leaves_no_trace(make: Callable[[], Any]) -> None:
    x = make()
    with tg.no_grad():
        y = x * x + 1
        with tg.enable_grad():
            z = x * x
    assert (y.requires_grad, y.is_leaf, y.inputs) == (False, True, ())
    assert z.requires_grad
    assert (x * x).requires_grad


def test_no_grad_ends_with_an_exception() -> None:
    with pytest.raises(ZeroDivisionError), tg.no_grad():
        _ = 1 / 0
    assert (tg.Value(2.0) * 2).requires_grad


def test_no_grad_is_a_matter_of_the_thread() -> None:
    inside, done = threading.Event(), threading.Event()
    seen: list[bool] = []

    def other() -> None:
        inside.wait()
        seen.append((tg.Value(2.0) * 2).requires_grad)
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    with tg.no_grad():
        inside.set()
        done.wait()
        assert not (tg.Value(2.0) * 2).requires_grad
    thread.join()
    assert seen == [True]


def test_no_grad_is_a_matter_of_the_task() -> None:
    async def quiet() -> bool:
        with tg.no_grad():
            await asyncio.sleep(0)
            return bool((tg.Value(2.0) * 2).requires_grad)

    async def recording() -> bool:
        await asyncio.sleep(0)
        return bool((tg.Value(2.0) * 2).requires_grad)

    async def both() -> list[bool]:
        return list(await asyncio.gather(quiet(), recording()))

    assert asyncio.run(both()) == [False, True]


def test_threads_build_and_walk_graphs_at_the_same_time() -> None:
    results: list[float] = []

    def work(k: int) -> None:
        x = tg.Value(float(k))
        for _ in range(20):
            y = x
            for _ in range(200):
                y = y * 1.001 + x
            (gradient,) = tg.gradients(y, [x])
        results.append(gradient)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert len({round(r, 9) for r in results}) == 1


def test_source_lines_are_recorded_inside_trace_only() -> None:
    x = tg.Value(3.0)
    y = x * x
    with tg.trace():
        z = x * x
    assert y.source is None
    assert z.source is not None
    assert z.source.file.endswith("test_grad_mode.py")
    assert z.source.text == "z = x * x"
