"""Runs a student's program statement by statement, and goes on after an error.

A statement that does not parse, that raises an exception, or that takes nearly all of the time, is noted with its line,
and the statements around it still run. So a plot that cannot be drawn here, an hour of training or an unfinished line
at the end of the file does not hide any function. The same holds for the student's other files, which are imported
from memory.
"""

from __future__ import annotations
import __future__

import _thread
import ast
import importlib.abc
import importlib.machinery
import linecache
import posixpath
import re
import signal
import sys
import time
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

__all__ = ["NAME", "Problem", "Program", "explain", "remembered"]

NAME = "submission"
"""The name of the program's module. It is not `__main__`, so the program's main block does not run."""

Problem = dict[str, Any]
"""Something to tell the student: `where` (file or cell), `line`, `message`, and perhaps the `text` of the line."""

REPAIRS = 20
"""The most statements that are left out because they do not parse; then the whole file is left out."""

SHARE = 0.75
"""A statement may take this share of the time that is left, so there is always some for the statements after it."""

FAIR = 0.1
"""A statement is slow if it was interrupted after at least this share of all the time."""

OFTEN = 0.05
"""Every so many seconds the time is looked at."""

MAGIC = re.compile(r"\s*([%!?]|[\w, ]+=\s*[%!]|[\w.]+\?+\s*$)")
"""A line for the notebook rather than for Python: `%matplotlib inline`, `!pip install`, `files = !ls`, `np.dot?`."""

TIMED = re.compile(r"(\s*)%time\s+(?=\S)")
"""A magic that executes the rest of its line as Python."""

TRANSPARENT_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun", "%%memit")
"""Magics of a whole cell that contains Python below them."""

CELL_MAGIC = re.compile(r"(\s*)(%%\w[^\n]*)")
"""A first line that says for whom the whole cell is."""

WRITES = re.compile(r"%%(?:writefile|file)\s+(-a\s+)?['\"]?(.+?\.py)['\"]?\s*$")
"""The first line of a cell that is a file of its own, which other cells import."""

LIGHT = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign,
)  # fmt: skip
"""The statements of a program that could not be executed as a whole."""


class TooSlow(BaseException):
    """Raised in a statement that takes too long."""


ENDS = ("/__init__.py", ".py", ".ipynb")
"""What may follow the name of a module in the path of its file."""


class Files(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports the student's other files from memory: those beside the graded one, and those in the outermost folder.

    Parameters
    ----------
    program : executes them.
    folder : the folder of the graded file.
    """

    def __init__(self, program: Program, folder: str) -> None:
        self.program, self.folder = program, _underscored(f"{folder}/").strip("/")
        self.stems = {NAME: ""}  # the place of each module: its path without the ending. `submission.a` is `.a`
        self.paths: dict[str, str] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        package, _, last = name.rpartition(".")
        if package in self.stems:
            return self.spec(name, [posixpath.join(self.stems[package], last)])
        return None if package else self.spec(name, [posixpath.join(self.folder, name), name])

    def elsewhere(self, name: str) -> importlib.machinery.ModuleSpec | None:
        """The module in any folder: programs put folders on `sys.path` that exist only where they were written."""
        sources = self.sources()
        stems = {path[: -len(end)] for path in sources for end in ENDS if path.endswith(f"/{name}{end}")}
        stems |= {path[: path.index(f"/{name}/")] + f"/{name}" for path in sources if f"/{name}/" in path}
        named = {posixpath.basename(posixpath.normpath(str(entry))) for entry in sys.path}
        # First those in folders that the program has put on the path, then those that lie highest.
        order = sorted(stems, key=lambda stem: (posixpath.basename(posixpath.dirname(stem)) not in named,
                                                stem.count("/"), stem))  # fmt: skip
        return self.spec(name, order)

    def sources(self) -> dict[str, str]:
        """The files by their paths, in which folders have no dots: these separate the names of modules."""
        return {_underscored(path): source for path, source in self.program.modules.items()}

    def spec(self, name: str, stems: Sequence[str]) -> importlib.machinery.ModuleSpec | None:
        sources = self.sources()
        for stem in stems:
            package = any(path.startswith(f"{stem}/") for path in sources)
            path = next((stem + end for end in ENDS if stem + end in sources), None)
            if path or package:
                self.stems[name], self.paths[name] = stem, path or ""
                origin = path and posixpath.relpath(path, self.folder or ".")
                spec = importlib.machinery.ModuleSpec(name, self, origin=origin, is_package=package)
                spec.has_location = path is not None  # or the folder has no __init__.py
                return spec
        return None

    def get_source(self, name: str) -> str:
        return self.sources().get(self.paths[name], "")

    def exec_module(self, module: types.ModuleType) -> None:
        self.program.execute(self.paths[module.__name__], self.get_source(module.__name__), module)


def _underscored(path: str) -> str:
    """A path without dots in the names of its folders."""
    folder, slash, name = path.rpartition("/")
    return folder.replace(".", "_") + slash + name


class Last(importlib.abc.MetaPathFinder):
    """The last finder: looks in all other folders; its error for a missing module says which modules there are."""

    def __init__(self, files: Files) -> None:
        self.files = files

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if "." in name:
            return None
        spec = self.files.elsewhere(name)
        if spec is None:
            what = "NumPy and the standard library"
            raise ModuleNotFoundError(f"{name!r} is not there while you are graded; {what} are", name=name)
        return spec


def remembered(filename: str) -> bool:
    """Whether a source is one that is not a file: the student's."""
    return filename in linecache.cache and linecache.cache[filename][1:2] == (None,)


class Program:
    """A student's program.

    Parameters
    ----------
    main : the path of the graded file in what was handed in.
    modules : the sources of the other files, by their paths.
    skip : statements to leave out, each with its file or cell, its line, and what is said about it.
    only_light : whether to execute definitions, imports and assignments only.

    Attributes
    ----------
    module : the module in which it runs.
    problems : what went wrong.
    slow : the statements that were interrupted, as `skip` lists them.
    """

    def __init__(
        self, main: str, modules: dict[str, str], skip: Sequence[tuple[str, int, Problem]], only_light: bool
    ) -> None:
        self.main, self.modules, self.only_light = main, modules, only_light
        self.skip = {(where, line): problem for where, line, problem in skip}
        self.problems: list[Problem] = []
        self.slow: list[tuple[str, int, Problem]] = []
        self.until, self.depth, self.fair = 0.0, 0, 0.0
        self.module = types.ModuleType(NAME)

    def run(self, parts: Sequence[Sequence[str]], seconds: float) -> None:
        """Execute the parts, each a name and a source, one after the other in one module."""
        folder, name = posixpath.split(self.main)
        files = Files(self, folder)
        sys.meta_path[:] = [files, *sys.meta_path, Last(files)]
        sys.modules[NAME] = self.module
        # `from .helpers import f` finds what lies beside this file, and `__file__` the data in the current folder.
        package = ".".join([NAME, *filter(None, files.folder.split("/"))])
        self.module.__dict__.update(__package__=package, __path__=[], __file__=name or NAME)
        self.until, self.fair = time.monotonic() + seconds, FAIR * seconds
        if self.only_light:
            message = f"only definitions, imports and assignments were executed: the rest takes more than {seconds:g} s"
            self.problems.append({"where": name, "line": 0, "message": message})
        flags = 0
        with _watched(self):
            for where, statements in [(where, self.parse(where, source)) for where, source in parts]:  # first parse all
                flags = self.run_statements(where, statements, self.module, flags)

    def execute(self, where: str, source: str, module: types.ModuleType) -> None:
        """Execute a file that the program imports."""
        self.run_statements(where, self.parse(where, source), module, 0)

    def run_statements(self, where: str, statements: list[ast.stmt], module: types.ModuleType, flags: int) -> int:
        """Execute statements that were compiled with these flags before; the flags for the statements after them."""
        for statement in statements:
            slow = self.skip.get((where, statement.lineno))
            if slow is not None:
                self.problems.append(slow)
                continue
            if self.only_light and not isinstance(statement, LIGHT):
                continue
            try:
                code = compile(ast.Module([statement], []), where, "exec", flags, dont_inherit=True)
                flags |= code.co_flags & FUTURES  # `from __future__ import annotations` applies to all that follows
                with self.time_limit() as seconds:
                    exec(code, module.__dict__)
            except TooSlow as error:
                problem = explain(error, where, statement.lineno)
                problem["message"] = (
                    f"interrupted here after {seconds:.3g} s, and left out: what only tries the program out belongs "
                    'under `if __name__ == "__main__":`'
                )
                self.problems.append(problem)
                if seconds >= self.fair:  # otherwise others were slow, and without them it may have the time
                    self.slow.append((where, statement.lineno, problem))
            except BaseException as error:  # even SystemExit: sys.exit() at import does not end the grading
                self.problems.append(explain(error, where, statement.lineno))
        return flags

    @contextmanager
    def time_limit(self) -> Iterator[float]:
        """Interrupt what is executed here when its share of the time is over; gives the share in seconds."""
        now, outer = time.monotonic(), self.until
        share = max(SHARE * (outer - now), 0.001)
        self.until, self.depth = now + share, self.depth + 1
        try:
            yield share
        finally:  # a statement that imports this file goes on, and its own share is not over
            self.until, self.depth = outer, self.depth - 1

    def interrupt(self, number: int, frame: types.FrameType | None) -> None:
        if self.depth and time.monotonic() >= self.until:
            raise TooSlow

    def parse(self, where: str, source: str) -> list[ast.stmt]:
        """The statements of a source, without those that do not parse."""
        source = self.without_cell_magic(where, source)
        lines = source.split("\n")
        repairs = 0
        while repairs < REPAIRS:
            text = "\n".join(lines)
            try:
                statements = ast.parse(text, where).body
                compile(text, where, "exec", dont_inherit=True)  # finds further errors, as `return` outside a function
            except SyntaxError as error:
                at = min(max((error.lineno or 1) - 1, 0), len(lines) - 1)
                if not self.drop_magic(where, lines, at):
                    repairs += 1
                    self.problems.append(_syntax_problem(where, error, lines))
                    _blank_statement(lines, at)
            except (ValueError, RecursionError, MemoryError) as error:  # a NUL character; nested far too deeply
                message = f"cannot be read as Python: {error!s:.200}"
                self.problems.append({"where": where, "line": 1, "message": message})
                return []
            else:
                # Let tracebacks show the lines of a source that is not a file.
                linecache.cache[where] = (len(source), None, source.splitlines(keepends=True), where)
                return statements
        message = f"more than {REPAIRS} statements do not parse; left out"
        self.problems.append({"where": where, "line": 1, "message": message})
        return []

    def without_cell_magic(self, where: str, source: str) -> str:
        """The source as Python, if its first line says for whom it is: a shell, or a file, or Python all the same."""
        magic = CELL_MAGIC.match(source)
        if magic is None:
            return source
        writes = WRITES.match(magic[2])
        rest = source[magic.end() :]
        if writes:
            path = posixpath.normpath(posixpath.join(posixpath.dirname(self.main), writes[2]))
            before = self.modules.get(path, "") if writes[1] else ""
            self.modules[path] = before + rest.removeprefix("\n") + "\n"
        elif magic[2].split()[0] not in TRANSPARENT_MAGICS:
            self.problems.append({"where": where, "line": 1, "message": f"a cell for {magic[2]:.40} is left out"})
        else:
            return magic[1] + rest
        return ""

    def drop_magic(self, where: str, lines: list[str], at: int) -> bool:
        """Replace a line for the notebook, which is no Python, by `pass` or by the Python in it; whether it was one."""
        line = lines[at]
        timed = TIMED.match(line)
        if timed:
            lines[at] = timed[1] + line[timed.end() :]
        elif MAGIC.match(line):
            message = f"{line.strip():.80} is left out: not Python"
            self.problems.append({"where": where, "line": at + 1, "message": message})
            lines[at] = line[: len(line) - len(line.lstrip())] + "pass"
            while line.endswith("\\") and at + 1 < len(lines):  # the command goes on in the next line
                at, line = at + 1, lines[at + 1]
                lines[at] = ""
        else:
            return False
        return True


@contextmanager
def _watched(program: Program) -> Iterator[None]:
    """Interrupt this thread as soon as a statement of the program has used up its share.

    A timer of the kernel would do it, too, but sandboxed programs may not have one. Windows cannot interrupt a thread.
    """
    running, thread = _thread.allocate_lock(), _thread.get_ident()

    def look() -> None:
        while not running.acquire(timeout=OFTEN):
            if program.depth and time.monotonic() >= program.until:
                signal.pthread_kill(thread, signal.SIGALRM)

    with running:
        if hasattr(signal, "pthread_kill"):
            signal.signal(signal.SIGALRM, program.interrupt)
            _thread.start_new_thread(look, ())  # in a third of the time that `threading` takes
        yield


FUTURES = 0
for feature in __future__.all_feature_names:
    FUTURES |= getattr(__future__, feature).compiler_flag


def _syntax_problem(where: str, error: SyntaxError, lines: list[str]) -> Problem:
    line = error.lineno or 1
    text = lines[line - 1] if line <= len(lines) else ""
    return {"where": where, "line": line, "message": f"syntax error: {error.msg}", "text": text.strip()[:200]}


def _blank_statement(lines: list[str], bad: int) -> None:
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
        if filename == where or remembered(filename):
            where, line = filename, step.tb_lineno
        step = step.tb_next
    if isinstance(error, SystemExit):
        message = f"sys.exit({error.code!r:.40}) was called"
    else:
        message = f"{type(error).__name__}: {_error_text(error):.500}"
    return {"where": where, "line": line, "message": message, "text": linecache.getline(where, line).strip()[:200]}


def _error_text(error: BaseException) -> str:
    """The text of an exception, also where its `__str__` fails."""
    try:
        return str(error)
    except BaseException as another:  # raised by the student's own __str__
        return f"(and {type(another).__name__} when it was to be shown)"
