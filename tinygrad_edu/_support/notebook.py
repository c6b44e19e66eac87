"""Whether a program runs in a notebook, which can show pages and widgets."""

from __future__ import annotations

import sys
from collections.abc import Callable

__all__ = ["displayed", "in_notebook"]


def in_notebook() -> bool:
    """Whether this program runs in the kernel of a notebook.

    The test is the shell's attribute `kernel`, which a shell in a terminal lacks, and not the name of its class: Colab,
    Spyder and xeus-python have shells of their own classes.
    """
    ipython = sys.modules.get("IPython")  # a kernel has imported it before it runs a cell
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def displayed(html: Callable[[], str], text: Callable[[], str]) -> bool:
    """Show something in the output cell of a notebook, Jupyter's or marimo's; False where there is none.

    `html` and `text` give what is shown, and what stands in its place where no page can be.
    """
    if in_notebook():
        from IPython.display import display

        display({"text/html": html(), "text/plain": text()}, raw=True)
        return True
    marimo = sys.modules.get("marimo")
    if marimo is not None and marimo.running_in_notebook():
        marimo.output.append(marimo.Html(html()))
        return True
    return False
