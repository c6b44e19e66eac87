"""`grad`, `value_and_grad`, `vjp`, `jvp`, `jacobian`, `hessian`, `hvp`: of what, by what, and what comes out."""

from __future__ import annotations

import math
import statistics
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.strategies import integers, lists, sampled_from

import tinygrad_edu as tg
from tinygrad_edu.testing import Program, programs

A = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
KINDS: dict[str, Callable[[], Any]] = {
    "a float": lambda: 2.0,
    "a Value": lambda: tg.Value(2.0),
    "an array": lambda: np.array([[2.0, 3.0, 4.0]]),
    "a float32 array": lambda: np.array([2.0, 3.0], dtype=np.float32),
    "an array of shape ()": lambda: np.array(2.0),
    "a Tensor": lambda: tg.tensor(A),
    "a float32 Tensor": lambda: tg.tensor([2.0, 3.0]),
    "a Tensor that requires a gradient": lambda: tg.tensor(A, requires_grad=True),
}


def plain(x: Any) -> Any:
    return x.data if isinstance(x, tg.Node) else x


def assert_like(derivative: Any, x: Any, shape: tuple[int, ...] | None = None) -> None:
    """A derivative has the type and dtype of its argument, and its shape (or another that is given)."""
    assert type(derivative) is type(x)
    assert np.shape(plain(derivative)) == (np.shape(plain(x)) if shape is None else shape)
    assert np.asarray(plain(derivative)).dtype == np.asarray(plain(x)).dtype


def cubes(x: Any) -> Any:
    y = x**3
    return y.sum() if np.shape(plain(y)) else y


@pytest.mark.parametrize("kind", KINDS)
def test_grad_has_the_type_shape_and_dtype_of_its_argument(kind: str) -> None:
    x = KINDS[kind]()
    gradient = tg.grad(cubes)(x)
    assert_like(gradient, x)
    np.testing.assert_allclose(plain(gradient), 3 * plain(x) ** 2)


@pytest.mark.parametrize("kind", KINDS)
def test_an_argument_that_is_not_used_has_gradient_0(kind: str) -> None:
    x = KINDS[kind]()
    gradient = tg.grad(lambda x, y: y * y)(x, 3.0)
    assert_like(gradient, x)
    assert not np.any(plain(gradient))
    assert_like(tg.grad(lambda x: 5.0)(x), x)


@pytest.mark.parametrize("kind", KINDS)
def test_value_and_grad(kind: str) -> None:
    x = KINDS[kind]()
    value, gradient = tg.value_and_grad(cubes)(x)
    np.testing.assert_allclose(float(plain(value)), float(plain(cubes(x))), rtol=1e-6)
    assert isinstance(value, tg.Node) == isinstance(x, tg.Node)
    assert_like(gradient, x)


@pytest.mark.parametrize("kind", KINDS)
def test_vjp(kind: str) -> None:
    x = KINDS[kind]()
    out, pull = tg.vjp(lambda x: x**3, x)
    upstream = np.linspace(-1.0, 2.0, np.size(plain(x))).reshape(np.shape(plain(x)))
    (gradient,) = pull(upstream)
    np.testing.assert_allclose(plain(out), plain(x) ** 3)
    assert_like(gradient, x)
    np.testing.assert_allclose(plain(gradient), 3 * plain(x) ** 2 * upstream, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_jvp(kind: str) -> None:
    x = KINDS[kind]()
    direction = np.linspace(-1.0, 2.0, np.size(plain(x))).reshape(np.shape(plain(x)))
    out, tangent = tg.jvp(lambda x: x**3, (x,), (direction if direction.shape else float(direction),))
    assert_like(tangent, out)
    np.testing.assert_allclose(plain(tangent), 3 * plain(x) ** 2 * direction, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_jacobian(kind: str) -> None:
    x = KINDS[kind]()
    n, shape = np.size(plain(x)), np.shape(plain(x))
    found = tg.jacobian(lambda x: x**3)(x)
    assert_like(found, x, (*shape, *shape))
    np.testing.assert_allclose(np.reshape(plain(found), (n, n)), np.diag(np.ravel(3 * plain(x) ** 2)))


@pytest.mark.parametrize("kind", KINDS)
def test_hessian(kind: str) -> None:
    x = KINDS[kind]()
    n, shape = np.size(plain(x)), np.shape(plain(x))
    found = tg.hessian(cubes)(x)
    assert_like(found, x, (*shape, *shape))
    np.testing.assert_allclose(np.reshape(plain(found), (n, n)), np.diag(np.ravel(6 * plain(x))))


@pytest.mark.parametrize("kind", KINDS)
def test_hvp(kind: str) -> None:
    x = KINDS[kind]()
    direction = np.linspace(-1.0, 2.0, np.size(plain(x))).reshape(np.shape(plain(x)))
    found = tg.hvp(cubes, x, direction if direction.shape else float(direction))
    assert_like(found, x)
    np.testing.assert_allclose(plain(found), 6 * plain(x) * direction, rtol=1e-6)


def test_nobodys_grad_is_touched() -> None:
    x = tg.tensor(A, requires_grad=True)
    for derivative in (tg.grad, tg.jacobian, tg.hessian):
        derivative(cubes)(x)
    tg.hvp(cubes, x, A)
    tg.jvp(cubes, (x,), (A,))
    assert x.grad is None


# Several arguments.


def test_several_arguments() -> None:
    def f(x: Any, y: Any, z: Any) -> Any:
        return x * y**2 + z

    assert tg.grad(f, argnums=(0, 1))(2.0, 3.0, 4.0) == (9.0, 12.0)
    assert tg.grad(f, argnums=(2, 0))(2.0, 3.0, 4.0) == (1.0, 9.0)
    assert tg.grad(f, argnums=1)(2.0, 3.0, 4.0) == 12.0
    assert tg.grad(f, argnums=(1,))(2.0, 3.0, 4.0) == (12.0,)
    assert tg.grad(f, argnums=[])(2.0, 3.0, 4.0) == ()


def test_arguments_are_counted_from_the_end_too() -> None:
    def f(x: Any, y: Any) -> Any:
        return x * y**2

    assert tg.grad(f, argnums=-1)(2.0, 3.0) == 12.0
    assert tg.grad(f, argnums=(-1, -2))(2.0, 3.0) == (12.0, 9.0)
    assert tg.jacobian(f, argnums=-1)(2.0, 3.0) == 12.0
    assert tg.hessian(f, argnums=-1)(2.0, 3.0) == 4.0


@pytest.mark.parametrize("argnums", [2, -3, (0, 2), 1.0, "x"])
def test_an_argument_that_is_not_there_is_refused(argnums: Any) -> None:
    with pytest.raises((IndexError, TypeError), match="argnums"):
        tg.grad(lambda x, y: x * y, argnums=argnums)(2.0, 3.0)


def test_keywords_and_other_objects_are_passed_on() -> None:
    def f(x: Any, how: str, *, power: int) -> Any:
        assert how == "cube"
        return x**power

    assert tg.grad(f)(2.0, "cube", power=3) == 12.0


def test_each_argument_has_a_derivative_of_its_own_type() -> None:
    x, w, b = np.array([1.0, 2.0], dtype=np.float32), tg.tensor(A[:, :2]), 0.5
    gx, gw, gb = tg.grad(lambda x, w, b: (x @ w.T + b).sum(), argnums=(0, 1, 2))(x, w, b)
    assert_like(gx, x)
    assert_like(gw, w)
    assert_like(gb, b)
    assert gb == 2.0


def test_hvp_and_jvp_of_several_arguments() -> None:
    def f(x: Any, y: Any) -> Any:
        return (x**2 * y).sum()

    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    u, v = np.array([0.5, -1.0]), np.array([2.0, 0.0])
    by_x, by_y = tg.hvp(f, (x, y), (u, v))
    np.testing.assert_allclose(by_x, 2 * y * u + 2 * x * v)
    np.testing.assert_allclose(by_y, 2 * x * u)
    value, tangent = tg.jvp(f, (x, y), (u, v))
    np.testing.assert_allclose([value, tangent], [(x**2 * y).sum(), (2 * x * y * u + x**2 * v).sum()])


def test_a_jacobian_of_another_shape() -> None:
    def f(x: Any) -> Any:
        return tg.stack([x.sum(), (x * x).sum()])

    found = tg.jacobian(f)(A)
    assert found.shape == (2, 2, 3)
    np.testing.assert_allclose(found, np.stack([np.ones(A.shape), 2 * A]))
    assert tg.jacobian(lambda x, y: x * y, argnums=(0, 1))(2.0, np.array([1.0, 5.0]))[0].tolist() == [1.0, 5.0]


def test_jacobians_of_nothing() -> None:
    assert tg.jacobian(lambda x: x * 2)(np.zeros((0, 3))).shape == (0, 3, 0, 3)
    assert tg.jacobian(lambda x: x[:0])(np.zeros(3)).shape == (0, 3)
    assert tg.grad(lambda x: x.sum())(np.zeros((0, 3))).shape == (0, 3)


# Nesting: whose variable is whose.


def test_perturbations_are_not_confused() -> None:
    """The inner derivative is 1, at any x; were the variables one, it would count both uses and give 2."""
    assert tg.grad(lambda x: x * tg.grad(lambda y: x + y)(x))(3.0) == 1.0
    assert tg.grad(lambda x: x * tg.grad(lambda y: x * y)(2.0))(3.0) == 6.0
    assert tg.grad(lambda x: tg.grad(lambda y: x * y * y)(x))(3.0) == 12.0


def test_nested_derivatives_by_values_the_caller_holds() -> None:
    x = tg.Value(3.0)
    y = tg.grad(lambda t: t**3)(x) * x
    y.backward()
    assert (float(y), x.grad) == (81.0, 81.0)  # 3x² · x = 3x³, and 9x²
    t = tg.tensor([1.0, 2.0], dtype=float, requires_grad=True)
    tg.grad(lambda t: (t**3).sum())(t).sum().backward()
    assert t.grad.tolist() == [6.0, 12.0]


def test_derivatives_of_any_order() -> None:
    f: Any = tg.tanh
    x, expected = 0.7, []
    th = math.tanh(x)
    expected = [1 - th**2, -2 * th * (1 - th**2), (1 - th**2) * (6 * th**2 - 2)]
    for answer in expected:
        f = tg.grad(f)
        assert f(x) == pytest.approx(answer, rel=1e-12)


def test_mixed_derivatives_do_not_depend_on_the_order() -> None:
    def f(x: Any, y: Any) -> Any:
        return tg.sin(x * y) * x + y**3 / x

    xy = tg.grad(tg.grad(f, 0), 1)(1.3, 0.7)
    yx = tg.grad(tg.grad(f, 1), 0)(1.3, 0.7)
    exact = (2 * 1.3 * math.cos(0.91) - 1.3**2 * 0.7 * math.sin(0.91)) - 3 * 0.7**2 / 1.3**2
    assert xy == pytest.approx(exact, rel=1e-12)
    assert yx == pytest.approx(exact, rel=1e-12)


def test_operators_nest_in_each_other() -> None:
    def f(x: Any) -> Any:
        return (x**3).sum()

    x, v = np.array([1.0, 2.0]), np.array([1.0, 10.0])
    np.testing.assert_allclose(tg.jvp(tg.grad(f), (x,), (v,))[1], tg.hvp(f, x, v))
    np.testing.assert_allclose(tg.grad(lambda x: tg.jvp(f, (x,), (v,))[1])(x), tg.hvp(f, x, v))
    np.testing.assert_allclose(tg.vjp(tg.grad(f), x)[1](v)[0], tg.hvp(f, x, v))
    np.testing.assert_allclose(tg.jacobian(tg.grad(f))(x), tg.hessian(f)(x))
    np.testing.assert_allclose(tg.grad(lambda x: tg.hvp(f, x, v).sum())(x), 6 * v)
    np.testing.assert_allclose(tg.grad(lambda x: tg.hessian(f)(x).sum())(x), [6.0, 6.0])


def test_a_function_may_use_derivatives_inside() -> None:
    """One step of gradient descent, differentiated by its step size."""

    def after_one_step(rate: Any) -> Any:
        x = np.array([1.0, 2.0])
        x = x - rate * tg.grad(lambda x: (x**2).sum())(x)
        return (x**2).sum()

    assert tg.grad(after_one_step)(0.1) == pytest.approx(-4 * 0.8 * 5)  # ((1 - 2r)² · 5)' = -4 (1 - 2r) · 5


def test_a_derivative_inside_no_grad_is_a_derivative() -> None:
    with tg.no_grad():
        assert tg.grad(cubes)(2.0) == 12.0
        assert tg.hessian(cubes)(np.array([1.0])).tolist() == [[6.0]]
        gradient = tg.grad(cubes)(tg.Value(2.0))
    assert (float(gradient), gradient.requires_grad) == (12.0, False)


def test_results_outside_a_derivative_hold_no_graph() -> None:
    assert tg.grad(cubes)(tg.Value(2.0)).requires_grad in (True, False)
    constant = tg.grad(cubes)(tg.Value(2.0, requires_grad=False))
    assert (float(constant), constant.requires_grad) == (12.0, False)


# What is refused.


def test_grad_of_many_numbers_is_refused() -> None:
    with pytest.raises(tg.GraphError, match=r"\(2, 3\).*sum.*jacobian"):
        tg.grad(lambda x: x * 2)(A)
    with pytest.raises(tg.GraphError, match=r"\(2, 3\)"):
        tg.hvp(lambda x: x * 2, A, A)


@pytest.mark.parametrize("result", [None, "text", [1.0, 2.0], (tg.Value(1.0), tg.Value(2.0)), {}])
def test_a_function_that_returns_no_number_is_refused(result: Any) -> None:
    with pytest.raises(tg.TinygradError):
        tg.grad(lambda x: result)(2.0)


def test_tangents_of_another_shape_are_refused() -> None:
    with pytest.raises(tg.ShapeError, match="tangents"):
        tg.jvp(cubes, (A,), (A.T,))
    with pytest.raises(tg.ShapeError, match="tangents"):
        tg.hvp(cubes, A, A[0])
    with pytest.raises(tg.ShapeError, match="tangents"):
        tg.jvp(lambda x, y: x * y, (1.0, 2.0), (1.0,))


@pytest.mark.parametrize("x", ["2.0", None, 1j, np.array(["a"])])
def test_what_is_no_number_has_no_derivative(x: Any) -> None:
    with pytest.raises(tg.TinygradError):
        tg.grad(lambda x: x)(x)


# On random programs.


@given(programs(min_lines=3))
def test_forward_and_backward_mode_agree(program: Program) -> None:
    """upstream · (J · tangent) = (upstream · J) · tangent."""
    tangents: tuple[Any, ...] = tuple(np.linspace(-1.0, 1.5, np.size(x)).reshape(np.shape(x)) for x in program.inputs)
    tangents = tuple(float(v) if isinstance(x, float) else v for x, v in zip(program.inputs, tangents))
    out, tangent = tg.jvp(program, program.inputs, tangents)
    upstream = np.linspace(2.0, -1.0, np.size(out)).reshape(np.shape(out))
    pulled = tg.vjp(program, *program.inputs)[1](upstream)
    forward = np.sum(upstream * tangent)
    backward = sum(np.sum(g * v) for g, v in zip(pulled, tangents))
    assert forward == pytest.approx(backward, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("kind", ["float", "0-d array", "Value", "0-d Tensor"])
@settings(max_examples=25)
@given(program=programs(min_lines=3))
def test_a_derivative_by_the_upstream_gradient_is_the_forward_derivative(kind: str, program: Program) -> None:
    """The backward pass is linear in the upstream gradient u, whatever u is an object of."""
    make: dict[str, Callable[[float], Any]] = {
        "float": float, "0-d array": np.array, "Value": tg.Value, "0-d Tensor": lambda u: tg.tensor(u, dtype="float64"),
    }  # fmt: skip
    x = program.inputs[0]
    direction = np.ones_like(x) if np.ndim(x) else 1.0

    def of_one(x: Any) -> Any:
        y = program(x, *program.inputs[1:])
        return y.sum() if np.shape(y) else y

    def back(u: Any) -> Any:
        pulled = tg.vjp(of_one, x)[1](u)[0]
        return (pulled * direction).sum() if np.ndim(direction) else pulled * direction

    expected = tg.jvp(of_one, (x,), (direction,))[1]
    assert plain(tg.grad(back)(make[kind](1.5))) == pytest.approx(plain(expected), rel=1e-9, abs=1e-12)


def test_a_pull_that_was_made_before_is_differentiated_by_its_upstream_gradient() -> None:
    x, direction = np.array([0.5, 1.0, 2.0]), np.array([1.0, -1.0, 3.0])
    _, pull = tg.vjp(np.sin, x)
    np.testing.assert_allclose(tg.grad(lambda u: (pull(u)[0] * direction).sum())(np.ones(3)), np.cos(x) * direction)
    u = tg.tensor(np.ones(3), requires_grad=True)
    (pull(u)[0] ** 2).sum().backward()
    np.testing.assert_allclose(u.grad, 2 * np.cos(x) ** 2)
    with tg.no_grad():
        assert not isinstance(pull(u)[0], tg.Node)


@pytest.mark.parametrize("output", [tg.Value(2.0), tg.tensor(2.0, requires_grad=True)])
def test_an_upstream_gradient_of_another_shape_is_refused_in_a_graph_too(output: Any) -> None:
    with pytest.raises((tg.ShapeError, tg.GraphError), match=r"2"):
        tg.gradients(output * output, [output], tg.tensor([1.0, 2.0]), create_graph=True)


COMPOSITIONS: dict[str, Callable[[Callable[[Any], Any]], Callable[[Any], Any]]] = {
    "grad": lambda f: lambda x: tg.grad(lambda y: (f(y) * x).sum())(np.tanh(x)),
    "value and grad": lambda f: lambda x: x * tg.value_and_grad(lambda y: (f(x) * y).mean())(f(x))[0],
    "beside": lambda f: lambda x: sum(tg.grad(lambda y: (f(y).sum(), x * y), has_aux=True)(x)),
    "vjp": lambda f: lambda x: tg.vjp(lambda y: f(x) * y, np.sin(x))[1](f(x))[0],
    "jvp": lambda f: lambda x: tg.jvp(lambda y: f(y) * x, x, np.sin(x))[1],
    "hvp": lambda f: lambda x: tg.hvp(lambda y: (f(y) * x).sum(), x, np.cos(x)),
    "jacobian": lambda f: lambda x: tg.jacobian(f)(x) @ np.sin(x),
    "containers": lambda f: lambda x: tg.grad(lambda p: f(p["a"] * p["b"][0]).sum())({"a": x, "b": [np.cos(x)]})["a"],
    "a keyword": lambda f: lambda x: tg.grad(lambda y, *, n: (f(y) ** n).sum())(x, n=2),
    "the second argument": lambda f: lambda x: tg.grad(lambda y, z: (f(z) * y).sum(), argnums=1)(x * x, x),
    "no dependence": lambda f: lambda x: tg.grad(lambda y: f(x).sum())(x) + f(x),
    "a number of it": lambda f: lambda x: tg.grad(lambda y: f(x * y).sum())(x[1]) * x,
    "in place": lambda f: lambda x: tg.grad(lambda y: added_in_place(f(y), y).sum())(x),
    "a branch": lambda f: lambda x: tg.grad(lambda y: (f(y) if float(np.max(plain(y))) > 0 else y * y).sum())(x),
}


def added_in_place(x: Any, y: Any) -> Any:
    x = x * 2.0
    x += y * y
    x *= x
    return x


@settings(max_examples=25)
@given(names=lists(sampled_from(sorted(COMPOSITIONS)), min_size=1, max_size=3), seed=integers(0, 9))
def test_derivatives_within_derivatives(names: list[str], seed: int) -> None:
    """Operators applied to functions that are made of operators, against finite differences."""
    f: Callable[[Any], Any] = lambda x: np.sin(x) * np.tanh(2.0 * x)
    for name in names:
        f = COMPOSITIONS[name](f)
    x = np.random.default_rng(seed).uniform(-1, 1, 3)
    assert tg.gradcheck(lambda x: f(x).sum(), [x])
    np.testing.assert_allclose(plain(f(tg.tensor(x, requires_grad=True))), plain(f(x)))


@pytest.mark.parametrize("x", [2.0, np.array([2.0, -3.0])])
@pytest.mark.parametrize("rule", [lambda g, out, x: 0.0, lambda g, out, x: np.zeros(np.shape(plain(x)))])
def test_a_rule_may_give_plain_numbers_in_a_graph_of_gradients(rule: Any, x: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(tg.sign, "rules", (rule,))
    slope = tg.grad(lambda x: cubes(x) + cubes(tg.sign(x * x)))
    np.testing.assert_allclose(tg.grad(lambda x: slope(x).sum() if np.shape(plain(x)) else slope(x))(x), 6 * x)


@pytest.mark.parametrize("x", [tg.Value(3.0), tg.tensor(3.0, requires_grad=True)])
def test_what_is_differentiated_inside_no_grad_is_a_constant_of_the_derivative_outside(x: Any) -> None:
    @tg.no_grad()
    def slope(x: Any) -> Any:
        return tg.grad(lambda y: y**3)(x)

    assert plain(tg.grad(lambda x: x * slope(x))(x)) == 27.0


@given(programs(min_lines=3))
def test_the_hessian_is_symmetric(program: Program) -> None:
    """v · (H · w) = (v · H) · w, over all arguments at once."""
    random = np.random.default_rng(0)

    def total(*x: Any) -> Any:
        y = program(*x)
        return y.sum() if isinstance(y, tg.Tensor) else y

    def direction() -> tuple[Any, ...]:
        return tuple(
            random.uniform(-1, 1) if isinstance(x, float) else random.uniform(-1, 1, x.shape) for x in program.inputs
        )

    v, w = direction(), direction()
    left = sum(np.sum(a * b) for a, b in zip(v, tg.hvp(total, program.inputs, w)))
    right = sum(np.sum(a * b) for a, b in zip(w, tg.hvp(total, program.inputs, v)))
    assert left == pytest.approx(right, rel=1e-8, abs=1e-8)


# Dicts, lists and tuples as arguments; something beside the result; tall Jacobians; numbers that leave the graph.


def network(p: Any) -> Any:
    hidden = tg.tanh(np.array([0.5, -1.0]) @ p["layers"][0]["w"] + p["layers"][0]["b"])
    return (hidden @ p["layers"][1][0]).sum() * p["scale"]


def test_an_argument_may_be_nested_containers_and_so_is_its_gradient() -> None:
    p: Any = {
        "layers": [{"w": np.arange(6.0).reshape(2, 3) / 7, "b": np.ones(3)}, (tg.tensor(np.ones((3, 1))),)],
        "scale": 2.0,
    }
    g = tg.grad(network)(p)
    assert type(g["scale"]) is float
    assert type(g["layers"][1]) is tuple
    assert isinstance(g["layers"][1][0], tg.Tensor)

    def of_b(b: np.ndarray) -> Any:
        return network({**p, "layers": [{"w": p["layers"][0]["w"], "b": b}, p["layers"][1]]})

    np.testing.assert_allclose(g["layers"][0]["b"], tg.grad(of_b)(np.ones(3)))


def test_a_list_of_numbers_is_still_one_array() -> None:
    assert tg.grad(lambda x: (x * x).sum())([1.0, 2.0]).tolist() == [2.0, 4.0]


def test_what_is_returned_beside_the_number_comes_with_the_gradient() -> None:
    f = lambda x: (x * x, {"seen": x.item()})
    with pytest.warns(UserWarning, match=r"item: .*no gradient flows"):
        assert tg.grad(f, has_aux=True)(3.0) == (6.0, {"seen": 3.0})
    assert tg.value_and_grad(lambda x: (x * x, "loss"), has_aux=True)(3.0) == ((9.0, "loss"), 6.0)
    with pytest.raises(tg.GraphError, match="with has_aux the function returns"):
        tg.grad(lambda x: x * x, has_aux=True)(3.0)


@pytest.mark.parametrize(
    "f", [lambda x: np.outer(x, x) @ np.ones(3) * np.sum(x), lambda x: tg.stack([x[0] * x[1]] * 5)]
)
def test_a_tall_jacobian_equals_the_one_by_rows(f: Callable[..., Any]) -> None:
    x = np.array([1.0, -2.0, 0.5])

    def tall(x: Any) -> Any:
        return tg.concatenate([f(x), f(x) ** 2, x])

    expected = np.stack([tg.grad(component(tall, i))(x) for i in range(len(tall(x)))])
    np.testing.assert_allclose(tg.jacobian(tall)(x), expected)
    assert tg.gradcheck(lambda x: tall(x).sum(), [x])
    assert tg.gradcheck(lambda x: (tg.jacobian(tall)(x) ** 2).sum(), [x])  # the Jacobian as a part of a graph


@pytest.mark.parametrize("then", [lambda y: y, lambda y: y * 2.0, lambda y: y + 1.0, lambda y: (y + y).tanh(),
                                  lambda y: tg.relu(y - 2.0), lambda y: y[:2] - y[2:4]])  # fmt: skip
def test_a_rule_may_ask_where_its_upstream_gradient_is_zero(then: Callable[[Any], Any]) -> None:
    cubed = tg.primitive(lambda g, out, x: tg.where(g == 0.0, 0.0, g * 3.0 * x**2))(lambda x: x**3)

    def f(cube: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda x: tg.concatenate([then(cube(tg.concatenate([x, x * 0.5, -x]))), x])

    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(tg.jacobian(f(cubed))(x), tg.jacobian(f(lambda x: x**3))(x))


@pytest.mark.parametrize("outputs", [0, 1, 2])
@pytest.mark.parametrize("kind", ["an int", *KINDS])
def test_the_jacobian_by_any_argument_is_an_array_of_its_kind(kind: str, outputs: int) -> None:
    x = 2 if kind == "an int" else KINDS[kind]()
    numbers = np.asarray(plain(x), None if np.shape(plain(x)) else float)
    jacobian = tg.jacobian(lambda x: tg.stack([x * 0.5, x * x * 0.25][:outputs]) if outputs else np.zeros(0))(x)
    expected = np.zeros((outputs, *numbers.shape, *numbers.shape))
    for i, factor in enumerate([np.full(numbers.shape, 0.5), numbers * 0.5][:outputs]):
        for place in np.ndindex(numbers.shape):
            expected[(i, *place, *place)] = factor[place]
    if not outputs:
        expected = np.zeros((0, *numbers.shape))
    np.testing.assert_allclose(plain(jacobian), expected)
    assert type(jacobian) is (tg.Tensor if isinstance(x, tg.Node) else np.ndarray)
    assert jacobian.dtype == numbers.dtype


def test_a_square_jacobian_holds_little_more_than_the_result() -> None:
    x = np.linspace(-1.0, 1.0, 400)
    tracemalloc.start()
    try:
        result = tg.jacobian(np.tanh)(x)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.2 * result.nbytes


def test_a_tall_jacobian_holds_little_more_than_the_result() -> None:
    t, parameters = np.linspace(0.0, 4.0, 20_000), np.array([2.0, 1.3, 0.5])
    tracemalloc.start()
    try:
        result = tg.jacobian(lambda p: p[0] * np.exp(-p[1] * t) + p[2])(parameters)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * result.nbytes


def component(f: Callable[..., Any], i: int) -> Callable[..., Any]:
    def ith(x: Any) -> Any:
        return f(x)[i]

    return ith


def stored(x: Any) -> Any:
    out = np.zeros(2)
    out[0] = x[0] ** 2
    return out


MASKED = np.ma.array([1.0, 2.0], mask=[False, True])


@pytest.mark.parametrize(
    "f",
    [lambda x: MASKED * x, lambda x: MASKED - x, lambda x: np.ma.add(MASKED, x), np.ma.array, np.ma.sqrt, np.ma.sum],
)
def test_functions_of_masked_arrays_lose_no_gradient(f: Callable[[tg.Tensor], Any]) -> None:
    with pytest.raises(tg.GraphError, match="would leave the graph"):
        f(tg.tensor([1.0, 2.0], requires_grad=True))


@pytest.mark.parametrize(
    "f",
    [
        stored,
        lambda x: math.exp(x[0]),
        lambda x: float(x.sum()) * 2,
        lambda x: int(x[0]) + x[1],
        lambda x: complex(x[0]).real + x[1],
        lambda x: statistics.fmean([x[0], x[1]]),
    ],
)
@pytest.mark.parametrize("take", [tg.grad, tg.jacobian, lambda f: lambda x: tg.hvp(f, x, x)])
def test_a_number_does_not_leave_the_graph_in_silence(f: Callable[..., Any], take: Any) -> None:
    with pytest.raises((tg.GraphError, ValueError)) as refused:  # NumPy says itself that it cannot store it, and why
        take(f)(np.array([1.0, 2.0]))
    error = refused.value if isinstance(refused.value, tg.GraphError) else refused.value.__cause__
    assert "while a derivative is being taken" in str(error)


def test_the_tangent_of_what_depends_on_nothing_is_a_zero_without_a_gradient() -> None:
    _, tangent = tg.jvp(lambda x: tg.Value(3.0), (tg.Value(1.0),), (1.0,))
    assert (tangent.data, tangent.requires_grad) == (0.0, False)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: tg.tensor(x).sum(),
        lambda x: tg.tensor(x * 2, dtype="float32").sum(),
        lambda x: tg.quantile(np.arange(3.0), x[0]),
        lambda x: tg.percentile(np.arange(3.0), x).sum(),
        lambda x: np.quantile(x, [x[0] * 0.1, 0.5]).sum(),
        lambda x: np.full_like(x, x[0]).sum(),
        lambda x: np.full_like(x, fill_value=x[0]).sum(),
        lambda x: np.unique(x).sum(),
        lambda x: np.bincount(np.array([1, 1]), weights=x).sum(),
        lambda x: tg.nn.functional.nll_loss(np.ones((1, 2)), [1], weight=x),
        lambda x: tg.nn.functional.cross_entropy(np.ones((1, 2)), [1], weight=x),
        lambda x: tg.nn.functional.focal_loss(np.ones((1, 2)), [1], weight=x),
        lambda x: tg.nn.functional.multi_margin_loss(np.ones((1, 2)), [1], weight=x),
    ],
)
def test_a_number_does_not_leave_the_graph_as_an_argument_that_is_a_plain_number(f: Callable[..., Any]) -> None:
    with pytest.raises(tg.GraphError, match="would leave the graph"):
        tg.grad(f)(np.array([0.25, 0.5]))
    f(tg.tensor([0.25, 0.5]))  # without a gradient nothing is lost


def test_numbers_may_leave_the_graph_where_no_derivative_is_being_taken() -> None:
    x = tg.Value(2.0)
    y = x * x
    assert (float(y), int(y), math.sqrt(y), f"{y:.1f}", y.item()) == (4.0, 4, 2.0, "4.0", 4.0)
    assert tg.grad(lambda x: x * float(f"{x:.1f}"))(2.0) == 2.0


@pytest.mark.parametrize("f", [lambda x: x.sum() > 0, lambda x: (x > 0).sum(), lambda x: tg.argmax(x)])
def test_a_bool_or_a_whole_number_has_no_derivative(f: Callable[..., Any]) -> None:
    with pytest.raises(tg.GraphError, match="a bool or a whole number has no derivative"):
        tg.grad(f)(np.array([1.0, 2.0]))
