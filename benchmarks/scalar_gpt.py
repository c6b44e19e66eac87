"""A whole GPT on single numbers, as in `tutorials/programs/scalar_gpt.py`: four training steps with Adam.

The same program runs on three engines. What is exchanged is the line that imports `Value`, and for the third the
function `dot`. Several steps are timed together, so that each engine pays for the garbage that it leaves.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .harness import OURS, Contestant, Run, Timed, faster, peer

PROGRAM = Path(__file__).parents[1] / "tutorials" / "programs" / "scalar_gpt.py"
IMPORT = "from tinygrad_edu import Value, block\n"
NAMES = ["emma", "christa", "oliver", "leontyne"]


def names_of(line: str) -> dict[str, Any]:
    """What the program defines, with another line in the place of its import."""
    source = PROGRAM.read_text("utf-8")
    assert source.count(IMPORT) == 1
    names: dict[str, Any] = {"__name__": "scalar_gpt"}
    exec(compile(source.replace(IMPORT, line), str(PROGRAM), "exec"), names)
    return names


def program(line: str, **exchanged: Callable[..., Any]) -> Run:
    """Four steps of training by the program, with another line in the place of its import."""
    names = names_of(line)
    names.update(exchanged)
    sys.setrecursionlimit(1_000_000)  # the forty lines order their graph by recursion

    def run() -> Sequence[Any]:
        weights = names["new_weights"](random.Random(0))
        losses = names["train"](NAMES, weights, steps=len(NAMES), report=lambda line: None)
        return losses, [number.data for matrix in weights.values() for row in matrix for number in row]

    return run


def forty_lines() -> Run:
    return program("from benchmarks.forty_lines import Value, block\n")


def ours() -> Run:
    return program("from tinygrad_edu import Value\n\ndef block(function): return function\n")


def ours_fused() -> Run:
    return program("from tinygrad_edu import Value\n\ndef block(function): return function\n", dot=peer(OURS).dot)


WORKLOADS = (
    Timed(
        name="scalar_gpt",
        computes="GPT of single numbers, one layer, 16 channels, 4 heads: four training steps with Adam",
        outputs=("losses", "weights"),
        contestants=(
            Contestant("forty lines", forty_lines),
            Contestant("ours", ours),
            Contestant("ours, fused dot", ours_fused),
        ),
        targets=(faster(2.2, "ours", "forty lines"), faster(7, "ours, fused dot", "forty lines")),
    ),
)
