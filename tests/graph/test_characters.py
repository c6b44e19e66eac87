"""The graph in characters: `print(tg.draw(z))`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn

from .examples import EXAMPLES, worked_example


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("mode", ["forward", "backward", "both"])
def test_every_node_that_a_result_is_made_of_has_one_line_in_full(name: str, mode: Any) -> None:
    drawing = tg.draw(EXAMPLES[name](), mode, fit=None)
    lines = drawing.text().splitlines()
    graph = drawing.graph
    for node in graph.nodes:
        if node.kind == "operation" and node.pair is None and node.value is not None and node.value.is_number:
            starts = [line.lstrip("│├└─ ") for line in lines]
            assert sum(line.startswith(f"{node.label} = ") for line in starts) == 1, node.label


def test_it_is_what_print_writes_and_what_a_text_file_holds(tmp_path: Path) -> None:
    drawing = tg.draw(worked_example()[-1], note={"w": "the weight"}, title="A title")
    assert str(drawing) == drawing.text()
    assert repr(drawing).startswith("Drawing of")
    assert drawing.save(tmp_path / "z.txt").read_text(encoding="utf-8") == drawing.text() + "\n"
    assert drawing.text().splitlines() == [
        "A title",
        "z = q × w = 20           ∂z/∂z = 1",
        "├─ q = x + y = 5         ∂z/∂q = 4",
        "│  ├─ x = 2              ∂z/∂x = 4",
        "│  └─ y = 3              ∂z/∂y = 4",
        "└─ w = 4  (the weight)   ∂z/∂w = 5",
    ]


def test_what_is_used_again_is_not_drawn_again() -> None:
    x = tg.Value(2.0, "x")
    y = tg.sin(x)
    y.name = "y"
    lines = tg.draw(y * y + y, gradients=False).text().splitlines()
    assert [line.count("sin(x)") for line in lines] == [0, 0, 1, 0, 0]
    assert lines[-1] == "└─ y, see above"


def test_powers_and_roots_are_those_of_a_book() -> None:
    x, s = tg.Value(4.0, "x"), tg.Value(3.0, "σ²")
    nodes = [x**2, x**-1, x**0.5, 2**x, x**s, s**2, tg.square(x), tg.square(s), tg.sqrt(x)]
    said = ["x²", "x⁻¹", "x^0.5", "2^x", "x^(σ²)", "(σ²)²", "x²", "(σ²)²", "√x"]
    assert [tg.draw(node).text().splitlines()[0].split(" = ")[1] for node in nodes] == said
    assert [tg.draw(node).cards[-1].symbol.text for node in nodes[-3:]] == ["x²", "x²", "√"]  # type: ignore[union-attr]


def test_modules_and_arrays_are_told_by_their_shapes() -> None:
    net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    text = tg.draw(net, (5, 3)).text()
    assert [line.lstrip("└─ ") for line in text.splitlines()] == [
        "v₂ = 1: ReLU = (5, 2)",
        "v₁ = 0: Linear(in_features=3, out_features=2) = (5, 2)",
        "x = (5, 3)",
    ]


@pytest.mark.parametrize(
    ("style", "said"),
    [
        ("full", ["z = sum(v₁) = 13.5", "v₁ = X @ w = [5, 8.5]", "X = [[1, 2], [3, 2.75]]", "w = [1, 2]"]),
        ("shapes", ["z = sum(v₁) = 13.5", "v₁ = X @ w = (2,)", "X = (2, 2)", "w = (2,)"]),
        ("spaces", ["z = sum(v₁) = 13.5", "v₁ = X @ w ∈ ℝ²", "X ∈ ℝ²ˣ²", "w ∈ ℝ²"]),
        ("formulas", ["z = Σ(X w) = 13.5", "X = (2, 2)", "w = (2,)"]),
        ("names", ["z = sum(v₁)", "v₁ = X @ w", "X", "w"]),
    ],
)
def test_it_says_what_the_boxes_of_its_style_say(style: Any, said: list[str]) -> None:
    X, w = (tg.tensor(x, requires_grad=True, name=n) for x, n in (([[1.0, 2.0], [3.0, 2.75]], "X"), ([1.0, 2.0], "w")))
    z = (X @ w).sum()
    z.name = "z"
    lines = [line.lstrip("│├└─ ").partition("   ") for line in tg.draw(z, style=style).text().splitlines()]
    assert [line for line, _, _ in lines] == said
    gradients = {"full": len(said), "names": 0}.get(style, 1)
    assert sum("∂" in gradient for _, _, gradient in lines) == gradients, "boxes without numbers have none"


def test_wide_letters_keep_the_column_of_gradients() -> None:
    x, w = tg.Value(2.0, "输入"), tg.Value(3.0, "w")
    lines = tg.draw(x * w).text().splitlines()
    places = {line.index("∂") + sum(line[: line.index("∂")].count(letter) for letter in "输入") for line in lines}
    assert len(places) == 1
