"""What is promised of every row of the table, and of every public function that is made of rows."""

from __future__ import annotations

import doctest
import inspect
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.engine.primitives import TABLE, decompositions
from tinygrad_edu.engine.primitives.own import OWN
from tinygrad_edu.engine.primitives.rows import primitive
from tinygrad_edu.testing import assert_gradients, layouts
from tinygrad_edu.testing._table import CASES, Call

every_case = pytest.mark.parametrize("name", CASES)
on_numbers = pytest.mark.parametrize("name", [name for name in CASES if name in TABLE and TABLE[name].floats])
several_operands = pytest.mark.parametrize(
    "name", [name for name, case in CASES.items() if case.arrangement.n > 1 or name == "einsum"]
)
DTYPES = [np.float32, np.float64]


def nodes(call: Call, requires_grad: bool = True) -> list[Any]:
    """The operands of a call: Tensors where they have gradients, else as they are."""
    return [
        tg.tensor(x, requires_grad=requires_grad) if slot in call.variables else x
        for slot, x in enumerate(call.operands)
    ]


def plain(x: Any) -> Any:
    return x.data if isinstance(x, tg.Node) else x


def results(out: Any) -> list[Any]:
    return list(out) if isinstance(out, (list, tuple)) else [out]


def upstream_for(out: Any) -> np.ndarray:
    """An upstream gradient in which no two numbers are alike, and none is 1."""
    n = out.size
    return (((np.arange(n) * 7 + 3) % 11 - 4.6) / 3).reshape(out.shape)


def gradients(call: Call, operands: list[Any], **options: Any) -> list[Any]:
    """The gradients of the (weighted) sum of the results by the operands that have them; 0 where none arrives."""
    loss: Any = sum((y * upstream_for(y)).sum() for y in results(call(*operands)))
    variables = [operands[slot] for slot in call.variables]
    if not isinstance(loss, tg.Tensor):
        return [np.zeros(x.shape, x.dtype) for x in variables]
    found = tg.gradients(loss, variables, **options)
    return [np.zeros(x.shape, x.dtype) if g is None else g for g, x in zip(found, variables)]


def test_every_row_of_the_table_has_a_case() -> None:
    missing = set(TABLE) - set(CASES) - OWN  # rows that other tests made by `tg.primitive`
    assert not missing, f"add a line to tinygrad_edu/testing/_table/cases.py for {', '.join(sorted(missing))}"


def test_every_public_function_has_a_case() -> None:
    no_gradient = {"argmax", "argmin", "argsort"}
    rooms = {
        "arithmetic", "decompositions", "einsum", "elementwise", "joining", "linear_algebra", "primitive", "reductions",
        "shape", "statistics",
    }  # fmt: skip
    public = {
        name
        for name, thing in ((name, getattr(tg, name)) for name in tg.__all__)
        if getattr(type(thing), "__module__", "").endswith("primitives.primitive")
        or getattr(thing, "__module__", None) in {f"tinygrad_edu.engine.primitives.{room}" for room in rooms}
    }
    assert len(public) > 60
    assert public - no_gradient <= set(CASES)


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if name not in OWN and ">>>" in str(row.__doc__)])
def test_the_examples_of_a_row_run(name: str) -> None:
    """A row is no function, so pytest does not find its examples."""
    row, said = TABLE[name], list[str]()
    names = vars(sys.modules[inspect.unwrap(row.arrays).__module__]) if inspect.isfunction(row.arrays) else {}
    examples = doctest.DocTestParser().get_doctest(str(row.__doc__), dict(names), name, None, None)
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(examples, out=said.append)
    assert examples.examples
    assert not said, "".join(said)


@every_case
@given(data=st.data())
def test_forward_is_numpys(name: str, data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from(DTYPES))
    call = data.draw(CASES[name].calls(dtype))
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    for operands in (call.operands, nodes(call, False), nodes(call)):
        found, expected = results(call(*operands)), results(call.expected)
        assert len(found) == len(expected)
        for y, answer in zip(found, expected):
            assert np.shape(y) == np.shape(answer)
            assert name in ("astype", "to_tensor", "to_value") or y.dtype == dtype
            np.testing.assert_allclose(plain(y), answer, rtol=tolerance, atol=tolerance)


@every_case
@given(data=st.data())
def test_first_and_second_derivatives(name: str, data: st.DataObject) -> None:
    call = data.draw(CASES[name].calls())
    assert_gradients(call.of_variables, *(call.operands[slot] for slot in call.variables))


@pytest.mark.parametrize(
    "name",
    ["add", "multiply", "divide", "power", "exp", "log", "sqrt", "sin", "tan", "arcsin", "tanh", "sigmoid", "softplus",
     "erf", "relu", "maximum", "where", "sum", "mean", "prod", "max", "var", "std", "logsumexp", "softmax", "norm2",
     "cumsum", "cumprod", "sinc", "arctan2", "hypot", "logaddexp", "remainder", "sort", "quantile", "interp",
     "matmul", "einsum", "dot", "getitem", "scatter", "pad", "concatenate", "inv", "det", "cholesky"],
)  # fmt: skip
@given(data=st.data())
def test_third_derivatives(name: str, data: st.DataObject) -> None:
    call = data.draw(CASES[name].calls())
    assume(sum(x.size for x in call.operands) <= 16)
    assert_gradients(call.of_variables, *(call.operands[slot] for slot in call.variables), order=3)


@pytest.mark.parametrize("name", [name for name in CASES if name not in ("to_tensor", "to_value")])
@given(data=st.data())
def test_a_gradient_has_the_shape_and_dtype_of_its_operand(name: str, data: st.DataObject) -> None:
    call = data.draw(CASES[name].calls())
    exact = gradients(call, nodes(call))
    dtypes = [data.draw(st.sampled_from(DTYPES)) for _ in call.operands]
    operands = [
        tg.tensor(x, dtype, requires_grad=True) if slot in call.variables else x
        for slot, (x, dtype) in enumerate(zip(call.operands, dtypes))
    ]
    for create_graph in (False, True):
        found = gradients(call, operands, create_graph=create_graph)
        for slot, gradient, answer in zip(call.variables, found, exact):
            assert gradient.dtype == dtypes[slot]
            assert gradient.shape == call.operands[slot].shape
            scale = max(1.0, np.max(np.abs(answer), initial=0))
            np.testing.assert_allclose(plain(gradient), answer, rtol=1e-3, atol=1e-4 * scale)


@every_case
@given(data=st.data())
def test_layout_in_memory_does_not_matter(name: str, data: st.DataObject) -> None:
    case = CASES[name]
    call = data.draw(case.calls())
    operands: list[Any] = []
    for slot, x in enumerate(call.operands):
        layout = data.draw(layouts(x.shape, repeats=not case.ties))
        base = np.zeros(layout.base_shape, x.dtype)
        base.reshape(-1)[layout.view(np.arange(base.size).reshape(base.shape))] = x
        operands.append(layout.view(tg.tensor(base, requires_grad=True) if slot in call.variables else base))
    same = Call(case, tuple(plain(x).copy() for x in operands), call.attrs)  # but in C order
    for y, answer in zip(results(call(*operands)), results(same.expected)):
        np.testing.assert_allclose(plain(y), answer, rtol=1e-12, atol=1e-12 * np.max(np.abs(answer), initial=1))
    for gradient, answer in zip(gradients(call, operands), gradients(same, nodes(same))):
        np.testing.assert_allclose(gradient, answer, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if np.isfinite(row.domain).any()])
def test_a_domain_reaches_to_where_the_function_or_its_derivative_ends(name: str) -> None:
    for end in filter(np.isfinite, TABLE[name].domain):
        with np.errstate(all="ignore"):
            slope = tg.grad(TABLE[name])(float(end))
        assert not abs(slope) < 1e30, f"{name} is smooth at {end}"


def test_operators_bind_as_in_python() -> None:
    levels = ["add subtract", "multiply divide floor_divide remainder matmul", "negative", "power"]
    found = [{TABLE[name].precedence for name in level.split()} for level in levels]
    assert found == [{10}, {20}, {30}, {40}]


OF_SAMPLES = {"quantile", "percentile", "median", "average", "nanmean", "cov"}


def test_samples_without_numbers_are_refused_but_empty_rows_give_empty_results() -> None:
    """NumPy answers with nan, or with errors of several kinds."""
    for name in sorted(OF_SAMPLES - {"cov"}):
        f: Any = CASES[name].function
        rest: dict[str, Any] = {"quantile": {"q": 0.5}, "percentile": {"q": 50.0}}.get(name, {})
        x = tg.zeros((0, 3))
        operands = [x, x] if name == "average" else [x]
        with pytest.raises(tg.ShapeError, match="no numbers"):
            f(*operands, axis=0, **rest)
        assert f(*operands, axis=1, **rest).shape == (0,)


@pytest.mark.parametrize("name", [name for name in CASES if name not in OF_SAMPLES])
@given(data=st.data())
def test_empty_axes_work_as_in_numpy(name: str, data: st.DataObject) -> None:
    call = data.draw(CASES[name].calls(sides=(0, 2)))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            expected = results(call.expected)
        except ValueError:  # such as the maximum of nothing
            expected = None
    if expected is None:
        with pytest.raises(tg.ShapeError):
            call(*nodes(call))
        return
    assume(all(np.isfinite(y).all() for y in expected))  # the mean of nothing is nan
    operands = nodes(call)
    for y, answer in zip(results(call(*operands)), expected, strict=True):
        assert y.shape == answer.shape
        np.testing.assert_allclose(y.data, answer)
    for slot, gradient in zip(call.variables, gradients(call, operands)):
        assert gradient.shape == call.operands[slot].shape
        assert np.isfinite(gradient).all()


@several_operands
@given(data=st.data())
def test_an_operand_may_be_a_constant(name: str, data: st.DataObject) -> None:
    call = data.draw(CASES[name].calls())
    operands = nodes(call)
    expected = gradients(call, operands)
    constant = data.draw(st.sampled_from(call.variables))
    operands[constant] = call.operands[constant] if data.draw(st.booleans()) else tg.tensor(call.operands[constant])
    variables = [operands[slot] for slot in call.variables if slot != constant]
    assume(variables)
    out = call(*operands)
    found = tg.gradients((out * upstream_for(out)).sum(), variables)
    answers = [g for slot, g in zip(call.variables, expected) if slot != constant]
    for gradient, answer in zip(found, answers):
        np.testing.assert_allclose(0 if gradient is None else gradient, answer, rtol=1e-12, atol=1e-12)


@on_numbers
@given(data=st.data())
def test_value_and_tensor_agree(name: str, data: st.DataObject) -> None:
    """On single numbers: the results, the gradients, and the gradients of the gradients."""
    case = CASES[name]
    call = data.draw(case.calls(of_shapes=((),) * (case.arrangement.n or data.draw(st.integers(2, 7)))))

    def twice(*variables: Any) -> list[Any]:
        operands: list[Any] = [x.item() for x in call.operands]
        for slot, x in zip(call.variables, variables):
            operands[slot] = x
        y = call(*operands)
        first = tg.gradients(y, variables, create_graph=True)
        second = [tg.gradients(g, variables) if g is not None and g.requires_grad else [] for g in first]
        return [y, *first, *(0.0 if g is None else g for row in second for g in row)]

    values = twice(*(tg.Value(call.operands[slot].item()) for slot in call.variables))
    tensors = twice(*(tg.tensor(call.operands[slot], requires_grad=True) for slot in call.variables))
    assert isinstance(values[0], tg.Value)
    assert isinstance(tensors[0], tg.Tensor)
    np.testing.assert_allclose([float(y) for y in values], [float(y) for y in tensors], rtol=1e-12, atol=1e-12)
    assert call(*(x.item() for x in call.operands)) == float(values[0])


@pytest.mark.parametrize(
    "name", [name for name in CASES if name in TABLE and TABLE[name].floats and CASES[name].arrangement.n > 1]
)
@given(data=st.data())
def test_a_value_among_tensors_gets_a_float(name: str, data: st.DataObject) -> None:
    """Its gradient is summed over all places where broadcasting put it."""
    case = CASES[name]
    shapes = list(data.draw(case.arrangement.shapes((1, 4)).filter(any)))
    lone = data.draw(st.integers(int(name == "where"), len(shapes) - 1))
    shapes[lone] = ()
    assume(any(shapes))
    call = data.draw(case.calls(of_shapes=tuple(shapes)))
    operands = nodes(call)
    expected = gradients(call, operands)
    operands[lone] = tg.Value(call.operands[lone].item())
    for slot, found, answer in zip(call.variables, gradients(call, operands), expected):
        assert type(found) is (float if slot == lone else np.ndarray)
        np.testing.assert_allclose(found, answer, rtol=1e-12, atol=1e-12)


WHOLE = [np.bool_, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64]
OF_NETWORKS = {"rnn", "lstm", "gru", "max_pool", "max_pick", "max_unpool", "dot"}
"""Rows whose callers have made float32 of whole numbers."""

OF_MATRICES = {"vecdot", *decompositions.__all__, "cofactors"}
"""Functions of matrices, which LAPACK has for float32 and float64 alone; whole ones are made ready by the case."""


@pytest.mark.parametrize("name", [name for name in CASES if name not in ("partition", "pad", "astype")])
@given(data=st.data())
def test_every_dtype_is_computed_like_float64_or_refused(name: str, data: st.DataObject) -> None:
    """No minus wraps around, and no sum of float16 is lost; what stays whole is exact where its dtype has room."""
    dtypes = [np.float32] if name in OF_MATRICES else [np.float16, np.float16, np.float32]
    dtype = np.dtype(data.draw(st.sampled_from(dtypes if name in OF_NETWORKS | OF_MATRICES else [*WHOLE, *dtypes])))
    call = data.draw(CASES[name].calls())
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = [np.abs(x * 40) if dtype.kind == "u" else x * 40 for x in call.operands]
        small = [
            x if slot not in call.variables else (x if dtype.kind == "f" else whole[slot]).astype(dtype)
            for slot, x in enumerate(call.operands)
        ]
        exact = [x.astype(np.float64) if slot in call.variables else x for slot, x in enumerate(small)]
        try:
            found = [plain(y) for y in results(call(*map(tg.tensor, small)))]
        except tg.DtypeError:
            assert dtype.kind != "f"
            return
        tolerance = 2e-2 if dtype == np.float16 else 1e-4
        for y, answer in zip(found, results(Call(call.case, tuple(exact), call.attrs).expected)):
            if y.dtype == bool:  # of bools 1 + 1 is True
                continue
            limits = np.iinfo(y.dtype) if y.dtype.kind in "iu" else np.finfo(y.dtype if y.dtype.kind == "f" else float)
            fits = (np.abs(answer) < float(limits.max)) & (answer > float(limits.min) - 1)
            close = np.isclose(
                y, answer, rtol=tolerance, atol=tolerance * max(1.0, np.max(np.abs(answer[fits]), initial=0))
            )
            assert (close | ~fits).all(), (y, answer)


RELOADED = """
import importlib, sys
import tinygrad_edu
for name in sorted(name for name in sys.modules if name.startswith("tinygrad_edu")):
    importlib.reload(sys.modules[name])
"""


def test_every_module_can_be_loaded_again() -> None:
    """As notebooks do that look for changed files; a second row of one name by another module stays an error."""
    subprocess.run([sys.executable, "-c", RELOADED], check=True)
    with pytest.raises(ValueError, match="already"):
        primitive(lambda g, out, x: g, name="exp")(np.exp)
    with pytest.raises(ValueError, match="already"):
        primitive(lambda g, out, x: g, name="second", numpy=[np.exp])(np.exp)
    assert "second" not in TABLE


@every_case
@settings(max_examples=2)
@given(data=st.data())
def test_a_tall_jacobian_is_the_derivative_along_each_number(name: str, data: st.DataObject) -> None:
    """It frees numbers on the way, which no rule may ask for."""
    call = data.draw(CASES[name].calls())

    def tall(p: Any) -> Any:
        operands: list[Any] = list(call.operands)
        for slot in call.variables:
            operands[slot] = operands[slot] + p[0] * operands[slot] + p[1] * upstream_for(operands[slot])
        out = tg.concatenate([y.flatten() for y in results(call(*operands))])
        return tg.concatenate([out, 2 * out, 3 * out])

    found = tg.jacobian(tall)(np.zeros(2))
    for j, along in enumerate(np.eye(2)):
        np.testing.assert_allclose(found[:, j], tg.jvp(tall, np.zeros(2), along)[1], 1e-9, 1e-12)
