"""Docstrings as Sphinx wants them.

Ours are plain text: code in `single quotes`, formulas as they are, indented lines as they stand, `name : what it is`
under "Parameters". In reStructuredText a star or a bar would mean something, so they are rewritten on the way.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from textwrap import indent
from typing import Any

from sphinx.application import Sphinx

from tinygrad_edu.engine.messages.explain import signature as row_signature
from tinygrad_edu.engine.primitives.primitive import Primitive

MODULES = ("", "nn", "nn.functional", "nn.init", "optim", "optim.lr_scheduler", "data", "train", "models", "graph",
           "step", "grade", "testing", "plots")  # fmt: skip
SECTION = re.compile(r"(Parameters|Attributes|Returns|Raises)\n-+\n")
ENTRY = re.compile(r"\S[^:\n]* : ")
CODE = re.compile(r"`([^`]+)`")
NAME = re.compile(r"(?:tg\.)?([A-Za-z_][\w.]*)(?:\(\))?")


def public_names() -> dict[str, str]:
    """The full name of everything public, by what docstrings call it: `exp`, `Linear`, `nn.Linear`."""
    names: dict[str, str] = {}
    for path in MODULES:
        module = import_module(f"tinygrad_edu.{path}".rstrip("."))
        for name in module.__all__:
            if not inspect.ismodule(getattr(module, name)):
                full = f"{module.__name__}.{name}"
                names.setdefault(name, full)
                names[f"{path}.{name}".lstrip(".")] = full
    return names


def rewritten(text: str, public: dict[str, str]) -> str:
    """A docstring as reStructuredText."""
    paragraphs = re.split(r"\n\s*\n", SECTION.sub(r"\n\1\n----\n\n", inspect.cleandoc(text)))
    return "\n\n".join(_paragraph(paragraph, public) for paragraph in paragraphs)


def _paragraph(paragraph: str, public: dict[str, str]) -> str:
    if paragraph.startswith(">>>"):
        return paragraph
    if paragraph.startswith("    "):
        return f"::\n\n{paragraph}"
    head, _, line = paragraph.partition("\n")
    if line == "----":
        return f"**{head}**"
    if ENTRY.match(paragraph):
        return "\n".join(_entries(paragraph, public))
    return _inline(paragraph, public)


def _entries(paragraph: str, public: dict[str, str]) -> Iterator[str]:
    """`name : text`, with what is indented under it, as a list of definitions."""
    for entry in re.split(rf"\n(?={ENTRY.pattern})", paragraph):
        names, text = entry.split(" : ", 1)
        yield ", ".join(f"``{name}``" for name in names.split(", "))
        yield indent(_inline(re.sub(r"\n +", "\n", text), public), "    ")


def _inline(text: str, public: dict[str, str]) -> str:
    """Code spans as code, linked where they name something public; in the rest no character has a meaning."""
    parts = CODE.split(text)
    parts[::2] = [re.sub(r"([\\*|_])", r"\\\1", part) for part in parts[::2]]
    parts[1::2] = [_code(part, public) for part in parts[1::2]]
    return "".join(parts)


def _code(code: str, public: dict[str, str]) -> str:
    name = NAME.fullmatch(code)
    if name and name[1] in public:
        return f":py:obj:`{code} <{public[name[1]]}>`\\ "  # letters may follow: `Value`s
    return f"``{code}``\\ "


def rewrite(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Called by autodoc for every docstring."""
    lines[:] = [*rewritten("\n".join(lines), app.public_names).splitlines(), ""]


def signature(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, arguments: str | None, result: str | None
) -> tuple[str | None, str | None]:
    """Called by autodoc for every signature: `Any` says nothing; a row of the table knows how it is called."""
    if isinstance(obj, Primitive):
        return row_signature(obj), None
    return arguments and re.sub(r": Any(?=[,)]| =)", "", arguments), None if result == "Any" else result


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.public_names = public_names()
    app.connect("autodoc-process-docstring", rewrite)
    app.connect("autodoc-process-signature", signature)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
