"""The table of primitives: what can be recorded, how it is computed, and how its gradient is carried back.

A file a family; `primitive` says what a row is. What few programs need is added when it is first used, and the rows of
networks when `tinygrad_edu.nn` is imported; or when somebody asks for `TABLE` here, which is the whole table.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import arithmetic, elementwise, indexing, linear_algebra, primitive, reductions, shape
from .primitive import Primitive

if TYPE_CHECKING:
    from . import (
        attention,
        convolution,
        decompositions,
        einsum,
        fused,
        joining,
        normalization,
        pooling,
        recurrent,
        statistics,
    )
    from .primitive import BY_NUMPY, TABLE

_OF_NUMPY = ["decompositions", "einsum", "joining", "statistics"]
_OF_NETWORKS = ["attention", "convolution", "fused", "normalization", "pooling", "recurrent"]

__all__ = [
    "BY_NUMPY", "TABLE", "Primitive", "arithmetic", "attention", "convolution", "decompositions", "einsum",
    "elementwise", "fused", "indexing", "joining", "linear_algebra", "normalization", "pooling", "recurrent",
    "reductions", "shape", "statistics",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Families are imported when they are first used, so that `import tinygrad_edu` stays quick."""
    if name in (*_OF_NUMPY, *_OF_NETWORKS):
        return import_module(f".{name}", __name__)
    if name not in ("BY_NUMPY", "TABLE"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    for family in _OF_NUMPY if name == "BY_NUMPY" else (*_OF_NUMPY, *_OF_NETWORKS):
        import_module(f".{family}", __name__)
    return getattr(primitive, name)
