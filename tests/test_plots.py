"""Plots: each kind is drawn, the same one twice gives the same bytes, and without Matplotlib a line says what to do."""

import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import plots
from tinygrad_edu.errors import OutOfRangeError

XY = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 3.0]])
EVERY_KIND = {
    "lines": plots.lines(
        {"a": [3, 2, 1], "b": ([1, 2], [5, 6])}, xlabel="epoch", ylabel="loss", title="both", logy=True
    ),
    "logarithmic lines": plots.lines({"a": [3, 2, 1]}, logx=True),
    "points": plots.points({"seen": XY}, lines={"fit": ([0, 2], [0, 3])}),
    "contours": plots.contours(lambda x, y: x**2 + y**2, x=(-1, 1), y=(-2, 2), paths={"SGD": XY}, log=True),
    "classes": plots.regions(lambda X: X[:, 0] > 0.5, XY, [0, 1, 1]),
    "probabilities": plots.regions(lambda X: X[:, 0] / 3, XY, [0, 1, 1]),
    "images": plots.images(np.arange(60.0).reshape(3, 4, 5), titles="abc", columns=2),
    "signed images": plots.images(-np.ones((1, 4, 5)), signed=True),
    "images in colour": plots.images(np.linspace(-1, 2, 120).reshape(2, 3, 4, 5), masks=np.ones((2, 4, 5), int)),
    "masks and boxes": plots.images(
        np.ones((2, 14, 15)),
        masks=np.arange(420).reshape(2, 14, 15) % 3,
        boxes=[[[1, 2, 3, 9, 9, 0.5], [-1, 0, 0, 0, 0, 0]], np.zeros((0, 6))],
    ),
    "bars": plots.bars(["one", "two"], {"before": [1, 2], "after": [3, 4]}, ylabel="norm"),
    "histogram": plots.histogram({"weights": [0.1, 0.2, 0.2]}, bins=3),
}


@pytest.fixture
def matplotlib() -> None:
    pytest.importorskip("matplotlib")


def test_a_row_of_nothing_is_refused() -> None:
    with pytest.raises(OutOfRangeError, match="row: one plot or more is needed"):
        plots.row()


@pytest.mark.usefixtures("matplotlib")
def test_every_kind_is_drawn_and_the_same_plot_gives_the_same_bytes(tmp_path: Path) -> None:
    plot = plots.row(*EVERY_KIND.values())
    assert len(plot.panels) == len(EVERY_KIND)
    first, second = plot.save(tmp_path / "a.svg").read_bytes(), plot.svg().encode()
    assert first == second
    assert b"<svg" in first
    assert b"prefers-color-scheme: dark" in first
    assert plot._repr_mimebundle_()["image/svg+xml"] == first.decode()


@pytest.mark.usefixtures("matplotlib")
def test_whole_numbers_are_marked_as_such_along_a_line() -> None:
    heights = [1, 0, 0, 1, 0]
    assert "<!-- 0.5 -->" not in plots.lines({"a": (range(5), heights)}).svg().partition('id="matplotlib.axis_2"')[0]
    assert (
        "<!-- 0.5 -->" in plots.lines({"a": ([0, 0.5, 1, 2, 3], heights)}).svg().partition('id="matplotlib.axis_2"')[0]
    )


@pytest.mark.usefixtures("matplotlib")
def test_a_plot_is_saved_in_the_format_of_the_ending(tmp_path: Path) -> None:
    plot = EVERY_KIND["histogram"]
    assert plot.save(tmp_path / "h.png").read_bytes().startswith(b"\x89PNG")
    assert plot.save(tmp_path / "h.pdf").read_bytes().startswith(b"%PDF")
    with pytest.raises(ValueError, match="xyz"):
        plot.save(tmp_path / "h.xyz")
    assert not (tmp_path / "h.xyz").exists()


def test_where_matplotlib_is_missing_a_plot_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    plot = EVERY_KIND["lines"]
    assert plot._repr_mimebundle_() == {"text/plain": "Plot: both\nto see this plot: pip install matplotlib"}
    with pytest.raises(ImportError, match="pip install matplotlib"):
        plot.svg()


def test_wrong_shapes_are_named() -> None:
    with pytest.raises(ValueError, match=r"seen: places of shape \(N, 2\) are needed, not \(3,\)"):
        plots.points({"seen": [1.0, 2.0, 3.0]})
    with pytest.raises(ValueError, match=r"arrays are \(N, H, W\), .* and not \(4, 5\)"):
        plots.images(np.ones((4, 5)))
    with pytest.raises(ValueError, match="1 titles for 2 images"):
        plots.images(np.ones((2, 4, 5)), titles=["a"])
    with pytest.raises(ValueError, match=r"masks are whole numbers of shape \(2, 4, 5\), not float64 \(2, 4, 5\)"):
        plots.images(np.ones((2, 4, 5)), masks=np.ones((2, 4, 5)))
    with pytest.raises(ValueError, match="boxes for 1 of 2 images"):
        plots.images(np.ones((2, 4, 5)), boxes=[[]])
    with pytest.raises(ValueError, match="class, x1, y1, x2, y2, and perhaps a score"):
        plots.images(np.ones((1, 4, 5)), boxes=[[[1, 2, 3, 4]]])


NAN = float("nan")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plots.lines({"a": 3.0}), r"a: y of shape \(N,\) is needed, .*; x is \(1,\), y \(\)"),
        (lambda: plots.lines({"a": ([1, 2], [1, 2, 3])}), r"x is \(2,\), y \(3,\)"),
        (lambda: plots.lines({"a": ["x"]}), r"a: an array of numbers is needed, not \['x'\]"),
        (lambda: plots.points({"a": XY}, lines={"b": [[1, 2], [3, 4]]}), r"b: .* y \(2, 2\)"),
        (lambda: plots.regions(np.sum, XY, ["a", "b", "c"]), "labels: a whole number for each point"),
        (lambda: plots.regions(np.sum, XY, [0, 1]), r"of shape \(3,\), is needed, not int\d+ of shape \(2,\)"),
        (
            lambda: plots.regions(lambda X: X, XY, [0, 1, 1]).svg(),
            r"predict: .* not \(40000, 2\)",
        ),
        (lambda: plots.bars("ab", {"g": [1, 2, 3]}), "g: a height for each of 2 names"),
        (lambda: plots.histogram({"a": [1, NAN]}), "a: 1 of 2 numbers are inf or nan"),
        (lambda: plots.images("abc"), "images: an array of numbers is needed, not 'abc'"),
        (lambda: plots.attention("abc"), "attention: an array of numbers is needed, not 'abc'"),
    ],
)
@pytest.mark.usefixtures("matplotlib")
def test_what_cannot_be_drawn_is_named(call: Any, words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=words):
        call()


@pytest.mark.usefixtures("matplotlib")
@pytest.mark.filterwarnings("error")
def test_what_is_little_or_odd_is_drawn_all_the_same() -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    for plot in (
        plots.lines({}),
        plots.lines({"gap": [1, NAN, 2], "none": [], "node": x}),
        plots.lines({"损失": [1, 2], "a$b^": [2, 1]}, title="$x^"),
        plots.points({"node": tg.tensor([[1.0, 2.0]], requires_grad=True), "none": np.zeros((0, 2))}),
        plots.contours(lambda x, y: x * 0, x=(0, 1), y=(0, 1)),
        plots.contours(lambda x, y: 3.0, x=(0, 1), y=(0, 1), log=True),
        plots.contours(lambda x, y: np.where(x < 0, NAN, x), x=(-1, 1), y=(0, 1)),
        plots.contours(lambda x, y: tg.exp(tg.tensor(x, requires_grad=True)), x=(0, 1), y=(0, 1)),
        plots.bars([], {}),
        plots.histogram({"a": [], "node": x}),
        plots.histogram({}),
    ):
        assert plot.svg().startswith("<?xml")


@pytest.mark.usefixtures("matplotlib")
def test_boxes_are_drawn_where_they_are_and_masks_where_they_are_not_0() -> None:
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    mask = np.zeros((1, 14, 15), int)
    mask[0, 3:5, 6:9] = 2
    plot = plots.images(np.ones((1, 14, 15)), masks=mask, boxes=[[[1, 2, 3, 9, 8, 0.75], [-1, 0, 0, 0, 0, 0]]])
    assert repr(plot) == "Plot: 1 image of 14 × 15, with 1 box"
    figure = Figure()
    plot.panels[0].draw(figure)
    (axes,) = figure.axes
    (outline,) = (patch for patch in axes.patches if isinstance(patch, Rectangle))
    assert (*outline.get_xy(), outline.get_width(), outline.get_height()) == (1.5, 2.5, 7, 5)
    assert [text.get_text() for text in axes.texts] == ["1 0.75"]
    assert np.array_equal(np.asarray(axes.images[1].get_array())[..., 3] > 0, mask[0] > 0)


# Heat maps of attention.


def test_attention_is_drawn_with_a_square_for_each_share_and_said_in_words(tmp_path: Path) -> None:
    shares = np.array([[[1.0, 0.0, 0.0], [0.25, 0.75, 0.0]], [[0.5, 0.5, 0.0], [0.0, 0.1, 0.9]]])
    plot = plots.attention(shares, ["<a>", "b"], ["床", "long name", "&"], titles=["first", "second"])
    assert repr(plot) == "Attention: first | second"
    text = plot.save(tmp_path / "maps.svg").read_text("utf-8")
    root = ElementTree.fromstring(text)
    cells = [x for x in root.iter("{http://www.w3.org/2000/svg}rect") if x.get("class") == "cell"]
    assert [float(x.attrib["fill-opacity"]) for x in cells] == shares.ravel().tolist()
    assert cells[4][0].text == "b takes 0.750 of long name"
    assert root.get("aria-label") == (
        "first: 2 queries, 3 keys; most of: <a> 床 1.00, b long name 0.75. "
        "second: 2 queries, 3 keys; most of: <a> 床 0.50, b & 0.90"
    )
    assert plot.svg() == text == plot._repr_mimebundle_()["image/svg+xml"]


def test_white_space_is_seen_and_long_names_are_cut_off() -> None:
    rows = plots.attention(np.eye(3), [" ", "\n", "x" * 60]).maps[0].rows
    assert rows == ["␣", "\\n", "x" * 23 + "…"]


def test_attention_takes_what_the_layers_give() -> None:
    layer, x = tg.nn.MultiheadAttention(8, 2, batch_first=True), tg.randn(1, 3, 8)
    _, weights = layer(x, x, x, average_attn_weights=False)
    assert repr(plots.attention(weights, "abc")) == "Attention: head 1 | head 2"
    assert plots.attention(weights, "abc").svg() == plots.attention(weights.numpy(), "abc", "abc").svg()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plots.attention([1.0, 0.0]), r"weights are \(..., L, S\), and not \(2,\)"),
        (lambda: plots.attention(np.zeros((0, 0))), r"weights are \(..., L, S\), and not \(0, 0\)"),
        (lambda: plots.attention([[np.nan]]), "numbers below 0, or nan"),
        (lambda: plots.attention([[-1.0]]), "numbers below 0, or nan"),
        (lambda: plots.attention([[1.0, 0.0]], "ab"), r"2 queries for weights \(1, 2\), which need 1"),
        (lambda: plots.attention([[1.0, 0.0]], "a", "abc"), "3 keys for"),
        (lambda: plots.attention([[1.0]], titles=["a", "b"]), "2 titles for"),
    ],
)
def test_names_that_do_not_fit_the_weights_are_refused(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(
    "names",
    [
        ("a", "b"),
        ("test digits, turned", "b"),
        tuple("0123456789"),
        tuple(f"class number {i}" for i in range(12)),
        ("a name that is longer than a plot", "b"),
    ],
)
@pytest.mark.parametrize("beside", [1, 3, 4])
def test_a_legend_at_the_side_is_not_cut_off_and_leaves_the_plot_its_room(names: tuple[str, ...], beside: int) -> None:
    figure_of = pytest.importorskip("matplotlib.figure").Figure
    plot = plots.points({name: XY + i for i, name in enumerate(names)}, equal=True)
    panel = plots.row(*[plot] * beside).panels[0]
    figure = figure_of(figsize=(panel.width, panel.height), layout="constrained")
    panel.draw(figure)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    legend, area = axes.get_legend().get_window_extent(), axes.get_window_extent()
    assert 0 <= legend.x0 < legend.x1 <= figure.bbox.width
    assert 0 <= legend.y0 < legend.y1 <= figure.bbox.height
    assert area.width * area.height > 0.1 * figure.bbox.width * figure.bbox.height


def test_nothing_of_plots_in_a_row_is_cut_off(tmp_path: Path) -> None:
    image = pytest.importorskip("matplotlib.image")
    draw = np.random.RandomState(0).randn
    row = [plots.points({f"class number {i:03d}": draw(5, 2) for i in range(10)}, equal=True) for _ in range(3)]
    picture = image.imread(plots.row(*row).save(tmp_path / "row.png"))
    assert all((edge == 1).all() for edge in (picture[0], picture[-1], picture[:, 0], picture[:, -1]))
