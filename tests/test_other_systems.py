"""What a learner has on Windows, on macOS and in a browser: the package is imported, and its commands answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]

SYSTEMS = ["win32", "darwin", "emscripten"]

LESSON = """\
import tinygrad_edu as tg
x, y, w = tg.Value(2.0, "x"), tg.Value(3.0, "y"), tg.Value(4.0, "w")
z = (x + y) * w
"""

SEEN = """
import contextlib, importlib, io, json, os, pkgutil, sys
import graphviz, hypothesis.extra.numpy  # they look at the system when they are imported
from tests.pretend import in_children, pretend
pretend(sys.argv[1])
import tinygrad_edu as tg
from tinygrad_edu import data, nn, optim, train
from tinygrad_edu.cli import main

def run(*words):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        return main(words), out.getvalue(), err.getvalue()

def error_of(what):
    try:
        what()
    except tg.errors.TinygradError as error:
        return str(error)
"""


def seen_on(system: str, folder: Path, program: str, *arguments: str) -> Any:
    """What a program, run in a folder on another system, has put into `seen`."""
    command = [sys.executable, "-c", f"{SEEN}\n{program}\nprint(json.dumps(seen))", system, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


IMPORTED = """
seen = [module.name for module in pkgutil.walk_packages(tg.__path__, "tinygrad_edu.")]
for name in seen:
    if ".assignments." not in name and not name.endswith((".__main__", ".terminal")):
        importlib.import_module(name)
"""

ANSWERED = """
class Gone(io.StringIO):
    def write(self, text):
        raise OSError(22, "Invalid argument")

seen = [run(*command.split()) for command in json.loads(sys.argv[2])]
with contextlib.redirect_stdout(Gone()):
    seen.append(main(["tutorials"]))
"""


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_module_is_imported_and_the_commands_for_learners_answer(system: str, tmp_path: Path) -> None:
    (tmp_path / "lesson.py").write_text(LESSON, encoding="utf-8")
    commands = ["draw lesson.py:z -o z.svg", "draw lesson.py:z", "explain lesson.py:z --wrt x", "step lesson.py:z"]
    commands += ["step lesson.py:z -o z.html", "tutorials", "tutorials copy lessons 1 --scripts", "grade new hw1"]
    *answers, unread = seen_on(system, tmp_path, IMPORTED + ANSWERED, json.dumps(commands))
    assert [code for code, _, _ in answers] == [0] * len(commands), answers
    assert "∂z/∂x" in answers[2][1]
    assert "</svg>" in (tmp_path / "z.svg").read_text("utf-8")
    assert [path.name for path in (tmp_path / "lessons").iterdir() if path.suffix] == ["01_a_graph_of_numbers.py"]
    assert unread == (141 if system == "win32" else 2)  # there it is the error of a pipe whose reader has gone


GRADED = """
in_children(sys.argv[1])
from pathlib import Path
from tinygrad_edu.grade import IsolationError, Limits, Sandbox, StudentError, Submission
program = '''
def twice(x): return 2 * x
def loop():
    while True: pass
def read(): return open("given.txt").read()
'''
with Sandbox(Limits(call_seconds=2), files={"given.txt": b"mine"}) as sandbox:
    level = sandbox.isolation.level
    with sandbox.open(Submission.from_source(program)) as session:
        home = session.child().home
        seen = [level, session.student.twice(3.0), error_of(session.student.loop), session.student.read()]
seen += [os.path.exists(home), error_of(lambda: Sandbox(require_isolation=4))]
seen += [run("grade", "new", "hw1")[0], run("grade", "hw1", "hw1/reference.py")]
"""


@pytest.mark.slow
@pytest.mark.parametrize(("system", "level"), [("win32", 1), ("darwin", 2)])
def test_homework_is_graded_at_the_level_of_the_system(system: str, level: int, tmp_path: Path) -> None:
    reached, answer, late, read, left, refusal, *commands = seen_on(system, tmp_path, GRADED)
    assert (reached, answer, read, left) == (level, 6.0, "mine", False)
    assert "no answer within" in late
    assert refusal.startswith("isolation level 4 is required")
    assert "3 of 3 points" in commands[1][1]


NOT_GRADED = """
from tinygrad_edu.grade import Sandbox
seen = [error_of(Sandbox), run("grade", "new", "hw1")[0]]
seen += [run("grade", "hw1", "hw1/starter.py"), run("grade", "check", "hw1")]
"""


def test_a_browser_starts_no_process_for_homework(tmp_path: Path) -> None:
    refusal, _, *commands = seen_on("emscripten", tmp_path, NOT_GRADED)
    assert refusal.startswith("no child could be started: ")
    for code, _, said in commands:
        assert code == 2
        assert "no thread can be started here (can't start new thread); submissions are graded in proc" in said


TRAINED = """
def trained(threads):
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    loader = data.DataLoader(data.Digits(), batch_size=100)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    return train.fit(model, loader, nn.CrossEntropyLoss(), optimizer, epochs=1, threads=threads)

x = tg.tensor([[1.0, 2.0], [4.0, 8.0]], requires_grad=True)
((x @ x).exp().log() ** 2).sum().backward()
chain = tg.Value(1.0)
for _ in range(100_000):
    chain = chain + 1.0
del chain
seen = [x.grad.shape, len(trained(1).epochs), error_of(lambda: trained(2))]
"""


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_network_is_trained_in_a_browser_on_one_thread(system: str, tmp_path: Path) -> None:
    shape, epochs, refusal = seen_on(system, tmp_path, TRAINED)
    assert (shape, epochs) == ([2, 2], 1)
    no_thread = "fit: no thread can be started here (can't start new thread); use threads=1"
    assert refusal == (no_thread if system == "emscripten" else None)
