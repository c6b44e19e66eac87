"""Reads what a student handed in, as bytes and text: files, folders, archives, notebooks, encodings.

Everything is read into memory. Nothing is executed, nothing is written to disk, and no link is followed.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import tokenize
import unicodedata
import zipfile
from pathlib import Path

from ..._support.text import clean
from ..errors import SubmissionError

__all__ = ["decode", "direction_changes", "read_archive", "read_file", "read_folder", "read_notebook", "sha256_of"]

FILES, TOTAL_BYTES = 2_000, 32 << 20
"""The most files and bytes of a submission."""

KINDS = (".py", ".ipynb")
"""The files that are read; all others in a folder or an archive are ignored."""

ENTRY = b"PK\x01\x02"
"""The first bytes of every entry in an archive's table of contents."""

RESERVED = {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}
"""Names of devices on Windows, with any extension."""

ENCODINGS = ("utf-8", "utf-8-sig", "ascii", "iso-8859-1", "iso-8859-15", "cp1252", "utf-16")
"""The accepted encodings. A coding line may name any codec of Python, and some of them hide what is written."""

MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
"""The first bytes of files that some editors for Windows save."""

DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
"""Classes of the characters that change the direction of writing; Unicode Standard Annex 9."""


# Files and folders.


def read_file(path: Path, most: int = TOTAL_BYTES) -> bytes:
    """The bytes of a regular file. Raises `SubmissionError` for a link, a pipe, a device, or more than `most` bytes."""
    # Do not wait for a pipe; and check the opened file, not its name: the name may have become a link meanwhile.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise SubmissionError(f"{clean(str(path))}: no such file") from None
    except OSError as error:
        link = " (a symbolic link, which is not followed)" if path.is_symlink() else ""
        raise SubmissionError(f"{clean(str(path))}: {error.strerror}{link}") from None
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise SubmissionError(f"{clean(str(path))}: not a regular file")
        data = file.read(most + 1)
    if len(data) > most:
        raise SubmissionError(f"{clean(str(path))}: longer than {most:,} bytes")
    return data


def read_folder(folder: Path) -> dict[str, bytes]:
    """The program's files in a folder, by their path in it."""
    files: dict[str, bytes] = {}
    seen, left = 0, TOTAL_BYTES
    for place, folders, names in os.walk(folder):  # it does not follow links to folders
        folders.sort()
        seen += len(names) + len(folders)
        if seen > FILES:
            raise SubmissionError(f"{folder}: more than {FILES:,} files")
        for name in sorted(names):
            path = Path(place, name)
            inside = path.relative_to(folder).as_posix()
            if relevant(inside):
                files[inside] = read_file(path, left)
                left -= len(files[inside])
    return files


def relevant(name: str) -> bool:
    """Whether a path belongs to the program, and not to an editor or an operating system."""
    parts = name.split("/")
    return name.endswith(KINDS) and not any(part.startswith((".", "__MACOSX", "__pycache__")) for part in parts)


def sha256_of(files: dict[str, bytes]) -> str:
    """One hash of the names and bytes of files."""
    digest = hashlib.sha256()
    for name, data in sorted(files.items()):
        for piece in (name.encode(errors="surrogatepass"), data):
            digest.update(len(piece).to_bytes(8, "little") + piece)
    return digest.hexdigest()


# Archives.


def read_archive(data: bytes) -> dict[str, bytes]:
    """The program's files in a .zip, by their path. Raises `SubmissionError` if it is damaged, encrypted or unsafe."""
    if data.count(ENTRY) > FILES:  # count before the table is read, which needs memory for each
        raise SubmissionError(f"the archive holds more than {FILES:,} files")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return read_entries(archive)
    except SubmissionError:
        raise
    except Exception as error:  # whatever a library says to damaged bytes: it is this student's file, not the class
        raise SubmissionError(f"the archive cannot be read: {clean(str(error), 200)}") from None


def read_entries(archive: zipfile.ZipFile) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    left = TOTAL_BYTES
    names: set[str] = set()
    for entry in archive.infolist():
        check_entry(entry)
        folded = entry.filename.casefold()
        if folded in names:  # it would be unclear which of the two is graded
            raise SubmissionError(f"the archive holds {clean(entry.filename, 80)} twice")
        names.add(folded)
        if entry.is_dir() or not relevant(entry.filename):
            continue
        with archive.open(entry) as file:
            content = file.read(left + 1)  # the archive may lie about sizes
        left -= len(content)
        if left < 0:
            raise SubmissionError(f"the archive unpacks to more than {TOTAL_BYTES:,} bytes")
        files[entry.filename] = content
    return files


def check_entry(entry: zipfile.ZipInfo) -> None:
    """Refuse names and kinds of files that can only be an attack or an error."""
    name, shown = entry.filename, clean(entry.filename, 80)
    parts = name.rstrip("/").split("/")
    # `orig_filename` is the name before zipfile cut it at a NUL.
    if not name or name.startswith("/") or ".." in parts or any(c in entry.orig_filename for c in "\\:\0"):
        raise SubmissionError(f"the archive holds {clean(entry.orig_filename, 80)}, which leads out of its folder")
    if len(name) > 500 or not name.isprintable() or any(part.split(".")[0].lower() in RESERVED for part in parts):
        raise SubmissionError(f"the archive holds {shown}, which is no name for a file")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):  # 0: written on Windows
        raise SubmissionError(f"the archive holds {shown}, which is a link or a device")
    if entry.flag_bits & 1:
        raise SubmissionError(f"the archive holds {shown}, which is encrypted")


# Notebooks.


def read_notebook(data: bytes, name: str) -> list[tuple[str, str]]:
    r"""The code cells of an .ipynb in their order, each with a name such as "cell 3" and its source.

    Raises `SubmissionError` if the file is not a notebook.

    >>> read_notebook(b'{"cells": [{"cell_type": "code", "source": ["x = 1\\n", "y = 2"]}]}', "a.ipynb")
    [('cell 1', 'x = 1\ny = 2')]
    """
    try:
        notebook = json.loads(data)
        if "worksheets" in notebook:  # version 3 of the format
            cells = [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
        else:
            cells = notebook["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        sources = ["".join(cell["source"] if "source" in cell else cell["input"]) for cell in code]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise SubmissionError(f"{clean(name)}: not a notebook ({type(error).__name__})") from None
    return [(f"cell {number}", source.replace("\r\n", "\n")) for number, source in enumerate(sources, 1)]


# Text.


def decode(data: bytes, name: str) -> tuple[str, list[str]]:
    r"""Python source as text, with the line end `\n`, and warnings for the student.

    Raises `SubmissionError` for an unusual encoding.

    >>> decode(b"# caf\xe9\r\n", "a.py")
    ('# café\n', ['a.py: not UTF-8; read as Windows-1252'])
    """
    encoding = MARKS.get(data[:2]) or declared(data, name)
    warnings = []
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
        warnings.append(f"{name}: not {encoding.upper()}; read as Windows-1252")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return text, warnings + direction_changes(text, name)


def declared(data: bytes, name: str) -> str:
    """The encoding that the first two lines declare; UTF-8 if they declare none."""
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except (SyntaxError, ValueError):  # an unknown codec, or not UTF-8
        return "utf-8"
    if encoding not in ENCODINGS:
        raise SubmissionError(f"{clean(name)}: the encoding {encoding!r:.40}; save it as UTF-8")
    return encoding


def direction_changes(text: str, name: str) -> list[str]:
    """Warnings for lines with characters that change the direction of writing, so that they hide what Python runs."""
    lines = [
        number
        for number, line in enumerate(text.split("\n"), 1)
        if any(unicodedata.bidirectional(c) in DIRECTIONS for c in line)
    ]
    if not lines:
        return []
    where = ", ".join(map(str, lines[:5]))
    return [f"{name}: invisible characters that change the direction of writing in line {where}"]
