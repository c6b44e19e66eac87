"""A progress bar where there is somebody to see it: in a terminal and in a notebook, and if tqdm is installed."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

from .notebook import in_notebook

__all__ = ["NoBar", "progress_bar"]


def progress_bar(total: int | None, description: str, **settings: Any) -> Any:
    """A tqdm bar, to be used with `with`; one that shows nothing where nobody looks or tqdm is missing."""
    if in_notebook() and find_spec("tqdm") and find_spec("ipywidgets"):
        from tqdm.notebook import tqdm
    elif (in_notebook() or sys.stderr.isatty()) and find_spec("tqdm"):
        from tqdm import tqdm
    else:
        return NoBar()
    return tqdm(total=total, desc=description, **settings)


class NoBar:
    """The part of a tqdm bar that this package uses, without the bar."""

    def __enter__(self) -> NoBar:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, n: int = 1) -> None:
        """Count on."""

    def set_postfix(self, figures: dict[str, Any], refresh: bool = True) -> None:
        """Show figures beside the bar."""
