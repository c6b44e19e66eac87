"""The page: one file that needs no network, runs nothing but its own script, and does all that it does by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from shutil import which
from typing import Any

import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu.engine.primitives.primitive import Primitive
from tinygrad_edu.graph import Drawing

from .examples import small_network, worked_example
from .test_svg import HOSTILE


class Elements(HTMLParser):
    """The tags of a page with their attributes, and the text outside scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] not in ("script", "style"):
            self.text.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_nothing_is_fetched_and_only_the_pages_own_script_and_styles_may_run() -> None:
    page = tg.draw(worked_example()[-1]).html()
    elements = Elements(page)
    (policy,) = (m["content"] or "" for m in elements.of("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert len(elements.of("script")) == 4
    for _, attributes in elements.tags:
        assert not {"src", "href", "style", "srcset", "action", "xlink:href"} & set(attributes)
        assert not any(name.startswith("on") for name in attributes)
    assert not re.search(r"@import|url\(|https?://(?!www\.w3\.org/2000/svg)", page)


def test_the_tables_say_what_the_picture_shows() -> None:
    page = tg.draw(worked_example()[-1]).html()
    elements = Elements(page)
    assert [t["data-node"] for t in elements.of("tr") if "data-node" in t] == ["1", "2", "3", "4", "5"]
    row = page.partition('<tr data-node="4">')[2].partition("</tr>")[0]
    assert re.findall("<td>(.*?)</td>", row)[:5] == ["4", "q", "add", "5", "4"]
    assert {"scope": "col"} in elements.of("th")


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_adds_no_element_and_no_attribute(name: str) -> None:
    def page(name: str) -> str:
        x = tg.Value(2.0, name=name)
        z = x * x
        z.name = name
        return tg.draw(z, engine="builtin").html()

    def markup(page: str) -> set[tuple[str, str]]:
        return {(tag, attribute) for tag, attributes in Elements(page).tags for attribute in ("", *attributes)}

    assert markup(page(name)) <= markup(page("x")) | markup(page("a name so long that it has a line of its own"))


# In a browser.

CHROMIUM = which("chromium") or which("chromium-browser") or which("google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    driver = pytest.importorskip(
        "playwright.sync_api", reason="the browser tests need playwright: pip install playwright"
    )
    if CHROMIUM is None:
        pytest.skip("no Chromium on the PATH: apt install chromium")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Opens a drawing's page; what it logs, and whatever it asks the network for, fails the test."""
    said: list[str] = []

    def open_page(drawing: Drawing, **options: Any) -> Any:
        page = browser.new_page(**options)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append("a dialog"))
        page.on("request", lambda request: said.append(request.url) if "z.html" not in request.url else None)
        page.goto(drawing.save(tmp_path / "z.html").as_uri())
        return page

    yield open_page
    assert said == []


@pytest.mark.slow
def test_every_box_is_reached_by_keyboard_and_says_what_it_is(opened: Any) -> None:
    page = opened(tg.draw(worked_example()[-1]))
    page.focus(".stage .node")
    heard = [page.inner_text("#said")]
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
        heard.append(page.inner_text("#said"))
    assert heard[0].startswith("x = 2")
    assert heard[1].startswith("q = 5")
    assert heard[2].startswith("z = 20")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == page.inner_text("#said")
    assert page.evaluate("document.querySelectorAll('.lit .head').length") > 0
    page.keyboard.press("Escape")
    assert page.evaluate("document.querySelectorAll('.lit').length") == 0


@pytest.mark.slow
def test_zoom_and_pan_and_all_of_it_again(opened: Any) -> None:
    page = opened(tg.draw(small_network(), fit=None))

    def shown() -> list[float]:
        box: str = page.get_attribute(".stage svg", "viewBox")
        return [float(number) for number in box.split()]

    whole = shown()
    page.focus(".stage")
    page.keyboard.press("+")
    assert shown()[2] < whole[2]
    before = shown()
    page.keyboard.press("ArrowRight")
    assert shown()[0] > before[0]
    page.keyboard.press("0")
    assert shown() == whole
    page.mouse.move(300, 200)
    page.mouse.down()
    page.mouse.move(200, 200)
    page.mouse.up()
    assert shown()[0] > whole[0]
    page.click("#fit")
    assert shown() == whole


@pytest.mark.slow
def test_boxes_open_and_close_by_key_by_click_and_by_name(opened: Any) -> None:
    page = opened(tg.draw(two_neurons(), depth=0))

    def names() -> list[str]:
        labels = "e => e.getAttribute('aria-label').split(' ')[0]"
        shown: list[str] = page.evaluate(
            f"[...document.querySelectorAll('[id^=view]:not([hidden]) .node')].map({labels})"
        )
        return sorted(shown)

    closed = names()
    assert "neuron" in closed
    page.focus(".node.opens")
    page.keyboard.press("Enter")
    assert page.inner_text("#said").endswith("open")
    assert len(names()) > len(closed)
    page.keyboard.press("Backspace")
    assert names() == closed
    page.click("[id^=view]:not([hidden]) .node.opens >> nth=0")
    assert len(names()) > len(closed)
    page.select_option("#depth", "0")
    assert names() == closed


def two_neurons() -> Any:
    @tg.block
    def neuron(x: Any, w: Any) -> Any:
        return tg.tanh(x * w)

    @tg.block
    def other(x: Any) -> Any:
        return tg.exp(x) + 1.0

    return other(neuron(tg.Value(0.5, name="x"), tg.Value(2.0, name="w"))) * 2.0


@pytest.mark.slow
def test_search_finds_and_hovering_lights_what_belongs_together(opened: Any) -> None:
    page = opened(tg.draw(small_network()))
    page.keyboard.press("/")
    page.keyboard.type("matmul")
    assert page.inner_text("#said") == "2 found"
    page.keyboard.press("Enter")
    assert page.inner_text("#said").startswith("1 of 2: v₁")
    page.hover("[data-node='3']")
    lit = page.evaluate("[...document.querySelectorAll('.node.lit')].map(e => e.getAttribute('aria-label')[0])")
    assert sorted(lit) == ["b", "v"]


@pytest.mark.slow
def test_the_page_speaks_its_language_while_it_is_used(opened: Any) -> None:
    layer = nn.Sequential(nn.Linear(2, 3))
    page = opened(tg.draw((layer(tg.randn(4, 2)) ** 2).mean(), depth=0, lang="zh"))
    page.keyboard.press("/")
    page.keyboard.type("mean")
    assert page.inner_text("#said") == "找到 1 个"
    page.keyboard.press("Enter")
    assert page.inner_text("#said").startswith("第 1 个，共 1 个：")
    page.locator(".node.opens").first.press("Enter")
    assert page.inner_text("#said").endswith("已展开")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_wider_than_the_screen_and_letters_can_be_read(opened: Any, scheme: str) -> None:
    page = opened(tg.draw(small_network()), viewport={"width": 390, "height": 844}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.querySelector('.node text').getBoundingClientRect().height") > 8
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_on_a_phone(opened: Any, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    page = opened(tg.draw(two_neurons(), depth=0), color_scheme=scheme, viewport={"width": 390, "height": 844})
    results = axe.Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


class Said(HTMLParser):
    """What a reader or a screen reader meets in a page, without code and keys."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("style", "script", "kbd"):
            self.inside.append(tag)
        self.words += [said for name, said in attrs if said and name in ("title", "alt", "aria-label", "placeholder")]

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.words.append(data)


def in_chinese() -> dict[str, Any]:
    x, w = tg.Value(0.5, "输入"), tg.Value(-0.25, "权重")
    z = tg.tanh(w * x + 1.0) * x
    loop = tg.block(lambda x: x * x)(x)
    for _ in range(200):
        loop = tg.sin(loop) * w
    tg.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.Tanh(), nn.Linear(3, 2)))
    return {"numbers": z, "a loop": loop, "a network": (net(tg.randn(4, 2)) ** 2).mean()}


@pytest.mark.parametrize("options", [{}, {"mode": "both"}, {"mode": "backward"}, {"depth": 0}, {"gradients": "grad"}])
@pytest.mark.parametrize("name", ["numbers", "a loop", "a network"])
def test_a_chinese_page_has_no_english_words(name: str, options: Any) -> None:
    z = in_chinese()[name]
    code = {
        *Primitive.table,
        "Linear",
        "Tanh",
        "Sequential",
        "lambda",
        "bias",
        "weight",
        "in",
        "out",
        "features",
        "shape",
        "axes",
    }
    code |= {
        "all",
        "axis",
        "None",
        "True",
        "False",
        "keepdims",
        "float",
        "depth",
        "expand",
        "focus",
        "hops",
        "fit",
        "grad",
    }
    drawing = tg.draw(z, lang="zh", **options)
    pages = [drawing.html(), tg.graph.film([drawing, drawing]).html()]
    words = {word for page in pages for said in Said(page).words for word in re.findall(r"[A-Za-z]{3,}", said)}
    assert words <= {part for name in code for part in name.split("_")}


class Block(nn.Module):
    """A block of blocks, of which a deep network has many."""

    def __init__(self) -> None:
        self.linear = nn.Linear(3, 3)
        self.rest = nn.Sequential(nn.Linear(3, 3), nn.Tanh())

    def forward(self, x: Any) -> Any:
        return x + self.rest(self.linear(x))


def test_a_page_of_equal_parts_that_are_drawn_once_has_the_views_of_the_program() -> None:
    tg.manual_seed(0)
    network = tg.draw(nn.Sequential(*[Block() for _ in range(40)])(tg.randn(2, 3)).mean())
    x = tg.Value(0.5, "x")
    y = tg.block(lambda x: x * x)(x)
    for _ in range(200):
        y = tg.sin(y) * x
    loop = tg.draw(y, depth=0)
    for drawing in (network, loop):
        closed = {node.opens for node in drawing.graph.nodes}
        assert closed != {None}
        assert {cluster.path for cluster in drawing.graph.clusters} - closed, "a frame stands open"
        assert "<option" in drawing.html()
