"""What students hand in is read kindly, once, and never trusted."""

from __future__ import annotations

import contextlib
import io
import json
import os
import stat
import struct
import time
import tracemalloc
import unicodedata
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from tinygrad_edu.grade import Submission, SubmissionError
from tinygrad_edu.grade.submission.notebooks import Outline
from tinygrad_edu.grade.submission.reading import File, Reader

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


GIT = tuple((f"hw/.git/objects/{number}", b"") for number in range(2_100))
LIBRARY = tuple((f"hw/env/lib/python3.11/site-packages/p/m{number}.py", b"") for number in range(2_100))
APART = unicodedata.normalize("NFD", "größe.py")

HONEST: dict[str, tuple[tuple[tuple[str, bytes], ...], list[str]]] = {
    "Windows": (((r"hw\a.py", SOURCE), (r"hw\lib\b.py", b"")), ["hw/a.py", "hw/lib/b.py"]),
    "macOS": ((("hw/a.py", SOURCE), ("hw/.DS_Store", b""), ("__MACOSX/hw/._a.py", b"\0")), ["hw/a.py"]),
    "accents of macOS": ((("a.py", SOURCE), (APART, b"")), ["a.py", "größe.py"]),
    "a screenshot": ((("a.py", SOURCE), ("3.14.15\u202fPM.png", b"")), ["a.py"]),
    "names that Windows lacks": ((("a.py", SOURCE), ("notes 12:30.txt", b""), ("aux.py", b"")), ["a.py", "aux.py"]),
    "an icon": ((("a.py", SOURCE), ("Icon\r", b""), ("../x.txt", b""), ("/x.txt", b"")), ["a.py"]),
    "dots": ((("./a.py", SOURCE), ("./lib/b.py", b"")), ["a.py", "lib/b.py"]),
    "git": ((("hw/a.py", SOURCE), *GIT), ["hw/a.py"]),
    "libraries": ((("hw/a.py", SOURCE), *LIBRARY), ["hw/a.py"]),
    "capitals": ((("A.PY", SOURCE),), ["A.py"]),
    "an archive in it": ((("hw.zip", archive(("a.py", SOURCE), ("b.txt", b""))),), ["hw/a.py"]),
    "a picture twice": ((("a.py", SOURCE), ("x.png", b"1"), ("X.png", b"2")), ["a.py"]),
}


@pytest.mark.parametrize("name", HONEST)
def test_an_archive_of_any_system_is_read_and_what_nobody_reads_refuses_nothing(name: str, tmp_path: Path) -> None:
    entries, paths = HONEST[name]
    (tmp_path / "a.zip").write_bytes(archive(*entries))
    submission = Submission.read(tmp_path / "a.zip", "a")
    assert sorted([submission.main, *(path for path, _ in submission.modules.values())]) == paths
    assert submission.parts[0][1] == SOURCE.decode()


def read_archive(data: bytes) -> dict[str, File]:
    """The program's files in a .zip, by their path."""
    reader = Reader()
    reader.archive(io.BytesIO(data), "", 1)
    return reader.files


def test_what_macos_writes_without_saying_that_it_is_utf8_is_read(tmp_path: Path) -> None:
    data = bytearray(archive(("größe.py", SOURCE)))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flags + 1] &= ~8
    assert list(read_archive(bytes(data))) == ["größe.py"]


def test_archives_lie_in_each_other_only_so_deep() -> None:
    data = archive(("a.py", SOURCE))
    for _ in range(9):
        data = archive(("b.zip", data), ("c.py", SOURCE))
    assert len(read_archive(data)) == 3


def test_what_is_no_program_is_called_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "hw1.rar").write_bytes(b"Rar!")
    with pytest.raises(SubmissionError, match=r"no notebook in it, only hw1\.rar"):
        Submission.read(tmp_path)


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


RIGHT, HALF = "def f(): pass\ndef g(): pass\n", "def f(): pass\n"


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        ({"HW1.py": RIGHT, "helpers.py": "h = 1"}, "HW1.py"),
        ({"Emmy final.py": RIGHT, "helpers.py": "h = 1"}, "Emmy final.py"),
        ({"hw1 (1).py": RIGHT, "old/hw1.py": HALF}, "hw1 (1).py"),
        ({"hw1.py": "x = 1", "starter.py": RIGHT}, "starter.py"),
        ({"hw1.py": RIGHT, "hw1_old.py": RIGHT}, "hw1.py"),
        ({"hw1.py": RIGHT, "hw1.ipynb": RIGHT}, "hw1.ipynb"),
        ({"hw1.py": RIGHT, "hw1.ipynb": "from hw1 import f"}, "hw1.py"),
        ({"solve.py": "from rules import f\nfrom more import *", "rules.py": HALF, "more.py": "g = 1"}, "solve.py"),
        ({"solve.py": "from rules import (f,\n  g)", "rules.py": RIGHT}, "solve.py"),
        ({"hw_1.py": "", "b.py": ""}, "hw_1.py"),
        ({"main.py": "f: int = 1\ng = f", "test_main.py": "import main"}, "main.py"),
    ],
)
def test_of_several_files_the_one_that_defines_what_is_needed_is_graded(
    files: dict[str, str], chosen: str, tmp_path: Path
) -> None:
    for name, source in files.items():
        cells = {"cells": [{"cell_type": "code", "source": source}]}
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps(cells) if name.endswith(".ipynb") else source)
    assert Submission.read(tmp_path, "hw1", needs=["f", "g"]).main == chosen


def test_where_it_is_not_clear_which_file_is_meant_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(HALF)
    (tmp_path / "b.py").write_text("def g(): pass")
    (tmp_path / "hw1.py").write_text("")
    with pytest.raises(
        SubmissionError, match=r"3 files, and it is not clear which to grade; one must be called hw1\.py"
    ):
        Submission.read(tmp_path, "hw1", needs=["f", "g"])
    (tmp_path / "a.py").write_text(HALF + "h = 1")
    warnings = Submission.read(tmp_path, "hw1", needs=["f", "g", "h"]).warnings
    assert warnings == ("a.py is graded; it does not define g, and b.py does",)
    (tmp_path / "hw1.py").unlink()
    with pytest.raises(SubmissionError, match="none of them defines x; one must be called"):
        Submission.read(tmp_path, "hw1", needs=["x"])


def test_a_damaged_file_that_is_not_graded_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "hw1.py").write_text("x = 1")
    (tmp_path / "notes.ipynb").write_text("{")
    submission = Submission.read(tmp_path, "hw1")
    assert submission.main == "hw1.py"
    assert "notes.ipynb: not a notebook" in submission.warnings[0]


@pytest.mark.parametrize(
    ("data", "text", "warning"),
    [
        (b"x = 1\r\ny = 2\r", "x = 1\ny = 2\n", ""),
        (b"\xef\xbb\xbfx = 1", "x = 1", ""),
        ("x = 'é'".encode("utf-16"), "x = 'é'", ""),
        ("# coding: latin-1\nx = 'é'".encode("latin-1"), "# coding: latin-1\nx = 'é'", ""),
        (b"x = '\xe9\x81'", "x = 'é\ufffd'", "not UTF-8"),
        *(
            (f"# coding: {codec}\nx = '{text}'".encode(codec), f"# coding: {codec}\nx = '{text}'", "")
            for codec, text in (
                ("gbk", "反向传播"),
                ("cp932", "逆伝播ソ"),
                ("cp1251", "градиент"),
                ("euc_kr", "기울기"),
                ("big5", "反向傳播"),
                ("gb18030", "反向传播"),
                ("mac_roman", "größe"),
            )
        ),
        ("\r\n# -*- coding: latin-1 -*-\r\nx = 'é'".encode("latin-1"), "\n# -*- coding: latin-1 -*-\nx = 'é'", ""),
        ("# -*- coding: latin-1-unix -*-\nx = 'é'".encode("latin-1"), "# -*- coding: latin-1-unix -*-\nx = 'é'", ""),
        ("# coding: utf-8\n# coding: cp1251\nx = 'é'".encode(), "# coding: utf-8\n# coding: cp1251\nx = 'é'", ""),
        ("x = 'é'\n# coding: cp1251".encode(), "x = 'é'\n# coding: cp1251", ""),
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


def test_what_is_no_text_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(bytes(range(256)) * 8)  # a picture, or a file that Python compiled
    with pytest.raises(SubmissionError, match=r"a\.py: is no text; hand in the program"):
        Submission.read(tmp_path / "a.py")


@pytest.mark.parametrize("codec", ["rot13", "zlib", "unicode_escape", "raw_unicode_escape", "utf-7", "utf-16",
                                   "punycode", "idna", "hz", "iso2022_jp", "cp037"])  # fmt: skip
def test_codecs_that_hide_the_source_are_refused(codec: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(f"# coding: {codec}\nx = 1".encode())
    with pytest.raises(SubmissionError, match="save it as UTF-8"):
        Submission.read(tmp_path / "a.py")


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[1]", b"[" * 100_000, b'{"cells": 3}', b'{"cells": [{}]}', b"\xff\xfe\0",
     b'{"cells": [{"cell_type": "code", "source": [1]}]}', b'{"worksheets": [{}]}', b'{"cells": [', b'{"cells": "',
     b'{"x": "' + b"\\" * 1_000_001 + b'"', b'{"x": [}',
     b'{"cells": [x]}'],
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


def test_a_notebook_of_very_many_cells_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_bytes(b'{"cells": [' + b"{}," * 1_000_000 + b"{}]}")
    with pytest.raises(SubmissionError, match=r"a\.ipynb: more than 4,194,304 bytes of code and cells"):
        Submission.read(tmp_path / "a.ipynb")


def outputs(kind: str) -> bytes:
    """A notebook with large outputs."""
    return {
        "a picture": b'"' + b"a" * 20_000_000 + b'"',
        "a table": b'"' + rb"<td class=\"x\">1</td>\n" * 500_000 + b'"',
        "empty objects": b"[" + b"{}," * 1_000_000 + b"{}]",
        "points": b"[" + b'{"x":[1,2],"y":"z"},' * 100_000 + b"{}]",
    }[kind]


@pytest.mark.parametrize("kind", ["a picture", "a table", "empty objects", "points"])
def test_outputs_of_notebooks_are_neither_kept_nor_decoded(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    cell = b'{"outputs": [%s], "source": ["x = 1\\n", "y"], "cell_type": "code"}'
    path.write_bytes(b'{"metadata": {"a": 1.5e3, "b": [null]}, "cells": [' + cell % outputs(kind) + b"]}")
    tracemalloc.start()
    submission = Submission.read(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert submission.parts == (("cell 1", "x = 1\ny"),)
    assert most < path.stat().st_size * 1.2 + 8_000_000
    path.write_bytes(b'{"cells": [' + cell % b"1" + b"]}")
    assert Submission.read(path).sha256 == submission.sha256, "other outputs make no other program"


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    )
)
def test_the_outline_of_a_notebook_is_what_it_is_without_the_rest(value: object) -> None:
    cell = {"x": value, "cell_type": "code", "y": [value, {}, "{"], "source": ["a\n", '"\\"'], "z": '\\"[{', "": value}
    document = {"x": value, "cells": [cell, {"source": "", "metadata": {"a": value}}], "metadata": value}
    for indent in (None, 1):
        data = json.dumps(document, indent=indent, ensure_ascii=indent is None).encode()
        outline = [{"cell_type": "code", "source": ["a\n", '"\\"']}, {"source": ""}]
        assert Outline(data).value() == {"cells": outline}
        for cut in (data[:-1], data[: len(data) // 2]):
            with pytest.raises(ValueError, match=r"cut off|no string"):
                Outline(cut).value()
