"""Children forked from a clean process, which has NumPy loaded and has never seen a test or a submission."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import threading
from collections.abc import Collection
from typing import Any

from ..errors import SandboxError
from .channel import Channel
from .children import Child, Ending, Settings, command, environment, output_file, remove

__all__ = ["ForkServer"]

PATIENCE = 30.0
"""Seconds that the clean process may take for its own work, on a machine that is very busy."""


class ForkServer:
    """Children in 2 ms each. It can be used from several threads.

    Attributes
    ----------
    broken : why no more children come from it; empty as long as they do.
    """

    outside: Collection[str] = ()

    def __init__(self, settings: Settings) -> None:
        self.lock = threading.Lock()
        self.broken = ""
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
            self.receive()
        except BaseException:
            self.close()
            raise

    def start(self) -> Child:
        """Fork a child."""
        (to_child, requests), (answers, from_child) = os.pipe(), os.pipe()
        home, output = tempfile.mkdtemp(prefix="tinygrad-edu-"), output_file()
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
        """Have the clean process, whose child it is, kill and reap it."""
        answer = self.ask({"do": "end", "pid": process}, [])
        return Ending(answer["status"], answer["memory"])

    def ask(self, request: dict[str, Any], descriptors: list[int]) -> Any:
        """One request and its answer. An answer that did not come might come later and be taken for another's: then
        nothing is asked any more.
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
        """The next line that the clean process writes."""
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
        """End the clean process; it ends all children first."""
        self.control.close()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.errors.close()
        remove(self.home)
