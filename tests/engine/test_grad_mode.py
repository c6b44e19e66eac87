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


# Switches.


@pytest.mark.parametrize("switch", [tg.no_grad, tg.no_grad()])
def test_a_switch_works_bare_with_brackets_and_again(switch: Any) -> None:
    x = tg.Value(2.0)
    for _ in range(2):
        with switch:
            with switch:
                assert not (x * x).requires_grad
            assert not (x * x).requires_grad
        assert (x * x).requires_grad

    def f(x: Any) -> Any:
        return x * x

    f = switch(f)
    assert not f(x).requires_grad
    assert f.__name__ == "f"
    assert (x * x).requires_grad


def test_a_switch_is_not_left_more_often_than_it_was_entered() -> None:
    switch = tg.no_grad()
    with switch:
        pass
    with pytest.raises(tg.GraphError, match="no_grad: left more often than it was entered"):
        switch.__exit__(None, None, None)
    assert (tg.Value(1.0) * 2).requires_grad


def test_a_decorated_generator_runs_in_the_state_and_its_user_does_not() -> None:
    x = tg.Value(2.0)

    @tg.no_grad()
    def products() -> Any:
        received = yield x * x
        try:
            yield x * received
        except ValueError:
            yield x * 3
        return x * 4

    running = products()
    first = next(running)
    assert ((x * x).requires_grad, first.requires_grad) == (True, False)
    assert not running.send(5.0).requires_grad
    assert not running.throw(ValueError()).requires_grad
    with pytest.raises(StopIteration) as end:
        next(running)
    assert not end.value.value.requires_grad


def test_decorated_coroutines_and_asynchronous_generators_run_in_the_state() -> None:
    x = tg.Value(2.0)

    @tg.no_grad
    async def product() -> Any:
        await asyncio.sleep(0)
        return x * x

    @tg.no_grad()
    async def products() -> Any:
        for factor in (1.0, 2.0):
            yield x * factor
            await asyncio.sleep(0)

    async def main() -> list[bool]:
        found = [(await product()).requires_grad, (x * x).requires_grad]
        async for y in products():
            found += [y.requires_grad, (x * x).requires_grad]
            break
        return [*found, (x * x).requires_grad]

    assert asyncio.run(main()) == [False, True, False, True, True]


def test_a_block_in_an_abandoned_generator_leaves_recording_on() -> None:
    x = tg.Value(2.0)

    def products() -> Any:
        with tg.no_grad():
            yield x * x

    running = products()
    next(running)
    threading.Thread(target=running.close).start()
    while running.gi_frame is not None:
        pass
    assert (x * x).requires_grad
    with pytest.raises(tg.DtypeError, match="no_grad: decorates a function"):
        tg.no_grad(3)  # type: ignore[call-overload]
