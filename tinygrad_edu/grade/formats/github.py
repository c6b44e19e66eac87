"""GitHub Classroom: the output of a grading step, and a log without commands.

Classroom's reporter (https://github.com/github-education-resources/autograding-grading-reporter) reads the output
`result` of each grading step: JSON in base64.
"""

from __future__ import annotations

import json
from base64 import b64encode
from secrets import token_hex

from ..results import Result
from .words import final, in_log, said_in_lines

__all__ = ["github", "obeying_nothing"]

STATUS = {"pass": "pass", "fail": "fail", "skipped": "fail", "grader-error": "error"}


def github(result: Result) -> str:
    """The line to append to the file `$GITHUB_OUTPUT`.

    Each check is a test with its points. The reporter's table shows the share of tests that pass, regardless of their
    points; it sends the sum of the points to Classroom.

    >>> from base64 import b64decode
    >>> from tinygrad_edu.grade.formats.example import EXAMPLE
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
