"""Each child a new interpreter: where processes cannot be forked, or cannot be once NumPy is loaded, as on macOS."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Collection
from typing import Any

from . import macos, windows
from .channel import BlockingChannel, Channel
from .children import Child, Ending, Settings, command, environment, output_file

__all__ = ["ColdStart"]


class ColdStart:
    """Children in 0.2 s each."""

    outside: Collection[str]

    def __init__(self, settings: Settings) -> None:
        self.command = command("serve_alone", settings)
        self.settings = settings
        self.outside = ()
        if sys.platform == "darwin":
            self.command, self.outside = macos.confined(self.command)
        elif sys.platform == "win32":
            self.outside = ("memory",)
        self.outside = set(self.outside) - set(settings["without"])

    def start(self) -> Child:
        """Start a child."""
        home, output = tempfile.mkdtemp(prefix="tinygrad-edu-"), output_file()
        process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output, bufsize=0,
            cwd=home, env=environment(home), start_new_session=True,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        if sys.platform == "win32":
            windows.put_in_job(process, self.settings)
        elif sys.platform == "darwin":
            macos.watch_memory(process, self.settings["memory"])
        # The descriptors are the channel's from now on.
        requests, answers = os.dup(process.stdin.fileno()), os.dup(process.stdout.fileno())
        process.stdin.close()
        process.stdout.close()
        kind = BlockingChannel if sys.platform == "win32" else Channel
        return Child(self, process, kind(requests, answers), home, output)

    def end(self, process: Any) -> Ending:
        """Kill the child and its process group, and reap the child."""
        if sys.platform == "win32":
            windows.end_job(process)
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        return Ending(process.wait())

    def close(self) -> None:
        """Nothing is left open between children."""
