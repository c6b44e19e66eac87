"""`CheckedCall`: a call of an operation, in which the checks look for mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..node import shape_of
from .words import Shape, in_words

__all__ = ["CheckedCall"]


class CheckedCall(NamedTuple):
    """A call of an operation, in which the checks look for mistakes."""

    name: str
    operands: Sequence[Any]
    attrs: dict[str, Any]

    @property
    def shapes(self) -> list[Shape]:
        return [shape_of(x) for x in self.operands]

    @property
    def shape(self) -> Shape:
        """The shape of the first operand."""
        return shape_of(self.operands[0])

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def x(self) -> str:
        """The first operand in words."""
        return in_words(self.operands[0])
