"""The wall on Windows: a job object, which limits a child's memory, time and processes and ends them together.

Only an administrator could limit the disk or close files and the network, so the level stays at 1. The structures are
the parts of JOBOBJECT_EXTENDED_LIMIT_INFORMATION in the Windows API.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

__all__ = ["end_job", "put_in_job"]

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
            raise ctypes.WinError(ctypes.get_last_error())
        process.job = job  # type: ignore[attr-defined]


def end_job(process: Any) -> None:
    """End a child and everything that it started."""
    if sys.platform == "win32":
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.TerminateJobObject(process.job, 1)
        kernel.CloseHandle(process.job)
