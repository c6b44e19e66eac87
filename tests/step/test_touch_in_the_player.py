"""Numbers one can touch in the player: the page says of changed numbers what the engine says of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import tinygrad_edu as tg

from .test_page import browser, play  # noqa: F401  # fixtures


def program(x: float = 2.0, y: float = 3.0, w: float = -4.0) -> Any:
    """A square, a shared leaf, negative numbers, functions of one and two numbers, and a constant."""
    a, b, c = tg.Value(x, "x"), tg.Value(y, "y"), tg.Value(w, "w")
    z = tg.tanh((a - b) * c * 0.1) + a**2 - -tg.maximum(b, c) / a
    z.name = "z"
    return z


def told(page: Any) -> list[tuple[str, str]]:
    """The lines and the sentence of every event."""
    found = []
    if page.is_enabled("#first"):
        page.click("#first")
    while page.is_enabled("#next"):
        page.click("#next")
        found.append((re.sub(r"\n+", "\n", page.inner_text("#lines")), page.inner_text("#said")))
    return found


@pytest.mark.slow
def test_a_change_reaches_every_line_sentence_box_and_row(play: Any) -> None:  # noqa: F811
    page = play(tg.steps(program()))
    for name, number in {"w": -1.5, "x": -0.75, "y": 12.0}.items():
        page.select_option("#leaf", label=name)
        page.fill("#number", str(number))
    changed = tg.steps(program(-0.75, 12.0, -1.5))
    expected = play(changed)
    page.bring_to_front()
    assert told(page) == told(expected)
    assert told(play(tg.steps(program()), at="#x=-0.75&y=12&w=-1.5")) == told(expected)
    for selector in ("#rows td", ".picture .value", ".picture .slope"):
        words = [[text.strip(" =") for text in one.locator(selector).all_text_contents()] for one in (page, expected)]
        assert words[0] == words[1], selector


def layer(x: float = 0.5, w: float = -2.0, s: float = 1.5) -> Any:
    """Matrices, a broadcast vector and a broadcast number, a row of the table that is one, and a shared operand."""
    X = tg.tensor([[1.0, 2.5], [x, 4.0], [-1.0, 0.25]], requires_grad=True, name="X")
    W = tg.tensor([[0.5, -0.125], [w, 0.75]], requires_grad=True, name="W")
    b, c = tg.tensor([0.125, -0.5], requires_grad=True, name="b"), tg.tensor(s, requires_grad=True, name="s")
    h = tg.tanh(X @ W + b)
    h.name = "h"
    loss = (tg.softmax(h * c, axis=1) ** 2).mean() - (b * b).sum() * c
    loss.name = "loss"
    return loss


@pytest.mark.slow
def test_a_change_of_an_entry_of_an_array_reaches_everything_too(play: Any) -> None:  # noqa: F811
    page = play(tg.steps(layer()))
    for name, number in {"X[1, 0]": -1.25, "W[1, 0]": 0.3, "s": -0.7}.items():
        page.select_option("#leaf", label=name)
        page.fill("#number", str(number))
    expected = play(tg.steps(layer(-1.25, 0.3, -0.7)))
    page.bring_to_front()
    for ours, theirs in zip(told(page), told(expected)):
        assert ours == theirs
    for selector in ("#rows td", ".picture .value", ".picture .slope"):
        words = [[text.strip(" =") for text in one.locator(selector).all_text_contents()] for one in (page, expected)]
        assert words[0] == words[1], selector
    page.locator(".picture g.leaf").nth(1).locator("text.value").nth(2).click()
    assert page.locator("#leaf option:checked").inner_text() == "W[0, 1]"


@pytest.mark.slow
def test_the_address_keeps_the_step_and_the_numbers_and_a_click_chooses_a_leaf(play: Any) -> None:  # noqa: F811
    page = play(tg.steps(program()), at="#step=8&w=2.5")
    assert page.input_value("#number") == "2.5"
    assert page.url.endswith("#step=8&w=2.5")
    page.click("#next")
    assert page.url.endswith("#step=9&w=2.5")
    page.locator(".picture g.leaf").first.click()
    assert page.evaluate("document.activeElement.id") == "number"
    assert page.locator("#leaf option:checked").inner_text() == "x"
    page.click("#reset")
    assert page.url.endswith("#step=9")


TYPED = {
    "-0": 0, "1,5": 1.5, "−2": -2, " 7 ": 7, "1/4": 0.25, "５": 5, "1e-3": 0.001, "1e-400": 0, "+.5": 0.5,
    "1e308": 1e308, "": None, "nan": None, "inf": None, "1e400": None, "0x10": None, "1 2": None, "1/0": None,
    "-": None, "1e": None,
}  # fmt: skip


@pytest.mark.slow
def test_what_is_typed_counts_if_it_is_a_number_and_else_gives_way_to_the_one_that_counts(play: Any) -> None:  # noqa: F811
    page = play(tg.steps(program()))
    for typed, number in TYPED.items():
        page.click("#reset")
        page.fill("#number", typed)
        page.keyboard.press("Tab")
        assert float(page.input_value("#number")) == (2.0 if number is None else number), typed
        assert ("x=" in page.url) is (number not in (None, 2.0)), typed
        low, high, at = (float(page.get_attribute("#range", key) or "nan") for key in ("min", "max", "step"))
        shown = min(max(float(page.input_value("#number")), low), high)
        assert abs(float(page.input_value("#range")) - shown) <= at, typed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("x", "answer"), [(1e308, "x + 0.001 → z = ∞"), (0.0, "x + 0.001 → z + 0.001"), (-1.0, "x + 0.001 → z + 0.000999")]
)
def test_the_answer_to_a_small_step_is_a_number_wherever_it_starts(play: Any, x: float, answer: str) -> None:  # noqa: F811
    a = tg.Value(x, "x")
    z = a * 10 if x > 1 else a + a * a * 0.0005 * (x != 0)
    z.name = "z"
    page = play(tg.steps(z))
    assert page.inner_text("#nudge") == answer
    low, high = (float(page.get_attribute("#range", end)) for end in ("min", "max"))
    assert -1.8e308 < low <= x <= high < 1.8e308


def test_numbers_of_float32_are_as_they_are_written() -> None:
    w = tg.tensor([0.1, -0.42344546], requires_grad=True, name="w", dtype="float32")
    assert '[null,0.1,[],"w[0]"]' in tg.steps((w * w).sum()).html()


@pytest.mark.slow
def test_a_question_asks_for_the_changed_number(play: Any) -> None:  # noqa: F811
    page = play(tg.steps(program()), predict=True)
    page.select_option("#leaf", label="x")
    page.fill("#number", "10")
    page.click("#next")
    page.fill("#answer", "7")  # x − y
    page.click("#check")
    assert page.inner_text("#said").startswith("Right.")


def test_a_script_with_an_unknown_operation_or_with_the_step_of_an_optimiser_has_no_panel() -> None:
    w = tg.Value(2.0, "w")
    X = tg.tensor([1.0, 2.0], requires_grad=True, name="X")
    for script in (tg.steps(tg.erf(X).sum()), tg.steps(w * w, tg.optim.SGD([w], lr=0.1)), tg.steps(tg.erf(w))):
        assert 'id="touch"' not in script.html()
    assert 'id="touch"' in tg.steps(w * w).html()
    assert 'id="touch"' in tg.steps((X * X).sum()).html()
    assert "可以改动的数" in tg.steps(w * w).html(lang="zh")


def test_the_panel_costs_less_than_twelve_kilobytes(tmp_path: Path) -> None:
    with_it, without = (len(tg.steps(function(tg.Value(0.5, "x"))).html()) for function in (tg.tanh, tg.erf))
    assert with_it - without < 12_000


@pytest.mark.slow
def test_the_panel_does_not_tell_the_answers_of_questions(play: Any) -> None:  # noqa: F811
    page = play(tg.steps(program()))
    assert (page.is_visible("#touched"), page.is_visible("#nudge")) == (True, True)
    page.check("#predict")
    assert (page.is_visible("#touched"), page.is_visible("#nudge")) == (False, False)
    assert page.is_visible("#number")
    page.uncheck("#predict")
    assert page.is_visible("#touched")
