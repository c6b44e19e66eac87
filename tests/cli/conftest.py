"""The command as a user types it: in this process (`run`, quick) and in one of its own (`typed`)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

import tinygrad_edu
from tinygrad_edu.cli import main

LESSON = """\
import tinygrad_edu as tg

x, y, w = tg.Value(2.0), tg.Value(3.0), tg.Value(4.0, name="weight")
q = x + y
z = q * w
losses = [z * k for k in (1, 2, 3)]
by_name = {"first": losses[0]}
number = 7
fixed = tg.Value(1.0, requires_grad=False)


class Model:
    def __init__(self):
        self.loss = z * z

    @property
    def broken(self):
        return 1 / 0


model = Model()
"""


class Answer(NamedTuple):
    """What a command said."""

    code: int
    out: str
    err: str


Command = Callable[..., Answer]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory but for lesson.py."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lesson.py").write_text(LESSON, encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command in this process; each argument is one word."""

    def run(*words: str) -> Answer:
        try:
            code = main(words)
        except SystemExit as stop:  # argparse
            code = int(stop.code or 0)
        return Answer(code, *capsys.readouterr())

    return run


def environment(**changes: str) -> dict[str, str]:
    """Of a process that finds the package, installed or not."""
    root = str(Path(tinygrad_edu.__file__).parents[1])
    return {**os.environ, "PYTHONPATH": root, "PYTHONIOENCODING": "utf-8", **changes}


@pytest.fixture
def typed(folder: Path) -> Command:
    """`python -m tinygrad_edu ...` in a process of its own."""

    def typed(*words: str, **changes: str) -> Answer:
        done = subprocess.run(
            [sys.executable, "-m", "tinygrad_edu", *words],
            capture_output=True,
            encoding="utf-8",
            env=environment(**changes),
            timeout=120,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    return typed
