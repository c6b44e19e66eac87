"""Plots of data and of training with Matplotlib: lines, points, contours, decision regions, images, bars, histograms.

Each function gives a `Plot`, which is drawn when a notebook shows it or when it is saved. So a program that makes plots
also runs where Matplotlib is missing. All plots share the colours and sizes of this file.

>>> plot = lines({"training": [0.9, 0.5, 0.3], "validation": [1.0, 0.7, 0.6]}, xlabel="epoch", ylabel="loss")
>>> plot
Plot: training, validation
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ._support.formats import save_as
from ._support.heat_map import HeatMap, svg_of
from ._support.languages import counted, language, say

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[Any]
    Curve = ArrayLike | tuple[ArrayLike, ArrayLike]  # y, or x and y

__all__ = [
    "PALETTE",
    "AttentionPlot",
    "Plot",
    "attention",
    "bars",
    "contours",
    "histogram",
    "images",
    "lines",
    "points",
    "regions",
    "row",
]

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6E6E6E", "#000000")
"""Of M. Okabe and K. Ito's colours, which colour-blind readers can tell apart; "Color Universal Design", 2008."""

LINES = ("-", "--", "-.", ":")
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*")

STYLE = {
    "font.size": 10.5,
    "axes.titlesize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "legend.framealpha": 0.85,
    "legend.edgecolor": "none",
    "svg.hashsalt": "tinygrad_edu",  # the same plot gives the same ids
}

DARK = b"""<style>@media (prefers-color-scheme: dark) {
.tg-plot { filter: invert(0.9) hue-rotate(180deg) } .tg-plot image { filter: hue-rotate(180deg) invert(1) }
}</style>"""
"""On a dark screen light and dark are exchanged. Hues stay, and images in the plot are turned back."""


@dataclass(frozen=True)
class Panel:
    """One of the plots that stand beside each other.

    Attributes
    ----------
    name : what it shows, in words.
    draw : draws it into a Matplotlib (sub)figure.
    width, height : in inches.
    """

    name: str
    draw: Callable[[Any], None]
    width: float = 5.2
    height: float = 3.6


@dataclass(frozen=True, repr=False)
class Plot:
    """One plot, or several beside each other. A notebook shows it; `save` writes it.

    Attributes
    ----------
    panels : from left to right.
    """

    panels: tuple[Panel, ...]

    def __repr__(self) -> str:
        return say("Plot: {names}", names=" | ".join(panel.name for panel in self.panels))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        try:
            return {"image/svg+xml": self.svg(), "text/plain": repr(self)}
        except ImportError as error:
            return {"text/plain": f"{self!r}\n{error}"}

    def svg(self) -> str:
        """The picture as SVG. Raises `ImportError` if Matplotlib is missing."""
        return self._picture("svg").decode()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture in the format of the path's extension: .svg, .png or .pdf; gives the path.

        Raises `ImportError` if Matplotlib is missing, and `ValueError` for another extension.
        """
        return save_as(path, {f".{format}": partial(self._picture, format) for format in ("svg", "png", "pdf")})

    def _picture(self, format: str) -> bytes:
        try:
            import matplotlib
            from matplotlib.figure import Figure
        except ModuleNotFoundError:
            raise ImportError(say("to see this plot: {command}", command="pip install matplotlib")) from None
        with matplotlib.rc_context(STYLE | fonts()):
            widths = [panel.width for panel in self.panels]
            figure = Figure(figsize=(sum(widths), max(panel.height for panel in self.panels)), layout="constrained")
            parts = figure.subfigures(1, len(self.panels), squeeze=False, width_ratios=widths)
            for panel, part in zip(self.panels, parts[0]):
                panel.draw(part)
            figure.draw_without_rendering()  # the layout's last digits differ from run to run, so they are rounded
            figure.set_layout_engine("none")
            for part in figure.subfigs:
                part.bbox_relative.set_points(np.round(part.bbox_relative.get_points(), 6))
            for axes in figure.axes:
                axes.set_position(np.round(axes.get_position(original=True).bounds, 6))
            file = io.BytesIO()
            metadata = {"Date": None, "Title": repr(self)} if format == "svg" else None
            figure.savefig(file, format=format, metadata=metadata, dpi=160)
        picture = file.getvalue()
        if format == "svg":
            picture = picture.replace(b"<svg ", b'<svg class="tg-plot" ', 1).replace(
                b"<metadata>", DARK + b"<metadata>", 1
            )
        return picture


CHINESE = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "SimHei",
    "WenQuanYi Micro Hei",
)
"""Fonts with Chinese letters, of which most systems have one."""


def fonts() -> dict[str, Any]:
    """The fonts in another language than English: Matplotlib's own, and behind it those that have its letters."""
    if language() == "en":
        return {}
    from matplotlib import font_manager, rcParams

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return {"font.family": [*rcParams["font.sans-serif"][:1], *(name for name in CHINESE if name in installed)]}


def row(*plots: Plot) -> Plot:
    """Plots beside each other.

    >>> row(histogram({"weights": [0.1, 0.2]}), histogram({"biases": [0.0]}))
    Plot: weights | biases
    """
    return Plot(tuple(panel for plot in plots for panel in plot.panels))


def lines(
    curves: Mapping[str, Curve],
    *,
    xlabel: str = "",
    ylabel: str = "",
    title: str = "",
    logx: bool = False,
    logy: bool = False,
) -> Plot:
    """A line for each of `curves`: the values of y, at x = 1, 2, 3..., or a pair (x, y).

    >>> lines({"y = x²": ([0, 1, 2], [0, 1, 4])})
    Plot: y = x²
    """

    def draw(axes: Any) -> None:
        for i, (name, curve) in enumerate(curves.items()):
            xs, ys = curve_of(curve)
            marker = MARKERS[i % len(MARKERS)] if len(ys) <= 25 else None
            axes.plot(xs, ys, LINES[i % len(LINES)], color=colour(i), marker=marker, markersize=4, label=name)
        if not logx and all((curve_of(curve)[0] % 1 == 0).all() for curve in curves.values()):  # steps, epochs, degrees
            axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.25)
        legend(axes, curves)

    return one(title or ", ".join(curves), draw, xlabel, ylabel, title, logx, logy)


def points(
    groups: Mapping[str, ArrayLike],
    *,
    lines: Mapping[str, Curve] | None = None,
    equal: bool = False,
    xlabel: str = "",
    ylabel: str = "",
    title: str = "",
) -> Plot:
    """The points of each group, arrays of shape (N, 2), in a colour and a shape of its own; and lines over them.

    With `equal`, one unit is as long on both axes, for points of a plane, where distances and angles mean something.

    >>> points({"seen": [[1.0, 2.0], [2.0, 4.1]]}, lines={"fitted": ([1, 2], [2, 4])})
    Plot: seen, fitted
    """
    places, over = {name: pairs(group, name) for name, group in groups.items()}, lines or {}
    size = 16 if sum(map(len, places.values())) > 20 else 64  # a few small points would be hard to see

    def draw(axes: Any) -> None:
        for i, (name, group) in enumerate(places.items()):
            xs, ys = group.T
            axes.scatter(xs, ys, s=size, color=colour(i), marker=MARKERS[i % len(MARKERS)], alpha=0.7, label=name)
        low, high = axes.get_ylim()
        for i, (name, curve) in enumerate(over.items()):
            axes.plot(*curve_of(curve), LINES[i % len(LINES)], color=colour(len(groups) + i), linewidth=2, label=name)
        room = 0.1 * (high - low)
        axes.set_ylim(low - room, high + room)  # a line that leaves the plot does not squeeze the points
        if equal:
            axes.set_aspect("equal")
        axes.grid(alpha=0.25)
        legend(axes, [*groups, *over])

    return one(title or ", ".join([*groups, *over]), draw, xlabel, ylabel, title)


def contours(
    function: Callable[[Array, Array], ArrayLike],
    *,
    x: tuple[float, float],
    y: tuple[float, float],
    paths: Mapping[str, ArrayLike] | None = None,
    log: bool = False,
    xlabel: str = "",
    ylabel: str = "",
    title: str = "",
) -> Plot:
    """The contours of `function`, which takes arrays of x and of y; and paths over them, such as gradient descents.

    Parameters
    ----------
    x, y : the lower and the upper end of each axis.
    paths : points (T, 2) in order, such as the parameters after each step.
    log : whether the values of neighbouring contours have equal ratios, not equal differences.

    >>> contours(lambda x, y: x**2 + 10 * y**2, x=(-2, 2), y=(-1, 1), paths={"SGD": [[1.8, 0.9], [1.0, -0.2]]})
    Plot: SGD
    """
    walks = {name: pairs(path, name) for name, path in (paths or {}).items()}
    ratio, one_scale = (x[1] - x[0]) / (y[1] - y[0]), alike(x[1] - x[0], y[1] - y[0])

    def draw(axes: Any) -> None:
        xs, ys = np.meshgrid(np.linspace(*x, 160), np.linspace(*y, 160))
        heights = np.asarray(function(xs, ys), float)
        if log:
            low = max(heights.min(), heights.max() * 1e-6)
            levels = np.geomspace(low, heights.max(), 18)
        else:
            levels = np.linspace(heights.min(), heights.max(), 18)
        axes.contourf(xs, ys, heights, levels, cmap="Greys", alpha=0.2, norm="log" if log else None, extend="min")
        axes.contour(xs, ys, heights, levels, colors="#6E6E6E", linewidths=0.6)
        for i, (name, path) in enumerate(walks.items()):
            marker = MARKERS[i % len(MARKERS)]
            axes.plot(*path.T, color=colour(i), marker=marker, markersize=3, linewidth=1.4, label=name)
        axes.set(xlim=x, ylim=y, aspect="equal" if one_scale else "auto")
        legend(axes, walks)

    return one(
        title or ", ".join(walks) or say("contours"),
        draw,
        xlabel,
        ylabel,
        title,
        width=0.6 + 3.0 * ratio if one_scale else Panel.width,
        height=3.6,
    )


def regions(predict: Callable[[Array], ArrayLike], X: ArrayLike, labels: ArrayLike, *, title: str = "") -> Plot:
    """Decision regions: the plane coloured by the prediction at each point, with the data on top.

    Parameters
    ----------
    predict : a function of points (M, 2) that gives classes, as whole numbers (M,), or probabilities of class 1, as
        floats (M,).
    X, labels : the points of the data, (N, 2), and their classes, (N,).

    >>> X, labels = np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([0, 1])
    >>> regions(lambda X: X[:, 0] > 0.5, X, labels, title="right of the middle")
    Plot: right of the middle
    """
    places, classes = pairs(X, "X"), np.asarray(labels)

    def draw(axes: Any) -> None:
        from matplotlib.colors import LinearSegmentedColormap, ListedColormap

        low, high = places.min(0), places.max(0)
        margin = 0.15 * (high - low)
        (x0, y0), (x1, y1) = low - margin, high + margin
        xs, ys = np.meshgrid(np.linspace(x0, x1, 200), np.linspace(y0, y1, 200))
        said = np.asarray(predict(np.stack([xs.ravel(), ys.ravel()], axis=1))).reshape(xs.shape)
        colours = [colour(i) for i in range(max(2, int(classes.max()) + 1))]
        if said.dtype.kind == "f":
            map: Any = LinearSegmentedColormap.from_list("two", [colours[0], "#FFFFFF", colours[1]])
            top = 1.0
            axes.contour(xs, ys, said, [0.5], colors="#000000", linewidths=1)
        else:
            map, top = ListedColormap(colours), len(colours) - 1.0
        axes.imshow(
            said, extent=(x0, x1, y0, y1), origin="lower", cmap=map, vmin=0, vmax=top, alpha=0.35, aspect="auto"
        )
        for i in np.unique(classes).tolist():
            xs, ys = places[classes == i].T
            axes.scatter(
                xs, ys, s=18, color=colour(i), marker=MARKERS[i % len(MARKERS)], edgecolors="white", linewidths=0.5
            )

    return one(title or say("decision regions"), draw, "", "", title, width=4.0)


def images(
    arrays: ArrayLike,
    titles: Sequence[object] | None = None,
    *,
    columns: int | None = None,
    signed: bool = False,
    masks: ArrayLike | None = None,
    boxes: Sequence[Any] | None = None,
) -> Plot:
    """Images (N, H, W), in rows; over them, where given, the classes of their pixels and boxes.

    Parameters
    ----------
    titles : one for each image.
    columns : the number of images in a row; by default at most eight.
    signed : True for blue negative numbers, white 0 and red positive numbers, on one scale for all images; False for
        grey levels, from the lowest number of an image (black) to its highest (white).
    masks : whole numbers (N, H, W): a colour over each pixel, and none where it is 0.
    boxes : for each image (K, 5), rows of class, x1, y1, x2, y2, or (K, 6), with a score, as `data.Scenes` and
        `models.SSD` have them. Class and score are written beside the box; a class of −1 is no box. Class c has the
        colour of the mask c + 1.

    >>> images(np.zeros((2, 8, 8)), titles=["first", "second"])
    Plot: 2 images of 8 × 8
    >>> images(np.zeros((1, 8, 8)), boxes=[[[7, 1, 2, 5, 6, 0.93]]])
    Plot: 1 image of 8 × 8, with 1 box
    """
    stack = np.asarray(arrays, float)
    if stack.ndim != 3 or not len(stack):
        raise ValueError(f"images: {stack.shape} is not (N, H, W)")
    if titles is not None and len(titles) != len(stack):
        raise ValueError(f"images: {len(titles)} titles for {len(stack)} images")
    over = None if masks is None else masks_of(stack, masks)
    rows = [] if boxes is None else boxes_of(stack, boxes)
    across = min(columns or 8, len(stack))
    down = -(-len(stack) // across)
    _, height, width = stack.shape

    def draw(figure: Any) -> None:
        bound = np.abs(stack).max() or 1.0
        limits = {"cmap": "RdBu_r", "vmin": -bound, "vmax": bound} if signed else {"cmap": "gray"}
        cells = figure.subplots(down, across, squeeze=False).ravel()
        for axes in cells:
            axes.axis("off")
        for i, (axes, image) in enumerate(zip(cells, stack)):
            axes.imshow(image, interpolation="nearest", **limits)
            if over is not None:
                axes.imshow(coloured(over[i]), interpolation="nearest")
            for row in rows[i] if rows else ():
                outline(axes, row)
            if titles is not None:
                axes.set_title(str(titles[i]), fontsize=9)

    room = 0.25 if titles is not None else 0.0
    name = counted(len(stack), "{n} image of {size}", "{n} images of {size}", size=f"{height} × {width}")
    if rows:
        name = say("{images}, with {boxes}", images=name, boxes=counted(sum(map(len, rows)), "{n} box", "{n} boxes"))
    cell = min(1.3, 10.4 / across) if across > 3 else 2.2
    return Plot((Panel(name, draw, across * cell, down * (cell * height / width + room)),))


@dataclass(frozen=True, repr=False)
class AttentionPlot:
    """Attention weights as heat maps. A notebook shows it; `save` writes it as SVG. It needs no Matplotlib.

    Attributes
    ----------
    maps : one for each matrix of weights.
    columns : the number of maps in a row.
    """

    maps: tuple[HeatMap, ...]
    columns: int

    def __repr__(self) -> str:
        names = " | ".join(one.title or f"{len(one.rows)} × {len(one.columns)}" for one in self.maps)
        return say("Attention: {names}", names=names)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg(), "text/plain": repr(self)}

    def svg(self) -> str:
        """The picture as SVG, with a description in words."""
        return svg_of(self.maps, self.columns)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to a file that ends in .svg; gives the path. Raises `ValueError` for another extension."""
        return save_as(path, {".svg": lambda: self.svg()})


def attention(
    weights: Any,
    queries: Sequence[object] | None = None,
    keys: Sequence[object] | None = None,
    titles: Sequence[object] | None = None,
    *,
    columns: int = 4,
) -> AttentionPlot:
    """Attention weights (L, S) as a heat map: a row a query, a column a key, the darker the larger the share.

    Weights of several heads, layers or examples (..., L, S) give one map each.

    Parameters
    ----------
    queries, keys : names for rows and columns, such as the tokens; by default 0, 1, 2... Without keys, they are the
        queries where there are as many.
    titles : one for each map; by default head 1, head 2... of several.
    columns : the number of maps in a row.

    Raises `ValueError` for weights without two axes, or for names of another number.

    >>> attention([[1.0, 0.0], [0.25, 0.75]], "ab")
    Attention: 2 × 2
    """
    shares = np.asarray(getattr(weights, "data", weights) if hasattr(weights, "requires_grad") else weights, float)
    if shares.ndim < 2:
        raise ValueError(f"attention: weights are (..., L, S), and not {shares.shape}")
    stack = shares.reshape((-1, *shares.shape[-2:]))
    length, size = stack.shape[1:]
    rows = [str(name) for name in (range(length) if queries is None else queries)]
    across = queries if keys is None and length == size else keys
    names = [str(name) for name in (range(size) if across is None else across)]
    over = [say("head {n}", n=i + 1) if len(stack) > 1 else "" for i in range(len(stack))]
    over = over if titles is None else [str(title) for title in titles]
    for given, wanted, what in ((rows, length, "queries"), (names, size, "keys"), (over, len(stack), "titles")):
        if len(given) != wanted:
            raise ValueError(f"attention: {len(given)} {what} for weights {shares.shape}, which need {wanted}")
    return AttentionPlot(tuple(HeatMap(one, rows, names, title) for one, title in zip(stack, over)), columns)


def bars(
    names: Sequence[object], groups: Mapping[str, ArrayLike], *, ylabel: str = "", title: str = "", logy: bool = False
) -> Plot:
    """For each name the bars of all groups, side by side.

    >>> bars(["layer 1", "layer 2"], {"before": [1e-6, 1e-3], "after": [0.9, 1.1]}, logy=True)
    Plot: before, after
    """

    def draw(axes: Any) -> None:
        width = 0.8 / len(groups)
        for i, (name, heights) in enumerate(groups.items()):
            left = np.arange(len(names)) - 0.4 + width * (i + 0.5)
            axes.bar(left, np.asarray(heights, float), width, color=colour(i), hatch=("", "//", "..")[i % 3],
                     edgecolor="white", label=name)  # fmt: skip
        axes.set_xticks(range(len(names)), [str(name) for name in names])
        axes.grid(axis="y", alpha=0.25)
        legend(axes, groups, loc="upper left", bbox_to_anchor=(1, 1))  # outside, where it hides no bars

    return one(title or ", ".join(groups), draw, "", ylabel, title, logy=logy)


def histogram(groups: Mapping[str, ArrayLike], *, bins: int = 40, xlabel: str = "", title: str = "") -> Plot:
    """How often numbers occur. All groups have the same bins.

    >>> histogram({"weights": np.random.default_rng(0).normal(size=1000)}, xlabel="weight")
    Plot: weights
    """
    flat = {name: np.ravel(np.asarray(group, float)) for name, group in groups.items()}

    def draw(axes: Any) -> None:
        edges = np.histogram_bin_edges(np.concatenate(list(flat.values())), bins)
        for i, (name, numbers) in enumerate(flat.items()):
            axes.hist(numbers, edges, color=colour(i), alpha=0.55, label=name)
        axes.grid(axis="y", alpha=0.25)
        legend(axes, flat)

    return one(title or ", ".join(groups), draw, xlabel, say("how many"), title)


def one(
    name: str,
    draw: Callable[[Any], None],
    xlabel: str,
    ylabel: str,
    title: str,
    logx: bool = False,
    logy: bool = False,
    *,
    width: float = Panel.width,
    height: float = Panel.height,
) -> Plot:
    """A plot of one pair of axes, with its labels and scales."""

    def draw_all(figure: Any) -> None:
        axes = figure.subplots()
        if logx:
            axes.set_xscale("log")
        if logy:
            axes.set_yscale("log")
        draw(axes)
        axes.set(xlabel=xlabel, ylabel=ylabel, title=title)

    return Plot((Panel(name, draw_all, width, height),))


def masks_of(images: Array, masks: ArrayLike) -> Array:
    """The masks of images (N, H, W), as whole numbers of that shape."""
    over = np.asarray(masks)
    if over.shape != images.shape or over.dtype.kind not in "biu":
        raise ValueError(f"images: masks are whole numbers of shape {images.shape}, not {over.dtype} {over.shape}")
    return over


def boxes_of(images: Array, boxes: Sequence[Any]) -> list[Array]:
    """The boxes of each image, (K, 5) or (K, 6), without those of class −1."""
    if len(boxes) != len(images):
        raise ValueError(f"images: boxes for {len(boxes)} of {len(images)} images")
    rows = [np.asarray(each, float) for each in boxes]
    rows = [each if each.size else np.zeros((0, 5)) for each in rows]
    if any(each.ndim != 2 or each.shape[1] not in (5, 6) for each in rows):
        raise ValueError("images: a row of boxes is class, x1, y1, x2, y2, and perhaps a score")
    return [each[each[:, 0] >= 0] for each in rows]


def coloured(mask: Array) -> Array:
    """A mask as colours with opacity, (H, W, 4): nothing where it is 0."""
    shades = [[int(each[i : i + 2], 16) / 255 for i in (1, 3, 5)] + [0.6] for each in PALETTE]
    picture: Array = np.asarray(shades)[(mask.astype(int) - 1) % len(PALETTE)]
    picture[mask == 0] = 0
    return picture


def outline(axes: Any, row: Array) -> None:
    """Draw a box, with its class and score above it, or inside where there is no room above."""
    from matplotlib.patches import Rectangle

    x1, y1, x2, y2 = row[1:5] - 0.5  # the edges of pixels, whose middles are whole numbers
    shade = colour(int(row[0]))
    axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=shade, linewidth=1.4))
    words = f"{row[0]:.0f}" + (f" {row[5]:.2f}" if len(row) > 5 else "")
    room = y1 > 5
    axes.text(
        x1, y1, words, fontsize=7, color="white", va="bottom" if room else "top",
        bbox={"facecolor": shade, "edgecolor": "none", "pad": 0.8},
    )  # fmt: skip


def colour(i: int) -> str:
    """The colour of the i-th group."""
    return PALETTE[i % len(PALETTE)]


def curve_of(curve: Curve) -> tuple[Array, Array]:
    """x and y of a curve."""
    if isinstance(curve, tuple) and len(curve) == 2:
        return np.asarray(curve[0], float), np.asarray(curve[1], float)
    heights = np.asarray(curve, float)
    return np.arange(1.0, len(heights) + 1), heights


def alike(width: float, height: float) -> bool:
    """Whether both axes can have one scale, so that circles are round and gradients are perpendicular to contours."""
    return 1 / 2 <= width / height <= 2


def pairs(places: ArrayLike, name: str) -> Array:
    """The points as an array (N, 2)."""
    array = np.asarray(places, float)
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"{name}: places of shape (N, 2) are needed, not {array.shape}")
    return array


def legend(axes: Any, names: Sequence[str] | Mapping[str, Any], **place: Any) -> None:
    """Add a legend if there are several names."""
    if len(names) > 1:
        axes.legend(**place)
