"""A film: pictures of several times in one layout, as frames, as an SVG that moves, and as a page with a slider."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.errors import FileError

from .test_page import browser  # noqa: F401


def drawings(steps: int = 4, **options: Any) -> list[Any]:
    x, w = tg.Value(1.5, "x"), tg.Value(-0.4, "w")
    found = []
    for step in range(steps):
        loss = (w * x - 0.8) ** 2
        loss.name = "loss"
        found.append(tg.draw(loss, caption=f"after {step}", **options))
        (slope,) = tg.gradients(loss, [w])
        w.data -= 12.0 * slope
    return found


def places(svg: str) -> list[str]:
    """Where boxes are, how large they are, and the ways of arrows."""
    return re.findall(r'translate\([^)]*\)|<rect class="box" x="[^>]*rx="[^"]*"|<path class="line" d="[^"]*"', svg)


@pytest.mark.parametrize("mode", ["forward", "both"])
def test_all_frames_have_one_layout_and_their_own_numbers(mode: Any) -> None:
    made = drawings(mode=mode, fit=None)
    film = tg.graph.film(made)
    assert (
        len({tuple(re.sub(' fill="[^"]*"| stroke[^ ]*', "", p) for p in places(frame)) for frame in film.frames}) == 1
    )
    for number, (frame, drawing) in enumerate(zip(film.frames, made)):
        ElementTree.fromstring(frame)
        assert f"after {number}" in frame
        assert f"{number + 1} of 4" in frame
        loss = next(node for node in drawing.graph.nodes if node.label == "loss")
        assert f" = {loss.value.text()}<" in frame


def test_frames_that_fit_drew_in_several_ways_are_drawn_in_one() -> None:
    w, b, made = tg.Value(-0.4, "w"), tg.Value(0.0, "b"), []
    for _ in range(4):
        h = tg.tanh(w * tg.Value(0.1845, "x") + b)
        h.name = "h"
        loss = (h - 0.8) ** 2 + (h * w - 1) ** 2
        loss.name = "loss"
        made.append(tg.draw(loss, "both"))
        for p, slope in zip((w, b), tg.gradients(loss, [w, b])):
            p.data -= 0.3 * slope
    assert len({(drawing.flow, drawing.wrap) for drawing in made}) == 2, "else this test says nothing"
    film = tg.graph.film(made)
    assert len({(drawing.flow, drawing.wrap) for drawing in film.drawings}) == 1
    assert len({tuple(places(frame)) for frame in film.frames}) == 1
    assert film.layout.width <= 1300
    assert film.layout.height <= 1600
    for drawing, frame in zip(made, film.frames):
        assert f" = {drawing.graph.nodes[-1].value.text()}<" in frame  # type: ignore[union-attr]


def test_frames_in_rows_have_the_same_boxes_where_a_leaf_stood_beside_its_users_in_one_of_them() -> None:
    made = []
    for seed, scale in enumerate((1.0, 0.165, 0.72)):
        rng = np.random.default_rng(seed)
        K = tg.tensor(np.array([[1, 0.5, 0.1], [0.5, 1, 0.4], [0.1, 0.4, 1]], np.float32), name="K")
        numbers = (rng.normal(size=3) * scale for _ in range(2))
        alpha, y = (tg.tensor(np.asarray(x, np.float32)) for x in numbers)
        alpha.requires_grad_()
        J = ((y - K @ alpha) ** 2).sum() + 0.1 * (alpha @ (K @ alpha))
        made.append(tg.draw(J, "both", names={"alpha": alpha, "y": y, "J": J}))
    assert len({drawing.apart for drawing in made}) > 1, "else this test says nothing"
    film = tg.graph.film(made)
    assert len({tuple(places(frame)) for frame in film.frames}) == 1


def test_what_changed_is_thick_and_what_did_not_is_not() -> None:
    frames = tg.graph.film(drawings(gradients=False)).frames
    names = [re.findall(r'class="[^"]*\bnow\b[^"]*"[^>]*>\s*<title>(\w+)', frame) for frame in frames]
    assert names[0] == []
    assert names[1] == ["w", "v₁", "v₂", "loss"]  # x and the constants are as they were


def test_as_an_svg_it_shows_one_frame_at_a_time_and_no_two_ids_are_the_same() -> None:
    svg = tg.graph.film(drawings(), seconds=0.5).svg()
    ElementTree.fromstring(svg)
    assert svg.count('visibility="hidden"') == 3
    assert "animation:" in svg
    assert "2s step-end infinite" in svg
    ids = re.findall(r'\bid="([^"]*)"', svg)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("frames", [2, 3, 6, 7, 9])
def test_two_frames_are_never_seen_at_once(frames: int) -> None:
    (percent,) = re.findall(r"visible}([\d.]+)%", tg.graph.film(drawings(frames, fit=None)).svg())
    assert 99.999 < float(percent) * frames <= 100


@pytest.mark.slow
def test_the_page_has_a_slider_and_fetches_nothing(browser: Any, tmp_path: Path) -> None:  # noqa: F811
    page, said = browser.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if "film.html" not in request.url else None)
    page.goto(tg.graph.film(drawings(), seconds=0.05).save(tmp_path / "film.html").as_uri() + "#frame=2")

    def frames() -> list[bool]:
        return [page.locator("#frames > div").nth(i).is_visible() for i in range(4)]

    assert frames() == [False, True, False, False]
    page.focus("#frame")
    page.keyboard.press("ArrowRight")
    assert frames() == [False, False, True, False]
    assert page.url.endswith("#frame=3")
    page.click("#play")
    page.locator("#frames > div").nth(3).wait_for()
    assert page.inner_text("#play") == "Play"
    assert said == []


def test_drawings_of_other_graphs_are_refused_with_the_way_out() -> None:
    one, other = drawings(2), tg.draw(tg.Value(1.0, "x") * 2)
    with pytest.raises(tg.GraphError, match="film: drawing 3 is of another graph than the first"):
        tg.graph.film([*one, other])
    with pytest.raises(tg.GraphError, match="film: takes two drawings or more, one for each frame, not 1"):
        tg.graph.film([other])
    for nothing in ("ab", [3], tg.Value(1.0), [tg.Value(1.0)] * 2):
        with pytest.raises(tg.GraphError, match=r"film: each frame is a drawing, tg.draw\(loss\), not "):
            tg.graph.film(nothing)  # type: ignore[arg-type]
    for seconds in (0, -1.0, float("nan"), "2"):
        with pytest.raises(tg.TinygradError, match="film: seconds is how long each frame is shown"):
            tg.graph.film(one, seconds)  # type: ignore[arg-type]
    assert repr(tg.graph.film(iter(one))) == repr(tg.graph.film(one))
    with pytest.raises(FileError, match=r"film: 'x\.gif' has none of the extensions"):
        tg.graph.film(one).save("x.gif")
