"""Freed memory is kept for the next arrays: where a program asks for it, and in training, but not after an import."""

from __future__ import annotations

import subprocess
import sys
from mmap import PAGESIZE

import pytest

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


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only the C library of Linux is told")


@pytest.mark.parametrize("preparation", ["keep_freed_memory()", FIT])
def test_a_step_like_the_last_one_needs_no_new_pages(preparation: str) -> None:
    assert new_pages(preparation) < PAGES / 10


def test_the_import_changes_nothing() -> None:
    assert new_pages("pass") > PAGES / 2
