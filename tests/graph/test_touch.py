"""Numbers one can touch: the page computes what the engine computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import tinygrad_edu as tg
from tinygrad_edu.engine.graphs import ancestors, reachable
from tinygrad_edu.graph.formats.page.touch import touchable, why_still
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
    z = tg.erf(tg.Value(0.5, "x"))
    assert touchable(plain(z)) is None
    assert why_still(plain(z)) == "operation"
    assert "stay as they are" in tg.draw(z).html()
