"""The table of primitives: what can be recorded, how it is computed, and how its gradient is carried back.

A file a family; `primitive` says what a row is. The rows of networks are added when `tinygrad_edu.nn` is imported, or
when somebody asks for `TABLE` here, which is the whole table.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import (
    arithmetic,
    decompositions,
    einsum,
    elementwise,
    indexing,
    joining,
    linear_algebra,
    primitive,
    reductions,
    shape,
    statistics,
)
from .primitive import Primitive

if TYPE_CHECKING:
    from . import attention, convolution, fused, normalization, pooling, recurrent
    from .primitive import TABLE

_OF_NETWORKS = ["attention", "convolution", "fused", "normalization", "pooling", "recurrent"]

__all__ = [
    "TABLE", "Primitive", "arithmetic", "attention", "convolution", "decompositions", "einsum", "elementwise", "fused",
    "indexing", "joining", "linear_algebra", "normalization", "pooling", "recurrent", "reductions", "shape",
    "statistics",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """The families of networks are imported when they are first used, so that `import tinygrad_edu` stays quick."""
    if name in _OF_NETWORKS:
        return import_module(f".{name}", __name__)
    if name == "TABLE":
        for family in _OF_NETWORKS:
            import_module(f".{family}", __name__)
        return primitive.TABLE
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
