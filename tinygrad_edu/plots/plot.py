"""`Plot`: what Matplotlib draws when it is shown or saved, and the look that all plots share."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .._support.formats import save_as
from .._support.languages import say
from .._support.text import columns
from ..engine.messages import short
from ..engine.node import number_of
from ..errors import DtypeError, OutOfRangeError

__all__ = [
    "PALETTE", "Panel", "Plot", "called", "chart", "colour", "items", "legend", "named", "numbers", "row",
]  # fmt: skip

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6E6E6E", "#000000")
"""Of M. Okabe and K. Ito's colours, which colour-blind readers can tell apart; "Color Universal Design", 2008."""

STYLE: dict[str, Any] = {
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

        Raises `ImportError` if Matplotlib is missing, and `FileError` for another extension.
        """
        return save_as(path, {f".{format}": partial(self._picture, format) for format in ("svg", "png", "pdf")})

    def _picture(self, format: str) -> bytes:
        try:
            import matplotlib
            from matplotlib.figure import Figure
        except ModuleNotFoundError:
            raise ImportError(say("to see this plot: {command}", command="pip install matplotlib")) from None
        with matplotlib.rc_context(STYLE | _fonts()):
            widths = [panel.width for panel in self.panels]
            figure = Figure(figsize=(sum(widths), max(panel.height for panel in self.panels)), layout="constrained")
            parts = figure.subfigures(1, len(self.panels), squeeze=False, width_ratios=widths)
            for panel, part in zip(self.panels, parts[0]):
                panel.draw(part)
            figure.draw_without_rendering()  # a legend at a side changes the size of the axes, and so their marks
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


def _fonts() -> dict[str, Any]:
    """Matplotlib's own font, and behind it those that have Chinese letters."""
    from matplotlib import font_manager, rcParams

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return {"font.family": [*rcParams["font.sans-serif"][:1], *(name for name in CHINESE if name in installed)]}


def row(*plots: Plot) -> Plot:
    """Plots beside each other; three are drawn smaller than two, with letters of the same size.

    >>> from tinygrad_edu import plots
    >>> plots.row(plots.histogram({"weights": [0.1, 0.2]}), plots.histogram({"biases": [0.0]}))
    Plot: weights | biases

    Raises `OutOfRangeError` without plots, and `DtypeError` for what is none.
    """
    if not plots:
        raise OutOfRangeError("row: one plot or more is needed, such as row(plots.histogram(a), plots.histogram(b))")
    for plot in plots:
        if not isinstance(plot, Plot):
            raise DtypeError(f"row: plots are needed, such as row(plots.histogram(a), ...), not {short(plot)}")
    panels = [panel for plot in plots for panel in plot.panels]
    part = min(1.0, max(0.6, 2 * Panel.width / sum(panel.width for panel in panels)))  # smaller ones have no room
    return Plot(tuple(replace(panel, width=part * panel.width, height=part * panel.height) for panel in panels))


def chart(
    names: Iterable[str],
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
    """A plot of one pair of axes, with its labels and scales; without a title it is called by these names."""
    for what, text in (("title", title), ("xlabel", xlabel), ("ylabel", ylabel)):
        if not isinstance(text, str):
            raise DtypeError(f"{what}: a text is needed, not {short(text)}")

    def draw_all(figure: Any) -> None:
        axes = figure.subplots()
        if logx:
            axes.set_xscale("log")
        if logy:
            axes.set_yscale("log")
        draw(axes)
        axes.set(xlabel=xlabel, ylabel=ylabel, title=title)

    return Plot((Panel(title or ", ".join(names), draw_all, width, height),))


def numbers(x: Any, name: str) -> np.ndarray[Any, Any]:
    """The numbers of an array, a list or a node, as floats. `DtypeError` for what is none."""
    try:
        return np.asarray(number_of(x), float)
    except (TypeError, ValueError):
        raise DtypeError(f"{name}: an array of numbers is needed, not {short(x)}") from None


def named(x: Any, what: str) -> dict[str, Any]:
    """A dictionary, with texts as keys. `DtypeError` for what is none."""
    if not isinstance(x, Mapping):
        raise DtypeError(f"{what}: a dictionary from names to numbers is needed, not {short(x)}")
    return {str(name): value for name, value in x.items()}


def items(x: Any, what: str) -> list[Any]:
    """The items of a list. `DtypeError` for what has none."""
    if not isinstance(x, Iterable):
        raise DtypeError(f"{what}: a list is needed, not {short(x)}")
    return list(x)


def called(x: Any, what: str) -> Callable[..., Any]:
    """A function. `DtypeError` for what is none."""
    if not callable(x):
        raise DtypeError(f"{what}: a function is needed, not {short(x)}")
    return x  # type: ignore[no-any-return]


def colour(i: int) -> str:
    """The colour of the i-th group."""
    return PALETTE[i % len(PALETTE)]


def legend(axes: Any, names: Collection[str], outside: bool = False) -> None:
    """Add a legend if there are several names: where it hides least, or at the right side, where it hides nothing.

    Many names, or long ones, would leave no room for the plot beside them. In a small plot, such as one of three in a
    row, their letters are smaller, so that nothing is cut off.
    """
    if len(names) > 1:
        longest = max(map(columns, names))
        width, height = 72 * axes.figure.bbox.size / axes.figure.dpi - (60, 40)  # in points, without labels and title
        size = min(STYLE["font.size"], max(5, min(height / 1.5 / len(names), width / (0.65 * longest + 3))))
        fits = len(names) <= MOST_BESIDE and longest <= LONGEST_BESIDE
        axes.legend(fontsize=size, **({"loc": "upper left", "bbox_to_anchor": (1, 1)} if outside and fits else {}))


MOST_BESIDE, LONGEST_BESIDE = 10, 18
"""How many names, of how many columns, a legend beside a plot may have."""
