"""What the messages say about operands, beside their shapes; and typing errors in the names of attributes."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.engine.messages import check, in_words, listed, not_numbers, short
from tinygrad_edu.errors import DtypeError, ShapeError, TinygradError


def test_every_error_is_the_built_in_one_that_a_caller_expects() -> None:
    assert issubclass(tg.ShapeError, ValueError)
    assert issubclass(tg.DtypeError, TypeError)
    assert issubclass(tg.GraphError, RuntimeError)
    assert issubclass(tg.InPlaceError, tg.GraphError)
    with pytest.raises(IndexError):
        tg.ones(3)[5]
    with pytest.raises(IndexError):
        tg.ones(3).sum(5)


def test_operands_are_called_by_their_names_their_shapes_or_their_numbers() -> None:
    words = [in_words(x) for x in (tg.tensor([1.0], name="w"), tg.ones((2, 3)), tg.Value(2.0, "v"), np.ones(3), 2.5)]
    assert words == ["'w' (1,)", "(2, 3)", "'v' = 2.0", "(3,)", "2.5"]
    assert in_words([[1, 2, 3]]) == "(1, 3)"


def test_many_operands_are_not_all_listed() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed([np.ones(n) for n in range(9)]) == "(0,), (1,), (2,), (3,), (4,) and 4 more"


def test_a_long_value_is_cut_and_has_no_address() -> None:
    assert len(short("x" * 1000)) == 60
    assert short(object()) == "<object>"
    assert "\n" not in short(np.ones((9, 9)))
    assert str(not_numbers("add", object())) == str(not_numbers("add", object()))


def test_names_that_python_cannot_write_are_not_offered_as_code() -> None:
    with pytest.raises(ShapeError, match=r"'my weights' \(2, 3\).*did you mean a @ a2.T\?"):
        tg.ones((2, 3), name="my weights") @ tg.ones((2, 3), name="a2")


def test_inside_trace_a_second_line_says_where_the_operands_were_made() -> None:
    with tg.trace():
        q = tg.ones((2, 3), requires_grad=True) * 2.0
        with pytest.raises(ShapeError) as caught:
            q + np.ones(4)
    first, second = str(caught.value).splitlines()
    assert first.endswith("differ and neither is 1")
    assert second.startswith("  made: (2, 3) at ")
    assert "test_words.py:" in second


def test_a_check_passes_what_is_right() -> None:
    check("sum", np.ones((3, 4)), axis=1)
    check("an operation without rules", np.ones(3))
    with pytest.raises(DtypeError, match="an operation without rules: needs numbers"):
        check("an operation without rules", "a")


def test_indices_and_bounds_that_change_after_the_call_do_not_change_the_gradient() -> None:
    x = tg.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    for name, setting in (("take_along_axis", np.array([[0]])), ("repeat", np.array([1, 0, 0])), ("clip", np.zeros(3))):
        x.zero_grad()
        y = tg.repeat(x, setting, 1) if name == "repeat" else getattr(tg, name)(x, setting)
        setting[...] = 2
        y.sum().backward()
        assert x.grad.tolist() == ([[1.0, 1.0, 1.0]] if name == "clip" else [[1.0, 0.0, 0.0]])


@pytest.mark.parametrize(
    ("typo", "meant"),
    [("tg.Value(1.0).gradd", "grad"), ("tg.ones(3).sume", "sum"), ("tg.ones(3).requires_grd", "requires_grad")],
)
def test_python_suggests_the_attribute_that_was_meant(typo: str, meant: str) -> None:
    ran = subprocess.run([sys.executable, "-c", f"import tinygrad_edu as tg; {typo}"], capture_output=True, text=True)
    assert ran.returncode == 1
    assert re.search(rf"Did you mean:? '\.?{meant}'", ran.stderr.splitlines()[-1])  # 3.15 writes the dot


@pytest.mark.parametrize("name", ["gradd", "sume", "foo"])
def test_an_unknown_attribute_is_neither_none_nor_kept(name: str) -> None:
    for node in (tg.Value(1.0), tg.ones(3)):
        with pytest.raises(AttributeError, match=name):
            getattr(node, name)
        with pytest.raises(AttributeError, match=name):
            setattr(node, name, 1.0)
    with pytest.raises(AttributeError, match=name):
        getattr(tg, name)


def test_what_numpy_refuses_for_a_reason_of_its_own_keeps_numpys_words() -> None:
    from tinygrad_edu.engine.messages import refused

    error = refused("add", [np.ones(3), 2.0], {}, ValueError("odd"))
    assert isinstance(error, TinygradError)
    assert str(error) == "add: cannot be computed on (3,) and 2.0: odd"
