"""The tables of "Coming from another library": every line runs, and says the same on both sides where both are here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "coming-from.md"
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL))
CELL = re.compile(r"`([^`]+)`")


def rows(section: str) -> list[tuple[str, str]]:
    lines = [line.split("|") for line in SECTIONS[section].splitlines() if line.startswith("| `")]
    return [(CELL.findall(line[1])[0], CELL.findall(line[2])[0]) for line in lines]


def blocks(section: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", SECTIONS[section], re.DOTALL)


def run(code: str, names: dict[str, Any]) -> Any:
    try:
        return eval(compile(code, "<cell>", "eval"), names)
    except SyntaxError:
        exec(code, names)


def plain(result: Any) -> Any:
    """What a Tensor of either library holds, and anything else as it is."""
    detached = result.detach() if hasattr(result, "detach") else result
    return detached.numpy() if hasattr(detached, "numpy") else detached


@pytest.mark.parametrize("section", SECTIONS)
def test_every_line_runs(section: str) -> None:
    names: dict[str, Any] = {}
    exec(blocks(section)[0], names)
    assert len(rows(section)) > 8
    for _, ours in rows(section):
        run(ours, names)


@pytest.mark.parametrize("section", ["NumPy", pytest.param("PyTorch", marks=pytest.mark.torch)])
def test_both_sides_say_the_same(section: str) -> None:
    if section == "PyTorch":
        pytest.importorskip("torch")
    names: dict[str, Any] = {}
    for block in blocks(section):
        exec(block, names)
    for theirs, ours in rows(section):
        expected, found = plain(run(theirs, names)), plain(run(ours, names))
        if expected is not None:
            np.testing.assert_allclose(found, expected, rtol=1e-6, err_msg=f"{theirs} and {ours}")
