"""A .zip as bytes by path. Nothing is ever written to the disk, so no name can lead anywhere; odd ones are refused."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib

from ..errors import SubmissionError
from ..text import clean
from .files import FILES, TOTAL_BYTES, relevant

__all__ = ["read_archive"]

ENTRY = b"PK\x01\x02"
"""What every entry of an archive's table of contents begins with."""

RESERVED = {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}
"""Names that are devices on Windows, with any extension."""


def read_archive(data: bytes) -> dict[str, bytes]:
    """The program's files in the archive; `SubmissionError` where it is damaged, encrypted, or no honest archive."""
    if data.count(ENTRY) > FILES:  # counted before the table is read, which would cost memory for each
        raise SubmissionError(f"the archive holds more than {FILES:,} files")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return read_entries(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError, RuntimeError) as error:
        if isinstance(error, SubmissionError):
            raise
        raise SubmissionError(f"the archive cannot be read: {clean(str(error), 200)}") from None


def read_entries(archive: zipfile.ZipFile) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    left = TOTAL_BYTES
    names: set[str] = set()
    for entry in archive.infolist():
        check_entry(entry)
        folded = entry.filename.casefold()
        if folded in names:  # which of the two is graded would be a matter of taste
            raise SubmissionError(f"the archive holds {clean(entry.filename, 80)} twice")
        names.add(folded)
        if entry.is_dir() or not relevant(entry.filename):
            continue
        with archive.open(entry) as file:
            content = file.read(left + 1)  # the sizes that the archive declares may be lies
        left -= len(content)
        if left < 0:
            raise SubmissionError(f"the archive unpacks to more than {TOTAL_BYTES:,} bytes")
        files[entry.filename] = content
    return files


def check_entry(entry: zipfile.ZipInfo) -> None:
    """Refuse a name or a kind of file that no honest archive has."""
    name, shown = entry.filename, clean(entry.filename, 80)
    parts = name.rstrip("/").split("/")
    # `orig_filename`: what was written before zipfile cut the name at a NUL.
    if not name or name.startswith("/") or ".." in parts or any(c in entry.orig_filename for c in "\\:\0"):
        raise SubmissionError(f"the archive holds {clean(entry.orig_filename, 80)}, which leads out of its folder")
    if len(name) > 500 or not name.isprintable() or any(part.split(".")[0].lower() in RESERVED for part in parts):
        raise SubmissionError(f"the archive holds {shown}, which is no name for a file")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):  # 0: written on Windows
        raise SubmissionError(f"the archive holds {shown}, which is a link or a device")
    if entry.flag_bits & 1:
        raise SubmissionError(f"the archive holds {shown}, which is encrypted")
