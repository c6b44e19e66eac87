"""The table of cases and the random programs: as data, in print, and in their reach."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.engine.primitives import TABLE
from tinygrad_edu.testing import Line, Program, programs
from tinygrad_edu.testing._table import CASES, Call
from tinygrad_edu.testing.program import _NOT_FOR_PROGRAMS


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=3 * settings().max_examples)
@given(data=st.data())
def test_calls_keep_inside_the_domain_of_their_row(name: str, data: st.DataObject) -> None:
    call = data.draw(CASES[name].calls())
    if name in TABLE and len(TABLE[name].rules) == 1 and not TABLE[name].variadic:
        low, high = TABLE[name].domain
        assert all(((low < x) & (x < high)).all() for x in call.operands)
    assert all(np.isfinite(y).all() for y in (call.expected if isinstance(call.expected, list) else [call.expected]))


def test_a_call_prints_as_one_would_write_it() -> None:
    call = Call(CASES["sum"], (np.array([1.0, 2.0]),), {"axis": 0, "keepdims": True})
    assert repr(call) == "sum(array([1., 2.]), axis=0, keepdims=True)"
    assert repr(CASES["sum"]) == "CASES['sum']"


def test_a_program_prints_runs_and_is_differentiated() -> None:
    program = Program(
        (2.0, np.ones(3)), (Line("multiply", (0, 1), {}), Line("sum", (2,), {"axis": 0}), Line("add", (3, 3), {}))
    )
    assert str(program) == "a, b = 2.0, array([1., 1., 1.])\nc = multiply(a, b)\nd = sum(c, axis=0)\ne = add(d, d)"
    assert program(*program.inputs) == 12.0
    by_a, by_b = tg.grad(program, argnums=(0, 1))(*program.inputs)
    assert (by_a, by_b.tolist()) == (6.0, [4.0, 4.0, 4.0])


@given(programs(min_lines=3))
def test_every_line_of_a_program_matters(program: Program) -> None:
    n = len(program.inputs)
    used = {x for line in program.lines for x in line.operands if type(x) is int}
    assert used >= set(range(n, n + len(program.lines) - 1))


@given(programs(scalar=True))
def test_scalar_programs_call_rows_that_floats_have(program: Program) -> None:
    assert all(TABLE[line.name].floats for line in program.lines)


def test_programs_share_and_reach_all_of_the_table() -> None:
    names: Counter[str] = Counter()
    shared = 0

    @settings(max_examples=700)
    @given(programs(min_lines=5))
    def draw(program: Program) -> None:
        nonlocal shared
        names.update(line.name for line in program.lines)
        uses = Counter(x for line in program.lines for x in line.operands if type(x) is int)
        shared += max(uses.values(), default=0) > 1

    draw()
    assert shared > 30
    assert len(set(CASES) - _NOT_FOR_PROGRAMS - set(names)) <= 20  # a few fit seldom


def test_a_program_shrinks_to_the_line_that_matters() -> None:
    from hypothesis import find

    def matters(program: Program) -> bool:
        return any(line.name in ("cos", "sigmoid", "sin", "softplus", "square", "tanh") for line in program.lines)

    how = settings(max_examples=1000, database=None)
    program = find(programs(min_lines=1), matters, settings=how, random=Random(3))  # it finds a program of six lines
    assert len(program.lines) == 1
