"""Plots of data and of training: lines, points, contours, decision regions, images, bars, histograms, attention.

Each function gives a plot, which is drawn when a notebook shows it or when it is saved. So a program that makes plots
also runs where Matplotlib is missing. All plots share the colours and sizes of `plot.py`.

>>> plot = lines({"training": [0.9, 0.5, 0.3], "validation": [1.0, 0.7, 0.6]}, xlabel="epoch", ylabel="loss")
>>> plot
Plot: training, validation
"""

from ..engine.messages.elsewhere import spell_here
from .charts import bars, contours, histogram, lines, points, regions
from .heat_maps import AttentionPlot, attention
from .image_grid import images
from .plot import PALETTE, Plot, row

__all__ = [
    "PALETTE", "AttentionPlot", "Plot", "attention", "bars", "contours", "histogram", "images", "lines", "points",
    "regions", "row",
]  # fmt: skip
spell_here(globals())
