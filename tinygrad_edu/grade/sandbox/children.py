"""Child processes and their starters: `ColdStart` makes each a new interpreter, `ForkServer` forks a clean process.

The fork is quicker, and needs a system that can fork after NumPy is loaded; macOS cannot.

A child is at the other end of two pipes. It may stop in the middle of a frame, never read, or announce more than it
sends. Therefore every wait has a deadline, and no memory is allocated before the size has been checked.
"""

from __future__ import annotations

import concurrent.futures
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from ..._support.languages import say, texts
from ..errors import SandboxError
from ..inside.wire import BODY_CAP, HEADER_CAP, LENGTHS, FrameError
from . import other_systems

__all__ = ["BlockingChannel", "Channel", "Child", "ColdStart", "ForkServer", "Starter"]

BOOT = """
import sys
grade, packages, start, settings = sys.argv[1:]
sys.path[0] = grade
sys.path.append(packages)
import inside.entry, json
del sys.path[0], sys.path[-1]
getattr(inside.entry, start)(json.loads(settings))
"""
"""Loads the folder `inside` as a package of its own, with NumPy and without the rest of `tinygrad_edu`. Afterwards no
installed package can be found any more. The option `-S` keeps out .pth files and `usercustomize`."""

Settings = Mapping[str, Any]


ENDED = texts(
    {
        "": "your program was ended by {signal}",
        "SIGSEGV": "your program was ended by {signal}: memory that is not its own, or a recursion without an end",
        "SIGKILL": "your program was ended by {signal}: it closed its pipes or killed itself, or the machine ran out "
        "of memory",
        "SIGXCPU": "your program was ended by {signal}: all of its processor time is used up",
    }
)
"""How a child ended, by the signal that ended it; "" stands for all others."""


SIGNALS = {9: "SIGKILL", **{one.value: one.name for one in signal.Signals}}
"""The names of signals; Windows has none for 9."""


def _how_it_ended(status: int) -> str:
    """How a child ended, in words, by its exit code, which is −9 for signal 9."""
    if status >= 0:
        return say("your program ended itself with exit code {n}", n=status)
    name = SIGNALS.get(-status, f"signal {-status}")
    return say(ENDED.get(name, ENDED[""]), signal=name)


class Child:
    """A child process at the other end of a channel.

    Attributes
    ----------
    home : a directory of its own; "" if it has none.
    output : the descriptor of the file that captures what the child prints; its reader closes it.
    """

    def __init__(self, starter: Starter, process: Any, channel: Channel, home: str, output: int) -> None:
        self.starter, self.process, self.channel = starter, process, channel
        self.home, self.output = home, output

    def end(self) -> str:
        """Kill the child and all that it started, and remove its directory; how it ended."""
        try:
            return _how_it_ended(self.starter.end(self.process))
        finally:
            self.channel.close()
            _remove(self.home)


class ColdStart:
    """Starts each child as a new interpreter, in 0.2 s.

    Attributes
    ----------
    outside : the walls that it raises from outside; the child cannot report them.
    """

    def __init__(self, settings: Settings, files: Mapping[str, bytes]) -> None:
        self.command = _command("serve_alone", {**settings, "data": "."})
        self.settings, self.files = settings, files
        self.confined = sys.platform == "darwin" and other_systems.can_confine()
        outside = {"memory"} if sys.platform in ("darwin", "win32") else set()
        if self.confined:
            outside |= {"files", "system calls"}
        self.outside: Collection[str] = outside - set(settings["without"])

    def start(self) -> Child:
        """Start a child. Raises `SandboxError` where the system starts none, as in a browser."""
        home, output = tempfile.mkdtemp(prefix="tinygrad-edu-"), _output_file()
        try:
            _write_files(Path(home), self.files)
            process = subprocess.Popen(
                other_systems.confined(self.command, home) if self.confined else self.command,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output, bufsize=0,
                cwd=home, env=_environment(home), start_new_session=True,
            )  # fmt: skip
            if sys.platform == "win32":
                other_systems.put_in_job(process, self.settings)
            elif sys.platform == "darwin":
                other_systems.watch_memory(process, self.settings["memory"])
        except OSError as error:
            os.close(output)
            _remove(home)
            raise SandboxError(f"no child could be started: {error}") from None
        assert process.stdin is not None
        assert process.stdout is not None
        # From now on the channel owns the descriptors.
        requests, answers = os.dup(process.stdin.fileno()), os.dup(process.stdout.fileno())
        process.stdin.close()
        process.stdout.close()
        kind = BlockingChannel if sys.platform == "win32" else Channel
        return Child(self, process, kind(requests, answers), home, output)

    def end(self, process: Any) -> int:
        """Kill the child and its process group, and wait for its end; its exit code."""
        if sys.platform == "win32":
            return other_systems.end_job(process)
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # it has ended; macOS then gives the second
            process.kill()
        return int(process.wait())

    def close(self) -> None:
        """Do nothing: nothing stays open between children."""


def _command(start: str, settings: Settings) -> list[str]:
    """The command that starts the untrusted side with a function of `inside/entry.py`."""
    numpy_folder = Path(np.__file__).parent
    libraries = [str(numpy_folder), str(numpy_folder.parent / "numpy.libs")]
    text = json.dumps({**settings, "libraries": libraries})
    folders = [str(Path(__file__).parent.parent), str(numpy_folder.parent)]
    return [other_systems.interpreter(), "-s", "-S", "-B", "-c", BOOT, *folders, start, text]


def _environment(home: str) -> dict[str, str]:
    """The environment variables of a child: without tokens, paths and names of the grader."""
    libraries = ("SYSTEMROOT", "PATH") if sys.platform == "win32" else ("LD_LIBRARY_PATH",)  # how NumPy finds its own
    kept = {name: os.environ[name] for name in libraries if name in os.environ}
    one = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "MALLOC_ARENA_MAX")
    # A fixed hash seed: a program that iterates over a set gets the same grade in every run.
    fixed = {"LANG": "C.UTF-8", "PYTHONUTF8": "1", "PYTHONHASHSEED": "0"}
    return kept | dict.fromkeys(one, "1") | fixed | {"HOME": home, "TMPDIR": home}


def _write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files that programs may read, for everybody who runs them."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o444)


def _output_file() -> int:
    """The descriptor of a file without a name, which captures what a child prints."""
    if hasattr(os, "memfd_create"):  # Linux: a file in memory, which needs no disk
        return os.memfd_create("output")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _remove(home: str) -> None:
    """Remove a child's directory, if it has one, even if the child changed its permissions."""
    shutil.rmtree(home, ignore_errors=True)
    if os.path.exists(home):  # the child took rights away; or Windows, which removes no file that is only to be read
        for folder, _, files in os.walk(home):
            for path in (folder, *(os.path.join(folder, name) for name in files if sys.platform == "win32")):
                os.chmod(path, 0o700)
        shutil.rmtree(home, ignore_errors=True)


PATIENCE = 30.0
"""Seconds that the clean process may take to answer, even on a very busy machine."""


class ForkServer:
    """Starts each child by a fork, in 2 ms. Several threads may use it.

    Attributes
    ----------
    broken : why it can start no more children; empty while it can.
    """

    outside: Collection[str] = ()

    def __init__(self, settings: Settings, files: Mapping[str, bytes]) -> None:
        self.lock = threading.Lock()
        self.broken = ""
        self.control, theirs = socket.socketpair()
        self.control.settimeout(PATIENCE)
        self.home = tempfile.mkdtemp(prefix="tinygrad-edu-")  # holds the files, and the directories of children
        os.chmod(self.home, 0o711)  # a child that becomes another user finds its own, and cannot list the others
        folder = Path(self.home, "files")
        folder.mkdir(mode=0o755)
        _write_files(folder, files)
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115
        with theirs:
            self.process = subprocess.Popen(
                _command("serve_clean", {**settings, "data": "files"}),
                stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=self.errors,
                cwd=self.home, env=_environment(str(folder)), start_new_session=True,
            )  # fmt: skip
        try:
            # Where nothing can be written, no child needs a directory of its own.
            self.writable = self.receive()["writable"]
        except BaseException:
            self.close()
            raise

    def start(self) -> Child:
        """Fork a child."""
        (to_child, requests), (answers, from_child) = os.pipe(), os.pipe()
        home, output = tempfile.mkdtemp(dir=self.home) if self.writable else "", _output_file()
        try:
            answer = self.ask({"do": "fork", "home": home}, [to_child, from_child, output])
            if "pid" not in answer:
                raise SandboxError(f"no child could be forked: {answer['failure']}")
        except BaseException:
            for descriptor in (requests, answers, output):
                os.close(descriptor)
            _remove(home)
            raise
        finally:
            os.close(to_child)
            os.close(from_child)
        return Child(self, answer["pid"], Channel(requests, answers), home, output)

    def end(self, process: Any) -> int:
        """Have the clean process, the parent of the child, kill it and wait for its end; its exit code."""
        return int(self.ask({"do": "end", "pid": process}, [])["status"])

    def ask(self, request: dict[str, Any], descriptors: list[int]) -> Any:
        """Send a request; its answer. After a failure nothing more is sent: a late answer could be taken for the
        answer to another request.
        """
        with self.lock:
            if self.broken:
                raise SandboxError(f"the clean process is gone: {self.broken}")
            try:
                socket.send_fds(self.control, [json.dumps(request).encode() + b"\n"], descriptors)
                return self.receive()
            except BaseException as error:
                self.broken = f"{type(error).__name__}: {error}"
                self.control.close()
                if isinstance(error, OSError):
                    raise SandboxError(f"the clean process does not answer: {error}") from None
                raise

    def receive(self) -> Any:
        """The next answer of the clean process."""
        line = b""
        while not line.endswith(b"\n"):
            more = self.control.recv(1 << 16)
            if not more:
                self.errors.seek(0)
                words = self.errors.read(4000).decode(errors="replace").strip()
                raise SandboxError(f"the clean process ended. Its last words: {words or 'none'}")
            line += more
        return json.loads(line)

    def close(self) -> None:
        """End the clean process, which first ends all children."""
        self.control.close()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.errors.close()
        _remove(self.home)


Starter = ColdStart | ForkServer


# The pipes.


PIPE = 1 << 16
"""The bytes that a pipe holds."""


class Channel:
    """Two pipes: `requests` is written to, `answers` is read from."""

    def __init__(self, requests: int, answers: int) -> None:
        self.requests, self.answers = requests, answers
        self.prepare()

    def prepare(self) -> None:
        self.unread = bytearray()
        for descriptor in (self.requests, self.answers):
            os.set_blocking(descriptor, False)

    def write(self, frame: bytes, deadline: float) -> None:
        """Send a frame. Raises `TimeoutError` if the child does not read it in time, `EOFError` if it closed it."""
        unsent = memoryview(frame)
        while unsent:
            try:
                unsent = unsent[os.write(self.requests, unsent) :]
            except BrokenPipeError:
                raise EOFError from None
            except BlockingIOError:
                self._wait(self.requests, select.POLLOUT, deadline)

    def read(self, deadline: float) -> tuple[bytearray, bytearray]:
        """The header and body of a frame. Raises `TimeoutError`, `EOFError`, or `FrameError` if it is too large."""
        header, body = LENGTHS.unpack(self._read(LENGTHS.size, deadline))
        if header > HEADER_CAP or body > BODY_CAP:
            raise FrameError(f"an answer of {header + body:,} bytes")
        return self._read(header, deadline), self._read(body, deadline)

    def _read(self, size: int, deadline: float) -> bytearray:
        """The next bytes. Most frames are there as a whole at the first time; what comes too early is kept."""
        while len(self.unread) < size:
            self._wait(self.answers, select.POLLIN, deadline)
            more = os.read(self.answers, PIPE)
            if not more:
                raise EOFError
            self.unread += more
        data, self.unread = self.unread, self.unread[size:]
        del data[size:]
        return data

    def _wait(self, descriptor: int, event: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise TimeoutError

    def close(self) -> None:
        """Close both pipes."""
        os.close(self.requests)
        os.close(self.answers)


class BlockingChannel(Channel):
    """A channel for systems without `poll` on pipes (Windows): a thread waits for the pipe.

    After a `TimeoutError` the thread still waits, until the child at the other end is killed.
    """

    def prepare(self) -> None:
        self.waiter = ThreadPoolExecutor(1)

    def write(self, frame: bytes, deadline: float) -> None:
        self._within(deadline, self._write_all, frame)

    def _write_all(self, frame: bytes) -> None:
        unsent = memoryview(frame)
        try:
            while unsent:
                unsent = unsent[os.write(self.requests, unsent) :]
        except OSError:
            raise EOFError from None

    def _read(self, size: int, deadline: float) -> bytearray:
        data: bytearray = self._within(deadline, self._read_all, size)
        return data

    def _read_all(self, size: int) -> bytearray:
        data = bytearray()
        while len(data) < size:
            more = os.read(self.answers, min(size - len(data), 1 << 20))
            if not more:
                raise EOFError
            data += more
        return data

    def _within(self, deadline: float, work: Callable[[Any], Any], argument: Any) -> Any:
        future = self.waiter.submit(work, argument)
        try:
            return future.result(max(0.0, deadline - time.monotonic()))
        except concurrent.futures.TimeoutError:  # before Python 3.11 this is no TimeoutError
            raise TimeoutError from None

    def close(self) -> None:
        self.waiter.shutdown()
        super().close()
