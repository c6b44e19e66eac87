"""`draw` and `explain` run the user's own file as Python would, and show the node it names."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import tinygrad_edu as tg
from tinygrad_edu import cli
from tinygrad_edu.cli.users_file import split_target

from .conftest import Command, environment


def write(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


# What is drawn and explained.


def test_draw_writes_the_picture_and_says_where(typed: Command, folder: Path) -> None:
    code, out, _ = typed("draw", "lesson.py:z", "-o", "out.svg")
    assert code == 0
    assert out.startswith("out.svg: Drawing of the computation graph of z: 3 leaves, 2 operations")
    svg = (folder / "out.svg").read_text(encoding="utf-8")
    assert svg.startswith("<svg")
    assert "lesson.py:5" in svg, "the lines of the user's file are known"


def test_explain_prints_the_chain_rule_with_names_numbers_and_lines(typed: Command) -> None:
    code, out, err = typed("explain", "lesson.py:z", "--wrt", "x", "--wrt", "weight")
    assert (code, err) == (0, "")
    assert "∂z/∂x = ∂z/∂q · ∂q/∂x = 4 × 1 = 4" in out
    assert "∂z/∂weight = 5" in out
    assert "lesson.py:4" in out


def test_an_array_in_the_graph_is_explained_and_focused_on_by_its_name(run: Command, folder: Path) -> None:
    lines = ["import tinygrad_edu as tg", "a = tg.ones((2, 2), requires_grad=True)", "L = (a * a).sum()"]
    (folder / "array.py").write_text("\n".join(lines), encoding="utf-8")
    assert "∂L/∂a" in run("explain", "array.py:L", "--wrt", "a").out
    assert run("draw", "array.py:L", "--focus", "a").code == 0
    assert run("draw", "array.py:L", "--lang", "zh").out.startswith("L.svg: 图：L 的计算图：")


def test_variables_give_their_names_to_nodes_that_have_none(run: Command) -> None:
    out = run("explain", "lesson.py:z", "--wrt", "w").out
    assert "z = q · weight" in out, "w keeps the name that the user gave it"


@pytest.mark.parametrize(
    ("name", "file", "label"),
    [
        ("z", "z.svg", "z"),
        ("losses[-1]", "losses_-1.svg", "losses[-1]"),
        ("losses[0]", "losses_0.svg", "losses[0]"),
        ("by_name['first']", "by_name_first.svg", "by_name['first']"),
        ("model.loss", "model.loss.svg", "model.loss"),
    ],
)
def test_without_o_the_picture_is_called_as_the_node(
    run: Command, folder: Path, name: str, file: str, label: str
) -> None:
    code, out, _ = run("draw", f"lesson.py:{name}")
    assert code == 0
    assert out.startswith(f"{file}: Drawing of the computation graph of {label}:")
    assert (folder / file).exists()


@pytest.mark.parametrize("engine", ["auto", "graphviz", "builtin"])
@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("mode", ["forward", "backward", "both"])
def test_every_way_to_draw(run: Command, folder: Path, mode: str, direction: str, engine: str) -> None:
    options = ("--mode", mode, "--direction", direction, "--engine", engine)
    code, out, _ = run("draw", "lesson.py:z", *options, "-o", "z.svg")
    assert code == 0
    assert {"forward": "computation graph of z", "backward": "backward graph of z", "both": "of z"}[mode] in out
    assert (folder / "z.svg").read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize(
    ("extension", "begins"),
    [("dot", "digraph"), ("json", "{"), ("mmd", "flowchart LR"), ("html", "<!doctype html>")],
)
def test_other_formats(run: Command, folder: Path, extension: str, begins: str) -> None:
    assert run("draw", "lesson.py:z", "-o", f"z.{extension}").code == 0
    assert (folder / f"z.{extension}").read_text(encoding="utf-8").startswith(begins)


MODULES = """\
import tinygrad_edu as tg

@tg.block
def scaled(x):
    return x * 2.0

@tg.block
def neuron(x):
    return scaled(x).tanh()

x = tg.Value(0.5)
h = neuron(x)
z = h * h + 1.0
"""


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ("--depth 0", {"module"}),
        ("--depth all", {"neuron", "scaled"}),
        ("--depth 0 --expand neuron", {"module", "neuron"}),
        ("--focus h --hops 0", {"neuron"}),
    ],
)
def test_modules_open_as_far_as_is_asked(run: Command, folder: Path, options: str, shown: set[str]) -> None:
    (folder / "modules.py").write_text(MODULES, encoding="utf-8")
    assert run("draw", "modules.py:z", *options.split(), "--theme", "dark", "-o", "z.json").code == 0
    graph = tg.graph.read(folder / "z.json")
    opens = {node.opens for node in graph.nodes if node.opens}
    frames = {node.cluster.rpartition(".")[2] for node in graph.nodes if node.cluster}
    assert frames | ({"module"} if opens else set()) == shown


def test_the_same_file_gives_the_same_picture(typed: Command, folder: Path) -> None:
    for hash_seed in ("1", "2"):
        typed("draw", "lesson.py:z", "-o", f"{hash_seed}.svg", PYTHONHASHSEED=hash_seed)
    assert (folder / "1.svg").read_bytes() == (folder / "2.svg").read_bytes()


def test_wrt_also_takes_the_name_that_a_node_has_in_the_graph(run: Command, folder: Path) -> None:
    write(folder / "inner.py", "import tinygrad_edu as tg", "def f():", "    x = tg.Value(3.0, name='the x')",
          "    return x * x", "z = f()")  # fmt: skip
    assert "∂z/∂«the x»" in run("explain", "inner.py:z", "--wrt", "the x").out


# How the file is run.


def test_it_runs_as_the_main_program(typed: Command, folder: Path) -> None:
    write(
        folder / "lessons" / "main.py",
        "import sys",
        "import tinygrad_edu as tg",
        "import beside",
        "if __name__ == '__main__':",
        "    print(sys.argv, sys.path[0] == beside.folder, __file__ == beside.folder + '/main.py', __spec__, __doc__)",
        "    print(sys.modules['__main__'].beside is beside)",
        "    z = tg.Value(2.0) * 3",
    )
    write(folder / "lessons" / "beside.py", "import os", "folder = os.path.dirname(os.path.realpath(__file__))")
    code, out, _ = typed("draw", "lessons/main.py:z")
    assert code == 0
    assert out.splitlines()[:2] == ["['lessons/main.py'] True True None None", "True"]


def test_what_it_does_to_the_process_is_put_back(run: Command, folder: Path) -> None:
    before = sys.argv, list(sys.path), sys.modules["__main__"], os.getcwd()
    write(
        folder / "restless.py",
        "import os, sys, tempfile",
        "import tinygrad_edu as tg",
        "sys.argv.append('more'); sys.path.insert(0, 'more'); os.chdir(tempfile.gettempdir())",
        "z = tg.Value(2.0) * 3",
    )
    assert run("draw", "restless.py:z").code == 0
    assert (sys.argv, list(sys.path), sys.modules["__main__"], os.getcwd()) == before
    assert "restless.py:4" in (folder / "z.svg").read_text(encoding="utf-8"), "its lines can still be read"


def test_our_own_future_imports_are_not_its(run: Command, folder: Path) -> None:
    write(
        folder / "hints.py",
        "import tinygrad_edu as tg",
        "def f(x: int): ...",
        "assert f.__annotations__['x'] is int",
        "z = tg.Value(2.0) * 3",
    )
    assert run("draw", "hints.py:z").err == ""


def test_classes_that_look_up_their_module_work(run: Command, folder: Path) -> None:
    write(
        folder / "classes.py",
        "from __future__ import annotations",
        "import dataclasses",
        "import tinygrad_edu as tg",
        "@dataclasses.dataclass",
        "class Model:",
        "    loss: tg.Value",
        "model = Model(tg.Value(2.0) * 3)",
    )
    assert run("draw", "classes.py:model.loss").err == ""


def test_an_exit_with_success_is_the_end_of_the_file(run: Command, folder: Path) -> None:
    write(folder / "ends.py", "import sys, tinygrad_edu as tg", "z = tg.Value(2.0) * 3", "sys.exit(0)")
    assert run("draw", "ends.py:z").code == 0


def test_files_in_other_encodings_and_with_other_names(run: Command, folder: Path) -> None:
    (folder / "größe: 2").write_bytes(
        "# coding: latin-1\nimport tinygrad_edu as tg\nä = tg.Value(2.0) * 3\n".encode("latin-1")
    )
    code, out, _ = run("draw", "größe: 2:ä")
    assert code == 0
    assert out.startswith("ä.svg: Drawing of the computation graph of ä")


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ("lesson.py:z", ("lesson.py", "z")),
        (r"C:\lessons\one.py:z", (r"C:\lessons\one.py", "z")),
        ("C:/lessons/one.py:model.loss", ("C:/lessons/one.py", "model.loss")),
        ("../a:b/one.py:losses[0]", ("../a:b/one.py", "losses[0]")),
    ],
)
def test_the_node_is_what_follows_the_last_colon(target: str, parts: tuple[str, str]) -> None:
    assert split_target(target) == parts


# Ends.


def test_ctrl_c_is_quiet(typed: Command, folder: Path) -> None:
    write(folder / "slow.py", "import signal", "signal.signal(signal.SIGINT, signal.default_int_handler)",
          "signal.raise_signal(signal.SIGINT)")  # fmt: skip
    assert typed("draw", "slow.py:z") == (130, "", "")


def test_ctrl_c_while_the_commands_are_imported_ends_quietly(
    run: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "parser", interrupted)
    assert run("tutorials") == (130, "", "")


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="no broken pipes here")
@pytest.mark.parametrize("words", ["demo --epochs 1", "explain lesson.py:z --wrt x", "draw prints.py:z"])
def test_a_reader_that_has_left_is_no_error(folder: Path, words: str) -> None:
    write(folder / "prints.py", "print('something', flush=True)")
    process = subprocess.Popen(
        [sys.executable, "-m", "tinygrad_edu", *words.split()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr as err:
        assert err.read() == b""
    assert process.wait(timeout=60) == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
@pytest.mark.parametrize("words", ["tutorials", "explain lesson.py:z --wrt x", "tutorials copy --scripts new 1"])
@pytest.mark.parametrize(
    ("end", "code", "says"),
    [
        (">/dev/full", 2, "tinygrad-edu: cannot write the standard output: No space left on device\n"),
        (">&-", 0, ""),
        (">&- 2>&-", 0, ""),
    ],
)
def test_a_standard_output_that_is_full_or_closed(folder: Path, words: str, end: str, code: int, says: str) -> None:
    line = f"{sys.executable} -m tinygrad_edu {words} {end}"
    done = subprocess.run(["sh", "-c", line], stderr=subprocess.PIPE, env=environment(), text=True, timeout=60)
    assert (done.returncode, done.stderr) == (code, says)


def test_a_console_that_knows_no_greek(typed: Command) -> None:
    code, out, err = typed("explain", "lesson.py:z", "--wrt", "x", PYTHONIOENCODING="ascii")
    assert (code, err) == (0, "")
    assert "\\u2202z/\\u2202x" in out


@pytest.mark.parametrize("end", ["sys.stdout.close()", "sys.stdout = None", "sys.stderr.close()"])
def test_a_file_that_closes_what_it_prints_to_is_drawn(end: str, typed: Command, folder: Path) -> None:
    write(folder / "closes.py", "import sys", "import tinygrad_edu as tg", "z = tg.Value(2.0)", end)
    assert typed("step", "closes.py:z", "-o", "z.html") == (0, "z.html: 1 step\n", "")


def test_version(typed: Command) -> None:
    assert typed("--version") == (0, f"tinygrad-edu {tg.__version__}\n", "")


def test_help_keeps_names_as_they_are_written(run: Command) -> None:
    assert "Open a lesson as a notebook, in JupyterLab." in run("tutorials", "open", "--help").out
    assert "Write the zip that Gradescope takes" in run("grade", "gradescope", "--help").out


def test_help_names_the_commands(run: Command) -> None:
    code, out, _ = run("--help")
    assert code == 0
    assert all(command in out for command in ("demo", "draw", "explain"))
