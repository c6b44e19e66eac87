"""`draw` and `save`: what a user asks for, mistakes included."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any
from xml.etree import ElementTree

import pytest

import tinygrad_edu as tg

from .examples import chain, doublings, small_network, worked_example


def test_a_drawing_shows_itself_in_a_notebook_and_in_a_line() -> None:
    drawing = tg.draw(worked_example()[-1])
    assert drawing._repr_svg_() == drawing.svg()
    assert repr(drawing) == "Drawing of the computation graph of z: 3 leaves, 2 operations; 4 arrows"


def test_a_drawing_stays_as_it_was_drawn() -> None:
    x, _, _, _, z = worked_example()
    drawing = tg.draw(z)
    x.data = 7.0
    assert "x = 2" in drawing.dot()


def test_gradients_can_be_left_out() -> None:
    assert "∂" not in tg.draw(worked_example()[-1], gradients=False).dot()


WAY_OUT = "; draw(model(x)) draws what a model computes of x"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "sideways"}, "draw: mode is one of 'forward', 'backward', 'both', not 'sideways'" + WAY_OUT),
        ({"engine": "neato"}, "draw: engine is one of 'auto', 'graphviz', 'builtin', not 'neato'"),
        ({"direction": "RL"}, "draw: direction is one of 'LR', 'TB', not 'RL'"),
        ({"steps": 3}, "draw: steps is one of True, False, not 3"),
        ({"bold": "all"}, "draw: bold is one of True, False, not 'all'"),
        ({"theme": "blue"}, "draw: theme is one of 'auto', 'light', 'dark', not 'blue'"),
        ({"mode": None}, "draw: mode is one of 'forward', 'backward', 'both', not None" + WAY_OUT),
    ],
)
def test_unknown_options_are_refused_with_those_there_are(options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        tg.draw(worked_example()[-1], **options)


@pytest.mark.parametrize("thing", [3.0, "z", None, [3.0]])
def test_what_is_not_a_node_is_refused(thing: Any) -> None:
    with pytest.raises(
        tg.GraphError,
        match=r"^draw: only a Value or a Tensor has a graph, or several in a list, not (?:float|str|NoneType) ",
    ):
        tg.draw(thing)


def test_graphs_at_the_edge_of_what_is_drawn_in_full() -> None:
    assert len(tg.draw(chain(74), fit=None).graph.nodes) == 149
    folded = tg.draw(chain(75)).graph
    assert len(folded.nodes) < 10
    assert folded.notes[0].startswith("× 37: equal parts in a row are drawn once")


def test_a_collapsed_picture_still_has_the_gradients_of_its_leaves() -> None:
    X = tg.tensor([[1.0, 2.0]], name="X")
    w = tg.tensor([[3.0], [4.0]], requires_grad=True, name="w")
    y = X @ w
    for _ in range(200):
        y = y * 1.0
    nodes = {n.label: n for n in tg.draw(y.sum()).graph.nodes}
    assert nodes["w"].gradient is not None
    assert nodes["w"].gradient.text() == "[[1], [2]]"
    assert nodes["X"].gradient is None


def test_a_sum_of_many_leaves_is_one_addition_many_times() -> None:
    y = sum((tg.Value(1.0) for _ in range(300)), tg.Value(0.0))
    graph = tg.draw(y).graph
    assert [n.operation for n in graph.nodes if n.operation] == ["add"]
    assert {edge.times for edge in graph.edges} == {1, 300}


@pytest.mark.parametrize("mode", ["forward", "backward"])
def test_forty_doublings_are_drawn_in_full(mode: Any) -> None:
    assert len(tg.draw(doublings(40)[1], mode).graph.nodes) == 41


@pytest.mark.parametrize("engine", ["auto", "builtin"])
@pytest.mark.parametrize("mode", ["forward", "backward"])
def test_tensors_are_drawn_by_every_engine(mode: Any, engine: Any) -> None:
    ElementTree.fromstring(tg.draw(small_network(), mode, engine=engine).svg())


CHAIN = """
import tinygrad_edu as tg
x = tg.Value(1.0)
y = x
for _ in range(100_000):
    y = y * 1.0
assert "99,999 operations" in tg.draw(y).svg()  # and the last, which is the output
assert "100,000 contributions" in tg.draw(y, "backward").svg()
assert len(tg.formula(y)) < 10_000
assert str(tg.explain(y, x)).endswith("= 1")
"""


@pytest.mark.slow
def test_a_hundred_thousand_operations_get_a_clear_answer() -> None:
    """In an interpreter of its own, which no coverage measurement slows down twentyfold."""
    subprocess.run([sys.executable, "-c", CHAIN], check=True, timeout=120)


LEAVES: dict[str, Any] = {
    "a Value": lambda: tg.Value(2.0),
    "a number": lambda: tg.tensor(2.0, requires_grad=True),
    "an array": lambda: tg.tensor([[2.0, 3.0]], requires_grad=True),
}


def three_nodes(kind: str) -> tuple[Any, Any, Any]:
    """x, y = x · x and a number z that is made of it."""
    x = LEAVES[kind]()
    y = x * x
    z = tg.exp(-y) if kind == "a Value" else tg.exp(-y).sum()
    x.name, y.name, z.name = "x", "y", "z"
    return x, y, z


CHOOSING: dict[str, Any] = {
    "highlight, one": lambda x, y: {"highlight": y},
    "highlight, several": lambda x, y: {"highlight": [x, y]},
    "focus": lambda x, y: {"focus": x, "hops": 1},
    "between": lambda x, y: {"between": (x, y)},
    "hide, one": lambda x, y: {"hide": x},
    "hide, several": lambda x, y: {"hide": ["constants", x]},
    "boxes": lambda x, y: {"boxes": {"box": [x, y]}},
    "colour": lambda x, y: {"colour": {y: "red", (x, y): "red"}},
    "label": lambda x, y: {"label": {y: "text"}},
    "note": lambda x, y: {"note": {y: "text"}},
}


@pytest.mark.parametrize("kind", LEAVES)
@pytest.mark.parametrize("option", CHOOSING)
def test_a_node_is_chosen_by_itself_or_by_its_name(option: str, kind: str) -> None:
    x, y, z = three_nodes(kind)
    by_node = tg.draw(z, **CHOOSING[option](x, y))
    assert by_node.svg() == tg.draw(z, **CHOOSING[option]("x", "y")).svg()
    assert by_node.svg() != tg.draw(z).svg()


NONSENSE = [3.5, -1, "§", ["§"], ("§", "§", "§"), {"§": "§"}, object(), [None], {3: 4}, float("nan"), b"x"]
OTHER: dict[str, list[Any]] = {
    "title": [3.5, ["x"]], "caption": [3.5, ["x"]], "names": [3.5, "x"], "lang": ["de", 3.5, b"en"],
    "width": ["300", 0, -1, float("nan")],
}  # fmt: skip
OPTIONS = [
    "direction", "theme", "engine", "gradients", "fit", "style", "depth", "expand", "focus", "between", "hide", "boxes",
    "highlight", "colour", "label", "note", "digits", *OTHER,
]  # fmt: skip


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("kind", LEAVES)
def test_nonsense_is_refused_in_words(option: str, kind: str) -> None:
    *_, z = three_nodes(kind)
    for nonsense in OTHER.get(option, NONSENSE):
        with pytest.raises(tg.TinygradError) as refused:
            tg.draw(z, **{option: nonsense})
        assert "object at 0x" not in str(refused.value)
