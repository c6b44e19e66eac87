"""The directive `family`: describes everything that a page's module exports of one file, so that no page lists names.

    .. currentmodule:: tinygrad_edu.nn

    .. family:: tinygrad_edu.nn.containers
       :members: Sequential ModuleList

It stands for a line `.. autoclass:: Sequential` or `.. autofunction:: ...` for each object in `__all__` of the file
that `__all__` of the current module has as well, under whatever name; in the order of the file's source. Names that the
file only imports come first. `:members:` names the classes whose methods are described, too.
"""

from __future__ import annotations

import ast
import inspect
from importlib import import_module
from types import ModuleType
from typing import Any, ClassVar

from docutils.nodes import Node
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


def exported(face: ModuleType, family: ModuleType) -> list[str]:
    """The names in the face of what a family exports, in the order of the family's source."""
    places = {}
    for place, statement in enumerate(ast.parse(inspect.getsource(family)).body):
        for part in ast.walk(statement) if isinstance(statement, (ast.Assign, ast.AnnAssign)) else [statement]:
            places[getattr(part, "id", None) or getattr(part, "name", "")] = place
    names = {id(getattr(family, name)): name for name in family.__all__}
    found = {name: names.get(id(vars(face).get(name))) for name in face.__all__}
    return sorted(filter(found.get, found), key=lambda name: places.get(found[name], -1))


class Family(SphinxDirective):
    """`.. family:: module` writes the lines for autodoc."""

    required_arguments = 1
    option_spec: ClassVar = {"members": directives.unchanged}

    def run(self) -> list[Node]:
        """Called by Sphinx."""
        family = import_module(self.arguments[0])
        self.env.note_dependency(inspect.getfile(family))
        face = import_module(self.env.ref_context["py:module"])
        lines = []
        for name in exported(face, family):
            lines += [f".. {_directive(getattr(face, name))}:: {name}"]
            lines += ["   :members:"] * (name in self.options.get("members", "").split()) + [""]
        return self.parse_text_to_nodes("\n".join(lines))


def _directive(x: Any) -> str:
    if isinstance(x, type):
        return "autoclass"
    return "autofunction" if callable(x) else "autodata"


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_directive("family", Family)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
