"""The NumPy arrays that `x.data`, `x.grad`, comparisons and `argmax` return; arithmetic on them gives plain arrays.

`w.data -= step` works on them, and they answer for PyTorch's names.
"""

from __future__ import annotations

import operator
from typing import Any, NoReturn

import numpy as np
from numpy import ndarray

from ..errors import DtypeError
from .messages.elsewhere import IN_PLACE, of_array

__all__ = ["Gradient", "Numbers", "Passing", "Plain", "Size", "plain"]


READ_ONLY = "write x.data = ..., or x[index] = ... and x -= ... in tg.no_grad()"


class Passing(ndarray):
    """An array whose class ends with it: functions and operators of NumPy give plain arrays and numbers.

    `w.grad.data` is the array again, as PyTorch's is: NumPy's own `data` is of no use to a reader.
    """

    def __init_subclass__(cls) -> None:
        cls.__name__ = cls.__qualname__ = "ndarray"  # what errors, of this package and of others, call it

    def __array_wrap__(self, array: ndarray, context: Any = None, return_scalar: bool = False) -> Any:
        return np.asarray(array) if array.ndim else array[()]

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        out = super().__array_function__(function, types, args, kwargs)
        return np.asarray(out) if isinstance(out, Passing) else out

    def __repr__(self) -> str:
        return repr(np.asarray(self))

    def __round__(self, digits: int | None = None) -> Any:
        number: Any = np.asarray(self)[()]  # which knows how only where it is a single number
        return round(number, digits)

    @property
    def data(self) -> Any:
        return self

    def __reduce__(self) -> Any:
        return np.asarray(self).__reduce__()


class Plain(Passing):
    """What has no gradient and so is no tensor: the answers of comparisons, places, classes."""

    def __getattr__(self, name: str) -> NoReturn:
        way = of_array(name, IN_PLACE)
        raise AttributeError(f"what has no gradient is no tensor, and has no {name}: {way}", name=name, obj=self)


def plain(x: Any) -> Any:
    """An array that answers for PyTorch's names; a single number as it is.

    >>> plain(np.array([1, 2])).eq
    Traceback (most recent call last):
        ...
    AttributeError: what has no gradient is no tensor, and has no eq: here it is x == y, x != y, x < y, x <= y, x > y \
and x >= y
    """
    return x.view(Plain) if type(x) is ndarray else x


class Numbers(Passing):
    """The numbers of a tensor, to be read.

    `w.data -= step` is `w.data = w.data - step`: the operator makes a new array, and the tensor takes its numbers.
    """

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"x.data has no {name}: {of_array(name, READ_ONLY)}", name=name, obj=self)

    def __setitem__(self, index: Any, value: Any) -> None:
        if not self.flags.writeable:
            raise ValueError(f"x.data is read-only: {READ_ONLY}")
        super().__setitem__(index, value)


class Gradient(Passing):
    """The gradient of a tensor, which may be changed."""

    def __getattr__(self, name: str) -> NoReturn:
        way = of_array(name, "x.zero_grad() forgets it, and x.grad[...] = ... changes it")
        raise AttributeError(f"x.grad has no {name}: {way}", name=name, obj=self)


def _anew(name: str) -> Any:
    in_place, operation = getattr(ndarray, f"__i{name}__"), getattr(operator, f"__{name}__")

    def method(self: Numbers, other: Any) -> Any:
        if not self.flags.writeable:
            return operation(self, other)
        in_place(np.asarray(self), other)  # a copy, or a part of one: it can be written to
        return self

    return method


for name in ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor"]:
    setattr(Numbers, f"__i{name}__", _anew(name))


class Size(int):
    """How many numbers a tensor holds. PyTorch's `x.size(0)` is answered with what it is called here."""

    def __call__(self, axis: int | None = None) -> Any:
        raise DtypeError(f"size: here it is x.shape{'' if axis is None else f'[{axis}]'}; x.size counts all numbers")
