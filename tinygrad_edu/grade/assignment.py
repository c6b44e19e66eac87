"""`Assignment` and its checks, which an instructor writes in plain Python, and the loading of an assignment's file."""

from __future__ import annotations

import json
import math
import os
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import isfunction, signature
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from .._support.languages import languages, say, texts
from .._support.text import exception_text
from .assignments import ASSIGNMENTS
from .errors import AssignmentError
from .sandbox.isolation import Limits
from .submission.reading import sha256_of

__all__ = ["Assignment", "Check", "Loaded", "beside_assignment", "load_assignment", "place"]

LOADING = threading.Lock()
"""While an assignment is loaded, its folder is on `sys.path`; so only one is loaded at a time."""

Function = Callable[..., None]
"""The function of a check: takes the student and a random number generator, and raises an error unless all is right."""


@dataclass(frozen=True)
class Check:
    """One check of an assignment.

    Attributes
    ----------
    name, function : the function that was decorated, and its name.
    points : the points for a pass; there are none for less.
    needs : names that the student's program must define; if one is missing, the check is skipped.
    title : the name that students see.
    hidden : whether the student learns only the outcome and the kind of mistake.
    group : the checks of one group share a child process; every other check gets a child of its own.
    extra : whether its points come on top of the most points of the assignment.
    """

    name: str
    function: Function
    points: float
    needs: tuple[str, ...]
    title: str
    hidden: bool
    group: str
    extra: bool = False


class Assignment:
    """A homework: a name, and checks in the order in which they are reported.

    Parameters
    ----------
    name : a short name, such as "hw1"; also the name of the student's file if there are several files.
    title : the name that students see.
    limits : how much a submission may use.
    files : names of files beside the assignment that students' programs may read, such as data; they find them in the
        folder in which they run.
    late : the share of the points that a late submission loses, by the days that it is late: a function such as
        `lambda days: min(0.1 * days, 0.5)`. Without it lateness is only listed.

    Attributes
    ----------
    checks : all checks, in order.
    reference : the path of the solution, if one lies beside the assignment's file; see `load_assignment`.
    texts : of each language, the texts of the assignment by those in its file, from `assignment.zh.json` beside it.

    A check is a function of two arguments. It calls the student's functions, and says with `expect` or `require` what
    they must answer. It passes if everything that it expects holds; it must expect something.

    >>> from tinygrad_edu.grade import Assignment, expect
    >>> hw = Assignment("hw1", title="Backpropagation by hand")
    >>> @hw.check(points=2, needs=["mul_backward"])
    ... def product_rule(student, rng):
    ...     x, y, upstream = rng.normal(size=(3, 5, 4))
    ...     answer = student.mul_backward(upstream, x, y)
    ...     expect(answer).is_gradient_of(lambda x, y: x * y, at=(x, y), upstream=upstream)
    >>> hw.max_score, hw.checks[0].title
    (2.0, 'Product rule')
    """

    def __init__(
        self,
        name: str,
        *,
        title: str = "",
        limits: Limits | None = None,
        files: Sequence[str] = (),
        late: Callable[[float], float] | None = None,
    ) -> None:
        if type(name) is not str or not name.replace("-", "").isidentifier():
            text = texts("an assignment's name is letters, digits, _ and -, such as hw1, and not {given}")
            raise AssignmentError(text, given=f"{name!r:.80}")
        if isinstance(files, str):
            raise AssignmentError("{given}: write {right}", given=f"files={files!r}", right=f"files=[{files!r}]")
        for file in files:
            if Path(file).is_absolute() or ".." in Path(file).parts:
                text = texts("files={files}: they lie beside the assignment, or in a folder there")
                raise AssignmentError(text, files=list(files))
        self.name, self.title, self.limits = name, title or name, limits or Limits()
        self.files, self.late = tuple(files), late
        self.checks: list[Check] = []
        self.reference: Path | None = None
        self.texts: Mapping[str, Mapping[str, str]] = {}

    def __repr__(self) -> str:
        return f"Assignment({self.name!r}, {len(self.checks)} checks, {self.max_score:g} points)"

    @property
    def max_score(self) -> float:
        """The points of all checks but those for extra credit."""
        return float(math.fsum(check.points for check in self.checks if not check.extra))

    def check(
        self,
        *,
        points: float = 1.0,
        needs: Sequence[str] = (),
        title: str = "",
        hidden: bool = False,
        group: str = "",
        extra: bool = False,
    ) -> Callable[[Function], Function]:
        """A decorator that adds a function as a check; `Check` explains the arguments.

        Raises `AssignmentError` for a function without two arguments, two checks of one name, or points below zero.
        """
        if isinstance(needs, str):
            raise AssignmentError("{given}: write {right}", given=f"needs={needs!r}", right=f"needs=[{needs!r}]")
        if not 0 <= points < math.inf:
            raise AssignmentError("points={given}: points are a number from 0 on", given=f"{points!r:.40}")

        def add(function: Function) -> Function:
            if not isfunction(function) or len(signature(function).parameters) != 2:
                text = texts("{given}: a check is a function of two arguments, (student, rng)")
                raise AssignmentError(text, given=f"{function!r:.80}")
            name = function.__name__
            if any(check.name == name for check in self.checks):
                text = texts("{assignment} has two checks that are called {name}")
                raise AssignmentError(text, assignment=self.name, name=name)
            words = title or name.replace("_", " ").capitalize()
            found = Check(name, function, float(points), tuple(needs), words, hidden, group or name, extra)
            self.checks.append(found)
            return function

        return add

    def __getitem__(self, name: str) -> Check:
        found: Any = next((check for check in self.checks if check.name == name), None)
        if found is None:
            raise KeyError(name)
        return found  # type: ignore[no-any-return]


# Loading.


@dataclass(frozen=True)
class Loaded:
    """An assignment and its source.

    Attributes
    ----------
    path : the absolute path of its file.
    sha256 : the hash of the file, of the modules beside it that it imports, and of `files`.
    files : the content of the files that programs may read, by their names.
    """

    assignment: Assignment
    path: str
    sha256: str
    files: Mapping[str, bytes] = field(default_factory=dict)


def load_assignment(path: str | os.PathLike[str]) -> Loaded:
    """Execute an assignment's file, or `assignment.py` in a folder. The file is the instructor's, so it is trusted.

    It may import modules beside it; it must import them at its top, not when a check runs. A solution beside it is
    remembered: `reference.py`, or `hw1_reference.py` beside `hw1.py`. So are its texts in other languages, a JSON
    object in `assignment.zh.json`, or `hw1.zh.json` beside `hw1.py`: {"The product rule": "乘积法则"}.

    Raises `AssignmentError`, in one line with the place, if it cannot be used.
    """
    file = Path(path)
    file = file / "assignment.py" if file.is_dir() else file
    try:
        source = file.read_bytes()
    except OSError as error:
        hint = say("; it ships: `tinygrad-edu grade new NAME --like {name}` makes a copy", name=path)
        raise AssignmentError(f"{file}: {error.strerror}{hint if path in ASSIGNMENTS else ''}") from None
    file = file.resolve()
    module = ModuleType(f"assignment {file.stem}")
    module.__file__ = str(file)
    with LOADING:
        beside = _executed(module, source, file)
    found = {id(x): x for x in vars(module).values() if isinstance(x, Assignment)}
    if len(found) != 1:
        none = texts('{path}: it makes no Assignment; one is needed, such as hw = Assignment("{name}")')
        several = texts('{path}: it makes {n} Assignments; one is needed, such as hw = Assignment("{name}")')
        raise AssignmentError(several if found else none, path=path, n=len(found), name=file.stem)
    (assignment,) = found.values()
    if not assignment.checks:
        text = texts("{path}: {name} has no check; write some under @hw.check(points=1)")
        raise AssignmentError(text, path=path, name=assignment.name)
    try:
        data = {name: (file.parent / name).read_bytes() for name in assignment.files}
    except OSError as error:
        raise AssignmentError(f"{path}: files={list(assignment.files)!r}: {error.filename}: {error.strerror}") from None
    translated = _translations(file)
    assignment.texts = {lang: texts for lang, (_, texts) in translated.items()}
    data |= {name: content for lang, (content, _) in translated.items() for name in [f"{file.stem}.{lang}.json"]}
    assignment.reference = next(filter(Path.is_file, beside_assignment(file, "reference")), None)
    return Loaded(assignment, str(file), sha256_of({file.name: source} | beside | data), data)


def _translations(file: Path) -> dict[str, tuple[bytes, dict[str, str]]]:
    """The texts of an assignment in other languages: the content of each file beside it, and the texts in it."""
    found = {}
    for lang in languages():
        path = file.with_suffix(f".{lang}.json")
        if path.is_file():
            content = path.read_bytes()
            try:
                told = json.loads(content)
                if not all(type(text) is str for text in told.values()):
                    raise ValueError(say("a text is a string"))
            except (ValueError, AttributeError) as error:
                text = texts("{path}: an object of texts by texts is needed: {error}")
                raise AssignmentError(text, path=path, error=error) from None
            found[lang] = content, told
    return found


def beside_assignment(file: Path, role: Literal["reference", "starter"]) -> list[Path]:
    """The places where the reference or the starter of an assignment may lie."""
    own = [] if file.stem == "assignment" else [file.with_name(f"{file.stem}_{role}.py")]
    return [*own, file.with_name(f"{role}.py")]


def _executed(module: ModuleType, source: bytes, file: Path) -> dict[str, bytes]:
    """Execute a module; the sources of the modules that it imports from its own folder, by their path there."""
    path, modules = sys.path[:], dict(sys.modules)
    sys.path.insert(0, str(file.parent))
    sys.modules[module.__name__] = module  # dataclasses look for it there
    try:
        exec(compile(source, str(file), "exec", dont_inherit=True), vars(module))
        found = filter(None, (_file_beside(file, name) for name in set(sys.modules) - set(modules)))
        return {path.relative_to(file.parent).as_posix(): path.read_bytes() for path in found}
    except (Exception, SystemExit) as error:
        raise AssignmentError(f"{place(error, file)}: {exception_text(error)}") from error
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - set(modules):  # another assignment may have a helper of the same name
            if _file_beside(file, name):
                del sys.modules[name]


def _file_beside(file: Path, name: str) -> Path | None:
    """The source file of a module, if it lies in the folder of `file`."""
    where = getattr(sys.modules[name], "__file__", None)
    path = Path(where or "/").resolve()
    return path if path.suffix == ".py" and path.is_relative_to(file.parent) and path != file else None


def place(error: BaseException, file: Path) -> str:
    """The line of the assignment where an exception arose: the innermost line in its folder."""
    if isinstance(error, SyntaxError) and error.lineno:
        return f"{error.filename}, line {error.lineno}"
    lines = [
        f"{frame.f_code.co_filename}, line {line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if Path(frame.f_code.co_filename).parent == file.parent
    ]
    return lines[-1] if lines else str(file)
