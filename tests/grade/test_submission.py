"""What students hand in is read kindly, once, and never trusted."""

from __future__ import annotations

import contextlib
import io
import json
import os
import stat
import struct
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tinygrad_edu.grade import Submission, SubmissionError
from tinygrad_edu.grade.submission.reading import read_archive

SOURCE = b"def f(x):\n    return x\n"


def archive(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    data = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        warnings.simplefilter("ignore")  # zipfile warns of duplicates
        for name, content in entries:
            file.writestr(name, content)
    return data.getvalue()


def special(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    return entry


def bomb() -> bytes:
    return archive(*((f"{number}.py", bytes(4 << 20)) for number in range(9)))


def lying_bomb() -> bytes:
    """Declares one byte for what unpacks to many."""
    data = archive(("a.py", bytes(40 << 20)))
    size = struct.pack("<L", 40 << 20)
    return data.replace(size, struct.pack("<L", 1))


def overlapping() -> bytes:
    """A table of contents in which many names share one compressed body."""
    data = archive(("00.py", bytes(30 << 20)))
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    table = b"".join(data[start:end].replace(b"00.py", b"%02d.py" % number) for number in range(50))
    tail = bytearray(data[end:])
    tail[8:16] = struct.pack("<HHL", 50, 50, len(table))
    return data[:start] + table + bytes(tail)


def encrypted() -> bytes:
    data = bytearray(archive(("a.py", SOURCE)))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def nul_in_name() -> bytes:
    return archive(("a.py_____", SOURCE)).replace(b"a.py_____", b"a.py\0.zip")


ARCHIVES: dict[str, tuple[Callable[[], bytes], str]] = {
    "slip": (lambda: archive(("../../canary.py", SOURCE)), "leads out of its folder"),
    "absolute": (lambda: archive(("/tmp/canary.py", SOURCE)), "leads out of its folder"),
    "drive": (lambda: archive(("C:canary.py", SOURCE)), "leads out of its folder"),
    "backslash": (lambda: archive(("..\\canary.py", SOURCE)), "leads out of its folder"),
    "nul": (nul_in_name, "leads out of its folder"),
    "link": (lambda: archive((special("a.py", stat.S_IFLNK | 0o777), b"/etc/passwd")), "a link or a device"),
    "device": (lambda: archive((special("a.py", stat.S_IFCHR | 0o666), b"")), "a link or a device"),
    "pipe": (lambda: archive((special("a.py", stat.S_IFIFO | 0o666), b"")), "a link or a device"),
    "bomb": (bomb, "unpacks to more than"),
    "lying bomb": (lying_bomb, "cannot be read"),
    "overlapping": (overlapping, "unpacks to more than|cannot be read"),
    "many files": (lambda: archive(*((f"{number}.py", b"") for number in range(10_000))), "more than 2,000 files"),
    "twice": (lambda: archive(("a.py", SOURCE), ("a.py", b"")), "twice"),
    "twice but for case": (lambda: archive(("a.py", SOURCE), ("A.py", b"")), "twice"),
    "reserved": (lambda: archive(("con.py", SOURCE)), "no name for a file"),
    "control": (lambda: archive(("a\x1b[2J.py", SOURCE)), r"a\\x1b\[2J.py.*no name for a file"),
    "direction": (lambda: archive(("\u202eyp.a.py", SOURCE)), "no name for a file"),
    "long": (lambda: archive(("a" * 600 + ".py", SOURCE)), "no name for a file"),
    "encrypted": (encrypted, "encrypted"),
    "damaged": (lambda: archive(("a.py", SOURCE * 99)).replace(b"a.py", b"b.py", 1), "cannot be read"),
    "empty": (lambda: archive(), "no .py file and no notebook"),
    "no archive": (lambda: b"PK\x03\x04 nothing", "cannot be read"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_cheats_is_refused(name: str, tmp_path: Path) -> None:
    make, message = ARCHIVES[name]
    handed_in = tmp_path / "in" / "a.zip"
    handed_in.parent.mkdir()
    handed_in.write_bytes(make())
    started = time.monotonic()
    with pytest.raises(SubmissionError, match=message):
        Submission.read(handed_in)
    assert time.monotonic() - started < 3
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a.zip"]


def test_every_cut_of_an_archive_is_read_or_refused() -> None:
    data = archive(("hw/a.py", SOURCE), ("hw/b.txt", b"notes"))
    for end in range(0, len(data), 7):
        with contextlib.suppress(SubmissionError):
            read_archive(data[:end])


def test_a_file_that_changes_while_it_is_graded_was_read_before(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(SOURCE)
    submission = Submission.read(path)
    path.write_bytes(b"while True: pass")
    assert submission.parts == (("a.py", SOURCE.decode()),)
    assert submission.sha256 != Submission.read(path).sha256


def test_links_pipes_and_huge_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x = 1")
    (tmp_path / "link.py").symlink_to(tmp_path / "secret")
    with pytest.raises(SubmissionError, match="not followed"):
        Submission.read(tmp_path / "link.py")
    with pytest.raises(SubmissionError, match="not followed"):
        Submission.read(tmp_path)
    os.mkfifo(tmp_path / "pipe.py")
    with pytest.raises(SubmissionError, match="not a regular file"):
        Submission.read(tmp_path / "pipe.py")
    with (tmp_path / "huge.py").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(SubmissionError, match="longer than"):
        Submission.read(tmp_path / "huge.py")


def test_a_folder_of_very_many_files_is_refused_if_they_are_programs(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(SOURCE)
    for number in range(2_000):
        (tmp_path / f"{number}.txt").touch()
    assert Submission.read(tmp_path).main == "a.py"
    for number in range(2_000):
        (tmp_path / f"{number}.txt").rename(tmp_path / f"{number}.py")
    with pytest.raises(SubmissionError, match="more than 2,000 files"):
        Submission.read(tmp_path)


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match=r"no such file"):
        Submission.read(tmp_path / "a.py")
    with pytest.raises(SubmissionError, match=r"no \.py file and no notebook"):
        Submission.read(tmp_path)
    (tmp_path / "essay.docx").write_bytes(b"essay")
    with pytest.raises(SubmissionError, match=r"hand in a \.py file"):
        Submission.read(tmp_path / "essay.docx")


def test_among_several_files_the_one_that_is_asked_for_is_graded(tmp_path: Path) -> None:
    for name in ("hw1.py", "scratch.py", "test_hw1.py"):
        (tmp_path / name).write_text(f"name = {name!r}")
    with pytest.raises(SubmissionError, match=r"3 files, and it is not clear which"):
        Submission.read(tmp_path)
    submission = Submission.read(tmp_path, main="hw1.py")
    assert submission.parts == (("hw1.py", "name = 'hw1.py'"),)
    assert sorted(submission.modules) == ["scratch", "test_hw1"]


@pytest.mark.parametrize(
    ("data", "text", "warning"),
    [
        (b"x = 1\r\ny = 2\r", "x = 1\ny = 2\n", ""),
        (b"\xef\xbb\xbfx = 1", "x = 1", ""),
        ("x = 'é'".encode("utf-16"), "x = 'é'", ""),
        ("# coding: latin-1\nx = 'é'".encode("latin-1"), "# coding: latin-1\nx = 'é'", ""),
        (b"x = '\xe9\x81'", "x = 'é\ufffd'", "not UTF-8"),
        (b"# coding: no-such-codec\nx = 1", "# coding: no-such-codec\nx = 1", ""),
        ("x = '\u202e'\n".encode(), "x = '\u202e'\n", "direction of writing in line 1"),
        (b"x = 1\0", "x = 1\0", ""),
    ],
)
def test_encodings(data: bytes, text: str, warning: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(data)
    submission = Submission.read(tmp_path / "a.py")
    assert submission.parts[0][1] == text
    assert warning in "".join(submission.warnings)
    assert bool(warning) == bool(submission.warnings)


@pytest.mark.parametrize("codec", ["rot13", "zlib", "unicode_escape", "utf-7", "punycode", "idna"])
def test_codecs_that_hide_the_source_are_refused(codec: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(f"# coding: {codec}\nx = 1".encode())
    with pytest.raises(SubmissionError, match="save it as UTF-8"):
        Submission.read(tmp_path / "a.py")


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[1]", b"[" * 100_000, b'{"cells": 3}', b'{"cells": [{}]}', b"\xff\xfe\0",
     b'{"cells": [{"cell_type": "code", "source": [1]}]}', b'{"worksheets": [{}]}'],
)  # fmt: skip
def test_what_is_no_notebook_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_bytes(data)
    with pytest.raises(SubmissionError, match="not a notebook"):
        Submission.read(tmp_path / "a.ipynb")


def test_notebooks_of_both_formats(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    code = {"cell_type": "code", "source": "x = 1\r\n"}
    path.write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": "# title"}, code, code]}))
    assert Submission.read(path).parts == (("cell 1", "x = 1\n"), ("cell 2", "x = 1\n"))
    path.write_text(json.dumps({"worksheets": [{"cells": [{"cell_type": "code", "input": ["y = ", "2"]}]}]}))
    assert Submission.read(path).parts == (("cell 1", "y = 2"),)
