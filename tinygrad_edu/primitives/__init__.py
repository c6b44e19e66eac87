"""The table of primitives: what can be recorded, how it is computed, and how its gradient is carried back.

A file a family: `arithmetic`, `elementwise`, `reductions`, `shape`, `linear_algebra`, `fused`; `primitive` says what a
row is.
"""

from . import arithmetic, elementwise, fused, linear_algebra, reductions, shape
from .primitive import TABLE, Primitive

__all__ = ["TABLE", "Primitive", "arithmetic", "elementwise", "fused", "linear_algebra", "reductions", "shape"]
