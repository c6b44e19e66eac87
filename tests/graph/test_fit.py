"""Pictures fit a cell, a page, a slide, and say what was done; marks of the author are in every format."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu._support.languages import speaking
from tinygrad_edu.graph.numbers import Quantity
from tinygrad_edu.graph.palette import LIGHT
from tinygrad_edu.graph.picture.paint import ink_on
from tinygrad_edu.graph.picture.sheet import Sheet
from tinygrad_edu.graph.picture.style import in_space
from tinygrad_edu.graph.picture.typeset import Text

from .examples import worked_example


def size(drawing: Any) -> tuple[float, float]:
    width, height = re.findall(r'width="([\d.]+)" height="([\d.]+)"', drawing.svg())[0]
    return float(width), float(height)


def euler(steps: int = 10) -> Any:
    k, y = tg.Value(0.7, "k"), tg.Value(1.0, "y_0")
    for n in range(steps):
        y = y + 0.1 * (-k * y)
        y.name = f"y_{n + 1}"
    return y


def layers() -> Any:
    tg.manual_seed(0)
    net = nn.Sequential(*(nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU()) for _ in range(5)))
    return net(tg.randn(3, 4)).sum()


def long_chain() -> Any:
    z = tg.Value(0.5, "x")
    for function in (
        tg.tanh,
        tg.exp,
        tg.sin,
        tg.cos,
        tg.sqrt,
        tg.sigmoid,
        tg.tanh,
        tg.softplus,
        tg.log,
        tg.exp,
        tg.sin,
    ):
        z = function(z)
    return z


@pytest.mark.parametrize("program", [euler, layers, long_chain, lambda: worked_example()[-1]])
@pytest.mark.parametrize(("fit", "most"), [("cell", (1300, 1600)), ("page", (930, 1300)), ("slide", (1860, 1040))])
def test_it_fits_and_says_what_was_done(program: Any, fit: Any, most: tuple[int, int]) -> None:
    drawing = tg.draw(program(), fit=fit)
    assert all(a <= b for a, b in zip(size(drawing), most))
    as_it_is = tg.draw(program(), fit=None)
    changed = drawing.graph != as_it_is.graph
    assert changed == any("fit=None undoes it" in note for note in drawing.graph.notes)
    assert changed == any(a > b for a, b in zip(size(as_it_is), most))


@pytest.mark.parametrize("mode", ["forward", "both"])
@pytest.mark.parametrize("engine", ["auto", "builtin"])
def test_in_rows_a_leaf_stands_beside_what_uses_it(mode: Any, engine: Any) -> None:
    """Newton's method for √a: a is used in each step, and 2 twice in each."""
    a, x = tg.Value(2.0, "a"), tg.Value(1.5, "x")
    for k in range(3):
        x = x - (x**2 - a) / (2 * x)
        x.name = f"x_{k + 1}"
    drawing = tg.draw(x, mode, direction="LR", width=900, engine=engine, style="full")
    graph, rows = drawing.graph, drawing.layout.rows
    assert max(rows) > 1
    leaves = {node.id for node in graph.nodes if node.kind in ("leaf", "constant", "alias") and node.pair is None}
    apart = [rows[e.target - 1] - rows[e.source - 1] for e in graph.edges if e.source in leaves and e.pair is None]
    assert sum(apart) <= 1, "where an arrow with a label is in the way"
    assert [node.kind for node in graph.nodes if node.label == "a"].count("leaf") == 1


def test_rows_hold_every_box_and_every_arrow_ends_at_its_box() -> None:
    drawing = tg.draw(long_chain(), direction="LR", width=700, engine="builtin")
    assert drawing.wrap is not None
    layout = drawing.layout
    for edge, route in zip(drawing.graph.edges, layout.routes):
        (x, y), card = layout.centers[edge.target - 1], drawing.cards[edge.target - 1]
        assert abs(route[-1][1] - y) <= card.height / 2
        assert abs(route[-1][0] - (x - card.width / 2)) <= 8.5
        assert len(route) % 3 == 1
    tops = sorted({round(y) for _, y in layout.centers})
    assert len(tops) > 2


def test_styles_say_less() -> None:
    X = tg.tensor([[1.0, 2.0], [3.0, 4.5]], requires_grad=True, name="X")
    z = (X * 2).sum()

    def words(style: Any) -> list[str]:
        return re.findall(r"<text[^>]*>([^<]*)</text>", tg.draw(z, style=style).svg())

    assert "4.5" in words("full")
    assert "4.5" not in words("shapes")
    assert "4.5" not in words("spaces")
    assert "∈ ℝ" in tg.draw(z, style="spaces").svg()
    with pytest.raises(ValueError, match="style is one of 'full', 'shapes', 'spaces', 'formulas', 'names'"):
        tg.draw(z, style="short")  # type: ignore[arg-type]


def test_spaces_of_other_numbers_of_arrows_and_of_latex() -> None:
    m = tg.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], requires_grad=True, name="M_1")
    rows = tg.draw(m.sum(), style="spaces").cards
    said = [item.text for card in rows for row in card.rows for item in row if isinstance(item, Text)]
    assert " ∈ ℝ^{3×2}" in said
    net = nn.Sequential(nn.Linear(3, 5), nn.ReLU())
    drawing = tg.draw(net, (3,), style="spaces")
    assert [text.text for label in drawing.labels if label for line in label.lines for text in line] == ["ℝ^{5}"]
    tikz = tg.draw(m.sum(), style="spaces").tikz()
    assert r"\mathrm{\ \in{}\ \mathbb{R}}^{\mathrm{3\times{}2}}" in tikz
    assert [in_space(Quantity.of(np.ones(2, kind))).dtype for kind in (bool, "int64", "float32")] == ["ℤ", "ℤ", "ℝ"]


def test_what_the_author_adds_is_in_every_format() -> None:
    _, _, w, q, z = worked_example()
    drawing = tg.draw(
        z,
        highlight=["x", q, z],
        colour={"w": "#f4c430", (q, z): "red"},
        label={w: "w_{old}"},
        note=lambda node: "a sum" if node.label == "q" else None,
        title="A title",
        caption="Figure 1",
    )
    svg = drawing.svg()
    assert 'fill="#f4c430"' in svg
    assert svg.count(" lit") >= 4
    for text in (svg, drawing.dot(), drawing.mermaid(), drawing.json()):
        assert all(part in text for part in ("a sum", "A title", "Figure 1"))
    assert tg.graph.read(drawing.json()) == drawing.graph
    with pytest.raises(tg.GraphError, match="no node of the graph has this name; did you mean 'x'"):
        tg.draw(z, highlight="xx")
    for wrong in ("url(evil)", "tomatoes", "", "#12", "#12345g", "#1234567"):
        with pytest.raises(ValueError, match="a colour is a name of CSS or like #rrggbb"):
            tg.draw(z, colour={"x": wrong})


@pytest.mark.parametrize("colour", ["navy", "Gold", "#08F", "#ffffff", "black"])
def test_a_colour_is_the_same_in_every_format_and_words_on_it_can_be_read(colour: str) -> None:
    """Also in programs that read no rules of a style sheet; the sign of an operation keeps its own ground."""
    _, _, _, q, z = worked_example()
    drawing = tg.draw(z, colour={q: colour, (q, z): colour}, theme="light")
    ((code, ink),) = {(node.colour, ink_on(node.colour)) for node in drawing.graph.nodes if node.colour}
    group = re.findall(r'<g id="[^"]*" class="operation[^>]*hue-.*?</g>', drawing.svg(), flags=re.DOTALL)[0]
    texts = re.findall(r"<text.*?</text>", group, flags=re.DOTALL)
    fills = {re.findall(r'fill="([^"]*)"', text)[-1]: "symbol" in text for text in texts}
    assert fills == {ink: False, LIGHT["sign"]: True} or (ink == LIGHT["sign"] and set(fills) == {ink})
    red, green, blue = (int(code[i : i + 2], 16) for i in (1, 3, 5))
    assert drawing.tikz().count(f"={{rgb,255:red,{red};green,{green};blue,{blue}}}") == 2
    assert f'fillcolor="{code}" fontcolor="{ink}"' in re.sub(r" +\n?", " ", drawing.dot().replace("'", '"'))
    assert f"fill:{code},color:{ink}" in drawing.mermaid()


def wrongly(function: Any, *arguments: Any, **options: Any) -> Any:
    """A call that a type checker would refuse."""
    return function(*arguments, **options)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda z: wrongly(tg.draw, nn.Linear(3, 2), "backward"), "second argument is the shape of its input"),
        (lambda z: wrongly(tg.draw, nn.Linear(3, 2)), "second argument is the shape of its input"),
        (lambda z: tg.draw(z, focus="nothing"), "no node of the graph has this name"),
        (lambda z: wrongly(tg.steps, z, "sgd"), "the optimiser is an object"),
        (lambda z: tg.draw([]), "there is nothing in"),
        (lambda z: tg.draw(z, digits=0), "digits is how many digits"),
        (lambda z: wrongly(tg.draw, z, theme=np.ones(3)), "theme is one of"),
    ],
)
def test_bad_input_is_answered_with_the_way_out(call: Any, message: str) -> None:
    with pytest.raises((ValueError, tg.GraphError), match=message):
        call(worked_example()[-1])


def test_a_focus_is_found_by_name_and_a_graph_of_nothing_says_why() -> None:
    z = worked_example()[-1]
    assert [node.label for node in tg.draw(z, focus="x", hops=1).graph.nodes] == ["x", "q"]
    with tg.no_grad():
        y = tg.Value(3.0, "x") * 2
    assert "no_grad()" in " ".join(tg.draw(y).graph.notes)


def test_digits_are_those_asked_for_in_all_views() -> None:
    x = tg.Value(1.0, "x")
    z = tg.exp(x)
    z.name = "z"
    for digits, shown in ((3, "2.72"), (6, "2.71828"), (None, "2.718")):
        views = (
            tg.draw(z, digits=digits).svg(),
            tg.draw(z, digits=digits).html(),
            tg.steps(z, digits=digits).text(),
            str(tg.explain(z, x, digits=digits)),
        )
        assert all(f"{shown}<" in view or f"{shown}\n" in view or view.endswith(shown) for view in views)


@pytest.mark.parametrize("words", ["很长的标题，" * 20, "a long title " * 10, "x" * 200])
@pytest.mark.parametrize("place", ["title", "caption"])
def test_words_of_any_length_break_into_lines(place: str, words: str) -> None:
    z = worked_example()[-1]
    (wide,) = re.findall(r'^<svg [^>]* width="([\d.]+)"', tg.draw(z, **{place: words}).svg())  # type: ignore[arg-type]
    (plain,) = re.findall(r'^<svg [^>]* width="([\d.]+)"', tg.draw(z).svg())
    assert float(wide) <= float(plain) * 1.25, "the widths of letters are estimated"


def test_a_page_of_spaces_of_functions_that_pass_numbers_on() -> None:
    square: Any = tg.block(lambda x: x * x)
    assert "ℝ" not in tg.draw(square(square(tg.Value(2.0, "x"))) + 1.0, style="spaces").html()


def fibonacci() -> Any:
    x, y = tg.Value(1.0, "x"), tg.Value(1.0, "y")
    for _ in range(8):
        x, y = y, x + y
    return y


@pytest.mark.parametrize(
    ("program", "mode", "lang"), [(fibonacci, "both", "zh"), (layers, "forward", "en"), (long_chain, "backward", "en")]
)
def test_a_picture_is_as_wide_as_asked_for_or_says_that_it_is_not(program: Any, mode: Any, lang: Any) -> None:
    z, too_large = program(), {"en": "too large for", "zh": "放不进"}[lang]
    for most in (120, 400):
        drawing = tg.draw(z, mode, width=most, lang=lang, engine="builtin")
        assert (size(drawing)[0] > most) == (too_large in drawing.graph.notes[-1])
        assert "fit=None" in drawing.graph.notes[-1]


def test_what_fits_nothing_says_so_though_there_was_nothing_to_choose() -> None:
    notes = tg.draw(worked_example()[-1], width=100, direction="TB", style="names").graph.notes
    assert notes == ("Too large for 100 pixels, as it takes 182; focus=, between= or hide= show a part.",)


@pytest.mark.parametrize("mode", ["forward", "both"])
@pytest.mark.parametrize("width", [None, 300, 600, 900, 1200])
def test_the_note_says_what_is_left_out_and_nothing_else(mode: Any, width: float | None) -> None:
    drawing = tg.draw(euler(3), mode, width=width)
    note = "".join(drawing.graph.notes)
    assert "in place of numbers" not in note, "it has no arrays"
    asked = tg.draw(euler(3), mode, fit=None)
    assert ("without the chain rule" in note) == (asked.steps and not drawing.steps)


def test_with_names_alone_an_array_written_into_an_expression_has_its_shape() -> None:
    x = tg.tensor(np.ones((4, 5)), requires_grad=True, name="x")
    drawing = tg.draw((x * np.ones((4, 5)) * 3).sum(), style="names", fit=None)
    constants = [card for card in drawing.cards if card.kind == "constant"]
    said = ["".join(item.text for row in card.rows for item in row if isinstance(item, Text)) for card in constants]
    assert said == ["(4, 5)", "3"]


@pytest.mark.parametrize(
    "call",
    [
        lambda z: wrongly(tg.draw, 3),
        lambda z: tg.draw(z, fit="cel"),  # type: ignore[arg-type]
        lambda z: tg.draw(z, digits=0),
        lambda z: tg.draw(z, focus="nothing"),
        lambda z: tg.draw(z, focus=tg.Value(1.0)),
        lambda z: tg.draw(z, highlight="nothing"),
        lambda z: tg.draw(z, boxes={"box": ["nothing"]}),
        lambda z: tg.draw([z, z * 2], "both"),
        lambda z: tg.draw(z).save(io.BytesIO()),  # type: ignore[call-overload]
        lambda z: wrongly(tg.steps, z, "sgd"),
    ],
)
def test_an_error_is_in_one_language(call: Any) -> None:
    with speaking("zh"), pytest.raises(tg.TinygradError) as caught:
        call(worked_example()[-1])
    words = re.sub(r"'[^']*'|\b(Value|Tensor|tg|optim|SGD|lr|seed|graph|box)\b", "", str(caught.value))
    assert not re.search(r"[a-z]+ [a-z]+ [a-z]+", words), str(caught.value)
    assert re.search("[\u4e00-\u9fff]", words)


def test_the_language_of_a_picture_is_that_of_its_errors() -> None:
    with pytest.raises(tg.GraphError, match="而图中没有叫这个名称的节点"):
        tg.draw(worked_example()[-1], focus="nothing", lang="zh")


def test_a_picture_that_no_way_fits_into_a_width_says_which_it_takes() -> None:
    x, y = tg.Value(2.0, name="the_temperature_outside_at_noon"), tg.Value(3.0, name="the_humidity_inside_at_noon")
    drawing = tg.draw(x * y, width=300, engine="builtin")
    (note,) = drawing.graph.notes
    wide = int(re.findall(r'viewBox="0 0 (\d+)', drawing.svg())[0])
    assert f"still too large for 300 pixels, as it takes {wide};" in note
    assert "width=None, fit=None undoes it" in note
    assert not tg.draw(x * y, width=wide, engine="builtin").graph.notes[0].count("too large")


def test_a_legend_has_as_many_lines_as_a_narrow_picture_needs() -> None:
    x = tg.Value(3.0, name="x")
    (first,) = tg.gradients(x**2, [x], create_graph=True)
    (second,) = tg.gradients(first * x, [x], create_graph=True)
    wide, narrow = (tg.draw(second, width=width, direction="TB", engine="builtin") for width in (1200, 300))
    drawings = [Sheet(one.graph, one.labels, one.layout) for one in (wide, narrow)]
    for sheet in drawings:
        assert [layer for layer, *_ in sheet.legend] == [0, 1, 2]
        assert len({place for *_, x, line in sheet.legend for place in [(x, line)]}) == 3
    assert drawings[1].across <= 300
    assert drawings[1].legend[-1][-1] >= 1
