"""The directive `family`: describes everything that a page's module exports of one file, so that no page lists names.

    .. currentmodule:: tinygrad_edu.nn

    .. family:: tinygrad_edu.nn.containers
       :members: Sequential ModuleList

It stands for a line `.. autoclass:: Sequential` or `.. autofunction:: ...` for each object in `__all__` of the file
that `__all__` of the current module has as well, under whatever name; in the order of the file's source. Names that the
file only imports come first. `:members:` names the classes whose methods are described, too.

A comment on the line above `__all__ = [...]` or `__all__ += [...]` is a heading over the names defined below it.
"""

from __future__ import annotations

import ast
import inspect
import re
from importlib import import_module
from types import ModuleType
from typing import Any, ClassVar

from docutils.nodes import Node
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

HEADING = re.compile(r"^# (.+)\n__all__ ", re.MULTILINE)


def exported(face: ModuleType, family: ModuleType) -> dict[str, int]:
    """The names in the face of what a family exports, in the order of the family's source, and their lines there."""
    lines: dict[str, int] = {}
    for statement in ast.parse(inspect.getsource(family)).body:
        for named in getattr(statement, "targets", [getattr(statement, "target", statement)]):
            lines.setdefault(getattr(named, "id", None) or getattr(named, "name", ""), statement.lineno)
    own = {id(inspect.unwrap(getattr(family, name))): name for name in family.__all__}
    faces = {name: id(inspect.unwrap(getattr(face, name))) for name in face.__all__}
    found = {name: own[known] for name, known in faces.items() if known in own}
    return dict(sorted(((name, lines.get(there, 0)) for name, there in found.items()), key=lambda x: x[1]))


def headings(family: ModuleType) -> dict[int, str]:
    """The headings in a family's source, by their lines."""
    source = inspect.getsource(family)
    return {source.count("\n", 0, found.start()) + 1: found[1] for found in HEADING.finditer(source)}


class Family(SphinxDirective):
    """`.. family:: module` writes the lines for autodoc."""

    required_arguments = 1
    option_spec: ClassVar = {"members": directives.unchanged}

    def run(self) -> list[Node]:
        """Called by Sphinx."""
        family = import_module(self.arguments[0])
        self.env.note_dependency(inspect.getfile(family))
        face = import_module(self.env.ref_context["py:module"])
        lines: list[str] = []
        above = headings(family)
        for name, line in exported(face, family).items():
            for each in [each for each in above if each < line]:
                heading = above.pop(each)
                lines += [heading, "~" * len(heading), ""]
            lines += [f".. {_directive(getattr(face, name))}:: {name}"]
            lines += ["   :members:"] * (name in self.options.get("members", "").split()) + [""]
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)


def _directive(x: Any) -> str:
    if isinstance(x, type):
        return "autoclass"
    return "autofunction" if callable(x) else "autodata"


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_directive("family", Family)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
