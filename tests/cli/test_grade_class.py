"""A class of 30, downloaded from Moodle or Canvas, of whom 21 have handed in something odd: no line of it is lost."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import pytest

from .conftest import Command

RIGHT = "def mul_backward(upstream, x, y):\n    return upstream * y, upstream * x\n"
OTHER = "def add_backward(upstream, a, b):\n    return upstream, upstream\n"
WRONG = RIGHT.replace("upstream * y", "-upstream * y")


def archive(files: dict[str, str | bytes], mode: int = 0) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            file.writestr(entry, content)
    return data.getvalue()


def named_in(encoding: str, name: str) -> bytes:
    """An archive of a program whose name is in an encoding of its system's, as old programs write it."""
    raw = name.encode(encoding)
    return archive({"Q" * len(raw): RIGHT}).replace(b"Q" * len(raw), raw)


def encrypted() -> bytes:
    data = bytearray(archive({"hw1.py": RIGHT}))
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def notebook(source: str, picture: str = "") -> bytes:
    output = {"output_type": "display_data", "metadata": {}, "data": {"image/png": picture}}
    cell = {"cell_type": "code", "metadata": {}, "execution_count": 1, "outputs": [output], "source": source}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}).encode()


MACOS: dict[str, str | bytes] = {"hw1/hw1.py": RIGHT, "__MACOSX/hw1/._hw1.py": b"\0", "hw1/Icon\r": b""}
LINK = 0o120777

ODD: dict[str, tuple[dict[str, bytes], int, str]] = {
    "an archive in an archive": ({"hw1.zip": archive({"hw1/in.zip": archive({"hw1.py": RIGHT})})}, 3, ""),
    "names in GBK": ({"作业.zip": named_in("gbk", "作业/hw1.py")}, 3, ""),
    "names in CP437": ({"hw1.zip": named_in("cp437", "Übung/hw1.py")}, 3, ""),
    "macOS": ({"hw1.zip": archive(MACOS)}, 3, ""),
    "Windows": ({"hw1.zip": archive({r"hw1\hw1.py": RIGHT, r"hw1\aux.py": "x = 1"})}, 3, ""),
    "UTF-16": ({"hw1.py": RIGHT.encode("utf-16")}, 3, ""),
    "a byte order mark": ({"hw1.py": b"\xef\xbb\xbf" + RIGHT.encode()}, 3, ""),
    "50 MB of outputs": ({"hw1.ipynb": notebook(RIGHT, "A" * 50_000_000)}, 3, ""),
    "a draft beside it": ({"hw1.py": RIGHT.encode(), "hw1_old.py": OTHER.encode()}, 3, ""),
    "a report beside it": ({"hw1.py": RIGHT.encode(), "report.pdf": b"%PDF-1.7"}, 3, ""),
    "an unfinished line": ({"hw1.py": f"{RIGHT}\ndef f(:\n".encode()}, 3, ""),
    "an empty file": ({"hw1.py": b""}, 0, ""),
    "a notebook of words": (
        {"hw1.ipynb": b'{"cells": [{"cell_type": "markdown", "source": "Homework"}]}'},
        0,
        "no program in it, for no cell holds code",
    ),
    "an empty archive": ({"hw1.zip": archive({})}, 0, "no .py file and no notebook in it; hand in one of these"),
    "a report": ({"report.pdf": b"%PDF-1.7"}, 0, "(only )?report.pdf.*hand in (a .py file|one of these)"),
    "another archive": ({"hw1.rar": b"Rar!"}, 0, "hw1.rar.*hand in (a .py file|one of these)"),
    "out of its folder": ({"hw1.zip": archive({"../../hw1.py": RIGHT})}, 0, "leads out of its folder; make it anew"),
    "a link": ({"hw1.zip": archive({"hw1.py": "/etc/passwd"}, LINK)}, 0, "a link or a device; put the file itself"),
    "half a file": ({"hw1.zip": archive({"hw1.py": RIGHT})[:-60]}, 0, "cannot be read: .*; make it anew"),
    "a password": ({"hw1.zip": encrypted()}, 0, "encrypted; make it anew without a password"),
    "another ending": ({"hw1.py.txt": RIGHT.encode()}, 0, "hw1.py.txt.*hand in (a .py file|one of these)"),
}
"""What is handed in, the points that it deserves of 3, and what is said if it cannot be read."""

MODULES = {"Windows": "aux", "a draft beside it": "hw1_old"}

CLASS = [({"hw1.py": (WRONG if i % 3 else RIGHT).encode()}, 0 if i % 3 else 3, "") for i in range(9)] + [*ODD.values()]
LATE = 11


def write_moodle(folder: Path) -> list[str]:
    """The submissions and the gradebook as Moodle makes them; the students."""
    rows = ["Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,Feedback comments"]
    students = [f"Zoë O'Brien{i}_{100 + i}" for i in range(len(CLASS))]
    for i, (student, (files, _, _)) in enumerate(zip(students, CLASS)):
        late = " - 1 day 12 hours late" if i == LATE else ""
        rows.append(f"Participant {100 + i},Zoë O'Brien{i},z{i}@x.org,Submitted for grading{late},,6.00,Yes,")
        place = folder / "in" / f"{student}_assignsubmission_file_"
        place.mkdir(parents=True)
        for name, content in files.items():
            (place / name).write_bytes(content)
    (folder / "moodle.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return students


def write_canvas(folder: Path) -> list[str]:
    """The submissions and the gradebook as Canvas makes them; the students."""
    rows = ["Student,ID,SIS User ID,SIS Login ID,Section,HW1 (4021)", "    Points Possible,,,,,6"]
    students = [f"obrien{i}zoë_{100 + i}" for i in range(len(CLASS))]
    (folder / "in").mkdir()
    for i, (student, (files, _, _)) in enumerate(zip(students, CLASS)):
        rows.append(f'"O\'Brien{i}, Zoë",{100 + i},s{i},login{i},S1,')
        start = student.replace("_", "_LATE_") if i == LATE else student
        for number, (name, content) in enumerate(files.items()):
            (folder / "in" / f"{start}_{4000 + 10 * i + number}_{name}").write_bytes(content)
    (folder / "canvas.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return students


@pytest.mark.parametrize("system", ["moodle", "canvas"])
def test_a_class_of_thirty_gets_what_it_deserves_and_each_odd_hand_in_its_reason(
    system: str, folder: Path, run: Command
) -> None:
    assert run("grade", "new", "hw1").code == 0
    students = (write_moodle if system == "moodle" else write_canvas)(folder)
    fill = ("--fill", system, f"{system}.csv", *(["--column", "HW1"] if system == "canvas" else []))
    code, out, err = run("grade", "hw1", "in", "--json", "results", "--format", "html", "pages", *fill)
    *said, note = out.splitlines()
    assert (code, note) == (0, f"{system}.csv: scores are scaled: 3 points here are 6 in the gradebook")
    beside = dict(zip(students[-len(ODD) :], ODD))
    modules = {student: MODULES[kind] for student, kind in beside.items() if kind in MODULES}
    assert sorted(err.splitlines()) == [f"look at {x}: 1 module beside the program: {y}" for x, y in modules.items()]

    by_student = dict(re.findall(r"^(\S.*?): (\d of 3 points.*(?:\n  .*)*)", "\n".join(said), re.MULTILINE))
    assert sorted(by_student) == sorted(students)
    for i, (student, (_, points, reason)) in enumerate(zip(students, CLASS)):
        first, *reasons = by_student[student].split("\n  ")
        late = {"moodle": " (1.5 days late)", "canvas": " (late)"}[system] if i == LATE else ""
        assert first == f"{points} of 3 points{late}"
        assert len(reasons) == bool(reason)
        assert re.search(reason, "".join(reasons)), reasons
    assert len(list((folder / "pages").glob("*.html"))) == 1 + len(CLASS)

    table = list(csv.reader((folder / f"{system}.csv").read_text(encoding="utf-8-sig").splitlines()))
    grade = table[0].index("Grade" if system == "moodle" else "HW1 (4021)")
    assert [row[grade] for row in table[-30:]] == [str(2 * points) for _, points, _ in CLASS]
