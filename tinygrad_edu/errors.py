"""The errors of this package, for callers who catch them.

Each is also the built-in error, in brackets, that a caller would expect to catch::

    TinygradError
    ├── ShapeError (ValueError)
    │   └── OutOfRangeError (IndexError)
    ├── DtypeError (TypeError)
    ├── GraphError (RuntimeError)
    │   └── InPlaceError
    ├── GradientError (AssertionError)
    ├── ModuleError (RuntimeError)
    ├── OptimizerError (ValueError)
    └── FileError (ValueError)

`tinygrad_edu.train` adds `NotFiniteError`, `tinygrad_edu.grade.errors` those of the grader.
"""

from __future__ import annotations

from ._support.languages import TinygradError

__all__ = [
    "DtypeError", "FileError", "GradientError", "GraphError", "InPlaceError", "ModuleError", "OptimizerError",
    "OutOfRangeError", "ShapeError", "TinygradError",
]  # fmt: skip


class ShapeError(TinygradError, ValueError):
    """Shapes, axes or sizes that do not fit each other."""


class OutOfRangeError(ShapeError, IndexError):
    """An axis or an index outside an array."""


class DtypeError(TinygradError, TypeError):
    """A type or dtype that an operation does not accept."""


class GraphError(TinygradError, RuntimeError):
    """A request that the recorded graph cannot answer, such as `backward()` on a plain number."""


class InPlaceError(GraphError):
    """A change of a number that the backward pass still needs."""


class GradientError(TinygradError, AssertionError):
    """A derivative rule that disagrees with finite differences."""


class ModuleError(TinygradError, RuntimeError):
    """A module that is not ready for a request, or weights that do not fit it."""


class OptimizerError(TinygradError, ValueError):
    """Parameters, hyperparameters or a state that an optimiser does not accept."""


class FileError(TinygradError, ValueError):
    """A file that is missing, cut off, damaged, or not in the format that it claims."""
