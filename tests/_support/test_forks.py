"""A forked process draws pictures and its own random numbers, whatever other threads did at that moment."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

import tinygrad_edu as tg
from tinygrad_edu.engine import random

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="forks processes"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


def forked(work: Callable[[], object]) -> str:
    """What the work of a child gives; "" where it has not ended after ten seconds."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(10)
        os.write(write, repr(work()).encode())
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with open(read) as answer:
        return answer.read()


def beside(work: Callable[[], object], child: Callable[[], object], times: int = 4) -> list[str]:
    """What children give that are forked while another thread works."""
    stop = threading.Event()

    def loop() -> None:
        while not stop.is_set():
            work()

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        time.sleep(0.1)
        return [forked(child) for _ in range(times)]
    finally:
        stop.set()
        thread.join()


def test_a_child_draws_pictures_although_another_thread_was_drawing() -> None:
    x = tg.Value(2.0, name="x")
    z = x * x + x
    picture = tg.draw(z).svg()
    assert beside(lambda: tg.draw(z).svg(), lambda: tg.draw(z).svg() == picture) == ["True"] * 4


def test_a_child_explains_although_another_thread_was_explaining() -> None:
    x = tg.Value(2.0, name="x")
    z = x * x + x
    assert beside(lambda: str(tg.explain(z, x)), lambda: bool(str(tg.explain(z, x)))) == ["True"] * 4


def test_a_child_draws_random_numbers_although_another_thread_was_drawing_some() -> None:
    assert all(beside(lambda: tg.randn(1_000_000), lambda: tg.randn(2).tolist()))


def test_children_draw_other_numbers_than_each_other_and_the_same_in_every_run() -> None:
    def numbers() -> list[str]:
        tg.manual_seed(5)
        random._forks = 0
        return [*(forked(lambda: tg.randn(3).tolist()) for _ in range(3)), repr(tg.randn(3).tolist())]

    first = numbers()
    assert len(set(first)) == 4
    assert numbers() == first


def test_a_fork_does_not_change_the_numbers_of_the_parent() -> None:
    tg.manual_seed(5)
    expected = tg.randn(3).tolist()
    tg.manual_seed(5)
    forked(lambda: tg.randn(3))
    assert tg.randn(3).tolist() == expected
