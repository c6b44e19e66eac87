"""PrairieLearn's `results.json` for external graders; https://docs.prairielearn.com/externalGrading/ describes it."""

from __future__ import annotations

import json
from typing import Any

from ..._support.text import clean
from ..results import Result
from .words import preface, said_in_lines

__all__ = ["prairielearn"]

LARGEST = 1_000_000
"""The most bytes of a file that PrairieLearn accepts."""


def prairielearn(result: Result) -> str:
    """The result as `/grade/results/results.json`.

    A program is "not gradable" if it has a syntax error, cannot be read, or the grader failed: the student reads why,
    and loses no attempt.

    >>> from dataclasses import replace
    >>> from tinygrad_edu.grade.formats.example import EXAMPLE
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
    syntax = any(line.message.startswith("syntax error") for line in result.problems)
    if syntax or result.status != "graded":
        reasons = [clean(line, longest) for line in preface(result)] or ["Your submission could not be read."]
        document.update(gradable=False, score=0.0, format_errors=reasons)
    return document
