"""The clean process: it loads NumPy once, never sees a test, and forks a child for each submission.

The grader sends it requests over a socket, each a line of JSON:

    {"do": "fork", "home": ...}  and beside it the child's ends of two pipes, and a file for its output
        -> {"pid": ...}
    {"do": "end", "pid": ...}
        -> {"status": ...}

When the grader ends, the socket closes; then the clean process and all children end too. On systems where processes
cannot be forked, the grader starts `serve_alone` in a new interpreter instead.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import io
import json
import os
import random
import shutil
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import numpy as np

from .filters import LIBC, make_rules, packed_rest
from .program import NAME
from .server import Server
from .walls import (
    leave_network,
    leave_no_marks,
    mapped_memory,
    raise_walls,
    round_to_float64,
    tasks_of_this_user,
    tried,
    unmount,
)

__all__ = ["serve_alone", "serve_clean"]

MODULES = """
abc array ast base64 bisect calendar cmath codecs collections concurrent.futures.thread contextlib contextvars copy
csv ctypes dataclasses datetime decimal difflib dis encodings.ascii encodings.idna encodings.latin_1 encodings.utf_8
enum errno fractions functools gc getpass glob graphlib hashlib heapq hmac html importlib.metadata importlib.resources
inspect io itertools json keyword linecache locale logging math mmap multiprocessing numbers numpy.fft
numpy.lib.stride_tricks numpy.linalg numpy.ma numpy.polynomial numpy.random numpy.testing operator os pathlib pickle
platform pprint queue random re reprlib resource secrets select shutil signal socket statistics string struct
subprocess sys tempfile textwrap threading time timeit token tokenize tomllib traceback tracemalloc types typing
unicodedata unittest.mock urllib.request uuid warnings weakref zipfile zlib
"""
"""Modules that are loaded in advance. This makes children start quicker; and the user that a child of root becomes may
be unable to read the files of the interpreter."""


def _prepare(settings: dict[str, Any]) -> dict[str, str]:
    """Do once what all children need, and raise the walls that they share; for each wall, why it does not stand.

    What is done here costs a child nothing: it finds it there after the fork.
    """
    reached = {"network": "left out" if "network" in settings["without"] else tried(leave_network)}
    home, data = os.getcwd(), os.path.abspath(settings["data"])
    reached["marks"] = "left out" if "marks" in settings["without"] else tried(lambda: leave_no_marks(home, data))
    for name in MODULES.split():
        with contextlib.suppress(ImportError):  # another system or version lacks it
            importlib.import_module(name)
    sys.stdout, sys.stderr = Captured.stream(1), Captured.stream(2)
    sys.argv = [NAME]
    round_to_float64()
    np.random.seed(0)  # the same numbers for every program that sets no seed
    settings["rules"] = None
    reached["files"] = tried(lambda: settings.update(rules=make_rules([*settings["libraries"], data])))
    if hasattr(os, "getuid") and os.getuid() != 0:  # the kernel counts all tasks of a user
        settings["tasks"] += tasks_of_this_user()
    if sys.platform == "linux":
        tried(packed_rest)  # the child says why it cannot be made
        settings["memory"] += mapped_memory()
    return reached


MADV_COLLAPSE = 25
"""An advice on memory; see madvise(2)."""


def _join_pages() -> None:
    """Have the kernel keep the memory of this process in pages of 2 MB, where it can (since Linux 6.1): a fork then
    copies one entry of a table in place of 512.
    """
    if LIBC is not None:
        for line in Path("/proc/self/maps").read_text().splitlines():
            addresses, rights, *_ = line.split()
            if rights == "rw-p":
                begin, end = (int(x, 16) for x in addresses.split("-"))
                LIBC.madvise(ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), MADV_COLLAPSE)


class CleanProcess:
    """The clean process: answers the grader's requests. All children have the same `settings`."""

    def __init__(self, control: socket.socket, settings: dict[str, Any]) -> None:
        self.control, self.settings = control, settings
        self.children: dict[int, str] = {}  # process -> its directory
        self.parent = os.open("..", os.O_RDONLY)  # as it is outside, where this directory can be removed
        self.reached = _prepare(settings)
        gc.freeze()  # a collection in a child would write into every object that is there, and so copy all pages
        _join_pages()

    def serve(self) -> None:
        """Answer requests until the grader closes the socket."""
        with contextlib.suppress(ConnectionError):  # the grader was killed while it waited for an answer
            self.send({"writable": bool(self.reached["files"]) or "files" in self.settings["without"]})
            while True:
                request, descriptors = self.receive()
                if request is None:
                    break
                self.send(self.fork(request, descriptors) if request["do"] == "fork" else self.end(request["pid"]))
        # If the grader was killed, nobody else removes these.
        for pid, home in list(self.children.items()):
            self.end(pid)
            shutil.rmtree(home, ignore_errors=True)
        home = os.getcwd()
        if not self.reached["marks"]:
            unmount(self.settings["data"])
        shutil.rmtree(home, ignore_errors=True)
        if not self.reached["marks"]:
            unmount(home)
            with contextlib.suppress(FileNotFoundError):  # the grader has removed it
                os.rmdir(os.path.basename(home), dir_fd=self.parent)

    def receive(self) -> tuple[dict[str, Any] | None, list[int]]:
        line, descriptors, _, _ = socket.recv_fds(self.control, 1 << 16, 3)
        while line and not line.endswith(b"\n"):
            more = self.control.recv(1 << 16)
            if not more:
                return None, []
            line += more
        return (json.loads(line) if line else None), descriptors

    def send(self, answer: dict[str, Any]) -> None:
        self.control.sendall(json.dumps(answer).encode() + b"\n")

    def fork(self, request: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            pid = -1
            failure = str(error)
        if pid == 0:
            self.become_child(request, descriptors, parent)
        for descriptor in descriptors:
            os.close(descriptor)
        if pid < 0:
            return {"failure": failure}
        self.children[pid] = request["home"]
        return {"pid": pid}

    def become_child(self, request: dict[str, Any], descriptors: list[int], parent: int) -> None:
        """In the child: close what belongs to the clean process, raise the walls, then be the server."""
        os.setsid()  # a process group of its own, which is killed as a whole
        os.chdir(self.settings["data"])
        if request["home"]:
            os.environ.update(HOME=request["home"], TMPDIR=request["home"])
        nothing, rules = os.open(os.devnull, os.O_RDONLY), self.settings["rules"]
        _place_descriptors([nothing, descriptors[2], descriptors[2], *descriptors[:2]], rules)
        settings = {**self.settings, "rules": 5}
        _run(3, 4, raise_walls(request["home"], parent, settings, self.reached))

    def end(self, pid: int) -> dict[str, Any]:
        """Kill the child's process group; the exit code of the child."""
        self.children.pop(pid, None)
        for kill in (os.killpg, os.kill):  # the child may not have made its group yet
            with contextlib.suppress(ProcessLookupError):
                kill(pid, signal.SIGKILL)
        return {"status": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}


def _place_descriptors(wanted: list[int], rules: int | None) -> None:
    """Leave open only 0 (an empty input), 1 and 2 (the captured output), 3 (requests), 4 (answers), 5 (the rules)."""
    import fcntl  # not at the top: Windows lacks it

    if rules is not None:
        wanted = [*wanted, rules]
    # First move all above the final numbers, so that none is overwritten.
    high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, len(wanted)) for descriptor in wanted]
    for number, descriptor in enumerate(high):
        os.dup2(descriptor, number)
    os.closerange(len(wanted), 4096)


class Captured(io.FileIO):
    """The file that captures what a program prints. Text beyond the limit is dropped without an error."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data) or 0
        except OSError:
            return len(data)

    @classmethod
    def stream(cls, descriptor: int) -> io.TextIOWrapper:
        """The text file that `print` writes to."""
        file = io.BufferedWriter(cls(descriptor, "w", closefd=False))
        return io.TextIOWrapper(file, encoding="utf-8", errors="replace", line_buffering=True)


def _run(requests: int, answers: int, reached: dict[str, str]) -> None:
    """Be the function server; never returns."""
    random.seed(0)  # Python seeds it anew after a fork
    status = 1
    try:
        Server(requests, answers).serve(reached)
        status = 0
    except BaseException:  # a program can break the functions of Python that the server calls
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)  # at once: objects of the clean process would close descriptors that are the child's now


def serve_clean(settings: dict[str, Any]) -> None:
    """Be the clean process. The control socket is the standard input."""
    CleanProcess(socket.socket(fileno=os.dup(0)), settings).serve()


def serve_alone(settings: dict[str, Any]) -> None:
    """The cold start: be the only child. The standard input brings requests, the standard output takes answers."""
    requests, answers = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    _run(requests, answers, raise_walls(os.getcwd(), os.getppid(), settings, _prepare(settings)))
