"""Calls of the Linux kernel that Python has no function for."""

from __future__ import annotations

import ctypes
import os
import sys

__all__ = ["libc", "prctl"]

if sys.platform != "linux":
    raise ImportError("only on Linux")

libc = ctypes.CDLL(None, use_errno=True)


def checked(result: int, what: str) -> int:
    """The result of a call of libc; an `OSError` that says what failed, where it is −1."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def prctl(option: int, argument: int, what: str) -> None:
    """Change a setting of this process; see prctl(2)."""
    checked(libc.prctl(option, ctypes.c_ulong(argument), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)), what)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, or the thread of its parent that started it.

    A change of user undoes it, so it comes after that.
    """
    prctl(1, 9, "PR_SET_PDEATHSIG")
    if os.getppid() != parent:  # it ended before we asked
        os._exit(1)


def hide_memory() -> None:
    """Let no other process of the same user read or trace this one, nor write a core file."""
    prctl(4, 0, "PR_SET_DUMPABLE")


def no_new_privileges() -> None:
    """No program that this process starts may have more rights than it; Landlock and seccomp ask for this first."""
    prctl(38, 1, "PR_SET_NO_NEW_PRIVS")
