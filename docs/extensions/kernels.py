"""The kernels in which the cells of lessons and notebooks run.

A kernel is told the numbers of free TCP ports, and another process can take one of them before the kernel does: where
many kernels start at once, this happens. Here each has sockets of its own, in a folder of its own.

A kernel sends what a cell prints every fifth of a second, and MyST-NB begins a new line with each piece. Here it sends
all of a cell at once, so that no line is broken where the machine was slow.
"""

import tempfile
from pathlib import Path
from typing import Any

import jupyter_client
from jupyter_client.manager import AsyncKernelManager
from sphinx.application import Sphinx

PRINT_AT_THE_END = "--IPKernelApp.exec_lines=import sys; sys.stdout.flush_interval = sys.stderr.flush_interval = 3600"


class KernelInFolder(AsyncKernelManager):
    """Starts a kernel whose sockets lie in a new folder, which goes with the kernel."""

    def __init__(self, **settings: Any):
        super().__init__(transport="ipc", **settings)
        self.folder = tempfile.TemporaryDirectory(prefix="kernel-")
        self.ip = str(Path(self.folder.name) / "socket")

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        """The command that starts it."""
        return super().format_kernel_cmd([*(extra_arguments or []), PRINT_AT_THE_END])

    def cleanup_ipc_files(self) -> None:
        """Remove the sockets, and the folder."""
        super().cleanup_ipc_files()
        self.folder.cleanup()


def setup(app: Sphinx) -> dict[str, bool]:
    """Let all kernels of this build be such."""
    import matplotlib.font_manager  # noqa: F401  # it finds the fonts, once: a slow machine would say so in a cell

    jupyter_client.AsyncKernelManager = KernelInFolder
    return {"parallel_read_safe": True}
