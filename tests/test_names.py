"""An underscore before the name of a function says one thing: it is used in its own file alone.

It is a rule of docs/CONTRIBUTING.md. What users may call is in `__all__`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tinygrad_edu"
TABLES = ("engine/primitives/", "testing/_table/")
"""Rooms whose functions are entered in a table, under their own names."""

PROGRAMS = ("grade/assignments/", "grade/template/", "tutorials/")
"""Programs of users, who name things as they like."""


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def taken_over() -> dict[Path, set[str]]:
    """The names that each file takes out of other files: `from a import name`, and `a.name`."""
    found: dict[Path, set[str]] = {}
    for folder in ("tinygrad_edu", "tests", "benchmarks", "docs"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            found[path] = set()
            for node in ast.walk(tree(path)):
                if isinstance(node, ast.ImportFrom):
                    found[path].update(f"import {alias.name}" for alias in node.names)
                    found[path].update(alias.name for alias in node.names)
                elif isinstance(node, ast.Attribute):
                    found[path].add(node.attr)
    return found


def own_functions(path: Path) -> Iterator[str]:
    """The functions of a file without an underscore that it does not list in `__all__`."""
    statements = tree(path).body
    lists = [x for x in statements if isinstance(x, ast.Assign) and ast.unparse(x.targets[0]) == "__all__"]
    if lists and isinstance(lists[0].value, ast.List):
        public = ast.literal_eval(lists[0].value)
        for x in statements:
            if isinstance(x, ast.FunctionDef) and not x.decorator_list and x.name not in public and x.name[0] != "_":
                yield x.name


def test_no_file_imports_a_function_that_another_marks_as_its_own() -> None:
    for path, names in taken_over().items():
        marked = [name for name in names if name[:8] == "import _" and name[8:9].isalpha()]
        own = [name for name in marked if name.islower() and not (PACKAGE / name.split()[1]).is_dir()]
        assert not own, path


def test_a_function_that_is_used_in_its_own_file_alone_has_an_underscore() -> None:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith((*TABLES, *PROGRAMS)):
            own = set(own_functions(path))
            elsewhere = [names for other, names in taken_over().items() if other != path]
            assert not own.difference(*elsewhere), f"{name}: name them with an underscore, or list them in __all__"
