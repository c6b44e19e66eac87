"""Results into files: a file for each student, or one for the class."""

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
from .github import github
from .gradebooks import Gradebook, canvas, moodle, plain
from .gradescope import gradescope
from .junit import junit
from .prairielearn import prairielearn
from .report import class_report, student_report

__all__ = ["FORMATS", "GRADEBOOKS", "fill_gradebook", "write_results"]


class Writer(NamedTuple):
    """How a format is written: the extension of its files, and what writes one student or all; one of these is None."""

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
"""The names of the formats; those of gradebooks take an exported file."""


def write_results(results: Sequence[Result], format: str, out: str | os.PathLike[str]) -> list[Path]:
    """Write the results in a format that is no gradebook; the files that were written.

    Parameters
    ----------
    format : one of `FORMATS`.
    out : a file; for several students in a format that knows one, the folder that gets a file for each, named by the
        student. A folder of pages has an `index.html` too, about the class.

    Raises `OSError` where a file cannot be written.

    >>> import tempfile
    >>> from tinygrad_edu.grade.formats.example import EXAMPLE
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
    texts = {out / (file_name(result.student) + writer.extension): writer.one(result) for result in results}
    if format == "html":
        texts[out / "index.html"] = class_report(results, lambda result: f"{file_name(result.student)}.html")
    return _write(texts)


def file_name(student: str) -> str:
    """The name of a student's file. What a file system could misread is left out, and a hash tells such names apart.

    >>> file_name("emmy@example.org"), file_name("../x")
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
) -> Gradebook:
    """Fill an exported gradebook, "canvas" or "moodle", in its file. With no results, see whether it can be filled.

    Parameters
    ----------
    column : the header of what is filled.

    Raises `GradebookError` for what cannot be filled, and `OSError`.
    """
    try:
        text = Path(exported).read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise GradebookError(f"{exported} is no text in UTF-8; export it anew") from None
    gradebook = GRADEBOOKS[format](text, results, column)
    if results:
        _write({Path(exported): gradebook.text})
    return gradebook


def _write(texts: dict[Path, str]) -> list[Path]:
    for path, text in texts.items():
        replace_file(path, text.encode("utf-8", "backslashreplace"))
    return list(texts)
