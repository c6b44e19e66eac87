"""The kernels in which the cells of lessons and notebooks run.

A kernel is told the numbers of free TCP ports, and another process can take one of them before the kernel does: where
many kernels start at once, this happens. Here each has sockets of its own, in a folder of its own.
"""

import tempfile
from pathlib import Path
from typing import Any

import jupyter_client
from jupyter_client.manager import AsyncKernelManager
from sphinx.application import Sphinx


class KernelInFolder(AsyncKernelManager):
    """Starts a kernel whose sockets lie in a new folder, which goes with the kernel."""

    def __init__(self, **settings: Any):
        super().__init__(transport="ipc", **settings)
        self.folder = tempfile.TemporaryDirectory(prefix="kernel-")
        self.ip = str(Path(self.folder.name) / "socket")

    def cleanup_ipc_files(self) -> None:
        """Remove the sockets, and the folder."""
        super().cleanup_ipc_files()
        self.folder.cleanup()


def setup(app: Sphinx) -> dict[str, bool]:
    """Let all kernels of this build be such."""
    import matplotlib.font_manager  # noqa: F401  # it finds the fonts, once: a slow machine would say so in a cell

    jupyter_client.AsyncKernelManager = KernelInFolder
    return {"parallel_read_safe": True}
