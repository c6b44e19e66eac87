"""Every bug of the zoo is caught; its right twin is not accused."""

from typing import Any

import pytest

import tinygrad_edu as tg

from .zoo import ZOO, Bug

each_bug = pytest.mark.parametrize("bug", ZOO, ids=lambda bug: bug.name)


def test_the_zoo_is_large() -> None:
    assert len({bug.name for bug in ZOO}) == len(ZOO) >= 60


@each_bug
def test_a_bug_is_caught(bug: Bug) -> None:
    with pytest.raises(tg.GradientError):
        tg.gradcheck(bug.primitive(bug.wrong), bug.inputs)


@each_bug
def test_its_right_twin_is_not_accused(bug: Bug) -> None:
    assert tg.gradcheck(bug.primitive(bug.right), bug.inputs)


@each_bug
def test_a_bug_is_caught_inside_a_longer_program(bug: Bug) -> None:
    buggy = bug.primitive(bug.wrong)

    def program(*inputs: Any) -> Any:
        return tg.sum(tg.sin(buggy(*(tg.identity(x) for x in inputs))) * 3.0)

    assert not tg.gradcheck(program, bug.inputs, raise_exception=False)
