"""Reads what a student handed in, as text: files, folders, archives, encodings.

Everything is read into memory. Nothing is executed, nothing is written to disk, and no link is followed. What a program
cannot use is not looked at: neither the names of other files nor the outputs in notebooks.
"""

from __future__ import annotations

import codecs
import contextlib
import hashlib
import io
import os
import re
import stat
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..._support.languages import say, texts
from ..._support.text import clean
from ..errors import SubmissionError
from .notebooks import PROGRAM_BYTES, Part, read_notebook

__all__ = ["KINDS", "File", "Part", "decode", "file_of", "read_notebook", "read_paths", "sha256_of"]

FILES, FILE_BYTES, TOTAL_BYTES = 2_000, 64 << 20, 128 << 20
"""The most files that are read of a submission, the most bytes of one file, and of all of them unpacked."""

ARCHIVE_BYTES, ENTRIES, ENTRY = 1 << 30, 50_000, b"PK\x01\x02"
"""The most bytes of an archive, the most entries, and the first bytes of each in the table of contents."""

NESTED = 3
"""How deep archives may lie in each other."""

KINDS = (".py", ".ipynb", ".zip")
"""The files that are read; all others in a folder or an archive are ignored."""

IGNORED = (".", "__MACOSX", "__pycache__", "site-packages", "dist-packages", "node_modules")
"""Names of editors, systems and tools begin like this."""

ASCII = bytes(range(1, 127)) + rb"\u0041 \x41 \N{DIGIT ONE} +AEE- &AEE- ~{!!~} .xn--mnchen-3ya." + b"\x1b$B!!\x1b(B"
"""What no encoding may read in another way. A coding line may name any codec of Python; some hide what is written."""

MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
"""The first bytes of files that some editors for Windows save."""

DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""The characters that change the direction of writing; Unicode Standard Annex 9."""


@dataclass(frozen=True)
class File:
    """A file of a program: its source in parts, warnings for the student, and why it cannot be read, if so."""

    parts: tuple[Part, ...] = ()
    warnings: tuple[str, ...] = ()
    failure: str = ""

    @property
    def source(self) -> str:
        return "\n".join(source for _, source in self.parts)


UNPACKS = texts("{name} unpacks to more than {n} bytes; hand in what you wrote")
LONGER = texts("{name} is longer than {n} bytes; hand in what you wrote")

# Files and folders.


def read_paths(paths: Sequence[tuple[Path, str]]) -> dict[str, File]:
    """The program's files in files, archives and folders, by their path; each comes with the name that it shall have.

    Raises `SubmissionError` if there are none; for a link, a pipe or a device; and for an archive that is damaged,
    unsafe or too large.
    """
    reader = Reader()
    for path, name in paths:
        reader.read(path, name, alone=len(paths) == 1)
    if not reader.files:
        others = ", ".join(clean(name, 80) for name in reader.others[:3])
        only = say(", only {files}", files=others) if others else ""
        text = texts("{name}: no .py file and no notebook in it{only}; hand in one of these, or a .zip of them")
        raise SubmissionError(text, name=clean(paths[0][0].name), only=only)
    return reader.files


class Reader:
    """Reads files within the limits of a submission into `files`."""

    def __init__(self) -> None:
        self.files: dict[str, File] = {}
        self.others: list[str] = []  # names of files that are not read
        self.left, self.program_left = TOTAL_BYTES, PROGRAM_BYTES

    def read(self, path: Path, name: str, alone: bool) -> None:
        """Read a file or a folder; what lies in it keeps its path there, if it is `alone`."""
        if path.is_dir() and not path.is_symlink():
            self.folder(path, "" if alone or not name else f"{name}/")
            return
        with _opened(path) as file:
            archive = file.read(4) == b"PK\x03\x04"
            file.seek(0)
            if archive or path.suffix.lower() == ".zip":
                self.archive(file, "" if alone else f"{Path(name).stem}/", 1)
            elif _relevant(name):
                self.file(file, name)
            elif alone:
                text = texts("{name}: hand in a .py file, a notebook (.ipynb), or a .zip of them")
                raise SubmissionError(text, name=clean(name))
            else:
                self.others.append(name)

    def folder(self, folder: Path, prefix: str) -> None:
        for place, folders, names in os.walk(folder):  # it does not follow links to folders
            folders[:] = sorted(name for name in folders if not name.startswith(IGNORED))
            for name in sorted(names):
                path = Path(place, name)
                inside = path.relative_to(folder).as_posix()
                if _relevant(inside):
                    with _opened(path) as file:
                        self.add(file, prefix + inside, 0)
                else:
                    self.others.append(inside)

    def add(self, file: IO[bytes], name: str, depth: int) -> None:
        """Read a file of a folder or an archive. An archive in it becomes a folder."""
        if not name.lower().endswith(".zip"):
            self.file(file, name)
        elif depth < NESTED:
            inner = io.BytesIO(self.content(file, name, FILE_BYTES)) if depth else file
            self.archive(inner, name[: -len("zip") - 1] + "/", depth + 1)

    def file(self, file: IO[bytes], name: str) -> None:
        if len(self.files) == FILES:
            raise SubmissionError("more than {n} files of Python; hand in only what you wrote", n=f"{FILES:,}")
        stem, ending = os.path.splitext(name)
        warnings: tuple[str, ...] = ()
        if ending not in KINDS:
            warnings = (say("{name}: read as a {ending} file", name=name, ending=ending.lower()),)
        name = stem + ending.lower()
        if name in self.files:
            raise SubmissionError("it holds {name} twice; leave one of them", name=clean(name, 80))
        most = FILE_BYTES if ending.lower() == ".ipynb" else PROGRAM_BYTES
        found = file_of(name, self.content(file, name, most))
        self.program_left -= sum(len(source) for _, source in found.parts)
        if self.program_left < 0:
            raise SubmissionError(
                "it unpacks to more than {n} characters of program; hand in what you wrote", n=f"{PROGRAM_BYTES:,}"
            )
        self.files[name] = File(found.parts, warnings + found.warnings, found.failure)

    def content(self, file: IO[bytes], name: str, most: int) -> bytearray:
        """The bytes of a file."""
        data = bytearray()
        while chunk := file.read(1 << 18):  # an archive may lie about sizes
            data += chunk
            if len(data) > most:
                text = UNPACKS if isinstance(file, zipfile.ZipExtFile) else LONGER
                raise SubmissionError(text, name=clean(name, 80), n=f"{most:,}")
        self.left -= len(data)
        if self.left < 0:
            raise SubmissionError("it unpacks to more than {n} bytes; hand in what you wrote", n=f"{TOTAL_BYTES:,}")
        return data

    def archive(self, file: IO[bytes], folder: str, depth: int) -> None:
        """Read the files of a .zip into a folder."""
        try:
            count, size = 0, 0
            while chunk := file.read(1 << 20):  # count before the table is read, which needs memory for each entry
                count, size = count + chunk.count(ENTRY), size + len(chunk)
                if count > ENTRIES or size > ARCHIVE_BYTES:
                    text = texts("the archive holds more than {n} files, or {bytes} bytes; hand in what you wrote")
                    raise SubmissionError(text, n=f"{ENTRIES:,}", bytes=f"{ARCHIVE_BYTES:,}")
            with zipfile.ZipFile(file) as archive:
                self.entries(archive, folder, depth)
        except SubmissionError:
            raise
        except Exception as error:  # whatever a library says to damaged bytes: it is this student's file, not the class
            text = texts("the archive cannot be read: {error}; make it anew")
            raise SubmissionError(text, error=clean(str(error), 200)) from None

    def entries(self, archive: zipfile.ZipFile, folder: str, depth: int) -> None:
        names: set[str] = set()
        for entry in archive.infolist():
            name = _name_of(entry)
            if entry.is_dir():
                continue
            if not _relevant(name):
                self.others.append(name)
                continue
            _check_entry(entry, name)
            if name.casefold() in names:  # it would be unclear which of the two is graded
                raise SubmissionError("the archive holds {name} twice; leave one of them", name=clean(name, 80))
            names.add(name.casefold())
            with archive.open(entry) as file:
                self.add(file, folder + name, depth)


def _opened(path: Path) -> IO[bytes]:
    """A regular file, opened. Raises `SubmissionError` for a link, a pipe, a device, and where it cannot be opened."""
    # Do not wait for a pipe; and check the opened file, not its name: the name may have become a link meanwhile.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise SubmissionError("{name}: no such file", name=clean(str(path))) from None
    except OSError as error:
        link = say(" (a symbolic link, which is not followed)") if path.is_symlink() else ""
        raise SubmissionError(f"{clean(str(path))}: {error.strerror}{link}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SubmissionError("{name}: not a regular file", name=clean(str(path)))
    return open(descriptor, "rb")


def _relevant(name: str) -> bool:
    """Whether a path belongs to the program, and not to an editor, a tool or a system."""
    parts = [part for part in name.split("/") if part != ".."]
    return name.lower().endswith(KINDS) and not any(part.startswith(IGNORED) for part in parts)


def file_of(name: str, data: bytes | bytearray) -> File:
    """A file of a program from its bytes."""
    try:
        if name.endswith(".ipynb"):
            cells = tuple(read_notebook(data, name))
            return File(cells, tuple(warning for cell, text in cells for warning in _direction_changes(text, cell)))
        text, warnings = decode(bytes(data), name)
        return File(((name, text),), tuple(warnings))
    except SubmissionError as error:
        return File(failure=str(error))


def sha256_of(files: Mapping[str, bytes]) -> str:
    """One hash of the names and bytes of files."""
    digest = hashlib.sha256()
    for name, data in sorted(files.items()):
        for piece in (name.encode(errors="surrogatepass"), data):
            digest.update(len(piece).to_bytes(8, "little") + piece)
    return digest.hexdigest()


# Archives.


def _name_of(entry: zipfile.ZipInfo) -> str:
    """The path of an entry. Windows writes it with backslashes; macOS as UTF-8 without saying so, accents apart."""
    name = entry.orig_filename
    if not entry.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):  # it is what it says
            name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", name.replace("\\", "/")).removeprefix("./")


OUTSIDE = texts("the archive holds {name}, which leads out of its folder; make it anew, of the folder with your files")
NO_NAME = texts("the archive holds {name}, which is no name for a file; rename it, and make the archive anew")
NO_FILE = texts("the archive holds {name}, which is a link or a device; put the file itself into it")
ENCRYPTED = texts("the archive holds {name}, which is encrypted; make it anew without a password")


def _check_entry(entry: zipfile.ZipInfo, name: str) -> None:
    """Refuse names and kinds of files that can only be an attack or an error."""
    shown = clean(name, 80)
    hides = DIRECTIONS.search(name) or any(unicodedata.category(c) in ("Cc", "Cs") for c in name)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    reasons = {
        OUTSIDE: name.startswith("/") or ".." in name.split("/") or "\0" in name or re.match("[A-Za-z]:", name),
        NO_NAME: len(name) > 500 or hides,
        NO_FILE: kind not in (0, stat.S_IFREG, stat.S_IFDIR),  # 0: written on Windows
        ENCRYPTED: entry.flag_bits & 1,
    }
    for reason, holds in reasons.items():
        if holds:
            raise SubmissionError(reason, name=shown)


# Text.


def decode(data: bytes, name: str) -> tuple[str, list[str]]:
    r"""Python source as text, with the line end `\n`, and warnings for the student.

    Raises `SubmissionError` for an encoding that hides what is written, and for what is no text.

    >>> decode(b"# caf\xe9\r\n", "a.py")
    ('# café\n', ['a.py: not UTF-8; read as Windows-1252'])
    >>> decode("# 求梯度".encode("GBK"), "a.py")
    ('# 求梯度', ['a.py: not UTF-8; read as GBK'])
    >>> decode("# coding: ascii\n# café".encode(), "a.py")
    ('# coding: ascii\n# café', ['a.py: not ASCII; read as UTF-8'])
    """
    encoding = MARKS.get(data[:2]) or _declared(data, name)
    warnings = []
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        if b"\0" in data:
            said = texts("{name}: is no text; hand in the program, saved as UTF-8 in a text editor")
            raise SubmissionError(said, name=clean(name)) from None
        others = re.findall(rb"[\x80-\xff]+", data)  # Chinese Windows writes those in the oldest part of GBK
        windows = "GBK" if all(_is_in("GB2312", run) for run in others) else "Windows-1252"
        read_as = "UTF-8" if _is_in("UTF-8", data) else windows
        text = data.decode(read_as, errors="replace")
        text_of = texts("{name}: not {encoding}; read as {windows}")
        warnings.append(say(text_of, name=name, encoding=encoding.upper(), windows=read_as))
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return text, warnings + _direction_changes(text, name)


def _is_in(encoding: str, data: bytes) -> bool:
    """Whether bytes are text in an encoding."""
    try:
        return bool(data.decode(encoding))
    except UnicodeDecodeError:
        return False


DECLARED = re.compile(
    rb"(?:[ \t\f]*(?:#[^\r\n]*)?(?:\r\n?|\n))??"
    rb"[ \t\f]*#[^\r\n]*?coding[:=][ \t]*([-\w.]+?)(?:-unix|-dos|-mac)?(?![-\w.])"
)
"""An encoding in the first line, or in the second below an empty one or a comment (PEP 263); Emacs adds line ends."""


def _declared(data: bytes, name: str) -> str:
    """The encoding that the first two lines declare; UTF-8 if they declare none, or one that is unknown."""
    found = DECLARED.match(data)
    encoding = found[1].decode() if found else "utf-8"
    try:
        codecs.lookup(encoding)
    except LookupError:
        return "utf-8"
    try:
        plain = ASCII.decode(encoding) == ASCII.decode("ascii")
    except Exception:  # whatever a codec says to what is no text in it
        plain = False
    if not plain:
        said = texts("{name}: the encoding {encoding}; save it as UTF-8")
        raise SubmissionError(said, name=clean(name), encoding=f"{encoding!r:.40}")
    return encoding


def _direction_changes(text: str, name: str) -> list[str]:
    """Warnings for lines with characters that change the direction of writing, so that they hide what Python runs."""
    if not DIRECTIONS.search(text):
        return []
    lines = [number for number, line in enumerate(text.split("\n"), 1) if DIRECTIONS.search(line)]
    where = ", ".join(map(str, lines[:5]))
    said = texts("{name}: invisible characters that change the direction of writing in line {lines}")
    return [say(said, name=name, lines=where)]
