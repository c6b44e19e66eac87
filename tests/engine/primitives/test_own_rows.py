"""Rows of the user's own: `tg.primitive`."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg


@tg.primitive(lambda g, out, x, y, power: g * y, lambda g, out, x, y, power: g * x, symbol="⊙")
def own_product(x: Any, y: Any, power: int = 1) -> Any:
    return x * y


@pytest.mark.parametrize("x", [2.0, tg.Value(2.0), tg.tensor([2.0, 3.0]), np.array([2.0, 3.0])])
def test_it_computes_on_all_that_rows_compute_on(x: Any) -> None:
    result = own_product(x, 3.0)
    expected = np.asarray(x.data if isinstance(x, tg.Node) else x) * 3.0
    assert np.array_equal(np.asarray(result.data if isinstance(result, tg.Node) else result), expected)
    assert type(result) is (float if type(x) is float else type(x))


def test_its_derivatives_are_those_of_its_rules() -> None:
    assert tg.grad(own_product, argnums=(0, 1))(2.0, 5.0) == (5.0, 2.0)
    assert tg.gradcheck(own_product, [np.array([1.0, 2.0]), np.array([3.0, -1.0])])
    x, y = tg.Value(2.0, "x"), tg.Value(5.0, "y")
    z = own_product(x, y)
    assert z.primitive is own_product
    assert "⊙" in tg.draw(z).svg()


def test_a_rule_may_be_wrong_and_is_found_out() -> None:
    @tg.primitive(lambda g, out, x: g)
    def own_wrong(x: Any) -> Any:
        return 2 * x

    with pytest.raises(tg.GradientError, match="own_wrong"):
        tg.gradcheck(own_wrong, [np.array([1.0, 2.0])])


def test_a_second_definition_takes_the_place_of_the_first() -> None:
    for factor in (2.0, 3.0):

        @tg.primitive(lambda g, out, x, factor=factor: g * factor, name="own_scaled", numpy=[np.spacing])
        def scaled(x: Any, factor: float = factor) -> Any:
            return factor * x

        assert tg.grad(scaled)(1.0) == factor
        assert np.spacing(tg.Value(1.0)).data == factor


def test_a_row_of_the_library_and_its_numpy_function_are_not_replaced() -> None:
    with pytest.raises(ValueError, match="'tanh' already"):
        tg.primitive(lambda g, out, x: g, name="tanh")(lambda x: x)
    with pytest.raises(ValueError, match=r"np\.tanh of a node is tanh already"):
        tg.primitive(lambda g, out, x: g, name="own_tanh", numpy=[np.tanh])(lambda x: x)
    assert tg.grad(tg.tanh)(0.0) == 1.0


def test_a_row_of_networks_is_not_replaced_before_it_is_loaded() -> None:
    program = (
        "import sys, tinygrad_edu as tg\n"
        "print('tinygrad_edu.engine.primitives.fused' in sys.modules)\n"
        "try:\n    tg.primitive(lambda g, out, x: g, name='gelu')(lambda x: x)\n"
        "except ValueError as error:\n    print(error)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["False", "the table has a primitive 'gelu' already"]
