"""Gradescope's `results.json`; https://gradescope-autograders.readthedocs.io/en/latest/specs/ describes the format.

All texts are declared as plain text, so that Gradescope shows them unchanged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ..._support.text import clean
from ..results import CheckResult, Result
from .words import UNGRADED, final, one_line, preface, said_in_lines

__all__ = ["gradescope"]


def gradescope(result: Result, students: Sequence[Mapping[str, str]] = ()) -> str:
    """The result as `results.json`; `students` are the names and e-mail addresses of those who handed in.

    If the grader failed, the file has no score. Gradescope then says that the autograder failed, and nobody gets a
    zero.

    >>> from tinygrad_edu.grade.formats.example import EXAMPLE
    >>> json.loads(gradescope(EXAMPLE))["score"]
    2.5
    """
    document: dict[str, Any] = {
        "output": "\n".join(preface(result)) if final(result) else UNGRADED,
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
