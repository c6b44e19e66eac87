"""The same program gives the same bytes: twice in one process, and in fresh processes under other hash seeds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tinygrad_edu as tg

from .examples import EXAMPLES

PROGRAM = """
import sys
import tinygrad_edu as tg
from tests.graph.examples import EXAMPLES
from tests.graph.networks import loop, tower
from tests.graph.test_plain import leaves_of
for i in range(int(sys.argv[1])):
    tg.Value(i) * 2  # so that the engine's own numbering differs
for name, make in EXAMPLES.items():
    for mode in "forward", "backward", "both":
        drawing = tg.draw(make(), mode, engine="builtin")
        print(drawing.svg(), drawing.dot(), drawing.json(), drawing.mermaid(), drawing.html())
    z = make()
    print(tg.formula(z), tg.formula(z, latex=True), tg.graph.diff(z, z * z), *(tg.explain(z, x) for x in leaves_of(z)))
for drawing in tg.draw(loop(28)), tg.draw(tower(5), "backward", depth=1), tg.draw(tower(5), depth=2):
    print(drawing.svg(), drawing.dot(), drawing.json(), drawing.mermaid())
"""


def output(seed: int) -> bytes:
    environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONIOENCODING": "utf-8"}
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", PROGRAM, str(seed)]
    return subprocess.run(command, env=environment, cwd=root, capture_output=True, check=True).stdout


def test_fresh_processes_give_the_same_bytes_under_any_hash_seed() -> None:
    first = output(0)
    assert len(first) > 50_000
    assert first == output(1) == output(4242)


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("mode", ["forward", "backward"])
@pytest.mark.parametrize("engine", ["auto", "builtin"])
def test_two_calls_and_two_runs_of_a_program_give_the_same_bytes(name: str, mode: Any, engine: Any) -> None:
    z = EXAMPLES[name]()
    first, second, again = (tg.draw(x, mode, engine=engine) for x in (z, z, EXAMPLES[name]()))
    assert first.svg() == second.svg() == again.svg()
    assert first.dot() == second.dot() == again.dot()
    assert first.json() == second.json() == again.json()
