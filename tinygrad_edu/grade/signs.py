"""Signs for the instructor: what a submission contains that no comparison of numbers can judge.

A difference quotient in high precision, a complex step, or an engine that somebody else wrote gives the right numbers.
Signs prove nothing, and cost no points; only the engine itself, under its own name or file by file, is left out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path

from .._support.languages import counted, say, texts
from .._support.text import clean
from .submission.submission import LONGEST, Submission, parsed

__all__ = ["passes", "signs_of", "without_the_engine"]

NAME = Path(__file__).parents[1].name
"""The name of this package."""

MATHEMATICS = texts({
    "cdouble": "complex arithmetic", "complex": "complex arithmetic", "complex64": "complex arithmetic",
    "complex128": "complex arithmetic", "imag": "complex arithmetic", "clongdouble": "complex arithmetic",
    "longdouble": "extended precision", "float128": "extended precision", "decimal": "extended precision",
    "fractions": "extended precision", "mpmath": "extended precision",
})  # fmt: skip
"""Names of what a derivative by hand does not need."""

OTHERS = {"autograd", "dezero", "jax", "micrograd", "minitorch", "mygrad", "needle", "tensorflow", "tinygrad", "torch"}
"""Packages that differentiate; a module of a student's may bear such a name honestly."""


def without_the_engine(submission: Submission) -> Submission:
    """The submission without the modules of this package that were handed in with it."""
    foreign = [name for name in submission.modules if NAME in name.split(".")]
    foreign += [name for name, (_, source) in submission.modules.items() if _fingerprint(source) in our_files()]
    if not foreign:
        return submission
    modules = {name: part for name, part in submission.modules.items() if name not in foreign}
    warning = say("{name} was handed in, too; it is not there while you are graded", name=NAME)
    return replace(submission, modules=modules, warnings=(*submission.warnings, warning))


def signs_of(submission: Submission) -> tuple[str, ...]:
    """What the instructor should look at, in words."""
    modules = submission.modules
    signs = []
    if modules:
        names = ", ".join(sorted(modules)[:8]) + ", ..." * (len(modules) > 8)
        one, many = texts(("{n} module beside the program: {names}", "{n} modules beside the program: {names}"))
        signs.append(counted(len(modules), one, many, names=names))
    ours = len(modules) - len(without_the_engine(submission).modules)
    if ours:
        signs.append(say("{n} of them are {name} itself, and were left out", n=ours, name=NAME))
    others = sorted(OTHERS & {part for name in modules for part in name.split(".")})
    if others:
        signs.append(say("modules with the names of engines: {names}", names=", ".join(others)))
    found: dict[str, list[str]] = {}
    for where, source in (*submission.parts, *modules.values()):
        tree = parsed(source)
        if len(source) > LONGEST:
            signs.append(say("{file} is too long to be looked through", file=where))
        for line, what in sorted(_suspicious(tree)) if tree else ():
            found.setdefault(what, []).append(say("{file}, line {line}", file=where, line=line))
    for what, places in found.items():
        place = places[0]
        if len(places) > 1:
            place = say("{place} and {n} more", place=place, n=len(places) - 1)
        signs.append(say("{name}: {problem}", name=say(what), problem=place))
    return tuple(clean(sign.replace("\n", " "), 400) for sign in signs)


def passes(counted: Mapping[str, tuple[int, int]]) -> tuple[str, ...]:
    """What the instructor should look at in how the program ran: so often it computed something of all numbers.

    >>> passes({"mul_backward": (30, 15)})
    ('mul_backward, for 15 numbers, calls a function with all of them 30 times',)
    """
    text = texts("{name}, for {k} numbers, calls a function with all of them {n} times")
    return tuple(clean(say(text, name=name, k=k, n=n), 400) for name, (n, k) in sorted(counted.items()))


QUOTIENT = texts("a difference quotient")


def _suspicious(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Lines of a program with something that a derivative by hand does not need.

    >>> list(_suspicious(ast.parse("def slope(f, x, h): return (f(x + h) - f(x - h)) / (2 * h)")))
    [(1, 'a difference quotient')]
    """
    waiting: list[tuple[ast.AST, frozenset[str], bool]] = [(tree, frozenset(), False)]
    while waiting:  # each node once: programs may be nested so that a search from each loop takes hours
        node, given, looped = waiting.pop()
        match node:
            case ast.Constant(complex()):
                yield node.lineno, texts("complex arithmetic")
            case ast.Attribute(_, name) | ast.Name(name) if name in MATHEMATICS:
                yield node.lineno, MATHEMATICS[name]
            case ast.Import(names):
                yield from ((node.lineno, MATHEMATICS[x.name]) for x in names if x.name in MATHEMATICS)
            case ast.ImportFrom(str() as name) if name in MATHEMATICS:
                yield node.lineno, MATHEMATICS[name]
            case ast.BinOp(ast.BinOp(ast.Call(f), ast.Sub(), ast.Call(g)), ast.Div()) if _short(f) == _short(g) != "":
                yield node.lineno, QUOTIENT
            case ast.BinOp(
                ast.BinOp(a, ast.Sub(), b), ast.Div(), ast.BinOp(ast.Constant(2 | 12), ast.Mult(), ast.Name())
            ) if type(a) is type(b):
                yield node.lineno, QUOTIENT
            case ast.Call(ast.Name(name)) if looped and name in given:
                yield node.lineno, texts("a function that is handed in is called in a loop")
            case ast.FunctionDef():
                given, looped = frozenset(argument.arg for argument in node.args.args), False
            case ast.For() | ast.While() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                looped = True
        waiting += ((child, given, looped) for child in ast.iter_child_nodes(node))


def _short(function: ast.expr) -> str:
    """What is called, such as `f` and `self.f`; empty if that is no name."""
    named = isinstance(function.value if isinstance(function, ast.Attribute) else function, ast.Name)
    return ast.unparse(function) if named else ""


def _fingerprint(source: str) -> str:
    """What is the same for two files that differ in their line ends alone; empty for a short file."""
    lines = [line.rstrip() for line in source.splitlines() if line.strip()]
    return sha256("\n".join(lines).encode(errors="surrogatepass")).hexdigest() if len(lines) >= 20 else ""


@cache
def our_files() -> frozenset[str]:
    """The fingerprints of this package's files, but for those that students begin with."""
    root = Path(__file__).parents[1]
    files = [path for path in root.rglob("*.py") if "assignments" not in path.parts and "template" not in path.parts]
    return frozenset(_fingerprint(path.read_text(encoding="utf-8")) for path in files) - {""}
