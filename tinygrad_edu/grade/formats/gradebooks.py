"""Gradebooks as CSV: a plain one, and the files that courses export from Canvas and Moodle, with one column filled.

Canvas and Moodle know their students better than a folder of submissions does. So the file that they exported is taken,
one column is filled (for Moodle, the feedback too), and all else is left as it was: students who handed in nothing, and
those whom the grader owes a grade.
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
from .escaping import in_cell, in_html
from .words import feedback, final, number

__all__ = ["Gradebook", "canvas", "moodle", "plain"]

Rows = list[list[str]]

NOBODY = "not in the gradebook"

BOM = "\ufeff"
"""Excel reads a file that begins with it as UTF-8."""


class Gradebook(NamedTuple):
    """A gradebook that was filled.

    text : of the file. filled : how many students got a grade. notes : who got none, and what else must be known.
    """

    text: str
    filled: int
    notes: tuple[str, ...]


class Layout(NamedTuple):
    """Where what stands in a gradebook.

    first : the line of the first student. names : the columns that name students.
    downloaded : what the names of downloaded submissions look like, with one of these columns as a group.
    grade : the column to fill. most : line and column of the points that it is out of; the line None is the student's.
    locked : a column that says "No" where the grade cannot be changed. said : the column of the feedback.
    """

    first: int
    names: tuple[str, ...]
    downloaded: re.Pattern[str]
    grade: int
    most: tuple[int | None, int | None]
    locked: int | None = None
    said: int | None = None


def plain(results: Sequence[Result]) -> str:
    """A line for each student: the score, and the points of each check. Empty where there is no grade.

    The columns are `student`, `score`, `max_score`, `status` (as in `Result`), and one for each check.
    """
    names = list(dict.fromkeys(check.name for result in results for check in result.checks))
    rows = [["student", "score", "max_score", "status", *names]]
    for result in results:
        points = {check.name: number(check.points) for check in result.checks if check.outcome != "grader-error"}
        score, status = (number(result.score), result.status) if final(result) else ("", result.status)
        student = clean(result.student)
        rows.append([student, score, number(result.max_score), status, *(points.get(name, "") for name in names)])
    return _write(rows, ",")


def canvas(exported: str, results: Sequence[Result], column: str) -> Gradebook:
    """The gradebook that was exported from Canvas (Grades, Export), with one assignment's column filled.

    Parameters
    ----------
    exported : the text of the file.
    results : of the class. A student's id is what stands in one of the columns that name students, or the file name
        that Canvas gives to a downloaded submission, such as `noetheremmy_17_4021_hw1`.
    column : its header, with or without the number that Canvas put behind: "HW1" or "HW1 (4021)". It must be there:
        Canvas makes a new assignment of a column that it does not know.

    Raises `GradebookError` where this is no such gradebook, or two students are one line of it.

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
    return _fill(rows, comma, Layout(top + 1, names, downloaded, at, (top, at)), results)


def moodle(exported: str, results: Sequence[Result], column: str = "Grade") -> Gradebook:
    """The offline grading worksheet that was downloaded from Moodle, with grades and feedback comments.

    Parameters
    ----------
    exported : the text of the file.
    results : of the class. A student's id is what stands in one of the columns that name students, or the name that
        Moodle gives to the folder of a downloaded submission, such as `Emmy Noether_12345_assignsubmission_file_`.
    column : the header of the grades, where Moodle speaks another language than English.

    Feedback never comes without its grade: Moodle would take the grade away. Raises `GradebookError` as `canvas` does.

    >>> from tinygrad_edu.grade.formats.example import EXAMPLE
    >>> exported = '''Identifier,Full name,Email address,Status,Grade,Maximum Grade
    ... Participant 12345,Emmy Noether,emmy,Submitted,,10
    ... '''
    >>> print(moodle(exported, [EXAMPLE]).text.splitlines()[1])
    "Participant 12345","Emmy Noether","emmy","Submitted","5","10"
    """
    rows, comma = _read(exported)
    grade = _column(rows[0], column)
    most, locked, said = (
        rows[0].index(name) if name in rows[0] else None
        for name in ("Maximum Grade", "Grade can be changed", "Feedback comments")
    )
    names = ("Identifier", "ID number", "Username", "Email address", "Full name")
    downloaded = re.compile(r".*_(?P<Identifier>\d+)_assignsubmission_.*", re.DOTALL)
    return _fill(rows, comma, Layout(1, names, downloaded, grade, (None, most), locked, said), results)


# Filling.


def _fill(rows: Rows, comma: str, layout: Layout, results: Iterable[Result]) -> Gradebook:
    lines = _lines_of_names(rows, layout)
    filled: dict[int, str] = {}
    notes: list[str] = []
    for result in results:
        found = _found(result.student, lines, layout)
        line = min(found, default=-1)
        if line in filled:
            raise GradebookError(f"{filled[line]} and {result.student} are the same line {line + 1} of the gradebook")
        if len(found) != 1:
            several = " or ".join(str(i + 1) for i in sorted(found))
            notes.append(f"{result.student}: " + (f"no grade, for this may be line {several}" if found else NOBODY))
        elif not final(result):
            notes.append(f"{result.student}: no grade, for the grader failed; grade again")
        elif layout.locked is not None and rows[line][layout.locked].strip() == "No":
            notes.append(f"{result.student}: no grade, for the gradebook says that it cannot be changed")
        else:
            filled[line] = result.student
            rows[line][layout.grade] = _scaled(result, _cell(rows, line, layout.most), notes)
            if layout.said is not None:
                rows[line][layout.said] = in_html(feedback(result)).replace("\n", "<br>")
    return Gradebook(_write(rows, comma), len(filled), tuple(dict.fromkeys(notes)))


def _lines_of_names(rows: Rows, layout: Layout) -> list[tuple[str, dict[str, list[int]]]]:
    """For each column that names students, the lines in which each name stands."""
    result = []
    for column in layout.names:
        if column in rows[0]:
            at = rows[0].index(column)
            lines: dict[str, list[int]] = {}
            for line in range(layout.first, len(rows)):
                name = rows[line][at].strip()
                if column == "Identifier":  # "Participant 12345" in the language of the site
                    name = "".join(re.findall(r"\d+$", name))
                lines.setdefault(name, []).append(line)
            result.append((column, lines))
    return result


def _found(student: str, lines: list[tuple[str, dict[str, list[int]]]], layout: Layout) -> set[int]:
    """The lines that may be a student's: one, unless a name is nobody's, or stands twice."""
    download = layout.downloaded.fullmatch(student)
    if download:
        ((named, number),) = download.groupdict().items()
        lines, student = [(column, of_names) for column, of_names in lines if column == named], number
    return {line for _, of_names in lines for line in of_names.get(student, [])}


def _cell(rows: Rows, line: int, at: tuple[int | None, int | None]) -> str:
    row, column = at
    return "" if column is None else rows[line if row is None else row][column]


def _scaled(result: Result, possible: str, notes: list[str]) -> str:
    """The score, out of the points that the gradebook says."""
    try:
        most = float(possible.replace(",", "."))
    except ValueError:  # it does not say
        return number(result.score)
    if most == result.max_score or not result.max_score:
        return number(result.score)
    notes.append(f"scores are scaled: {number(result.max_score)} points here are {number(most)} in the gradebook")
    return number(result.score * most / result.max_score)


def _column(header: list[str], wanted: str) -> int:
    """The one column with this header."""
    found = [i for i, name in enumerate(header) if wanted in (name, re.sub(r" \(\d+\)$", "", name))]
    if len(found) != 1:
        there = "no column" if not found else f"{len(found)} columns"
        raise GradebookError(f"the gradebook has {there} {wanted!r}; its columns: {', '.join(header)}")
    return found[0]


# The files.


def _read(text: str) -> tuple[Rows, str]:
    """The rows, all as long as the first, and what separates their cells."""
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
    """The rows as CSV, for Excel too: every cell is quoted, and stays one whatever is taken for the comma."""
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=comma, quoting=csv.QUOTE_ALL).writerows([in_cell(cell) for cell in row] for row in rows)
    return BOM + file.getvalue()
