"""One submission, graded: points for what passes, a reason for what does not, and no grade where the grader fails."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from tests.grade.test_sandbox import DEAF
from tinygrad_edu.grade import (
    Assignment,
    AssignmentError,
    CheckResult,
    Limits,
    Result,
    ResultError,
    Sandbox,
    SandboxError,
    Session,
    Submission,
    evaluate,
    expect,
    grade_many,
    grade_one,
    jobs_in,
    load_assignment,
    read_result,
    require,
    results as result_format,
)
from tinygrad_edu.grade.checks import deep_chain, linear_time, same_as_engine
from tinygrad_edu.grade.formats import gradescope
from tinygrad_edu.grade.formats.words import feedback
from tinygrad_edu.grade.grading import TRIES, Seeds, shuffled_groups

LIMITS = Limits(call_seconds=1.0, load_seconds=2.0, total_seconds=3.0)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(LIMITS) as sandbox:
        yield sandbox


def product(student: Any, rng: np.random.Generator) -> None:
    x, y, upstream = rng.normal(size=(3, 5, 4))
    expect(student.mul_backward(upstream, x, y)).is_gradient_of(lambda x, y: x * y, at=(x, y), upstream=upstream)


def homework(*checks: Callable[..., None], **settings: Any) -> Assignment:
    hw = Assignment("hw1", title="Backpropagation by hand")
    for check in checks:
        hw.check(**settings)(check)
    return hw


RIGHT = "def mul_backward(upstream, x, y):\n    return upstream * y, upstream * x\n"


def graded(hw: Assignment, source: str, sandbox: Sandbox, **others: Any) -> Result:
    return grade_one(hw, Submission.from_source(source, "hw1.py"), sandbox=sandbox, **others)


def only(result: Result) -> CheckResult:
    (check,) = result.checks
    return check


def test_the_right_answer_gets_all_points_and_no_words(sandbox: Sandbox) -> None:
    result = graded(homework(product, points=2), RIGHT, sandbox, student="emmy")
    assert (result.student, result.score, result.max_score, result.status) == ("emmy", 2.0, 2.0, "graded")
    assert (only(result).outcome, only(result).message) == ("pass", "")
    assert result.isolation.level == sandbox.isolation.level


def test_a_wrong_gradient_is_called_by_its_mistake(sandbox: Sandbox) -> None:
    check = only(graded(homework(product), RIGHT.replace("upstream * y", "-upstream * y"), sandbox))
    assert (check.outcome, check.points, check.kind) == ("fail", 0.0, "sign")
    assert "sign" in check.message
    assert "x" in check.where
    assert "minus" in check.how


def test_an_exception_is_shown_at_its_line(sandbox: Sandbox) -> None:
    check = only(graded(homework(product), "def mul_backward(u, x, y):\n    return u[9, 9]\n", sandbox))
    assert (check.kind, check.file, check.line, check.where) == ("raised", "hw1.py", 2, "return u[9, 9]")


@pytest.mark.parametrize("outer", ["if __name__ == '__main__':", "class Solution:", "def main():", "while False:"])
def test_a_function_that_stands_inside_something_is_missing_and_found(outer: str, sandbox: Sandbox) -> None:
    source = f"import numpy as np\n{outer}\n    def mul_backward(u, x, y): return u * y, u * x\n"
    check = only(graded(homework(product, needs=["mul_backward"]), source, sandbox))
    assert check.message == (
        f"your program defines no mul_backward; it stands inside `{outer}` (hw1.py, line 2): put it in front of that, "
        "at the margin"
    )


def test_a_check_whose_names_are_missing_is_skipped_with_a_hint(sandbox: Sandbox) -> None:
    check = only(graded(homework(product, needs=["mul_backward"]), "def mul_backwards(u, x, y): pass", sandbox))
    assert (check.outcome, check.points) == ("skipped", 0.0)
    assert "defines no mul_backward; did you mean it where you wrote mul_backwards?" in check.message
    for program in ("import os", "import numpy as os, math", "from numpy import loss_ as os, pi"):
        check = only(graded(homework(product, needs=["loss"]), program, sandbox))
        assert check.message == "your program defines no loss"
    hw = homework(product, needs=["mul_backwards"])
    hw.check(points=1, needs=["mul_backward"])(lambda student, rng: None)
    missing, _ = graded(hw, "def mul_backward(u, x, y): pass", sandbox).checks
    assert missing.message == "your program defines no mul_backwards"  # mul_backward is another function to be written


def test_a_syntax_error_is_shown_at_its_line(sandbox: Sandbox) -> None:
    result = graded(homework(product, needs=["mul_backward"]), "x = 1\ndef mul_backward(u, x, y) return u\n", sandbox)
    (problem,) = result.problems
    assert (problem.file, problem.line) == ("hw1.py", 2)
    assert "syntax error" in problem.message


def test_a_program_that_does_not_load_in_time_is_not_loaded_again_for_each_check(sandbox: Sandbox) -> None:
    def other(student: Any, rng: Any) -> None:
        expect(student.two()).equals(2)

    result = graded(homework(product, other), DEAF + "x = train()\n", sandbox)
    assert [check.kind for check in result.checks] == ["time", "time"]


def test_a_submission_that_could_not_be_read_has_no_points_and_the_reason(sandbox: Sandbox) -> None:
    result = grade_one(homework(product), Submission("a.pdf", (), warnings=("a.pdf: no program",)), sandbox=sandbox)
    assert (result.status, result.score, result.warnings) == ("unreadable", 0.0, ("a.pdf: no program",))
    assert only(result).outcome == "skipped"


@pytest.mark.parametrize("failure", [ZeroDivisionError("oops"), SandboxError("the machine"), KeyError("x")])
def test_what_the_grader_cannot_do_is_tried_again_and_is_no_zero(failure: Exception, sandbox: Sandbox) -> None:
    tried = []

    def fails(student: Any, rng: Any) -> None:
        tried.append(1)
        raise failure

    result = graded(homework(fails), RIGHT, sandbox)
    assert (result.status, only(result).outcome, len(tried)) == ("grader-error", "grader-error", TRIES)


def test_a_child_that_does_not_start_is_no_fault_of_the_program(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dead(session: Session, child: Any) -> None:
        raise SandboxError("the child did not start")

    monkeypatch.setattr(Session, "_load", dead)
    result = graded(homework(product, needs=["mul_backward"]), RIGHT, sandbox)
    assert (result.status, only(result).message) == ("grader-error", "the child did not start")
    assert only(result.told("how")).message == "this check could not be carried out; that is not your fault"


def test_a_grader_error_that_passes_costs_nothing(sandbox: Sandbox) -> None:
    tried = []

    def fails_once(student: Any, rng: np.random.Generator) -> None:
        tried.append(1)
        if len(tried) == 1:
            raise SandboxError("the machine was busy")
        product(student, rng)

    assert graded(homework(fails_once), RIGHT, sandbox).score == 1.0


def test_an_error_in_a_check_is_reported_with_its_line(sandbox: Sandbox) -> None:
    def broken(student: Any, rng: Any) -> None:
        expect(student.mul_backward(1.0, 2.0, 3.0)).equals([3.0, 2.0][5])

    assert "test_grading.py, line" in only(graded(homework(broken), RIGHT, sandbox)).message


@pytest.mark.parametrize(
    "asks",
    [
        lambda student: same_as_engine(student.Value, lambda x, y: x + y, 1.0, 2.0),
        lambda student: deep_chain(student),
        lambda student: linear_time(student),
    ],
)
def test_a_number_in_the_place_of_an_object_is_the_programs_mistake(
    asks: Callable[[Any], None], sandbox: Sandbox
) -> None:
    def values(student: Any, rng: Any) -> None:
        asks(student)

    adds_numbers = "class Value:\n    def __init__(self, x): self.data, self.grad = x, 0.0\n"
    adds_numbers += "    def __add__(self, y): return self.data + getattr(y, 'data', y)\n    __radd__ = __add__\n"
    check = only(graded(homework(values), adds_numbers, sandbox))
    assert (check.outcome, check.kind) == ("fail", "type")
    assert "a float, and an object is expected" in check.message


def test_a_check_that_expects_nothing_passes_nobody(sandbox: Sandbox) -> None:
    def silent(student: Any, rng: Any) -> None:
        student.mul_backward(1.0, 2.0, 3.0)

    assert only(graded(homework(silent), RIGHT, sandbox)).outcome == "grader-error"


def test_what_only_counts_as_true_passes_nobody(sandbox: Sandbox) -> None:
    def order(student: Any, rng: Any) -> None:
        require(evaluate(student, "lambda: True"), "the order is wrong")

    assert only(graded(homework(order), RIGHT, sandbox)).outcome == "fail"


def test_a_hidden_check_tells_the_kind_of_mistake_and_nothing_else(sandbox: Sandbox) -> None:
    source = "def mul_backward(u, x, y):\n    print('seen', u)\n    raise ValueError(str(u))"
    result = graded(homework(product, hidden=True), source, sandbox)
    assert only(result) == CheckResult(
        "product", "Product", "fail", 0.0, 1.0, "a hidden check failed: an exception", "raised", hidden=True
    )
    assert result.output == ""


REMEMBERS = """
import os, time
def marks(): return [os.stat(path).st_atime_ns for path in ("data.txt", ".", os.path.dirname(os.getcwd()))]
def secret(x):
    os.listdir(".")
    return float(open("data.txt").read())
def shown(x):
    print(marks())
    return x
def clock(process):
    try: return time.clock_gettime(((~process) << 3) | 2)
    except OSError: return "refused"
def parent(): return os.getppid()
"""


def test_hidden_checks_come_last_and_leave_no_mark_for_the_next_student() -> None:
    def secret(student: Any, rng: Any) -> None:
        expect(student.secret(rng.normal())).equals(0.0)

    def shown(student: Any, rng: Any) -> None:
        expect(student.shown(1.0)).equals(1.0)

    hw = Assignment("hw1", limits=LIMITS)
    hw.check(hidden=True)(secret)
    for i in range(3):
        shown.__name__ = f"shown_{i}"
        hw.check()(shown)
    for i in range(9):
        groups = [group[0].hidden for group in shuffled_groups(hw, Seeds(b"", "hw1", str(i)))]
        assert groups == [False, False, False, True]
    with Sandbox(files={"data.txt": b"0"}) as sandbox:
        if "marks" in sandbox.isolation.missing:
            pytest.skip(f"no namespace here: {sandbox.isolation.missing['marks']}")
        results = [graded(hw, REMEMBERS, sandbox, student=str(i)) for i in range(3)]
    assert [result.score for result in results] == [4.0] * 3
    lines = {line for result in results for line in result.output.splitlines() if line}
    assert len(lines) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="clocks of other processes")
def test_a_program_cannot_read_how_long_others_compute(sandbox: Sandbox) -> None:
    with sandbox.open(Submission.from_source(REMEMBERS)) as session:
        if sandbox.isolation.level < 4:
            pytest.skip("no list of system calls here")
        assert session.student.clock(session.student.parent()) == "refused"


def test_time_is_limited_for_a_submission_as_a_whole_and_what_was_graded_is_kept() -> None:
    def ask(student: Any, rng: Any) -> None:
        for _ in range(4):
            expect(student.f()).equals(1)

    hw = Assignment("hw1", limits=Limits(call_seconds=0.5, total_seconds=1.5))
    for i in range(6):
        ask.__name__ = f"ask_{i}"
        hw.check()(ask)
    source = "import time\ndef f():\n    time.sleep(0.1)\n    return 1\n"
    with Sandbox(hw.limits) as sandbox:
        started = time.monotonic()
        result = graded(hw, source, sandbox)
        assert time.monotonic() - started < 3.0
    assert {check.outcome for check in result.checks} == {"pass", "fail"}
    assert "all of the 1.5 s for your program are used up" in "".join(check.message for check in result.checks)


def test_extra_points_and_late_ones(sandbox: Sandbox) -> None:
    hw = Assignment("hw1", limits=LIMITS, late=lambda days: 0.1 * days)
    hw.check(points=4)(product)
    hw.check(points=1, extra=True)(lambda_named("bonus", lambda student, rng: expect(student.one()).equals(1)))
    source = RIGHT + "\ndef one(): return 1\n"
    result = graded(hw, source, sandbox)
    assert (result.score, result.max_score, result.late) == (5.0, 4.0, False)
    result = grade_one(hw, Submission.from_source(source), sandbox=sandbox, late=2.0)
    assert (result.score, result.lost, result.days_late) == (4.0, 1.0, 2.0)
    assert read_result(result.json()) == result
    assert "2 days late: 1 points are taken off" in feedback(result)
    unknown = grade_one(hw, Submission.from_source(source), sandbox=sandbox, late=None)
    assert (unknown.score, unknown.late) == (5.0, True)
    assert unknown.key != result.key
    assert json.loads(gradescope(unknown))["tests"][1]["max_score"] == 0.0


def lambda_named(name: str, function: Any) -> Any:
    function.__name__ = name
    return function


def test_what_is_printed_is_in_the_result(sandbox: Sandbox) -> None:
    assert "hello\n" in graded(homework(product), "print('hello')\n" + RIGHT, sandbox).output


def test_each_check_finds_the_program_as_it_was_loaded(sandbox: Sandbox) -> None:
    def spoils(student: Any, rng: Any) -> None:
        student.spoil()
        expect(student.one()).equals(1)

    def spoils_again(student: Any, rng: Any) -> None:
        spoils(student, rng)

    def finds(student: Any, rng: Any) -> None:
        expect(student.spoilt()).equals(0)

    source = "times = 0\ndef one(): return 1\ndef spoilt(): return times\n"
    source += "def spoil():\n    global times\n    times += 1\n"
    for student in map(str, range(5)):  # each has another order
        assert graded(homework(spoils, finds, spoils_again), source, sandbox, student=student).score == 3.0


def test_a_program_that_answers_otherwise_the_second_time_does_not_pass(sandbox: Sandbox) -> None:
    first_only = "calls = []\ndef mul_backward(u, x, y):\n    calls.append(1)\n"
    first_only += "    return (u * y, u * x) if len(calls) == 1 else (x, y)\n"
    assert only(graded(homework(product), first_only, sandbox)).kind == "repeated"


def test_inputs_depend_on_the_secret_the_student_and_the_check_and_on_nothing_else() -> None:
    def first(secret: bytes, student: str, check: str) -> float:
        return float(Seeds(secret, "hw1", student).of("check", check).normal())

    drawn = {first(s, n, c) for s in (b"s", b"t") for n in ("a", "b", "ab") for c in ("c", "bc")}
    assert len(drawn) == 12
    assert first(b"s", "a", "c") == first(b"s", "a", "c")


def test_a_result_keeps_to_the_published_schema_and_is_read_back(sandbox: Sandbox) -> None:
    result = graded(homework(product), "print('\\ud800')\ndef mul_backward(u, x, y): return x, y", sandbox)
    jsonschema.validate(json.loads(result.json()), result_format.FORMAT.schema(), jsonschema.Draft202012Validator)
    assert read_result(result.json()) == result
    with pytest.raises(ResultError, match="sum of the points"):
        read_result(result.json().replace('"score": 0.0', '"score": 1.0'))


def test_feedback_is_as_much_as_the_instructor_wants_to_give(sandbox: Sandbox) -> None:
    result = graded(homework(product), RIGHT.replace("upstream * y", "y"), sandbox)
    told = [only(result.told(level)) for level in result_format.FEEDBACK]
    assert [(bool(check.message), bool(check.where), bool(check.how)) for check in told] == [
        (True, False, False), (True, True, False), (True, True, True),
    ]  # fmt: skip


# Assignments.

ASSIGNMENT = """
from tinygrad_edu.grade import Assignment, expect
hw = Assignment("hw1")
@hw.check()
def two(student, rng):
    expect(student.two()).equals(2)
"""


def test_data_that_programs_may_read_belongs_to_the_assignment(tmp_path: Path) -> None:
    hw = tmp_path / "hw1.py"
    hw.write_text(ASSIGNMENT.replace('"hw1"', '"hw1", files=["two.txt"]'))
    (tmp_path / "two.txt").write_text("2")
    (tmp_path / "emmy.py").write_text("two = lambda: int(open('two.txt').read())")
    first = load_assignment(hw)
    (result,) = grade_many(jobs_in(first, tmp_path / "emmy.py"), workers=1)
    assert result.score == 1.0
    (tmp_path / "two.txt").write_text("3")
    assert load_assignment(hw).sha256 != first.sha256


def test_an_assignment_is_known_by_all_of_its_files(tmp_path: Path) -> None:
    hw, helper = tmp_path / "hw1.py", tmp_path / "a_helper_of_hw1.py"
    hw.write_text("import a_helper_of_hw1\n" + ASSIGNMENT)
    helper.write_text("x = 1\n")
    first = load_assignment(hw)
    assert first.assignment.checks[0].title == "Two"
    assert load_assignment(hw).sha256 == first.sha256
    helper.write_text("x = 2\n")
    assert load_assignment(hw).sha256 != first.sha256


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x = 1\ndef f(:\n", r"hw1.py, line 2: SyntaxError"),
        ("x = 1\n\nx / 0\n", r"hw1.py, line 3: ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(3)\n", r"hw1.py, line 2: SystemExit"),
        ("x = 1\n", "makes no Assignment"),
        (ASSIGNMENT + "other = Assignment('hw2')\n", "makes 2 Assignments"),
        ("from tinygrad_edu.grade import Assignment\nhw = Assignment('hw1')\n", "hw1 has no check"),
        (ASSIGNMENT + "hw.check()(two)\n", "two checks that are called two"),
        (ASSIGNMENT + "hw.check(points=-1)(two)\n", "points are a number from 0 on"),
        (ASSIGNMENT + "hw.check(needs='two')(two)\n", r"write needs=\['two'\]"),
        (ASSIGNMENT.replace("hw1", "../hw1"), "letters, digits"),
        (ASSIGNMENT.replace('"hw1"', '"hw1", files=["../x"]'), "beside the assignment"),
        (ASSIGNMENT.replace('"hw1"', '"hw1", files="x"'), r"write files=\['x'\]"),
        (ASSIGNMENT.replace('"hw1"', '"hw1", files=["x.csv"]'), "x.csv: No such file"),
        (ASSIGNMENT.replace("student, rng", "student"), r"a function of two arguments, \(student, rng\)"),
    ],
)
def test_an_assignment_that_cannot_be_used_is_refused_with_its_line(source: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "hw1.py"
    path.write_text(source)
    with pytest.raises(AssignmentError, match=said) as caught:
        load_assignment(path)
    assert "\n" not in str(caught.value)
