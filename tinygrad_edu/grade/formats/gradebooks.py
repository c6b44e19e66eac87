"""Gradebooks as CSV: a plain one, and exported files of Canvas and Moodle with one column filled in.

Canvas and Moodle have the complete list of students. Therefore `canvas` and `moodle` take an exported file and fill one
column, for Moodle also the feedback. Everything else stays as it was, also the lines of students who handed in nothing,
of those whom the grader could not grade, and of those who cannot be told apart.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from ..._support.grouping import grouped
from ..._support.languages import listed, say, texts
from ..._support.text import clean
from ..errors import GradebookError
from ..results import Result
from .words import feedback, final, in_cell, in_html, score_text

__all__ = ["Gradebook", "canvas", "moodle", "plain"]

Rows = list[list[str]]

Groups = Mapping[str, Sequence[str]]
"""For each student's id that stands for several students, the ids or names of these."""

MOODLE_NAMES = ("Identifier", "ID number", "Username", "Email address", "Full name")
MOODLE_DOWNLOADED = re.compile(r".*_(?P<Identifier>\d+)(?:_assignsubmission_.*)?", re.DOTALL)
"""The columns of Moodle that name students, and the names of downloaded submissions."""

DAYS = {"year": 365.0, "week": 7.0, "day": 1.0, "hour": 1 / 24, "min": 1 / 1440, "sec": 1 / 86_400}
"""How many days are in each unit of time, as Moodle calls them."""

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
    most : gives the maximum number of points, of a student's line; empty if the gradebook has none.
    locked : a column that says "No" if the grade cannot be changed.
    feedback : the column of the feedback.
    """

    first: int
    names: tuple[str, ...]
    downloaded: re.Pattern[str]
    grade: int
    most: Callable[[list[str]], str] = lambda row: ""
    locked: int | None = None
    feedback: int | None = None


def plain(results: Sequence[Result]) -> str:
    """A line for each student: the score, and the points of each check; empty if there is no grade.

    The columns are `student`, `score`, `max_score`, `status` (as in `Result`), and one for each check; if somebody was
    late, also `days_late` (empty if that is not known, 0 for who was in time) and `lost` points.
    """
    names = list(dict.fromkeys(check.name for result in results for check in result.checks))
    late = ["days_late", "lost"] if any(result.late for result in results) else []
    rows = [["student", "score", "max_score", "status", *names, *late]]
    for result in results:
        points = {check.name: score_text(check.points) for check in result.checks if check.outcome != "grader-error"}
        score, status = (score_text(result.score), result.status) if final(result) else ("", result.status)
        student = clean(result.student)
        row = [student, score, score_text(result.max_score), status, *(points.get(name, "") for name in names)]
        days = "" if result.late and not result.days_late else score_text(result.days_late)
        rows.append([*row, days, score_text(result.lost)] if late else row)
    return _write([[in_cell(cell) for cell in row] for row in rows], ",")


def canvas(
    exported: str, results: Sequence[Result], column: str, groups: Groups | None = None, students: Sequence[str] = ()
) -> Gradebook:
    """The gradebook that was exported from Canvas (Grades, Export), with one assignment's column filled.

    Parameters
    ----------
    exported : the text of the file.
    results : the results of the class. A student's id is the text in one of the columns that name students, or the file
        name that Canvas gives to a downloaded submission, such as `noetheremmy_17_4021_hw1`.
    column : the header of the column, with or without the number that Canvas appends: "HW1" or "HW1 (4021)". It must be
        there, because Canvas makes a new assignment of an unknown column.
    groups : for an id that stands for several students, who these are; "emmy+ada" stands for two without that.
    students : further ids, without results yet; only the notes tell what becomes of them.

    Students who belong to the same line, or to none, get no grade, and the notes say so. Raises `GradebookError` if
    this is not such a gradebook.

    >>> from tinygrad_edu.grade.results import EXAMPLE
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
        text = texts('this is no gradebook of Canvas: no line "Points Possible"; export it with Grades, Export')
        raise GradebookError(say(text))
    names = ("ID", "SIS User ID", "SIS Login ID", "Integration ID", "Student")
    downloaded = re.compile(r"[^_]+(?:_LATE)?_(?P<ID>\d+)(?:_\d+_.*)?", re.DOTALL)
    at = _column(rows[0], column)
    most = rows[top][at]
    columns = GradebookColumns(top + 1, names, downloaded, at, lambda row: most)
    return _fill(rows, comma, columns, results, groups, students)


def moodle(
    exported: str,
    results: Sequence[Result],
    column: str = "Grade",
    groups: Groups | None = None,
    students: Sequence[str] = (),
) -> Gradebook:
    """The offline grading worksheet of Moodle, with grades and feedback comments filled in.

    Parameters
    ----------
    exported : the text of the file.
    results : the results of the class. A student's id is the text in one of the columns that name students, or the name
        that Moodle gives to the folder of a downloaded submission, such as `Emmy Noether_12345_assignsubmission_file_`.
    column : the header of the grades, if Moodle uses another language than English.
    groups, students : as for `canvas`.

    Feedback is only filled in together with a grade, or Moodle would delete the grade. Raises `GradebookError` as
    `canvas` does.

    >>> from tinygrad_edu.grade.results import EXAMPLE
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
    possible = (lambda row: "") if most is None else itemgetter(most)
    columns = GradebookColumns(1, MOODLE_NAMES, MOODLE_DOWNLOADED, grade, possible, locked, comments)
    return _fill(rows, comma, columns, results, groups, students)


def late_in_moodle(exported: str, students: Sequence[str]) -> dict[str, float]:
    """The students whom a worksheet of Moodle calls late, in English, and by how many days.

    >>> worksheet = "Identifier,Full name,Status\\nParticipant 7,Emmy,Submitted for grading - 1 day 12 hours late\\n"
    >>> late_in_moodle(worksheet, ["Emmy"])
    {'Emmy': 1.5}
    """
    rows, _ = _read(exported)
    if "Status" not in rows[0]:
        return {}
    lines, _ = _places(rows, GradebookColumns(1, MOODLE_NAMES, MOODLE_DOWNLOADED, 0), students, {})
    late: dict[str, float] = {}
    for student, found in lines.items():
        for line in found:
            said = re.search(r"((?:\d+ [a-z]+ ?)+)late", rows[line][rows[0].index("Status")])
            for number, unit in re.findall(r"(\d+) ([a-z]+?)s? ", said[1] if said else ""):
                late[student] = late.get(student, 0.0) + int(number) * DAYS.get(unit, 0.0)
    return late


# Filling.


def _fill(
    rows: Rows,
    comma: str,
    columns: GradebookColumns,
    results: Sequence[Result],
    groups: Groups | None,
    students: Sequence[str],
) -> Gradebook:
    everybody = dict.fromkeys([*(result.student for result in results), *students])
    lines, notes = _places(rows, columns, everybody, groups or {})
    filled = 0
    for result in results:
        for line in lines[result.student]:
            if not final(result):
                notes.append(say("{student}: no grade, for the grader failed; grade again", student=result.student))
            elif columns.locked is not None and rows[line][columns.locked].strip() == "No":
                text = texts("{student}: no grade, for the gradebook says that it cannot be changed")
                notes.append(say(text, student=result.student))
            else:
                filled += 1
                rows[line][columns.grade] = _scaled(result, columns.most(rows[line]), notes)
                if columns.feedback is not None:
                    rows[line][columns.feedback] = in_cell(in_html(feedback(result)).replace("\n", "<br>"))
    return Gradebook(_write(rows, comma), filled, tuple(dict.fromkeys(notes)))


def _places(
    rows: Rows, columns: GradebookColumns, students: Iterable[str], groups: Groups
) -> tuple[dict[str, list[int]], list[str]]:
    """The lines of each student, several for a group, and notes about those who have none."""
    names = _lines_of_names(rows, columns)
    lines: dict[str, list[int]] = {}
    notes: list[str] = []
    for student in students:
        members = groups.get(student) or [student]
        if members == [student] and not _found(student, names, columns):
            members = student.split("+")
        lines[student] = []
        for member in members:
            found = sorted(_found(member, names, columns))
            who = student if member == student else f"{student}: {member}"
            if len(found) == 1:
                lines[student] += found
            else:
                several = listed([str(line + 1) for line in found], alternatives=True)
                unclear = texts("{student}: no grade, for this may be line {lines}")
                unknown = texts("{student}: not in the gradebook")
                notes.append(say(unclear if found else unknown, student=who, lines=several))
    times = Counter(line for found in lines.values() for line in set(found))
    for line in sorted(line for line, count in times.items() if count > 1):
        same = [student for student, found in lines.items() if line in found]
        text = texts("{students}: no grade, for they are the same line {line}; leave one of them")
        notes.append(say(text, students=listed(same), line=line + 1))
    return {student: [line for line in found if times[line] == 1] for student, found in lines.items()}, notes


def _lines_of_names(rows: Rows, columns: GradebookColumns) -> dict[str, dict[str, list[int]]]:
    """For each column that names students, the lines of each name."""
    result = {}
    for column in filter(rows[0].__contains__, columns.names):
        at = rows[0].index(column)
        names = [unicodedata.normalize("NFC", row[at].strip()) for row in rows]
        if column == "Identifier":  # "Participant 12345" in the language of the site
            names = ["".join(re.findall(r"\d+$", name)) for name in names]
        result[column] = grouped((names[line], line) for line in range(columns.first, len(rows)))
    return result


def _found(student: str, lines: dict[str, dict[str, list[int]]], columns: GradebookColumns) -> set[int]:
    """The lines that may belong to a student: one, unless nobody or several have this name. Capitals count only if
    several differ in nothing else, and for downloaded submissions the number counts, if the name is no student's.
    """
    name = unicodedata.normalize("NFC", student.strip())
    found = {line for of_names in lines.values() for line in of_names.get(name, [])}
    if not found:
        everybody = [pair for of_names in lines.values() for pair in of_names.items()]
        found = {line for one, some in everybody if one.casefold() == name.casefold() for line in some}
    download = columns.downloaded.fullmatch(name)
    if not found and download:
        ((named, number),) = download.groupdict().items()
        found = set(lines.get(named, {}).get(number, []))
    return found


def _scaled(result: Result, possible: str, notes: list[str]) -> str:
    """The score, scaled to the maximum number of points in the gradebook."""
    try:
        most = float(possible.replace(",", "."))
    except ValueError:  # the gradebook gives no maximum
        return score_text(result.score)
    if most == result.max_score or not result.max_score:
        return score_text(result.score)
    here, there = score_text(result.max_score), score_text(most)
    notes.append(say("scores are scaled: {here} points here are {there} in the gradebook", here=here, there=there))
    return score_text(result.score * most / result.max_score)


def _column(header: list[str], wanted: str) -> int:
    """The number of the only column with this header."""
    found = [i for i, name in enumerate(header) if wanted in (name, re.sub(r" \(\d+\)$", "", name))]
    if len(found) != 1:
        none = texts("the gradebook has no column {name}; its columns: {names}; name one of them with --column")
        several = texts("the gradebook has {n} columns {name}; its columns: {names}")
        text, names = several if found else none, ", ".join(header)
        raise GradebookError(text, n=len(found), name=repr(wanted), names=names)
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
        text = texts("the gradebook is no CSV: line {line}: {error}")
        raise GradebookError(text, line=reader.line_num, error=error) from None
    if not rows:
        raise GradebookError(say("the gradebook is empty"))
    width = len(rows[0])
    return [(row + [""] * width)[: max(width, len(row))] for row in rows], comma


def _write(rows: Rows, comma: str) -> str:
    """The rows as CSV. Every cell is quoted, because some versions of Excel expect another separator."""
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=comma, quoting=csv.QUOTE_ALL).writerows(rows)
    return BOM + file.getvalue()
