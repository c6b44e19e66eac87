"""Numbers one can touch: the page computes what the engine computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import tinygrad_edu as tg
from tinygrad_edu.engine.graphs import ancestors, reachable
from tinygrad_edu.engine.primitives.primitive import Primitive
from tinygrad_edu.graph.formats.page.touch import _operations, touchable, why_still
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
    for name in sorted(_operations()):
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


def test_a_graph_of_arrays_or_of_unknown_operations_stays_still() -> None:
    X = tg.tensor([1.0, 2.0], requires_grad=True)
    assert touchable(plain(X.sum())) is None
    x = tg.Value(0.5, "x")
    assert touchable(plain(tg.where(x > 0, x, 0.0) * x)) is None, "the condition was decided when it was recorded"
    z = tg.erf(x)
    assert touchable(plain(z)) is None
    assert why_still(plain(z)) == "operation"
    assert "stay as they are" in tg.draw(z).html()
