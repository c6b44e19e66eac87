"""Several threads record and differentiate graphs of their own at once: each gets the numbers that it gets alone."""

from __future__ import annotations

import copy
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn, optim
from tinygrad_edu.engine import inplace

THREADS = 4


@pytest.fixture(autouse=True)
def _switched_often() -> Iterator[None]:
    """Python goes on to another thread after every few instructions."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def train_scalars(rng: np.random.Generator) -> list[float]:
    weights, found = [tg.Value(w) for w in rng.normal(size=6)], []
    for x in rng.normal(size=(20, 4, 6)).tolist():
        hidden = [tg.dot(weights, row).tanh() for row in x]
        loss = sum((h * h for h in hidden), weights[0]) / (1.0 + weights[1] * weights[1])
        loss.backward()
        found += [loss.item(), *(w.grad for w in weights)]
        with tg.no_grad():
            for w in weights:
                w -= 0.1 * w.grad
                w.grad = 0.0
    return found


def train_network(rng: np.random.Generator) -> list[float]:
    model = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 1))
    for p in model.parameters():
        p.data = rng.normal(size=p.shape)
    optimizer, found = optim.Adam(model.parameters(), lr=0.01), []
    for x in rng.normal(size=(15, 5, 6)):
        loss = (model(tg.tensor(x)) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


def derive_twice(rng: np.random.Generator) -> list[float]:
    hessian = tg.hessian(lambda x: (x**3).sum() * x.sin().sum())
    return [float(np.sum(h)) for h in map(hessian, rng.normal(size=(10, 3)))]


def release(rng: np.random.Generator) -> list[float]:
    x, found = tg.tensor(rng.normal(size=1 << 14), requires_grad=True), []
    for _ in range(10):
        y = x.tanh()
        (y * y + y).mean().backward()
        found += [x.grad.sum(), y.data.sum()]
    return found


def write_down(rng: np.random.Generator) -> list[Any]:
    found: list[Any] = []
    for a in rng.normal(size=5):
        x = tg.Value(a, name="x")
        with tg.trace():
            x, y = copy.deepcopy([x, x * x + x.exp()])
        found += [y.source, tg.formula(y), str(tg.explain(y, x))]
    return found


def change_after_use(rng: np.random.Generator) -> list[str]:
    """Every gradient that would be wrong is refused."""
    found = []
    for x in (tg.Value(rng.normal()), tg.tensor(rng.normal(size=3), requires_grad=True)):
        for _ in range(100):
            y = (x * x).sum() if isinstance(x, tg.Tensor) else x * x
            with tg.no_grad():
                x += 1.0
            with pytest.raises(tg.InPlaceError) as caught:
                y.backward()
            found.append(str(caught.value))
    return found


WORK = [train_scalars, train_network, derive_twice, release, write_down, change_after_use]


@pytest.mark.parametrize("work", WORK, ids=lambda work: work.__name__)
def test_threads_get_the_numbers_that_each_gets_alone(work: Callable[[np.random.Generator], list[Any]]) -> None:
    gate = threading.Barrier(THREADS)

    def at_once(seed: int) -> list[Any]:
        gate.wait()
        return work(np.random.default_rng(seed))

    alone = [work(np.random.default_rng(seed)) for seed in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(at_once, range(THREADS))) == alone


def test_the_tick_of_the_latest_change_never_goes_back() -> None:
    gate, own = threading.Barrier(THREADS), [0] * THREADS

    def times_gone_back(k: int) -> int:
        gate.wait()
        times = 0
        for _ in range(20_000):
            own[k] = inplace.tick_of_change()
            noted = max(own)
            times += inplace.newest[0] < noted
        return times

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(times_gone_back, range(THREADS))) == 0
