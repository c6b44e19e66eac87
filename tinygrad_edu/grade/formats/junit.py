"""JUnit XML for continuous integration; https://github.com/testmoapp/junitxml describes the format.

Each student is a suite and each check a case: `failure` is a wrong answer, `error` a failure of the grader, `skipped` a
check that was not run. The format has no points, so they are properties.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from ..._support.text import clean
from ..results import CheckResult, Result
from .words import said_in_lines, score_text

__all__ = ["junit"]

ELEMENTS = {"fail": "failure", "grader-error": "error", "skipped": "skipped"}


def junit(results: Sequence[Result]) -> str:
    """The results of one student or many.

    Control characters, which XML does not allow, are escaped as in Python.

    >>> from tinygrad_edu.grade.formats.example import EXAMPLE
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
