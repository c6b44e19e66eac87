"""Lesson 1: the chain rule on paper, a class that records, and the number of paths through a graph."""

import math
import random

import tinygrad_edu as tg
from tinygrad_edu.grade import Assignment, StudentError, WrongAnswer, expect
from tinygrad_edu.grade.expect import require

hw = Assignment("graph-of-numbers", title="A graph of numbers")


@hw.check(points=2, needs=["by_hand"], title="The gradients of (a · b + c) · a, by hand")
def by_hand(student, rng):
    a, b, c = at = tuple(rng.uniform(0.5, 2.0, size=3).tolist())
    answer = student.by_hand(*at)
    found = answer[0] if isinstance(answer, (tuple, list)) and len(answer) == 3 else None
    if isinstance(found, float):
        for lost, path in (
            (
                2 * a * b,
                "where a multiplies the sum a · b + c, its factor is the whole sum, c included",
            ),
            (a * b + c, "the path through the product a · b is missing"),
            (a * b, "the path on which a multiplies the sum is missing"),
        ):
            require(
                not math.isclose(found, lost, rel_tol=1e-9),
                "the gradient of a is not complete: {path}",
                kind="path lost",
                how="Two paths lead from a to the result. Multiply along each, and add both.",
                path=path,
            )
    expect(answer).is_gradient_of(lambda a, b, c: (a * b + c) * a, at=at)


def result_of(method, *operands):
    """What a method of the student's Value answers, which must be a Value again."""
    for operand in operands:
        expect(operand, "a Value").is_object()
    result = getattr(operands[0], method)(*operands[1:])
    require(
        hasattr(result, "data"),
        "{method} answers a {found} and not a Value",
        kind="no Value",
        how="As exp does: return Value(the number, (the operands,), (the local derivatives,)).",
        method=method,
        found=type(result).__name__,
    )
    return result


def back(student, result):
    """Call the student's backward; say so where a node's operands are no tuple."""
    try:
        student.backward(result)
    except StudentError as error:
        if error.kind == "raised" and "not iterable" in str(error):
            raise WrongAnswer(
                "the operands and the local derivatives of a node are tuples, also where there is only one of them",
                kind="no tuple",
                how="(self,) with a comma is a tuple of one; (self) is self.",
            ) from None
        raise


def same_gradient(student, function, *at, by_engine=None):
    """`function` of the student's values gives what the engine gives, of `by_engine` if that is not the same."""
    leaves, elsewhere = [student.Value(x) for x in at], student.Value(1.0)
    for leaf in (*leaves, elsewhere):
        expect(leaf, "a Value").is_object()
    result = function(*leaves)
    for _ in range(2):  # the second time begins at 0 again
        back(student, result)
    by_engine = by_engine or function
    expect(result.data, "the result's data").is_close(float(by_engine(*map(tg.Value, at)).data), rtol=1e-12)
    expect(tuple(leaf.grad for leaf in leaves), "grad").is_gradient_of(by_engine, at=at)
    expect(elsewhere.grad, "the grad of a value that the result does not depend on").equals(0.0)


@hw.check(points=1, needs=["Value", "backward"], title="Value.log")
def log(student, rng):
    x, y = rng.uniform(0.5, 3.0, size=2).tolist()
    result_of("log", student.Value(x))
    same_gradient(student, lambda x, y: x.log() * y, x, y)
    same_gradient(student, lambda x, y: x.log() * y.exp() * x, x, y)


@hw.check(points=1, needs=["Value", "backward"], title="Value.relu")
def relu(student, rng):
    y = float(rng.uniform(0.5, 3.0))
    result_of("relu", student.Value(y))
    for x in rng.uniform(0.5, 3.0, size=2) * (1.0, -1.0):
        same_gradient(student, lambda x, y: x.relu() * y, float(x), y)


@hw.check(points=1, needs=["Value", "backward"], title="Value.hypot")
def hypot(student, rng):
    at = rng.uniform(0.5, 3.0, size=3).tolist()
    a, b = (student.Value(x) for x in at[:2])
    h = result_of("hypot", a, b)
    back(student, h)
    found, (x, y) = (a.grad, b.grad), at[:2]
    root = math.hypot(x, y)
    for wrong, what in (
        ((x, y), "the local derivatives of hypot are not its operands: a division is missing"),
        ((2 * x / root, 2 * y / root), "the local derivatives of hypot are twice too large: a 2 and a 1/2 cancel"),
        ((1 / (2 * root),) * 2, "the local derivatives of hypot lack the derivative of what is under the root"),
    ):
        require(
            not all(isinstance(f, float) and math.isclose(f, w, rel_tol=1e-9) for f, w in zip(found, wrong)),
            what,
            kind="inner derivative",
            how="The root of u has the derivative 1 / (2 · root of u), and the chain rule multiplies it by that of u.",
        )
    same_gradient(student, lambda a, b, y: a.hypot(b) * y, *at, by_engine=lambda a, b, y: tg.sqrt(a * a + b * b) * y)


@hw.check(points=2, needs=["count_paths"], title="Paths of small graphs")
def paths(student, rng):
    square = {"x": [], "y": ["x", "x"]}
    answer = student.count_paths(square, "y", "x")
    require(
        answer == 2,
        "count_paths answers {answer} for y = x · x, where 2 paths lead from x to y",
        kind="path lost",
        how="An operand that is used twice is reached by two arrows: add for every arrow, not for every node.",
        answer=answer,
    )
    diamond = {"x": [], "other": [], "a": ["x", "other"], "b": ["a", "x"], "c": ["a", "b"], "unused": ["c", "x"]}
    for output, leaf, paths in (("c", "x", 3), ("c", "other", 2), ("b", "x", 2), ("x", "other", 0)):
        answer = student.count_paths(diamond, output, leaf)
        require(
            answer == paths,
            "{call} is {answer} for inputs = {graph}, where it should be {paths}",
            kind="count",
            how="Let the count of the output be 1, and hand each node's count on to its inputs, the newest node first.",
            call=f"count_paths(inputs, {output!r}, {leaf!r})",
            answer=answer,
            graph=diamond,
            paths=paths,
        )
    names = [f"v{i}" for i in range(12)]
    choose = random.Random(int(rng.integers(2**32)))
    graph = {name: choose.choices(names[:i], k=2) if i > 1 else [] for i, name in enumerate(names)}
    to = {name: int(name == "v0") for name in names[:2]}
    for name in names[2:]:
        to[name] = sum(to[before] for before in graph[name])
    answer = student.count_paths(graph, "v11", "v0")
    right = to["v11"]
    text = "count_paths answers {answer} for a random graph with {right} paths"
    require(answer == right, text, kind="count", answer=answer, right=right)


@hw.check(points=1, needs=["count_paths"], title="2⁶⁰ paths, 61 nodes")
def many_paths(student, rng):
    doublings = {"y0": []} | {f"y{i}": [f"y{i - 1}"] * 2 for i in range(1, 61)}
    try:
        answer = student.count_paths(doublings, "y60", "y0")
    except StudentError as error:
        if error.kind in ("time", "exited") or "recursion" in str(error):
            raise WrongAnswer(
                "no answer in time: 2⁶⁰ paths are too many to follow one by one",
                kind="every path",
                how="Keep one number for each node, and visit each node once, the newest first.",
            ) from None
        raise
    text = "count_paths answers {answer} for sixty doublings, not {right}"
    require(answer == 2**60, text, kind="count", answer=answer, right=2**60)
