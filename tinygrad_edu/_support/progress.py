"""Progress bars in terminals and notebooks, where tqdm is installed."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

from .notebook import in_notebook

__all__ = ["NoBar", "progress_bar"]


def progress_bar(total: int | None, description: str, **options: Any) -> Any:
    """A tqdm bar, for a `with` statement. It shows nothing where nobody looks or tqdm is missing."""
    if in_notebook() and find_spec("tqdm") and find_spec("ipywidgets"):
        from tqdm.notebook import tqdm
    elif (in_notebook() or sys.stderr.isatty()) and find_spec("tqdm"):
        from tqdm import tqdm
    else:
        return NoBar()
    return tqdm(total=total, desc=description, **options)


class NoBar:
    """A bar that shows nothing, with the methods of tqdm that this package uses."""

    def __enter__(self) -> NoBar:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, n: int = 1) -> None:
        """Advance by n."""

    def set_postfix(self, figures: dict[str, Any], refresh: bool = True) -> None:
        """Show figures after the bar."""
