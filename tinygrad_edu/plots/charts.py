"""Charts on one pair of axes: lines, points, contours, decision regions, bars and histograms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .._support.languages import say
from ..engine.messages import short, whole_from
from ..engine.node import number_of
from ..errors import OutOfRangeError, ShapeError
from .plot import Panel, Plot, called, chart, colour, items, legend, named, numbers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[Any]
    Curve = ArrayLike | tuple[ArrayLike, ArrayLike]  # y, or x and y

__all__ = ["bars", "contours", "histogram", "lines", "points", "regions"]

LINES = ("-", "--", "-.", ":")
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*")


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
    drawn = _curves_of(curves, "lines")

    def draw(axes: Any) -> None:
        for i, (name, (xs, ys)) in enumerate(drawn.items()):
            marker = MARKERS[i % len(MARKERS)] if len(ys) <= 25 else None
            axes.plot(xs, ys, LINES[i % len(LINES)], color=colour(i), marker=marker, markersize=4, label=name)
        if not logx and all((xs % 1 == 0).all() for xs, _ in drawn.values()):  # steps, epochs, degrees
            axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.25)
        legend(axes, drawn)

    return chart(drawn, draw, xlabel, ylabel, title, logx, logy)


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
    places = {name: _pairs(group, name) for name, group in named(groups, "points").items()}
    over = _curves_of({} if lines is None else lines, "points: lines")
    size = 16 if sum(map(len, places.values())) > 20 else 64  # a few small points would be hard to see

    def draw(axes: Any) -> None:
        for i, (name, group) in enumerate(places.items()):
            xs, ys = group.T
            axes.scatter(xs, ys, s=size, color=colour(i), marker=MARKERS[i % len(MARKERS)], alpha=0.7, label=name)
        low, high = axes.get_ylim()
        for i, (name, curve) in enumerate(over.items()):
            axes.plot(*curve, LINES[i % len(LINES)], color=colour(len(places) + i), linewidth=2, label=name)
        room = 0.1 * (high - low)
        axes.set_ylim(low - room, high + room)  # a line that leaves the plot does not squeeze the points
        if equal:
            axes.set_aspect("equal")
        axes.grid(alpha=0.25)
        legend(axes, [*places, *over], outside=equal)  # a square leaves room at its side

    return chart([*places, *over], draw, xlabel, ylabel, title)


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
    called(function, "contours: function")
    walks = {name: _pairs(path, name) for name, path in named({} if paths is None else paths, "paths").items()}
    wide, high = _length(x, "x"), _length(y, "y")
    one_scale = 1 / 2 <= wide / high <= 2  # circles are round then, and gradients are perpendicular to contours

    def draw(axes: Any) -> None:
        xs, ys = np.meshgrid(np.linspace(*x, 160), np.linspace(*y, 160))
        heights = np.broadcast_to(numbers(function(xs, ys), "contours"), xs.shape)
        finite = heights[np.isfinite(heights)]
        low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
        low = max(low, 1e-6 * high) if log else low
        if low < high:  # a plain has no contours
            levels = (np.geomspace if log else np.linspace)(low, high, 18)
            axes.contourf(xs, ys, heights, levels, cmap="Greys", alpha=0.2, norm="log" if log else None, extend="min")
            axes.contour(xs, ys, heights, levels, colors="#6E6E6E", linewidths=0.6)
        for i, (name, path) in enumerate(walks.items()):
            marker = MARKERS[i % len(MARKERS)]
            axes.plot(*path.T, color=colour(i), marker=marker, markersize=3, linewidth=1.4, label=name)
        axes.set(xlim=x, ylim=y, aspect="equal" if one_scale else "auto")
        legend(axes, walks)

    return chart(
        walks or [say("contours")],
        draw,
        xlabel,
        ylabel,
        title,
        width=0.6 + 3.0 * wide / high if one_scale else Panel.width,
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
    called(predict, "regions: predict")
    places, classes = _pairs(X, "X"), np.asarray(number_of(labels))
    if classes.shape != (len(places),) or classes.dtype.kind not in "biu":
        given = f"{classes.dtype} of shape {classes.shape}"
        raise ShapeError(f"labels: a whole number for each point, of shape ({len(places)},), is needed, not {given}")

    def draw(axes: Any) -> None:
        from matplotlib.colors import LinearSegmentedColormap, ListedColormap

        low, high = places.min(0), places.max(0)
        margin = 0.15 * (high - low)
        (x0, y0), (x1, y1) = low - margin, high + margin
        xs, ys = np.meshgrid(np.linspace(x0, x1, 200), np.linspace(y0, y1, 200))
        said = np.asarray(number_of(predict(np.stack([xs.ravel(), ys.ravel()], axis=1))))
        if said.size != xs.size:
            raise ShapeError(f"predict: a number for each point, of shape ({xs.size},), is needed, not {said.shape}")
        said = said.reshape(xs.shape)
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

    return chart([say("decision regions")], draw, "", "", title, width=4.0)


def bars(
    names: Sequence[object], groups: Mapping[str, ArrayLike], *, ylabel: str = "", title: str = "", logy: bool = False
) -> Plot:
    """For each name the bars of all groups, side by side.

    >>> bars(["layer 1", "layer 2"], {"before": [1e-6, 1e-3], "after": [0.9, 1.1]}, logy=True)
    Plot: before, after
    """
    below = [str(name) for name in items(names, "bars: names")]
    bars = {name: numbers(heights, name) for name, heights in named(groups, "bars").items()}
    for name, heights in bars.items():
        if heights.shape != (len(below),):
            raise ShapeError(f"{name}: a height for each of {len(below)} names is needed, not shape {heights.shape}")

    def draw(axes: Any) -> None:
        width = 0.8 / max(1, len(bars))
        for i, (name, heights) in enumerate(bars.items()):
            left = np.arange(len(below)) - 0.4 + width * (i + 0.5)
            axes.bar(left, heights, width, color=colour(i), hatch=("", "//", "..")[i % 3],
                     edgecolor="white", label=name)  # fmt: skip
        axes.set_xticks(range(len(below)), below)
        axes.grid(axis="y", alpha=0.25)
        legend(axes, bars, outside=True)

    return chart(bars, draw, "", ylabel, title, logy=logy)


def histogram(groups: Mapping[str, ArrayLike], *, bins: int = 40, xlabel: str = "", title: str = "") -> Plot:
    """How often numbers occur. All groups have the same bins.

    >>> histogram({"weights": np.random.default_rng(0).normal(size=1000)}, xlabel="weight")
    Plot: weights
    """
    whole_from(1, "histogram", bins=bins)
    flat = {name: np.ravel(numbers(group, name)) for name, group in named(groups, "histogram").items()}
    for name, group in flat.items():
        if not np.isfinite(group).all():
            count = int((~np.isfinite(group)).sum())
            raise OutOfRangeError(f"{name}: {count} of {group.size} numbers are inf or nan, which stand in no bin")

    def draw(axes: Any) -> None:
        edges = np.histogram_bin_edges(np.concatenate([[], *flat.values()]), bins)
        for i, (name, group) in enumerate(flat.items()):
            axes.hist(group, edges, color=colour(i), alpha=0.55, label=name)
        axes.grid(axis="y", alpha=0.25)
        legend(axes, flat)

    return chart(flat, draw, xlabel, say("how many"), title)


def _curves_of(curves: Mapping[str, Curve], what: str) -> dict[str, tuple[Array, Array]]:
    """x and y of each curve."""
    return {name: _curve_of(curve, name) for name, curve in named(curves, what).items()}


def _curve_of(curve: Curve, name: str) -> tuple[Array, Array]:
    if isinstance(curve, tuple) and len(curve) == 2:
        xs, ys = (numbers(each, name) for each in curve)
    else:
        ys = numbers(curve, name)
        xs = np.arange(1.0, ys.size + 1)
    if ys.ndim != 1 or xs.shape != ys.shape:
        raise ShapeError(f"{name}: y of shape (N,) is needed, or a pair (x, y) of these; x is {xs.shape}, y {ys.shape}")
    return xs, ys


def _length(ends: tuple[float, float], axis: str) -> float:
    """How long an axis is."""
    pair = numbers(ends, axis)
    if pair.shape != (2,) or not pair[0] < pair[1]:
        raise OutOfRangeError(f"{axis}: the lower and the upper end of the axis are needed, not {short(ends)}")
    return float(pair[1] - pair[0])


def _pairs(places: ArrayLike, name: str) -> Array:
    """The points as an array (N, 2)."""
    array = numbers(places, name)
    if array.ndim != 2 or array.shape[1] != 2:
        raise ShapeError(f"{name}: places of shape (N, 2) are needed, not {array.shape}")
    return array
