"""A correct solution gets full marks, however it is written, and whatever lies around it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.grade.assignment import grade
from tinygrad_edu.grade import Limits, Sandbox, StudentError, Submission

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


def loaded(tmp_path: Path, sandbox: Sandbox, files: dict[str, str], main: str = "hw1") -> tuple[Any, list[str]]:
    """What `f()` answers in a program of several files, and what was said while it was loaded."""
    for name, source in files.items():
        cells = [{"cell_type": "code", "source": cell} for cell in source.split("\n---\n")]
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"cells": cells}) if name.endswith(".ipynb") else source)
    with sandbox.open(Submission.read(tmp_path / "in", main, needs=["f"])) as session:
        answer = session.student.f()
        return answer, [problem["message"] for problem in session.problems]


H = "x = 7"


@pytest.mark.parametrize(
    "files",
    [
        {"p/hw1.py": "from .h import x\ndef f(): return x", "p/h.py": H, "p/__init__.py": ""},
        {"p/hw1.py": "from . import h\ndef f(): return h.x", "p/h.py": H},
        {"hw1.py": "from .h import x\ndef f(): return x", "h.py": H},
        {"p.q/hw1.py": "import random_h as h\ndef f(): return h.x", "p.q/random_h.py": H, "a/random_h.py": "x = 0"},
        {"p.q/r/hw1.py": "from ..lib.h import x\ndef f(): return x", "p.q/lib/h.py": H},
        {"src/hw1.py": "from lib.h import x\ndef f(): return x", "lib/h.py": H},
        {"hw1.py": "import sys\nsys.path.append('lib')\nimport h\ndef f(): return h.x",
         "lib/h.py": H, "a/h.py": "x = 0"},
        {"src/hw1.py": "import sys, os\nsys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))\n"
         "from h import x\ndef f(): return x", "lib/h.py": H, "a/h.py": "x = 0"},
        {"hw1.py": "import sys\nsys.path.append('/content/drive/MyDrive')\nimport p.h\ndef f(): return p.h.x",
         "all/p/h.py": "from .k import x", "all/p/k.py": H},
        {"hw1.py": "import h\ndef f(): return h.x", "h.py": "import torch\n" + H + "\n1 / 0\n"},
        {"hw1.ipynb": "import h\ndef f(): return h.x", "h.ipynb": "%matplotlib inline\n---\n" + H},
        {"hw1.ipynb": "%%writefile h.py\ny = 7\n---\n%%writefile -a h.py\nx = y\n---\nimport h\ndef f(): return h.x"},
        {"hw1.ipynb": "%%capture\nimport numpy as np\nx = (15\n  % 8)\nif (1\n    != 2): pass\n---\n%time y = x\n"
         "!pip install a \\\n  b\nfiles = !ls\nint?\n%%x\ndef f():\n    %timeit 1\n    return y"},
        {"hw1.py": "import os\nhere = os.path.dirname(os.path.abspath(__file__))\n"
         "def f(): return 7 * (here == os.getcwd())"},
        {"p/hw1.py": "import h\nfrom pathlib import Path\n"
         "def f(): return 7 * (Path(h.__file__).parent == Path(__file__).parent)", "p/h.py": H},
    ],
    ids=range(15),
)  # fmt: skip
def test_helpers_are_found_wherever_they_were_handed_in(
    files: dict[str, str], sandbox: Sandbox, tmp_path: Path
) -> None:
    assert loaded(tmp_path, sandbox, files)[0] == 7


def test_a_magic_is_left_out_alone_and_a_shell_has_its_whole_cell(sandbox: Sandbox, tmp_path: Path) -> None:
    source = (
        "%load_ext a\nx = 1\n---\n%%bash\necho 'don't\n---\ndef f():\n    return (x\n  % 3)\n---\n%%time\ny = [\n---\n"
    )
    answer, said = loaded(tmp_path, sandbox, {"hw1.ipynb": source})
    assert answer == 1
    assert said == [
        "%load_ext a is left out: not Python", "a cell for %%bash is left out", "syntax error: '[' was never closed",
    ]  # fmt: skip


def test_an_alarm_that_a_program_sets_for_itself_fails_no_right_answer(sandbox: Sandbox, tmp_path: Path) -> None:
    alarms = "import warnings, numpy as np\nwarnings.simplefilter('error')\nnp.seterr(all='raise')\n"
    sigmoid = "def f(): return 1 / (1 + np.exp(np.array([1e3, -1e3])))\n"
    answer, problems = loaded(tmp_path, sandbox, {"hw1.py": alarms + sigmoid})
    assert (answer.tolist(), problems) == ([0.0, 1.0], [])


def test_a_slow_helper_costs_only_what_is_slow_in_it(tmp_path: Path) -> None:
    files = {"hw1.py": "import h\ndef f(): return h.x", "h.py": "import time\ntime.sleep(9)\n" + H}
    with Sandbox(Limits(load_seconds=0.8)) as sandbox:
        answer, said = loaded(tmp_path, sandbox, files)
    assert answer == 7
    assert "interrupted here after" in said[0]


def test_a_program_finds_the_files_that_an_assignment_gives_it_and_can_write_none() -> None:
    source = (
        "import os\nimport numpy as np\nfrom pathlib import Path\n"
        "def f(): return np.loadtxt('data/x.csv').sum() + float((Path(__file__).parent / 'y.txt').read_text())\n"
        "def g(): open('y.txt', 'w')\n"
    )
    given = {"data/x.csv": b"1\n2\n", "y.txt": b"4"}
    for fork in (True, False):
        with Sandbox(files=given, fork=fork) as sandbox, sandbox.open(Submission.from_source(source)) as session:
            assert session.student.f() == 7.0
            if sandbox.isolation.level >= 3:
                with pytest.raises(StudentError, match=r"PermissionError|Read-only"):
                    session.student.g()


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
