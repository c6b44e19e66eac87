"""Wrong programs, made of a right one: each has one small mistake in one line, of the kinds that students make.

Signs and factors, operands and comparisons the wrong way round, a lost `.T`, `sum` or `+=`, the wrong axis, a line left
out. The program is only read and rewritten here, never executed. A few of the mistakes change nothing that anybody
could see; a line that ends in `# equivalent` is left alone.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import NamedTuple

__all__ = ["WrongProgram", "wrong_programs"]

EQUIVALENT = "# equivalent"

LIBRARIES = {"np", "numpy", "math"}
HARMLESS = {"array", "asarray", "copy", "float64"}
"""Functions that may be left out without a mistake."""

SHRINKING = {"max", "mean", "min", "prod", "reshape", "sum", "swapaxes", "transpose"}
"""Methods of arrays that may be forgotten."""

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
"""What is written in the place of a comparison."""

UNTOUCHED = (ast.Assert, ast.Import, ast.ImportFrom, ast.JoinedStr, ast.Raise, ast.arguments)
"""Where a change is no mistake in what is computed."""


class WrongProgram(NamedTuple):
    """A program with one mistake.

    Attributes
    ----------
    line : in which the mistake is; right, wrong : what stands there, and what in its place.
    source : the whole program.
    equivalent : whether the line says that it may be as good.
    """

    line: int
    right: str
    wrong: str
    source: str
    equivalent: bool


def wrong_programs(source: str) -> Iterator[WrongProgram]:
    """Every program that one mistake makes of this one, in the order of its lines.

    Raises `SyntaxError` where it is no program.

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
    made: set[str] = set()
    for place in list(places(tree, None)):
        equivalent = lines[place.statement.lineno - 1].rstrip().endswith(EQUIVALENT)
        right = first_line(place.statement)
        for changed in changes(place.node):
            place.put(changed)
            wrong = first_line(changed if place.node is place.statement else place.statement)
            program = ast.unparse(tree)
            place.put(place.node)
            if program not in made:
                made.add(program)
                yield WrongProgram(place.statement.lineno, right, wrong, program, equivalent)


class Place(NamedTuple):
    """A node, how to put another one into its place, and the statement that it is in."""

    node: ast.AST
    put: Callable[[ast.AST], None]
    statement: ast.stmt


def places(parent: ast.AST, statement: ast.stmt | None) -> Iterator[Place]:
    """All nodes below one that stand in a statement, in the order of the text."""
    for name, value in ast.iter_fields(parent):
        if name in ("annotation", "decorator_list", "returns"):
            continue
        listed = isinstance(value, list)
        for i, node in enumerate(value if listed else [value]):
            if not isinstance(node, ast.AST) or isinstance(node, UNTOUCHED) or starts_a_script(node):
                continue
            within = node if isinstance(node, ast.stmt) else statement
            if within is not None:
                yield Place(node, setter(parent, name, i if listed else None), within)
            yield from places(node, within)


def setter(parent: ast.AST, name: str, i: int | None) -> Callable[[ast.AST], None]:
    def put(node: ast.AST) -> None:
        if i is None:
            setattr(parent, name, node)
        else:
            getattr(parent, name)[i] = node

    return put


def starts_a_script(node: ast.AST) -> bool:
    """Whether it is `if __name__ == "__main__":`, which no grader executes."""
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def first_line(node: ast.AST) -> str:
    return ast.unparse(node).partition("\n")[0]


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """What a student may have written in the place of a node."""
    match node:
        # Expressions: an operation of two operands, one of them lost, or in the other order.
        case ast.BinOp(left, op, right) if not is_text(left) and not is_text(right):
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
        # Calls: a function that is forgotten, an axis.
        case ast.Attribute(value, "T"):
            yield value
        case ast.Call(ast.Attribute(ast.Name(library), "where"), [_, a, b]) if library in LIBRARIES:
            yield from (a, b)
        case ast.Call(ast.Attribute(ast.Name(library), name), [first, *_]) if library in LIBRARIES:
            if name not in HARMLESS and not is_text(first) and not isinstance(first, ast.Starred):
                yield first
        case ast.Call(ast.Attribute(value, name)) if name in SHRINKING:
            yield value
        case ast.keyword("axis", ast.Constant(0 | 1 as axis)):
            yield ast.keyword("axis", ast.Constant(1 - axis))
        case ast.keyword("keepdims", ast.Constant(True)):
            yield ast.keyword("keepdims", ast.Constant(False))
        # Statements: the order of answers, accumulation, a line left out.
        case ast.Return(ast.Tuple(answers)) if len(answers) > 1:
            yield ast.Return(ast.Tuple(answers[::-1]))
        case ast.AugAssign(target, op, value):
            if isinstance(op, (ast.Add, ast.Sub)):
                yield ast.AugAssign(target, ast.Sub() if isinstance(op, ast.Add) else ast.Add(), value)
            yield from (ast.Assign([target], value, lineno=node.lineno), ast.Pass())
        case ast.Assign([ast.Subscript() | ast.Attribute()]) | ast.Expr(ast.Call()):
            yield ast.Pass()


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
