"""Operators and methods that `Value` and `Tensor` share: arithmetic, functions of one operand, and `backward()`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np

from . import messages
from .arrays import Gradient
from .copies import copied, deep_copied
from .grad_mode import ON, state
from .inplace import changed_in_place
from .memory import Release
from .methods import Functions
from .node import NO_ATTRS, clock, new, number_of, record
from .numpy_protocol import call_function, call_ufunc
from .primitives import comparisons as c
from .primitives.primitive import Primitive
from .walk import recorded, unshared, walk

if TYPE_CHECKING:
    from typing_extensions import Self

    from .signatures import GivesEither, GivesItself, GivesTensor

__all__ = ["Operators", "infix"]


@overload
def infix(row: Primitive, holds: type[float]) -> tuple[GivesEither, GivesEither, GivesEither]: ...
@overload
def infix(row: Primitive, holds: type[np.ndarray]) -> tuple[GivesTensor, GivesTensor, GivesItself]: ...
def infix(row: Primitive, holds: Any) -> Any:
    """The methods `x + y`, `y + x` and `x += y` of the kind of node that holds floats, or arrays: they record a row.

    They know what to do with another node of the kind, a float or an int. With all else, and to say what is wrong,
    there is `apply`.
    """
    compute: Any = row.floats if holds is float else row.arrays
    as_held = float if holds is float else np.asarray
    trouble = (ArithmeticError, AttributeError, TypeError, ValueError)  # division by 0, a released array, shapes

    def left(self: Any, other: Any) -> Any:
        kind = type(self)
        try:
            if type(other) is kind:
                data = compute(self._number, other._number)
            elif type(other) is float or type(other) is int:
                data = compute(self._number, other)
            else:
                return self.apply(row, (self, other), NO_ATTRS)
        except trouble:
            return self.apply(row, (self, other), NO_ATTRS)
        data = data if type(data) is holds else as_held(data)
        if state().level is not ON or (self.tick < 0 and (type(other) is not kind or other.tick < 0)):
            return record(new(kind), data, row, self, other)
        node = new(kind)  # what `record` does; without the call a scalar forward pass takes a fifth less time
        node._number = data
        node.primitive = row
        node._first = self
        node._second = other
        node.tick = next(clock)
        node.notes = None
        return node

    def right(self: Any, other: Any) -> Any:
        if type(other) is not float and type(other) is not int:
            return self.apply(row, (other, self), NO_ATTRS)
        try:
            data = compute(other, self._number)
        except trouble:
            return self.apply(row, (other, self), NO_ATTRS)
        return record(new(type(self)), as_held(data), row, other, self)

    def in_place(self: Any, other: Any) -> Any:
        return self if changed_in_place(self, row, other) else left(self, other)

    return left, right, in_place


def comparison(row: Primitive) -> Any:
    """The method `x < y` and its like: a plain bool, or an array of bools; `masks.py` says where it is recorded."""
    return lambda self, other: self.compared(other, row)


class Operators(Functions):
    """What can be written on a node of either kind."""

    __slots__ = ()
    unreached: Any = None  # the gradient of a leaf to which none has come

    __lt__, __le__, __gt__, __ge__ = map(comparison, (c.less, c.less_equal, c.greater, c.greater_equal))
    __eq__, __ne__ = map(comparison, (c.equal, c.not_equal))
    __hash__ = object.__hash__

    def __pos__(self) -> Self:
        return self

    @property
    def grad(self) -> Any:
        """The gradient that `backward()` collected, a float or an array like `data`.

        Where none has come, it is None in a Tensor and 0.0 in a Value, as in other engines of single numbers.
        """
        grad = self.notes and self.notes.grad
        if grad is None:
            unreached = self.unreached if self.requires_grad else None
            return unreached if self.primitive is None else messages.not_kept(self)
        return grad.view(Gradient) if type(grad) is np.ndarray else grad

    @grad.setter
    def grad(self, grad: Any) -> None:
        (self.notes or self.own_notes()).grad = None if grad is None else self.seed(grad, "grad")

    def detach(self) -> Self:
        """The same numbers outside the graph: nothing flows back through it.

        >>> import tinygrad_edu as tg
        >>> tg.Value(2.0).detach().requires_grad
        False
        """
        detached = type(self)(number_of(self), name=self.name).requires_grad_(False)  # type: ignore[call-arg]
        detached.own_notes().cut_by("detach")
        return detached

    def backward(
        self, gradient: Any = None, *, create_graph: bool = False, retain_grads: bool = False, retain_graph: bool = True
    ) -> None:
        """Add to `.grad` of every leaf the derivative of this node by that leaf.

        A second call adds once more: the graph stays usable, and gradients accumulate until they are set to None.

        Parameters
        ----------
        gradient : the upstream gradient to begin with, of this node's shape; may be left out for a single number.
        create_graph : record the backward pass, so that the gradients can be differentiated again.
        retain_grads : keep the gradients of intermediate nodes as well.
        retain_graph : taken, as by PyTorch, and not needed: a graph always stays usable.

        Raises `GraphError` where there is nothing to differentiate or no seed, `InPlaceError` where a needed number
        was changed after its use.

        >>> import tinygrad_edu as tg
        >>> x, y, w = tg.Value(2.0), tg.Value(3.0), tg.Value(4.0)
        >>> z = (x + y) * w
        >>> z.backward()
        >>> x.grad, y.grad, w.grad
        (4.0, 4.0, 5.0)
        """
        release = None if create_graph else Release(self, walk).after
        pairs = walk(self, gradient, create_graph=create_graph, every=retain_grads, release=release)
        handed_out: set[int] = set()
        for node, upstream in recorded(pairs) if create_graph else pairs:
            if retain_grads and node.primitive is not None:
                node.own_notes().retains_grad = True
            node.receive(unshared(upstream, handed_out))

    def retain_grad(self) -> None:
        """Have `backward()` keep the gradient of this intermediate node in `.grad`, as it does for leaves.

        >>> import tinygrad_edu as tg
        >>> x, w = tg.Value(2.0), tg.Value(4.0)
        >>> q = x + 3
        >>> q.retain_grad()
        >>> (q * w).backward()
        >>> q.grad
        4.0
        """
        self.own_notes().retains_grad = True

    def zero_grad(self) -> None:
        """Forget the gradient: `.grad` is again what it was before any `backward()`.

        >>> import tinygrad_edu as tg
        >>> x = tg.tensor(3.0, requires_grad=True)
        >>> (x * x).backward()
        >>> x.zero_grad()
        >>> x.grad is None
        True
        """
        self.own_notes().grad = None

    def __float__(self) -> float:
        messages.leaving(self, "float", refused=True)
        return float(self.item())

    def __int__(self) -> int:
        messages.leaving(self, "int", refused=True)
        return int(self.item())

    def __copy__(self) -> Self:
        return copied(self, self.inputs)  # type: ignore[return-value]

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return deep_copied(self, memo)  # type: ignore[return-value]

    def __array_ufunc__(self, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
        return call_ufunc(ufunc, method, operands, options)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return call_function(function, args, kwargs)
