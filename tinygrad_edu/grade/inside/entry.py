"""The clean process. It loads NumPy once, has never seen a test or a submission, and forks a child for each.

The grader speaks to it over a socket, a line of JSON a request:

    {"do": "fork", "home": ...}  and beside it the child's ends of two pipes, and a file for its output
        -> {"pid": ...}
    {"do": "end", "pid": ...}
        -> {"status": ..., "memory": ...}

It ends, and every child with it, when the grader does: then the socket closes. Where processes cannot be forked, the
grader starts `serve_alone` in a new interpreter instead.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import random
import shutil
import signal
import socket
import sys
from typing import Any

import numpy as np

from .program import NAME
from .server import Server
from .walls import raise_walls, tried

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
"""Loaded before there is a submission. A child of root's becomes a user who may be unable to read the interpreter's own
files, and every child starts quicker so."""


WALLS = ("kernel", "limits", "user", "namespaces", "landlock", "seccomp")


def prepare(settings: dict[str, Any]) -> dict[str, str]:
    """What comes before any submission: all that may still be loaded, and the walls that stand around all children."""
    for wall in WALLS:
        with contextlib.suppress(ImportError, OSError, AttributeError):  # another system; `raise_walls` will say so
            importlib.import_module(f".{wall}", __package__)
    reached = {"network": "left out" if "network" in settings["without"] else tried(leave_network)}
    for name in MODULES.split():
        with contextlib.suppress(ImportError):  # another system or version has it not
            importlib.import_module(name)
    settings["rules"] = None
    reached["files"] = tried(lambda: settings.update(rules=landlock_rules(settings["libraries"])))
    if hasattr(os, "getuid") and os.getuid() != 0:  # the kernel counts all tasks of a user
        from .limits import tasks_of_this_user

        settings["tasks"] += tasks_of_this_user()
    return reached


def leave_network() -> None:
    from .namespaces import leave_network

    leave_network()


def landlock_rules(libraries: list[str]) -> int:
    from .landlock import make_rules

    return make_rules(libraries)


class Clean:
    """The clean process at work. `settings` is the same for all its children."""

    def __init__(self, control: socket.socket, settings: dict[str, Any]) -> None:
        self.control, self.settings = control, settings
        self.children: dict[int, str] = {}  # process -> its directory
        self.reached = prepare(settings)

    def serve(self) -> None:
        """Answer requests until the grader closes the socket."""
        with contextlib.suppress(ConnectionError):  # of a grader that was killed while it waited for an answer
            self.send({"ready": True})
            while True:
                request, descriptors = self.receive()
                if request is None:
                    break
                self.send(self.fork(request, descriptors) if request["do"] == "fork" else self.end(request["pid"]))
        # The grader may have been killed: then nobody else clears up.
        for pid, home in list(self.children.items()):
            self.end(pid)
            shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(os.getcwd(), ignore_errors=True)

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
        """In the child: nothing of the clean process is left in reach, then the walls, then the server."""
        os.setsid()  # a process group of its own, which is killed as a whole
        os.chdir(request["home"])
        os.environ.update(HOME=request["home"], TMPDIR=request["home"])
        nothing, rules = os.open(os.devnull, os.O_RDONLY), self.settings["rules"]
        place_descriptors([nothing, descriptors[2], descriptors[2], *descriptors[:2]], rules)
        settings = {**self.settings, "rules": 5}
        run(3, 4, raise_walls(request["home"], parent, settings, self.reached))

    def end(self, pid: int) -> dict[str, Any]:
        """Kill the child's process group and say how the child itself ended."""
        self.children.pop(pid, None)
        for kill in (os.killpg, os.kill):  # the group does not exist yet, if the child was slow to make it
            with contextlib.suppress(ProcessLookupError):
                kill(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
        unit = 1 if sys.platform == "darwin" else 1024
        return {"status": os.waitstatus_to_exitcode(status), "memory": usage.ru_maxrss * unit}


def place_descriptors(wanted: list[int], rules: int | None) -> None:
    """Leave nothing open but: 0 nothing to read, 1 and 2 the captured output, 3 requests, 4 answers, 5 the rules."""
    import fcntl  # this system has it, or there would be no fork

    if rules is not None:
        wanted = [*wanted, rules]
    # First out of the way of the numbers that they get.
    high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, len(wanted)) for descriptor in wanted]
    for number, descriptor in enumerate(high):
        os.dup2(descriptor, number)
    os.closerange(len(wanted), 4096)


class Captured(io.FileIO):
    """The file that captures what is printed. Beyond its limit nothing is kept, and nobody fails for printing much."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data) or 0
        except OSError:
            return len(data)

    @classmethod
    def stream(cls, descriptor: int) -> io.TextIOWrapper:
        """What `print` writes to."""
        file = io.BufferedWriter(cls(descriptor, "w", closefd=False))
        return io.TextIOWrapper(file, encoding="utf-8", errors="replace", line_buffering=True)


def run(requests: int, answers: int, reached: dict[str, str]) -> None:
    """Be the function server; never returns."""
    sys.stdout, sys.stderr = Captured.stream(1), Captured.stream(2)
    sys.argv = [NAME]
    np.random.seed(0)  # the same numbers for everyone who does not ask for others
    random.seed(0)
    Server(requests, answers).serve(reached)
    os._exit(0)


def serve_clean(settings: dict[str, Any]) -> None:
    """Be the clean process. The control socket is the standard input."""
    Clean(socket.socket(fileno=os.dup(0)), settings).serve()


def serve_alone(settings: dict[str, Any]) -> None:
    """The cold start: be the only child. Requests come from the standard input, answers leave by the output."""
    requests, answers = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    run(requests, answers, raise_walls(os.getcwd(), os.getppid(), settings, prepare(settings)))
