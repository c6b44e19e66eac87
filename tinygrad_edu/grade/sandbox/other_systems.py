"""The walls on macOS and on Windows, raised from outside the child.

They close less than those on Linux; `isolation.py` says which level that is.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["can_confine", "confined", "end_job", "interpreter", "profile", "put_in_job", "watch_memory"]


# macOS: `sandbox-exec` closes files, network and processes. Apple calls it deprecated but has no successor for
# command-line programs, so it is first tested on a small program. The kernel does not limit memory: a thread does.

PROBE = """
import os, socket, sys
sys.path.append(sys.argv[1])
import numpy
def refused(what):
    try:
        what()
    except PermissionError:
        return True
    return False
files = refused(lambda: open(os.path.expanduser("~/.probe"), "w")) and refused(lambda: os.listdir("/Users"))
calls = refused(os.fork) and refused(lambda: socket.create_connection(("127.0.0.1", 9)))
print(int(files), int(calls))
"""
"""A program that tests the profile: NumPy must load, and all these actions must fail."""


def profile(home: str) -> str:
    """The rules for `sandbox-exec` of a child with this directory; where several apply, the last one counts.

    Folders are named without links, as the kernel compares them.
    """
    numpy_folder, inside = Path(np.__file__).parent, Path(__file__).parent.parent / "inside"
    readable = ["/System", "/usr", "/Library", "/private/var/db", "/dev", sys.base_prefix]
    closed = [sysconfig.get_path("purelib"), str(Path(sys.base_prefix) / "lib" / "site-packages"), "/Library/Python"]
    opened = [str(numpy_folder), str(numpy_folder.with_name("numpy.libs")), str(inside), home]

    def rule(verb: str, what: str, folders: Sequence[str]) -> str:
        return f"({verb} {what} " + " ".join(f'(subpath "{Path(folder).resolve()}")' for folder in folders) + ")"

    return "\n".join(
        [
            "(version 1)",
            "(allow default)",
            "(deny network*)",
            "(deny process-fork)",
            "(deny signal) (allow signal (target self))",
            '(deny file-write*) (allow file-write* (literal "/dev/null"))',
            "(deny file-read-data)",
            rule("allow", "file-read-data", readable),
            rule("deny", "file-read-data", closed),
            rule("allow", "file-read-data", opened),
        ]
    )


def confined(command: Sequence[str], home: str) -> list[str]:
    """The command of a child with this directory, under `sandbox-exec`."""
    return ["/usr/bin/sandbox-exec", "-p", profile(home), *command]


def can_confine() -> bool:
    """Whether `sandbox-exec` works here, and does what the profile says."""
    packages = str(Path(np.__file__).parents[1])
    probe = confined([sys.executable, "-I", "-S", "-c", PROBE, packages], packages + "/numpy")
    try:
        answer = subprocess.run(probe, capture_output=True, encoding="utf-8", timeout=30, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.split() == ["1", "1"]


def watch_memory(process: subprocess.Popen[bytes], most: int) -> None:
    """Start a thread that kills the process if it has more than `most` bytes in memory; it looks every 0.1 s."""

    def watch() -> None:
        while process.poll() is None:
            if _resident(process.pid) > most:
                process.kill()
            time.sleep(0.1)

    threading.Thread(target=watch, daemon=True).start()


def _resident(pid: int) -> int:
    """The bytes that a process has in memory; 0 if it has ended."""
    command = ["ps", "-o", "rss=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, encoding="utf-8", check=False).stdout
    return int(answer) * 1024 if answer.strip() else 0


# Windows: a job object limits a child's memory, time and processes and ends them together. Only an administrator could
# limit the disk or close files and the network, so the level stays at 1. The structures are the parts of
# JOBOBJECT_EXTENDED_LIMIT_INFORMATION in the Windows API.

TIME, PROCESSES, MEMORY, NO_DIALOG, DIE_WITH_JOB = 0x4, 0x8, 0x200, 0x400, 0x2000
"""Flags: which of the limits apply."""

EXTENDED_LIMITS = 9
"""JobObjectExtendedLimitInformation: the number of the structure that is set."""


class BasicLimits(ctypes.Structure):
    _fields_ = (
        ("process_time", ctypes.c_int64),
        ("job_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("least_working_set", ctypes.c_size_t),
        ("most_working_set", ctypes.c_size_t),
        ("processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority", ctypes.c_uint32),
        ("scheduling", ctypes.c_uint32),
    )


class ExtendedLimits(ctypes.Structure):
    _fields_ = (
        ("basic", BasicLimits),
        ("io_counters", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    )


def job_limits(settings: Mapping[str, Any]) -> ExtendedLimits:
    """The limits of a child: one process, and time in units of 100 ns."""
    basic = BasicLimits(
        process_time=settings["cpu_seconds"] * 10_000_000,
        flags=TIME | PROCESSES | MEMORY | NO_DIALOG | DIE_WITH_JOB,
        processes=1,
    )
    return ExtendedLimits(basic=basic, job_memory=settings["memory"])


KILLED = 137
"""The exit code of a child that the grader has ended, as shells call it."""

SIGNALS = {KILLED: 9, 0xC0000005: 11, 0xC00000FD: 11}
"""The signals that POSIX would name, by exit codes: KILLED, an access violation, a stack overflow."""


def interpreter() -> str:
    """The program that runs children. The `python.exe` of an environment on Windows only starts the real one, which
    would be a second process in the job.
    """
    return str(getattr(sys, "_base_executable", None) or sys.executable) if sys.platform == "win32" else sys.executable


def put_in_job(process: subprocess.Popen[bytes], settings: Mapping[str, Any]) -> None:
    """Put a new child into a job of its own. If that fails, kill the child and raise `OSError`."""
    if sys.platform == "win32":
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateJobObjectW.restype = ctypes.c_void_p
        job = ctypes.c_void_p(kernel.CreateJobObjectW(None, None))
        wanted = job_limits(settings)
        size = ctypes.c_uint32(ctypes.sizeof(wanted))
        handle = ctypes.c_void_p(int(process._handle))
        done = kernel.SetInformationJobObject(job, EXTENDED_LIMITS, ctypes.byref(wanted), size)
        if not done or not kernel.AssignProcessToJobObject(job, handle):
            process.kill()
            process.wait()
            raise ctypes.WinError(ctypes.get_last_error())
        process.job = job  # type: ignore[attr-defined]


def end_job(process: Any) -> int:
    """End a child and everything that it started; its exit code, or as on POSIX the number of a signal below 0."""
    if sys.platform == "win32":
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.TerminateJobObject(process.job, KILLED)
        kernel.CloseHandle(process.job)
    status = int(process.wait())
    return -SIGNALS[status] if status in SIGNALS else status
