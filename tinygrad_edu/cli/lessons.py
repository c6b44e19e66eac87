"""The lessons of the course, and copies of them as notebooks or scripts."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .._support.files import replace_file
from ..errors import FileError

__all__ = ["As", "Lesson", "copy_lessons", "lessons"]

As = Literal["notebooks", "scripts"]


@dataclass(frozen=True)
class Lesson:
    """A lesson: a script in the percent format, whose cells begin with `# %%`.

    Attributes
    ----------
    path : of the script, such as `01_a_graph_of_numbers.py`.
    """

    path: Path

    @property
    def name(self) -> str:
        """The name of the file without its extension."""
        return self.path.stem

    @property
    def number(self) -> int:
        """The number of the lesson, from 1 on."""
        return int(self.name[:2])

    @property
    def title(self) -> str:
        """The first heading, without the number."""
        lines = self.path.read_text(encoding="utf-8").splitlines()
        heading = next(line for line in lines if line.startswith("# # "))
        return heading.removeprefix("# # ").partition(". ")[2]

    @property
    def exercises(self) -> Path:
        """The folder with the starter file, the assignment and a solution."""
        return self.path.parent / "exercises" / self.name

    @property
    def programs(self) -> list[Path]:
        """The programs that the lesson imports, from the folder `programs`."""
        names = re.findall(r"^from programs import (\w+)$", self.path.read_text(encoding="utf-8"), re.MULTILINE)
        return [self.path.parent / "programs" / f"{name}.py" for name in names]

    def content(self, form: As) -> bytes:
        """The lesson as a notebook or as a script. Raises `ImportError` if jupytext is missing, for notebooks."""
        if form == "scripts":
            return self.path.read_bytes()
        try:
            import jupytext
        except ModuleNotFoundError:
            raise ImportError("notebooks need jupytext: pip install jupytext; or take the scripts") from None
        notebook = jupytext.reads(self.path.read_text(encoding="utf-8"), fmt="py:percent")
        for i, cell in enumerate(notebook.cells):
            cell["id"] = f"cell-{i + 1}"  # not random, so that the same lesson gives the same bytes
        text: str = jupytext.writes(notebook, fmt="ipynb")
        return text.encode()


def lessons() -> list[Lesson]:
    """All lessons, in order.

    >>> [lesson.name for lesson in lessons()][0]
    '01_a_graph_of_numbers'
    """
    package = Path(__file__).parents[1]
    folders = (package / "tutorials", package.parent / "tutorials")  # installed; in a checkout
    folder = next(folder for folder in folders if folder.is_dir())
    return [Lesson(path) for path in sorted(folder.glob("[0-9][0-9]_*.py"))]


def copy_lessons(folder: str | os.PathLike[str], chosen: Sequence[Lesson], form: As = "notebooks") -> list[Path]:
    """Copy lessons, their exercises and programs into a folder; gives the paths of the lessons.

    Files of the user are never overwritten. Raises `FileError`, and copies nothing, if the folder has a file of the
    same name and other content; `ImportError` where jupytext is missing; `OSError` where the folder cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in copy_lessons(folder, lessons()[:1], "scripts")]
    ['01_a_graph_of_numbers.py']
    """
    folder = Path(folder)
    ending = ".ipynb" if form == "notebooks" else ".py"
    copies = {folder / f"{lesson.name}{ending}": lesson.content(form) for lesson in chosen}
    paths = list(copies)
    for lesson in chosen:
        for file in sorted(lesson.exercises.glob("*.*")):
            copies[folder / "exercises" / lesson.name / file.name] = file.read_bytes()
        for program in lesson.programs:
            copies[folder / "programs" / program.name] = program.read_bytes()
    for path, content in copies.items():
        if path.exists() and path.read_bytes() != content:
            raise FileError(f"{path} is there already, and it is not the lesson as it was: choose another folder")
    for path, content in copies.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, content)
    return paths
