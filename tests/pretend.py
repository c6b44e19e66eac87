"""A process that looks like one on another system, as far as Python code can see; to be called before anything else.

What the system lacks is taken out of Python's modules. The kernel stays that of Linux: paths, consoles and locks on
files are not those of the other system.
"""

from __future__ import annotations

import concurrent.futures.thread
import ctypes
import importlib.resources
import locale
import multiprocessing
import os
import pathlib
import platform
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request
import webbrowser
from typing import Any

import numpy.testing

LOADED = (concurrent, importlib, locale, multiprocessing, shutil, tempfile, urllib, webbrowser, numpy)
"""They look at the system when they are imported, and so come first."""

POSIX = "fcntl resource pwd grp termios tty pty syslog readline curses crypt"
PROCESSES = "fork forkpty register_at_fork posix_spawn wait3 wait4 waitid setsid killpg getpgid getpgrp"
USERS = "getuid geteuid getgid getegid getgroups setuid setgid initgroups chown lchown fchown"
LINUX = "memfd_create sched_getaffinity O_PATH getrandom pipe2 posix_fallocate setresuid setresgid setxattr unshare"

LACKING: dict[str, dict[Any, str]] = {
    "win32": {
        os: f"{PROCESSES} {USERS} {LINUX} fchmod mkfifo pread pwrite nice uname statvfs sysconf getloadavg "
        "set_blocking O_NOFOLLOW O_NONBLOCK O_DIRECTORY O_CLOEXEC ctermid openpty",
        signal: "SIGALRM SIGKILL SIGHUP SIGQUIT SIGUSR1 SIGUSR2 SIGPIPE SIGCHLD SIGXCPU SIGXFSZ SIGPROF alarm "
        "setitimer ITIMER_PROF ITIMER_REAL pthread_kill pthread_sigmask pause sigwait",
        select: "poll epoll",
        socket: "AF_UNIX send_fds recv_fds",
    },
    "darwin": {os: LINUX, select: "epoll"},
    "emscripten": {os: f"{PROCESSES} {LINUX}", signal: "pthread_kill pthread_sigmask", select: "epoll"},
}
"""Attributes, by module, that Python has on Linux and not there."""

MODULES = {
    "win32": POSIX,
    "darwin": "msvcrt winreg",
    "emscripten": f"{POSIX} msvcrt winreg _multiprocessing _posixsubprocess tkinter venv lzma ssl sqlite3 dbm",
}
"""Modules that cannot be imported there."""

MACHINES = {"win32": "AMD64", "darwin": "arm64", "emscripten": "wasm32"}


def pretend(system: str) -> None:
    """Look like "win32", "darwin" or "emscripten" from now on."""
    for name in MODULES[system].split():
        sys.modules[name] = None  # type: ignore[assignment]
    for module, names in LACKING[system].items():
        for name in names.split():
            vars(module).pop(name, None)
    vars(sys)["platform"], vars(platform)["machine"] = system, lambda: MACHINES[system]
    if system == "win32":
        windows()
    elif system == "emscripten":
        browser()


def windows() -> None:
    """No library in C by a name of POSIX; a kernel32 with the functions for jobs; paths as they are."""
    for module in filter(None, (sys.modules.get("pathlib"), sys.modules.get("pathlib._local"))):
        vars(module)["WindowsPath"] = pathlib.PosixPath
    vars(os)["name"] = "nt"
    for name in ("HOME", "TMPDIR", "LANG"):
        os.environ.pop(name, None)
    kernel = Kernel32()
    vars(ctypes).update(CDLL=refused, PyDLL=refused, WinDLL=lambda name, **_: kernel)
    vars(ctypes).update(get_last_error=lambda: 0, WinError=OSError)
    popen: Any = subprocess.Popen
    popen._handle = property(lambda process: process.pid)
    popen.kill = lambda process: os.kill(process.pid, 9)


def browser() -> None:
    """Neither threads nor processes."""

    def no_thread(*_: object, **__: object) -> None:
        raise RuntimeError("can't start new thread")

    def no_process(*_: object, **__: object) -> None:
        raise OSError(138, "emscripten does not support processes.")

    vars(threading)["_start_new_thread"] = vars(threading)["_start_joinable_thread"] = no_thread
    popen: Any = subprocess.Popen
    popen.__init__ = no_process


def refused(name: str | None, *_: object, **__: object) -> None:
    raise TypeError("bad argument type for built-in operation") if name is None else OSError(name)


class Kernel32:
    """The functions of Windows that put processes into jobs and end them."""

    def __init__(self) -> None:
        jobs: dict[int, list[int]] = {}

        def create(*_: object) -> int:
            jobs[len(jobs) + 1] = []
            return len(jobs)

        def assign(job: Any, process: Any) -> int:
            jobs[job.value].append(process.value)
            return 1

        def terminate(job: Any, code: int) -> None:
            for process in jobs[job.value]:
                os.kill(process, 9)

        self.CreateJobObjectW, self.AssignProcessToJobObject, self.TerminateJobObject = create, assign, terminate
        self.SetInformationJobObject = lambda *_: 1
        self.CloseHandle = lambda *_: 1


def in_children(system: str) -> None:
    """Have the children of the grader pretend, too."""
    from tinygrad_edu.grade.sandbox import children

    folders = [str(pathlib.Path(__file__).parents[1]), str(pathlib.Path(numpy.__file__).parents[1])]
    first = f"import sys; sys.path[:0] = {folders}; from tests.pretend import pretend\n"
    children.BOOT = f"{first}pretend({system!r}); del sys.path[:2]\n{children.BOOT}"
