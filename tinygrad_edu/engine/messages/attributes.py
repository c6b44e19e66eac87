"""Checks of single attributes: a dtype, a number of decimals, a number."""

from __future__ import annotations

from numbers import Real

from ...errors import DtypeError
from .checked_call import CheckedCall
from .operands import wrong_dtype
from .words import short, whole


def known_dtype(call: CheckedCall) -> None:
    """`dtype` is one of real numbers."""
    wrong = wrong_dtype(call.attrs["dtype"])
    if wrong is not None:
        raise DtypeError(wrong)


def decimals(call: CheckedCall) -> None:
    """round: how many decimals."""
    whole("decimals", call.attrs["decimals"], many=False)


def single_numbers(call: CheckedCall) -> None:
    """elu, nan_to_num and normalize: settings that are one number."""
    for name, x in call.attrs.items():
        left_out = x is None and name in ("posinf", "neginf")
        if name not in ("axis", "shape") and not isinstance(x, Real) and not left_out:
            raise DtypeError("{name} is a number, not {kind} {value}", name=name, kind=type(x).__name__, value=short(x))
