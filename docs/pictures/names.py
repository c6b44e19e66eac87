"""Names."""

from __future__ import annotations

import tinygrad_edu as tg
from tinygrad_edu.graph import Drawing

from .programs import example


def hostile_names() -> Drawing:
    """Names that would break other drawings"""
    a, b = tg.Value(2.0, '<b>&"{|}\\N'), tg.Value(3.0, "javascript:alert(1)\u202e\n]]>")
    y = a * b
    y.name = "a name that is much longer than any box ought to be, and goes on"
    return tg.draw(y)


def other_alphabets() -> Drawing:
    """Names in Chinese, Greek and with accents"""
    weight, bias, size = tg.Value(2.0, "权重"), tg.Value(-1.0, "偏置"), tg.Value(0.5, "Größe")
    y = tg.sigmoid(weight * size + bias)
    y.name = "σ₁"
    return tg.draw(y)


def downwards() -> Drawing:
    """From top to bottom, by the built-in layout

    On a machine without Graphviz.
    """
    return tg.draw(example(), direction="TB", engine="builtin")
