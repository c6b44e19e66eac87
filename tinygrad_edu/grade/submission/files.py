"""A file or a folder as bytes, without following a link, waiting for a pipe, or reading for ever."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ..errors import SubmissionError
from ..text import clean

__all__ = ["FILES", "TOTAL_BYTES", "read_file", "read_folder", "relevant"]

FILES, TOTAL_BYTES = 2_000, 32 << 20
"""The most files and bytes that a submission may have."""

KINDS = (".py", ".ipynb")
"""What is read; everything else in a folder or an archive is passed over."""


def relevant(name: str) -> bool:
    """Whether a file of this path belongs to the program, rather than to an editor or an operating system."""
    parts = name.split("/")
    return name.endswith(KINDS) and not any(part.startswith((".", "__MACOSX", "__pycache__")) for part in parts)


def read_file(path: Path, most: int = TOTAL_BYTES) -> bytes:
    """The bytes of a regular file; `SubmissionError` for a link, a pipe, a device, or a file longer than `most`."""
    # Whoever handed in a pipe must not keep us waiting, and what was a file a moment ago may be a link now: look at
    # what was opened, not at the name.
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
    """The program's files in a folder, by their path within it."""
    files: dict[str, bytes] = {}
    seen, left = 0, TOTAL_BYTES
    for place, folders, names in os.walk(folder):  # does not follow links to folders
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
