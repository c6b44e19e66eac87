"""The assignments that are shipped: their references get full marks, their starters none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinygrad_edu.grade import Sandbox, Submission
from tinygrad_edu.grade.assignments import ASSIGNMENTS, folder
from tinygrad_edu.grade.grading import grade_one
from tinygrad_edu.grade.loading import Loaded, load_assignment


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_the_reference_gets_full_marks_and_the_starter_none(name: str) -> None:
    loaded = load_assignment(folder(name) / "assignment.py")
    with Sandbox(loaded.assignment.limits) as sandbox:
        scores = [graded(loaded, folder(name) / file, sandbox) for file in ("reference.py", "starter.py")]
    assert scores == [1.0, 0.0]


def graded(loaded: Loaded, path: Path, sandbox: Sandbox) -> float:
    """The share of the points that a file gets."""
    result = grade_one(loaded.assignment, Submission.read(path), sandbox=sandbox)
    assert result.status == "graded"
    return result.score / sum(check.max_points for check in result.checks)


def test_an_assignment_that_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="'hw9'; there are chain_rule, value_engine"):
        folder("hw9")
