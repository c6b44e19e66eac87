"""The summary: the textbook's shapes, true counts, and nothing of the model is changed."""

from __future__ import annotations

import io
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu.engine.primitives import TABLE
from tinygrad_edu.nn.summary import MULTIPLY_ADDS


def lenet() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10),
    )  # fmt: skip


def test_lenet_has_the_shapes_of_the_textbook() -> None:
    table = nn.summary(lenet(), (1, 1, 28, 28))
    assert [f"{row.kind} {row.output}" for row in table.rows[1:]] == [
        "Conv2d (1, 6, 28, 28)",
        "Sigmoid (1, 6, 28, 28)",
        "AvgPool2d (1, 6, 14, 14)",
        "Conv2d (1, 16, 10, 10)",
        "Sigmoid (1, 16, 10, 10)",
        "AvgPool2d (1, 16, 5, 5)",
        "Flatten (1, 400)",
        "Linear (1, 120)",
        "Sigmoid (1, 120)",
        "Linear (1, 84)",
        "Sigmoid (1, 84)",
        "Linear (1, 10)",
    ]
    assert table.parameters == 61_706
    assert table.multiply_adds == 6 * 28 * 28 * 25 + 16 * 100 * 150 + 400 * 120 + 120 * 84 + 84 * 10


def test_the_text_is_a_table_with_a_total() -> None:
    lines = str(nn.summary(lenet(), (1, 1, 28, 28))).splitlines()
    assert lines[0].split() == ["Layer", "Output", "Parameters", "Multiply-adds", "Memory"]
    assert lines[2].split() == ["0", "Conv2d", "(1,", "6,", "28,", "28)", "156", "117,600", "18.8", "kB"]
    assert lines[-2].split() == ["Total", "61,706", "416,520", "60.0", "kB"]
    assert lines[-1] == "Parameters take 246.8 kB."


@pytest.mark.parametrize(("size", "words"), [(999, "999 B"), (1000, "1.0 kB"), (10**6, "1.0 MB"), (10**9, "1.0 GB")])
def test_bytes_have_the_unit_of_their_size(size: int, words: str) -> None:
    row = nn.summary(nn.Identity(), (1,)).rows[0]
    row.memory = size
    assert repr(nn.Summary([row])).splitlines()[1].endswith(words)


def test_rich_prints_the_same_cells() -> None:
    rich = pytest.importorskip("rich.console", reason="rich text needs: pip install rich")
    console = rich.Console(width=100, record=True, file=io.StringIO())
    console.print(nn.summary(lenet(), (1, 1, 28, 28)))
    words = console.export_text().split()
    assert "0 Conv2d (1, 6, 28, 28) 156 117,600 18.8 kB" in " ".join(words)
    assert " ".join(words[-9:]) == "Total 61,706 416,520 60.0 kB Parameters take 246.8 kB."


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)
        self.rows += tag == "tr"

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_html_is_a_table_in_which_names_are_escaped() -> None:
    model = nn.ModuleDict({"<b>&": nn.Linear(2, 1)})
    html = nn.summary(model)._repr_html_()
    tags = Tags()
    tags.feed(html)
    assert (tags.open, tags.rows) == ([], 4)
    assert "&lt;b&gt;&amp; Linear" in html


def test_nothing_of_the_model_changes() -> None:
    net = nn.Sequential(nn.Linear(None, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2))
    before = net[1].state_dict() if net[1].weight is not None else {}
    tg.manual_seed(3)
    table = nn.summary(net, (5, 3))
    drawn = tg.randn(2)
    tg.manual_seed(3)
    assert (drawn == tg.randn(2)).all()
    assert isinstance(net[0].weight, nn.Uninitialized)
    assert all((net[1].state_dict()[name] == x).all() for name, x in before.items())
    assert all(module.training for module in net.modules())
    assert all(p.grad is None for p in net[3].parameters())
    assert "forward" not in vars(net[0])
    assert table.parameters == 3 * 4 + 4 + 2 * 4 + 4 * 2 + 2


def test_it_names_what_is_uninitialised_shared_frozen_and_not_called() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            self.open = nn.Linear(None, 3)
            self.first = nn.Linear(3, 3).requires_grad_(False)
            self.second = nn.Linear(3, 3)
            self.second.weight = self.first.weight
            self.unused = nn.ReLU()

        def forward(self, x: Any) -> Any:
            h = self.open(x)
            return self.second(self.first(self.first(h)))

    rows = {row.name: row for row in nn.summary(Net(), (5, 4)).rows}
    assert {name: row.notes for name, row in rows.items()} == {
        "": [],
        "open": ["uninitialised"],
        "first": ["frozen", "called 2 times"],
        "second": ["weight is first.weight", "partly frozen"],
        "unused": ["not called"],
    }
    assert (rows["first"].parameters, rows["second"].parameters) == (12, 3)
    assert (rows["first"].multiply_adds, rows["second"].multiply_adds) == (2 * 45, 45)


def test_a_row_may_stand_for_what_is_inside() -> None:
    model = nn.Sequential(lenet(), nn.Sequential(nn.Linear(10, 5), nn.Linear(5, 2)))
    full, short = (nn.summary(model, (1, 1, 28, 28), depth=depth) for depth in (None, 1))
    assert [row.name for row in short.rows] == ["", "0", "1"]
    assert short.rows[2].parameters == 10 * 5 + 5 + 5 * 2 + 2
    for total in ("parameters", "multiply_adds", "memory"):
        assert getattr(short, total) == getattr(full, total)


def test_without_inputs_it_counts_what_is_known() -> None:
    table = nn.summary(nn.Sequential(nn.Linear(None, 3), nn.Linear(3, 2)))
    assert [row.notes for row in table.rows] == [[], ["uninitialised"], []]
    assert (table.parameters, table.multiply_adds) == (8, 0)


@pytest.mark.parametrize(
    ("model", "inputs", "multiply_adds"),
    [
        (nn.Linear(3, 4), [(2, 5, 3)], 2 * 5 * 3 * 4),
        (nn.Conv1d(4, 6, 3, groups=2), [(2, 4, 9)], 2 * 6 * 7 * 2 * 3),
        (nn.ConvTranspose2d(4, 6, 3), [(2, 4, 5, 3)], 2 * 4 * 15 * 6 * 9),
        (nn.Lambda(lambda x, y: x @ y), [(2, 3, 4), (4, 5)], 2 * 3 * 4 * 5),
        (nn.Lambda(lambda x, y: tg.einsum("bij,jk->bk", x, y)), [(2, 3, 4), (4, 5)], 2 * 3 * 4 * 5),
        (nn.RNN(3, 4), [(5, 2, 3)], 5 * 2 * (3 * 4 + 4 * 4)),
        (nn.LSTM(3, 4, num_layers=2), [(5, 2, 3)], 5 * 2 * 4 * (3 * 4 + 4 * 4 + 2 * 4 * 4)),
        (nn.GRU(3, 4, bidirectional=True), [(5, 2, 3)], 5 * 2 * 2 * 3 * (3 * 4 + 4 * 4)),
        (nn.LSTMCell(3, 4), [(2, 3)], 2 * 4 * (3 * 4 + 4 * 4)),
        (nn.Embedding(10, 3), [np.array([[1, 2]])], 0),
        (nn.ReLU(), [(2, 3)], 0),
    ],
)  # fmt: skip
def test_multiply_adds_are_those_of_the_formula(model: nn.Module, inputs: Any, multiply_adds: int) -> None:
    assert nn.summary(model, *inputs).multiply_adds == multiply_adds


def test_every_formula_is_that_of_a_row_of_the_table() -> None:
    assert [name for name in MULTIPLY_ADDS if name not in TABLE] == []


def test_several_outputs_have_several_shapes() -> None:
    row = nn.summary(nn.Lambda(lambda x: (x, {"sum": x.sum(axis=0)}, 3)), (2, 3)).rows[0]
    assert row.output == "(2, 3), (3,), int"


def test_a_model_of_values_counts_its_numbers() -> None:
    class Neuron(nn.Module):
        def __init__(self) -> None:
            self.w = [tg.Value(1.0), tg.Value(2.0)]

        def forward(self, x: Any) -> Any:
            return tg.dot(self.w, [tg.Value(1.0), tg.Value(2.0)])

    table = nn.summary(Neuron(), 1.0)
    assert (table.parameters, table.multiply_adds) == (2, 2)


def test_only_modules_have_a_summary() -> None:
    with pytest.raises(tg.DtypeError, match="summary: needs a module, not"):
        nn.summary(tg.relu, (2, 3))  # type: ignore[arg-type]


def test_rows_are_named_by_their_place_in_the_module_around_them() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            self.heads: dict[str, Any] = {
                "left": [nn.Linear(3, 2)],
                "right": [nn.Sequential(nn.Linear(3, 2), nn.Tanh())],
            }

        def forward(self, x: Any) -> Any:
            return self.heads["left"][0](x) + self.heads["right"][0](x)

    lines = [line.split("(")[0].split("  not")[0].rstrip() for line in repr(nn.summary(Net(), (5, 3))).split("\n")]
    assert lines[1:6] == [
        "Net", "  heads.left.0 Linear", "  heads.right.0 Sequential", "    0 Linear", "    1 Tanh"
    ]  # fmt: skip


def test_an_example_in_float64_counts_as_it_would_be_computed() -> None:
    model = nn.Linear(3, 2)
    assert nn.summary(model, np.ones((5, 3))).memory == nn.summary(model, (5, 3)).memory == 5 * 2 * 4


def test_a_list_of_modules_is_a_row_without_a_call() -> None:
    """Nobody calls a `ModuleList`; what stands in it is called."""
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    rows = {row.name: row for row in nn.summary(nn.TransformerEncoder(layer, 2), (3, 5, 8)).rows}
    assert rows["layers"].notes == []
    attention = rows["layers.1.self_attn"]
    weights, means = 3 * 2 * 5 * 5 * 4, 3 * 2 * 5 * 5 * 4  # of all heads: E / heads products a weight, and a mean
    projections = 3 * 3 * 5 * 8 * 8
    assert attention.multiply_adds == weights + means + projections
