"""A file that is written is complete, keeps its mode, and leaves no draft, however its writer ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tinygrad_edu._support.files import DRAFT, machine, read_file, replace_file

POSIX = pytest.mark.skipif(os.name == "nt", reason="modes, signals and pipes are those of POSIX")
KILLED = """
import os, sys
from tinygrad_edu._support.files import replace_file
os.fsync = lambda file: os.kill(os.getpid(), 9)
replace_file(sys.argv[1], b"half")
"""


@POSIX
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o755])
def test_who_may_read_a_file_stays_as_it_was(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "grades.csv"
    path.write_bytes(b"old")
    path.chmod(mode)
    replace_file(path, b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", mode)


@POSIX
def test_the_draft_of_a_private_file_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "grades.csv"
    path.write_bytes(b"old")
    path.chmod(0o600)
    modes = []
    monkeypatch.setattr(os, "fsync", lambda file: modes.append(os.fstat(file).st_mode & 0o777))
    replace_file(path, b"new")
    assert modes == [0o600]


@POSIX
def test_the_draft_of_a_killed_writer_goes_with_the_next_writing(tmp_path: Path) -> None:
    path = tmp_path / "c.npz"
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert [DRAFT.fullmatch(draft.name) is not None for draft in tmp_path.iterdir()] == [True]
    replace_file(tmp_path / "other.npz", b"x")  # not its draft
    assert len(list(tmp_path.iterdir())) == 2
    replace_file(path, b"whole")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["c.npz", "other.npz"]


@pytest.mark.parametrize(
    ("here", "age", "stays"),
    [
        (True, 0, True),  # it is being written
        (True, 7200, False),  # another process had the number before
        (False, 0, True),  # on another machine, perhaps alive
        (False, 7200, False),
    ],
)
def test_a_draft_stays_while_its_writer_may_be_alive(tmp_path: Path, here: bool, age: int, stays: bool) -> None:
    draft = tmp_path / f".x.npz.{machine() if here else '0' * 8}-{os.getpid()}-01234567.part"
    draft.write_bytes(b"half")
    os.utime(draft, (draft.stat().st_atime, draft.stat().st_mtime - age))
    replace_file(tmp_path / "x.npz", b"whole")
    assert draft.exists() == stays


@POSIX
def test_a_link_to_itself_and_a_working_folder_that_is_gone_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match=r"loop'$"):
        replace_file(tmp_path / "loop", b"")
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(OSError, match=r"'w\.npz'$"):
        replace_file("w.npz", b"")


@POSIX
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "file").write_bytes(b"old")
    replace_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"


@POSIX
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no ordinary file"):
        read_file(tmp_path / "pipe")


@POSIX
def test_a_device_or_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "picture.svg"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    for path in (pipe, link):
        replace_file(path, b"new")
        assert os.read(reader, 10) == b"new"
        assert pipe.is_fifo()
    os.close(reader)
    replace_file(os.devnull, b"new")
    assert Path(os.devnull).read_bytes() == b""
