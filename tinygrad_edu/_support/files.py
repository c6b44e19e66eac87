"""Reading whole files, and writing them atomically: a file appears complete or not at all."""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from pathlib import Path
from platform import node
from secrets import token_hex
from time import time
from zlib import crc32

from .languages import say

__all__ = ["read_file", "read_resource", "remove_abandoned", "replace_file"]

DRAFT = re.compile(r"\.(.*)\.([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.part", re.DOTALL)
"""The name of a draft: of the file, of the machine as a number, of the process that writes it, and a random one."""


def read_file(path: str | os.PathLike[str], most: int | None = None) -> bytes:
    """The bytes of a file, or the first `most` of them.

    Raises `OSError` where it cannot be read, or is no file: to read a pipe that nobody writes to would last for ever.

    >>> read_file(os.devnull)
    Traceback (most recent call last):
        ...
    OSError: [Errno 22] it is no ordinary file
    """
    path = _possible(path)
    if path.exists() and not path.is_file() and not path.is_dir():
        raise OSError(errno.EINVAL, "it is no ordinary file")
    with path.open("rb") as file:
        return file.read(-1 if most is None else most)


def read_resource(package: str, name: str) -> str:
    """The text of a file that ships with a package, such as a style sheet.

    >>> read_resource("tinygrad_edu.data.text", "names.txt")[:5]
    'aaren'
    """
    from importlib.resources import files  # with all that it imports, it takes longer than this package

    return files(package).joinpath(name).read_text(encoding="utf-8")


def _possible(path: str | os.PathLike[str]) -> Path:
    if "\0" in os.fspath(path):  # for which Python raises a ValueError
        raise OSError(errno.EINVAL, "no file has a name with a null character", os.fspath(path))
    return Path(path)


def replace_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file; an older one of that name is replaced at the very end, and who may read it stays as it was.

    A reader of `path` finds the old content or the new, even after a full disk, `kill -9` or a power cut: the content
    is written to a new file beside it and flushed to the disk, then the file system renames that file in one step. A
    device or a pipe, such as /dev/stdout, is written to.

    Raises `OSError`, with the path, where the file cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     replace_file(f"{folder}/x.txt", b"new")
    ...     os.listdir(folder)
    ['x.txt']
    """
    draft = None
    try:
        given = _possible(path)
        if given.exists() and not given.is_file() and not given.is_dir():
            given.write_bytes(content)
            return
        target = Path(os.path.realpath(given))  # the file itself, where the path is a link
        if target.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        remove_abandoned(target.parent, target.name)
        old = target.stat() if target.exists() else None
        draft = target.with_name(f".{target.name[:40]}.{machine()}-{os.getpid()}-{token_hex(4)}.part")
        mode = 0o666 if old is None else 0o600  # nobody else reads the draft of what may be private
        with open(draft, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if old is not None and os.name != "nt":  # where a draft that must not be written could not be removed either
            with suppress(OSError):  # only root may give a file away
                os.chown(draft, old.st_uid, old.st_gid)
            draft.chmod(old.st_mode & 0o777)
        os.replace(draft, target)
    except OSError as error:
        reason, folder = error.strerror, Path(path).parent
        if isinstance(error, FileNotFoundError) and not folder.exists():
            reason = say("{reason}; make the folder {folder} first", reason=reason, folder=folder)
        raise OSError(error.errno, reason, str(path)) from None  # it names the file, not its draft
    finally:
        if draft is not None:
            with suppress(OSError):  # after the renaming there is no draft
                draft.unlink()


def remove_abandoned(folder: Path, name: str | None = None) -> None:
    """Remove the drafts that killed processes left in a folder: all of them, or those of one file."""
    for entry in folder.iterdir():
        found = DRAFT.fullmatch(entry.name)
        if found and (name is None or found[1] == name[:40]):
            with suppress(OSError):
                here, old = found[2] == machine(), time() - entry.stat().st_mtime > 3600
                if old or (here and not _is_alive(int(found[3]))):
                    entry.unlink()


def machine() -> str:
    """A number for this machine, in hexadecimal digits: a process is known by its number only where it runs."""
    return f"{crc32(node().encode()):08x}"


def _is_alive(process: int) -> bool:
    """Whether a process of this number runs here, as far as one can tell."""
    if os.name == "nt":  # where the question would end the process
        return True
    try:
        os.kill(process, 0)
    except (OSError, OverflowError) as error:
        return isinstance(error, PermissionError)  # it is somebody else's
    return True
