"""`Submission`: what a student handed in, as the sources of one program."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from ..._support.text import clean
from ..errors import SubmissionError
from .reading import decode, direction_changes, read_archive, read_file, read_folder, read_notebook, sha256_of

__all__ = ["Submission"]

USUAL_NAMES = ("submission", "solution", "main")
"""Names of the file to grade, if there are several files and the assignment names none."""

Part = tuple[str, str]
"""The name of a file or cell, such as "hw1.py" or "cell 3", and its source."""


@dataclass(frozen=True)
class Submission:
    """What a student handed in. The files are read once; only what is stored here is graded.

    Attributes
    ----------
    name : name of the file, archive or folder.
    parts : names and sources of the program, executed in this order in one module.
    modules : further files that the program may import: path in what was handed in -> source.
    warnings : warnings for the student.
    sha256 : hash of all names and bytes that were read.
    main : the path of the graded file in what was handed in.
    """

    name: str
    parts: tuple[Part, ...]
    modules: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    sha256: str = ""
    main: str = ""

    @staticmethod
    def from_source(source: str, name: str = "submission.py") -> Submission:
        """A submission of one file.

        >>> Submission.from_source("x = 1").parts
        (('submission.py', 'x = 1'),)
        """
        return _assemble(name, {name: source.encode(errors="surrogatepass")}, None)

    @staticmethod
    def read(path: str | os.PathLike[str], main: str | None = None) -> Submission:
        """Read a .py file, a notebook, a .zip, or a folder.

        Parameters
        ----------
        main : the file to grade if there are several: "hw1" stands for hw1.py and hw1.ipynb.

        Raises `SubmissionError`, which says what to hand in instead.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "hw1.py").write_text("x = 1")
        ...     Submission.read(folder).parts
        (('hw1.py', 'x = 1'),)
        """
        path = Path(path)
        if path.is_dir() and not path.is_symlink():
            return _assemble(path.name, read_folder(path), main)
        data = read_file(path)
        if path.suffix == ".zip" or data.startswith(b"PK\x03\x04"):
            return _assemble(path.name, read_archive(data), main)
        if path.suffix not in (".py", ".ipynb"):
            raise SubmissionError(f"{clean(path.name)}: hand in a .py file, a notebook (.ipynb), or a .zip of them")
        return _assemble(path.name, {path.name: data}, main)


def _assemble(name: str, files: dict[str, bytes], main: str | None) -> Submission:
    chosen = _choose(name, files, main)
    warnings: list[str] = []
    parts = _read_part(chosen, files[chosen], warnings)
    modules = {
        path: "\n".join(source for _, source in _read_part(path, data, warnings))
        for path, data in sorted(files.items())
        if path != chosen
    }
    return Submission(name, tuple(parts), modules, tuple(map(clean, warnings)), sha256_of(files), chosen)


def _choose(name: str, files: dict[str, bytes], main: str | None) -> str:
    """The file to grade."""
    if len(files) == 1:
        return next(iter(files))
    wanted = (main.removesuffix(".py").removesuffix(".ipynb"),) if main else USUAL_NAMES
    for stem in wanted:
        found = [path for path in files if path.rpartition("/")[2] in (f"{stem}.py", f"{stem}.ipynb")]
        if len(found) == 1:
            return found[0]
    if not files:
        raise SubmissionError(f"{clean(name)}: no .py file and no notebook in it")
    names = ", ".join(f"{stem}.py" for stem in wanted)
    raise SubmissionError(
        f"{clean(name)}: {len(files)} files, and it is not clear which to grade; one must be called {names}"
    )


def _read_part(path: str, data: bytes, warnings: list[str]) -> list[Part]:
    if path.endswith(".ipynb"):
        cells = read_notebook(data, path)
        for cell, source in cells:
            warnings += direction_changes(source, cell)
        return cells
    text, found = decode(data, path)
    warnings += found
    return [(path, text)]
