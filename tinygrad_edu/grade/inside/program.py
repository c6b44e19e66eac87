"""Runs a student's program statement by statement, and goes on after an error.

A statement that does not parse, or that raises an exception, is noted with its line, and the statements around it still
run. So a plot that cannot be drawn here, or an unfinished line at the end of the file, does not hide any function.
"""

from __future__ import annotations
import __future__

import ast
import importlib.abc
import importlib.machinery
import linecache
import re
import sys
import types
from collections.abc import Sequence
from typing import Any

__all__ = ["NAME", "Problem", "explain", "run_program"]

NAME = "submission"
"""The name of the program's module. It is not `__main__`, so the program's main block does not run."""

Problem = dict[str, Any]
"""Something to tell the student: `where` (file or cell), `line`, `message`, and perhaps the `text` of the line."""

REPAIRS = 20
"""The most statements that are left out because they do not parse; then the whole file is left out."""

MAGIC = re.compile(r"\s*([%!?]|[\w, ]+=\s*[%!]|[\w.]+\?+\s*$)")
"""A line for the notebook rather than for Python: `%matplotlib inline`, `!pip install`, `files = !ls`, `np.dot?`."""

TRANSPARENT_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")
"""Magics of a whole cell that contains Python below them."""


class Modules(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports the student's other files from memory."""

    def __init__(self, sources: dict[str, tuple[str, str]]) -> None:
        self.sources = sources

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in self.sources:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=self.is_package(name))

    def is_package(self, name: str) -> bool:
        return any(other.startswith(f"{name}.") for other in self.sources)

    def get_source(self, name: str) -> str:
        return self.sources[name][1]

    def get_code(self, name: str) -> types.CodeType:
        filename, source = self.sources[name]
        remember(filename, source)
        return compile(source, filename, "exec", dont_inherit=True)


class Unavailable(importlib.abc.MetaPathFinder):
    """The last finder: its error for a missing module says which modules there are."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None) -> None:
        if "." not in name:
            raise ModuleNotFoundError(
                f"{name!r} is not there while you are graded; NumPy and the standard library are", name=name
            )


def remember(filename: str, source: str) -> None:
    """Let tracebacks show the lines of a source that is not a file."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)


def run_program(
    parts: list[tuple[str, str]], modules: dict[str, tuple[str, str]]
) -> tuple[types.ModuleType, list[Problem]]:
    """Execute the parts, each a name and a source, one after the other in one module; the module and its problems."""
    sys.meta_path[:] = [Modules(modules), *sys.meta_path, Unavailable()]
    module = types.ModuleType(NAME)
    sys.modules[NAME] = module
    problems: list[Problem] = []
    flags = 0
    parsed = [(where, parse(where, source, problems)) for where, source in parts]  # all before any of it is executed
    for where, statements in parsed:
        for statement in statements:
            try:
                code = compile(ast.Module([statement], []), where, "exec", flags, dont_inherit=True)
                flags |= code.co_flags & FUTURES  # `from __future__ import annotations` applies to all that follows
                exec(code, module.__dict__)
            except BaseException as error:  # even SystemExit: sys.exit() at import does not end the grading
                problems.append(explain(error, where, statement.lineno))
    return module, problems


FUTURES = 0
for feature in __future__.all_feature_names:
    FUTURES |= getattr(__future__, feature).compiler_flag


def parse(where: str, source: str, problems: list[Problem]) -> list[ast.stmt]:
    """The statements of a source, without those that do not parse."""
    lines = source.split("\n")
    for _ in range(REPAIRS):
        text = "\n".join(lines)
        try:
            statements = ast.parse(text, where).body
            compile(text, where, "exec", dont_inherit=True)  # finds further errors, such as `return` outside a function
        except SyntaxError as error:
            if drop_magics(where, lines, problems):
                continue
            problems.append(syntax_problem(where, error, lines))
            blank_statement(lines, min(max((error.lineno or 1) - 1, 0), len(lines) - 1))
        except (ValueError, RecursionError, MemoryError) as error:  # a NUL character; nested far too deeply
            problems.append({"where": where, "line": 1, "message": f"cannot be read as Python: {error!s:.200}"})
            return []
        else:
            remember(where, source)
            return statements
    problems.append({"where": where, "line": 1, "message": f"more than {REPAIRS} statements do not parse; left out"})
    return []


def drop_magics(where: str, lines: list[str], problems: list[Problem]) -> bool:
    """Replace lines for the notebook by `pass`; whether there were any."""
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%") and first.split()[0] not in TRANSPARENT_MAGICS:
        problems.append({"where": where, "line": 1, "message": f"a cell for {first.split()[0]} is left out"})
        lines[:] = [""]
        return True
    magics = [number for number, line in enumerate(lines) if MAGIC.match(line)]
    for number in magics:
        line = lines[number]
        problems.append({"where": where, "line": number + 1, "message": f"{line.strip():.80} is left out: not Python"})
        lines[number] = line[: len(line) - len(line.lstrip())] + "pass"
    return bool(magics)


def syntax_problem(where: str, error: SyntaxError, lines: list[str]) -> Problem:
    line = error.lineno or 1
    text = lines[line - 1] if line <= len(lines) else ""
    return {"where": where, "line": line, "message": f"syntax error: {error.msg}", "text": text.strip()[:200]}


def blank_statement(lines: list[str], bad: int) -> None:
    """Blank the bad line and its whole statement, from one unindented line to the next.

    Decorators and `else:` are not indented either; they do not parse without their statement and are blanked next.
    """

    def at_margin(line: str) -> bool:
        return bool(line.strip()) and line[0] not in " \t)]}#"

    first = bad
    while first > 0 and not at_margin(lines[first]):
        first -= 1
    last = bad + 1
    while last < len(lines) and not at_margin(lines[last]):
        last += 1
    lines[first:last] = [""] * (last - first)


def explain(error: BaseException, where: str, line: int) -> Problem:
    """An exception in words, at the innermost line that is the student's."""
    step = error.__traceback__
    while step is not None:
        filename = step.tb_frame.f_code.co_filename
        if filename == where or (filename in linecache.cache and linecache.cache[filename][1:2] == (None,)):
            where, line = filename, step.tb_lineno
        step = step.tb_next
    if isinstance(error, SystemExit):
        message = f"sys.exit({error.code!r:.40}) was called"
    else:
        message = f"{type(error).__name__}: {error_text(error):.500}"
    return {"where": where, "line": line, "message": message, "text": linecache.getline(where, line).strip()[:200]}


def error_text(error: BaseException) -> str:
    """The text of an exception, also where its `__str__` fails."""
    try:
        return str(error)
    except BaseException as another:  # raised by the student's own __str__
        return f"(and {type(another).__name__} when it was to be shown)"
