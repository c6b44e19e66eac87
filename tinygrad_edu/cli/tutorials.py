"""`tinygrad-edu tutorials`: the lessons; `tutorials copy DIR` copies them, `tutorials open 3` opens one in Jupyter."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from .._support.languages import language, say, texts
from ..errors import TinygradError
from ..graph.text import visible
from .command import Commands, Refusal, command, refusing
from .lessons import As, Lesson, copy_lessons, lessons

__all__ = ["add_to"]

LESSON = texts("its number, such as 3, or its name")


def add_to(commands: Commands) -> None:
    """Add the commands and their options to the parser."""
    command(commands, _run_list, "tutorials", "list the lessons; `tutorials copy` and `tutorials open` give you one")

    add = command(commands, _run_copy, "tutorials copy", "copy lessons and their exercises, to work in")
    add("folder", metavar="DIR", help="where to; it is made if it is not there")
    add(
        "lessons",
        metavar="LESSON",
        nargs="*",
        default=[],
        help="its number, such as 3, or its name (default: all of them)",
    )
    add("--scripts", action="store_true", help="as Python scripts (default: as notebooks)")

    add = command(commands, _run_open, "tutorials open", "open a lesson as a notebook, in JupyterLab")
    add("lesson", metavar="LESSON", help=LESSON)
    add("--folder", metavar="DIR", default=".", help="where the notebook is, or is copied to (default: here)")


def _run_list(arguments: argparse.Namespace) -> None:
    """Print a line for each lesson."""
    for lesson in lessons():
        print(f"{lesson.number:2d}  {lesson.title(language())}")
    print("\n" + say("To work in them: {command}", command="tinygrad-edu tutorials copy DIR"))


def _run_copy(arguments: argparse.Namespace) -> None:
    """Copy the named lessons."""
    chosen = _named(arguments.lessons) if arguments.lessons else lessons()
    form: As = "scripts" if arguments.scripts else "notebooks"
    with refusing(TinygradError, ImportError, OSError):
        for path in copy_lessons(arguments.folder, chosen, form, language()):
            print(visible(str(path)))


def _run_open(arguments: argparse.Namespace) -> None:
    """Open the user's copy of the lesson in JupyterLab; make the copy first if there is none."""
    (lesson,) = _named([arguments.lesson])
    if find_spec("jupyterlab") is None:
        text = texts("opening a lesson needs JupyterLab: pip install jupyterlab; `tutorials copy` needs no Jupyter")
        raise Refusal(say(text))
    path = Path(arguments.folder, f"{lesson.name}.ipynb")
    if not path.exists():
        with refusing(TinygradError, ImportError, OSError):
            copy_lessons(arguments.folder, [lesson], lang=language())
    subprocess.run([sys.executable, "-m", "jupyterlab", str(path)], check=False)


def _named(words: Sequence[str]) -> list[Lesson]:
    """The lessons with these numbers or names."""
    there = {key: lesson for lesson in lessons() for key in (str(lesson.number), lesson.name[:2], lesson.name)}
    for word in words:
        if word not in there:
            raise Refusal("there is no lesson {name}; `tinygrad-edu tutorials` lists them", name=repr(word))
    return [there[word] for word in words]
