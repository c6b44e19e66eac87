"""With NumPy alone and no Graphviz, everything but PNG and PDF works."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

PROGRAM = """
import runpy, sys
sys.modules.update(dict.fromkeys(("pygraphviz", "typst", "matplotlib", "IPython")))  # as if they were not installed
runpy.run_path(".ci/bare.py", run_name="__main__")
"""


def test_all_modes_and_formats_but_png_and_pdf_need_only_numpy() -> None:
    command = [sys.executable, "-c", PROGRAM]
    environment = {"PATH": "", "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "All modes and formats" in done.stdout
