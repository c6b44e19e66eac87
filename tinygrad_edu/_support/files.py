"""Files that appear complete or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

__all__ = ["replace_file"]


def replace_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file, replacing an older one at the very end.

    Whoever opens `path` finds the old content or the new, whatever happens meanwhile: a full disk, `kill -9`, a power
    cut. The content goes into a new file beside it and onto the disk, then one step of the file system renames it.

    Raises `OSError` where the file cannot be written.

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
        raise OSError(error.errno, error.strerror, str(path)) from None  # names the file, not the draft of it
    finally:
        with suppress(OSError):  # there is none any more, if all went well
            draft.unlink()
