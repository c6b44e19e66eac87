"""Single restrictions that a process puts on itself by a system call: resources, user, capabilities, network, memory.

None of them can be lifted again. All functions raise `OSError`, or what a missing module or attribute raises, where the
system refuses; `walls.py` has the order and collects the reasons.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from pathlib import Path
from typing import Any

__all__ = [
    "become_nobody", "die_with_parent", "drop_capabilities", "hide_memory", "leave_network", "leave_no_marks",
    "libc", "limit_memory", "limit_resources", "no_new_privileges", "tasks_of_this_user", "unmount",
]  # fmt: skip

LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

MANY_TASKS = 1_000
"""The limit on tasks where they cannot be counted: it stops a fork bomb before the machine notices."""

FIRST_UID, UIDS = 61184, 4336
"""The range that systemd reserves for temporary users; see systemd.exec(5), `DynamicUser`."""

NEW_USER, NEW_NETWORK, NEW_IPC, NEW_MOUNTS = 0x10000000, 0x40000000, 0x08000000, 0x00020000

MOUNT_SETATTR, HERE, RECURSIVE = 442, -100, 0x8000
"""A system call, which has the same number on every architecture, and two of its constants; see mount_setattr(2)."""

READ_ONLY, PRIVATE, BIND, DETACH = 1, 1 << 18, 1 << 12, 2


def libc(function: str, *arguments: Any, what: str = "") -> int:
    """Call a function of the C library that Python does not offer; `what` names the call in the `OSError`."""
    if LIBC is None:
        raise OSError("only on Linux")
    result = int(getattr(LIBC, function)(*arguments))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what or function}: {os.strerror(number)}")
    return result


# Resources.


def limit_resources(seconds: int, file_bytes: int, tasks: int) -> None:
    """Limit what this process may use.

    Parameters
    ----------
    seconds : processor time for the whole life of the child. The grader watches the wall clock.
    file_bytes : the longest file, which is also the longest captured output.
    tasks : how many threads and processes the user may have.
    """
    lower("RLIMIT_CPU", seconds, seconds + 1)  # first a signal with a name, then the end
    lower("RLIMIT_FSIZE", file_bytes)
    lower("RLIMIT_NOFILE", 64)
    lower("RLIMIT_NPROC", tasks)
    lower("RLIMIT_CORE", 0)  # a crash leaves no file


def limit_memory(memory: int) -> None:
    """Limit the address space to `memory` bytes beyond what is mapped now: NumPy's BLAS maps much it never uses."""
    if sys.platform != "linux":
        raise OSError("this system accepts the limit and does not keep it")
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    lower("RLIMIT_AS", pages * os.sysconf("SC_PAGE_SIZE") + memory)


def lower(name: str, soft: int, hard: int | None = None) -> None:
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


def become_nobody(home: str) -> None:
    """Change from root to a user who owns only `home`. Each child that runs at the same time gets another user."""
    if os.getuid() != 0:
        raise PermissionError("the grader does not run as root, so a child runs as the grader's user")
    uid = FIRST_UID + os.getpid() % UIDS
    os.chown(home, uid, uid)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def drop_capabilities() -> None:
    """Give up every capability: a new user namespace grants them all, and a child that must stay root has them."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    none = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; low and high words
    libc("capset", header, none)


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
    change_mounts("/", RECURSIVE, READ_ONLY, 0, PRIVATE)
    mount_anew(home, 0, READ_ONLY)
    if data != home:
        mount_anew(data, READ_ONLY, 0)
    os.chdir(home)  # the writable one


def mount_anew(path: str, setting: int, clearing: int) -> None:
    """Mount a directory once more at its place, with flags of its own."""
    libc("mount", os.fsencode(path), os.fsencode(path), None, ctypes.c_ulong(BIND), None)
    change_mounts(path, 0, setting, clearing, 0)


def change_mounts(path: str, flags: int, setting: int, clearing: int, propagation: int) -> None:
    """Set and clear flags of the file system that is mounted at a path."""
    attributes = (ctypes.c_uint64 * 4)(setting, clearing, propagation, 0)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    libc("syscall", MOUNT_SETATTR, HERE, os.fsencode(path), flags, attributes, size, what="mount_setattr")


def unmount(path: str) -> None:
    """Undo the mount of a directory."""
    libc("umount2", os.fsencode(path), DETACH)


# Settings of a process; see prctl(2).


def prctl(option: int, argument: int, what: str) -> None:
    zero = ctypes.c_ulong(0)
    libc("prctl", option, ctypes.c_ulong(argument), zero, zero, zero, what=what)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, or the thread of its parent that started it.

    A change of user cancels this, so it comes after that.
    """
    prctl(1, 9, "PR_SET_PDEATHSIG")
    if os.getppid() != parent:  # it ended before we asked
        os._exit(1)


def hide_memory() -> None:
    """Forbid other processes of the same user to read or trace this one, and this one to write a core file."""
    prctl(4, 0, "PR_SET_DUMPABLE")


def no_new_privileges() -> None:
    """Give no program that this process starts more rights than it has; Landlock and seccomp require this."""
    prctl(38, 1, "PR_SET_NO_NEW_PRIVS")
