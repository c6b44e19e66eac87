"""What docs/grading.md tells instructors to do works as it stands there."""

from __future__ import annotations

import csv
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.cli import main
from tinygrad_edu.grade import Assignment, Sandbox, Submission, checks, grade_one
from tinygrad_edu.grade.diagnosis import ChainStep, beside_values
from tinygrad_edu.grade.formats.graphs import in_lines
from tinygrad_edu.grade.sandbox.isolation import LEVELS
from tinygrad_edu.nn.functional import cross_entropy

PAGE = (Path(__file__).parents[2] / "docs" / "grading.md").read_text(encoding="utf-8")

FILES = {
    "hw1_reference.py": "def mul_backward(upstream, x, y):\n    return upstream * y, upstream * x\n",
    "submissions/emmy.py": "def mul_backward(upstream, x, y): return upstream * y, upstream * x\n",
    "submissions/carl.py": "def mul_backward(upstream, x, y): return upstream * x, upstream * y\n",
    "canvas.csv": "Student,ID,SIS Login ID,Section,HW1 (4)\n    Points Possible,,,,10\nE,1,emmy,S,\nC,2,carl,S,\n",
    "moodle.csv": "Identifier,Full name,Grade,Feedback comments\nParticipant 1,emmy,,\nParticipant 2,carl,,\n",
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_page_can_be_followed_to_the_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (assignment,) = blocks("python")
    assert len([line for line in assignment.splitlines() if line]) <= 10
    for name, text in {"hw1.py": assignment, **FILES}.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    for line in "".join(blocks("sh")).splitlines():
        assert main(shlex.split(line)[1:]) == 0, line
    assert Path("autograder.zip").exists()
    assert {path.name for path in Path("pages").iterdir()} == {"emmy.html", "carl.html", "index.html"}
    for name, column, grades in (
        ("grades", "score", ["0", "2"]),
        ("canvas", "HW1 (4)", ["10", "10", "0"]),
        ("moodle", "Grade", ["2", "0"]),
    ):
        with open(f"{name}.csv", encoding="utf-8-sig", newline="") as file:
            assert [row[column] for row in csv.DictReader(file)] == grades


def test_the_page_shows_what_grade_check_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (assignment,) = blocks("python")
    Path("hw1.py").write_text(assignment.replace("    answer", "    upstream = 0 * x + 1\n    answer", 1))
    Path("hw1_reference.py").write_text(FILES["hw1_reference.py"])
    assert main(["grade", "check", "hw1.py"]) == 1
    assert capsys.readouterr().out in blocks("text")


def test_the_page_says_of_the_levels_what_the_sandbox_says() -> None:
    for level, words in LEVELS.items():
        assert f"| {level} | {words} |" in PAGE


PROGRAM = """
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

def matmul_backward(g, x, w): return g @ w.T, x.T @ g
def softplus_backward(g, x): return g * 0.5 * (1 + np.tanh(x / 2))
def wave(x): return np.sin(x)
def wave_backward(g, x): return g * np.cos(x)
tanh, total = np.tanh, np.sum
def order(inputs, output):
    done, waiting = {}, [output]
    while waiting:
        before = [x for x in inputs[waiting[-1]] if x not in done]
        if before: waiting.append(before[0])
        else: done[waiting.pop()] = None
    return list(done)
def convolve(x, w):
    return np.einsum("nchwab,ocab->nohw", sliding_window_view(x, w.shape[2:], axis=(2, 3))[:, :, ::2, ::2], w)
def softmax_loss(scores, target):
    log_p = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    hot = np.eye(scores.shape[1])[target]
    return -(hot * log_p).sum() / len(hot), (np.exp(log_p) - hot) / len(hot)
def learn(images, labels, others):
    return labels[((images**2).sum(1) - 2 * others @ images.T).argmin(1)]

class Linear:
    def __init__(self, weight, bias): self.weight, self.bias = weight, bias
    def forward(self, x):
        self.x = x
        return x @ self.weight + self.bias
    def backward(self, upstream):
        self.grad_weight, self.grad_bias = self.x.T @ upstream, upstream.sum(axis=0)
        return upstream @ self.weight.T

class SGD:
    def __init__(self, w, lr): self.w, self.lr = w, lr
    def step(self, gradient):
        self.w = self.w - self.lr * gradient
        return self.w

class Value:
    def __init__(self, data, inputs=(), slopes=()):
        self.data, self.grad, self.inputs, self.slopes = data, 0.0, inputs, slopes
    def __add__(self, other): return Value(self.data + other.data, (self, other), (1.0, 1.0))
    def __mul__(self, other): return Value(self.data * other.data, (self, other), (other.data, self.data))
    def backward(self):
        users, waiting = {self: 0}, [self]
        while waiting:
            for x in waiting.pop().inputs:
                if x not in users: waiting.append(x)
                users[x] = users.get(x, 0) + 1
        for x in users: x.grad = 0.0 if x.inputs else x.grad
        self.grad, waiting = 1.0, [self]
        while waiting:
            value = waiting.pop()
            for x, slope in zip(value.inputs, value.slopes):
                x.grad += value.grad * slope
                users[x] -= 1
                if not users[x]: waiting.append(x)
"""


def test_every_ready_check_is_in_the_table_and_its_line_is_a_check() -> None:
    lines = re.findall(r"^\| .* \| `(\w+\(.*\))` \|$", PAGE, re.MULTILINE)
    assert sorted(line.partition("(")[0] for line in lines) == sorted(checks.__all__)
    names = {name: getattr(checks, name) for name in checks.__all__}
    names |= {"tg": tg, "np": np, "ChainStep": ChainStep, "cross_entropy": cross_entropy}
    hw = Assignment("hw1")
    for line in lines:
        scope: dict[str, Any] = dict(names)
        exec(f"def {line.partition('(')[0]}_(student, rng):\n    {line}\n", scope)
        hw.check()(scope[f"{line.partition('(')[0]}_"])
    with Sandbox() as sandbox:
        result = grade_one(hw, Submission.from_source(PROGRAM), sandbox=sandbox)
    assert {check.name: (check.outcome, check.message) for check in result.checks if check.outcome != "pass"} == {}


def test_the_page_shows_what_students_see() -> None:
    x, y = tg.Value(2.0), tg.Value(3.0)
    graphs = beside_values(x * y + x, {x: "x", y: "y"}, {}, {x: 1.0, y: 2.0})
    assert graphs is not None
    assert "\n".join(in_lines(graphs)) in PAGE
