"""Whether a program runs in a notebook, which can show pages and widgets."""

from __future__ import annotations

import sys

__all__ = ["in_notebook"]


def in_notebook() -> bool:
    """Whether this program runs in the kernel of a notebook.

    The test is the shell's attribute `kernel`, which a shell in a terminal lacks, and not the name of its class: Colab,
    Spyder and xeus-python have shells of their own classes.
    """
    ipython = sys.modules.get("IPython")  # a kernel has imported it before it runs a cell
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")
