"""Reading an assignment: the instructor's own file, executed as Python would, and the hash of all it consists of."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from .assignment import Assignment
from .errors import AssignmentError

__all__ = ["Loaded", "load_assignment"]

LOADING = threading.Lock()
"""An assignment sees its own folder on the path while it is loaded: one at a time."""


@dataclass(frozen=True)
class Loaded:
    """An assignment and where it is from.

    Attributes
    ----------
    path : of its file, absolute.
    sha256 : of the file and of the modules beside it that it imports.
    """

    assignment: Assignment
    path: str
    sha256: str


def load_assignment(path: str | os.PathLike[str]) -> Loaded:
    """Execute an assignment's file, or `assignment.py` in a folder. It is the instructor's, and is trusted.

    It may import modules that lie beside it; it imports them at its top, not when a check runs.

    Raises `AssignmentError`, in one line with the place, where it cannot be used.
    """
    file = Path(path)
    file = file / "assignment.py" if file.is_dir() else file
    try:
        source = file.read_bytes()
    except OSError as error:
        raise AssignmentError(f"{file}: {error.strerror}") from None
    file = file.resolve()
    module = ModuleType(f"assignment {file.stem}")
    module.__file__ = str(file)
    with LOADING:
        beside = executed(module, source, file)
    found = {id(x): x for x in vars(module).values() if isinstance(x, Assignment)}
    if len(found) != 1:
        makes = "makes no Assignment" if not found else f"makes {len(found)} Assignments"
        raise AssignmentError(f'{path}: it {makes}; one is needed, such as hw = Assignment("{file.stem}")')
    (assignment,) = found.values()
    if not assignment.checks:
        raise AssignmentError(f"{path}: {assignment.name} has no check; write some under @{'hw'}.check(points=1)")
    return Loaded(assignment, str(file), digest({file.name: source} | beside))


def executed(module: ModuleType, source: bytes, file: Path) -> dict[str, bytes]:
    """Execute a module; the sources of the modules that it has imported from its own folder."""
    path, modules = sys.path[:], dict(sys.modules)
    sys.path.insert(0, str(file.parent))
    sys.modules[module.__name__] = module  # what dataclasses look for
    try:
        exec(compile(source, str(file), "exec", dont_inherit=True), vars(module))
        return sources_beside(file, set(sys.modules) - set(modules))
    except (Exception, SystemExit) as error:
        raise AssignmentError(f"{place(error, file)}: {in_words(error)}") from error
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - set(modules):  # another assignment may have a helper of the same name
            if file_beside(file, name):
                del sys.modules[name]


def sources_beside(file: Path, names: set[str]) -> dict[str, bytes]:
    """The sources of those modules that lie in the folder of a file, by their path in it."""
    found = filter(None, (file_beside(file, name) for name in names))
    return {path.relative_to(file.parent).as_posix(): path.read_bytes() for path in found}


def file_beside(file: Path, name: str) -> Path | None:
    """The source file of a module, if it lies in the folder of `file`."""
    where = getattr(sys.modules[name], "__file__", None)
    path = Path(where or "/").resolve()
    return path if path.suffix == ".py" and path.is_relative_to(file.parent) and path != file else None


def digest(files: dict[str, bytes]) -> str:
    """One hash of files, names and bytes."""
    digest = hashlib.sha256()
    for name, data in sorted(files.items()):
        for piece in (name.encode(), data):
            digest.update(len(piece).to_bytes(8, "little") + piece)
    return digest.hexdigest()


def place(error: BaseException, file: Path) -> str:
    """The line of the assignment that an exception comes from: the innermost one that lies in its folder."""
    if isinstance(error, SyntaxError) and error.lineno:
        return f"{error.filename}, line {error.lineno}"
    lines = [
        f"{frame.f_code.co_filename}, line {line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if Path(frame.f_code.co_filename).parent == file.parent
    ]
    return lines[-1] if lines else str(file)


def in_words(error: BaseException) -> str:
    """An exception as the last line of its traceback."""
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
