"""The gallery: what `tg.draw` makes of the graphs of a textbook, each in light and dark, with the lines that drew it.

    python docs/gallery.py [folder]          # or: make gallery

writes the pictures and an `index.md` that shows them, into docs/gallery unless another folder is named. Nothing of it
is kept in the repository: the pictures are the functions in docs/pictures, a file a section.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

sys.path.insert(0, str(Path(__file__).parent))

from pictures import arrays, chapter, names, networks, numbers, options, programs

import tinygrad_edu as tg
from tinygrad_edu.graph import Drawing, Film

SECTIONS = numbers, arrays, networks, chapter, options, names
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def functions_of(section: ModuleType) -> Iterator[Callable[[], Any]]:
    """The functions that a section defines, in its order."""
    yield from (x for x in vars(section).values() if inspect.isfunction(x) and x.__module__ == section.__name__)


def drawn(function: Callable[[], Any]) -> list[tuple[str, Drawing | Film]]:
    """The pictures of a function, each with its name; of a program of the chapter, the forward pass and both passes."""
    made, name = function(), function.__name__
    if isinstance(made, (Drawing, Film)):
        return [(name, made)]
    result = made[result_of(function)]
    return [(name, tg.draw(result, names=made)), (f"{name}-both", tg.draw(result, "both", names=made))]


def result_of(program: Callable[[], Any]) -> str:
    """The variable that a program of the chapter sets last."""
    return re.findall(r"^    (\w+) = ", inspect.getsource(program), re.MULTILINE)[-1]


def source(function: Callable[[], Any]) -> str:
    """The lines that draw a picture."""
    lines = inspect.getsource(function).splitlines()
    body = lines[next(i for i, line in enumerate(lines) if line.endswith('"""')) + 1 :]
    text = textwrap.dedent("\n".join(body)).strip("\n")
    if text.endswith("return locals()"):
        calls = (f"tg.draw({result_of(function)}, {mode}names=locals())" for mode in ("", '"both", '))
        text = text.replace("return locals()", "\n".join(calls))
    return re.sub("^return ", "", text, flags=re.MULTILINE)


def themed(picture: Any, theme: Literal["light", "dark"]) -> Any:
    """A picture, or a film, on light or on dark ground."""
    if isinstance(picture, Film):
        return replace(picture, drawings=tuple(replace(drawing, theme=theme) for drawing in picture.drawings))
    return replace(picture, theme=theme)


def main(folder: Path) -> None:
    """Draw everything and write the page that shows it."""
    folder.mkdir(parents=True, exist_ok=True)
    page = ["# Gallery", "", "Made by `docs/gallery.py`. Each picture is there in light and dark.", ""]
    count = 0
    for section in SECTIONS:
        heading, _, words = (inspect.getdoc(section) or "").partition("\n")
        page += [f"## {heading.rstrip('.')}", "", *([words.strip(), ""] if words.strip() else [])]
        for function in functions_of(section):
            title, _, caption = (inspect.getdoc(function) or "").partition("\n")
            page += [f"### {title}", "", *([caption.strip(), ""] if caption.strip() else [])]
            for name, picture in drawn(function):
                count += 1
                for theme in THEMES:
                    themed(picture, theme).save(folder / f"{name}-{theme}.svg")
                page += [*(f"![{title}]({name}-{theme}.svg){{.only-{theme}}}" for theme in THEMES), ""]
            page += ["```python", source(function), "```", ""]
    shared = "\n\n".join(map(inspect.getsource, functions_of(programs)))
    page += ["## What several of them begin with", "", "```python", shared.rstrip(), "```", ""]
    (folder / "index.md").write_text("\n".join(page), encoding="utf-8")
    print(f"{count} pictures in {folder}")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Draw the gallery.")
    arguments.add_argument("folder", type=Path, nargs="?", default=Path(__file__).with_name("gallery"))
    main(arguments.parse_args().folder)
