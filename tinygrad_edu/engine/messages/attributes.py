"""Checks of single attributes: a dtype, a number of decimals, a number."""

from __future__ import annotations

from numbers import Real

from ..._support.languages import say, texts
from ...errors import DtypeError, TinygradError
from .checked_call import CheckedCall
from .operands import wrong_dtype
from .words import not_whole, short


def known_dtype(call: CheckedCall) -> TinygradError | None:
    """`dtype` is one of real numbers."""
    wrong = wrong_dtype(call.attrs["dtype"])
    return None if wrong is None else DtypeError(wrong)


def decimals(call: CheckedCall) -> TinygradError | None:
    """round: how many decimals."""
    return not_whole("decimals", call.attrs["decimals"], many=False)


def single_numbers(call: CheckedCall) -> TinygradError | None:
    """elu and nan_to_num: settings that are one number."""
    for name, x in call.attrs.items():
        if not isinstance(x, Real) and (x is not None or name not in ("posinf", "neginf")):
            text = texts("{name} is a number, not {kind} {value}")
            return DtypeError(say(text, name=name, kind=type(x).__name__, value=short(x)))
    return None
