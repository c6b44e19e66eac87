"""How much a child may use: the limits of the operating system, set from inside and never raised again."""

from __future__ import annotations

import contextlib
import os
import resource
import sys
from pathlib import Path

__all__ = ["limit_memory", "limit_resources", "tasks_of_this_user"]

MANY_TASKS = 1_000
"""A limit on tasks for where they cannot be counted: it stops a fork bomb before the machine notices."""


def tasks_of_this_user() -> int:
    """How many threads this user has: the kernel counts them all, whatever program they belong to."""
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            if process.stat().st_uid == os.getuid():
                count += sum(1 for _ in (process / "task").iterdir())
    return count or MANY_TASKS


def limit_resources(seconds: int, file_bytes: int, tasks: int) -> None:
    """Limit what this process may use.

    Parameters
    ----------
    seconds : of processor time, for the whole life of the child. The wall clock is the grader's.
    file_bytes : the longest file, which is also the longest captured output.
    tasks : how many threads and processes the user may have.
    """
    lower(resource.RLIMIT_CPU, seconds, seconds + 1)  # first a signal with a name, then the end
    lower(resource.RLIMIT_FSIZE, file_bytes)
    lower(resource.RLIMIT_NOFILE, 64)
    lower(resource.RLIMIT_NPROC, tasks)
    lower(resource.RLIMIT_CORE, 0)  # a crash leaves no file


def limit_memory(memory: int) -> None:
    """Limit the address space to so many bytes beyond what is mapped now: NumPy's BLAS maps much that it never uses."""
    if sys.platform != "linux":
        raise OSError("this system accepts the limit and does not keep it")
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    lower(resource.RLIMIT_AS, pages * resource.getpagesize() + memory)


def lower(kind: int, soft: int, hard: int | None = None) -> None:
    """Set a limit, or keep the one there is where that is lower; it can never be raised again."""
    _, most = resource.getrlimit(kind)
    most = most if most != resource.RLIM_INFINITY else sys.maxsize
    hard = min(soft if hard is None else hard, most)
    resource.setrlimit(kind, (min(soft, hard), hard))
