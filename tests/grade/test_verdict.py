"""A verdict for every program: what a student answers fails a check, and never the grader."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.grade import (
    Assignment,
    CheckResult,
    Limits,
    Result,
    Sandbox,
    Submission,
    expect,
    grade_one,
    load_assignment,
    require,
)
from tinygrad_edu.grade.assignments import ASSIGNMENTS, folder
from tinygrad_edu.grade.checks import backward
from tinygrad_edu.grade.formats.words import feedback, to_look_at
from tinygrad_edu.grade.signs import our_files

Check = Callable[[Any, np.random.Generator], None]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def graded(source: str, sandbox: Sandbox, *checks: Check, student: str = "emmy", **settings: Any) -> Result:
    hw = Assignment("hw1")
    for check in checks:
        hw.check(**settings)(check)
    return grade_one(hw, Submission.from_source(source, "hw1.py"), sandbox=sandbox, student=student)


def only(result: Result) -> CheckResult:
    (check,) = result.checks
    return check


def unpacks(student: Any, rng: Any) -> None:
    loss, gradient = student.f(2.0)
    expect(loss).equals(4.0)
    expect(gradient).equals(4.0)


def indexes(student: Any, rng: Any) -> None:
    expect(student.f(2.0)[0]).equals(4.0)


def computes(student: Any, rng: Any) -> None:
    require(bool(np.all(np.abs(student.f(2.0) - 4.0) < 1e-9)), "f(2) is 4")


def compares_with_itself(student: Any, rng: Any) -> None:
    once = student.f(2.0)
    expect(student.f(2.0)).equals(2 * once)


def loops(student: Any, rng: Any) -> None:
    for x in student.f(2.0):
        expect(x).equals(4.0)


ODD = ["None", "1.5", "'text'", "()", "[]", "(1.0,)", "(1.0, 2.0, 3.0)", "{}", "float('nan')", "[[1.0], [2.0, 3.0]]"]


@pytest.mark.parametrize("check", [unpacks, indexes, computes, compares_with_itself, loops], ids=lambda f: f.__name__)
def test_no_answer_of_a_students_is_the_graders_failure(check: Check, sandbox: Sandbox) -> None:
    for odd in ODD:
        result = graded(f"def f(x): return {odd}", sandbox, check)
        assert (result.status, only(result).outcome) == ("graded", "fail"), odd
        assert only(result).message, odd


def test_what_the_check_itself_raises_is_shown_to_the_instructor_and_to_nobody_else(sandbox: Sandbox) -> None:
    result = graded("def f(x): print('no return')", sandbox, unpacks)
    assert (
        only(result).message == "your program answers None, as of a function without `return`, and that cannot be used"
    )
    assert "TypeError: cannot unpack" in only(result).note
    assert only(result.told("how")).note == ""
    assert "could not use the answer" in "".join(to_look_at(result))


def test_a_function_that_was_overwritten_is_called_so(sandbox: Sandbox) -> None:
    source = "def f(x): return x, x\nf = f(1.0)[0]\n"
    assert (
        only(graded(source, sandbox, unpacks, needs=["f"])).message
        == "f is a float, not a function: was it overwritten?"
    )


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_names_that_hold_numbers_are_a_zero_in_every_assignment(name: str, sandbox: Sandbox) -> None:
    hw = load_assignment(folder(name)).assignment
    needs = {need for check in hw.checks for need in check.needs}
    source = "\n".join(f"{need} = 0.0" for need in needs)
    result = grade_one(hw, Submission.from_source(source), sandbox=sandbox)
    assert (result.status, result.score) == ("graded", 0.0)


@pytest.mark.parametrize("right", ["return x * x, 2 * x", ""])
def test_the_solution_beside_an_assignment_decides_whose_fault_it_is(
    right: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "hw1.py").write_text(
        "from tinygrad_edu.grade import Assignment, expect\nhw = Assignment('hw1')\n\n@hw.check()\n"
        "def square(student, rng):\n    loss, gradient = student.f(2.0)\n    expect(loss).equals(4.0)\n"
    )
    (tmp_path / "hw1_reference.py").write_text(f"def f(x):\n    {right or 'pass'}\n")
    hw = load_assignment(tmp_path / "hw1.py").assignment
    result = grade_one(hw, Submission.from_source("def f(x): return 1.0"), sandbox=sandbox)
    assert only(result).outcome == ("fail" if right else "grader-error")


def test_an_assert_fails_the_student_with_the_values(sandbox: Sandbox) -> None:
    def asserting(student: Any, rng: Any) -> None:
        y = student.f(2.0)
        assert abs(y - 4.0) < 1e-9

    def by_numpy(student: Any, rng: Any) -> None:
        np.testing.assert_allclose(student.f(2.0), 4.0)

    right = graded("def f(x): return x * x", sandbox, asserting, by_numpy)
    assert [check.outcome for check in right.checks] == ["pass", "pass"]
    wrong, other = graded("def f(x): return x", sandbox, asserting, by_numpy).checks
    assert (wrong.outcome, wrong.kind, other.outcome) == ("fail", "assert", "fail")
    assert "2.0" in wrong.where or "2.0" in wrong.message


def test_one_argument_in_a_tuple_is_understood(sandbox: Sandbox) -> None:
    def square(student: Any, rng: np.random.Generator) -> None:
        x, upstream = rng.normal(size=(2, 5, 3))
        expect(student.f(upstream, x)).is_gradient_of(lambda x: x * x, at=(x,), upstream=upstream)

    for answer in ("2 * u * x", "(2 * u * x,)"):
        assert graded(f"def f(u, x): return {answer}", sandbox, square).score == 1.0


ACCUMULATES = "total = 0.0\ndef mul(u, x, y):\n    global total\n    total = total + u * y\n    return total, u * x\n"


@pytest.mark.slow
def test_the_same_program_gets_the_same_points_under_two_hundred_names(sandbox: Sandbox) -> None:
    def product(student: Any, rng: np.random.Generator) -> None:
        x, y, upstream = rng.normal(size=(3, 2, 3))
        expect(student.mul(upstream, x, y)).is_gradient_of(lambda x, y: x * y, at=(x, y), upstream=upstream)

    results = [graded(ACCUMULATES, sandbox, product, student=f"student{i}") for i in range(200)]
    assert {result.score for result in results} == {0.0}
    assert {check.kind for result in results for check in result.checks} == {"repeated"}


DIFFERENCES = {
    "central": "(f(x + 1e-5) - f(x - 1e-5)) / 2e-5",
    "in float32": "((f(x + 1e-5) - f(x - 1e-5)) / 2e-5).astype(np.float32)",
    "of order 4": "(f(x - 2e-3) - 8 * f(x - 1e-3) + 8 * f(x + 1e-3) - f(x + 2e-3)) / 12e-3",
}


@pytest.mark.parametrize("quotient", DIFFERENCES.values(), ids=DIFFERENCES)
def test_difference_quotients_are_no_derivative(quotient: str, sandbox: Sandbox) -> None:
    def square(student: Any, rng: np.random.Generator) -> None:
        backward(student.square_backward, lambda x: x * x / 3.0, rng, "nk")

    def curve(student: Any, rng: np.random.Generator) -> None:
        backward(student.tanh_backward, tg.tanh, rng, "nk")

    source = "import numpy as np\ndef square_backward(u, x):\n    f = lambda x: x * x / 3.0\n    return u * (Q)\n"
    source += "def tanh_backward(u, x):\n    f = np.tanh\n    return u * (Q)\n"
    assert graded(source.replace("(Q)", f"({quotient})"), sandbox, square, curve).score == 0.0


def test_a_difference_for_each_number_is_too_late(sandbox: Sandbox) -> None:
    def curve(student: Any, rng: np.random.Generator) -> None:
        backward(student.tanh_backward, tg.tanh, rng, "nk")

    source = "import numpy as np\ndef tanh_backward(u, x):\n    g, z = np.zeros(x.shape), x.astype(complex)\n"
    source += "    for i in np.ndindex(*x.shape):\n        z[i] += 1e-30j\n"
    source += "        g[i] = (u * np.tanh(z)).sum().imag / 1e-30\n"
    source += "        z[i] = x[i]\n    return g\n"
    hw = Assignment("hw1", limits=type(sandbox.limits)(call_seconds=1.0))
    hw.check()(curve)
    with Sandbox(hw.limits) as quick:
        result = grade_one(hw, Submission.from_source(source), sandbox=quick)
    assert only(result).kind == "slow"
    assert any("complex arithmetic" in sign for sign in result.signs)


COMPLEX_STEP = """
def forward(x): return np.tanh(x)
def tanh_backward(u, x):
    g, z = np.zeros(x.shape), x.astype(complex)
    for i in np.ndindex(*x.shape):
        z[i] += 1e-30j
        g[i] = (u * forward(z)).sum().imag / 1e-30
        z[i] = x[i]
    return g
"""
HONEST = """
def one(u, x): return u * (1 - np.tanh(x) ** 2)
def tanh_backward(u, x):
    y = one(u, x)
    return np.array([[one(float(a), float(b)) for a, b in zip(*rows)] for rows in zip(u, x)]) * 0.5 + y * 0.5
"""


@pytest.mark.parametrize(("program", "signs"), [(COMPLEX_STEP, ["15 numbers", "15 times"]), (HONEST, [])])
def test_a_forward_pass_for_each_number_is_a_sign(program: str, signs: list[str], sandbox: Sandbox) -> None:
    def curve(student: Any, rng: np.random.Generator) -> None:
        x, u = rng.normal(size=(2, 5, 3))
        expect(student.tanh_backward(u, x)).is_close(u * (1 - np.tanh(x) ** 2), rtol=1e-9)

    result = graded("import numpy as np" + program, sandbox, curve)
    assert result.score == 1.0
    said = [sign for sign in result.signs if "tanh_backward" in sign]
    assert len(said) == bool(signs)
    assert all(word in " ".join(said) for word in signs)


def test_a_training_is_no_difference_quotient(sandbox: Sandbox) -> None:
    def learns(student: Any, rng: np.random.Generator) -> None:
        x = rng.normal(size=(5, 3))
        expect(student.train(x)).is_close(np.zeros(3), rtol=1e-3)

    program = "import numpy as np\ndef slope(x, w): return x.T @ (x @ w)\ndef train(x):\n    w = np.ones(3)\n"
    program += "    for _ in range(2000):\n        w -= 0.02 * slope(x, w)\n    return w * 0\n"
    result = graded(program, sandbox, learns)
    assert (result.score, result.signs) == (1.0, ())


def test_the_engine_itself_is_left_out_and_told(sandbox: Sandbox) -> None:
    def product(student: Any, rng: np.random.Generator) -> None:
        expect(student.mul(1.0, 2.0, 3.0)).equals((3.0, 2.0))

    hw = Assignment("hw1")
    hw.check()(product)
    source = Path(tg.__file__).with_name("saving.py").read_text(encoding="utf-8")
    modules = {"tinygrad_edu": ("tinygrad_edu/__init__.py", "two = 2.0"), "mine": ("mine.py", source)}
    program = "from tinygrad_edu import two\ndef mul(u, x, y): return 3.0, two\n"
    result = grade_one(hw, Submission("hw1.zip", (("hw1.py", program),), modules), sandbox=sandbox)
    assert result.score == 0.0
    assert "2 modules beside the program: mine, tinygrad_edu" in result.signs
    assert any("2 of them are tinygrad_edu itself" in sign for sign in result.signs)
    assert len(our_files()) > 100


def test_no_text_of_a_students_looks_like_a_line_of_the_report(sandbox: Sandbox) -> None:
    source = 'raise ValueError("\\n5 of 5 points\\n✓ Product: 5 of 5 points\\nada: 0 of 5 points")\n'
    source += "def f(x): raise ValueError('\\nHow: all is right\\n✓ Product: 5 of 5 points')\n"
    lines = feedback(graded(source, sandbox, unpacks)).splitlines()
    assert [line for line in lines if not line.startswith("    ")] == [
        "0 of 1 point", "hw1.py, line 1: ValueError: ", "✗ Unpacks: 0 of 1 point",
    ]  # fmt: skip
    assert [line for line in lines if line.startswith("    How")] == []


def product(student: Any, rng: np.random.Generator) -> None:
    x, y, upstream = rng.normal(size=(3, 5, 4))
    expect(student.mul_backward(upstream, x, y)).is_gradient_of(lambda x, y: x * y, at=(x, y), upstream=upstream)


NESTED = "".join(" " * i + f"def f{i}(g):\n" for i in range(40))
NESTED += "".join(" " * i + "for i in x:\n" for i in range(40, 80)) + " " * 80 + "g(1);" * 5_000 + "\n"

COSTLY = {
    "loops in loops": NESTED,
    "blank lines": "import os" + "\n" * 1_000_000 + "x = 1\n",
    "a million numbers": "x = [" + "1," * 1_000_000 + "]\n",
    "a million calls": "f(a)\n" * 800_000,
    "many names": "".join(f"name_{i} = {i}\n" for i in range(5_000)),
    "a chain of calls": "x = (f" + "()" * 2_000 + "(1) - f" + "()" * 2_000 + "(1)) / h\n",
}


@pytest.mark.parametrize("source", COSTLY.values(), ids=COSTLY)
def test_no_program_costs_the_grader_itself_much(source: str, sandbox: Sandbox) -> None:
    started = time.process_time()
    result = graded(source, sandbox, product, needs=["mul_backward"])
    assert only(result).outcome in ("skipped", "fail")
    assert time.process_time() - started < 3.0


def test_what_is_too_long_for_the_grader_to_parse_is_a_sign_and_costs_no_points(sandbox: Sandbox) -> None:
    long = "def mul_backward(u, x, y): return u * y, u * x\n" + "# a comment\n" * 20_000
    result = graded(long, sandbox, product)
    assert (result.score, result.signs) == (1.0, ("hw1.py is too long to be looked through",))


def test_newtons_method_is_no_difference_quotient(sandbox: Sandbox) -> None:
    source = "def mul_backward(u, x, y): return u * y, u * x\ndef root(a, x): return x - (x * x - a) / (2 * x)\n"
    assert graded(source, sandbox, product).signs == ()


LUCKY = """
import time
calls = 0
def mul_backward(u, x, y):
    global calls
    calls += 1
    time.sleep(calls > 1)
    return u * y, u * x
"""


def test_who_is_late_the_second_time_only_is_not_said_to_keep_something() -> None:
    with Sandbox(Limits(call_seconds=0.5)) as hurried:
        check = only(graded(LUCKY, hurried, product))
    assert (check.outcome, check.kind) == ("fail", "time")


F = "def f(x): return x * x"
CELLS = [{"cell_type": "code", "source": source} for source in (F, *[""] * 30_000)]
MANY = {
    "cells": {"a.ipynb": json.dumps({"cells": CELLS}, separators=(",", ":"))},
    "names": {"hw1.py": F, **{f"{'中' * 100}{i}.py": "y = 1" for i in range(1_990)}},
    "stars": {"hw1.py": F, **{f"{i}/a.py": "from a import *\n" * 100 for i in range(100)}},
}


@pytest.mark.parametrize("files", MANY.values(), ids=MANY)
def test_a_program_of_many_parts_is_graded(files: dict[str, str], sandbox: Sandbox, tmp_path: Path) -> None:
    hw = Assignment("hw1")
    hw.check()(unary)
    path = tmp_path / "hw1.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, source in files.items():
            archive.writestr(name, source)
    started = time.process_time()
    assert grade_one(hw, Submission.read(path, "hw1", needs=["f"]), sandbox=sandbox).score == 1.0
    assert time.process_time() - started < 3.0


def unary(student: Any, rng: Any) -> None:
    expect(student.f(2.0)).equals(4.0)
