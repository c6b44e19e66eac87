"""The walls around a child process, raised in a fixed order before it loads the submission.

Each wall is tried, and the report says which ones stand and why the others do not. The grader turns the report into an
isolation level (`sandbox/isolation.py`) and decides whether that is enough. No wall can be lifted again. All functions
raise `OSError`, or what a missing module or attribute raises, where the system refuses.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .filters import LIBC, allow_only_the_list, enclose, libc

__all__ = [
    "hide_memory", "leave_network", "leave_no_marks", "mapped_memory", "raise_walls", "round_to_float64",
    "tasks_of_this_user", "tried", "unmount",
]  # fmt: skip


def raise_walls(home: str, parent: int, settings: dict[str, Any], reached: dict[str, str]) -> dict[str, str]:
    """Raise all walls around this process; for each, why it does not stand, empty if it does.

    Parameters
    ----------
    home : the child's directory; "" if it has none.
    parent : the process with which the child must end.
    settings : limits, Landlock rules, and walls to leave out.
    reached : the reasons that the clean process has found already.
    """
    reached = dict(reached)
    for name, wall in [
        ("limits", lambda: _limit_resources(settings["cpu_seconds"], settings["file_bytes"], settings["tasks"])),
        ("memory", lambda: _limit_memory(settings["memory"])),
        ("user", lambda: _become_nobody(home)),
        ("capabilities", lambda: libc("capset", THIS_PROCESS, NO_CAPABILITIES)),
        ("parent", lambda: _depend_on(parent)),
        ("files", lambda: _close_files(reached["files"], settings["rules"])),
        ("system calls", _close_system_calls),
    ]:
        reached[name] = "left out" if name in settings["without"] else tried(wall)
    return reached


def tried(wall: Callable[[], Any]) -> str:
    """Why the wall does not stand; empty if it does."""
    try:
        wall()
    except (OSError, ValueError, ImportError, AttributeError) as error:  # the last two: another operating system
        return str(error) or type(error).__name__
    return ""


def _close_files(why_not: str, rules: int) -> None:
    if why_not:
        raise OSError(why_not)
    _no_new_privileges()
    enclose(rules)
    os.close(rules)


def _close_system_calls() -> None:
    _no_new_privileges()
    allow_only_the_list()


MANY_TASKS = 1_000
"""The limit on tasks where they cannot be counted: it stops a fork bomb before the machine notices."""

FIRST_UID, UIDS = 61184, 4336
"""The range that systemd reserves for temporary users; see systemd.exec(5), `DynamicUser`."""

NEW_USER, NEW_NETWORK, NEW_IPC, NEW_MOUNTS = 0x10000000, 0x40000000, 0x08000000, 0x00020000

MOUNT_SETATTR, HERE, RECURSIVE = 442, -100, 0x8000
"""A system call, which has the same number on every architecture, and two of its constants; see mount_setattr(2)."""

READ_ONLY, PRIVATE, BIND, DETACH = 1, 1 << 18, 1 << 12, 2


# Resources.


def _limit_resources(seconds: int, file_bytes: int, tasks: int) -> None:
    """Limit what this process may use.

    Parameters
    ----------
    seconds : processor time for the whole life of the child. The grader watches the wall clock.
    file_bytes : the longest file, which is also the longest captured output.
    tasks : how many threads and processes the user may have.
    """
    _lower("RLIMIT_CPU", seconds, seconds + 1)  # first a signal with a name, then the end
    _lower("RLIMIT_FSIZE", file_bytes)
    _lower("RLIMIT_NOFILE", 64)
    _lower("RLIMIT_NPROC", tasks)
    _lower("RLIMIT_CORE", 0)  # a crash leaves no file


def _limit_memory(memory: int) -> None:
    """Limit the address space."""
    if sys.platform != "linux":
        raise OSError("this system accepts the limit and does not keep it")
    _lower("RLIMIT_AS", memory)


def mapped_memory() -> int:
    """The bytes of address space that this process has mapped: NumPy's BLAS maps much it never uses."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _lower(name: str, soft: int, hard: int | None = None) -> None:
    """Set a limit, or keep the present one if that is lower; it can never be raised again."""
    import resource  # Windows lacks it

    kind = getattr(resource, name)
    _, most = resource.getrlimit(kind)
    most = most if most != resource.RLIM_INFINITY else sys.maxsize
    hard = min(soft if hard is None else hard, most)
    resource.setrlimit(kind, (min(soft, hard), hard))


def tasks_of_this_user() -> int:
    """How many threads this user has: the kernel counts them all, whatever program they belong to."""
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            if process.stat().st_uid == os.getuid():
                count += sum(1 for _ in (process / "task").iterdir())
    return count or MANY_TASKS


# User and capabilities.


def _become_nobody(home: str) -> None:
    """Change from root to a user who owns only `home`. Each child that runs at the same time gets another user."""
    if os.getuid() != 0:
        raise PermissionError("the grader does not run as root, so a child runs as the grader's user")
    uid = FIRST_UID + os.getpid() % UIDS
    if home:
        os.chown(home, uid, uid)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


THIS_PROCESS = (ctypes.c_uint32 * 2)(0x20080522, 0)
"""_LINUX_CAPABILITY_VERSION_3, and whose capabilities are meant."""

NO_CAPABILITIES = (ctypes.c_uint32 * 6)()
"""Effective, permitted, inheritable; low and high words. A child gives up all: a new user namespace grants them, and a
child that must stay root has them."""


# Namespaces.


def leave_network() -> None:
    """Move this process, which must have a single thread, into an empty network, without shared memory.

    All its children start there. Many containers refuse this; the other walls do not depend on it.
    """
    if LIBC is None:
        raise OSError("only on Linux")
    uid, gid = os.getuid(), os.getgid()
    if uid == 0:
        libc("unshare", NEW_NETWORK | NEW_IPC)
        return
    # An ordinary user may do this inside a user namespace, and keeps the same ids in it.
    libc("unshare", NEW_USER | NEW_NETWORK | NEW_IPC)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def leave_no_marks(home: str, data: str) -> None:
    """Make all files read-only for this process and its children, but for what is in the directory `home`, and not in
    `data`, a directory there or this one itself.

    The kernel then no longer notes when a file was read, by which one child could tell a later one what it was asked.
    """
    libc("unshare", NEW_MOUNTS)
    _change_mounts("/", RECURSIVE, READ_ONLY, 0, PRIVATE)
    _mount_anew(home, 0, READ_ONLY)
    if data != home:
        _mount_anew(data, READ_ONLY, 0)
    os.chdir(home)  # the writable one


def _mount_anew(path: str, setting: int, clearing: int) -> None:
    """Mount a directory once more at its place, with flags of its own."""
    libc("mount", os.fsencode(path), os.fsencode(path), None, ctypes.c_ulong(BIND), None)
    _change_mounts(path, 0, setting, clearing, 0)


def _change_mounts(path: str, flags: int, setting: int, clearing: int, propagation: int) -> None:
    """Set and clear flags of the file system that is mounted at a path."""
    attributes = (ctypes.c_uint64 * 4)(setting, clearing, propagation, 0)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    libc("syscall", MOUNT_SETATTR, HERE, os.fsencode(path), flags, attributes, size, what="mount_setattr")


def unmount(path: str) -> None:
    """Undo the mount of a directory."""
    libc("umount2", os.fsencode(path), DETACH)


# Settings of a process; see prctl(2).


def _prctl(option: int, argument: int, what: str) -> None:
    zero = ctypes.c_ulong(0)
    libc("prctl", option, ctypes.c_ulong(argument), zero, zero, zero, what=what)


def _depend_on(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, or the thread of its parent that started it; and hide its
    memory. A change of user cancels both, so they come after that.
    """
    _prctl(1, 9, "PR_SET_PDEATHSIG")
    if os.getppid() != parent:  # it ended before we asked
        os._exit(1)
    hide_memory()


def hide_memory() -> None:
    """Forbid other processes of the same user to read or trace this one, and this one to write a core file."""
    _prctl(4, 0, "PR_SET_DUMPABLE")


def _no_new_privileges() -> None:
    """Give no program that this process starts more rights than it has; Landlock and seccomp require this."""
    _prctl(38, 1, "PR_SET_NO_NEW_PRIVS")


# Arithmetic.


def round_to_float64() -> None:
    """Have the processor round its long doubles of 80 bits to the digits of float64, in this process and its children.

    Differences of functions in long double are as exact as a derivative; they are the only numbers that need more
    digits. Long doubles of other processors are computed by software, which has no such switch.
    """
    if LIBC is not None and platform.machine() == "x86_64":
        state = (ctypes.c_uint16 * 64)()  # fenv_t; its first number is the control word of the x87
        LIBC.fegetenv(state)
        state[0] = state[0] & ~0x300 | 0x200
        LIBC.fesetenv(state)
