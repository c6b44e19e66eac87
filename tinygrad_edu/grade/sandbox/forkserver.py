"""`ForkServer`: starts children by forking a clean process that has loaded NumPy and never saw a test."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ..errors import SandboxError
from .channel import Channel
from .children import Child, Ending, Settings, command, environment, output_file, remove, write_files

__all__ = ["ForkServer"]

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
        self.home = tempfile.mkdtemp(prefix="tinygrad-edu-")  # holds the directories of all children
        os.chmod(self.home, 0o711)  # a child that becomes another user finds its own, and cannot list the others
        Path(self.home, "files").mkdir(mode=0o755)
        write_files(Path(self.home, "files"), files)
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115
        with theirs:
            self.process = subprocess.Popen(
                command("serve_clean", {**settings, "data": "files"}),
                stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=self.errors,
                cwd=self.home, env=environment(self.home), start_new_session=True,
            )  # fmt: skip
        try:
            self.receive()
        except BaseException:
            self.close()
            raise

    def start(self) -> Child:
        """Fork a child."""
        (to_child, requests), (answers, from_child) = os.pipe(), os.pipe()
        home, output = tempfile.mkdtemp(dir=self.home), output_file()
        try:
            answer = self.ask({"do": "fork", "home": home}, [to_child, from_child, output])
            if "pid" not in answer:
                raise SandboxError(f"no child could be forked: {answer['failure']}")
        except BaseException:
            for descriptor in (requests, answers, output):
                os.close(descriptor)
            remove(home)
            raise
        finally:
            os.close(to_child)
            os.close(from_child)
        return Child(self, answer["pid"], Channel(requests, answers), home, output)

    def end(self, process: Any) -> Ending:
        """Have the clean process, the parent of the child, kill it and wait for its end."""
        answer = self.ask({"do": "end", "pid": process}, [])
        return Ending(answer["status"], answer["memory"])

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
        remove(self.home)
