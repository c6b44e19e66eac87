"""Numbers one can touch: the page computes what the engine computes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.engine.graphs import ancestors, reachable
from tinygrad_edu.engine.primitives.primitive import Primitive
from tinygrad_edu.graph.formats.page.touch import known_operations, touchable, why_still
from tinygrad_edu.graph.recorded import Recorded, plain

from .examples import chain, programs, worked_example
from .test_page import browser, opened  # noqa: F401  # fixtures

PROGRAMS = 100


@pytest.mark.slow
def test_the_page_computes_random_programs_as_the_engine_does(opened: Any) -> None:  # noqa: F811
    page = opened(tg.draw(worked_example()[-1]))
    compute = (
        "([rows, output]) => { const { values, gradients } = evaluate(rows, output); return [values, gradients]; }"
    )
    met = 0

    @settings(max_examples=PROGRAMS)
    @given(programs())
    def compare(z: Any) -> None:
        nonlocal met
        rows = touchable(plain(z))
        if rows is None:
            return
        met += 1
        values, gradients = page.evaluate(compute, [rows.data["rows"], rows.data["output"]])
        nodes, labels = ancestors([z]), Recorded(z).names
        flowing = [node for node in nodes if node in reachable(z)]
        expected = dict(zip(flowing, tg.gradients(z, flowing)))
        largest = max(1.0, *(abs(g) for g in expected.values() if np.isfinite(g)))
        for node in nodes:
            row = rows.row_of[labels[node]]
            assert np.isclose(values[row], node.data, rtol=1e-12, atol=1e-300, equal_nan=True)
            if node in expected and np.isfinite(expected[node]):
                assert abs(gradients[row] - expected[node]) <= 1e-12 * largest

    compare()
    assert met > PROGRAMS / 4


@st.composite
def array_programs(draw: st.DrawFn) -> Any:
    """A loss of small arrays: products, broadcasting, sums along axes, softmax and cross-entropy, in any order."""

    def array(*shape: int) -> tg.Tensor:
        size = math.prod(shape)
        numbers = draw(st.lists(st.floats(-2, 2).map(lambda x: round(x, 3)), min_size=size, max_size=size))
        return tg.tensor(np.reshape(numbers, shape), requires_grad=True)

    n, k = draw(st.sampled_from([(2, 3), (3, 4), (1, 2)]))
    h = array(n, k)
    steps: list[Callable[[Any], Any]] = [
        lambda x: x @ array(x.shape[1], draw(st.sampled_from([2, 3]))),
        lambda x: tg.nn.functional.linear(x, array(2, x.shape[1]), array(2)),
        lambda x: x * array(x.shape[1]) + array(1),
        lambda x: x - x.mean(axis=draw(st.sampled_from([0, 1, None])), keepdims=True),
        lambda x: x / (tg.exp(x).sum(axis=1, keepdims=True) + 1.0),
        lambda x: tg.softmax(x, axis=draw(st.sampled_from([0, 1, -1]))),
        lambda x: tg.nn.functional.log_softmax(x, 1),
        lambda x: x.T.reshape(x.shape).astype("float64"),
        lambda x: tg.broadcast_to(x[None].squeeze(0), x.shape).swapaxes(0, 1),
        lambda x: x[:, ::-1] * x[-1, 0] + x[[0, 0], :].sum(axis=0),
        lambda x: tg.stack([x, x * x]).sum(axis=0),
        lambda x: tg.concatenate([x, x * 0.5], axis=0),
        tg.tanh,
        tg.relu,
        tg.sigmoid,
    ]
    for step in draw(st.lists(st.sampled_from(steps), min_size=1, max_size=4)):
        h = step(h)
    ends: list[Callable[[Any], Any]] = [
        lambda x: (x**2).mean(),
        lambda x: (x @ array(x.shape[1])).sum(),
        lambda x: tg.logsumexp(x),
        lambda x: tg.nn.functional.cross_entropy(x, np.arange(x.shape[0]) % x.shape[1]),
    ]
    return draw(st.sampled_from(ends))(h)


@pytest.mark.slow
def test_the_page_computes_arrays_and_what_each_use_passes_back_as_the_engine_does(opened: Any) -> None:  # noqa: F811
    page = opened(tg.draw(worked_example()[-1]))
    compute = (
        "([rows, output]) => { const { values, gradients } = evaluate(rows, output); return [values, gradients]; }"
    )
    met = 0

    @settings(max_examples=PROGRAMS)
    @given(array_programs())
    def compare(z: Any) -> None:
        nonlocal met
        graph = plain(z)
        rows = touchable(graph)
        assert rows is not None or sum(math.prod(node.value.shape) for node in graph.nodes if node.value) > 100
        if rows is None:
            return
        met += 1
        values, gradients = map(np.array, page.evaluate(compute, [rows.data["rows"], rows.data["output"]]))
        names = Recorded(z).names
        nodes = [node for node in ancestors([z]) if node in reachable(z)]
        expected = dict(zip(nodes, tg.gradients(z, nodes)))
        largest = max(1.0, *(np.abs(g).max() for g in expected.values()))
        for node, gradient in expected.items():
            at = rows.row_of[names[node]]
            assert np.allclose(values[at], node.data, rtol=1e-12, atol=1e-13)
            assert np.abs(gradients[at] - gradient).max() <= 1e-12 * largest
        for edge, end in zip(graph.edges, rows.places(graph)[1]):
            if end and "passed" in end and edge.contribution and edge.contribution.elements:
                place = end["passed"]
                passed = gradients[place if isinstance(place, int) else place["rows"]]
                assert np.abs(passed - edge.contribution.elements).max() <= 1e-12 * largest

    compare()
    assert met > PROGRAMS / 2


def layer(x: float = 0.5, w: float = -2.0) -> Any:
    """Two layers and a loss, with matrices, a vector and a number, one of whose entries change."""
    X = tg.tensor([[1.0, 2.5], [x, 4.0], [-1.0, 0.25]], requires_grad=True, name="X")
    W = tg.tensor([[0.5, -0.125], [w, 0.75]], requires_grad=True, name="W")
    b, s = tg.tensor([0.125, -0.5], requires_grad=True, name="b"), tg.tensor(1.5, requires_grad=True, name="s")
    h = tg.tanh(X @ W + b)
    h.name = "h"
    loss = (tg.softmax(h * s, axis=1) ** 2).mean()
    loss.name = "loss"
    return loss


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["forward", "both"])
def test_an_entry_changes_the_picture_and_the_tables_as_if_it_had_been_drawn_anew(opened: Any, mode: Any) -> None:  # noqa: F811
    page = opened(tg.draw(layer(), mode, fit=None, digits=3))
    for name, number in (("X[1, 0]", "-1.25"), ("W[1, 0]", "0.3")):
        page.select_option("#leaf", label=name)
        page.fill("#number", number)
    assert page.inner_text("#touched").startswith("W[1, 0] = 0.3: loss = ")
    assert page.inner_text("#nudge").startswith("W[1, 0] + 0.001 → loss ")
    page.reload()
    assert page.inner_text("#touched").startswith("X[1, 0] = −1.25: loss = ")
    page.locator(".stage g.leaf").nth(1).locator("text.value").nth(2).click()  # the second column begins
    assert page.locator("#leaf option:checked").inner_text() == "W[0, 1]"
    expected = opened(tg.draw(layer(-1.25, 0.3), mode, fit=None, digits=3))
    page.bring_to_front()
    assert page.inner_text("#said") == page.locator(".stage g.leaf").nth(1).locator("title").text_content()
    for selector in ("td", ".stage .value", ".stage .slope", ".stage title"):
        words = [[text.strip(" =") for text in one.locator(selector).all_text_contents()] for one in (page, expected)]
        assert words[0] == words[1], selector
    page.click("#reset")
    assert "#" not in page.url


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("mode", ["forward", "both"])
def test_numbers_in_names_and_those_of_operands_stay(opened: Any, mode: Any, lang: str) -> None:  # noqa: F811
    def drawing(w: float) -> Any:
        x, v = tg.Value(2.0, name="x 2; 1"), tg.Value(w, name="1")
        y = x * v + v * 2
        y.name = "y 4"
        return tg.draw(y * y, mode, lang=lang, fit=None)

    page, expected = opened(drawing(1.0)), opened(drawing(-40.0))
    page.bring_to_front()
    page.select_option("#leaf", label="«1»")
    page.fill("#number", "-40")
    said = [[title.text_content() for title in one.locator(".stage title").all()] for one in (page, expected)]
    assert said[0] == said[1]


@pytest.mark.slow
def test_numbers_of_any_length_stay_in_their_boxes(opened: Any) -> None:  # noqa: F811
    page = opened(tg.draw(layer(), fit=None))
    for name in ("X[0, 0]", "W[1, 1]", "s"):
        page.select_option("#leaf", label=name)
        page.fill("#number", "-1.23456e-12")
        leaving = page.evaluate("""() => [...document.querySelectorAll(".stage .box")].flatMap((box) => {
            const outer = box.getBoundingClientRect();
            return [...box.parentElement.querySelectorAll("text")].filter((text) => {
                const inner = text.getBoundingClientRect();
                return inner.left < outer.left - 1 || inner.right > outer.right + 1;
            }).map((text) => text.textContent);
        })""")
        assert leaving == []


EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 3.7, -3.7, 700.0, -745.0, 1e308, -1e308, 1e-8, 0.9999999]


@pytest.mark.slow
def test_the_page_computes_each_operation_at_its_edges_as_the_engine_does(opened: Any) -> None:  # noqa: F811
    page = opened(tg.draw(worked_example()[-1]))
    compute = """([name, pairs]) => pairs.map((leaves) => {
        const rows = leaves.map((x) => [null, Number(x), []]);
        rows.push(["log", 0, [0]], [name, 0, [2, 1].slice(0, OPERATIONS[name].length - 1)], ["exp", 0, [3]]);
        const { values, gradients } = evaluate(rows, 4);
        return [values[3], gradients[0], gradients[1]].map(String);
    })"""
    pairs = [(x, y) for x in EDGES for y in EDGES]
    for name in sorted(known_operations()):
        row = Primitive.table[name]
        found = page.evaluate(compute, [name, [[str(x), str(y)] for x, y in pairs]])
        for (x, y), numbers in zip(pairs, found):
            leaves = [tg.Value(x), tg.Value(y)]
            operands = [tg.log(leaves[0]), leaves[1]][: row.arity]  # of nan and −∞, too
            with np.errstate(all="ignore"):
                z = row(*operands)
                slopes = tg.gradients(tg.exp(z), leaves[: row.arity])
            said = [float(number.replace("Infinity", "inf")) for number in numbers]
            expected = [z.data, *slopes, 0.0][:3]
            assert np.allclose(said, expected, rtol=1e-12, atol=1e-300, equal_nan=True), (name, x, y, said, expected)


@pytest.mark.slow
def test_a_number_changes_the_picture_the_tables_and_the_address_at_once(opened: Any) -> None:  # noqa: F811
    page = opened(tg.draw(worked_example()[-1], "both"))
    page.select_option("#leaf", label="w")
    page.fill("#number", "4,5")
    assert page.inner_text("#touched") == "w = 4.5: z = 22.5, ∂z/∂w = 5"
    assert page.inner_text("#nudge") == "w + 0.001 → z + 0.005"
    words = page.locator(".stage").inner_text()
    assert "= 1 · 4.5 = 4.5" in " ".join(words.split("\n"))
    assert page.locator("#tables-0 tbody").first.locator("tr").nth(4).locator("td").nth(3).inner_text() == "22.5"
    assert page.url.endswith("#w=4.5")
    page.reload()
    assert page.inner_text("#touched") == "w = 4.5: z = 22.5, ∂z/∂w = 5"
    page.click("#reset")
    assert page.inner_text("#touched") == "w = 4: z = 20, ∂z/∂w = 5"
    assert "#" not in page.url


@pytest.mark.slow
def test_a_change_of_two_hundred_nodes_takes_less_than_fifty_milliseconds(opened: Any) -> None:  # noqa: F811
    page = opened(tg.draw(chain(130), depth="all"))
    took = page.evaluate("""() => {
        const number = document.getElementById("number"), times = [];
        for (let i = 0; i < 10; i++) {
            const start = performance.now();
            number.value = String(0.1 * i);
            number.dispatchEvent(new Event("input"));
            times.push(performance.now() - start);
        }
        return times;
    }""")
    assert min(took) < 50, "the quickest: in the others, other programs may have had the processor"


@pytest.mark.parametrize(
    "made",
    [
        lambda x: tg.erf(x).sum(),
        lambda x: x.max(),
        lambda x: tg.where(x > 0, x, 0.0).sum(),
        lambda x: (x * tg.tensor(np.ones(2) * np.inf)).sum(),
        lambda x: (x[:, None] * np.ones((2, 40))).sum(),
        lambda x: x * 2,
    ],
)
def test_an_operation_without_rows_and_what_is_large_or_infinite_stays_still(made: Any) -> None:
    assert touchable(plain(made(tg.tensor([1.0, 2.0], requires_grad=True)))) is None


def test_a_graph_of_unknown_operations_stays_still_and_says_so() -> None:
    x = tg.Value(0.5, "x")
    assert touchable(plain(tg.where(x > 0, x, 0.0) * x)) is None, "the condition was decided when it was recorded"
    for z in (tg.erf(x), tg.erf(tg.tensor([0.5, 1.0], requires_grad=True)).sum()):
        assert touchable(plain(z)) is None
        assert why_still(plain(z)) == "operation"
        assert "stay as they are" in tg.draw(z).html()
