"""The table of primitives: what can be recorded, how it is computed, and how its gradient is carried back.

A file a family; `primitive` says what a row is.
"""

from . import (
    arithmetic,
    attention,
    convolution,
    decompositions,
    elementwise,
    fused,
    joining,
    linear_algebra,
    normalization,
    pooling,
    recurrent,
    reductions,
    shape,
    statistics,
)
from .primitive import TABLE, Primitive

__all__ = [
    "TABLE",
    "Primitive",
    "arithmetic",
    "attention",
    "convolution",
    "decompositions",
    "elementwise",
    "fused",
    "joining",
    "linear_algebra",
    "normalization",
    "pooling",
    "recurrent",
    "reductions",
    "shape",
    "statistics",
]
