"""Where a script is shown: in a notebook, in a terminal, or in a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from .._support.files import replace_file
from .predict import said_of_score
from .script import Script

__all__ = ["FORMATS", "format_of", "save", "show"]

Format = Callable[[Script, str, bool], str]

FORMATS: dict[str, Format] = {
    ".html": lambda script, lang, predict: script.html(lang=lang, predict=predict),
    ".svg": lambda script, lang, predict: script.filmstrip(lang=lang),
    ".md": lambda script, lang, predict: script.markdown(lang) + "\n",
    ".tex": lambda script, lang, predict: script.latex(lang) + "\n",
    ".txt": lambda script, lang, predict: script.text(lang) + "\n",
    ".json": lambda script, lang, predict: script.json(),
}
"""What each extension means."""


def format_of(path: str | os.PathLike[str]) -> Format:
    """What to write to a file of this name; `ValueError`, with the list, for an extension that is not in the table.

    >>> format_of("z.bmp")
    Traceback (most recent call last):
        ...
    ValueError: save: 'z.bmp' has none of the extensions .html, .svg, .md, .tex, .txt, .json
    """
    path = Path(path)
    write = FORMATS.get(path.suffix.lower())
    if write is None:
        raise ValueError(f"save: {path.name!r} has none of the extensions {', '.join(FORMATS)}")
    return write


def save(script: Script, path: str | os.PathLike[str], lang: str, predict: bool) -> Path:
    """Write the script in the format of the extension; gives the path."""
    replace_file(path, format_of(path)(script, lang, predict).encode())
    return Path(path)


def show(script: Script, lang: str, predict: bool) -> None:
    """Play it where the program runs."""
    if in_notebook():
        from IPython.display import display

        from .page import frame

        shown = {"text/html": frame(script, lang=lang, predict=predict), "text/plain": script.text(lang)}
        display(shown, raw=True)
        return
    if sys.stdin.isatty() and sys.stdout.isatty():
        try:
            from .terminal import Player
        except ImportError:
            print("The player in the terminal needs Textual: pip install 'tinygrad_edu[step]'", file=sys.stderr)
        else:
            score = Player(script, lang=lang, predict=predict).run()
            if score is not None and score.met:
                print(said_of_score(score, lang))
            return
    print(script.text(lang))


def in_notebook() -> bool:
    """Whether the program runs in the kernel of a notebook, which can show a page."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")
