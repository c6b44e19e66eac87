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
    """elu and nan_to_num: settings that are one number."""
    for name, x in call.attrs.items():
        if not isinstance(x, Real) and (x is not None or name not in ("posinf", "neginf")):
            raise DtypeError("{name} is a number, not {kind} {value}", name=name, kind=type(x).__name__, value=short(x))
