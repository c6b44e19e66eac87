"""What pages and lessons name is there: files, tasks of make, options of commands, workloads of the benchmarks."""

import re
import shlex
from contextlib import suppress
from pathlib import Path

import pytest

from benchmarks.__main__ import WORKLOADS
from tinygrad_edu.cli import joined, parser

ROOT = Path(__file__).parents[2]
PAGES = [
    path for folder in (ROOT, ROOT / "docs", ROOT / "docs/howto", ROOT / "benchmarks") for path in folder.glob("*.md")
]
NAMES = [str(path.relative_to(ROOT)) for path in PAGES]
LESSONS = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "tutorials").glob("[0-9]*.py"))]


def on_lines_of_their_own(page: str, command: str) -> list[str]:
    """The uses of a command in code blocks, without their comments."""
    text = (ROOT / page).read_text("utf-8")
    return [line.split("  #")[0] for line in re.findall(rf"^ *(?:\$ )?{command} (.+)$", text, re.MULTILINE)]


@pytest.mark.parametrize("page", NAMES)
def test_every_command_takes_its_options(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    for line in on_lines_of_their_own(page, "tinygrad-edu"):
        with suppress(SystemExit):  # --help ends the program
            parser().parse_args(joined(shlex.split(line)))
        assert not capsys.readouterr().err, line


@pytest.mark.parametrize("text", [*NAMES, *LESSONS])
def test_every_file_that_is_named_is_there_with_what_is_to_be_read_in_it(text: str) -> None:
    """As in "`tinygrad_edu/optim/clipping.py`, `clip_grad_norm_`: what happens where the norm is infinite"."""
    named = r"`(tinygrad_edu/[\w/]+(?:\.py)?)`((?:(?:,| and|, and) `[\w.]+`)*)"
    for file, names in re.findall(named, re.sub(r"\s+(?:# +)?", " ", (ROOT / text).read_text("utf-8"))):
        assert (ROOT / file).exists(), file
        for name in re.findall(r"`([\w.]+)`", names):
            if name.endswith(".py"):
                assert (ROOT / file).with_name(name).exists(), name
            else:
                defined = rf"(?:def|class) {name.split('.')[-1]}\b|^\s*{name}\b.* = |\"{name}\""
                assert re.search(defined, (ROOT / file).read_text("utf-8"), re.MULTILINE), f"{file}: {name}"


def test_every_task_is_in_the_makefile() -> None:
    tasks = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {
        name
        for page in NAMES
        for name in re.findall(r"(?:`|^    )make (\w+)", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    }
    assert {"demo", "test", "docs"} <= named <= tasks


def test_the_table_of_the_benchmarks_names_every_workload() -> None:
    first_cells = re.findall(r"^\| (`[^|]*)\|", (ROOT / "benchmarks/README.md").read_text("utf-8"), re.MULTILINE)
    assert {name for cell in first_cells for name in re.findall(r"`([^`]+)`", cell)} == set(WORKLOADS)
