"""Showing a script where the program runs, in a notebook or in a terminal, and the table of its file formats."""

from __future__ import annotations

import sys

from .._support.formats import Writer
from .._support.notebook import displayed
from .predict import said_of_score
from .script import Script

__all__ = ["FORMATS", "show"]

FORMATS: dict[str, Writer] = {
    ".html": lambda script, lang, predict: script.html(lang=lang, predict=predict),
    ".svg": lambda script, lang, predict: script.filmstrip(lang=lang),
    ".md": lambda script, lang, predict: script.markdown(lang) + "\n",
    ".tex": lambda script, lang, predict: script.latex(lang) + "\n",
    ".txt": lambda script, lang, predict: script.text(lang) + "\n",
    ".json": lambda script, lang, predict: script.json(),
}
"""What writes a script to a file of each extension, in a language, and as questions where that is asked for."""


def show(script: Script, lang: str, predict: bool) -> None:
    """Play the script in the cell of a notebook or in a terminal; print it where there is neither."""
    from .page import frame

    if displayed(lambda: frame(script, lang=lang, predict=predict), lambda: script.text(lang)):
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
