"""What to say when NumPy refuses a call: the operation, the operands, the rule that is broken and the way out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..errors import DtypeError, ShapeError

if TYPE_CHECKING:
    from .primitive import Primitive


def refusal(
    primitive: Primitive, operands: Sequence[Any], values: Sequence[Any], attrs: dict[str, Any], error: Exception
) -> Exception:
    """The error to raise instead of NumPy's."""
    kind = DtypeError if isinstance(error, TypeError) else ShapeError
    shapes = ", ".join(str(getattr(v, "shape", v)) for v in values)
    return kind(f"{primitive.name}: {shapes}: {error}")
