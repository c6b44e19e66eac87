"""What the two ways to start a child have in common: `forkserver`, and `coldstart` where processes cannot be forked."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from .channel import Channel

__all__ = ["Child", "Ending", "Settings", "Starter", "command", "environment", "output_file", "remove"]

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
            "SIGKILL": ": it closed its pipes or killed itself, or the machine ran out of memory",
            "SIGXCPU": ": all of its processor time is used up",
        }.get(name, "")
        return f"your program was ended by {name}{meaning}"


class Child:
    """A child process at the other end of a channel.

    Attributes
    ----------
    output : the descriptor of the file that captures what it prints; whoever reads it closes it.
    """

    def __init__(self, starter: Starter, process: Any, channel: Channel, home: str, output: int) -> None:
        self.starter, self.process, self.channel = starter, process, channel
        self.home, self.output = home, output

    def end(self) -> Ending:
        """Kill it and all it started, remove its directory, and say how it ended."""
        try:
            return self.starter.end(self.process)
        finally:
            self.channel.close()
            remove(self.home)


class Starter(Protocol):
    """Starts children and ends them.

    Attributes
    ----------
    outside : the walls that it raises around a child from outside, of which the child knows nothing.
    """

    outside: Collection[str]

    def start(self) -> Child: ...
    def end(self, process: Any) -> Ending: ...
    def close(self) -> None: ...


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
