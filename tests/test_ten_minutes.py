"""An addition touches the files that the guide names, and no more: each is made in a copy of the package, and tested.

The primitive and the layer are those of docs/CONTRIBUTING.md, taken from its text.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
SOURCES = ["tinygrad_edu", "tests", "docs", "pyproject.toml"]

FAMILY = "tinygrad_edu/engine/primitives/elementwise.py"
CASES = "tinygrad_edu/testing/_table/cases.py"

END = r"\Z"
EXPORTS = r"^__all__ = \["


class Edit(NamedTuple):
    """Text that is inserted into a file.

    Attributes
    ----------
    file : its path; a file that is not there is made.
    after : a regular expression for what the text is put behind.
    text : what is inserted.
    """

    file: str
    after: str
    text: str


def guide(heading: str) -> str:
    """A section of the guide."""
    page = (ROOT / "docs" / "CONTRIBUTING.md").read_text("utf-8")
    return page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def example(heading: str) -> str:
    """The first program in a section of the guide."""
    return guide(heading).partition("```python\n")[2].partition("```")[0]


def the_case() -> str:
    """What the guide writes into the table of cases."""
    found = re.search(r"(?<=`)elementwise\(\"\w+\", .*?\)(?=`)", guide("Adding a primitive"))
    assert found, "the guide shows no case"
    return found[0]


ROW = example("Adding a primitive")
NAME = re.search(r"^(\w+) = ", ROW, re.MULTILINE)[1]  # type: ignore[index]

PRIMITIVE = [
    Edit(FAMILY, END, f"\n\n{ROW}"),
    Edit(CASES, r'^    elementwise\("arctan", np.arctan\),\n', f"    {the_case()},\n"),
]

LAYER = [
    Edit("tinygrad_edu/nn/layers.py", EXPORTS, '"Scale", '),
    Edit("tinygrad_edu/nn/layers.py", END, f"\n\n{example('Adding a layer')}"),
    Edit(
        "tests/nn/test_layers.py",
        END,
        "\n\ndef test_scale_learns_its_size() -> None:\n"
        "    assert nn.Scale(None)(tg.ones((2, 3))).tolist() == [[1.0] * 3] * 2\n",
    ),
]

RESULT_FORMAT = [
    Edit(
        "tinygrad_edu/grade/formats/score.py",
        END,
        '"""The score of a student, alone."""\n\nfrom ..results import Result\n\n\n'
        'def score(result: Result) -> str:\n    """The text."""\n    return f"{result.score}\\n"\n',
    ),
    Edit("tinygrad_edu/grade/formats/writing.py", r"^from \.services import .*\n", "from .score import score\n"),
    Edit("tinygrad_edu/grade/formats/writing.py", r"^WRITERS\b.*\{\n", '    "score": Writer(".txt", score),\n'),
]

PICTURE_FORMAT = [
    Edit(
        "tinygrad_edu/graph/formats/labels.py",
        END,
        '"""The labels of a graph\'s nodes, one a line."""\n\nfrom ..plain import Graph\n\n\n'
        'def labels(graph: Graph) -> str:\n    """The text."""\n    return "\\n".join(x.label for x in graph.nodes)\n',
    ),
    Edit("tinygrad_edu/graph/formats/saving.py", r"^from \.\.\._support\..*\n", "from .labels import labels\n"),
    Edit(
        "tinygrad_edu/graph/formats/saving.py",
        r"^FORMATS\b.*\{\n",
        '    ".labels": lambda drawing: labels(drawing.graph),\n',
    ),
]


class Copy:
    """A copy of the sources, in which things are added and tried."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        leave = shutil.ignore_patterns("*-pytest-*.pyc", "_build", "gallery", "attacks")
        for name in SOURCES:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=leave)
            else:
                shutil.copy(source, folder / name)

    def add(self, edits: Sequence[Edit]) -> None:
        for file, after, text in edits:
            path = self.folder / file
            old = path.read_text("utf-8") if path.exists() else ""
            found = re.search(after, old, re.MULTILINE)
            assert found, f"{file} has nothing like {after!r}"
            path.write_text(old[: found.end()] + text + old[found.end() :], "utf-8")

    def run(self, *arguments: str) -> str:
        """The output of Python in the copy."""
        environment = {name: x for name, x in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
        environment["PYTHONPATH"] = str(self.folder)
        run = subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def program(self, text: str) -> str:
        """The output of a program that finds the copy, and no other tinygrad_edu."""
        found = self.run("-c", f"import numpy as np, tinygrad_edu as tg\nprint(tg.__file__)\n{text}")
        file, _, rest = found.partition("\n")
        assert Path(file).is_relative_to(self.folder)
        return rest

    def tests(self, *arguments: str) -> int:
        """How many tests passed in the copy; none fails."""
        found = self.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments)
        passed = re.search(r"(\d+) passed", found)
        assert passed, found
        return int(passed[1])


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def test_a_primitive_is_a_row_and_a_case(copy: Copy) -> None:
    files = {edit.file for edit in PRIMITIVE}
    assert len(files) == 2
    assert all(f"`{file}`" in guide("Adding a primitive") for file in files)
    copy.add(PRIMITIVE)
    assert (
        copy.program(
            f"x = tg.Value(0.5)\n"
            f"print('{NAME}' in tg.__all__, tg.{NAME}(x).primitive is tg.{NAME}, tg.{NAME}(x).data == tg.{NAME}(0.5))"
        ).split()
        == ["True"] * 3
    )
    table = ["tests/engine/primitives/test_table.py", "tests/engine/primitives/test_numpy_functions.py"]
    table += ["tests/check/test_no_rule_is_accused.py", "tests/testing/test_cases_and_programs.py"]
    assert copy.tests(*table, "-k", f"[{NAME}] or {NAME}- or every_row or every_public or every_numpy or no_hint") >= 14


def test_a_primitive_is_described_in_the_reference(copy: Copy) -> None:
    """The pages take the names from `__all__` of each family (docs/extensions/families.py)."""
    copy.add(PRIMITIVE)
    assert copy.tests("tests/docs/test_reference.py") > 10


def test_a_row_cannot_take_over_the_numpy_function_of_another(copy: Copy) -> None:
    assert copy.program(
        "from tinygrad_edu.engine.primitives.primitive import BY_NUMPY\n"
        "from tinygrad_edu.engine.primitives.rows import unary\n"
        "try:\n"
        "    unary('other_exp', np.exp, float, lambda g, out, x: g, 'Wrong.', (0.0, 1.0))\n"
        "except ValueError as error:\n"
        "    print('exp' in str(error), BY_NUMPY[np.exp] is tg.exp, 'other_exp' in tg.engine.primitives.TABLE)\n"
    ).split() == ["True", "True", "False"]


def test_a_layer_is_a_class_and_its_test(copy: Copy) -> None:
    assert len({edit.file for edit in LAYER}) == 2
    copy.add(LAYER)
    assert copy.program("print(tg.nn.Scale(2), 'Scale' in tg.nn.__all__)") == "Scale(features=2) True\n"
    assert copy.tests("tests/nn/test_layers.py", "tests/docs/test_reference.py", "-k", "scale or described") > 10


def test_a_format_of_results_is_a_file_and_a_line_of_the_table(copy: Copy) -> None:
    assert len({edit.file for edit in RESULT_FORMAT}) == 2
    assert "`tinygrad_edu/grade/formats/writing.py`, whose table `WRITERS`" in guide("Adding a format")
    copy.add(RESULT_FORMAT)
    assert copy.program(
        "from tinygrad_edu.grade.formats import FORMATS, write_results\n"
        "from tinygrad_edu.grade.results import EXAMPLE\n"
        "write_results([EXAMPLE], 'score', 'score.txt')\n"
        "print('score' in FORMATS, open('score.txt').read() == f'{EXAMPLE.score}\\n')"
    ).split() == ["True", "True"]
    assert "score" in copy.run("-m", "tinygrad_edu", "grade", "--help")
    assert (
        copy.tests("tests/grade/test_formats.py", "tests/cli/test_wrong_input.py", "-k", "format", "-m", "not slow") > 5
    )


def test_a_format_of_pictures_is_a_file_and_a_line_of_the_table(copy: Copy) -> None:
    assert len({edit.file for edit in PICTURE_FORMAT}) == 2
    assert "`tinygrad_edu/graph/formats/saving.py`, whose table `FORMATS`" in guide("Adding a format")
    copy.add(PICTURE_FORMAT)
    saved = "tg.draw(tg.Value(2.0, name='x') * 3.0).save('z.labels')\nprint(open('z.labels').read())"
    assert copy.program(saved).split()[0] == "x"
    assert ".labels" in copy.run("-m", "tinygrad_edu", "draw", "--help")
    assert copy.tests("tests/graph/test_saving.py", "tinygrad_edu/graph/formats") > 10


@pytest.mark.parametrize(
    ("words", "program"),
    [
        ("inner sizes", "tg.ones((2, 3)) @ tg.ones((2, 3))"),
        ("gradients are taken of one number", "tg.ones((2, 3), requires_grad=True).backward()"),
        ("no real square root", "print(tg.find_nan(tg.sqrt(tg.Value(-1.0))))"),
        ("is not in the table of primitives", "np.heaviside(tg.ones((2, 3)), 1.0)"),
    ],
)
def test_the_text_of_an_error_stands_in_one_file(copy: Copy, words: str, program: str) -> None:
    files = [file for file in copy.folder.glob("tinygrad_edu/**/*.py") if words in file.read_text("utf-8")]
    assert len(files) == 1
    files[0].write_text(files[0].read_text("utf-8").replace(words, "other words"), "utf-8")
    assert "other words" in copy.program(f"try:\n    {program}\nexcept tg.TinygradError as error:\n    print(error)")
