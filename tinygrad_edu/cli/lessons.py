"""The lessons of the course, and copies of them as notebooks or scripts."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .._support.files import replace_file
from .._support.languages import say, texts
from ..errors import FileError
from .translation import read_catalogue, translated

__all__ = ["As", "Lesson", "copy_lessons", "lessons"]

As = Literal["notebooks", "scripts"]

PACKAGE = Path(__file__).parents[1]

SPEAKING = """
# %%
import os

os.environ["TINYGRAD_EDU_LANG"] = "{lang}"
"""
"""A cell behind the first one of a translated lesson: what the library shows is in its language, too."""


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

    def title(self, lang: str = "en") -> str:
        """The first heading, without the number."""
        lines = self.path.read_text(encoding="utf-8").splitlines()
        heading = next(line for line in lines if line.startswith("# # ")).removeprefix("# # ")
        return self._texts(lang, ["lessons"]).get(heading, heading).partition(". ")[2]

    @property
    def exercises(self) -> Path:
        """The folder with the starter file, the assignment and a solution."""
        return self.path.parent / "exercises" / self.name

    @property
    def programs(self) -> list[Path]:
        """The programs that the lesson imports, from the folder `programs`."""
        names = re.findall(r"^from programs import (\w+)$", self.path.read_text(encoding="utf-8"), re.MULTILINE)
        return [self.path.parent / "programs" / f"{name}.py" for name in names]

    @property
    def all_programs(self) -> list[Path]:
        """The lesson, its exercises and the programs that it imports."""
        return [self.path, *sorted(self.exercises.glob("*.py")), *self.programs]

    def text(self, program: Path, lang: str, kinds: Sequence[str] = ("lessons", "code")) -> str:
        """A program of the lesson, the lesson itself too, in a language: its Markdown and what is said in its code."""
        text = program.read_text(encoding="utf-8")
        texts = self._texts(lang, kinds)
        if not texts:
            return text
        text = re.sub("(?<=^# )tinygrad-edu grade .+", rf"\g<0> --lang {lang}", text, flags=re.MULTILINE)
        return translated(text, lambda text: texts.get(text, text), strings=program.parent != self.exercises)

    def _texts(self, lang: str, kinds: Sequence[str]) -> dict[str, str]:
        if lang == "en":
            return {}
        read = (read_catalogue(catalogues(lang) / kind / f"{self.name}.po") for kind in kinds)
        return {text: translation for catalogue in read for text, translation in catalogue.items()}

    def content(self, form: As, lang: str) -> str:
        """The lesson as a notebook or as a script. Raises `ImportError` if jupytext is missing, for notebooks."""
        script = self.text(self.path, lang)
        if lang != "en":
            head, first, rest = script.split("# %%", 2)
            script = f"{head}# %%{first.rstrip()}\n{SPEAKING.format(lang=lang)}\n# %%{rest}"
        if form == "scripts":
            return script
        try:
            import jupytext
        except ModuleNotFoundError:
            raise ImportError(say("notebooks need jupytext: pip install jupytext; or take the scripts")) from None
        notebook = jupytext.reads(re.sub(r"\]\((\d\d_\w+)\.py\)", r"](\1.ipynb)", script), fmt="py:percent")
        for i, cell in enumerate(notebook.cells):
            cell["id"] = f"cell-{i + 1}"  # not random, so that the same lesson gives the same bytes
        written: str = jupytext.writes(notebook, fmt="ipynb")
        return written


def lessons() -> list[Lesson]:
    """All lessons, in order.

    >>> [lesson.name for lesson in lessons()][0]
    '01_a_graph_of_numbers'
    """
    folder = _there(PACKAGE / "tutorials", PACKAGE.parent / "tutorials")
    return [Lesson(path) for path in sorted(folder.glob("[0-9][0-9]_*.py"))]


def catalogues(lang: str) -> Path:
    """The folder with the translations into a language; a translation is called by language and country: `zh_CN`."""
    folder = _there(PACKAGE / "tutorials" / "locale", PACKAGE.parent / "docs" / "locale")
    return next(folder.glob(f"{lang}_*")) / "LC_MESSAGES"


def _there(installed: Path, in_a_checkout: Path) -> Path:
    return installed if installed.is_dir() else in_a_checkout


def copy_lessons(
    folder: str | os.PathLike[str], chosen: Sequence[Lesson], form: As = "notebooks", lang: str = "en"
) -> list[Path]:
    """Copy lessons, their exercises and programs into a folder, in a language; gives the paths of the lessons.

    In another language than English their Markdown and what is said in their code is translated. Files of the user are
    never overwritten. Raises `FileError`, and copies nothing, if the folder has a file of the same name and other
    content; `ImportError` where jupytext is missing, for notebooks; `OSError` where the folder cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in copy_lessons(folder, lessons()[:1], "scripts")]
    ['01_a_graph_of_numbers.py']
    """
    folder = Path(folder)
    ending = ".ipynb" if form == "notebooks" else ".py"
    copies = {folder / f"{lesson.name}{ending}": lesson.content(form, lang).encode() for lesson in chosen}
    paths = list(copies)
    for lesson in chosen:
        for file in sorted(lesson.exercises.glob("*.*")):
            copies[folder / "exercises" / lesson.name / file.name] = (
                lesson.text(file, lang).encode() if file.suffix == ".py" else file.read_bytes()
            )
        for program in lesson.programs:
            copies[folder / "programs" / program.name] = lesson.text(program, lang).encode()
    for path, content in copies.items():
        if path.exists() and path.read_bytes() != content:
            text = texts("{path} is there already, and it is not the lesson as it was: choose another folder")
            raise FileError(text, path=path)
    for path, content in copies.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, content)
    return paths
