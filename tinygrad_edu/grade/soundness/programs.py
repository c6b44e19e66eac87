"""Wrong programs, made from a right one, and a test that each loses points.

A wrong program has one small mistake in one line, of the kinds that students make: signs and factors, swapped operands
and comparisons, a lost `.T`, `sum` or `+=`, the wrong axis, and a line left out. Programs are only read and rewritten
here; they run in the sandbox. A mistake in a line that ends in `# equivalent` may give the right results.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from ..._support.grouping import grouped
from ..._support.languages import say
from ..assignment import Check
from ..results import CheckResult
from ..submission.submission import Submission
from .course import Course, own_error
from .findings import Finding

__all__ = ["WrongProgram", "in_wrong_programs", "wrong_programs"]

EQUIVALENT = "# equivalent"

LIBRARIES = {"np", "numpy", "math"}
HARMLESS = {"array", "asarray", "copy", "float64"}
"""Functions whose absence is not a mistake."""

SHRINKING = {"max", "mean", "min", "prod", "reshape", "sum", "swapaxes", "transpose"}
"""Methods of arrays that students forget."""

TURNED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
"""The wrong comparisons that replace a right one."""

UNTOUCHED = (ast.Assert, ast.Import, ast.ImportFrom, ast.JoinedStr, ast.Raise, ast.arguments)
"""Nodes in which a change makes no mistake in the results."""

NO_ANSWER = {"answer", "exited", "missing", "raised", "time"}
"""Kinds of failure that fail any check, whatever it expects."""

SLOW = 0.1
"""The most seconds of a check that counts as quick."""


class WrongProgram(NamedTuple):
    """A program with one mistake.

    Attributes
    ----------
    line : the line with the mistake.
    right, wrong : the right line, and the wrong one.
    within : the function or class at the margin that holds the line; empty if none does.
    source : the whole program.
    equivalent : whether the line ends in `# equivalent`.
    """

    line: int
    right: str
    wrong: str
    within: str
    source: str
    equivalent: bool


def wrong_programs(source: str) -> Iterator[WrongProgram]:
    """All programs with one mistake that can be made from this one, in the order of its lines.

    Raises `SyntaxError` if the source is not a program.

    >>> for made in wrong_programs("def backward(g, x, y): return g * y, g * x"):
    ...     print(made.wrong)
    return (g * x, g * y)
    return (-g * y, g * x)
    return (g + y, g * x)
    return (g, g * x)
    return (y, g * x)
    return (g * y, -g * x)
    return (g * y, g + x)
    return (g * y, g)
    return (g * y, x)
    """
    tree = ast.parse(source)
    lines = source.splitlines()
    definitions = [x for x in tree.body if isinstance(x, (ast.FunctionDef, ast.ClassDef))]
    made: set[str] = set()
    for place in list(_places(tree, None)):
        equivalent = lines[place.statement.lineno - 1].rstrip().endswith(EQUIVALENT)
        right = _first_line(place.statement)
        for changed in _changes(place.node):
            place.put(changed)
            wrong = _first_line(changed if place.node is place.statement else place.statement)
            program = ast.unparse(tree)
            place.put(place.node)
            if program not in made:
                made.add(program)
                line = place.statement.lineno
                within = [x.name for x in definitions if x.lineno <= line <= (x.end_lineno or line)]
                yield WrongProgram(line, right, wrong, "".join(within), program, equivalent)


class Place(NamedTuple):
    """A node of the syntax tree, a function that puts another one in its place, and its statement."""

    node: ast.AST
    put: Callable[[ast.AST], None]
    statement: ast.stmt


def _places(parent: ast.AST, statement: ast.stmt | None) -> Iterator[Place]:
    """All nodes below `parent` that belong to a statement, in the order of the text."""
    for name, value in ast.iter_fields(parent):
        if name in ("annotation", "decorator_list", "returns"):
            continue
        listed = isinstance(value, list)
        for i, node in enumerate(value if listed else [value]):
            if not isinstance(node, ast.AST) or isinstance(node, UNTOUCHED) or _starts_a_script(node):
                continue
            within = node if isinstance(node, ast.stmt) else statement
            if within is not None:
                yield Place(node, _setter(parent, name, i if listed else None), within)
            yield from _places(node, within)


def _setter(parent: ast.AST, name: str, i: int | None) -> Callable[[ast.AST], None]:
    def put(node: ast.AST) -> None:
        if i is None:
            setattr(parent, name, node)
        else:
            getattr(parent, name)[i] = node

    return put


def _starts_a_script(node: ast.AST) -> bool:
    """Whether a node is `if __name__ == "__main__":`, which the grader does not execute."""
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def _first_line(node: ast.AST) -> str:
    return ast.unparse(node).partition("\n")[0]


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    """The mistakes that a student may make at a node."""
    match node:
        # Expressions: an operand or an operation is lost, or the operands are swapped.
        case ast.BinOp(left, op, right) if not _is_text(left) and not _is_text(right):
            match op:
                case ast.Add():
                    yield from (ast.BinOp(left, ast.Sub(), right), left, right)
                case ast.Sub():
                    yield from (ast.BinOp(left, ast.Add(), right), ast.BinOp(right, op, left), left)
                case ast.Mult():
                    yield from (ast.BinOp(ast.UnaryOp(ast.USub(), left), op, right), ast.BinOp(left, ast.Add(), right))
                    yield from (left, right)
                case ast.Div():
                    yield from (ast.BinOp(left, ast.Mult(), right), left)
                case ast.MatMult():
                    yield ast.BinOp(right, op, left)
                case ast.Pow():
                    yield left
        case ast.UnaryOp(ast.USub() | ast.Not(), operand):
            yield operand
        case ast.BoolOp(_, values):
            yield from values
        case ast.IfExp(_, body, orelse):
            yield from (body, orelse)
        case ast.Compare(left, [op], right):
            yield from (ast.Compare(left, [other()], right) for other in TURNED[type(op)])
        # Calls: a function is forgotten, or the axis is wrong.
        case ast.Attribute(value, "T"):
            yield value
        case ast.Call(ast.Attribute(ast.Name(library), "where"), [_, a, b]) if library in LIBRARIES:
            yield from (a, b)
        case ast.Call(ast.Attribute(ast.Name(library), name), [first, *_]) if library in LIBRARIES:
            if name not in HARMLESS and not _is_text(first) and not isinstance(first, ast.Starred):
                yield first
        case ast.Call(ast.Attribute(value, name)) if name in SHRINKING:
            yield value
        case ast.keyword("axis", ast.Constant(0 | 1 as axis)):
            yield ast.keyword("axis", ast.Constant(1 - axis))
        case ast.keyword("keepdims", ast.Constant(True)):
            yield ast.keyword("keepdims", ast.Constant(False))
        # Statements: the order of results, = instead of +=, a line left out.
        case ast.Return(ast.Tuple(answers)) if len(answers) > 1:
            yield ast.Return(ast.Tuple(answers[::-1]))
        case ast.AugAssign(target, op, value):
            if isinstance(op, (ast.Add, ast.Sub)):
                yield ast.AugAssign(target, ast.Sub() if isinstance(op, ast.Add) else ast.Add(), value)
            yield from (ast.Assign([target], value, lineno=node.lineno), ast.Pass())
        case ast.Assign([ast.Subscript() | ast.Attribute()]) | ast.Expr(ast.Call()):
            yield ast.Pass()


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


# The test.


def in_wrong_programs(
    course: Course, programs: Sequence[WrongProgram], student: str, seconds: Mapping[str, float]
) -> Iterator[Finding]:
    """Findings about programs that lose no points, and about checks that no program fails.

    Each program runs until one check fails, slow checks last. A check that was never the first to fail then gets the
    programs that others have failed.

    Parameters
    ----------
    student : the student for whom the programs are graded.
    seconds : how long the reference takes for each check.
    """
    given, slowest = course.assignment.limits, max(seconds.values(), default=0.0)
    limits = replace(  # shorter ones than students have, since many wrong programs loop forever
        given,
        call_seconds=min(given.call_seconds, 1.0 + 5.0 * slowest),
        total_seconds=min(given.total_seconds, 2.0 + 10.0 * slowest),
    )
    checks = [check for check in course.assignment.checks if check.points]
    checks.sort(key=lambda check: seconds[check.name] > SLOW)

    def asked(check: Check, program: WrongProgram) -> CheckResult:
        handed_in = Submission.from_source(program.source, course.reference.name)
        return course.asked(check, handed_in, student, limits)

    def first_failure(program: WrongProgram) -> CheckResult | None:
        results = (asked(check, program) for check in checks)
        return next((result for result in results if result.outcome != "pass"), None)

    failures = course.of_each(say("wrong programs"), first_failure, programs)
    yield from _survivors(course.reference.name, programs, failures)
    failed = [(program, failure) for program, failure in zip(programs, failures) if failure]

    def first_told(check: Check) -> tuple[WrongProgram, CheckResult] | None:
        results = ((program, asked(check, program)) for program, _ in failed)
        return next(((program, result) for program, result in results if _erred(result) or _noticed(result)), None)

    busy = {failure.name for _, failure in failed if _erred(failure) or _noticed(failure)}
    idle = [check for check in checks if check.name not in busy]
    told = course.of_each(say("checks"), first_told, idle)
    # No program may have answered at all: then it is enough that the check refuses odd answers.
    unused = [check for check, first in zip(idle, told) if first is None]
    for check in unused:
        mine = [x for x in programs if not x.equivalent and (x.within in check.needs or not check.needs)]
        if check.name not in course.refusing or any(asked(check, x).kind not in NO_ANSWER for x in mine):
            yield _unused(course, check, len(programs))
    yield from _own_errors(course, [*failed, *filter(None, told)])


def _noticed(result: CheckResult) -> bool:
    """Whether the check itself noticed a wrong answer."""
    return result.outcome == "fail" and result.kind not in NO_ANSWER and not result.note


def _erred(result: CheckResult) -> bool:
    """Whether the check itself failed."""
    return result.outcome == "grader-error" or bool(result.note)


def _unused(course: Course, check: Check, n: int) -> Finding:
    """The finding about a check that none of `n` programs fails."""
    return Finding(
        "unused check", course.place(check.name), check.name,
        say("none of {n} wrong programs loses its points by a wrong answer", n=n),
        say("Let it expect something that a mistake in the reference would change."),
    )  # fmt: skip


def _own_errors(course: Course, results: Sequence[tuple[WrongProgram, CheckResult]]) -> Iterator[Finding]:
    """Findings about the checks that failed themselves, each with the first program that made it fail."""
    first = {result.name: (program, result) for program, result in reversed(results) if _erred(result)}
    for program, result in first.values():
        place = f"{course.reference.name}:{program.line}"
        when = say(", where {place} is `{program}`", place=place, program=program.wrong)
        yield own_error(course, result, when)


def _survivors(
    file: str, programs: Sequence[WrongProgram], failures: Sequence[CheckResult | None]
) -> Iterator[Finding]:
    """Findings about the programs that pass all checks, one for each line."""
    lost, other = say("a wrong program loses no points"), say("may as well be")
    passing = (program for program, failure in zip(programs, failures) if failure is None and not program.equivalent)
    for line, several in grouped((program.line, program) for program in passing).items():
        shown = "".join(f"\n      {program.wrong}" for program in several)
        yield Finding(
            "survivor", f"{file}:{line}", "",
            f"{lost}\n      {several[0].right}\n    {other}{shown}",
            say(
                "Ask what tells them apart. If nothing can, for the result is the same, end the line in `# "
                "equivalent`."
            ),
        )  # fmt: skip
