"""Imports go downward only, from floor to floor, and inside `engine/` from file to file; and the heart stays small.

docs/design.md lists the floors, and the files of the engine in the order of reading. The imports are read from the
source of all files: those at run time, those inside functions, and those for types.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tinygrad_edu"

USER_PROGRAMS = ("grade/assignments/", "grade/template/", "tutorials/")
"""Programs of users that lie in the package: they import it as any user does."""

FACADES = {
    "engine/signatures": "it says what a call gives for a Value and for a Tensor, which stand above it",
    "step/script": "a Script has a method for each of its writers, so that users need not know them",
    "graph/draw": "a Drawing has a method for each of its formats, so that users need not know them",
    "grade/sandbox/proxies": "a proxy holds the session that its calls go through",
}
"""Files that may import files of their own room that import them, inside functions or for types; and why."""


class Import(NamedTuple):
    """An arrow between two files, each named by its path in the package without `.py`.

    Attributes
    ----------
    importer, imported : the files; an `__init__.py` has the name of its folder.
    eager : whether it is executed when the importer is imported; not so inside functions, and for types.
    line : of the importer.
    """

    importer: str
    imported: str
    eager: bool
    line: int

    def __str__(self) -> str:
        how = "" if self.eager else " (for types, or inside a function)"
        return f"{self.importer or '__init__'}, line {self.line}: imports {self.imported or '__init__'}{how}"


def name_of(path: Path) -> str:
    """The path of a file in the package without `.py`; of an `__init__.py` that of its folder."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "/".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
FILES = {name: path for name, path in FILES.items() if not name.startswith(USER_PROGRAMS)}


def tree(name: str) -> ast.Module:
    return ast.parse(FILES[name].read_text("utf-8"))


@cache
def reexported(folder: str) -> frozenset[str]:
    """The names that a package's `__init__.py` takes from its files: `from .draw import draw`."""
    nodes = ast.walk(tree(folder)) if folder in FILES else ()
    return frozenset(
        alias.asname or alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    )


def imported_files(name: str, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """The files of the package that a statement in the file `name` imports."""
    if isinstance(node, ast.Import):
        modules = [alias.name.split(".") for alias in node.names]
        yield from ("/".join(parts[1:]) for parts in modules if parts[0] == PACKAGE.name)
        return
    module = (node.module or "").split(".") if node.module else []
    if node.level:
        here = name.split("/") if name else []
        is_package = FILES[name].name == "__init__.py"
        up = node.level - is_package
        module = here[: len(here) - up] + module
    elif module[:1] == [PACKAGE.name]:
        module = module[1:]
    else:
        return
    folder = "/".join(module)
    for alias in node.names:
        file = "/".join([*module, alias.name])
        yield file if file in FILES and alias.name not in reexported(folder) else folder


def statements(node: ast.AST, eager: bool = True) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """All import statements below a node of a syntax tree, and whether each is executed at import."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            yield child, eager
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for statement in child.body:
                yield from statements(ast.Module([statement], []), False)
            for statement in child.orelse:
                yield from statements(ast.Module([statement], []), eager)
        elif not isinstance(child, ast.expr):  # no import stands in an expression
            is_function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
            yield from statements(child, eager and not is_function)


@cache
def imports() -> list[Import]:
    """All arrows between files of the package."""
    found = {
        Import(name, imported, eager, node.lineno)
        for name in FILES
        for node, eager in statements(tree(name))
        for imported in imported_files(name, node)
        if imported != name
    }
    return sorted(found)


def room(name: str) -> str:
    """The room of a file: the file or folder at the top of the package; of the package itself `__init__`."""
    return name.split("/")[0] or "__init__"


def circles(arrows: Collection[tuple[str, str]]) -> list[list[str]]:
    """The sets of names that reach each other along arrows."""
    after: dict[str, set[str]] = {}
    for a, b in arrows:
        after.setdefault(a, set()).add(b)
    reached = {name: reach(name, after) for name in after}
    found = {frozenset(b for b in reached[a] if a in reached.get(b, ())) for a in after if a in reached[a]}
    return sorted(sorted(names) for names in found)


def reach(name: str, after: Mapping[str, Collection[str]]) -> set[str]:
    """All names that can be reached by one arrow or more."""
    seen: set[str] = set()
    todo = [name]
    while todo:
        new = set(after.get(todo.pop(), ())) - seen
        seen |= new
        todo += new
    return seen


def of_facade(arrow: Import) -> bool:
    """Whether the arrow is one that a facade may have."""
    return arrow.importer in FACADES and not arrow.eager and room(arrow.importer) == room(arrow.imported)


def listed(heading: str) -> list[list[str]]:
    """The numbered list under a heading of docs/design.md: the names in backticks before the colon of each entry."""
    page = (ROOT / "docs" / "design.md").read_text("utf-8")
    section = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    entries = re.findall(r"^\d+\. (.*(?:\n {3}.*)*)", section, re.MULTILINE)
    return [[re.sub(r"\.py$|/$", "", x) for x in re.findall(r"`([^`]+)`", entry.split(": ")[0])] for entry in entries]


FLOORS = {name: level for level, names in enumerate(listed("The order of the floors")) for name in names}
ENGINE = {name: level for level, names in enumerate(listed("The order of the engine")) for name in names}


def test_imports_of_all_kinds_are_read() -> None:
    read = {x[:3] for x in imports()}
    assert ("check/compare", "engine/node", True) in read
    assert ("graph/draw", "graph/formats/saving", False) in read
    assert ("", "engine/random", True) in read
    assert ("", "engine/gradients", False) in read
    assert ("", "graph", False) in read
    assert len(read) > 500


def test_the_page_lists_every_room_once() -> None:
    names = [name for names in listed("The order of the floors") for name in names]
    assert sorted(names) == sorted({room(name) for name in FILES})


def test_no_import_goes_up_to_a_higher_floor_or_to_another_room_of_its_own() -> None:
    between = [x for x in imports() if room(x.importer) != room(x.imported)]
    upward = [x for x in between if FLOORS[room(x.imported)] >= FLOORS[room(x.importer)]]
    assert not upward, "\n".join(map(str, ["these imports go up:", *upward]))


def part(name: str) -> str:
    """The file of the engine, or its folder."""
    return name.split("/")[1]


def test_the_page_lists_every_file_of_the_engine_once() -> None:
    names = [name for names in listed("The order of the engine") for name in names]
    assert sorted(names) == sorted({part(name) for name in FILES if name.startswith("engine/")})


def test_no_import_inside_the_engine_goes_to_a_file_that_is_read_later() -> None:
    inside = [x for x in imports() if x.importer.startswith("engine/") and x.imported.startswith("engine/")]
    between = [x for x in inside if part(x.imported) != part(x.importer) and not of_facade(x)]
    later = [x for x in between if ENGINE[part(x.imported)] >= ENGINE[part(x.importer)]]
    assert not later, "\n".join(map(str, ["these imports look ahead:", *later]))


@pytest.mark.parametrize("name", sorted({room(name) for name in FILES}))
def test_no_files_of_a_room_import_each_other_in_a_circle(name: str) -> None:
    inside = [x for x in imports() if room(x.importer) == room(x.imported) == name and not of_facade(x)]
    found = circles({(x.importer, x.imported) for x in inside})
    arrows = [x for x in inside for names in found if {x.importer, x.imported} <= set(names)]
    assert not found, "\n".join(map(str, ["these imports make circles:", *arrows]))


@pytest.mark.parametrize("facade", FACADES)
def test_every_facade_is_needed(facade: str) -> None:
    inside = {(x.importer, x.imported) for x in imports() if room(x.importer) == room(facade)}
    assert any(facade in names for names in circles(inside))


# The size of the heart

HEART = ("node", "walk", "value", "operators", "primitives/primitive", "primitives/arithmetic")


def lines_of_code(name: str) -> int:
    """The lines of a file that are neither blank nor a comment, nor in a docstring of a module, class or function."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    texts = [x.body[0] for x in ast.walk(tree(name)) if isinstance(x, documented) and ast.get_docstring(x)]
    told = {line for text in texts for line in range(text.lineno, (text.end_lineno or 0) + 1)}
    lines = enumerate(FILES[name].read_text("utf-8").splitlines(), start=1)
    return sum(bool(line.split("#")[0].strip()) for number, line in lines if number not in told)


def test_the_heart_can_be_read_in_one_sitting() -> None:
    heart = sum(lines_of_code(f"engine/{name}") for name in HEART)
    assert 300 < heart <= 600
    assert heart + lines_of_code("engine/tensor") <= 820
