"""Showing a script where the program runs, in a notebook or in a terminal, and the table of its file formats."""

from __future__ import annotations

import os
import sys

from .._support.formats import Writer
from .._support.languages import say
from .._support.notebook import displayed
from .predict import said_of_score
from .script import Script

__all__ = ["FORMATS", "show"]

FORMATS: dict[str, Writer] = {
    ".html": lambda script, predict: script.html(predict=predict),
    ".svg": lambda script, predict: script.filmstrip(),
    ".md": lambda script, predict: script.markdown() + "\n",
    ".tex": lambda script, predict: script.latex() + "\n",
    ".txt": lambda script, predict: script.text() + "\n",
    ".json": lambda script, predict: script.json(),
}
"""What writes a script to a file of each extension, as questions where that is asked for."""


def show(script: Script, predict: bool) -> None:
    """Play the script in the cell of a notebook or in a terminal; print it where there is neither."""
    from .page import frame

    if displayed(lambda: frame(script, predict=predict), script.text):
        return
    if sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb":  # as in an editor's shell
        try:
            from .terminal import Player
        except ImportError:
            needed = say(
                "The player in the terminal needs Textual: {command}", command="pip install 'tinygrad_edu[step]'"
            )
            print(needed, file=sys.stderr)
        else:
            score = Player(script, predict=predict).run()
            if score is not None and score.met:
                print(said_of_score(score))
            return
    print(script.text())
