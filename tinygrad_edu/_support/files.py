"""Writing files atomically: a file appears complete or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

__all__ = ["replace_file"]


def replace_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file; an older one of that name is replaced at the very end.

    A reader of `path` finds the old content or the new, even after a full disk, `kill -9` or a power cut: the content
    is written to a new file beside it and flushed to the disk, then the file system renames that file in one step.

    Raises `OSError` if the file cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     replace_file(f"{folder}/x.txt", b"new")
    ...     os.listdir(folder)
    ['x.txt']
    """
    path = Path(path).resolve()
    draft = path.with_name(f".{path.name[:40]}.{token_hex(4)}.part")
    try:
        with open(draft, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None  # it names the file, not its draft
    finally:
        with suppress(OSError):  # after the renaming there is no draft
            draft.unlink()
