"""The player's page, driven in a browser as a learner would: keys, buttons, links, questions; no network, no errors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.graph.mathematics import isolated
from tinygrad_edu.graph.palette import DARK, LIGHT
from tinygrad_edu.step import Script
from tinygrad_edu.step.page import frame
from tinygrad_edu.step.predict import is_right, question

from .test_script import textbook

CHROMIUM = which("chromium") or which("chromium-browser") or which("google-chrome")
HOSTILE = ["</script><script>alert(1)</script>", "\"'<b onclick=x>&amp;", "\u202ex", "{from}\\N", "🙂" * 300, "\ud800"]

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    driver = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")
    if CHROMIUM is None:
        pytest.skip("no Chromium on the PATH: apt install chromium")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def play(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens a script's page; what it logs, and whatever it asks the network for, fails the test."""
    said: list[str] = []

    def open_page(script: Script, at: str = "", *, predict: bool = False, lang: str = "en", **options: Any) -> Any:
        page = browser.new_page(**options)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append("a dialog"))
        page.on("request", lambda request: said.append(request.url) if "play.html" not in request.url else None)
        page.goto(script.save(tmp_path / "play.html", predict=predict, lang=lang).as_uri() + at)
        return page

    yield open_page
    assert said == []


def count(page: Any, selector: str) -> int:
    """How many elements of the picture there are."""
    return int(page.locator(f".picture {selector}").count())


def place(page: Any) -> int:
    """After how many events the player stands."""
    (step,) = re.findall(r"step (\d+) of", page.inner_text("#place"))
    return int(step)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_adds_nothing_to_the_page(name: str) -> None:
    def elements(name: str) -> set[tuple[str, tuple[str, ...]]]:
        found: set[tuple[str, tuple[str, ...]]] = set()
        parser = HTMLParser()
        parser.handle_starttag = lambda tag, attrs: found.add((tag, tuple(sorted(key for key, _ in attrs))))  # type: ignore[method-assign]
        x = tg.Value(2.0, name)
        parser.feed(tg.steps(x * x).html())
        return found

    assert elements(name) <= elements("x") | elements("honest" * 20)


def test_the_policy_allows_nothing_but_the_pages_own_script_and_styles() -> None:
    page = tg.steps(textbook()[0]).html()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert not re.search(r'@import|url\((?!#)|\ssrc=|\sstyle="|\son\w+="|https?://(?!www\.w3\.org/2000/svg)', page)


def test_a_page_of_a_hundred_nodes_is_small() -> None:
    rng = np.random.default_rng(0)
    x, w = ([tg.Value(v, f"{name}{i}") for i, v in enumerate(rng.normal(size=25))] for name in "xw")
    script = tg.steps(sum((a * b for a, b in zip(x[1:], w[1:])), start=x[0] * w[0]).tanh())
    assert len(script.graph.nodes) == 100
    assert len(script.html().encode()) < 170_000


@pytest.mark.slow
def test_keys_buttons_the_slider_and_links_move_through_the_script(play: Open) -> None:
    page = play(tg.steps(textbook()[0]))
    assert place(page) == 0
    for key, step in (
        ("ArrowRight", 1),
        ("ArrowRight", 2),
        ("ArrowLeft", 1),
        ("End", 7),
        ("ArrowRight", 7),
        ("Home", 0),
    ):
        page.keyboard.press(key)
        assert place(page) == step
    for button, step in (("next", 1), ("last", 7), ("back", 6), ("first", 0)):
        page.click(f"#{button}")
        assert place(page) == step
    assert page.is_disabled("#back")
    page.focus("#slider")
    page.keyboard.press("ArrowRight")
    assert place(page) == 1
    page.check("#skip")
    assert place(page) == 3
    page.click("#last")
    page.click("#first")
    assert place(page) == 3
    page.evaluate("location.hash = '#step=5'")
    page.wait_for_selector("#place:has-text('Back, step 5 of')")
    page.select_option("#speed", "500")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(" ")
    assert page.get_attribute("#play", "aria-pressed") == "true"
    page.wait_for_selector("#place:has-text('step 7 of')", timeout=8000)
    assert page.get_attribute("#play", "aria-pressed") == "false"


@pytest.mark.slow
def test_the_focus_stays_at_the_ends_and_shift_with_arrows_moves_what_has_it(play: Open) -> None:
    def focused() -> str:
        return str(page.evaluate("document.activeElement.id || document.activeElement.className"))

    def scrolled(selector: str) -> list[int]:
        return [page.locator(selector).evaluate(f"area => area.scroll{side}") for side in ("Left", "Top")]

    x = tg.Value(0.5, "x")
    for _ in range(12):
        x = tg.tanh(x) + tg.exp(x)
    page = play(tg.steps(x), viewport={"width": 500, "height": 700})
    for button in ("last", "first"):
        page.focus(f"#{button}")
        page.keyboard.press("Enter")
        assert focused() == button
        assert page.get_attribute(f"#{button}", "aria-disabled") == "true"
    for area in (".picture", ".all"):
        page.focus(area)
        before = scrolled(area)
        for key in ("Shift+ArrowRight", "Shift+ArrowDown"):
            page.keyboard.press(key)
        assert scrolled(area) > before
        assert place(page) == 0
        page.keyboard.press("Shift+ArrowLeft")
        page.keyboard.press("Shift+ArrowUp")
        assert scrolled(area) == before
    page.keyboard.press("ArrowRight")
    assert place(page) == 1


@pytest.mark.slow
def test_escape_leaves_a_question_and_a_number_that_was_right_may_be_practised(play: Open) -> None:
    page = play(tg.steps(textbook()[0]), predict=True)
    for typed, points in (("5", "1 of 1"), ("4", "1 of 1"), ("5", "1 of 1")):
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")
        page.fill("#answer", typed)
        page.keyboard.press("ArrowLeft")  # in the text
        page.keyboard.press("Enter")
        assert page.inner_text("#points").startswith(points)
        page.keyboard.press("Escape")
        assert page.is_hidden("#question")
        assert page.evaluate("document.activeElement.id") == "next"
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    assert page.is_visible("#question")


@pytest.mark.slow
def test_on_paper_the_page_is_light_and_shows_what_made_each_value(play: Open) -> None:
    page = play(tg.steps(textbook()[0]), viewport={"width": 700, "height": 900}, color_scheme="dark")
    for media, paper in (("screen", DARK["paper"]), ("print", LIGHT["paper"])):
        page.emulate_media(media=media, color_scheme="dark")
        assert page.evaluate("getComputedStyle(document.body).getPropertyValue('--paper')") == paper
        assert page.is_visible("#rows td:nth-child(2) >> nth=0") is (media == "print")


@pytest.mark.slow
def test_an_event_shows_its_equations_its_sentence_and_what_is_known(play: Open) -> None:
    page = play(tg.steps(textbook()[0]), "#step=6")
    assert page.inner_text("h1") == "Step by step: z = (x + y) · w"
    assert page.inner_text("#place") == "Back, step 6 of 7"
    assert page.locator("#lines p").all_inner_texts() == ["∂q/∂x = 1", "∂z/∂x = ∂z/∂q · ∂q/∂x", "∂z/∂x = 4 · 1 = 4"]
    assert page.inner_text("#said") == (
        "q passes its gradient on to x: upstream 4 times local derivative 1 is 4. The gradient of x is 4."
    )
    rows = [row.split("\t") for row in page.inner_text("#rows").split("\n")]
    assert [(row[0], row[2], row[3], row[4]) for row in rows] == [
        ("x", "2", "4", "final"),
        ("y", "3", "", "not yet"),
        ("w", "4", "5", "final"),
        ("q", "5", "4", "final"),
        ("z", "20", "1", "final"),
    ]
    assert count(page, ".unreached") == 1  # y


@pytest.mark.slow
def test_the_picture_shows_what_flows_against_which_arrow_and_what_has_arrived_so_far(play: Open) -> None:
    x = tg.Value(3.0, "x")
    page = play(tg.steps(x * x), "#step=1")
    assert (count(page, ".edge.now"), count(page, ".edge.against"), count(page, ".tag")) == (2, 0, 0)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert (count(page, ".edge.now"), count(page, ".edge.against")) == (1, 1)
    assert sorted(page.locator(".tag text").all_text_contents()) == ["3", "3, 1 of 2"]
    page.keyboard.press("ArrowRight")
    assert page.locator(".tag text").all_text_contents() == ["3"]


@pytest.mark.slow
def test_a_matrix_is_shown_in_rows_and_columns(play: Open) -> None:
    x = tg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]], requires_grad=True, name="x")
    page = play(tg.steps((x * 2).sum()), "#step=1")
    assert page.locator("#lines p").all_inner_texts()[:2] == ["v₁ = x · 2", "(2, 3) · 2 → (2, 3)"]
    assert page.locator(".matrix span").all_inner_texts() == ["2", "4", "6", "8", "10", "13"]
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.matrix')).gridTemplateColumns.split(' ').length") == 3
    )


@pytest.mark.slow
def test_names_of_arrays_are_bold_where_that_is_asked_for(play: Open) -> None:
    X, w = tg.tensor([[1.0, 2.0], [3.0, 4.0]], name="X"), tg.tensor([1.0, -1.0], requires_grad=True, name="w_1")
    s = tg.Value(2.0, "s")
    loss = (X @ w).sum() * s
    for bold, names in ((True, {"X", "w_1"}), (False, set())):
        script = tg.steps(loss, bold=bold)
        step = 1 + next(i for i, event in enumerate(script) if "Xᵀ" in event.right)
        page = play(script, f"#step={step}")
        line = page.locator("#lines p").first
        assert line.inner_text().endswith("Xᵀ ∂v₃/∂v₁")
        assert set(line.locator("b").all_inner_texts()) == (names | {"v₁"} if bold else set())
        assert (page.locator('.picture .bold:text("X")').count() > 0) is bold


def test_predicting_with_right_and_wrong_answers_hints_and_a_score(play: Open) -> None:
    page = play(tg.steps(textbook()[0]), predict=True)
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#prompt") == "q = x + y = ?"
    assert page.is_hidden("#lines")
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    assert page.inner_text("#feedback").startswith("Not yet")
    assert place(page) == 0
    page.fill("#answer", "five")
    page.keyboard.press("Enter")
    assert page.inner_text("#feedback").startswith("This is not a number")
    page.fill("#answer", "10/2")
    page.keyboard.press("Enter")
    assert place(page) == 1
    assert page.inner_text("#points") == "0.5 of 1 points (1 of 6)"
    page.keyboard.press("ArrowRight")
    page.click("#hint")
    assert page.inner_text("#hints") == "5 · 4"
    page.click("#reveal")
    assert place(page) == 2
    page.keyboard.press("ArrowRight")  # the seed asks nothing
    assert place(page) == 3
    with page.expect_download() as download:
        page.click("#export")
    score = json.loads(Path(download.value.path()).read_text())
    assert (score["points"], score["of"]) == (0.5, 6)


@pytest.mark.slow
def test_questions_are_answered_in_the_frame_of_a_notebook_too(browser: Any) -> None:
    page = browser.new_page()
    page.set_content(frame(tg.steps(textbook()[0]), predict=True))
    player = page.frame_locator("iframe")
    player.locator("#next").click()
    player.locator("#answer").fill("5")
    page.keyboard.press("Enter")
    assert player.locator("#said").inner_text().startswith("Right")
    assert player.locator("#place").inner_text().startswith("Forward, step 1")
    page.keyboard.press("ArrowRight")
    player.locator("#answer").fill("20")
    player.locator("#check").click()
    assert player.locator("#said").inner_text().startswith("Right")


@pytest.mark.slow
def test_a_frame_is_as_high_as_the_player_in_it_or_as_the_window(browser: Any) -> None:
    script = tg.steps(textbook()[0])
    for height, enough in ((1400, True), (800, False)):
        page = browser.new_page(viewport={"width": 390, "height": height})
        page.set_content(frame(script))
        player = page.frames[1]
        for _ in range(200):  # Playwright's own wait evaluates a string in the page, which the page's policy forbids
            page.wait_for_timeout(50)
            inside = player.evaluate("document.documentElement.scrollHeight")
            outside = page.locator("iframe").evaluate("frame => frame.clientHeight")
            if inside > 780 and outside >= min(inside, height - 40):  # all of it is there, and the frame knows
                break
        assert (outside == inside) is enough


@pytest.mark.slow
@pytest.mark.parametrize("before", ["display: none", "height: 0; overflow: hidden", "margin-top: 5000px"])
def test_a_player_that_is_seen_only_later_is_as_one_that_is_seen_at_once(browser: Any, before: str) -> None:
    page = browser.new_page(viewport={"width": 700, "height": 1300})
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.set_content(f'<div style="{before}">{frame(tg.steps(textbook()[0]))}</div>')
    page.wait_for_timeout(200)
    page.frames[1].evaluate("""() => {
        const number = document.getElementById("number");
        number.value = "1.25";
        number.dispatchEvent(new Event("input", { bubbles: true }));
        document.getElementById("reset").click();
    }""")
    page.evaluate("document.querySelector('div').style.cssText = ''")
    picture = page.frame_locator("iframe").locator(".picture")
    for _ in range(200):
        page.wait_for_timeout(50)
        if picture.bounding_box()["height"] > 200:
            break
    assert 200 < picture.bounding_box()["height"] < 210
    assert wrong == []


@pytest.mark.slow
def test_the_page_judges_answers_as_python_does(play: Open) -> None:
    script = tg.steps(textbook()[0])
    page = play(script, predict=True)
    page.keyboard.press("ArrowRight")
    for typed in re.split(" ", "5 +5. ４.96 4.9 10/2 1/0 [5] 5,5 -5 −5 0x5 5_0 5e0 inf nan five"):
        page.fill("#answer", typed)
        page.click("#check")
        said = page.inner_text("#said") if page.is_hidden("#question") else page.inner_text("#feedback")
        try:
            judged = {True: "Right", False: "Not yet"}[is_right(question(script, 0), typed)]
        except tg.TinygradError:
            judged = "This is not"
        assert said.startswith(judged), typed
        if judged == "Right":
            page.keyboard.press("Home")
            page.keyboard.press("ArrowRight")


@pytest.mark.slow
def test_a_question_does_not_give_its_answer_away(play: Open) -> None:
    x = tg.tensor(np.arange(28.0).reshape(4, 7), requires_grad=True, name="x")
    page = play(tg.steps(x.mean(axis=0).sum()), predict=True)
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#asked") == "Which numbers come here? All elements in order, with commas between."
    assert count(page, ".edge.now") == 1
    seen = page.evaluate(
        "[...document.querySelectorAll('main *')].filter((x) => x.checkVisibility({visibilityProperty: true})"
        " && !x.children.length).map((x) => x.textContent).join('|')"
    )
    assert "(4, 7)" in seen
    assert "(7,)" not in seen
    assert "10.5" not in seen


@pytest.mark.slow
def test_a_network_of_modules_plays_in_whole_parts(play: Open) -> None:
    @tg.block
    def layer(x: Any, w: Any) -> Any:
        return (x @ w).tanh()

    rng = np.random.default_rng(0)
    h: Any = tg.tensor(rng.normal(size=(4, 3)), name="X")
    for _ in range(2):
        h = layer(h, tg.tensor(rng.normal(size=(3, 3)), requires_grad=True))
    script = tg.steps((h * h).mean())
    page = play(script)
    page.check("#grouped")
    page.evaluate("document.activeElement.blur()")
    seen = []
    while place(page) < len(script):
        page.keyboard.press("ArrowRight")
        seen.append(place(page))
    assert seen == [stop for _, stop in script.groups()]


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "lang"), [("light", "en"), ("dark", "zh")])
def test_axe_finds_nothing_wrong_and_a_phone_shows_all(play: Open, scheme: str, lang: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    options = {"viewport": {"width": 390, "height": 844}, "color_scheme": scheme, "bypass_csp": True}
    page = play(tg.steps(textbook()[0]), "#step=6", lang=lang, **options)
    results = axe.Axe().run(page)
    assert [violation["id"] for violation in results.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def _of_two(first: str, second: str, of: str) -> Script:
    a, b = tg.Value(2.0, first), tg.Value(3.0, second)
    z = (a + b) * a * tg.exp(a - b)
    z.name = of
    return tg.steps(z)


def _of_matrices() -> Script:
    rng = np.random.default_rng(0)
    X, W = (tg.tensor(rng.normal(size=(3, 3)) * 1e-5, requires_grad=True, name=name) for name in "XW")
    return tg.steps((tg.tanh(X @ W) ** 2).mean())


NARROW = {
    "chinese": _of_two(
        "第一个非常非常长的中文变量名字用来测试排版",
        "学习率乘以梯度的平均值再加上动量",
        "总损失函数在这一批数据上的平均值",
    ),
    "latin": _of_two("w" * 60, "encoder.layers.0.attention.query.weight", "loss"),
    "right to left": _of_two("السعر", "מחיר של", "مجموع"),
    "matrices": _of_matrices(),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NARROW)
def test_nothing_is_wider_than_a_narrow_phone(play: Open, name: str) -> None:
    page = play(NARROW[name], viewport={"width": 320, "height": 600})
    for step in range(len(NARROW[name]) + 1):
        page.evaluate(f"location.hash = '#step={step}'")
        page.wait_for_selector(f"#place:has-text('step {step} of')")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, step


@pytest.mark.slow
def test_names_from_right_to_left_turn_nothing_around(play: Open) -> None:
    script = NARROW["right to left"]
    page = play(script)
    for _ in script:
        page.click("#next")
        written = [*page.locator("#lines p, #said, #rows td, #rows th, #touched, #nudge").all_text_contents()]
        assert written == [isolated(re.sub("[\u2068\u2069]", "", text)) for text in written]
        assert any("\u2068" in text for text in written)
    for text in (script.text(), script.markdown()):
        assert "\u2068السعر\u2069" in text
    assert "\u2068" not in script.latex()


def test_a_notebook_speaks_the_language_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    script = tg.steps(textbook()[0])
    assert "Step by step" in script._repr_html_()
    monkeypatch.setenv("TINYGRAD_EDU_LANG", "zh")
    assert "逐步演示" in script._repr_html_()
    monkeypatch.setenv("TINYGRAD_EDU_LANG", "tlh")
    with pytest.raises(tg.TinygradError, match="TINYGRAD_EDU_LANG is one of 'en', 'zh'"):
        script._repr_html_()
