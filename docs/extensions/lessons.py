"""The lessons, which are programs outside this folder, as pages of the site."""

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from tinygrad_edu.cli.lessons import lessons

PARTS = 4
"""Of the pages in alphabetical order every fourth is read, then those behind them, and so on."""


def copy_lessons(folder: Path, lang: str) -> None:
    """Write the lessons that changed, and remove those that are gone.

    In another language, what is said in their code is translated here, and Sphinx translates the text between.
    """
    folder.mkdir(exist_ok=True)
    programs = {folder / lesson.path.name: lesson.text(lesson.path, lang, ["code"]) for lesson in lessons()}
    for path, program in programs.items():
        if not path.exists() or path.read_text(encoding="utf-8") != program:
            path.write_text(program, encoding="utf-8")
    for path in set(folder.glob("*.py")) - set(programs):
        path.unlink()


def spread(app: Sphinx, environment: BuildEnvironment, pages: list[str]) -> None:
    """Read the pages in an order in which the lessons, which are run, do not follow each other.

    Each process takes some pages in a row, and one of them would get nearly all lessons.
    """
    pages[:] = [page for first in range(PARTS) for page in pages[first::PARTS]]


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("env-before-read-docs", spread)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
