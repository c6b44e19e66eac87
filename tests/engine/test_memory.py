"""Freed memory is kept for the next arrays."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import platform, resource
import numpy as np
import tinygrad_edu

def step():
    arrays = [np.ones(1_000_000) for _ in range(3)]

step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
step()
print(platform.libc_ver()[0], resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the C library of Linux only is told to")
def test_a_step_like_the_last_one_visits_the_system_for_no_new_pages() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    library, new_pages = ran.stdout.split()
    if library != "glibc":
        pytest.skip("another C library than glibc decides for itself")
    assert int(new_pages) < 600  # 5,859 pages of 4 kB are written to
