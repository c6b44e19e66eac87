"""`tinygrad-edu grade`: grade the submissions of a class, or a single one.

`grade new` writes a first assignment, and `grade check` tests it before a class gets it. `grade gradescope` writes the
autograder for Gradescope, and `grade --engine` checks an engine that somebody has made.
"""

from __future__ import annotations

import argparse
import csv
import errno
import json
import math
import os
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from .._support.files import replace_file
from .._support.grouping import grouped
from .._support.languages import language, say, speaking, texts
from ..errors import TinygradError
from ..grade.assignment import load_assignment
from ..grade.assignments import ASSIGNMENTS, TEMPLATE, folder
from ..grade.formats.autograder import autograder
from ..grade.formats.gradebooks import Gradebook, late_in_moodle
from ..grade.formats.services import obeying_nothing
from ..grade.formats.words import feedback, final, lateness, one_line, points, to_look_at
from ..grade.formats.writing import FORMATS, GRADEBOOKS, WRITERS, fill_gradebook, read_gradebook, write_results
from ..grade.jobs import Job, jobs_in
from ..grade.many import grade_many
from ..grade.own_engine import check_engine
from ..grade.results import FEEDBACK, Result
from ..grade.sandbox.isolation import LEVELS
from ..grade.soundness import check_assignment
from .command import Add, Commands, Refusal, above, at_least, command, refusing
from .translation import translated, translated_markdown

__all__ = ["add_to"]

WRITTEN = [name for name in FORMATS if name not in GRADEBOOKS]


def add_to(commands: Commands) -> None:
    """Add the commands and their options to the parser."""
    add = command(commands, _run_grade, "grade", "grade homework, in a sandbox, for a whole class")
    add("assignment", metavar="ASSIGNMENT", help="the instructor's file, or a folder with an assignment.py")
    add("submissions", metavar="SUBMISSIONS", help="a folder with a file or folder for each student; or one submission")
    add("--json", metavar="DIR", help="write each result here, and go on from those that are here already")
    add("--csv", metavar="FILE", help="write a table of all points; the same as --format csv FILE")
    add("--format", metavar=("NAME", "PATH"), nargs=2, action="append", default=[], help=", ".join(WRITTEN))
    add("--fill", metavar=("NAME", "FILE"), nargs=2, action="append", default=[],
        help=say("put the scores into a gradebook's exported file: {names}", names=", ".join(GRADEBOOKS)))  # fmt: skip
    add(
        "--groups", metavar="FILE", help="a CSV with the columns group and student: --fill gives each the group's grade"
    )
    add("--late", metavar="FILE", help="a CSV with the columns student and days: who handed in late, by how many days")
    add("--column", metavar="NAME", help="what --fill fills (default: the assignment's title; for Moodle, Grade)")
    add("--show", action="store_true", help="show the feedback for each student")
    add("--feedback", choices=FEEDBACK, default="how",
        help="what kind of mistake it is; and where; and how to mend it (default: how)")  # fmt: skip
    add("--student", metavar="ID", default="", help="SUBMISSIONS is this student's, even if it is a folder")
    add("--workers", metavar="N", type=at_least(1), help="submissions at a time (default: one for each processor)")
    _add_trust(add)

    add = command(commands, _run_new, "grade new", "write an assignment to edit: checks, reference and starter")
    add("name", metavar="NAME", help="such as hw1; the folder that is made, and what students' files are called")
    add("--like", metavar="ASSIGNMENT", choices=ASSIGNMENTS,
        help=say("a copy of one that ships: {names} (default: a small one)", names=", ".join(ASSIGNMENTS)))  # fmt: skip

    add = command(commands, _run_engine, "grade --engine", "check an engine that you have made yourself")
    add("adapter", metavar="ADAPTER", help="a file that says how your engine makes a number or an array")
    add("--seconds", metavar="S", type=above(0.0), default=20.0, help="the longest time for one question (default: 20)")

    add = command(commands, _run_check, "grade check", "try out an assignment before a class does")
    add("assignment", metavar="ASSIGNMENT", help="the instructor's file, or a folder with an assignment.py")
    add("--reference", metavar="FILE", help="the solution (default: reference.py, or hw1_reference.py, beside hw1.py)")
    add("--starter", metavar="FILE", help="what students begin with (default: starter.py or hw1_starter.py, if any)")
    add("--seeds", metavar="N", type=at_least(1), default=20, help="how often the reference is graded (default: 20)")
    add("--most", metavar="N", type=at_least(1), default=200, help="how many wrong programs at most (default: 200)")
    add("--workers", metavar="N", type=at_least(1), help="programs at a time (default: one for each processor)")
    add("--json", metavar="FILE", help="write the report there, too")

    about = texts("write the zip that Gradescope takes for an autograder")
    add = command(commands, _run_gradescope, "grade gradescope", about)
    add("assignment", metavar="ASSIGNMENT", help="the file, with all .py files beside it; or a folder, with all in it")
    add("-o", "--out", metavar="FILE", default="autograder.zip", help="the zip (default: autograder.zip)")
    add("--feedback", choices=FEEDBACK, default="how", help="how much students are told (default: how)")
    _add_trust(add)


def _add_trust(add: Add) -> None:
    """Add the options that say whom nobody trusts: the isolation of students' programs, and the secret."""
    add("--require-isolation", metavar="N", type=int, choices=range(1, 6), default=1, help="grade nobody below level N")
    add("--secret", metavar="FILE", help="a file that inputs are drawn from; keep it from students")


def _run_grade(arguments: argparse.Namespace) -> None:
    """Grade the submissions, print the results, and write the files that were asked for."""
    with refusing(TinygradError, OSError, ImportError):
        _check_formats(arguments)
        loaded = load_assignment(arguments.assignment)
        jobs = jobs_in(
            loaded,
            arguments.submissions,
            student=arguments.student,
            secret=_secret(arguments.secret),
            require_isolation=arguments.require_isolation,
        )
        if sys.stderr.isatty():
            limits = loaded.assignment.limits
            text = texts("a submission may take {total} s in all, and {call} s for each call")
            print(say(text, total=f"{limits.total_seconds:g}", call=f"{limits.call_seconds:g}"), file=sys.stderr)
        columns = {"canvas": loaded.assignment.title, "moodle": "Grade"}
        fill = [(name, path, arguments.column or columns[name]) for name, path in arguments.fill]
        groups = grouped((group, student) for group, student in _table(arguments.groups, "group", "student"))
        jobs = _with_lateness(jobs, arguments)
        noted = []
        for name, path, column in fill:  # say before the work, not after it, what cannot be filled
            noted += _notes_of(path, fill_gradebook([], name, path, column, groups, [job.student for job in jobs]))
        if loaded.assignment.late and any(job.late is None for job in jobs):
            noted.append(
                say("some are late by an unknown time, and lose nothing for it; --late FILE says by how many days")
            )
        print("".join(f"{note}\n" for note in noted), end="", flush=True)
        results = _graded(jobs, arguments)
        told = [result.told(arguments.feedback) for result in results]
        _print_results(results, told, arguments.show)
        with speaking(None, loaded.assignment.texts):  # the kinds of mistakes that it names itself
            for name, path in _to_write(arguments):
                write_results(told, name, path)
        for name, path, column in fill:
            for note in _notes_of(path, fill_gradebook(told, name, path, column, groups)):
                if note not in noted:
                    print(note)
    _refuse_ungraded(results)


def _graded(jobs: list[Job], arguments: argparse.Namespace) -> list[Result]:
    """The results of all submissions. If the user interrupts the grading, a message says what is kept of it."""
    try:
        return grade_many(jobs, out=arguments.json, workers=arguments.workers)
    except KeyboardInterrupt:
        out = arguments.json
        kept = say("what is in {folder} is kept; run it again to go on", folder=out) if out else say("nothing is kept")
        print("tinygrad-edu: " + say("stopped: {kept}", kept=kept), file=sys.stderr)
        raise


def _print_results(results: Sequence[Result], told: Sequence[Result], show: bool) -> None:
    """Print what is told to the students, a line for each or all feedback; and notes for the teacher."""
    print(_for_log("\n\n".join(map(_shown, told)) if show else "\n".join(map(_line, told))))
    for note in (note for result in results for note in to_look_at(result)):
        print(_for_log(note), file=sys.stderr)
    weakest = min(result.isolation.level for result in results)
    if show and weakest < max(LEVELS):  # a class's results hold it
        print(say("isolation level {level} of {most}", level=weakest, most=max(LEVELS)), file=sys.stderr)


def _notes_of(path: str, gradebook: Gradebook) -> list[str]:
    """The notes about a gradebook, each with its file."""
    return [say("{name}: {problem}", name=path, problem=note) for note in gradebook.notes]


def _table(path: str | None, *columns: str) -> list[tuple[str, ...]]:
    """The cells of a CSV in these columns."""
    if path is None:
        return []
    try:
        rows = csv.DictReader(Path(path).read_text(encoding="utf-8-sig").splitlines(), strict=True)
        return [tuple((row[column] or "").strip() for column in columns) for row in rows]
    except OSError as error:
        raise Refusal("cannot read {file}: {why}", file=path, why=error.strerror) from error
    except (KeyError, UnicodeError, csv.Error) as error:
        text = texts("{path}: a CSV in UTF-8 with the columns {columns} is needed ({error})")
        raise Refusal(text, path=path, columns=say(" and ").join(columns), error=error) from None


NO_DAYS = texts("--late {file}: {student} is late by {given}; days are a number")
DAYS_BELOW_0 = texts("--late {file}: {student} is late by {given}; days are a number from 0 on")


def _with_lateness(jobs: list[Job], arguments: argparse.Namespace) -> list[Job]:
    """The jobs with the days that each is late: as --late says, or Moodle's worksheet, or the names of Canvas."""
    days: dict[str, float] = {}
    students = [job.student for job in jobs]
    for name, path in arguments.fill:
        if name == "moodle":
            days |= late_in_moodle(read_gradebook(path), students)
    for student, text in _table(arguments.late, "student", "days"):
        try:
            days[student] = float(text)
        except ValueError:
            raise Refusal(NO_DAYS, file=arguments.late, student=student, given=repr(text)) from None
        if student not in students:
            raise Refusal("--late {file}: {student} has handed in nothing", file=arguments.late, student=student)
        if not 0 <= days[student] < math.inf:
            raise Refusal(DAYS_BELOW_0, file=arguments.late, student=student, given=repr(text))
    return [replace(job, late=days.get(job.student, job.late)) for job in jobs]


def _check_formats(arguments: argparse.Namespace) -> None:
    """Refuse formats and paths that cannot be written before the grading, which may take an hour."""
    for name, _ in arguments.format:
        if name not in WRITTEN:
            raise Refusal("--format {name}: the formats are {names}", name=name, names=", ".join(WRITTEN))
    for name, path in _to_write(arguments):
        place, writer = Path(path).resolve(), WRITERS[name]
        if place.is_dir() and writer.one is None:
            raise Refusal("cannot write {file}: {error}", file=path, error=os.strerror(errno.EISDIR))
        in_file = writer.one is None or (place.suffix == writer.extension and not place.is_dir())
        folder = place.parent if in_file else next(x for x in (place, *place.parents) if x.exists())
        if arguments.json and folder == Path(arguments.json).resolve():  # it will be made
            continue
        if not (folder.is_dir() and os.access(folder, os.W_OK)):
            raise Refusal("cannot write {path}: {folder} is no folder that can be written", path=path, folder=folder)
    for name, path in arguments.fill:
        if name not in GRADEBOOKS:
            raise Refusal("--fill {name}: the gradebooks are {names}", name=name, names=", ".join(GRADEBOOKS))
        if not Path(path).is_file():
            text = texts("--fill {name}: there is no file {path}; export it from {system} first")
            raise Refusal(text, name=name, path=path, system=name.capitalize())


def _to_write(arguments: argparse.Namespace) -> list[tuple[str, str]]:
    """The formats to write, each with its path."""
    return [*map(tuple, arguments.format), *([("csv", arguments.csv)] if arguments.csv else [])]


def _secret(path: str | None) -> bytes:
    """The bytes of the file; without a file none, and inputs are drawn by the assignment itself."""
    if path is None:
        return b""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise Refusal(f"--secret {path}: {error.strerror}") from error
    if len(content) < 16:
        raise Refusal("--secret {path}: {n} bytes can be guessed; it must have at least 16", path=path, n=len(content))
    return content


def _for_log(text: str) -> str:
    """The text; in a workflow of GitHub so that it holds no commands."""
    return obeying_nothing(text) if os.environ.get("GITHUB_ACTIONS") == "true" else text


def _line(result: Result) -> str:
    """The result of a student in one line."""
    score = points(result.score, result.max_score) if final(result) else say("not graded")
    late = lateness(result)
    said = say("{name}: {problem}", name=one_line(result.student), problem=score)
    said += say(" ({remark})", remark=late) if late else ""
    return "\n  ".join([said, *map(one_line, result.warnings)]) if result.status == "unreadable" else said


def _shown(result: Result) -> str:
    """The result of a student with all feedback."""
    return say("{name}: {problem}", name=one_line(result.student), problem=feedback(result))


def _refuse_ungraded(results: Sequence[Result]) -> None:
    """Raise `Refusal` if students could not be graded, and say why. They get no zero; the next run tries again."""
    reasons = {
        say("{student}: {check}: {message}", student=result.student, check=check.name, message=check.message)
        for result in results
        for check in result.checks
        if check.outcome == "grader-error"
    }
    failed = [result for result in results if not final(result)]
    if failed:
        more = say("; and {n} more", n=len(reasons) - 1) if len(reasons) > 1 else ""
        raise Refusal(
            "{k} of {n} could not be graded: {reason}{more}; run it again, and if it says the same, mend the check",
            k=len(failed),
            n=len(results),
            reason=min(reasons),
            more=more,
        )


def _run_new(arguments: argparse.Namespace) -> None:
    """Write the folder."""
    path = Path(arguments.name)
    if not path.name.replace("-", "").isidentifier():
        text = texts("{name}: a name is letters, digits, _ and -, with a letter first, such as hw1")
        raise Refusal(text, name=repr(arguments.name))
    if path.name in sys.stdlib_module_names or path.name in ("numpy", "tinygrad_edu"):
        text = texts("{name}: students' files are called {file}, and would be imported for the module of that name")
        raise Refusal(text, name=repr(path.name), file=f"{path.name}.py")
    files = _in_language(folder(arguments.like) if arguments.like else TEMPLATE, language())
    with refusing(OSError):
        path.mkdir(parents=True)
        try:
            for name, content in files.items():
                replace_file(path / name, re.sub('(?<=Assignment\\(")[^"]+', path.name, content).encode())
        except BaseException:  # a full disk, or Ctrl-C: a part of it would stand in the way of the next try
            shutil.rmtree(path)
            raise
    print("\n".join(str(path / name) for name in files))
    print(f"tinygrad-edu grade check {path}")


def _in_language(source: Path, lang: str) -> dict[str, str]:
    """The files of an assignment that ships, in a language: everything that is read in them is."""
    catalogue = source / f"assignment.{lang}.json"
    told = json.loads(catalogue.read_text(encoding="utf-8")) if catalogue.exists() else {}
    files = {file.name: file.read_text(encoding="utf-8") for file in sorted(source.glob("*.*"))}

    def translate(text: str) -> str:
        return str(told.get(text, text))

    pages = {name: translated_markdown(page, translate) for name, page in files.items() if name.endswith(".md")}
    return pages | {
        name: translated(program, translate, strings=True) for name, program in files.items() if name.endswith(".py")
    }


def _run_engine(arguments: argparse.Namespace) -> int:
    """Write the page about an engine; gives 1 if something is wrong."""
    with refusing(TinygradError, OSError):
        page = check_engine(arguments.adapter, seconds=arguments.seconds)
        print(page)
    return 0 if page else 1


def _run_check(arguments: argparse.Namespace) -> int:
    """Test the assignment and print the report; gives 1 if it has a fault."""
    with refusing(TinygradError, OSError):
        report = check_assignment(
            arguments.assignment,
            reference=arguments.reference,
            starter=arguments.starter,
            seeds=arguments.seeds,
            most=arguments.most,
            workers=arguments.workers,
        )
        print(report)
        if arguments.json:
            replace_file(arguments.json, report.json().encode())
    return 0 if report else 1


MOST_SECONDS = 540.0
"""What a submission may take, so that Gradescope's ten minutes are enough for the grader's own work, too."""


def _run_gradescope(arguments: argparse.Namespace) -> None:
    """Write the zip."""
    with refusing(TinygradError, OSError):
        zipped = autograder(
            arguments.assignment,
            secret=_secret(arguments.secret),
            feedback=arguments.feedback,
            require_isolation=arguments.require_isolation,
        )
        replace_file(arguments.out, zipped)
        seconds = load_assignment(arguments.assignment).assignment.limits.total_seconds
    text = texts("{file}: {n} bytes; upload it to Gradescope under Configure Autograder")
    print(say(text, file=arguments.out, n=f"{len(zipped):,}"))
    text = texts("a submission may run for {s} s in all, as the assignment's Limits(total_seconds=...) says")
    print(say(text, s=f"{seconds:g}"))
    if seconds > MOST_SECONDS:
        print(say("Gradescope ends it after 10 minutes, without a result: raise Autograder Timeout under Settings"))
