"""Results in other people's formats, read back by real parsers: whatever a student wrote is only shown."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from base64 import b64decode
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from shutil import which
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings, strategies as st

from tinygrad_edu.grade import CheckResult, Result
from tinygrad_edu.grade.errors import GradebookError
from tinygrad_edu.grade.formats import (
    canvas,
    class_report,
    github,
    gradescope,
    junit,
    moodle,
    obeying_nothing,
    plain,
    prairielearn,
    student_report,
)
from tinygrad_edu.grade.formats.words import feedback
from tinygrad_edu.grade.formats.writing import fill_gradebook, write_results
from tinygrad_edu.grade.results import EXAMPLE, Line

HOSTILE = (
    "=HYPERLINK(\"http://x\")", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1+1",
    "::error::mine", "  ::add-mask::x", "##[command]x", "</script><script>alert(1)</script>", "\"'<b onclick=x>&amp;",
    "]]><x/>", "\x00\x08\x0c\ufffe", "\x1b[31mred\x1b]0;title\x07", "\u202ebackwards", "\ud800", "${policy} $$",
    "a\nb\n::x", "[x](javascript:alert(1))", "<!--", "`code`", ";=1+1;", "\",=1,\"",
)  # fmt: skip

texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40))
UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


@st.composite
def results(draw: st.DrawFn) -> Result:
    """Results in which every text that comes from a student, and every name, may be anything."""
    outcomes = draw(st.lists(st.sampled_from(["pass", "fail", "skipped", "grader-error"]), min_size=1, max_size=4))
    checks = tuple(
        CheckResult(
            f"check_{i}", draw(texts), outcome,  # type: ignore[arg-type]
            2.5 * (outcome == "pass"), 2.5,
            draw(texts), draw(texts), draw(texts), draw(texts), draw(texts), draw(st.integers(0, 99)),
        )
        for i, outcome in enumerate(outcomes)
    )  # fmt: skip
    return replace(
        EXAMPLE,
        student=draw(texts), title=draw(texts), submission=draw(texts), output=draw(texts), checks=checks,
        status="grader-error" if "grader-error" in outcomes else "graded",
        score=sum(check.points for check in checks), max_score=2.5 * len(checks),
        problems=(Line(draw(texts), 3, draw(texts), draw(texts)),), warnings=(draw(texts),),
    )  # fmt: skip


class Page(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_data(self, data: str) -> None:
        self.text += data


# Nothing that a student writes is taken for a command.


@given(results())
def test_gradescope_and_prairielearn_get_json_of_plain_text(result: Result) -> None:
    for text in (gradescope(result), prairielearn(result)):
        document = json.loads(text)
        assert not [x for x in strings(document) if UNSAFE.search(x)]
    assert json.loads(gradescope(result))["output_format"] == "text"


@given(results())
def test_workflow_logs_have_no_command_but_the_two_of_ours(result: Result) -> None:
    first, *lines, last = obeying_nothing(feedback(result)).splitlines()
    assert first.removeprefix("::stop-commands::") == last.strip(":")
    assert not [line for line in lines if line.lstrip().startswith("::") or "##[" in line]
    line = github(result)
    assert line.count("\n") == 1
    document = json.loads(b64decode(line.removeprefix("result=")))
    said = [x for x in strings(document) for x in x.splitlines()]
    assert not [x for x in said if x.lstrip().startswith("::") or "##[" in x or UNSAFE.search(x)]


@given(st.lists(results(), min_size=1, max_size=3))
def test_junit_is_xml_with_a_case_for_each_check(some: list[Result]) -> None:
    root = ET.fromstring(junit(some))
    assert [len(suite) for suite in root] == [len(result.checks) for result in some]
    for suite, result in zip(root, some):
        outcomes = [next((x.tag for x in case if x.tag != "properties"), "pass") for case in suite]
        names = {"failure": "fail", "error": "grader-error"}
        assert [names.get(tag, tag) for tag in outcomes] == [check.outcome for check in result.checks]
        assert suite.attrib["failures"] == str(outcomes.count("failure"))


@given(st.lists(results(), min_size=1, max_size=3))
def test_a_spreadsheet_finds_no_formula(some: list[Result]) -> None:
    rows = list(csv.reader(io.StringIO(plain(some).removeprefix("\ufeff"), newline=""), strict=True))
    assert len(rows) == 1 + len(some)
    assert {len(row) for row in rows} == {len(rows[0])}
    assert not [cell for row in rows for cell in row if is_formula(cell)]


@settings(max_examples=20)
@given(st.lists(results(), min_size=1, max_size=2))
def test_pages_have_no_element_and_no_address_of_a_students(some: list[Result]) -> None:
    for result in some:
        page, ours = Page(student_report(result)), Page(student_report(EXAMPLE))
        assert {tag for tag, _ in page.tags} <= {*(tag for tag, _ in ours.tags), "pre"}
        assert not [attrs for _, attrs in page.tags if any(name.startswith("on") for name in attrs)]
        assert len(re.findall("<h3>", student_report(result))) == len(result.checks)
    page = Page(class_report(some, lambda result: f"{result.student}.html"))
    links = [attrs["href"] or "" for tag, attrs in page.tags if tag == "a"]
    assert len(links) == len(some)
    assert not [link for link in links if ":" in link or link.startswith("//")]


def strings(x: Any) -> list[str]:
    """All texts in a JSON document."""
    if isinstance(x, dict):
        return [text for key, value in x.items() for text in (key, *strings(value))]
    return [text for value in x for text in strings(value)] if isinstance(x, list) else [x] if type(x) is str else []


def is_formula(cell: str) -> bool:
    number = re.fullmatch(r"[+-]?(\d[\d.,]*%?)?", cell)
    return not number and cell.lstrip()[:1] in ("=", "+", "-", "@", "\t", "＝", "＋", "－", "＠")


# What the formats promise.


def test_where_the_grader_failed_there_is_no_score_and_no_zero() -> None:
    failed = replace(EXAMPLE.checks[1], outcome="grader-error")
    result = replace(EXAMPLE, status="grader-error", checks=(EXAMPLE.checks[0], failed))
    document = json.loads(gradescope(result))
    assert "score" not in document
    assert not [test for test in document["tests"] if "score" in test]
    assert json.loads(prairielearn(result))["gradable"] is False
    assert json.loads(b64decode(github(result).removeprefix("result=")))["status"] == "error"
    assert plain([result]).splitlines()[1] == '"emmy","","5","grader-error","2.5",""'
    assert "not graded yet" in Page(student_report(result)).text
    book = canvas(CANVAS, [result], "HW1")
    assert book.filled == 0
    assert rows_of(book.text)[2][-1] == ""


def test_prairielearn_gets_points_for_all_tests_and_at_most_a_megabyte() -> None:
    long = replace(EXAMPLE.checks[1], message="x" * 2_000)
    result = replace(EXAMPLE, problems=(), checks=(*(long for _ in range(700)),))
    text = prairielearn(result)
    assert len(text.encode()) <= 1_000_000
    assert {(test["points"], test["max_points"]) for test in json.loads(text)["tests"]} == {(0.0, 1.5)}


def test_prairielearn_counts_no_attempt_for_a_syntax_error() -> None:
    document = json.loads(prairielearn(EXAMPLE))
    assert document["gradable"] is False
    assert "line 12: syntax error" in document["format_errors"][0]


def test_github_classroom_adds_up_the_points() -> None:
    document = json.loads(b64decode(github(EXAMPLE).removeprefix("result=")))
    assert sum(test["score"] for test in document["tests"]) == EXAMPLE.score
    assert document["version"] == 3


# Gradebooks.

CANVAS = """\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Homework 0 (4020),HW1 (4021)
    Points Possible,,,,,10,10
"Noether, Emmy",17,e17,emmy,S1,-2.5,
"Gauß, Carl",18,e18,carl,S1,7,3
"=Student, Test",19,,test,S1,,
"""

MOODLE = """Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,Feedback comments
Participant 12345,Emmy Noether,emmy,Submitted,,10,Yes,
Participant 12346,Carl Gauß,carl,Submitted,3,10,No,
Participant 12347,Sofja Kowalewskaja,sofja,No submission,,10,Yes,
"""


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))


@pytest.mark.parametrize(
    "student",
    ["emmy", "17", "e17", "noetheremmy_17", "noetheremmy_17_4021_hw1",
     "noetheremmy_LATE_17_4021_hw1-2", "EMMY", "E17"],
)  # fmt: skip
def test_canvas_gets_its_own_file_back_with_one_column_filled(student: str) -> None:
    book = canvas(CANVAS, [replace(EXAMPLE, student=student)], "HW1")
    expected = rows_of(CANVAS)
    expected[2][-1] = "5"  # 2.5 of 5, where Canvas says 10
    assert rows_of(book.text) == expected
    assert book.filled == 1
    assert "scaled" in book.notes[0]


@pytest.mark.parametrize("student", ["emmy", "Emmy Noether_12345", "Emmy Noether_12345_assignsubmission_file_"])
def test_moodle_gets_feedback_only_beside_a_grade(student: str) -> None:
    book = moodle(MOODLE, [replace(EXAMPLE, student=student), replace(EXAMPLE, student="carl")])
    first, second, third = rows_of(book.text)[1:]
    assert first[4] == "5"
    assert first[-1].startswith("2.5 of 5 points<br>")
    assert [row[-1] for row in (second, third)] == ["", ""]
    assert second[4] == "3"
    assert "cannot be changed" in book.notes[-1]


@given(st.lists(results(), min_size=1, max_size=2, unique_by=lambda result: result.student))
def test_a_gradebook_is_read_back_with_as_many_cells_and_no_formula(some: list[Result]) -> None:
    some = [replace(result, student=student) for result, student in zip(some, ("emmy", "sofja"))]
    rows = rows_of(moodle(MOODLE, some).text)
    assert [len(row) for row in rows] == [8, 8, 8, 8]
    assert not [cell for row in rows for cell in row if is_formula(cell)]
    for row in rows[1:]:
        assert {tag for tag, _ in Page(row[-1]).tags} <= {"br"}
        assert not row[-1] or row[4] != ""


def test_a_gradebook_that_cannot_be_filled_says_why() -> None:
    for text, column, why in (
        (CANVAS, "HW2", "no column 'HW2'; its columns: Student, ID"),
        (MOODLE, "Grade", "no gradebook of Canvas"),
        ("", "HW1", "is empty"),
        ('"Student', "HW1", "no CSV"),
    ):
        with pytest.raises(GradebookError, match=re.escape(why)):
            canvas(text, [EXAMPLE], column)


def test_two_submissions_of_one_line_cost_nobody_else_the_grade_and_are_known_before_there_are_results() -> None:
    students = ("emmy", "e17", "carl")
    book = canvas(CANVAS, [replace(EXAMPLE, student=student) for student in students], "HW1")
    assert [row[-1] for row in rows_of(book.text)[2:]] == ["", "5", ""]
    assert book.notes[0] == "emmy and e17: no grade, for they are the same line 3; leave one of them"
    assert canvas(CANVAS, [], "HW1", students=students).notes == book.notes[:1]


@pytest.mark.parametrize(("student", "groups"), [("emmy+carl", None), ("Team 7", {"Team 7": ["e17", "Gauß, Carl"]})])
def test_a_group_gets_one_grade(student: str, groups: dict[str, list[str]] | None) -> None:
    book = canvas(CANVAS, [replace(EXAMPLE, student=student)], "HW1", groups)
    assert [row[-1] for row in rows_of(book.text)[2:]] == ["5", "5", ""]
    book = canvas(CANVAS, [replace(EXAMPLE, student="emmy+nobody")], "HW1")
    assert (book.filled, book.notes[0]) == (1, "emmy+nobody: nobody: not in the gradebook")


def test_a_name_is_found_however_its_accents_are_written_and_capitals_count_only_if_they_must() -> None:
    apart = unicodedata.normalize("NFD", "Gauß Zoë")
    exported = f"Student,ID,SIS Login ID,HW1\nPoints Possible,,,5\n{apart},17,zoe,\nB,18,ZOE,\n"
    for student, line in [("Gauß Zoë", 2), ("gauß zoë", 2), ("zoe", 2), ("ZOE", 3)]:
        book = canvas(exported, [replace(EXAMPLE, student=student)], "HW1")
        assert [bool(row[-1]) for row in rows_of(book.text)[2:]] == [line == 2, line == 3]
    assert "line 3 or 4" in canvas(exported, [replace(EXAMPLE, student="Zoe")], "HW1").notes[0]


def test_who_is_not_in_the_gradebook_is_named_and_the_others_get_their_grades() -> None:
    book = canvas(CANVAS, [replace(EXAMPLE, student="nobody"), EXAMPLE], "HW1 (4021)")
    assert book.filled == 1
    assert book.notes[0] == "nobody: not in the gradebook"


def test_a_number_that_may_be_two_students_is_nobodys() -> None:
    exported = "Student,ID,SIS User ID,HW1\nPoints Possible,,,5\nA,17,18,\nB,18,19,\n"
    book = canvas(exported, [replace(EXAMPLE, student="18")], "HW1")
    assert book.filled == 0
    assert "line 3 or 4" in book.notes[0]


def test_a_gradebook_of_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_bytes(CANVAS.encode("utf-16"))
    with pytest.raises(GradebookError, match="UTF-8"):
        fill_gradebook([EXAMPLE], "canvas", tmp_path / "old.csv", "HW1")


# Files, and pages in a browser.


def test_a_folder_of_pages_has_one_for_each_student_and_one_of_the_class(tmp_path: Path) -> None:
    written = write_results([EXAMPLE, replace(EXAMPLE, student="carl")], "html", tmp_path / "out")
    assert [path.name for path in written] == ["emmy.html", "carl.html", "index.html"]
    assert 'href="carl.html"' in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("student", ["../../x", "/x", "a/b", "index", ".x", "x" * 300, "\ud800", "CON", "a\nb"])
def test_a_students_file_lies_in_the_folder_and_is_no_other_ones(student: str, tmp_path: Path) -> None:
    students = [replace(EXAMPLE, student=name) for name in (student, "emmy", student + "2")]
    written = write_results(students, "html", tmp_path)
    assert len(set(written)) == 4
    assert {path.parent for path in written} == {tmp_path}


@pytest.mark.slow
def test_pages_fit_a_phone_and_run_and_fetch_nothing(tmp_path: Path) -> None:
    driver = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")
    chromium = which("chromium") or which("chromium-browser") or which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on the PATH: apt install chromium")
    checks = tuple(replace(EXAMPLE.checks[1], title=text, message=text * 9, how=text) for text in HOSTILE)
    written = write_results([replace(EXAMPLE, checks=checks, output="x" * 999)], "html", tmp_path)
    said: list[str] = []
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 320, "height": 640})
        page.on("console", lambda message: said.append(message.text))
        page.on("dialog", lambda dialog: said.append("a dialog"))
        page.on("request", lambda request: said.append(request.url) if not request.url.startswith("file:") else None)
        for path in written:
            page.goto(path.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
        browser.close()
    assert said == []
