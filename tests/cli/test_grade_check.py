"""`tinygrad-edu grade check`: what to mend in an assignment, and by the exit code whether there is anything."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import Command

ASSIGNMENT = """\
from tinygrad_edu.grade import Assignment, expect

hw = Assignment("hw1")


@hw.check(needs=["mul_backward"])
def product(student, rng):
    x, y, upstream = rng.normal(size=(3, 5, 4))
    expect(student.mul_backward(upstream, x, y)).is_gradient_of(lambda x, y: x * y, at=(x, y), upstream=upstream)
"""

RIGHT = "def mul_backward(upstream, x, y):\n    return upstream * y, upstream * x\n"


def test_the_command_says_what_to_mend_and_by_its_exit_code_whether(folder: Path, run: Command) -> None:
    assert run("grade", "new", "hw1").out.endswith("tinygrad-edu grade check hw1\n")
    code, out, err = run("grade", "check", "hw1", "--seeds", "2", "--json", "report.json")
    assert (code, err) == (0, "")
    assert out.startswith("The product rule: 3 points\nTried: reference.py with 2 seeds, starter.py, 9 wrong programs")
    (folder / "hw1" / "starter.py").write_text(RIGHT)
    code, out, err = run("grade", "check", "hw1", "--seeds", "2", "--json", "report.json")
    assert (code, err) == (1, "")
    assert "starter.py gets 2 of 2 points as it is" in out
    assert [finding["kind"] for finding in json.loads((folder / "report.json").read_text())["findings"]] == [
        "starter"
    ] * 2


def test_a_single_file_has_its_reference_beside_it_by_its_own_name(folder: Path, run: Command) -> None:
    (folder / "hw1.py").write_text(ASSIGNMENT)
    code, _, err = run("grade", "check", "hw1.py")
    assert (code, "no reference beside it, hw1_reference.py or reference.py" in err) == (2, True)
    (folder / "hw1_reference.py").write_text(RIGHT)
    code, out, _ = run("grade", "check", "hw1.py", "--seeds", "1")
    assert (code, "hw1_reference.py with 1 seed, no starter" in out) == (0, True)
    (folder / "mine.py").write_text(RIGHT.replace("*", "/"))
    assert run("grade", "check", "hw1.py", "--reference", "mine.py", "--seeds", "1").code == 1
