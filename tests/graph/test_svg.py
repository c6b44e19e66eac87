"""The SVG: well-formed, described, escaped, and nothing overlapping."""

from __future__ import annotations

import re
import unicodedata
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.graph import Drawing
from tinygrad_edu.graph.mathematics import ACCENTS, isolated, pieces
from tinygrad_edu.graph.names import word
from tinygrad_edu.graph.palette import DARK, LIGHT
from tinygrad_edu.graph.picture.bold import parts_of
from tinygrad_edu.graph.picture.card import VERY_LONG
from tinygrad_edu.graph.picture.typeset import Text
from tinygrad_edu.graph.text import shorten, visible

from .examples import EXAMPLES, chain, tangle, worked_example

SVG = "{http://www.w3.org/2000/svg}"


def parsed(drawing: Drawing) -> Any:
    return ElementTree.fromstring(drawing.svg())


def by_class(root: Any, name: str) -> list[Any]:
    return [e for e in root.iter() if name in e.get("class", "").split()]


def words(element: Any) -> str:
    return "".join(t for text in element.iter(f"{SVG}text") for t in text.itertext())


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("mode", ["forward", "backward"])
@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_every_picture_is_xml_with_a_title_a_description_and_no_script(name: str, mode: Any, direction: Any) -> None:
    drawing = tg.draw(EXAMPLES[name](), mode, direction=direction, engine="builtin")
    root = parsed(drawing)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert title.text == drawing.graph.title
    assert description.text
    nodes = [g for g in root.iter(f"{SVG}g") if re.search(r"-n\d+$", g.get("id", ""))]
    assert len(nodes) == len(drawing.graph.nodes)
    assert all(g.find(f"{SVG}title").text for g in nodes)
    assert len(by_class(root, "edge")) == len(drawing.graph.edges)
    tags = {e.tag.removeprefix(SVG) for e in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "g", "rect", "path", "text", "tspan"}
    assert not any("href" in key or key.startswith("on") for e in root.iter() for key in e.attrib)


def test_what_the_picture_of_the_worked_example_says() -> None:
    root = parsed(tg.draw(worked_example()[-1]))
    boxes = [words(g) for g in root.iter(f"{SVG}g") if re.search(r"-n\d+$", g.get("id", ""))]
    assert boxes == [
        "x = 2∂z/∂x = 4",
        "y = 3∂z/∂y = 4",
        "w = 4∂z/∂w = 5",
        "+q = 5∂z/∂q = 4",
        "×z = 20∂z/∂z = 1",
    ]


def test_what_an_operation_was_called_with_is_said_where_it_is_not_the_default() -> None:
    x = tg.ones((2, 3), requires_grad=True)
    drawing = tg.draw(x.mean(axis=0, keepdims=True).max())
    assert re.findall("; result of ([^;<]*)", drawing.svg()) == ["mean (axis=0, keepdims=True)", "max"]
    assert re.findall("<td>(m.*?)</td>", drawing.html()) == ["mean (axis=0, keepdims=True)", "max"]


def test_shapes_tell_leaves_constants_operations_and_the_output_apart() -> None:
    x = tg.Value(2.0, name="x")
    root = parsed(tg.draw((x + 3) * x))

    def shape(kind: str) -> tuple[Any, ...]:
        (box, *_) = [e for e in by_class(root, kind)[0] if e.get("class") == "box"]
        return box.tag, box.get("rx")

    shapes = {shape(kind) for kind in ("leaf", "constant", "operation")}
    assert len(shapes) == 3
    assert len(by_class(root, "outline")) == 1  # the double line of the output


def test_operands_are_numbered_where_order_matters() -> None:
    a, b = tg.Value(5.0, name="a"), tg.Value(2.0, name="b")
    assert [e.text for e in by_class(parsed(tg.draw(a - b)), "slot")] == ["1", "2"]
    assert by_class(parsed(tg.draw(a + b)), "slot") == []


def test_light_and_dark_follow_the_reader_or_are_fixed() -> None:
    z = worked_example()[-1]
    auto = tg.draw(z).svg()
    assert "prefers-color-scheme:dark" in auto
    light, dark = tg.draw(z, theme="light").svg(), tg.draw(z, theme="dark").svg()
    assert "prefers-color-scheme" not in light + dark
    assert LIGHT["slope"] in light
    assert LIGHT["slope"] not in dark
    assert DARK["slope"] in dark


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_all_text_has_contrast_enough(palette: dict[str, str]) -> None:
    """At least 4.5 : 1, as WCAG 2.1 AA asks of text."""
    pairs = [("ink", "paper"), ("muted", "paper"), ("slope", "paper"), ("sign", "operation")]
    pairs += [(text, box) for text in ("ink", "muted", "slope") for box in ("body", "leaf-body")]
    pairs += [("ink", "constant-body"), ("ink", "bar")]
    for text, ground in pairs:
        a, b = sorted((luminance(palette[text]), luminance(palette[ground])))
        assert (b + 0.05) / (a + 0.05) >= 4.5, (text, ground)


# G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, "A physiologically-based model for simulation of color vision
# deficiency", IEEE TVCG 15 (2009): the matrices for severity 1, on linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    "deuteranopia": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
    "tritanopia": np.array([[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]]),
}


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("blindness", BLINDNESS)
def test_the_colours_stay_apart_for_colour_blind_readers(palette: dict[str, str], blindness: str) -> None:
    """By more than 15 in CIELAB; 2.3 is a just noticeable difference."""
    for one, other in combinations(("operation", "leaf", "slope", "second"), 2):
        a, b = (cielab(BLINDNESS[blindness] @ linear(palette[name])) for name in (one, other))
        assert np.linalg.norm(a - b) > 15, (one, other)


def linear(colour: str) -> Any:
    parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def cielab(rgb: Any) -> Any:
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def luminance(colour: str) -> float:
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def test_the_rules_of_a_picture_reach_no_other_and_ids_come_from_the_content() -> None:
    one, two = tg.draw(worked_example()[-1]).svg(), tg.draw(EXAMPLES["square"]()).svg()
    identity = re.search(r'id="(tg-[0-9a-f]+)"', one)
    assert identity
    assert identity[1] not in two
    style = one[one.index("<style>") + 7 : one.index("</style>")]
    selectors = re.findall(r"^([^@{}]+)\{", style, re.MULTILINE)
    assert selectors
    assert all(part.startswith(f"svg#{identity[1]} ") for s in selectors for part in s.strip().split(","))


def test_small_arrays_are_shown_in_full_and_large_ones_by_shape_and_range() -> None:
    X = tg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True, name="X")
    assert words(parsed(tg.draw((X * 2).sum()))).startswith("X = 142536")  # column by column
    big = tg.zeros((64, 10), requires_grad=True)
    text = words(parsed(tg.draw((big + 1.0).sum())))
    assert "(64, 10) float32" in text
    assert "all 1" in text


def test_a_leaf_with_many_uses_is_drawn_as_one_dashed_alias_for_each() -> None:
    w = tg.Value(2.0, name="w")
    y: Any = tg.Value(1.0, name="y")
    for _ in range(6):
        y = tg.tanh(y * w)
    root = parsed(tg.draw(y))
    assert len(by_class(root, "alias")) == 5
    assert [words(e) for e in by_class(root, "alias")] == ["w"] * 5


def test_a_graph_that_is_too_large_says_so_and_what_is_in_it() -> None:
    root = parsed(tg.draw(tangle(1_000)))
    text = words(root)
    assert "1,345 nodes, too many to draw one by one" in " ".join(e.text for e in by_class(root, "note"))
    assert "1,342 operations" in text
    assert re.search(r"tanh\s*342", text)
    assert len(by_class(root, "group")) == 1


HOSTILE = [
    'a"b',
    "back\\slash \\N \\G \\l",
    "tail\\",
    "<b>html</b>",
    "<x>",
    "&lt;amp&gt; & co",
    "line\nend\r\t",
    "nul\x00\x1b[31m\x7f\x85",
    "bidi\u202eevil\u2066\u2069",
    "{a|b}",
    "javascript:alert(1)",
    "]]><script>alert(1)</script><!-- --",
    "x" * 10_000,
    "\u0301" * 300,
    "😀 👩\u200d👩\u200d👧",
    "\ud800",
    "\ufffe\uffff\ufeff",
    "変数 Größe Ω₁",
    "   ",
    "%s %(x)d {0}",
]


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("encoder.layers.3.query_projection.weight", ["encoder.layer…", "jection.weight"]),
        ("the_rate_of_the_encoder", ["the_rate_of_", "the_encoder"]),
        ("averylongnameinoneword", ["averylongnameinoneword"]),
        ("the_rate_of", ["the_rate_of"]),
    ],
)
def test_a_very_long_name_has_two_rows(name: str, rows: list[str]) -> None:
    root = parsed(tg.draw(tg.Value(2.0, name=name) * 3.0, engine="builtin"))
    texts = [e for e in root.iter(f"{SVG}text") if by_class(e, "name")]
    assert ["".join(e.text or "" for e in text.iter() if "name" in e.get("class", "")) for text in texts] == rows


@pytest.mark.parametrize("shape", [(), (3,), (20, 30)])
@pytest.mark.parametrize("options", [{}, {"mode": "both"}, {"mode": "backward"}, {"width": 1}])
def test_a_very_long_name_has_two_rows_in_every_box(shape: tuple[int, ...], options: dict[str, Any]) -> None:
    """And what else is said of an operation stands under both."""
    first, second = (
        tg.tensor(np.ones(shape), requires_grad=True, name=f"the_rate_of_the_{x}") for x in ("left", "right")
    )
    y = tg.clip(first * second, 0.25, 0.75)
    y.name = "the_product_of_the_rates"
    loss = tg.sum(y * 3.0)
    loss.name = "the_loss_of_the_encoder"
    for node, card in zip((drawing := tg.draw(loss, engine="builtin", **options)).graph.nodes, drawing.cards):
        texts = [[item.text for item in row if isinstance(item, Text)] for row in card.rows]
        styles = {item.style: item.width for row in card.rows for item in row if isinstance(item, Text)}
        assert max(styles.get("name", 0), styles.get("partial", 0)) <= VERY_LONG, texts
        if node.label == y.name:
            assert [row[0] for row in texts[:2]] == ["the_product_", "of_the_rates"]


@settings(deadline=None)
@given(st.text(st.characters(codec=None), max_size=40))
@example("é" * 40)
def test_any_name_comes_back_from_an_xml_parser_as_it_is_shown(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_come_back_from_an_xml_parser_as_they_are_shown(name: str) -> None:
    check_name(name)


def check_name(name: str) -> None:
    x = tg.Value(2.0, name=name)
    modes: tuple[Any, ...] = ("forward", "backward")
    for mode in modes:
        root = parsed(tg.draw(x * x, mode, engine="builtin"))
        shown = word(shorten(visible(name))) if name else "x₁"
        style = "name" if name else "auto"
        rows = [e for e in root.iter(f"{SVG}text") if by_class(e, style)]
        first, second = (
            "".join(e.text for e in ([row] if row.text else row) if style in e.get("class").split())
            for row in (rows[0], rows[len(rows) > 1])
        )
        assert isolated("".join(piece[0] for piece in pieces(shown))) in (first, first + second)
        assert {e.tag.removeprefix(SVG) for e in root.iter()} <= {
            *("svg", "title", "desc", "style", "g", "rect", "path", "text", "tspan")
        }


def test_every_class_in_a_picture_is_in_the_documentation() -> None:
    documented = set(re.findall(r"`([\w-]+)`", (Path(__file__).parents[2] / "docs" / "svg.md").read_text("utf-8")))
    modes: tuple[Any, ...] = ("forward", "backward", "both")
    pictures = [tg.draw(example(), mode) for example in EXAMPLES.values() for mode in modes]
    pictures.append(tg.draw(chain(400)))
    used = {name for picture in pictures for e in parsed(picture).iter() for name in e.get("class", "").split()}
    sizes = {name for name in used if re.fullmatch(r"s\d+", name)}
    assert used - documented - sizes == set()


def in_bold(svg: str) -> set[str]:
    """What is bold in a picture, by the attributes of its elements."""
    elements = re.findall(r'<(?:text|tspan)[^>]*class="([^"]*)"[^>]*font-weight="bold"[^>]*>([^<]*)', svg)
    return {text for classes, text in elements if "bold" in classes.split()}


def test_names_of_arrays_are_bold_where_that_is_asked_for_and_those_of_numbers_are_not() -> None:
    X = tg.tensor([[1.0, 2.0], [3.0, 4.0]], name="X")
    W, s = tg.tensor([[1.0, 0.0], [0.0, 1.0]], requires_grad=True, name="W_{hh}"), tg.Value(2.0, "s")
    theta = tg.tensor([0.5, -0.5], requires_grad=True, name="θ")
    loss = ((X @ W * s) @ theta).sum()
    loss.name = "loss"
    drawing = tg.draw(loss, "both", bold=True, fit=None)
    svg, tikz = drawing.svg(), drawing.tikz()
    ElementTree.fromstring(svg)
    assert in_bold(svg) >= {"X", "W", "hh", "θ", "g", "v"}
    assert not in_bold(svg) & {"s", "loss", "∂loss/∂"}
    assert r"\mathbf{X}" in tikz
    assert r"\frac{\partial \mathrm{loss}}{\partial \mathbf{W_{\mathrm{hh}}}}" in tikz
    assert r"\boldsymbol{\theta}" in tikz
    assert r"\mathbf{s}" not in tikz
    plain = tg.draw(loss, "both", fit=None)
    for words in (drawing.dot(), drawing.mermaid()):
        names = {name.upper() for name in re.findall("(?i)<b>(.*?)</b>", words)}
        assert {name[:1] for name in names} >= {"X", "W", "Θ"}
        assert not names & {"S", "LOSS"}
    assert (in_bold(plain.svg()), "mathbf" in plain.tikz(), ".bold" in plain.svg()) == (set(), False, False)
    assert drawing.layout == plain.layout


def test_a_name_in_a_longer_name_is_not_bold() -> None:
    names = {"x", "x_1", "v₁", "σ²"}
    for text, bold in {
        "xᵀ x_1": ["x", "x_1"],
        "x_2 + v₁₂ · exp(v₁)": ["v₁"],
        "∂x_{12}/∂σ²": ["σ²"],
        "layer.x x.weight x²": ["x"],
        "x(3)": [],
    }.items():
        assert [part for part, is_name in parts_of(text, names) if is_name] == bold, text


def test_bold_names_do_not_break_dot_or_mermaid() -> None:
    hostile = tg.tensor([1.0, 2.0], requires_grad=True, name='<b>&"\\N|]')
    drawing = tg.draw(hostile * 2, bold=True)
    assert "<B>«&lt;b&gt;&amp;&quot;&#92;N|]»</B>" in drawing.dot()
    assert "<b>«#60;b#62;#38;#34;" in drawing.mermaid()
    assert drawing.dot().count("<B>") == drawing.mermaid().count("<b>") == 2, "of the leaf and of the result"


def test_a_film_of_bold_names() -> None:
    w = tg.tensor([1.0, 2.0], requires_grad=True, name="w")
    drawings = []
    for _ in range(2):
        drawings.append(tg.draw((w * w).sum(), bold=True))
        w.data -= 0.1
    assert all("w" in in_bold(frame) for frame in tg.graph.film(drawings).frames)


@pytest.mark.parametrize("letter", "εθσωμℓLWX")
@pytest.mark.parametrize("accent", ["hat", "bar", "tilde", "dot"])
def test_an_accent_stands_above_its_letter_in_every_program(letter: str, accent: str) -> None:
    """Many fonts and programs set a combining accent behind a Greek letter or a capital."""
    svg = tg.draw(tg.Value(2.0, name=f"{letter}_{accent}_1") * 3).svg()
    seen = re.sub("<title.*?</title>|<desc.*?</desc>", "", svg, flags=re.DOTALL)
    if unicodedata.normalize("NFC", letter + ACCENTS[accent])[1:]:
        assert not any(mark in seen for mark in ACCENTS.values())
        assert re.search(rf'{letter}</tspan><tspan[^>]* dx="-[0-9.]+"[^>]*>[\u02c6\u02c9\u02dc\u02d9]<', seen)
