"""NumPy's function of the same name works on Tensors and Values, and records."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.engine import numpy_protocol
from tinygrad_edu.engine.numpy_protocol import INSTEAD, full_name
from tinygrad_edu.engine.primitives import BY_NUMPY, Primitive
from tinygrad_edu.testing import assert_gradients
from tinygrad_edu.testing._table import CASES

A = np.array([[0.2, -0.7, 0.5], [0.9, 0.4, -0.3]])
B = np.array([[1.5, 0.6, -1.1], [-0.8, 2.1, 0.7]])

M = np.array([[4.0, 0.3, -0.2], [0.1, 3.0, 0.5], [0.7, -0.4, 2.0]])
P = M @ M.T

NO_GRADIENT = {np.argmax, np.argmin}

OWN_CALLS: dict[Any, tuple[Any, ...]] = {
    np.clip: (lambda x: np.clip(x, -0.5, 0.45), A),
    np.nan_to_num: (lambda x: np.nan_to_num(x, nan=7.0), A),
    np.mean: (lambda x: np.mean(x, 1, np.float64, keepdims=True, where=A > 0), A),
    np.average: (lambda x, w: np.average(x, 0, w), A, abs(B[:, 0])),
    np.gradient: (lambda x: np.gradient(x, 0.5, axis=1), A),
    np.linalg.norm: (lambda x: np.linalg.norm(x, axis=1), A),
    np.dot: (lambda x, y: np.dot(x, y.T), A, B),
    np.einsum: (lambda x, y: np.einsum("ij,kj->ik", x, y), A, B),
    np.ravel: (lambda x: np.ravel(x), A),
    np.astype: (lambda x: np.astype(x, np.float64), A),
    np.concatenate: (lambda x, y: np.concatenate([x, y], axis=1), A, B),
    np.stack: (lambda x, y: np.stack([x, y], axis=1), A, B),
    np.split: (lambda x: np.split(x, 3, axis=1)[1], A),
    np.array_split: (lambda x: np.array_split(x, 2, axis=1)[0], A),
    np.hsplit: (lambda x: np.hsplit(x, [1])[1], A),
    np.vsplit: (lambda x: np.vsplit(x, 2)[1], A),
    np.dsplit: (lambda x: np.dsplit(x.reshape(1, 2, 3), 3)[1], A),
    np.hstack: (lambda x, y: np.hstack([x, y]), A, B),
    np.vstack: (lambda x, y: np.vstack([x, y]), A, B),
    np.dstack: (lambda x, y: np.dstack([x, y]), A, B),
    np.column_stack: (lambda x, y: np.column_stack([x[0], y.T]), A, B),
    np.append: (lambda x, y: np.append(x, y, axis=1), A, B),
    np.block: (lambda x, y: np.block([[x, y], [y, np.ones((2, 3))], [np.zeros(5), 1.0]]), A, B),
    np.meshgrid: (lambda x, y: np.meshgrid(x[0], y[:, 0], indexing="ij")[1], A, B),
    np.broadcast_arrays: (lambda x, y: np.broadcast_arrays(x[:1], y)[0], A, B),
    np.atleast_1d: (lambda x: np.atleast_1d(x[0, 0]), A),
    np.atleast_2d: (lambda x: np.atleast_2d(x[0]), A),
    np.atleast_3d: (lambda x: np.atleast_3d(x[0], x)[1], A),
    np.copy: (lambda x: np.copy(x), A),
    np.delete: (lambda x: np.delete(x, [0, 2], axis=1), A),
    np.insert: (lambda x, y: np.insert(x, 1, y[:, 0], axis=1), A, B),
    np.fliplr: (lambda x: np.fliplr(x), A),
    np.flipud: (lambda x: np.flipud(x), A),
    np.select: (lambda x, y: np.select([A > 0.3, A < -0.5], [x * y, y], 2.0), A, B),
    np.rollaxis: (lambda x: np.rollaxis(x.reshape(1, 2, 3), 2, 1), A),
    np.reshape: (lambda x: np.reshape(x, (3, -1), order="F"), A),
    np.take: (lambda x: np.take(x, [2, 0, 0], axis=1), A),
    np.diagflat: (lambda x: np.diagflat(x, 1), A),
    np.linalg.diagonal: (lambda x: np.linalg.diagonal(x, offset=1), A),
    np.linalg.trace: (lambda x: np.linalg.trace(x, offset=1), A),
    np.linalg.outer: (lambda x, y: np.linalg.outer(x[0], y[1]), A, B),
    np.linalg.cross: (lambda x, y: np.linalg.cross(x, y), A, B),
    np.linalg.vecdot: (lambda x, y: np.linalg.vecdot(x, y), A, B),
    np.linalg.matmul: (lambda x, y: np.linalg.matmul(x, y.T), A, B),
    np.linalg.tensordot: (lambda x, y: np.linalg.tensordot(x, y, axes=([0], [0])), A, B),
    np.linalg.matrix_transpose: (lambda x: np.linalg.matrix_transpose(x), A),
    np.matrix_transpose: (lambda x: np.matrix_transpose(x), A),
    np.linalg.vector_norm: (lambda x: np.linalg.vector_norm(x, ord=3, axis=1), A),
    np.linalg.matrix_norm: (lambda x: np.linalg.matrix_norm(x, ord="nuc"), A),
    np.linalg.inv: (lambda x: np.linalg.inv(x), M),
    np.linalg.det: (lambda x: np.linalg.det(x), M),
    np.linalg.slogdet: (lambda x: np.linalg.slogdet(x)[1], M),
    np.linalg.solve: (lambda x, y: np.linalg.solve(x, y.T), M, B),
    np.linalg.cholesky: (lambda x: np.linalg.cholesky(x @ x.T), M),
    np.linalg.eigh: (lambda x: np.linalg.eigh(x @ x.T).eigenvectors, M),
    np.linalg.eigvalsh: (lambda x: np.linalg.eigvalsh(x @ x.T, UPLO="U"), M),
    np.linalg.svd: (lambda x: np.linalg.svd(x, full_matrices=False)[2], A),
    np.linalg.svdvals: (lambda x: np.linalg.svdvals(x), A),
    np.linalg.pinv: (lambda x: np.linalg.pinv(x), A),
    np.linalg.matrix_power: (lambda x: np.linalg.matrix_power(x, 3), M),
    np.linalg.multi_dot: (lambda x, y: np.linalg.multi_dot([x, y.T, y]), A, B),
}
if hasattr(np, "unstack"):
    OWN_CALLS[np.unstack] = (lambda x: np.unstack(x, axis=1)[1], A)
"""Calls of functions that take other arguments in NumPy than in the table."""

CASES_OF = {
    function: replace(case, function=function)
    for function, row in BY_NUMPY.items()
    for case in CASES.values()
    if (case.function in (row, function) or case.name == row.__name__.strip("_")) and function not in OWN_CALLS
}
"""For every other function of NumPy the case of its row, which calls this function instead."""


def name(function: Any) -> str:
    return str(function.__self__ if function.__name__ == "reduce" else function.__name__)


def calls(function: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    """Calls of a function: of what, and the numbers that it is called with."""
    if function in OWN_CALLS:
        return st.just(OWN_CALLS[function])
    drawn = CASES_OF[function].calls()
    return drawn.map(lambda call: (call.of_variables, *(call.operands[slot] for slot in call.variables)))


every_function = pytest.mark.parametrize("function", [*CASES_OF, *OWN_CALLS], ids=name)


@every_function
@settings(max_examples=4)  # the rows behind the functions meet many more in test_table.py
@given(data=st.data())
def test_it_gives_what_it_gives_on_arrays(function: Any, data: st.DataObject) -> None:
    f, *inputs = data.draw(calls(function))
    found = f(*(tg.tensor(x, requires_grad=True) for x in inputs))
    assert isinstance(found, tg.Tensor)
    assert found.requires_grad
    assert found.shape == np.shape(f(*inputs))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found.data, f(*inputs), rtol=1e-14)


@every_function
@settings(max_examples=4)
@given(data=st.data())
def test_its_derivatives_are_right(function: Any, data: st.DataObject) -> None:
    f, *inputs = data.draw(calls(function))
    assert_gradients(f, *inputs)


def test_every_numpy_function_of_the_table_is_tried_here() -> None:
    assert set(BY_NUMPY) - NO_GRADIENT == set(CASES_OF) | set(OWN_CALLS)


def defaults(function: Any) -> dict[str, Any]:
    """The arguments that may be left out, and what they are then; those of which NumPy does not say it are missing."""
    if isinstance(function, Primitive):
        return function.attrs
    try:
        signature = inspect.signature(function)
    except ValueError:  # of functions in C, NumPy 2.0 says nothing
        return {}
    left_out = {name: parameter.default for name, parameter in signature.parameters.items()}
    return {name: x for name, x in left_out.items() if x is not inspect.Parameter.empty and repr(x) != "<no value>"}


BY_NAME = [f for f in BY_NUMPY if not isinstance(f, np.ufunc) and f.__name__ not in ("reduce", "einsum", "cross")]


@pytest.mark.parametrize("function", BY_NAME, ids=full_name)
def test_what_is_left_out_is_numpys(function: Any) -> None:
    ours, theirs = defaults(BY_NUMPY[function]), defaults(function)
    assert {name: x for name, x in ours.items() if name in theirs} == {
        name: theirs[name] for name in ours if name in theirs
    }


def test_no_hint_is_left_for_a_function_that_has_a_row() -> None:
    assert not {full_name(function).removeprefix("np.") for function in BY_NUMPY} & set(INSTEAD)


@pytest.mark.parametrize("room", [np, np.linalg])
def test_every_other_function_of_numpy_says_what_to_write(room: Any) -> None:
    found = {thing for thing in vars(room).values() if isinstance(thing, np.ufunc) or hasattr(thing, "__wrapped__")}
    rest = found - set(BY_NUMPY) - numpy_protocol.NO_GRADIENT
    assert {full_name(function).removeprefix("np.") for function in rest} - set(INSTEAD) <= TO_COME


TO_COME = {"printoptions", "in1d", "_no_nep50_warning"}  # the last two in old versions of NumPy


@pytest.mark.parametrize(
    ("with_options", "without"),
    [
        (lambda x: np.vstack([x, x], dtype=None, casting="same_kind"), lambda x: np.vstack([x, x])),
        (lambda x: np.exp(x, where=True, casting="same_kind", dtype=None), np.exp),
        (lambda x: np.add(x, x, order="K", subok=True), lambda x: np.add(x, x)),
        (lambda x: np.sum(x, axis=0, dtype=None, out=None), lambda x: np.sum(x, axis=0)),
        (lambda x: np.diff(x, 1, -1, append=np._NoValue), np.diff),
    ],
)
def test_an_option_that_changes_nothing_is_taken(with_options: Any, without: Any) -> None:
    assert np.array_equal(with_options(tg.tensor(A)).data, without(A))


@pytest.mark.parametrize("of_list", [np.sum, np.mean, np.var, np.std, np.prod, np.max])
def test_a_list_of_values_is_an_array_of_objects_to_numpy(of_list: Any) -> None:
    values = [tg.Value(number) for number in (1.0, 4.0, -2.0)]
    of_list(values).backward()
    assert [v.grad or 0.0 for v in values] == pytest.approx(tg.grad(of_list)(np.array([1.0, 4.0, -2.0])).tolist())


@pytest.mark.parametrize("ufunc", [np.add, np.subtract, np.multiply, np.maximum])
def test_outer_meets_every_number_with_every_other(ufunc: Any) -> None:
    assert np.array_equal(ufunc.outer(tg.tensor(A), B[0]).data, ufunc.outer(A, B[0]))
    assert_gradients(ufunc.outer, A, B[0] + 0.01)


def test_accumulate_goes_along_an_axis() -> None:
    x = tg.tensor(A, requires_grad=True)
    assert np.array_equal(np.add.accumulate(x, axis=1).data, np.add.accumulate(A, axis=1))
    assert np.array_equal(np.add.accumulate(x).data, np.add.accumulate(A))
    assert_gradients(lambda x: np.add.accumulate(x, axis=1), A)


@pytest.mark.parametrize("call", [lambda x: np.subtract.reduce(x), lambda x: np.maximum.accumulate(x)])
def test_what_is_said_of_other_methods_of_a_ufunc_is_right(call: Callable[[Any], Any]) -> None:
    x = tg.tensor(A, requires_grad=True)
    with pytest.raises(tg.DtypeError, match=r"though np\.\w+ is; write") as refusal:
        call(x)
    code = str(refusal.value).partition("write ")[2].partition(", which")[0]
    found = eval(code, {"functools": functools, "itertools": itertools, "np": np, "tg": tg, "x": x})
    assert np.array_equal(found.data, call(A))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (np.fft.fft, "complex numbers are out of scope"), (np.linalg.eig, "take tg.eigh for symmetric"),
        (lambda x: np.linalg.lstsq(x, A), r"tg.pinv\(a\) @ b"), (lambda x: np.isin(x, [1.0]), "it has no derivative"),
        (lambda x: np.array([[x[0, 0], x[0, 1]]]), "tg.stack"), (lambda x: np.add.at(x, 0, 1.0), "tg.scatter"),
        (lambda x: np.reshape(x, 6, order="A"), "'C' or 'F'"), (lambda x: np.linalg.svd(x), "full_matrices=False"),
    ],
)  # fmt: skip
def test_what_is_not_recorded_names_the_way_out(call: Callable[[Any], Any], words: str) -> None:
    with pytest.raises(tg.TinygradError, match=words):
        call(tg.tensor(A, requires_grad=True))


def test_arrays_and_tensors_meet_on_either_side() -> None:
    x = tg.tensor([1.0, 2.0], dtype=float, requires_grad=True)
    y = np.array([3.0, 4.0]) * x + np.array([1.0, 1.0])
    z = np.array([[1.0, 1.0]]) @ y
    assert isinstance(z, tg.Tensor)
    z.backward()
    assert x.grad.tolist() == [3.0, 4.0]


def test_numpy_numbers_and_values_meet_on_either_side() -> None:
    v = tg.Value(2.0)
    y = np.float64(3.0) * v + np.float32(1.0)
    assert isinstance(y, tg.Value)
    y.backward()
    assert v.grad == 3.0


def test_an_array_and_a_value_make_a_tensor() -> None:
    v = tg.Value(2.0)
    y = np.array([1.0, 2.0]) * v
    assert isinstance(y, tg.Tensor)
    y.sum().backward()
    assert v.grad == 3.0
    assert type(v.grad) is float


def test_numpy_functions_on_a_value_give_a_value() -> None:
    v: Any = tg.Value(0.5)
    y = np.exp(np.sin(v)) + np.maximum(v, 0.1)
    assert isinstance(y, tg.Value)
    y.backward()
    assert v.grad == pytest.approx(np.exp(np.sin(0.5)) * np.cos(0.5) + 1)


def test_functions_of_many_numbers_take_a_value_as_an_array_of_one() -> None:
    for f in (np.sum, np.mean, np.prod, np.max, np.min, tg.logsumexp, tg.norm):
        v: Any = tg.Value(2.5)
        y = f(v)
        assert y.shape == ()
        y.backward()
        assert (type(v.grad), v.grad) == (float, pytest.approx(1.0))


@pytest.mark.parametrize(
    "ask",
    [
        lambda x: x > 0, lambda x: x == 0.2, lambda x: np.argmax(x, axis=1), lambda x: np.logical_and(x > 0, x < 1),
        lambda x: np.allclose(x, x), np.isnan, np.isfinite, np.argsort, np.any, np.zeros_like, np.shape, np.size,
        np.count_nonzero,
    ],
)  # fmt: skip
def test_answers_about_numbers_are_plain(ask: Callable[[Any], Any]) -> None:
    answer = ask(tg.tensor(A, requires_grad=True))
    assert not isinstance(answer, tg.Node)
    assert np.array_equal(answer, ask(A))


@pytest.mark.parametrize(
    "call",
    [
        np.fft.fft, np.linalg.eig, np.maximum.accumulate, np.nanmax,
        lambda x: np.add.at(x, 0, 1.0), lambda x: np.exp(x, out=np.empty(A.shape)),
        lambda x: np.sum(x, out=np.empty(())), lambda x: np.exp(x, where=A > 0), lambda x: np.sort(x, order="f"),
    ],
)  # fmt: skip
def test_what_has_no_gradient_is_refused_rather_than_computed_without_one(call: Callable[[Any], Any]) -> None:
    with pytest.raises(tg.TinygradError, match=r"np\.\w+"):
        call(tg.tensor(A, requires_grad=True))


def test_cov_of_columns_is_cov_of_the_transpose() -> None:
    """Also of one observation, which NumPy before 2.2 took for a row."""
    for x in (A, A[:1]):
        found = tg.cov(tg.tensor(x), rowvar=False, bias=True).data
        np.testing.assert_allclose(found, np.cov(x.T, bias=True), atol=1e-15)


@pytest.mark.parametrize("join", [np.concatenate, np.stack, np.hstack, np.vstack, np.dstack, np.column_stack])
def test_what_joins_a_list_joins_the_parts_of_an_array(join: Any) -> None:
    x = np.arange(12.0).reshape(2, 2, 3)
    assert np.array_equal(join(tg.tensor(x)).data, join(list(x)))
    assert_gradients(join, x)


@pytest.mark.parametrize("count", [1, 3])
def test_select_needs_a_condition_for_each_choice(count: int) -> None:
    with pytest.raises(tg.ShapeError, match=rf"2 conditions .* not {count}"):
        np.select([A > 0, A < 0], [tg.tensor(A)] * count)
