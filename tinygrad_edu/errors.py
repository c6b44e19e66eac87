"""The errors of the engine. Each is also the built-in error a caller would expect to catch."""

from __future__ import annotations

__all__ = [
    "DtypeError", "FileError", "GradientError", "GraphError", "InPlaceError", "ModuleError", "OptimizerError",
    "OutOfRangeError", "ShapeError", "TinygradError",
]  # fmt: skip


class TinygradError(Exception):
    """What all errors of this package have in common."""


class ShapeError(TinygradError, ValueError):
    """Shapes, axes or sizes that do not go together."""


class OutOfRangeError(ShapeError, IndexError):
    """An axis or an index that an array does not have."""


class DtypeError(TinygradError, TypeError):
    """A type or dtype that an operation cannot work with."""


class GraphError(TinygradError, RuntimeError):
    """A request that the recorded graph cannot answer, such as `backward()` on a plain number."""


class InPlaceError(GraphError):
    """A number that the backward pass still needs was changed after it was used."""


class GradientError(TinygradError, AssertionError):
    """A derivative rule and finite differences disagree."""


class ModuleError(TinygradError, RuntimeError):
    """A module that is not ready for the request, or weights that do not fit it."""


class OptimizerError(TinygradError, ValueError):
    """Parameters, settings or a state that an optimiser cannot work with."""


class FileError(TinygradError, ValueError):
    """A file that is missing, cut off, damaged or not what it says it is."""
