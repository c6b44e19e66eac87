"""The walk: what it keeps, what it accumulates, what it refuses, and what it gives as data."""

from __future__ import annotations

import math
import tracemalloc
import warnings
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.engine import gradients
from tinygrad_edu.engine.node import clock
from tinygrad_edu.engine.primitives.primitive import TABLE, Primitive
from tinygrad_edu.engine.walk import walk


def make(kind: str, number: float = 3.0, name: str | None = None) -> Any:
    return tg.Value(number, name) if kind == "Value" else tg.tensor(number, dtype=float, requires_grad=True, name=name)


STEPS: list[Callable[[Any, Any], Any]] = [
    lambda x, y: (x * y).tanh(),
    lambda x, y: x + y,
    lambda x, y: y - x * 0.5,
    lambda x, y: x / (y * y + 1.0),
    lambda x, y: tg.clip(x, -1.0, 1.5),
    lambda x, y: tg.dot([x, y, x], [y, 2.0, 0.25], bias=y).tanh(),
    lambda x, y: (x * 0.0).sqrt() + y,  # the rule of the root divides by 0
    lambda x, y: tg.tensor([1.0, 2.0]).__mul__(x).sum().to_value(),
]

both_kinds = pytest.mark.parametrize("kind", ["Value", "Tensor"])
UNREACHED = {"Value": 0.0, "Tensor": None}
"""The `.grad` of a leaf to which no gradient has come."""


# What is kept.


@both_kinds
def test_only_leaves_keep_their_gradient(kind: str) -> None:
    x = make(kind)
    q = x * x
    (q * 2).backward()
    assert float(x.grad) == 12.0
    with pytest.warns(UserWarning, match=r"multiply.*retain_grad\(\).*retain_grads=True"):
        assert q.grad is None


@both_kinds
def test_asking_before_backward_warns_for_results_only(kind: str) -> None:
    x = make(kind)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert x.grad == UNREACHED[kind]
    with pytest.warns(UserWarning, match="not kept"):
        assert (x * x).grad is None


@both_kinds
def test_retain_grad_keeps_that_of_one_node(kind: str) -> None:
    x = make(kind)
    q = x * x
    q.retain_grad()
    assert [q.grad] == [None]
    z = q * 2
    z.backward()
    assert (float(q.grad), float(x.grad)) == (2.0, 12.0)
    z.backward()
    assert (float(q.grad), float(x.grad)) == (4.0, 24.0)


@both_kinds
def test_retain_grads_keeps_those_of_all(kind: str) -> None:
    x = make(kind)
    q = x * x
    z = q * 2
    z.backward(retain_grads=True)
    assert (float(z.grad), float(q.grad), float(x.grad)) == (1.0, 2.0, 12.0)


@both_kinds
def test_gradients_of_nodes_between(kind: str) -> None:
    x = make(kind)
    q = x * x
    z = q * 2 + x
    assert [float(g) for g in tg.gradients(z, [q, x, z])] == [2.0, 13.0, 1.0]
    assert x.grad == UNREACHED[kind]


@both_kinds
def test_a_leaf_is_its_own_derivative(kind: str) -> None:
    x = make(kind)
    x.backward()
    assert float(x.grad) == 1.0


def test_the_gradient_of_a_value_begins_as_0() -> None:
    """Programs written for engines of single numbers subtract `rate * p.grad` for every parameter, reached or not."""
    values = x, y, z, unused = [tg.Value(number) for number in (3.0, 5.0, 7.0, 9.0)]
    x.zero_grad()
    y.grad = 0
    (x * 2 + z).backward()
    assert [type(p.grad) for p in values] == [float] * 4
    assert [p.grad for p in values] == [2.0, 0.0, 1.0, 0.0]
    assert unused.detach().grad is None  # no gradient flows there


@both_kinds
def test_zero_grad_forgets(kind: str) -> None:
    x = make(kind)
    (x * x).backward()
    x.zero_grad()
    assert [x.grad] == [UNREACHED[kind]]
    (x * x).backward()
    assert float(x.grad) == 6.0
    x.grad = None
    assert [x.grad] == [UNREACHED[kind]]


def test_gradients_of_two_leaves_do_not_share_memory() -> None:
    x, y = tg.ones(3, requires_grad=True), tg.ones(3, requires_grad=True)
    upstream = np.array([1.0, 2.0, 3.0], dtype=np.float32)
    (x + y).backward(upstream)
    x.grad[0] = 50.0
    assert y.grad.tolist() == [1.0, 2.0, 3.0]
    assert upstream.tolist() == [1.0, 2.0, 3.0]
    assert x.grad.flags.writeable
    assert y.grad.flags.writeable


def test_gradients_do_not_share_memory() -> None:
    x, y = tg.ones(3, requires_grad=True), tg.ones(3, requires_grad=True)
    by_x, by_y = tg.gradients((x + y).sum(), [x, y])
    by_x[:] = 7.0
    assert by_y.tolist() == [1.0, 1.0, 1.0]


def test_a_gradient_can_be_changed_in_place_after_any_rule() -> None:
    """Clipping changes `.grad` in place: it must be an array of its own, not a view that repeats one number."""
    functions: list[Callable[[Any], Any]] = [
        lambda x: x, lambda x: x.T, lambda x: x + x, lambda x: x[0], lambda x: x.mean(), lambda x: x.reshape(3, 2),
        lambda x: tg.broadcast_to(x, (2, 2, 3)), lambda x: tg.concatenate([x, x]),
    ]  # fmt: skip
    for f in functions:
        x = tg.ones((2, 3), requires_grad=True)
        f(x).sum().backward()
        x.grad[0, 0] += 100.0
        x.grad *= 2.0
        assert x.grad[0, 0] > x.grad[1, 1]
        assert x.grad.shape == (2, 3)


def test_a_step_of_training_keeps_the_graph_apart() -> None:
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    for _ in range(3):
        loss = (w * w).sum()
        w.zero_grad()
        loss.backward()
        with tg.no_grad():
            w -= 0.25 * w.grad
    assert w.tolist() == [0.125, 0.25]
    assert w.is_leaf
    assert w.requires_grad


# The seed.


def test_backward_on_many_numbers_asks_for_a_seed() -> None:
    x = tg.ones((2, 3), requires_grad=True)
    with pytest.raises(tg.GraphError, match=r"6 numbers.*\.sum\(\)"):
        (x * 2).backward()
    with pytest.raises(tg.ShapeError, match=r"multiply of shape \(2, 3\).*\(3, 2\)"):
        (x * 2).backward(np.ones((3, 2)))
    (x * 2).backward(np.full((2, 3), 5.0))
    assert x.grad.tolist() == [[10.0] * 3] * 2


def test_one_number_in_any_shape_needs_no_seed() -> None:
    x = tg.ones((1, 1), requires_grad=True)
    (x * 2).backward()
    assert x.grad.tolist() == [[2.0]]


def test_a_seed_scales_the_gradient_of_a_value() -> None:
    x = tg.Value(3.0)
    (x * x).backward(10.0)
    assert x.grad == 60.0


@both_kinds
def test_nothing_to_differentiate_is_refused(kind: str) -> None:
    x = make(kind)
    with tg.no_grad():
        y = x * x
    with pytest.raises(tg.GraphError, match="does not require a gradient"):
        y.backward()
    with pytest.raises(tg.GraphError, match="does not require a gradient"):
        (x.detach() * 2).backward()
    with pytest.raises(tg.GraphError):
        tg.gradients(3.0, [x])  # type: ignore[arg-type]
    assert x.grad == UNREACHED[kind]


# As data.


@both_kinds
def test_the_steps_of_the_worked_example(kind: str) -> None:
    x, y, w = make(kind, 2.0, "x"), make(kind, 3.0, "y"), make(kind, 4.0, "w")
    q = x + y
    steps = list(gradients.contributions(q * w))
    assert [step.input for step in steps] == [q, w, x, y]
    assert [step.slot for step in steps] == [0, 1, 0, 1]
    for what, numbers in {
        "upstream": [1, 1, 4, 4],
        "local": [4, 5, 1, 1],
        "contribution": [4, 5, 4, 4],
        "total": [4, 5, 4, 4],
    }.items():
        assert [float(getattr(step, what)) for step in steps] == numbers
    assert [x.grad, y.grad, w.grad] == [UNREACHED[kind]] * 3


def test_a_running_sum_is_not_changed_afterwards() -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    steps = list(gradients.contributions((x + x + x + x).sum()))
    assert [step.total[0] for step in steps if step.input is x] == [1.0, 2.0, 3.0, 4.0]


def test_the_sums_of_the_steps_are_not_changed_by_later_steps() -> None:
    x = tg.tensor([1.0], dtype=float, requires_grad=True)
    totals = [step.total for step in gradients.contributions((x * x + x + x).sum()) if step.input is x]
    assert [total.item() for total in totals] == [1.0, 2.0, 3.0, 4.0]


@both_kinds
def test_steps_of_a_graph_of_gradients(kind: str) -> None:
    x = make(kind)
    steps = list(gradients.contributions(x * x, create_graph=True))
    assert all(isinstance(step.contribution, tg.Node) for step in steps)
    assert [float(tg.gradients(step.total, [x])[0]) for step in steps] == [1.0, 2.0]


def test_the_walk_visits_the_youngest_first() -> None:
    x = tg.Value(2.0)
    a = x * 3
    b = a + x
    c = b * a
    assert [step.node for step in gradients.contributions(c)] == [c, c, b, b, a]


# Graphs of gradients.


def test_only_the_paths_to_the_inputs_are_walked() -> None:
    x, y = make("Tensor", 2.0), make("Tensor", 3.0)
    asked: list[str] = []

    def rule(g: Any, out: Any, y: Any) -> Any:
        asked.append("y")
        return g

    @tg.primitive(rule, name="side_branch")
    def side_branch(y: Any) -> Any:
        return y * 1.0

    side = side_branch(y)
    out = x * x * side
    assert tg.gradients(out, [x])[0] == 12.0
    assert tg.gradients(out, [side])[0] == 4.0  # the walk ends at an input
    assert asked == []
    assert tg.gradients(out, [y])[0] == 4.0
    assert asked == ["y"]


@both_kinds
def test_gradients_with_a_graph_are_nodes(kind: str) -> None:
    x = make(kind)
    (x**3).backward(create_graph=True)
    first = x.grad
    assert isinstance(first, type(x))
    assert float(first) == 27.0
    (second,) = tg.gradients(first, [x], create_graph=True)
    (third,) = tg.gradients(second, [x])
    assert (float(second), float(third)) == (18.0, 6.0)


def test_a_seed_that_is_a_node_can_be_differentiated() -> None:
    """The gradient is linear in its seed u: ∂(u · f'(x))/∂u = f'(x)."""
    x, u = tg.Value(3.0), tg.Value(5.0)
    (gradient,) = tg.gradients(x * x, [x], u, create_graph=True)
    assert tg.gradients(gradient, [u, x]) == [6.0, 10.0]


def test_gradients_are_recorded_even_inside_no_grad() -> None:
    x = tg.Value(3.0)
    y = x**3
    with tg.no_grad():
        (first,) = tg.gradients(y, [x], create_graph=True)
    assert tg.gradients(first, [x]) == [18.0]


# Mixtures.


@given(random=st.randoms(use_true_random=False), nodes=st.sampled_from([1, 10, 60, 300]))
def test_the_loop_for_floats_gives_the_numbers_of_the_walk_itself(random: Random, nodes: int) -> None:
    """Whatever makes it stop: gaps in time, kept gradients, rules that raise, arrays, changes in place."""
    leaves = [tg.Value(random.uniform(-2, 2)) for _ in range(3)]
    made = list(leaves)
    for _ in range(nodes):
        x, y = random.choice(made[-20:]), random.choice(made)
        made.append(random.choice(STEPS)(x, y))
        if random.random() < 0.02:
            made[-1].retain_grad()
        if random.random() < 0.05:
            other_nodes = [tg.Value(1.0) for _ in range(random.choice([1, 30, 1000]))]
            leaves.append(other_nodes[0])
            made.append(leaves[-1])
    output = sum(made[-5:], made[-1])
    if random.random() < 0.2:
        tg.Value(0.0).data = 1.0  # from now on all older nodes are looked at with care
        output = output * 1.5
    quick = dict(walk(output))
    careful = dict(walk(output, on_edge=lambda *_: None))
    assert list(map(id, quick)) == list(map(id, careful))
    for node, gradient in quick.items():
        assert type(gradient) is float
        np.testing.assert_array_equal(gradient, careful[node])


@pytest.mark.parametrize("name", ["add", "multiply"])
def test_the_loop_for_floats_takes_other_rules_from_the_table(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has the rules of a sum and of a product written out, for as long as they are those of the table."""
    monkeypatch.setattr(TABLE[name], "rules", (lambda g, out, x, y: 5.0 * g, lambda g, out, x, y: 7.0 * g))
    x, y = tg.Value(2.0), tg.Value(3.0)
    TABLE[name](x, y).backward()
    assert (x.grad, y.grad) == (5.0, 7.0)


@given(random=st.randoms(use_true_random=False), neurons=st.sampled_from([20, 60, 150]), odd=st.booleans())
def test_dots_that_share_their_rows_give_the_same_to_the_last_bit(random: Random, neurons: int, odd: bool) -> None:
    """Rows of weights, of results, of constants, and mixed ones; with zeros of both signs and, if `odd`, with inf."""
    number: Callable[[], float] = lambda: random.choice(
        [0.0, -0.0, -math.inf if odd else 1e308] + 9 * [random.uniform(-2, 2)]
    )
    made = [tg.Value(number()) for _ in range(4)]
    weights: list[Any] = [[tg.Value(number()) for _ in range(3)] for _ in range(3)]
    rows = [*weights, [0.0, 0.0, -0.0], [-0.0, 0.0, 0.0], [1, 2, True], [number() for _ in range(3)]]
    rows += [[*random.choices(made, k=2), number()], [tg.Value(number(), requires_grad=False) for _ in range(3)]]
    for _ in range(neurons):
        if random.random() < 0.3:
            rows.append(random.choices(made[-5:], k=3))
        x, y = random.choice(weights + rows[-3:]), random.choice(random.choice([rows, rows[-3:]]))
        out = tg.dot(x, y, random.choice([None, 0.5, *made[-3:]]))
        if isinstance(out, tg.Value):
            made.append(random.choice([out.relu(), (-out).relu(), out.tanh()]))
    output = sum(random.uniform(-1, 1) * x for x in made[-12:])
    assert gradients_of(output) == gradients_of(output, on_edge=lambda *_: None)


def gradients_of(output: Any, **options: Any) -> list[tuple[int, str]]:
    """What a walk yields, to the last bit."""
    return [(id(node), repr(gradient)) for node, gradient in walk(output, **options)]


@pytest.mark.parametrize(
    ("numbers", "function", "expected"),
    [
        ([2.0, 5.0], lambda a, b: 0.0 * tg.dot([a, b], [math.inf, 1.0]) + 0.0 * tg.dot([a, b], [1.0, 2.0]), "nan"),
        ([2.0, 5.0], lambda a, b: 0.0 * tg.dot([a, b], [-1.0, 1.0]) + 0.0 * tg.dot([a, b], [-1.0, -math.inf]), "0.0"),
        ([2.0, 5.0], lambda a, b: a * -0.0 + tg.dot([b, b], [-0.0, 1.0]), "0.0"),
        ([2.0, 5.0], lambda a, b: (a * -0.0) ** 2.0 + tg.dot([a, b], [-0.0, 1.0]), "0.0"),
        ([1.0, -1e16], lambda a, b: tg.dot([a, tg.Value(1.0)], [b, a]) + tg.dot([a, b], [1e16, 0.0]), "1.0"),
        ([1.0, -1e16], lambda a, b: tg.dot([a, b], [tg.Value(1.0), a]) + tg.dot([a, b], [1e16, 0.0]), "0.0"),
        ([1.0, 2.0], lambda a, b: tg.dot([a, a], [-1e16, 1.0]) + tg.dot([a, b], [1e16, 0.0]), "1.0"),
    ],
)
def test_the_order_of_a_sum_and_products_with_zero(numbers: list[float], function: Any, expected: str) -> None:
    a, b = map(tg.Value, numbers)
    output = function(a, b)
    assert gradients_of(output) == gradients_of(output, on_edge=lambda *_: None)
    assert dict(gradients_of(output))[id(a)] == expected


@pytest.mark.parametrize("ticks_between", [0, 5, 500])
@pytest.mark.parametrize("kind", [int, np.float32, np.float64, np.array])
def test_a_gradient_is_a_float_whatever_a_rule_of_the_users_gives(kind: Any, ticks_between: int) -> None:
    double = Primitive("double", lambda x: 2 * x, [lambda g, out, x: kind(2 * g)], floats=lambda x: 2 * x)
    del TABLE["double"]
    x = tg.Value(0.5)
    for _ in range(ticks_between):
        next(clock)
    (double(double(x)) + double(x)).backward()
    assert (type(x.grad), x.grad) == (float, 6.0)


def test_a_graph_spread_over_time_takes_no_more_memory_than_its_size() -> None:
    x = total = tg.Value(1.0)
    for _ in range(50):
        total = total + x
        for _ in range(40_000):
            next(clock)
    tracemalloc.start()
    total.backward()
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert x.grad == 51.0
    assert highest < 50_000


def test_a_value_that_scales_a_tensor_gets_a_float() -> None:
    v, t = tg.Value(2.0), tg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    (v * t + t * v - t / v).sum().backward()
    assert type(v.grad) is float
    assert v.grad == 20.0 + 10.0 / 4
    assert t.grad.dtype == np.float32
    assert t.grad.tolist() == [[3.5, 3.5], [3.5, 3.5]]


def test_a_value_does_not_change_the_dtype_of_a_tensor() -> None:
    t = tg.tensor([1.0, 2.0], dtype="float32", requires_grad=True)
    assert (tg.Value(2.0) * t).dtype == np.float32
    assert (t + 1).dtype == np.float32
    assert (t * np.float64(2.0)).dtype == np.float32
    assert (t * np.ones(2)).dtype == np.float64


def test_values_stack_into_a_tensor() -> None:
    values = [tg.Value(1.0), tg.Value(2.0)]
    (tg.stack(values) * np.array([3.0, 4.0])).sum().backward()
    assert [v.grad for v in values] == [3.0, 4.0]


def test_second_derivatives_cross_between_values_and_tensors() -> None:
    v, t = tg.Value(2.0), tg.tensor(np.array([1.0, 3.0]), requires_grad=True)
    by_v, by_t = tg.gradients((tg.exp(v) * t**2).sum(), [v, t], create_graph=True)
    e = np.exp(2.0)
    assert tg.gradients(by_v, [v])[0] == pytest.approx(10 * e)
    np.testing.assert_allclose(tg.gradients(by_v, [t])[0], 2 * t.data * e)
    assert tg.gradients(by_t.sum(), [v])[0] == pytest.approx(8 * e)


def test_gradients_that_are_views_of_one_array_are_given_apart() -> None:
    a, b = tg.ones((2, 3), requires_grad=True), tg.ones((2, 3), requires_grad=True)
    (a.reshape(6) + b.reshape(6)).backward(np.arange(6.0, dtype=np.float32))
    a.grad[...] = 0.0
    assert b.grad.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]


def test_what_is_no_node_has_no_gradients() -> None:
    x = tg.Value(2.0)
    for output in (3.0, np.ones(2), None):
        with pytest.raises(tg.GraphError, match="only a Value or a Tensor has a graph"):
            tg.gradients(output, [x])  # type: ignore[arg-type]


USES: list[Callable[[Any], Any]] = [lambda x: x.tanh(), lambda x: x * 3.0, lambda x: 3.0 * x, lambda x: x * x,
                                    lambda x: tg.where(True, x, 0.0), lambda x: tg.softplus(x)]  # fmt: skip


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("kind", ["Value", "Tensor"])
def test_a_leaf_that_was_frozen_after_its_use_receives_nothing(kind: str, use: Callable[[Any], Any]) -> None:
    x, w = make(kind), make(kind)
    y = use(x) * w
    x.requires_grad_(False)
    y.backward()
    assert x.grad is None
    assert w.grad == y.data / w.data
    assert tg.gradients(y, [x, w])[0] is None
    x.requires_grad_()
    y.backward()
    assert x.grad == tg.gradients(y, [x])[0]
