"""Whatever is wrong with the input, the answer is one clear line on stderr and exit code 2."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .conftest import Command

FILES = {
    "divides.py": "x = 1\ny = x / 0\n",
    "helper.py": "def shrink(x):\n    return x.reshape(7)\n",
    "shapes.py": "import helper\nimport tinygrad_edu as tg\n\nz = helper.shrink(tg.zeros(2, requires_grad=True))\n",
    "inside_numpy.py": "import numpy as np\n\nz = np.linalg.inv(np.zeros((2, 2)))\n",
    "inside_exec.py": "a = 1\nexec('1 / 0')\n",
    "many_lines.py": "raise ValueError('first\\nsecond \\x1b[31mred')\n",
    "mute.py": "class Mute(Exception):\n    def __str__(self):\n        return 1 / 0\nraise Mute\n",
    "annotated.py": "e = ValueError('no')\nif hasattr(e, 'add_note'):\n    e.add_note('a note')\nraise e\n",
    "deep.py": "def f(n):\n    return f(n + 1)\nf(0)\n",
    "exits.py": "import sys\nsys.exit(3)\n",
    "exits_early.py": "import sys\nsys.exit()\nz = 1\n",
    "exits_with_words.py": "raise SystemExit('no luck')\n",
    "syntax.py": "x = 1\ny = (\n",
    "imports_syntax.py": "import syntax\n",
    "no_import.py": "import no_such_module\n",
    "nul.py": "x = 1\0\n",
    "empty.py": "",
    "\x1b[31mred.py": "1 / 0\n",
}

WRONG = {
    # the place of the node
    "no node": ("draw lesson.py", "'lesson.py' says no file and node; write FILE.py:NAME, such as lesson.py:z"),
    "no name": ("draw lesson.py:", "says no file and node"),
    "no file": ("draw :z", "says no file and node"),
    "only a drive": (r"draw C:\lessons\one.py", "says no file and node"),
    "a call": ("draw lesson.py:f()", "'f()' is not the name of a node; write z, model.loss or losses[0]"),
    "a program": ("draw lesson.py:__import__('os').getcwd()", "is not the name of a node"),
    "a sum": ("draw lesson.py:x+y", "is not the name of a node"),
    "a slice": ("draw lesson.py:losses[0:1]", "is not the name of a node"),
    "an index that is computed": ("draw lesson.py:losses[number]", "is not the name of a node"),
    "no Python": ("draw lesson.py:z..", "is not the name of a node"),
    "brackets without end": ("draw lesson.py:" + "(" * 300, "is not the name of a node"),
    # the file
    "no such file": ("draw nothing.py:z", "nothing.py: No such file or directory"),
    "a slip in the file": ("draw leson.py:z", "leson.py: No such file or directory; did you mean 'lesson.py'?"),
    "another file": ("draw no.py:z", "no.py: No such file or directory\n"),
    "no such folder": ("draw nowhere/lesson.py:z", "nowhere/lesson.py: No such file or directory"),
    "a folder": ("draw folder.py:z", "folder.py: this is a folder, not a Python file"),
    # the name
    "a slip in the name": ("draw lesson.py:losse", "lesson.py makes no variable 'losse'; did you mean 'losses'?"),
    "no such name": ("draw lesson.py:gradient", "no variable 'gradient'; its nodes are x, y, w, q, z, fixed"),
    "an empty file": ("draw empty.py:z", "empty.py makes no variable 'z'"),
    "a number": ("draw lesson.py:number", "lesson.py: number is no Value or Tensor, but of type int"),
    "a list": ("draw lesson.py:losses", "losses is no Value or Tensor, but of type list; say which of its items"),
    "a class": ("draw lesson.py:Model", "of type type; call it in the file and name the result"),
    "a module": ("draw lesson.py:tg", "tg is no Value or Tensor, but of type module"),
    "no such item": ("draw lesson.py:losses[3]", "lesson.py: losses[3]: IndexError: list index out of range"),
    "no such key": ("draw lesson.py:by_name['last']", "lesson.py: by_name['last']: KeyError: 'last'"),
    "no such attribute": ("draw lesson.py:model.los", "has no attribute 'los'; did you mean 'loss'?"),
    "an attribute that fails": ("draw lesson.py:model.broken", "model.broken: ZeroDivisionError: division by zero"),
    # what the file does
    "an exception": ("draw divides.py:z", "divides.py, line 2: ZeroDivisionError: division by zero"),
    "an exception of the engine": ("draw shapes.py:z", "helper.py, line 2: ShapeError: reshape"),
    "an exception in a library": ("draw inside_numpy.py:z", "inside_numpy.py, line 3: LinAlgError: Singular matrix"),
    "an exception in exec": ("draw inside_exec.py:z", "inside_exec.py, line 2: ZeroDivisionError"),
    "a message of two lines": ("draw many_lines.py:z", r"line 1: ValueError: first\nsecond \x1b[31mred"),
    "a message that fails": ("draw mute.py:z", "mute.py, line 4: Mute"),
    "an exception with a note": ("draw annotated.py:z", "annotated.py, line 4: ValueError: no"),
    "endless recursion": ("draw deep.py:z", "deep.py, line 2: RecursionError"),
    "an exit": ("draw exits.py:z", "exits.py, line 2: the file ended the program here (SystemExit: 3)"),
    "an exit before the node": ("draw exits_early.py:z", "exits_early.py, line 2: the file ended the program here"),
    "an exit with words": ("draw exits_with_words.py:z", "the file ended the program here (SystemExit: no luck)"),
    "no Python in the file": ("draw syntax.py:z", "syntax.py, line 2: SyntaxError: '(' was never closed"),
    "no Python in an imported file": ("draw imports_syntax.py:z", "syntax.py, line 2: SyntaxError: "),
    "a module that is not there": ("draw no_import.py:z", "line 1: ModuleNotFoundError: No module named"),
    "a null byte": ("draw nul.py:z", "nul.py is no text in UTF-8; save it as UTF-8 in a text editor"),
    "a file whose name changes colours": ("draw \x1b[31mred.py:z", r"\x1b[31mred.py, line 1: ZeroDivisionError"),
    # the picture
    "no folder for the picture": ("draw lesson.py:z -o nowhere/z.svg", "cannot write nowhere/z.svg: No such file"),
    "a folder in its place": ("draw lesson.py:z -o taken.svg", "cannot write taken.svg"),
    "an unknown extension": ("draw lesson.py:z -o z.gif", "'z.gif' has none of the extensions .svg"),
    "an unknown extension, before the file runs": ("draw divides.py:z -o z.gif", "'z.gif' has none of the extensions"),
    "a module that does not exist": ("draw lesson.py:z --expand neurn", "expand='neurn': no module and no function"),
    "a focus that does not exist": ("draw lesson.py:z --focus qq", "lesson.py makes no variable 'qq'"),
    "a focus elsewhere": ("draw lesson.py:q --focus z", "lesson.py:q: the focus"),
    "no extension": ("draw lesson.py:z -o z", "'z' has none of the extensions"),
    "no gradients to draw": ("draw lesson.py:fixed --mode backward", "'fixed' does not require a gradient"),
    # the explanation
    "nothing to explain": ("explain lesson.py:fixed --wrt x", "lesson.py: fixed requires no gradient"),
    "by what has no gradient": ("explain lesson.py:z --wrt fixed", "lesson.py: fixed requires no gradient"),
    "by no such name": ("explain lesson.py:z --wrt xx", "lesson.py makes no variable 'xx'; did you mean 'x'?"),
    "by a number": ("explain lesson.py:z --wrt number", "number is no Value or Tensor, but of type int"),
    "by the second of two": ("explain lesson.py:z --wrt x --wrt 7", "'7' is not the name of a node"),
    # the assignment
    "one that ships": ("grade check mlp", "mlp: No such file or directory; it ships: `tinygrad-edu grade new NAME"),
    "a name that hides a module": ("grade new random", "'random': students' files are called random.py, and would be"),
    "a name that hides NumPy": ("grade new numpy", "called numpy.py, and would be imported for the module of"),
    # the demo
    "a file in the folder's place": ("demo --out lesson.py", "cannot write lesson.py: File exists"),
    "a file in the picture's place": ("demo --out demo", "cannot write demo/backward.svg"),
}  # fmt: skip


@pytest.fixture
def files(folder: Path) -> None:
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    for path in ("folder.py", "taken.svg", "demo/backward.svg"):
        (folder / path).mkdir(parents=True)


@pytest.mark.usefixtures("files")
@pytest.mark.skipif(os.name == "nt", reason="some of the files have names that Windows does not allow")
@pytest.mark.parametrize(("words", "says"), WRONG.values(), ids=WRONG.keys())
def test_one_line_and_exit_code_2(run: Command, words: str, says: str) -> None:
    code, _, err = run(*words.split(" "))
    assert code == 2
    assert err.startswith("tinygrad-edu: ")
    assert says in err
    assert err.endswith("\n")
    assert err[:-1].isprintable(), "a single line, without control characters"


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    "row", ["a slip in the file", "an exception", "a number", "no such item", "no Python in the file"]
)
def test_the_same_as_a_user_types_it(typed: Command, row: str) -> None:
    words, says = WRONG[row]
    code, out, err = typed(*words.split(" "))
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


ARGUMENTS = {
    "no command": ("", "the following arguments are required: COMMAND"),
    "no such command": ("drawn", "invalid choice: 'drawn'"),
    "no node": ("draw", "the following arguments are required: FILE.py:NAME"),
    "no folder for lessons": ("tutorials copy", "the following arguments are required: DIR\n"),
    "no such mode": ("draw lesson.py:z --mode sideways", "invalid choice: 'sideways'"),
    "a depth below 0": ("draw lesson.py:z --depth -1", "not a whole number from 0 on, and neither all nor auto: '-1'"),
    "a depth in words": ("draw lesson.py:z --depth deep", "neither all nor auto: 'deep'"),
    "no such theme": ("draw lesson.py:z --theme blue", "invalid choice: 'blue'"),
    "hops that are no number": ("draw lesson.py:z --hops far", "not a whole number from 0 on: 'far'"),
    "no such option": ("draw lesson.py:z --colour red", "unrecognized arguments: --colour red"),
    "an option cut short": ("draw lesson.py:z --dir TB", "unrecognized arguments: --dir TB"),
    "by nothing": ("explain lesson.py:z", "the following arguments are required: --wrt"),
    "a seed below zero": ("demo --seed -1", "not a whole number from 0 on: '-1'"),
    "a seed in words": ("demo --seed lucky", "not a whole number from 0 on: 'lucky'"),
    "no epochs": ("demo --epochs 0", "not a whole number from 1 on: '0'"),
}


@pytest.mark.parametrize(("words", "says"), ARGUMENTS.values(), ids=ARGUMENTS.keys())
def test_wrong_arguments(run: Command, words: str, says: str) -> None:
    code, out, err = run(*words.split())
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err


@pytest.mark.usefixtures("files")
def test_the_traceback_for_those_who_ask(run: Command) -> None:
    code, _, err = run("draw", "shapes.py:z", "--traceback")
    assert code == 2
    assert err.startswith("Traceback")
    assert "return x.reshape(7)" in err
    assert err.splitlines()[-1].startswith("tinygrad-edu: ")


def test_a_name_that_is_not_one_stops_before_the_file_runs(run: Command, folder: Path) -> None:
    (folder / "writes.py").write_text("open('mark', 'w').close()\n")
    assert run("draw", "writes.py:f()").code == 2
    assert not (folder / "mark").exists()


def test_nothing_is_written_where_something_is_wrong(run: Command, folder: Path) -> None:
    before = sorted(folder.iterdir())
    run("draw", "lesson.py:zz")
    run("draw", "lesson.py:z", "-o", "z.gif")
    assert sorted(folder.iterdir()) == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to(run: Command, folder: Path) -> None:
    (folder / "locked").mkdir(mode=0o500)
    code, _, err = run("draw", "lesson.py:z", "-o", "locked/z.svg")
    assert (code, err) == (2, "tinygrad-edu: cannot write locked/z.svg: Permission denied\n")
