"""Every cheat that is in the catalogue scores nothing, is put into words, ends in time and leaves nothing behind.

Each file in `attacks/` is a wrong solution with one cheat. It is named `.txt`, so that nothing but the sandbox ever
runs it. Its first comment says what it does, the second what the grader must say about it; the number in its name is
that of the catalogue, see `attacks/README.md`.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.grade.assignment import Score, grade
from tinygrad_edu.grade import Limits, Sandbox, Submission, SubmissionError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the walls that stop all of them are Linux's")

ATTACKS = sorted(Path(__file__).with_name("attacks").glob("*.txt"))

MARK = 10_000 + os.getpid()
"""A limit that is never reached. It stands in the command line, and tells our processes from those of other tests."""

LIMITS = Limits(call_seconds=0.8, load_seconds=1.5, total_seconds=2.5, memory=1 << 28, cpu_seconds=MARK)

CANARY_PLACES = (Path("/tmp"), Path("/dev/shm"), Path("/var/tmp"), Path.home(), Path.cwd())


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where children get their directories, instead of the system's."""
    before, tempfile.tempdir = tempfile.tempdir, str(tmp_path_factory.mktemp("homes"))
    yield Path(tempfile.tempdir)
    tempfile.tempdir = before


@pytest.fixture(scope="module")
def sandbox(homes: Path) -> Iterator[Sandbox]:
    before = dict(os.environ)
    os.environ["GRADER_SECRET"] = SECRET
    with Sandbox(LIMITS) as sandbox:
        if sandbox.isolation.level < 4:
            pytest.skip(f"these need level 4\n{sandbox.isolation}")
        yield sandbox
    os.environ.clear()
    os.environ.update(before)


SECRET = "the-token-of-the-grader"


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda path: path.name.split(".")[0])
def test_attack_scores_nothing(attack: Path, sandbox: Sandbox, homes: Path, tmp_path: Path) -> None:
    handed_in = tmp_path / attack.name.removesuffix(".txt")
    handed_in.write_bytes(attack.read_bytes())
    files_before, processes_before = sorted(homes.iterdir()), processes(MARK)

    started = time.monotonic()
    score = run(handed_in, sandbox)
    seconds = time.monotonic() - started

    said = "\n".join(score.said)
    expected = re.search(r"# says: (.*?)(\\n|\n)", attack.read_text(encoding="utf-8"))
    assert expected is not None
    assert score.points == 0, said
    assert re.search(expected[1], said), said
    assert all(c.isprintable() or c in "\n\t" for c in said), "it reached the screen"
    assert SECRET not in said
    assert seconds < LIMITS.total_seconds + LIMITS.load_seconds + 3
    assert sorted(homes.iterdir()) == files_before
    assert not [path for place in CANARY_PLACES for path in place.glob("canary*")]
    assert processes(MARK) == processes_before


def run(handed_in: Path, sandbox: Sandbox) -> Score:
    try:
        with sandbox.open(Submission.read(handed_in)) as session:
            return grade(session)
    except SubmissionError as error:
        return Score(0, [str(error)])


def processes(mark: int) -> set[int]:
    """A clean process and all that was forked from it: they bear its command line, whoever they belong to now."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b'"cpu_seconds": %d,' % mark in (process / "cmdline").read_bytes():
                found.add(int(process.name))
        except OSError:
            continue
    return found


def test_the_attacks_cover_the_catalogue() -> None:
    elsewhere = {34, 39, 40, 42}  # archives and changing files: test_submission; bundles and assignments: not here
    covered = {int(attack.name[:2]) for attack in ATTACKS}
    assert covered == set(range(1, 42)) - elsewhere
    assert len(ATTACKS) >= 45
