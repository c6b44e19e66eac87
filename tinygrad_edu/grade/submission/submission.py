"""`Submission`: what a student handed in, as the sources of one program."""

from __future__ import annotations

import ast
import os
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..._support.languages import say, texts
from ..._support.text import clean
from ..errors import SubmissionError
from .reading import File, Part, file_of, read_paths, sha256_of

__all__ = ["LONGEST", "Submission", "parsed"]

USUAL_NAMES = ("submission", "solution", "main", "starter")
"""Names of the file to grade, if there are several files and neither definitions nor the assignment's name tell."""

DEFINES = re.compile(r"^(?:async +)?(?:def|class) +(\w+)|^(\w+) *(?::[^=\n]+)?=(?!=)", re.MULTILINE)
IMPORTS = re.compile(r"^from {1,4}(\S{1,99}) {1,4}import {1,4}(?:\(([^)]{1,500})\)|([^\n]{1,500}))", re.MULTILINE)
"""Lines at the margin that define names. The numbers keep the time for odd texts in bounds."""


@dataclass(frozen=True)
class Submission:
    """What a student handed in. The files are read once; only what is stored here is graded.

    Attributes
    ----------
    name : name of the file, archive or folder.
    parts : names and sources of the program, executed in this order in one module.
    modules : further files that the program may import: name of the module -> path in what was handed in, and source.
    warnings : warnings for the student.
    sha256 : hash of the names and sources.
    main : the path of the graded file in what was handed in.
    """

    name: str
    parts: tuple[Part, ...]
    modules: dict[str, Part] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    sha256: str = ""
    main: str = ""

    @staticmethod
    def from_source(source: str, name: str = "submission.py") -> Submission:
        """A submission of one file.

        >>> Submission.from_source("x = 1").parts
        (('submission.py', 'x = 1'),)
        """
        return _assemble(name, {name: file_of(name, source.encode(errors="surrogatepass"))}, None, ())

    @staticmethod
    def read(
        path: str | os.PathLike[str],
        main: str | None = None,
        *,
        needs: Sequence[str] = (),
        beside: Sequence[tuple[str, str]] = (),
    ) -> Submission:
        """Read a .py file, a notebook, a .zip, or a folder.

        Parameters
        ----------
        main : what the file to grade should be called: "hw1" stands for hw1.py and hw1.ipynb.
        needs : names that the program should define. Of several files, the one that defines most of them is graded;
            then the name counts.
        beside : all paths that belong to this submission, if there are several, and the names that they shall have.

        Raises `SubmissionError`, which says what to hand in instead.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "hw1.py").write_text("x = 1")
        ...     Submission.read(folder).parts
        (('hw1.py', 'x = 1'),)
        """
        path = Path(path)
        paths = [(Path(one), name) for one, name in beside] or [(path, path.name)]
        return _assemble(path.name, read_paths(paths), main, needs)


LONGEST = 200_000
"""The most characters of a source whose syntax tree the grader makes: it takes 600 bytes of memory for each of them."""


def parsed(source: str) -> ast.Module | None:
    """The syntax tree of a source; None if it does not parse, or is too long."""
    try:
        return ast.parse(source) if len(source) <= LONGEST else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _assemble(name: str, files: dict[str, File], main: str | None, needs: Sequence[str]) -> Submission:
    chosen, why = _choose(name, files, main, needs)
    if files[chosen].failure:
        raise SubmissionError(files[chosen].failure)
    others = {path: file for path, file in sorted(files.items()) if path != chosen}
    warnings = [*why, *files[chosen].warnings]
    if not files[chosen].parts:
        warnings.append(say("{file}: no program in it, for no cell holds code", file=chosen))
    for file in others.values():
        warnings += [file.failure] if file.failure else file.warnings
    hashed = {
        path: "\0".join([file.failure, file.source]).encode(errors="surrogatepass") for path, file in files.items()
    }
    folder = chosen.rpartition("/")[0]
    modules: dict[str, Part] = {}
    for path, file in others.items():
        inside = path.removeprefix(f"{folder}/")
        module = inside.rpartition(".")[0].removesuffix("/__init__").replace("/", ".")
        modules[inside if module in modules else module] = (path, file.source)  # a .py file and a notebook of one name
    return Submission(name, files[chosen].parts, modules, tuple(map(clean, warnings)), sha256_of(hashed), chosen)


UNCLEAR = texts("{name}: {n} files, and it is not clear which to grade; one must be called {called}")
UNCLEAR_NAMES = texts(
    "{name}: {n} files, and it is not clear which to grade; none of them defines {names}; one must be called {called}"
)


def _choose(name: str, files: dict[str, File], main: str | None, needs: Sequence[str]) -> tuple[str, list[str]]:
    """The file to grade, and a warning if it is not clear why this one."""
    if len(files) == 1:
        return next(iter(files)), []
    wanted = (_plain(main.removesuffix(".py").removesuffix(".ipynb")),) if main else USUAL_NAMES
    defined = _defined(files, set(needs))
    imported = {module for file in files.values() for module, _, _ in IMPORTS.findall(file.source)}

    def fitness(path: str) -> tuple[int, bool, bool, bool]:
        stem = _stem(path)
        named = _plain(stem) in wanted
        return len(defined[path]), named, stem not in imported, path.endswith(".ipynb")

    best = sorted(files, key=fitness, reverse=True)
    first, second = best[0], best[1]
    if fitness(first)[:2] == (0, False) or fitness(first) == fitness(second):
        unclear = ", ".join(needs) if needs and not any(defined.values()) else ""
        called = say(" or ").join(f"{main or stem}.py" for stem in wanted)
        text = UNCLEAR_NAMES if unclear else UNCLEAR
        raise SubmissionError(text, name=clean(name), n=len(files), names=unclear, called=called)
    lost = sorted(defined[second] - defined[first]) if needs else []
    if lost:
        text = texts("{first} is graded; it does not define {names}, and {second} does")
        return first, [say(text, first=first, names=", ".join(lost), second=second)]
    if defined[first] and defined[first] == defined[second]:
        return first, [say("{first} is graded, and not {second}, which defines the same", first=first, second=second)]
    return first, []


def _stem(path: str) -> str:
    """The name of a file without its ending."""
    return path.rpartition("/")[2].rpartition(".")[0]


def _plain(stem: str) -> str:
    """A name as people vary it: without capitals, signs and the number of a copy."""
    return re.sub(r"[\W_]", "", re.sub(r"( ?\(\d+\)|-\d+)$", "", stem)).casefold()


def _defined(files: dict[str, File], needs: set[str]) -> dict[str, set[str]]:
    """Which of the names each file seems to define, or to import from another one, if need be through a third."""
    found: dict[str, set[str]] = {}
    stars: dict[str, set[str]] = {}  # from which modules it imports all
    for path, file in files.items():
        names = {one or other for one, other in DEFINES.findall(file.source)}
        stars[path] = set()
        for module, several, one in IMPORTS.findall(file.source):
            items = {item.split(" as ")[-1].strip() for item in (several or one).split("#")[0].split(",")}
            names |= items
            stars[path] |= {module.rpartition(".")[2]} if "*" in items else set()
        found[path] = names & needs
    for _ in range(2):
        of_module: dict[str, set[str]] = defaultdict(set)
        for path, names in found.items():
            of_module[_stem(path)] |= names
        found = {path: names.union(*(of_module[module] for module in stars[path])) for path, names in found.items()}
    return found
