"""The walls on macOS, raised from outside the child.

`sandbox-exec` closes files, network and processes. Apple calls it deprecated but has no successor for command-line
programs, so it is first tested on a small program. The kernel does not limit memory, so a thread watches it.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

__all__ = ["confined", "profile", "watch_memory"]

PROBE = """
import os, socket
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
"""A program that tests the profile: all these actions must fail."""


def profile() -> str:
    """The rules for `sandbox-exec`; where several apply, the last one counts."""
    numpy_folder, inside = Path(np.__file__).resolve().parent, Path(__file__).resolve().parent.parent / "inside"
    readable = ["/System", "/usr", "/Library", "/private/var/db", "/dev", sys.base_prefix]
    closed = [sysconfig.get_path("purelib"), str(Path(sys.base_prefix) / "lib" / "site-packages"), "/Library/Python"]
    opened = [str(numpy_folder), str(numpy_folder.with_name("numpy.libs")), str(inside)]

    def rule(verb: str, what: str, folders: Sequence[str]) -> str:
        return f"({verb} {what} " + " ".join(f'(subpath "{folder}")' for folder in folders) + ")"

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


def confined(command: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """The command under `sandbox-exec`, and the walls that this raises; the plain command if it does not work."""
    prefix = ["/usr/bin/sandbox-exec", "-p", profile()]
    try:
        probe = [*prefix, sys.executable, "-I", "-S", "-c", PROBE]
        answer = subprocess.run(probe, capture_output=True, text=True, timeout=30, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        answer = ""
    if answer.split() == ["1", "1"]:
        return prefix + command, ("memory", "files", "system calls")
    return command, ("memory",)


def watch_memory(process: subprocess.Popen[bytes], most: int) -> None:
    """Start a thread that kills the process if it has more than `most` bytes in memory; it looks every 0.1 s."""

    def watch() -> None:
        while process.poll() is None:
            if resident(process.pid) > most:
                process.kill()
            time.sleep(0.1)

    threading.Thread(target=watch, daemon=True).start()


def resident(pid: int) -> int:
    """The bytes that a process has in memory; 0 if it has ended."""
    answer = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return int(answer) * 1024 if answer.strip() else 0
