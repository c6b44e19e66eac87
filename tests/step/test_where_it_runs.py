"""The player where learners are: in a notebook, and in a real terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from shutil import which

import pytest

import tinygrad_edu

PROGRAM = """\
import tinygrad_edu as tg
with tg.trace():
    x, y, w = tg.Value(2.0, "x"), tg.Value(3.0, "y"), tg.Value(4.0, "w")
    z = (x + y) * w
    z.name = "z"
script = tg.steps(z)
"""


@pytest.mark.slow
def test_in_a_notebook_the_cell_holds_the_player_in_a_frame_of_its_own() -> None:
    nbclient = pytest.importorskip("nbclient", reason="the notebook test needs nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel", reason="the notebook test needs ipykernel")
    cells = [nbformat.v4.new_code_cell(source) for source in (PROGRAM, "script", "script.show(predict=True)")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    for cell in cells[1:]:
        (output,) = cell.outputs
        html = output.data["text/html"]
        assert html.startswith("<iframe srcdoc=")
        assert 'sandbox="allow-scripts allow-downloads"' in html
        assert "∂z/∂v₁" in html
    assert "Step by step: z" in cells[1].outputs[0].data["text/plain"]


@pytest.mark.slow
def test_tmux_drives_the_player_at_80_columns(tmp_path: Path) -> None:
    pytest.importorskip("textual", reason="the terminal player needs textual")
    if which("tmux") is None:
        pytest.skip("no tmux on the PATH: apt install tmux")
    (tmp_path / "lesson.py").write_text(PROGRAM)
    root = str(Path(tinygrad_edu.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    tmux = ["tmux", "-L", f"test-{os.getpid()}", "-f", os.devnull]

    def run(*words: str) -> str:
        done = subprocess.run([*tmux, *words], capture_output=True, encoding="utf-8", env=environment, check=False)
        return done.stdout

    def screen_with(text: str) -> str:
        for _ in range(150):
            screen = run("capture-pane", "-p", "-t", "player")
            if text in screen:
                return screen
            time.sleep(0.1)
        raise AssertionError(f"{text!r} does not appear in\n{screen}")

    command = f"cd '{tmp_path}' && '{sys.executable}' -m tinygrad_edu step lesson.py:z"
    run("new-session", "-d", "-s", "player", "-x", "80", "-y", "24", command)
    try:
        screen_with("0 / 7")
        run("send-keys", "-t", "player", "Right", "Right", "Right", "Right")
        screen = screen_with("4 / 7")
        assert "∂z/∂v₁ = 1 · 4 = 4" in screen
        assert "lesson.py:4" in screen
        run("send-keys", "-t", "player", "End")
        assert "∂z/∂y = 4 · 1 = 4" in screen_with("7 / 7")
        run("send-keys", "-t", "player", "q")
    finally:
        run("kill-server")
