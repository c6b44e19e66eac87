"""Writes results to files in any format: a file for each student, or one for the class."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from ..._support.files import replace_file
from ..errors import GradebookError
from ..results import Result
from .gradebooks import Gradebook, Groups, canvas, moodle, plain
from .pages import class_report, student_report
from .services import github, gradescope, junit, prairielearn

__all__ = ["FORMATS", "GRADEBOOKS", "fill_gradebook", "read_gradebook", "write_results"]


class Writer(NamedTuple):
    """How a format is written.

    Attributes
    ----------
    extension : the extension of its files.
    one, all : writes one student, or all; the other is None.
    """

    extension: str
    one: Callable[[Result], str] | None
    all: Callable[[Sequence[Result]], str] | None = None


WRITERS = {
    "gradescope": Writer(".json", gradescope),
    "github": Writer(".txt", github),
    "prairielearn": Writer(".json", prairielearn),
    "html": Writer(".html", student_report),
    "junit": Writer(".xml", None, junit),
    "csv": Writer(".csv", None, plain),
}

GRADEBOOKS = {"canvas": canvas, "moodle": moodle}

FORMATS = (*WRITERS, *GRADEBOOKS)
"""The names of all formats; gradebooks need an exported file."""


def write_results(results: Sequence[Result], format: str, out: str | os.PathLike[str]) -> list[Path]:
    """Write the results in a format other than a gradebook; the files that were written.

    Parameters
    ----------
    format : one of `FORMATS`.
    out : a file; if the format holds one student and there are several, a folder with a file for each, named by the
        student. A folder of pages also gets an `index.html` about the class.

    Raises `OSError` if a file cannot be written.

    >>> import tempfile
    >>> from tinygrad_edu.grade.results import EXAMPLE
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_results([EXAMPLE], "html", folder)]
    ['emmy.html', 'index.html']
    """
    writer, out = WRITERS[format], Path(out)
    if writer.one is None:
        assert writer.all is not None
        return _write({out: writer.all(results)})
    if len(results) == 1 and not out.is_dir() and out.suffix == writer.extension:
        return _write({out: writer.one(results[0])})
    out.mkdir(parents=True, exist_ok=True)
    texts = {out / (_file_name(result.student) + writer.extension): writer.one(result) for result in results}
    if format == "html":
        texts[out / "index.html"] = class_report(results, lambda result: f"{_file_name(result.student)}.html")
    return _write(texts)


def _file_name(student: str) -> str:
    """The name of a student's file. Unsafe characters are replaced, and a hash keeps such names distinct.

    >>> _file_name("emmy@example.org"), _file_name("../x")
    ('emmy@example.org', '_.._x-d6b96a')
    """
    plain_name = re.sub(r"[^\w@+ .-]", "_", student)[:80]
    if plain_name == student and student.strip(" .") == student and student.lower() != "index":
        return student
    return f"_{plain_name}-{sha256(student.encode(errors='backslashreplace')).hexdigest()[:6]}"


def fill_gradebook(
    results: Sequence[Result],
    format: str,
    exported: str | os.PathLike[str],
    column: str,
    groups: Groups | None = None,
    students: Sequence[str] = (),
) -> Gradebook:
    """Fill an exported gradebook, "canvas" or "moodle", and write it back. Without results, only check that this works.

    Parameters
    ----------
    column : the header of the column to fill.
    groups, students : see `canvas`.

    Raises `GradebookError` if it cannot be filled, and `OSError`.
    """
    gradebook = GRADEBOOKS[format](read_gradebook(exported), results, column, groups, students)
    if results:
        _write({Path(exported): gradebook.text})
    return gradebook


def read_gradebook(exported: str | os.PathLike[str]) -> str:
    """The text of an exported gradebook. Raises `GradebookError` if it is not in UTF-8."""
    try:
        return Path(exported).read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise GradebookError("{file} is no text in UTF-8; export it anew", file=exported) from None


def _write(texts: dict[Path, str]) -> list[Path]:
    for path, text in texts.items():
        replace_file(path, text.encode("utf-8", "backslashreplace"))
    return list(texts)
