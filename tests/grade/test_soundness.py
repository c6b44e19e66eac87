"""An assignment is tried out before a class is: what is weak in it is found, said with its line, and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tinygrad_edu.grade import AssignmentError, Soundness, check_assignment
from tinygrad_edu.grade.soundness import Finding, wrong_programs

HEAD = """\
import numpy as np
import tinygrad_edu as tg
from tinygrad_edu.grade import Assignment, expect, require

hw = Assignment("hw1", title="The product rule")


"""

SOUND = """\
@hw.check(points=2, needs=["mul_backward"])
def product(student, rng):
    x, y, upstream = rng.normal(size=(3, 5, 4))
    expect(student.mul_backward(upstream, x, y)).is_gradient_of(lambda x, y: x * y, at=(x, y), upstream=upstream)
"""

RIGHT = "def mul_backward(upstream, x, y):\n    return upstream * y, upstream * x\n"
STARTER = "def mul_backward(upstream, x, y):\n    raise NotImplementedError\n"

Tried = Callable[..., Soundness]


@pytest.fixture
def tried(tmp_path: Path) -> Tried:
    """Write an assignment and try it out."""

    def tried(checks: str, reference: str = RIGHT, starter: str = STARTER, seeds: int = 2) -> Soundness:
        for name, text in (("assignment", HEAD + checks), ("reference", reference), ("starter", starter)):
            (tmp_path / f"{name}.py").write_text(text)
        return check_assignment(tmp_path, seeds=seeds)

    return tried


def only(report: Soundness) -> Finding:
    (finding,) = report.findings
    return finding


def test_nothing_is_found_in_a_sound_assignment(tried: Tried) -> None:
    report = tried(SOUND)
    assert report
    assert (report.programs, report.possible_programs, report.named) == (9, 9, report.answers)
    assert report.answers > 20
    assert "9 wrong programs" in str(report)
    assert str(report).endswith("Nothing to mend.")


# The reference and the starter.


def test_extra_points_take_no_test_away(tried: Tried) -> None:
    bonus = SOUND.replace("points=2", "points=1, extra=True").replace("def product", "def bonus")
    report = tried(SOUND + "\n\n" + bonus)
    assert report
    assert report.programs == 9


LAYER = """\
from tinygrad_edu.grade.checks import same_layer

@hw.check(points=1, needs=["Scale"])
def layer(student, rng):
    same_layer(student.Scale, lambda x, weight: x * weight, rng, "nk", "k")
"""
SCALE = """\
class Scale:
    def __init__(self, weight):
        self.weight = weight
    def forward(self, x):
        self.x = x
        return x * self.weight
    def backward(self, upstream):
        self.grad_weight = (upstream * self.x).sum(axis=0)
        return upstream * self.weight
"""


def test_what_a_check_asks_after_a_wrong_answer_is_no_error_of_its_own(tried: Tried) -> None:
    """`same_layer` asks another layer whether backward is right for a wrong forward; nobody answers in the replay."""
    assert tried(LAYER, SCALE, "class Scale: pass\n", seeds=1).findings == ()


def test_a_reference_that_loses_points(tried: Tried) -> None:
    report = tried(SOUND, reference=RIGHT.replace("upstream * y", "-upstream * y"))
    assert (only(report).kind, only(report).place, only(report).check) == ("reference", "assignment.py:8", "product")
    assert "The sign is wrong" in only(report).message
    assert report.programs == 0  # for a wrong program there has to be a right one


def test_a_reference_that_raises_is_shown_at_its_line(tried: Tried) -> None:
    finding = only(tried(SOUND, reference=RIGHT.replace("return", "upstream[9, 9]; return")))
    assert (finding.kind, finding.place) == ("reference", "reference.py:2")
    assert "IndexError" in finding.message


def test_a_reference_that_is_no_program_is_shown_at_its_line(tried: Tried) -> None:
    first = tried(SOUND, reference="x = 1\ndef mul_backward(upstream, x, y) return x\n").findings[0]
    assert (first.kind, first.place) == ("reference", "reference.py:2")
    assert "syntax error" in first.message


def test_a_check_that_fails_for_some_students_only(tried: Tried) -> None:
    flaky = SOUND.replace("    expect", "    require(rng.random() < 0.6, 'bad luck')\n    expect")
    report = tried(flaky, seeds=10)
    finding = next(finding for finding in report.findings if finding.kind == "flaky")
    assert finding.place == "assignment.py:8"
    assert "of 10 seeds: bad luck" in finding.message
    assert "--student seed-" in finding.advice


def test_a_starter_that_gets_points(tried: Tried) -> None:
    finding = only(tried(SOUND, starter=RIGHT))
    assert (finding.kind, finding.message) == ("starter", "starter.py gets 2 of 2 points as it is")


def test_a_starter_with_a_syntax_error(tried: Tried) -> None:
    finding = tried(SOUND, starter=STARTER + "x = = 1\n").findings[0]
    assert (finding.kind, finding.place) == ("starter", "starter.py:3")


@pytest.mark.parametrize("file", ["reference", "starter"])
def test_what_a_check_needs_and_a_file_does_not_define(file: str, tried: Tried) -> None:
    finding = only(tried(SOUND, **{file: "def mul_backwards(upstream, x, y):\n    raise NotImplementedError\n"}))
    assert (finding.kind, finding.check) == ("missing", "product")
    assert f"{file}.py" in finding.message
    assert "mul_backward" in finding.message


# Checks.


def test_a_check_that_fails_by_itself(tried: Tried) -> None:
    finding = only(tried(SOUND.replace("size=(3, 5, 4)", "size=3 // 0")))
    assert (finding.kind, finding.place) == ("own error", "assignment.py:8")
    assert "line 10: ZeroDivisionError" in finding.message


def test_a_check_that_expects_nothing(tried: Tried) -> None:
    silent = "@hw.check()\ndef silent(student, rng):\n    student.mul_backward(1.0, 2.0, 3.0)\n"
    finding = next(finding for finding in tried(SOUND + silent).findings if finding.check == "silent")
    assert finding.kind == "own error"
    assert "expects nothing" in finding.message


def test_a_check_that_fails_by_itself_only_where_a_student_is_wrong(tried: Tried) -> None:
    careless = SOUND.replace(
        "    expect(student.mul_backward(upstream, x, y))", "    a, b = ANSWER\n    expect((a, b))"
    )
    finding = only(tried(careless.replace("ANSWER", "student.mul_backward(upstream, x, y)")))
    assert (finding.kind, finding.check) == ("own error", "product")
    assert "TypeError: cannot unpack non-iterable NoneType" in finding.message
    assert "answer 1 of the reference is replaced by None" in finding.message


OF_CLASSES = {
    "follows_optimizer(student.SGD(np.ones(3), 0.1).step, tg.optim.SGD, np.ones(3), rng.normal(size=(5, 3)), lr=0.1)":
        "class SGD:\n"
        "    def __init__(self, w, lr):\n        self.w, self.lr = w, lr\n"
        "    def step(self, gradient):\n        self.w = self.w - self.lr * gradient\n        return self.w\n",
    'same_layer(student.Linear, lambda x, weight, bias: x @ weight + bias, rng, "nk", "km", "m")':
        "class Linear:\n"
        "    def __init__(self, weight, bias):\n        self.weight, self.bias = weight, bias\n"
        "    def forward(self, x):\n        self.x = x\n        return x @ self.weight + self.bias\n"
        "    def backward(self, upstream):\n"
        "        self.grad_weight, self.grad_bias = self.x.T @ upstream, upstream.sum(axis=0)\n"
        "        return upstream @ self.weight.T\n",
    "expect(student.Pair(2.0).total()).equals(4.0)":
        "class Pair:\n"
        "    def __init__(self, x):\n        self.x = x\n"
        "    def total(self):\n        return 2 * self.x\n",
}  # fmt: skip
"""Bodies of checks that use an object which a class makes, as docs/grading.md has them; and a solution for each."""


@pytest.mark.parametrize("body", OF_CLASSES)
def test_what_a_class_makes_may_be_used_at_once(body: str, tried: Tried) -> None:
    name = re.findall(r"student\.(\w+)", body)[0]
    imports = "from tinygrad_edu.grade.checks import follows_optimizer, same_layer\n\n"
    check = f"{imports}@hw.check(needs=['{name}'])\ndef used(student, rng):\n    {body}\n"
    report = tried(check, reference=OF_CLASSES[body], starter=f"class {name}:\n    pass\n")
    assert report.programs
    assert [str(finding) for finding in report.findings if finding.kind == "own error"] == []


def test_an_assert_is_an_expectation(tried: Tried) -> None:
    asserting = SOUND.replace("    expect", "    got = student.mul_backward(upstream, x, y)\n    GOT\n    expect")
    assert tried(asserting.replace("GOT", "assert isinstance(got, tuple) and len(got) == 2, 'two gradients'"))


def test_a_check_that_no_wrong_answer_fails(tried: Tried) -> None:
    asleep = "@hw.check()\ndef asleep(student, rng):\n    student.mul_backward(1.0, 2.0, 3.0)\n    require(True, '')\n"
    finding = only(tried(SOUND + asleep))
    assert (finding.kind, finding.check, finding.place) == ("unused check", "asleep", "assignment.py:12")


def test_a_check_that_answers_otherwise_when_asked_again(tried: Tried) -> None:
    unsteady = "    hw.asked = getattr(hw, 'asked', 0) + 1\n    require(hw.asked != 6, 'the sixth')\n    expect"
    with pytest.raises(
        AssignmentError, match=r"assignment.py:8: product passes, and fails when asked again: the sixth"
    ):
        tried(SOUND.replace("    expect", unsteady))


# Probes.


def kinds(report: Soundness) -> dict[str, str]:
    return {finding.kind: finding.message for finding in report.findings}


def test_an_upstream_gradient_of_ones(tried: Tried) -> None:
    found = kinds(tried(SOUND.replace("    expect", "    upstream = np.ones((5, 4))\n    expect")))
    assert "a program that ignores it loses nothing here" in found["upstream"]
    assert "y, upstream * x" in found["survivor"]


def test_square_probes(tried: Tried) -> None:
    matmul = SOUND.replace("x * y", "x @ y").replace("(3, 5, 4)", "(3, 4, 4)")
    right = RIGHT.replace("upstream * y, upstream * x", "upstream @ y.T, x.T @ upstream")
    assert "the right shape" in kinds(tried(matmul, reference=right))["square"]


def test_numbers_in_which_mistakes_hide(tried: Tried) -> None:
    found = kinds(tried(SOUND.replace("    expect", "    x = y = np.ones((5, 4))\n    expect")))
    assert "operands swapped" in found["numbers"]
    assert "local derivative ignored" in found["numbers"]


def test_a_tolerance_that_lets_mistakes_pass(tried: Tried) -> None:
    found = kinds(tried(SOUND.replace("upstream=upstream)", "upstream=upstream, rtol=1e-3)")))
    assert found == {"tolerance": "rtol=0.001 lets mistakes pass: imprecise"}
    found = kinds(tried(SOUND.replace("upstream=upstream)", "upstream=upstream, rtol=3.0)")))
    assert "sign" in found["tolerance"]


def test_a_mistake_that_is_taken_for_another(tried: Tried) -> None:
    one = SOUND.replace("    expect", "    x[:] = y[:] = 2\n    expect")  # without their derivatives, both get half
    assert "name" in kinds(tried(one))


def test_probes_of_one_function_make_up_for_each_other(tried: Tried) -> None:
    both = SOUND.replace("    x,", "    for shape in ((4, 4), (5, 3)):\n        x,").replace("5, 4", "*shape")
    both = both.replace("    expect", "        if shape == (4, 4):\n            upstream[:] = 1\n        expect")
    assert tried(both)


# Wrong programs.


def test_a_wrong_program_that_loses_nothing_is_shown_with_its_line(tried: Tried) -> None:
    blind = SOUND + '@hw.check(needs=["shift"])\ndef shift(student, rng):\n    expect(student.shift(0.0)).equals(2.0)\n'
    reference = RIGHT + "\n\ndef shift(x):\n    return 2.0 + x{mark}\n"
    starter = STARTER + "\n\ndef shift(x):\n    raise NotImplementedError\n"
    finding = only(tried(blind, reference=reference.format(mark=""), starter=starter))
    assert (finding.kind, finding.place) == ("survivor", "reference.py:6")
    assert finding.message.splitlines() == [
        "a wrong program loses no points", "      return 2.0 + x", "    may as well be", "      return 2.0 - x",
        "      return 2.0",
    ]  # fmt: skip
    assert tried(blind, reference=reference.format(mark="  # equivalent"), starter=starter)


MISTAKES = {
    "total += g": ["total -= g", "total = g", "pass"],
    "seen.add(x)": ["pass"],
    "return a - b @ c.T": [
        "return a + b @ c.T", "return b @ c.T - a", "return a", "return a - c.T @ b", "return a - b @ c",
    ],
    "return -x.sum(axis=0, keepdims=True)": [
        "return x.sum(axis=0, keepdims=True)", "return -x", "return -x.sum(axis=1, keepdims=True)",
        "return -x.sum(axis=0, keepdims=False)",
    ],
    "return np.where(x > 0, g, 0)": [
        "return g", "return 0", "return np.where(x >= 0, g, 0)", "return np.where(x < 0, g, 0)",
    ],
    "return x if c else y": ["return x", "return y"],
    "return np.exp(x) / n": ["return np.exp(x) * n", "return np.exp(x)", "return x / n"],
    "return a, b": ["return (b, a)"],
    "raise ValueError('a' + b)": [],
    "name = 'a' + b": [],
}  # fmt: skip


@pytest.mark.parametrize("line", MISTAKES)
def test_the_mistakes_in_a_line(line: str) -> None:
    source = f"def f(x: a + b, y=1):\n    'A text.'\n    {line}\n\n\nif __name__ == '__main__':\n    print(1 + 1)\n"
    made = list(wrong_programs(source))
    assert [program.wrong for program in made] == MISTAKES[line]
    assert {program.line for program in made} <= {3}
    for program in made:
        compile(program.source, "reference.py", "exec")


def test_wrong_input_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "hw1.py").write_text(HEAD + SOUND)
    for reference in (tmp_path / "no.py", tmp_path, None):
        with pytest.raises(AssignmentError, match="reference"):
            check_assignment(tmp_path / "hw1.py", reference=reference)


def test_the_arguments_after_a_call_are_not_the_answer(tried: Tried) -> None:
    check = (
        "from tinygrad_edu.grade import afterwards\n@hw.check(needs=['double_'])\ndef double(student, rng):\n"
        "    x = rng.normal(size=3)\n    _, (left,) = afterwards(student.double_, x)\n    expect(left).equals(2 * x)\n"
    )
    assert tried(check, "def double_(x):\n    x *= 2\n", "def double_(x):\n    raise NotImplementedError\n")


def test_a_function_of_which_no_wrong_program_can_be_made_is_no_finding(tried: Tried) -> None:
    check = (
        "@hw.check(needs=['letters'])\ndef order(student, rng):\n    expect(student.letters('ba')).equals(['a', 'b'])\n"
    )
    starter = f"{STARTER}\ndef letters(word):\n    raise NotImplementedError\n"
    assert tried(SOUND + check, f"{RIGHT}\ndef letters(word):\n    return sorted(word)\n", starter)
