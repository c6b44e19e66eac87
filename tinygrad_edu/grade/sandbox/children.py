"""Starting and ending children: forked from a clean process where the system can, started anew where not."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ..errors import SandboxError
from .channel import Channel

__all__ = ["Child", "ColdStart", "Ending", "ForkServer", "Starter"]

BOOT = """
import sys
grade, packages, start, settings = sys.argv[1:]
sys.path[0] = grade
sys.path.append(packages)
import inside.entry, json
del sys.path[0], sys.path[-1]
getattr(inside.entry, start)(json.loads(settings))
"""
"""Load the untrusted side as a package of its own, with NumPy and without the package that it is a part of. Afterwards
no installed package can be found any more. `-S` has kept .pth files and `usercustomize` out before that."""

PATIENCE = 30.0
"""Seconds that the clean process may take for its own work, on a machine that is very busy."""

Settings = Mapping[str, Any]


class Ending:
    """How a child ended.

    Attributes
    ----------
    status : its exit code; −9 for signal 9.
    memory : the most memory it ever had, in bytes; 0 where unknown.
    """

    def __init__(self, status: int, memory: int = 0) -> None:
        self.status, self.memory = status, memory

    def __str__(self) -> str:
        if self.status >= 0:
            return f"your program ended itself with exit code {self.status}"
        try:
            name = signal.Signals(-self.status).name
        except ValueError:
            name = f"signal {-self.status}"
        meaning = {
            "SIGSEGV": ": memory that is not its own, or a recursion without an end",
            "SIGKILL": ": it killed itself, or the machine ran out of memory",
            "SIGXCPU": ": all of its processor time is used up",
        }.get(name, "")
        return f"your program was ended by {name}{meaning}"


class Child:
    """A child process at the other end of a channel."""

    def __init__(self, starter: Starter, process: Any, channel: Channel, home: str, output: int) -> None:
        self.starter, self.process, self.channel = starter, process, channel
        self.home, self.output = home, output

    def end(self) -> Ending:
        """Kill it and all it started, remove its directory, and say how it ended."""
        try:
            return self.starter.end(self.process)
        finally:
            self.channel.close()
            os.close(self.output)
            remove(self.home)


class Starter(Protocol):
    """Starts children and ends them."""

    def start(self) -> Child: ...
    def end(self, process: Any) -> Ending: ...
    def close(self) -> None: ...


class ForkServer:
    """Children forked from a clean process: 2 ms each. It can be used from several threads."""

    def __init__(self, settings: Settings) -> None:
        self.lock = threading.Lock()
        self.control, theirs = socket.socketpair()
        self.control.settimeout(PATIENCE)
        self.home = tempfile.mkdtemp(prefix="tinygrad-edu-")
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115
        with theirs:
            self.process = subprocess.Popen(
                command("serve_clean", settings), stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=self.errors,
                cwd=self.home, env=environment(self.home), start_new_session=True,
            )  # fmt: skip
        try:
            self.answer()
        except SandboxError:
            self.close()
            raise

    def start(self) -> Child:
        """Fork a child."""
        requests, to_child, from_child, answers = *reversed(os.pipe()), *reversed(os.pipe())
        home, output = tempfile.mkdtemp(prefix="tinygrad-edu-"), output_file()
        try:
            with self.lock:
                request = json.dumps({"do": "fork", "home": home}).encode() + b"\n"
                self.send(request, [to_child, from_child, output])
                pid = self.answer()["pid"]
        except (SandboxError, KeyError):
            for descriptor in (requests, answers, output):
                os.close(descriptor)
            remove(home)
            raise SandboxError("no child could be forked") from None
        finally:
            os.close(to_child)
            os.close(from_child)
        return Child(self, pid, Channel(requests, answers), home, output)

    def end(self, pid: Any) -> Ending:
        """Have the clean process, whose child it is, kill and reap it."""
        with self.lock:
            self.send(json.dumps({"do": "end", "pid": pid}).encode() + b"\n")
            answer = self.answer()
        return Ending(answer["status"], answer["memory"])

    def send(self, request: bytes, descriptors: list[int] | None = None) -> None:
        try:
            socket.send_fds(self.control, [request], descriptors or [])
        except OSError as error:
            raise SandboxError(f"the clean process is gone: {error}{self.last_words()}") from None

    def answer(self) -> Any:
        """The next line that the clean process writes."""
        line = b""
        while not line.endswith(b"\n"):
            try:
                more = self.control.recv(1 << 16)
            except OSError as error:
                raise SandboxError(f"the clean process does not answer: {error}") from None
            if not more:
                raise SandboxError(f"the clean process ended{self.last_words()}")
            line += more
        return json.loads(line)

    def last_words(self) -> str:
        self.errors.seek(0)
        words = self.errors.read(4000).decode(errors="replace").strip()
        return f": {words}" if words else ""

    def close(self) -> None:
        """End the clean process; it ends all children first."""
        self.control.close()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.errors.close()
        remove(self.home)


class ColdStart:
    """Each child a new interpreter: 0.2 s each, and the only way where processes cannot be forked."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def start(self) -> Child:
        """Start a child."""
        home, output = tempfile.mkdtemp(prefix="tinygrad-edu-"), output_file()
        process = subprocess.Popen(
            command("serve_alone", self.settings), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output,
            cwd=home, env=environment(home), start_new_session=True,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        channel = Channel(os.dup(process.stdin.fileno()), os.dup(process.stdout.fileno()))
        process.stdin.close()
        process.stdout.close()
        return Child(self, process, channel, home, output)

    def end(self, process: Any) -> Ending:
        """Kill the child's process group and reap the child."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return Ending(process.wait())

    def close(self) -> None:
        """Nothing is left open between children."""


def command(start: str, settings: Settings) -> list[str]:
    """The command that starts the untrusted side at one of its entries."""
    numpy_folder = Path(np.__file__).parent
    libraries = [str(numpy_folder), str(numpy_folder.parent / "numpy.libs")]
    text = json.dumps({**settings, "libraries": libraries})
    folders = [str(Path(__file__).parent.parent), str(numpy_folder.parent)]
    return [sys.executable, "-s", "-S", "-B", "-c", BOOT, *folders, start, text]


def environment(home: str) -> dict[str, str]:
    """All that a child sees of the environment: no token, no path, no name of the grader's."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ}
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    # One seed for hashing, so that a program that goes through a set gets the same grade in every run.
    return kept | threads | {"HOME": home, "TMPDIR": home, "LANG": "C.UTF-8", "PYTHONUTF8": "1", "PYTHONHASHSEED": "0"}


def output_file() -> int:
    """A file without a name, which captures what a child prints."""
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def remove(home: str) -> None:
    """Remove a child's directory, whatever it has made of it."""
    shutil.rmtree(home, ignore_errors=True)
    if os.path.exists(home):  # it took away its own rights
        for folder, _, _ in os.walk(home):
            os.chmod(folder, 0o700)
        shutil.rmtree(home, ignore_errors=True)
