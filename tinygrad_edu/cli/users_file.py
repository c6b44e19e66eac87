"""The user's file: running it as Python would, and finding a node in it by the name that the user typed."""

from __future__ import annotations

import ast
import difflib
import linecache
import operator
import os
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from .._support.languages import say, texts
from .._support.text import exception_text
from ..engine.grad_mode import trace
from ..engine.graphs import ancestors
from ..engine.node import Node
from .command import Refusal

__all__ = ["named_in_graph", "run", "split_target", "the_node"]


def split_target(target: str) -> tuple[str, str]:
    r"""Split FILE.py:NAME into its two parts. The colon of a drive stays with the file.

    >>> split_target(r"C:\lessons\one.py:losses[0]")
    ('C:\\lessons\\one.py', 'losses[0]')
    """
    file, _, name = target.rpartition(":")
    only_a_drive = len(file) == 1 and name.startswith(("\\", "/"))
    if not file or not name or only_a_drive:
        raise Refusal("{target} says no file and node; write FILE.py:NAME, such as lesson.py:z", target=repr(target))
    return file, name


def run(file: str, reference: str) -> dict[str, Any]:
    """Run a file as `python file` would; gives its variables. Nodes without a name get that of their variable.

    The file runs as `__main__`, so that `if __name__ == "__main__":` parts run too, as the user is used to. Operations
    are recorded with their source lines. An exit with success counts as the end of the file, if the variable that
    `reference` begins with exists by then.
    """
    wanted, _ = _read_reference(reference)
    code = _compiled(file)
    linecache.getlines(file)  # now, because the program may change the working directory or the file
    module = ModuleType("__main__")
    module.__file__ = os.path.abspath(file)
    variables = vars(module)
    try:
        with _as_main(module, file), trace():
            exec(code, variables)
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except SystemExit as stop:
        if stop.code or wanted not in variables:
            text = texts("{place}: the file ended the program here ({error})")
            raise Refusal(text, place=_line_of(stop, file), error=exception_text(stop)) from stop
    except BaseException as error:  # a user's own exception may be one
        raise Refusal("{name}: {problem}", name=_line_of(error, file), problem=exception_text(error)) from error
    for name, value in variables.items():
        if isinstance(value, Node) and value.name is None and not name.startswith("__"):
            value.name = name
    return variables


def _compiled(file: str) -> CodeType:
    """The code of a file. Raises `Refusal` if it cannot be read or is not Python."""
    path = Path(file)
    if path.suffix == ".ipynb":
        raise Refusal(
            "{file}: this is a notebook, not a Python file; `jupyter nbconvert --to script {file}` makes one", file=file
        )
    try:
        source = path.read_bytes()
        if b"\0" in source:  # as UTF-16 has, which PowerShell's > writes
            raise Refusal("{file} is no text in UTF-8; save it as UTF-8 in a text editor", file=file)
        return compile(source, file, "exec", dont_inherit=True)
    except OSError as error:
        what = say("this is a folder, not a Python file") if path.is_dir() else str(error.strerror)
        beside = [] if path.exists() else sorted(other.stem for other in path.parent.glob("*.py"))
        problem = what + _did_you_mean(path.stem, beside, ".py")
        raise Refusal("{name}: {problem}", name=file, problem=problem) from error
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Refusal("{name}: {problem}", name=_line_of(error, file), problem=exception_text(error)) from error


@contextmanager
def _as_main(module: ModuleType, file: str) -> Iterator[None]:
    """Make a module the main program, with its arguments and its folder first on the path; restore all afterwards."""
    argv, path, main_module, folder = sys.argv, sys.path[:], sys.modules["__main__"], os.getcwd()
    sys.argv, sys.modules["__main__"] = [file], module
    sys.path.insert(0, os.path.dirname(os.path.realpath(file)))
    try:
        yield
    finally:
        sys.argv, sys.path[:], sys.modules["__main__"] = argv, path, main_module
        os.chdir(folder)
        for number, name in enumerate(("stdout", "stderr"), 1):
            if getattr(getattr(sys, name), "closed", True):  # by the user's file, and only Python's own object
                encoding = getattr(getattr(sys, f"__{name}__"), "encoding", "utf-8")
                with suppress(OSError):
                    again = open(number, "w", 1, encoding, "backslashreplace", closefd=False)  # noqa: SIM115
                    setattr(sys, name, again)


def _line_of(error: BaseException, file: str) -> str:
    """The user's line that raised an exception: the innermost one outside libraries."""
    if isinstance(error, SyntaxError) and error.lineno and not str(error.filename).startswith("<"):
        return say("{file}, line {line}", file=error.filename, line=error.lineno)
    where = file
    for frame, line in traceback.walk_tb(error.__traceback__):
        made_in = frame.f_code.co_filename
        if made_in == file or not _is_library(made_in):
            where = say("{file}, line {line}", file=made_in, line=line)
    return where


def _is_library(file: str) -> bool:
    """Whether a file belongs to Python, to an installed package, or to this package."""
    here = str(Path(__file__).parents[1]) + os.sep
    standard = sysconfig.get_path("stdlib") + os.sep
    installed = not {"site-packages", "dist-packages"}.isdisjoint(Path(file).parts)
    return installed or file.startswith(("<", here, standard))


# Names.


def the_node(file: str, reference: str, variables: dict[str, Any]) -> Node:
    """The node that a reference such as `model.losses[-1]` names. Without a name it gets the reference as its name."""
    name, steps = _read_reference(reference)
    if name not in variables:
        nodes = [key for key, value in variables.items() if isinstance(value, Node)]
        hint = _did_you_mean(name, nodes) or _did_you_mean(name, variables)
        if nodes and not hint:
            hint = say("; its nodes are {names}", names=", ".join(nodes[:8]) + ", …" * (len(nodes) > 8))
        hint = hint or say("; only what stands at the top level of the file counts, not what a function makes")
        raise Refusal("{file} makes no variable {name}{hint}", file=file, name=repr(name), hint=hint)
    value = variables[name]
    for follow, key, so_far in steps:
        try:
            value = follow(value, key)
        except Exception as error:
            hint = _did_you_mean(key, dir(value)) if follow is getattr and isinstance(error, AttributeError) else ""
            problem = say("{name}: {problem}", name=so_far, problem=exception_text(error) + hint)
            raise Refusal("{name}: {problem}", name=file, problem=problem) from error
    if not isinstance(value, Node):
        hint = say("; say which of its items") if isinstance(value, (list, tuple, dict)) else ""
        hint = say("; call it in the file and name the result") if callable(value) else hint
        text = texts("{file}: {name} is no Value or Tensor, but of type {kind}{hint}")
        raise Refusal(text, file=file, name=reference, kind=type(value).__name__, hint=hint)
    if value.name is None:
        value.name = reference
    return value


def named_in_graph(output: Node, file: str, name: str, variables: dict[str, Any]) -> Node:
    """The only node with this name in the graph of `output`, or else the variable of this name."""
    found = [node for node in ancestors([output]) if node.name == name]
    return found[0] if len(found) == 1 else the_node(file, name, variables)


def _read_reference(text: str) -> tuple[str, list[tuple[Callable[[Any, Any], Any], Any, str]]]:
    """Parse a reference, a name followed by attributes and indices, without evaluating it.

    Gives the name and, for each attribute or index, the function that takes it, its key, and the reference up to there.

    >>> name, steps = _read_reference("model.losses[-1]")
    >>> name, [(key, so_far) for _, key, so_far in steps]
    ('model', [('losses', 'model.losses'), (-1, 'model.losses[-1]')])
    """
    steps: list[tuple[Callable[[Any, Any], Any], Any, str]] = []
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        while not isinstance(tree, ast.Name):
            if isinstance(tree, ast.Attribute):
                steps.append((getattr, tree.attr, ast.unparse(tree)))
            elif isinstance(tree, ast.Subscript):
                steps.append((operator.getitem, ast.literal_eval(tree.slice), ast.unparse(tree)))
            else:
                raise ValueError
            tree = tree.value
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        what = say("{text} is not the name of a node; write z, model.loss or losses[0]", text=repr(text))
        raise Refusal(what) from None
    return tree.id, steps[::-1]


def _did_you_mean(name: str, candidates: Iterable[str], ending: str = "") -> str:
    """`; did you mean 'loss'?`, or nothing if no candidate is similar."""
    near = difflib.get_close_matches(name, [c for c in candidates if not c.startswith("__")], 1)
    return say("; did you mean {code}?", code=repr(near[0] + ending)) if near else ""
