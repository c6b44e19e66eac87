"""The assignments that are shipped: sound, of ten points, and found by their names."""

from __future__ import annotations

import pytest

from tinygrad_edu.grade.assignments import ASSIGNMENTS, folder
from tinygrad_edu.grade.soundness import check_assignment


@pytest.mark.slow
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_the_reference_gets_full_marks_the_starter_none_and_every_wrong_program_fewer(name: str) -> None:
    report = check_assignment(folder(name), seeds=2)
    assert report, str(report)
    assert report.max_score == 10.0
    assert report.starter == "starter.py"
    assert report.programs == report.possible_programs > 20
    assert report.named >= 0.95 * report.answers


def test_an_assignment_that_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="'hw9'; there are chain_rule, value_engine"):
        folder("hw9")
