"""Gradebooks as CSV: a plain one, and exported files of Canvas and Moodle with one column filled in.

Canvas and Moodle have the complete list of students. Therefore `canvas` and `moodle` take an exported file and fill one
column, for Moodle also the feedback. Everything else stays as it was, also the lines of students who handed in nothing
and of those whom the grader could not grade.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..._support.text import clean
from ..errors import GradebookError
from ..results import Result
from .words import feedback, final, in_cell, in_html, score_text

__all__ = ["Gradebook", "canvas", "moodle", "plain"]

Rows = list[list[str]]

NOBODY = "not in the gradebook"

BOM = "\ufeff"
"""Excel reads a file that begins with this character as UTF-8."""


class Gradebook(NamedTuple):
    """A gradebook that was filled.

    Attributes
    ----------
    text : the text of the file.
    filled : how many students got a grade.
    notes : which students got none, and other remarks.
    """

    text: str
    filled: int
    notes: tuple[str, ...]


class GradebookColumns(NamedTuple):
    """The places in a gradebook.

    Attributes
    ----------
    first : the line of the first student.
    names : the columns that name students.
    downloaded : a pattern for the names of downloaded submissions; its group is named like one of these columns.
    grade : the column to fill.
    most : line and column of the maximum number of points; the line None is the student's.
    locked : a column that says "No" if the grade cannot be changed.
    feedback : the column of the feedback.
    """

    first: int
    names: tuple[str, ...]
    downloaded: re.Pattern[str]
    grade: int
    most: tuple[int | None, int | None]
    locked: int | None = None
    feedback: int | None = None


def plain(results: Sequence[Result]) -> str:
    """A line for each student: the score, and the points of each check; empty if there is no grade.

    The columns are `student`, `score`, `max_score`, `status` (as in `Result`), and one for each check.
    """
    names = list(dict.fromkeys(check.name for result in results for check in result.checks))
    rows = [["student", "score", "max_score", "status", *names]]
    for result in results:
        points = {check.name: score_text(check.points) for check in result.checks if check.outcome != "grader-error"}
        score, status = (score_text(result.score), result.status) if final(result) else ("", result.status)
        student = clean(result.student)
        rows.append([student, score, score_text(result.max_score), status, *(points.get(name, "") for name in names)])
    return _write(rows, ",")


def canvas(exported: str, results: Sequence[Result], column: str) -> Gradebook:
    """The gradebook that was exported from Canvas (Grades, Export), with one assignment's column filled.

    Parameters
    ----------
    exported : the text of the file.
    results : the results of the class. A student's id is the text in one of the columns that name students, or the file
        name that Canvas gives to a downloaded submission, such as `noetheremmy_17_4021_hw1`.
    column : the header of the column, with or without the number that Canvas appends: "HW1" or "HW1 (4021)". It must be
        there, because Canvas makes a new assignment of an unknown column.

    Raises `GradebookError` if this is not such a gradebook, or two students belong to one line of it.

    >>> from tinygrad_edu.grade.formats.example import EXAMPLE
    >>> exported = '''Student,ID,SIS User ID,SIS Login ID,Section,HW1 (4021)
    ...     Points Possible,,,,,10
    ... "Noether, Emmy",17,e17,emmy,S1,
    ... '''
    >>> print(canvas(exported, [EXAMPLE], "HW1").text.splitlines()[2])
    "Noether, Emmy","17","e17","emmy","S1","5"
    """
    rows, comma = _read(exported)
    top = next((i for i, row in enumerate(rows) if row[0].strip() == "Points Possible"), None)
    if top is None:
        raise GradebookError('this is no gradebook of Canvas: no line "Points Possible"; export it with Grades, Export')
    names = ("ID", "SIS User ID", "SIS Login ID", "Integration ID", "Student")
    downloaded = re.compile(r"[^_]+(?:_LATE)?_(?P<ID>\d+)_\d+_.*", re.DOTALL)
    at = _column(rows[0], column)
    return _fill(rows, comma, GradebookColumns(top + 1, names, downloaded, at, (top, at)), results)


def moodle(exported: str, results: Sequence[Result], column: str = "Grade") -> Gradebook:
    """The offline grading worksheet of Moodle, with grades and feedback comments filled in.

    Parameters
    ----------
    exported : the text of the file.
    results : the results of the class. A student's id is the text in one of the columns that name students, or the name
        that Moodle gives to the folder of a downloaded submission, such as `Emmy Noether_12345_assignsubmission_file_`.
    column : the header of the grades, if Moodle uses another language than English.

    Feedback is only filled in together with a grade, or Moodle would delete the grade. Raises `GradebookError` as
    `canvas` does.

    >>> from tinygrad_edu.grade.formats.example import EXAMPLE
    >>> exported = '''Identifier,Full name,Email address,Status,Grade,Maximum Grade
    ... Participant 12345,Emmy Noether,emmy,Submitted,,10
    ... '''
    >>> print(moodle(exported, [EXAMPLE]).text.splitlines()[1])
    "Participant 12345","Emmy Noether","emmy","Submitted","5","10"
    """
    rows, comma = _read(exported)
    grade = _column(rows[0], column)
    most, locked, comments = (
        rows[0].index(name) if name in rows[0] else None
        for name in ("Maximum Grade", "Grade can be changed", "Feedback comments")
    )
    names = ("Identifier", "ID number", "Username", "Email address", "Full name")
    downloaded = re.compile(r".*_(?P<Identifier>\d+)_assignsubmission_.*", re.DOTALL)
    return _fill(rows, comma, GradebookColumns(1, names, downloaded, grade, (None, most), locked, comments), results)


# Filling.


def _fill(rows: Rows, comma: str, columns: GradebookColumns, results: Iterable[Result]) -> Gradebook:
    lines = _lines_of_names(rows, columns)
    filled: dict[int, str] = {}
    notes: list[str] = []
    for result in results:
        found = _found(result.student, lines, columns)
        line = min(found, default=-1)
        if line in filled:
            raise GradebookError(f"{filled[line]} and {result.student} are the same line {line + 1} of the gradebook")
        if len(found) != 1:
            several = " or ".join(str(i + 1) for i in sorted(found))
            notes.append(f"{result.student}: " + (f"no grade, for this may be line {several}" if found else NOBODY))
        elif not final(result):
            notes.append(f"{result.student}: no grade, for the grader failed; grade again")
        elif columns.locked is not None and rows[line][columns.locked].strip() == "No":
            notes.append(f"{result.student}: no grade, for the gradebook says that it cannot be changed")
        else:
            filled[line] = result.student
            rows[line][columns.grade] = _scaled(result, _cell(rows, line, columns.most), notes)
            if columns.feedback is not None:
                rows[line][columns.feedback] = in_html(feedback(result)).replace("\n", "<br>")
    return Gradebook(_write(rows, comma), len(filled), tuple(dict.fromkeys(notes)))


def _lines_of_names(rows: Rows, columns: GradebookColumns) -> list[tuple[str, dict[str, list[int]]]]:
    """For each column that names students, the lines of each name."""
    result = []
    for column in columns.names:
        if column in rows[0]:
            at = rows[0].index(column)
            lines: dict[str, list[int]] = {}
            for line in range(columns.first, len(rows)):
                name = rows[line][at].strip()
                if column == "Identifier":  # "Participant 12345" in the language of the site
                    name = "".join(re.findall(r"\d+$", name))
                lines.setdefault(name, []).append(line)
            result.append((column, lines))
    return result


def _found(student: str, lines: list[tuple[str, dict[str, list[int]]]], columns: GradebookColumns) -> set[int]:
    """The lines that may belong to a student: one, unless nobody or several have this name."""
    download = columns.downloaded.fullmatch(student)
    if download:
        ((named, number),) = download.groupdict().items()
        lines, student = [(column, of_names) for column, of_names in lines if column == named], number
    return {line for _, of_names in lines for line in of_names.get(student, [])}


def _cell(rows: Rows, line: int, at: tuple[int | None, int | None]) -> str:
    row, column = at
    return "" if column is None else rows[line if row is None else row][column]


def _scaled(result: Result, possible: str, notes: list[str]) -> str:
    """The score, scaled to the maximum number of points in the gradebook."""
    try:
        most = float(possible.replace(",", "."))
    except ValueError:  # the gradebook gives no maximum
        return score_text(result.score)
    if most == result.max_score or not result.max_score:
        return score_text(result.score)
    here, there = score_text(result.max_score), score_text(most)
    notes.append(f"scores are scaled: {here} points here are {there} in the gradebook")
    return score_text(result.score * most / result.max_score)


def _column(header: list[str], wanted: str) -> int:
    """The number of the only column with this header."""
    found = [i for i, name in enumerate(header) if wanted in (name, re.sub(r" \(\d+\)$", "", name))]
    if len(found) != 1:
        there = "no column" if not found else f"{len(found)} columns"
        raise GradebookError(f"the gradebook has {there} {wanted!r}; its columns: {', '.join(header)}")
    return found[0]


# The files.


def _read(text: str) -> tuple[Rows, str]:
    """The rows, all at least as long as the first, and the separator of their cells."""
    text = text.removeprefix(BOM)
    first = text.partition("\n")[0]
    comma = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=comma, strict=True)
    try:
        rows = [row for row in reader if row]
    except csv.Error as error:
        raise GradebookError(f"the gradebook is no CSV: line {reader.line_num}: {error}") from None
    if not rows:
        raise GradebookError("the gradebook is empty")
    width = len(rows[0])
    return [(row + [""] * width)[: max(width, len(row))] for row in rows], comma


def _write(rows: Rows, comma: str) -> str:
    """The rows as CSV. Every cell is quoted, because some versions of Excel expect another separator."""
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=comma, quoting=csv.QUOTE_ALL).writerows([in_cell(cell) for cell in row] for row in rows)
    return BOM + file.getvalue()
