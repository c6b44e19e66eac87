"""What the kernel lets through: the files that a child may open (Landlock), and its system calls (seccomp).

Both are lists of what is allowed, so they stay right when a new kernel adds something. See landlock(7) and seccomp(2).
The packages for them are no help: `landlock` knows only files, and `pyseccomp` needs a system library that containers
often lack.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
import sysconfig
from collections.abc import Collection, Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

__all__ = ["ALLOWED", "CONDITIONAL", "LIBC", "allow_only_the_list", "enclose", "libc", "make_rules", "packed_rest"]

LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def libc(function: str, *arguments: Any, what: str = "") -> int:
    """Call a function of the C library that Python does not offer; `what` names the call in the `OSError`."""
    if LIBC is None:
        raise OSError("only on Linux")
    result = int(getattr(LIBC, function)(*arguments))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what or function}: {os.strerror(number)}")
    return result


# Files: Landlock works without root since Linux 5.13. The numbers are those of <linux/landlock.h>. Later kernels let it
# close the network and signals, too.

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
    for path, rights in _readable(libraries):
        try:
            place = os.open(path, os.O_PATH)
        except FileNotFoundError:
            continue
        allowed = Beneath(rights if Path(path).is_dir() else rights & ~READ_DIR, place)
        libc("syscall", ADD_RULE, rules, 1, ctypes.byref(allowed), 0, what=f"landlock: {path}")
        os.close(place)
    return rules


def _readable(libraries: list[str]) -> Iterator[tuple[str, int]]:
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


# System calls: the kernel answers all others with "operation not permitted". Python turns this into an exception that
# the student can read; to kill the process would explain nothing.

ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""For each architecture: its column in the table, and its number in the kernel."""

ALLOWED: dict[str, dict[str, tuple[int | None, int | None]]] = {
    "read and write what is already open: the two pipes and the captured output": {
        "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "pread64": (17, 67),
        "close": (3, 57), "lseek": (8, 62), "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24),
        "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72),
    },
    "open files; Landlock decides which. None can be renamed, linked or removed": {
        "open": (2, None), "openat": (257, 56), "stat": (4, None), "lstat": (6, None), "fstat": (5, 80),
        "newfstatat": (262, 79), "statx": (332, 291), "access": (21, None), "faccessat": (269, 48),
        "faccessat2": (439, 439), "readlink": (89, None), "readlinkat": (267, 78), "getdents64": (217, 61),
        "getcwd": (79, 17),
    },
    "memory, which the limits bound": {
        "brk": (12, 214), "mmap": (9, 222), "munmap": (11, 215), "mremap": (25, 216), "mprotect": (10, 226),
        "madvise": (28, 233), "membarrier": (324, 283),
    },
    "threads: they live and die with the process": {
        "futex": (202, 98), "set_robust_list": (273, 99), "rseq": (334, 293), "sched_yield": (24, 124),
        "sched_getaffinity": (204, 123), "exit": (60, 93), "exit_group": (231, 94),
    },
    "handle signals": {
        "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
        "sigaltstack": (131, 132), "restart_syscall": (219, 128),
    },
    "clocks and random numbers": {
        "nanosleep": (35, 101), "gettimeofday": (96, 169), "time": (201, None), "times": (100, 153),
        "getrandom": (318, 278),
    },
    "ask for its ids and its machine": {
        "getpid": (39, 172), "gettid": (186, 178), "getppid": (110, 173), "getuid": (102, 174),
        "geteuid": (107, 175), "getgid": (104, 176), "getegid": (108, 177), "getrusage": (98, 165),
        "uname": (63, 160), "getcpu": (309, 168),
    },
}  # fmt: skip
"""Purpose, call, and its numbers on x86-64 and aarch64 (None: the call does not exist there)."""

OWN_CLOCKS = range(12)
"""The machine's clocks, from CLOCK_REALTIME to CLOCK_TAI, and this process's own."""

CONDITIONAL: dict[str, tuple[tuple[int, int], int, Collection[int] | None]] = {
    "kill": ((62, 129), 0, None),  # only itself
    "tgkill": ((234, 131), 0, None),
    "prlimit64": ((302, 261), 0, (0,)),  # its own limits, not those of another process
    # Not the processor time of other processes, which tells what they compute: their clocks have other numbers.
    "clock_gettime": ((228, 113), 0, OWN_CLOCKS),
    "clock_getres": ((229, 114), 0, OWN_CLOCKS),
    "clock_nanosleep": ((230, 115), 0, OWN_CLOCKS),
    "ioctl": ((16, 29), 1, (0x5401,)),  # TCGETS, "is this a terminal?": Python asks for each file that it opens
    # Copies of descriptors and their flags. Not F_SETOWN: with it the kernel would send signals, even to the grader.
    "fcntl": ((72, 25), 1, (0, 1, 2, 3, 1030)),
}
"""Calls that depend on an argument: numbers, index of the argument, allowed values (None: the process's own id)."""

CLONE, CLONE3, CLONE_THREAD = (56, 220), 435, 0x10000

ALLOW, KILL = 0x7FFF0000, 0x80000000
NOT_PERMITTED, NO_SUCH_CALL = 0x00050000 | 1, 0x00050000 | 38

LOAD, IF_EQUAL, IF_BITS, RETURN = 0x20, 0x15, 0x45, 0x06
"""Instructions of classic BPF."""

NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
"""Offsets in what the kernel shows to the program; arguments have eight bytes each, the low word first."""

Instruction = tuple[int, int, int, int]
"""Operation, how many instructions to skip if true and if false, operand."""


def allow_only_the_list() -> None:
    """Put this process, which must have a single thread, under the list for good.

    Raises `OSError` if the kernel has no seccomp, or the table has no column for the architecture.
    """
    program = _packed(_beginning(*_this_machine(), os.getpid())) + packed_rest()
    zero, header = ctypes.c_ulong(0), Filter(len(program) // 8, program)
    libc("prctl", 22, ctypes.c_ulong(2), ctypes.byref(header), zero, zero, what="seccomp")


class Filter(ctypes.Structure):
    """A program for the kernel: how many instructions, and where they are."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


@cache
def _this_machine() -> tuple[int, int]:
    """The column in the table and the number in the kernel of this architecture."""
    machine = platform.machine()
    if machine not in ARCHITECTURES:
        raise OSError(f"no list of system calls for {machine}")
    return ARCHITECTURES[machine]


def _packed(program: list[Instruction]) -> bytes:
    """The program as the kernel takes it."""
    return struct.pack("<" + len(program) * "HBBI", *chain.from_iterable(program))


@cache
def packed_rest() -> bytes:
    """The part of the program that is the same for all children: the clean process makes it once."""
    return _packed(_rest(_this_machine()[0]))


def instructions(column: int, architecture: int, pid: int) -> list[Instruction]:
    """The program that the kernel runs at every system call. The numbers of 32-bit calls differ and are not listed."""
    return _beginning(column, architecture, pid) + _rest(column)


def _beginning(column: int, architecture: int, pid: int) -> list[Instruction]:
    """The beginning of the program, with the calls by which a process may reach only itself."""
    program: list[Instruction] = [
        (LOAD, 0, 0, ARCHITECTURE),
        (IF_EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),  # on another architecture the numbers mean other calls
        (LOAD, 0, 0, NUMBER),
    ]
    for pair, argument, values in CONDITIONAL.values():
        if values is None:
            program += _where(pair[column], argument, (pid,))
    return program


def _rest(column: int) -> list[Instruction]:
    """All other calls; those that are not listed are refused."""
    program: list[Instruction] = []
    for calls in ALLOWED.values():
        for numbers in calls.values():
            number = numbers[column]
            if number is not None:
                program += [(IF_EQUAL, 0, 1, number), (RETURN, 0, 0, ALLOW)]
    for pair, argument, values in CONDITIONAL.values():
        if values is not None:
            program += _where(pair[column], argument, values)
    return [
        *program,
        (IF_EQUAL, 0, 3, CLONE[column]),
        (LOAD, 0, 0, ARGUMENTS),
        (IF_BITS, 0, 1, CLONE_THREAD),  # only threads: a process would outlive this one
        (RETURN, 0, 0, ALLOW),
        (IF_EQUAL, 0, 1, CLONE3),  # a filter cannot see its flags; told "no such call", libc uses clone
        (RETURN, 0, 0, NO_SUCH_CALL),
        (RETURN, 0, 0, NOT_PERMITTED),
    ]


def _where(number: int, argument: int, allowed: Collection[int]) -> list[Instruction]:
    """Allow a call where this argument of it has one of these values, and refuse it otherwise."""
    program: list[Instruction] = [(IF_EQUAL, 0, 2 * len(allowed) + 2, number), (LOAD, 0, 0, ARGUMENTS + 8 * argument)]
    for value in allowed:
        program += [(IF_EQUAL, 0, 1, value), (RETURN, 0, 0, ALLOW)]
    return [*program, (RETURN, 0, 0, NOT_PERMITTED)]
