"""A correct solution gets full marks, however it is written, and whatever lies around it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.grade.assignment import grade
from tinygrad_edu.grade import Sandbox, Submission

SOLUTIONS = sorted(Path(__file__).with_name("honest").glob("*.txt"))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda path: path.name.split(".")[0])
def test_honest_solution_gets_full_marks(solution: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    handed_in = tmp_path / solution.name.removesuffix(".txt")
    handed_in.write_bytes(solution.read_bytes())
    with sandbox.open(Submission.read(handed_in)) as session:
        score = grade(session)
    assert score.points == 4, score.said


def test_there_are_twenty_ways() -> None:
    assert len(SOLUTIONS) >= 20


PIECES = {
    "hw1/main.py": "from rules import tanh_backward\nfrom engine.value import Value\nfrom engine import *\n"
    "from rules import mul_backward, add_backward\n",
    "hw1/rules.py": "import numpy as np\n\ndef mul_backward(u, x, y):\n    return u * y, u * x\n\n"
    "def tanh_backward(u, x):\n    return u * (1 - np.tanh(x) ** 2)\n\n"
    "def add_backward(u, a, b):\n    return u.sum(1, keepdims=True), u.sum(0)\n",
    "hw1/engine/__init__.py": "from .steps import walk\n",
    "hw1/engine/steps.py": "def walk(value, g):\n    value.grad += g\n    for parent, d in value.parents:\n"
    "        walk(parent, g * d)\n",
    "hw1/engine/value.py": "from .steps import walk\n\nclass Value:\n    def __init__(self, data, parents=()):\n"
    "        self.data, self.parents, self.grad = data, parents, 0\n"
    "    def __add__(self, o):\n        return Value(self.data + o.data, [(self, 1), (o, 1)])\n"
    "    def __mul__(self, o):\n        o = o if isinstance(o, Value) else Value(o)\n"
    "        return Value(self.data * o.data, [(self, o.data), (o, self.data)])\n"
    "    def backward(self):\n        walk(self, 1)\n",
    "hw1/README.md": "how to run it",
    "hw1/__pycache__/rules.py": "this is not Python",
    "__MACOSX/hw1/._rules.py": "nor is this",
    "hw1/.ipynb_checkpoints/main.ipynb": "nor this",
}


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_several_files(form: str, sandbox: Sandbox, tmp_path: Path) -> None:
    for name, source in PIECES.items():
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    handed_in = tmp_path / "in" / "hw1"
    if form == "zip":
        handed_in = tmp_path / "hw1.zip"
        with zipfile.ZipFile(handed_in, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, source in PIECES.items():
                archive.writestr(name, source)
    with sandbox.open(Submission.read(handed_in)) as session:
        score = grade(session)
    assert score.points == 4, score.said
