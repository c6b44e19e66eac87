"""Landlock: an allow-list of the files that a child may open. Works without root since Linux 5.13; see landlock(7).

The numbers are those of <linux/landlock.h>. The package `landlock` is a pre-release that knows only files; this file
also closes the network and signals, which later kernels added.
"""

from __future__ import annotations

import ctypes
import os
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from .kernel import libc

__all__ = ["enclose", "make_rules"]

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""The system calls have the same numbers on every architecture."""

WRITE_FILE, READ_FILE, READ_DIR = 1 << 1, 1 << 2, 1 << 3

FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many rights on files each version of Landlock knows; each right is one bit."""


class Ruleset(ctypes.Structure):
    """What is forbidden unless a rule allows it: rights on files, TCP, and contact with processes outside."""

    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scope", ctypes.c_uint64))


class Beneath(ctypes.Structure):
    """A rule: rights on a file, or on a directory and everything below it."""

    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("rights", ctypes.c_uint64), ("place", ctypes.c_int32))


def make_rules(libraries: list[str]) -> int:
    """A file descriptor of the rules: NumPy and the standard library can be read, nothing can be written.

    The clean process makes them once. Raises `OSError` if the kernel has no Landlock.
    """
    version = libc("syscall", CREATE_RULESET, None, ctypes.c_size_t(0), 1, what="landlock")
    handled = Ruleset(
        files=(1 << FILE_RIGHTS.get(version, 16)) - 1,
        network=0b11 if version >= 4 else 0,  # bind and connect
        scope=0b11 if version >= 6 else 0,  # abstract sockets and signals
    )
    size = ctypes.c_size_t(ctypes.sizeof(handled))
    rules = libc("syscall", CREATE_RULESET, ctypes.byref(handled), size, 0, what="landlock")
    for path, rights in readable(libraries):
        try:
            place = os.open(path, os.O_PATH)
        except FileNotFoundError:
            continue
        allowed = Beneath(rights if Path(path).is_dir() else rights & ~READ_DIR, place)
        libc("syscall", ADD_RULE, rules, 1, ctypes.byref(allowed), 0, what=f"landlock: {path}")
        os.close(place)
    return rules


def readable(libraries: list[str]) -> Iterator[tuple[str, int]]:
    """The files and directories that a child may use, with its rights there.

    The entries of the standard library are listed one by one, because installed packages often lie inside it, among
    them the engine and its tests. The directory itself may be listed, or Python finds no module in it.
    """
    yield "/dev/null", READ_FILE | WRITE_FILE
    yield "/dev/urandom", READ_FILE
    for library in libraries:
        yield library, READ_FILE | READ_DIR
    for standard in {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}:
        yield standard, READ_DIR
        for entry in sorted(os.listdir(standard)):
            if entry not in ("site-packages", "dist-packages"):
                yield os.path.join(standard, entry), READ_FILE | READ_DIR


def enclose(rules: int) -> None:
    """Put this process under the rules for good."""
    libc("syscall", RESTRICT_SELF, rules, 0, what="landlock")
