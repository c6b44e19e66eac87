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


@pytest.mark.parametrize(("returned", "error", "said"), [
    (None, tg.DtypeError, "wrong_rule: rule 1: needs numbers.*forget its `return`"),
    ("g", tg.DtypeError, "wrong_rule: rule 1: needs numbers"),
    (np.ones(2), tg.ShapeError, r"wrong_rule: rule 1 returns shape \(2,\) for an operand of shape \(3,\)"),
    (np.ones((3, 1)), tg.ShapeError, r"returns shape \(3, 1\) for an operand of shape \(3,\)"),
])  # fmt: skip
def test_a_rule_that_returns_what_is_no_contribution_is_named(returned: Any, error: Any, said: str) -> None:
    wrong_rule = tg.primitive(lambda g, out, x: returned, name="wrong_rule")(lambda x: x * 1)
    with pytest.raises(error, match=said):
        wrong_rule(tg.tensor([1.0, 2.0, 3.0], requires_grad=True)).sum().backward()


@pytest.mark.parametrize("returned", [1, 1.0, True, [1.0, 1.0, 1.0], np.ones((2, 3)), np.ones(3, int)])
def test_a_rule_may_return_what_broadcasts_with_the_operand(returned: Any) -> None:
    right_rule = tg.primitive(lambda g, out, x: returned, name="right_rule")(lambda x: x * 1)
    x = tg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    right_rule(x).sum().backward()
    assert x.grad.tolist() == [np.sum(returned) / (3 if np.ndim(returned) else 1)] * 3


def test_what_is_no_rule_and_no_function_is_refused() -> None:
    with pytest.raises(tg.DtypeError, match="a rule is a function, or None"):
        tg.primitive(3)  # type: ignore[arg-type]
    with pytest.raises(tg.DtypeError, match="the rules come first"):
        tg.primitive(lambda x: x)(2.0)  # type: ignore[arg-type]
    nothing = tg.primitive(lambda g, out, x: g, name="nothing")(lambda x: None)
    with pytest.raises(tg.DtypeError, match="needs one real number"):
        nothing(tg.Value(2.0))
