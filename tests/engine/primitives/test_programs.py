"""Whole expression graphs, drawn at random over the table, give the same on every kind of number."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.engine import gradients
from tinygrad_edu.testing import Program, assert_gradients, programs


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(np.array(found, float), np.array(expected, float), rtol=1e-9, atol=1e-9)


def in_numpy_alone(program: Program) -> Any:
    numbers: list[Any] = [np.asarray(x) for x in program.inputs]
    for line in program.lines:
        numbers.append(np.asarray(line.expected(numbers)))
    return numbers[-1]


def nodes(program: Program, as_values: list[bool]) -> list[tg.Node]:
    """The inputs, floats as Values where asked."""
    return [
        tg.Value(x) if isinstance(x, float) and as_value else tg.tensor(np.asarray(x), requires_grad=True)
        for x, as_value in zip(program.inputs, as_values)
    ]


def derivatives(program: Program, inputs: list[Any]) -> list[Any]:
    """All first derivatives of the sum of the result, and all second derivatives of their sum."""
    y = program(*inputs)
    total = y if isinstance(y, tg.Value) else y.sum()
    first = [0.0 if g is None else g for g in tg.gradients(total, inputs, create_graph=True)]
    again: Any = sum(g if isinstance(g, (tg.Value, float)) else g.sum() for g in first)
    connected = isinstance(again, tg.Node) and again.requires_grad
    second = tg.gradients(again, inputs) if connected else [None] * len(inputs)
    plain = [g.data if isinstance(g, tg.Node) else g for g in first]
    return [*plain, *(0.0 if g is None else g for g in second)]


@settings(max_examples=60)
@given(programs(scalar=True, min_lines=4))
def test_scalar_programs_agree_on_floats_values_and_tensors(program: Program) -> None:
    result = program(*program.inputs)
    assert type(result) is float
    close(result, in_numpy_alone(program))
    values = [tg.Value(x) for x in program.inputs]
    tensors = [tg.tensor(np.array(x), requires_grad=True) for x in program.inputs]
    rows = [tg.tensor(np.array([x, x]), requires_grad=True) for x in program.inputs]
    assert isinstance(program(*values), tg.Value)
    assert isinstance(program(*tensors), tg.Tensor)
    close(float(program(*values)), result)
    close(float(program(*tensors)), result)
    for of_value, of_tensor, of_row in zip(*(derivatives(program, x) for x in (values, tensors, rows))):
        close(of_tensor, of_value)
        close(of_row * np.ones(2), [of_value] * 2)


@settings(max_examples=60)
@given(programs(min_lines=4))
def test_programs_on_tensors_give_what_numpy_gives(program: Program) -> None:
    expected = in_numpy_alone(program)
    for inputs in (program.inputs, nodes(program, [False] * 3)):
        found = program(*inputs)
        assert np.shape(found) == expected.shape
        close(found.data if isinstance(found, tg.Node) else found, expected)


@settings(max_examples=60)
@given(programs(min_lines=4))
def test_derivatives_of_programs(program: Program) -> None:
    assert_gradients(program, *program.inputs)


@settings(max_examples=20)
@given(programs(min_lines=3, max_lines=5))
def test_third_derivatives_of_programs(program: Program) -> None:
    assert_gradients(program, *program.inputs, order=3)


@settings(max_examples=60)
@given(programs(min_lines=4), st.lists(st.booleans(), min_size=3, max_size=3))
def test_values_and_tensors_mix(program: Program, as_values: list[bool]) -> None:
    mixed = nodes(program, as_values)
    tensors = nodes(program, [False] * 3)
    close(program(*mixed).data, program(*tensors).data)
    for x, found, expected in zip([*mixed, *mixed], derivatives(program, mixed), derivatives(program, tensors)):
        assert not isinstance(x, tg.Value) or type(found) is float
        close(found, expected)


@settings(max_examples=50)
@given(programs(min_lines=4))
def test_backward_grad_and_steps_agree(program: Program) -> None:
    """The three ways to walk: `.grad`, `tg.gradients`, and the steps added up."""
    inputs = nodes(program, [True] * 3)
    y = program(*inputs)
    upstream = np.linspace(-1.0, 2.0, y.data.size).reshape(y.shape) if isinstance(y, tg.Tensor) else 2.0
    expected = tg.gradients(y, inputs, upstream)
    collected: dict[tg.Node, Any] = {}
    for step in gradients.contributions(y, upstream):
        collected[step.input] = collected.get(step.input, 0.0) + step.contribution
        close(step.total, collected[step.input])
    y.backward(upstream)
    for x, gradient in zip(inputs, expected):
        if gradient is None:
            assert x.grad in (None, 0.0)  # of a Tensor, of a Value
            assert x not in collected
        else:
            close(x.grad, gradient)
            if x is not y:
                close(collected[x], gradient)
