"""What the scalar engine takes on several interpreters: `python -m benchmarks.interpreters python3.11 python3.14 ...`.

Each of them needs NumPy. They take turns, each round in a fresh process; the workload is that of `scalar_mlp.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

ROUNDS = 5

PROGRAM = """
import json, platform
import numpy
from benchmarks import harness, scalar_mlp
runs = {"hand": scalar_mlp.hand(), "ours": scalar_mlp.ours(), "ours, fused dot": scalar_mlp.ours_fused()}
for run in runs.values():
    run()
title = f"Python {platform.python_version()}, NumPy {numpy.__version__}"
print(json.dumps([title, {name: harness.sample(run, 3) for name, run in runs.items()}]))
"""


def sample(interpreter: str) -> tuple[str, dict[str, float]]:
    """The versions of an interpreter and its NumPy, and the seconds that each contestant takes for a pass."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [interpreter, "-c", PROGRAM]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=300)
    title, seconds = json.loads(ran.stdout)
    return title, seconds


def main(interpreters: Sequence[str]) -> None:
    """Print a line for each interpreter, with the medians over the rounds."""
    rounds = [[sample(interpreter) for interpreter in interpreters] for _ in range(ROUNDS)]
    for samples in zip(*rounds):
        found = [seconds for _, seconds in samples]
        hand, ours, dot = (median(seconds[name] for seconds in found) for name in found[0])
        print(
            f"{samples[0][0]}: scalar network {1e3 * ours:.1f} ms a pass, {ours / hand:.0f} x hand; "
            f"with tg.dot {1e3 * dot:.1f} ms, {dot / hand:.0f} x"
        )


if __name__ == "__main__":
    main(sys.argv[1:] or [sys.executable])
