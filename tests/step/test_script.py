"""A script is the walk, event by event: it says what the engine computes, and going back is exact."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import tinygrad_edu as tg
from tinygrad_edu import models, nn
from tinygrad_edu.errors import GraphError
from tinygrad_edu.graph.plain import Quantity
from tinygrad_edu.step import Script
from tinygrad_edu.step.wording import lines, sentence
from tinygrad_edu.testing import Program, programs


def textbook() -> tuple[tg.Value, dict[str, tg.Value]]:
    x, y, w = tg.Value(2.0, "x"), tg.Value(3.0, "y"), tg.Value(4.0, "w")
    q = x + y
    q.name = "q"
    z = q * w
    z.name = "z"
    return z, {"x": x, "y": y, "w": w, "q": q}


def gradient_at_the_end(s: Script, label: str) -> Quantity | None:
    (id,) = (node.id for node in s.graph.nodes if node.label == label)
    arrival = s.state(len(s)).gradients[id]
    assert arrival.status == "final"
    return arrival.gradient


def test_the_textbooks_example_gives_the_textbooks_text() -> None:
    text = str(tg.steps(textbook()[0]))
    for line in (
        "q = x + y = 5",
        "z = q · w = 20",
        "∂z/∂q = w = 4",
        "∂z/∂w = q = 5",
        "∂z/∂x = ∂z/∂q · ∂q/∂x",
        "∂z/∂x = 4 · 1 = 4",
    ):
        assert line in text


@settings(max_examples=40)
@given(programs())
def test_every_random_program_ends_in_the_engines_gradients(program: Program) -> None:
    inputs: list[Any] = [
        tg.Value(x, f"x{i}") if isinstance(x, float) else tg.tensor(np.asarray(x), requires_grad=True, name=f"x{i}")
        for i, x in enumerate(program.inputs)
    ]
    result = program(*inputs)
    z: Any = result if isinstance(result, tg.Value) else result.sum()
    if not getattr(z, "requires_grad", False):
        return
    s = tg.steps(z)
    z.backward()
    for x, gradient in zip(inputs, tg.gradients(z, inputs)):
        if gradient is not None:
            assert gradient_at_the_end(s, x.name) == Quantity.of(x.grad)


@settings(max_examples=20)
@given(programs(scalar=True))
def test_what_is_known_grows_by_one_thing_an_event(program: Program) -> None:
    z = program(*(tg.Value(x) for x in program.inputs))
    if not isinstance(z, tg.Value) or not z.requires_grad:
        return
    s = tg.steps(z)
    for step, event in enumerate(s, 1):
        before, after = s.state(step - 1), s.state(step)
        changed = [id for id in after.gradients if before.gradients[id] != after.gradients[id]]
        if event.kind == "forward":
            assert after.values.keys() - before.values.keys() == {event.node}
            assert not changed
        else:
            assert after.values == before.values
            assert changed == [event.input]


def test_a_number_used_twice_has_two_contributions_and_then_its_gradient() -> None:
    x = tg.Value(3.0, "x")
    s = tg.steps(x * x)
    arrivals = [s.state(step).gradients[1] for step in range(len(s) + 1)]
    assert [a.status for a in arrivals] == ["not reached"] * 3 + ["partly", "final"]
    assert [(a.arrived, a.expected) for a in arrivals[-2:]] == [(1, 2), (2, 2)]
    assert lines(s, s[-1])[-1] == "∂v₁/∂x: 3 → 6"


def test_shapes_come_with_every_event_of_arrays() -> None:
    rng = np.random.default_rng(0)
    x = tg.tensor(rng.normal(size=(32, 64)), name="X")
    w = tg.tensor(rng.normal(size=(64, 10)), name="W", requires_grad=True)
    loss = (x @ w).tanh().sum()
    s = tg.steps(loss)
    (to_w,) = (event for event in s if event.input is not None and s.label(event.input) == "W")
    assert (to_w.right, to_w.shapes) == ("Xᵀ ∂v₃/∂v₁", "(32, 64)ᵀ (32, 10)")
    assert lines(s, to_w)[1] == "(32, 64)ᵀ (32, 10) → (64, 10)"


def test_summing_back_over_broadcast_axes_is_an_event_of_its_own() -> None:
    b = tg.tensor([1.0, 2.0, 3.0], requires_grad=True, name="b")
    s = tg.steps((tg.ones((5, 3)) * b).sum())
    product, summed = s[-2:]
    assert (product.kind, product.value and product.value.shape, product.after) == ("contribution", (5, 3), None)
    assert (summed.kind, summed.value and summed.value.elements) == ("sum", (5.0, 5.0, 5.0))
    assert s.state(len(s) - 1).gradients[s[-1].input or 0].status == "not reached"


@pytest.mark.parametrize(
    "program",
    [
        lambda x: tg.getitem(x, ([0, 0, 1],)).sum(),
        lambda x: tg.where(x > 0, x, -2.0 * x).sum(),
        lambda x: (x.max() - x.min()) * x.mean(),
        lambda x: tg.softmax(x).reshape(2, 2)[0].prod(),
        lambda x: tg.gradients((x**3).sum(), [x], create_graph=True)[0].sum(),
    ],
    ids=["repeats in an index", "where", "reductions", "shapes", "a second derivative"],
)
def test_all_kinds_of_operations_play_to_the_end(program: Any) -> None:
    x = tg.tensor([1.0, -2.0, 0.5, 3.0], dtype="float64", requires_grad=True, name="x")
    s = tg.steps(program(x))
    program(x).backward()
    assert gradient_at_the_end(s, "x") == Quantity.of(x.grad)
    for event in s:
        assert lines(s, event)
        assert sentence(s, event)


@pytest.mark.parametrize("make", [tg.optim.SGD, lambda p, lr: tg.optim.SGD(p, lr, momentum=0.9), tg.optim.Adam])
def test_a_training_step_ends_in_what_the_optimiser_would_do_and_does_nothing(make: Any) -> None:
    rng = np.random.default_rng(0)
    x, y = tg.tensor(rng.normal(size=(6, 2))), tg.tensor(rng.normal(size=(6, 1)))
    w = tg.tensor(rng.normal(size=(2, 1)), requires_grad=True, name="w")
    b = tg.Value(0.5, "b")
    optimizer = make([w, b], lr=0.1)
    for _ in range(2):
        loss = ((x @ w + b - y) ** 2).mean()
        s = tg.steps(loss, optimizer)
        before = w.data.copy()
        updated = {s.label(event.node): event.value for event in s if event.kind == "update"}
        assert w.grad is None or len(optimizer.state) > 0
        np.testing.assert_array_equal(w.data, before)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert updated == {"w": Quantity.of(w.data), "b": Quantity.of(b.data)}
        assert s.state(len(s)).values[next(n.id for n in s.graph.nodes if n.label == "b")] == Quantity.of(b.data)


@pytest.mark.parametrize("network", ["mlp", "convolution"])
def test_networks_play_to_the_end(network: str) -> None:
    tg.manual_seed(0)
    layers = {
        "mlp": [nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 2)],
        "convolution": [
            nn.Lambda(lambda x: x.reshape(6, 1, 1, 3)),
            nn.Conv2d(1, 2, (1, 2)),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(4, 2),
        ],
    }[network]
    model = nn.Sequential(*layers)
    rng = np.random.default_rng(0)
    x, targets = tg.tensor(rng.normal(size=(6, 3)).astype("float32")), rng.integers(0, 2, size=6)
    loss = nn.functional.cross_entropy(model(x), targets)
    s = tg.steps(loss)
    loss.backward()
    for name, parameter in model.named_parameters():
        assert gradient_at_the_end(s, name) == Quantity.of(parameter.grad)


def test_a_whole_training_step_of_lenet_is_a_script_of_parts_in_good_time() -> None:
    model = models.lenet()
    images = tg.tensor(np.random.default_rng(0).normal(size=(16, 1, 28, 28)).astype("float32"))
    loss = nn.functional.cross_entropy(model(images), np.arange(16) % 10)
    start = time.perf_counter()
    script = tg.steps(loss, tg.optim.SGD(model.parameters(), lr=0.1))
    page = script.html()
    assert time.perf_counter() - start < 5
    assert len(page) + len(script.json()) < 3_000_000
    assert sum(event.kind == "update" for event in script) == 10
    assert "0 Conv2d" in [title for title, _ in script.groups()]


def test_the_formula_of_the_whole_stands_above_it_where_it_is_short() -> None:
    assert tg.steps(textbook()[0]).formula == "(x + y) · w"
    h: Any = tg.Value(0.3, "h")
    for i in range(30):
        h = h * tg.Value(1.0, f"w{i}")
    assert tg.steps(h).formula == ""


def test_formulas_of_arrays_leave_shapes_and_large_constants_to_the_line_of_shapes() -> None:
    x = tg.tensor(np.arange(12.0).reshape(4, 3), requires_grad=True, name="x")
    s = tg.steps((x.max(axis=1) * 2).sum())
    (to_x,) = (event for event in s if event.input is not None and s.label(event.input) == "x")
    assert to_x.right == "∂v₃/∂v₁ where x is largest"


def test_a_hostile_source_line_cannot_speak_to_the_terminal() -> None:
    x = tg.Value(2.0, "a\x1b[31mb")
    s = tg.steps(x * x)
    assert "\x1b" not in s.text() + s.markdown() + s.latex() + s.html() + sentence(s, s[-1])


def test_a_program_of_thousands_of_steps_is_a_script_of_parts() -> None:
    @tg.block
    def cell(h: Any) -> Any:
        return (h * 0.5 + 1.0).tanh()

    h: Any = tg.Value(0.3, "h")
    for _ in range(300):
        h = cell(h)
    s = tg.steps(h)
    assert len(s) == 1801
    assert len(s.groups()) == 600
    assert s.groups()[-1][1] == len(s)
    assert len(s.html()) < 1_500_000


def test_more_nodes_than_anybody_steps_through_are_refused() -> None:
    h = tg.Value(0.3, "h")
    for _ in range(20_001):
        h = h * 1.0
    with pytest.raises(GraphError, match="20,002 nodes, more than anybody steps through"):
        tg.steps(h)


def test_a_script_leaves_grad_alone() -> None:
    z, nodes = textbook()
    tg.steps(z)
    assert nodes["x"].grad == 0.0


@pytest.mark.parametrize("wrong", [3.0, "z", tg.ones((2, 3)), tg.Value(1.0, requires_grad=False)])
def test_what_has_no_steps_is_refused_in_one_line(wrong: Any) -> None:
    with pytest.raises(GraphError) as refusal:
        tg.steps(wrong)
    assert "\n" not in str(refusal.value)


def test_letters_of_steps_are_no_names_of_the_program_and_a_derivative_is_turned_in_brackets() -> None:
    X = tg.tensor([[1.0, 2.0], [0.5, 1.0]], requires_grad=True, name="X")
    y, δ = tg.tensor([0.5, 0.25], requires_grad=True, name="y"), tg.tensor(2.0, requires_grad=True, name="δ")
    text = str(tg.steps((tg.exp(X.T) @ y * δ).sum()))
    assert "(∂v₅/∂v₁)ᵀ" in text
    assert "Σ δ₁" in text
    assert "Σ δ\n" not in text
    logits = tg.tensor([[1.0, 2.0]], requires_grad=True, name="y")
    assert "(softmax(y) − targets)" in str(tg.steps(tg.nn.CrossEntropyLoss()(logits, np.array([1]))))
