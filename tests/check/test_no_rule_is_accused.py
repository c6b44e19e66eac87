"""None of the rules of the table is accused: neither where it is smooth, nor on a lattice full of kinks and ties."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.testing._table import CASES, Case

each_case = pytest.mark.parametrize("case", list(CASES.values()), ids=list(CASES))


@each_case
@settings(max_examples=2)
@given(data=st.data())
def test_smooth_points(case: Case, data: Any) -> None:
    call = data.draw(case.calls())
    report = tg.gradcheck(call.of_variables, tuple(call.operands[i] for i in call.variables), raise_exception=False)
    assert report, f"{call}\n{report}"


@each_case
@settings(max_examples=2)
@given(data=st.data())
def test_kinks_and_ties(case: Case, data: Any) -> None:
    call = data.draw(case.calls())
    operands = tuple(on_lattice(call.operands[i], case.domain(i)) for i in call.variables)
    with np.errstate(all="ignore"):
        if not np.isfinite(numbers(call.of_variables(*operands))).all():
            return
    report = tg.gradcheck(call.of_variables, operands, raise_exception=False)
    assert report, f"{call} at {operands}\n{report}"


def on_lattice(x: np.ndarray, domain: tuple[float, float] | None) -> np.ndarray:
    """Numbers rounded to integers, where those lie in the domain: many are 0, many are equal."""
    rounded, (low, high) = np.clip(np.round(x), -2, 2), domain or (-np.inf, np.inf)
    return np.where((rounded > low) & (rounded < high), rounded, x)


def numbers(output: Any) -> np.ndarray:
    outputs = output if isinstance(output, (list, tuple)) else [output]
    return np.concatenate([np.ravel(x) for x in outputs])
