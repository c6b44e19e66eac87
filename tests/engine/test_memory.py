"""Large arrays are released by a backward pass, and freed memory is kept where a program or a training asks for it."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from mmap import PAGESIZE
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.engine.memory import collecting_rarely

LARGE = 20_000
"""Numbers of an array large enough for the walk to release it."""


# Large arrays that only the graph holds are released, and computed again when asked for.


def test_what_was_released_is_computed_again() -> None:
    x = tg.tensor(np.linspace(0.0, 1.0, LARGE), requires_grad=True)
    z = (x.exp() * 2.0).sum()
    z.backward()
    (product,) = (node for node in z.inputs if isinstance(node, tg.Node))
    np.testing.assert_array_equal(product.data, np.exp(x.data) * 2.0)
    z.backward()
    np.testing.assert_allclose(x.grad, 4 * np.exp(x.data))


def test_a_node_the_user_holds_keeps_its_numbers() -> None:
    """Also when the leaf is changed afterwards, as an optimiser does."""
    w = tg.tensor(np.full(LARGE, 2.0), requires_grad=True)
    held = w * w
    held.sum().backward()
    with tg.no_grad():
        w -= 1.0
    assert held.data[0] == 4.0


def test_what_cannot_be_computed_again_is_refused() -> None:
    w = tg.tensor(np.full(LARGE, 2.0), requires_grad=True)
    z = (w.exp() * 2.0).sum()
    z.backward()
    with tg.no_grad():
        w -= 1.0
    (product,) = (node for node in z.inputs if isinstance(node, tg.Node))
    with pytest.raises(tg.InPlaceError, match=r"released its numbers.*changed in place.*before its parameters change"):
        _ = product.data
    with pytest.raises(tg.InPlaceError, match="changed in place"):
        z.backward()


def test_a_second_backward_over_large_arrays() -> None:
    x = tg.tensor(np.linspace(0.0, 1.0, LARGE), requires_grad=True)
    loss = (x.sin() * x.exp()).mean()
    loss.backward()
    once = x.grad.copy()
    loss.backward()
    np.testing.assert_allclose(x.grad, 2 * once)


# Freed memory is kept for the next arrays if a program asks for it, and in training, but not after an import.

PROGRAM = """
import platform, resource
import numpy as np
import tinygrad_edu as tg
from tinygrad_edu import nn, optim
from tinygrad_edu.engine.memory import keep_freed_memory

def step():
    arrays = [np.ones(300_000) for _ in range(20)]  # too small for huge pages

{0}
step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
step()
print(platform.libc_ver()[0], resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""

FIT = "model = nn.Linear(1, 1); tg.train.fit(model, [], nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1), epochs=0)"

PAGES = 20 * 300_000 * 8 // PAGESIZE  # the arrays of a step


def new_pages(preparation: str) -> int:
    """How many pages the system gives to a step that is like the one before it."""
    program = PROGRAM.format(preparation)
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    library, pages = ran.stdout.split()
    if library != "glibc":
        pytest.skip("another C library than glibc decides for itself")
    return int(pages)


linux = pytest.mark.skipif(sys.platform != "linux", reason="only the C library of Linux is told")


@linux
@pytest.mark.parametrize("preparation", ["keep_freed_memory()", FIT])
def test_a_step_like_the_last_one_needs_no_new_pages(preparation: str) -> None:
    assert new_pages(preparation) < PAGES / 10


@linux
def test_the_import_changes_nothing() -> None:
    assert new_pages("pass") > PAGES / 2


# Python looks for cycles less often in a training and in a command, and afterwards as before.


class Look(tg.train.Callback):
    """Notes the first threshold of the garbage collector in a training."""

    def on_epoch_end(self, run: Any) -> None:
        self.threshold = gc.get_threshold()[0]


@pytest.fixture
def _thresholds() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("_thresholds")
@pytest.mark.parametrize(("found", "within"), [(700, 10_000), (2_000, 10_000), (50_000, 50_000), (0, 0)])
def test_a_training_sets_the_threshold_of_the_garbage_collector_and_sets_it_back(found: int, within: int) -> None:
    gc.set_threshold(found)
    model, x, look = tg.nn.Linear(1, 1), tg.zeros((2, 1)), Look()
    sgd = tg.optim.SGD(model.parameters(), lr=0.1)
    tg.train.fit(model, [(x, x)], tg.nn.MSELoss(), sgd, epochs=1, callbacks=[look], progress=False)
    assert (look.threshold, gc.get_threshold()[0]) == (within, found)


@pytest.mark.usefixtures("_thresholds")
def test_an_error_sets_it_back_too() -> None:
    gc.set_threshold(700)
    with pytest.raises(ZeroDivisionError), collecting_rarely():
        raise ZeroDivisionError
    assert gc.get_threshold()[0] == 700
