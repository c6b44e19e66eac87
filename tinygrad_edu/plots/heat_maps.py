"""Attention weights as heat maps, which need no Matplotlib."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .._support.formats import save_as
from .._support.heat_map import HeatMap, svg_of
from .._support.languages import say
from ..engine.node import number_of
from ..errors import OutOfRangeError, ShapeError

__all__ = ["AttentionPlot", "attention"]


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
        """Write the picture to a file that ends in .svg; gives the path. Raises `FileError` for another extension."""
        return save_as(path, {".svg": self.svg})


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

    White space is written "␣", "\\n" and so on, and a long name is cut off.

    Raises `ShapeError` for weights without two axes, or for names of another number, `OutOfRangeError` for weights
    below 0 or nan.

    >>> attention([[1.0, 0.0], [0.25, 0.75]], "ab")
    Attention: 2 × 2
    """
    shares = np.asarray(number_of(weights), float)
    if shares.ndim < 2 or not shares.size:
        raise ShapeError(f"attention: weights are (..., L, S), and not {shares.shape}")
    if not (shares >= 0).all():
        raise OutOfRangeError("attention: weights are shares, 0 or more; these have numbers below 0, or nan")
    stack = shares.reshape((-1, *shares.shape[-2:]))
    length, size = stack.shape[1:]
    rows = [_shown(name) for name in (range(length) if queries is None else queries)]
    across = queries if keys is None and length == size else keys
    names = [_shown(name) for name in (range(size) if across is None else across)]
    over = [say("head {n}", n=i + 1) if len(stack) > 1 else "" for i in range(len(stack))]
    over = over if titles is None else [str(title) for title in titles]
    for given, wanted, what in ((rows, length, "queries"), (names, size, "keys"), (over, len(stack), "titles")):
        if len(given) != wanted:
            raise ShapeError(f"attention: {len(given)} {what} for weights {shares.shape}, which need {wanted}")
    return AttentionPlot(tuple(HeatMap(one, rows, names, title) for one, title in zip(stack, over)), columns)


LONGEST = 24
"""Of a longer name, the beginning is shown."""


def _shown(name: object) -> str:
    """A token as it can be seen."""
    text = str(name)
    text = repr(text)[1:-1].replace(" ", "␣") if text.isspace() else text
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
