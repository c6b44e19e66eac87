"""Formats of services: Gradescope, GitHub Classroom, PrairieLearn, and JUnit for continuous integration.

- Gradescope (https://gradescope-autograders.readthedocs.io/en/latest/specs/) reads `results.json`. All texts in it are
  declared as plain text, so that it shows them unchanged.
- GitHub Classroom's reporter (https://github.com/github-education-resources/autograding-grading-reporter) reads the
  output `result` of each grading step: JSON in base64.
- PrairieLearn (https://docs.prairielearn.com/externalGrading/) reads `results.json`.
- In JUnit XML (https://github.com/testmoapp/junitxml) each student is a suite and each check a case: `failure` is a
  wrong answer, `error` a failure of the grader, `skipped` a check that was not run. Points are properties.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from secrets import token_hex
from typing import Any
from xml.etree import ElementTree as ET

from ..._support.languages import say
from ..._support.text import clean
from ..results import CheckResult, Result
from .words import UNGRADED, final, in_log, one_line, preface, said_in_lines, score_text

__all__ = ["github", "gradescope", "junit", "obeying_nothing", "prairielearn"]


def gradescope(result: Result, students: Sequence[Mapping[str, str]] = ()) -> str:
    """The result as `results.json`; `students` are the names and e-mail addresses of those who handed in.

    If the grader failed, the file has no score. Gradescope then says that the autograder failed, and nobody gets a
    zero.

    >>> from tinygrad_edu.grade.results import EXAMPLE
    >>> json.loads(gradescope(EXAMPLE))["score"]
    2.5
    """
    document: dict[str, Any] = {
        "output": "\n".join(preface(result)) if final(result) else say(UNGRADED),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(number, check, final(result)) for number, check in enumerate(result.checks, 1)],
        "extra_data": {
            "students": [{key: clean(value) for key, value in student.items()} for student in students],
            "grader": result.grader,
            "isolation": asdict(result.isolation),
            "submission_sha256": result.submission_sha256,
            "assignment_sha256": result.assignment_sha256,
            "seeds": result.seeds,
        },
    }
    if final(result):
        document["score"] = result.score
    return json.dumps(document, indent=1) + "\n"


def _test(number: int, check: CheckResult, scored: bool) -> dict[str, Any]:
    most = 0.0 if check.extra else check.max_points
    points = {"score": check.points, "max_score": most} if scored else {}
    return {
        "number": str(number),
        "name": one_line(check.title),
        **points,
        "status": "passed" if check.outcome == "pass" else "failed",
        "output": said_in_lines(check),
        "extra_data": {"name": clean(check.name), "outcome": check.outcome, "kind": clean(check.kind)},
    }


STATUS = {"pass": "pass", "fail": "fail", "skipped": "fail", "grader-error": "error"}


def github(result: Result) -> str:
    """The line to append to the file `$GITHUB_OUTPUT`.

    Each check is a test with its points. The reporter's table shows the share of tests that pass, regardless of their
    points; it sends the sum of the points to Classroom.

    >>> from base64 import b64decode
    >>> from tinygrad_edu.grade.results import EXAMPLE
    >>> document = json.loads(b64decode(github(EXAMPLE).removeprefix("result=")))
    >>> document["status"], document["max_score"], [test["score"] for test in document["tests"]]
    ('fail', 5.0, [2.5, 0.0, 0.0])
    """
    statuses = [STATUS[check.outcome] for check in result.checks]
    status = "error" if not final(result) or not statuses else "fail" if "fail" in statuses else "pass"
    document = {
        "version": 3,
        "status": status,
        "max_score": result.max_score,
        "tests": [
            {
                "name": in_log(check.title),
                "status": STATUS[check.outcome],
                "score": check.points,
                "message": in_log(said_in_lines(check)),
                "test_code": "",
                "task_id": 0,
                "filename": in_log(check.file),
                "line_no": check.line,
                "duration": 0,
            }
            for check in result.checks
        ],
    }
    return f"result={b64encode(json.dumps(document).encode()).decode()}\n"


def obeying_nothing(text: str) -> str:
    """Text for a workflow's log, between two commands that stop the runner from obeying others and let it obey again.

    The second command is a random word, so the text cannot contain it.

    >>> obeying_nothing("::error::mine").splitlines()[1]
    ': :error::mine'
    """
    token = token_hex(16)
    return f"::stop-commands::{token}\n{in_log(text)}\n::{token}::"


LARGEST = 1_000_000
"""The most bytes of a file that PrairieLearn accepts."""


def prairielearn(result: Result) -> str:
    """The result as `/grade/results/results.json`.

    A program is "not gradable" if it has a syntax error, cannot be read, or the grader failed: the student reads why,
    and loses no attempt.

    >>> from dataclasses import replace
    >>> from tinygrad_edu.grade.results import EXAMPLE
    >>> json.loads(prairielearn(EXAMPLE))["format_errors"]
    ["emmy.py, line 12: syntax error: expected ':'\\n    def tanh_backward(upstream, x) return"]
    >>> json.loads(prairielearn(replace(EXAMPLE, problems=())))["score"]
    0.5
    """
    for longest in (2_000, 200, 0):
        text = json.dumps(_document(result, longest), indent=1) + "\n"
        if len(text) <= LARGEST:  # it is ASCII
            return text
    return json.dumps({**_document(result, 0), "tests": []}) + "\n"


def _document(result: Result, longest: int) -> dict[str, Any]:
    """The result, with all texts cut to `longest` characters."""
    score = min(1.0, result.score / result.max_score) if result.max_score else 0.0  # extra credit cannot exceed it
    document: dict[str, Any] = {
        "gradable": True,
        "score": min(max(score, 0.0), 1.0),
        "message": clean("\n".join(preface(result)), longest),
        "output": clean(result.output, longest),
        "tests": [
            {
                "name": clean(check.title, 200),
                "points": check.points,
                "max_points": 0.0 if check.extra else check.max_points,
                "message": clean(said_in_lines(check), longest),
            }
            for check in result.checks
        ],
    }
    syntax = any(line.message.startswith(say("syntax error: {problem}", problem="")) for line in result.problems)
    if syntax or result.status != "graded":
        reasons = [clean(line, longest) for line in preface(result)] or [say("Your submission could not be read.")]
        document.update(gradable=False, score=0.0, format_errors=reasons)
    return document


ELEMENTS = {"fail": "failure", "grader-error": "error", "skipped": "skipped"}


def junit(results: Sequence[Result]) -> str:
    """The results of one student or many.

    Control characters, which XML does not allow, are escaped as in Python.

    >>> from tinygrad_edu.grade.results import EXAMPLE
    >>> ET.fromstring(junit([EXAMPLE]))[0].attrib
    {'name': 'emmy', 'tests': '3', 'failures': '1', 'errors': '0', 'skipped': '1'}
    """
    root = ET.Element("testsuites")
    for result in results:
        outcomes = [check.outcome for check in result.checks]
        counts = {
            "tests": len(outcomes),
            "failures": outcomes.count("fail"),
            "errors": outcomes.count("grader-error"),
            "skipped": outcomes.count("skipped"),
        }
        attributes = {"name": clean(result.student), **{name: str(count) for name, count in counts.items()}}
        suite = ET.SubElement(root, "testsuite", attributes)
        for check in result.checks:
            suite.append(_case(check, f"{result.assignment}.{result.student}"))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(check: CheckResult, classname: str) -> ET.Element:
    case = ET.Element("testcase", {"classname": clean(classname), "name": clean(check.name)})
    properties = ET.SubElement(case, "properties")
    for name, value in (("points", check.points), ("max_points", check.max_points)):
        ET.SubElement(properties, "property", {"name": name, "value": score_text(value)})
    if check.outcome in ELEMENTS:
        text = said_in_lines(check)
        outcome = ET.SubElement(case, ELEMENTS[check.outcome], {"message": text.partition("\n")[0]})
        if check.kind and check.outcome == "fail":
            outcome.set("type", clean(check.kind))
        outcome.text = text
    return case
