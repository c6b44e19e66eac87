"""What can be written on a node: the operators, each of which calls one row of the table, and `backward()`."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Protocol, overload

from .inplace import recompute
from .node import Node, describe
from .primitives import elementwise as e
from .primitives.arithmetic import add, divide, multiply, negative, power, subtract
from .primitives.primitive import Primitive
from .walk import recorded, walk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from typing_extensions import Self

    from .tensor import Tensor
    from .value import Value

__all__ = ["GivesEither", "GivesTensor", "Operators"]


class GivesTensor(Protocol):
    """An operator of a Tensor, for type checkers."""

    def __call__(self, other: Any, /) -> Tensor: ...


class GivesEither(Protocol):
    """An operator of a Value, for type checkers: with arrays it gives a Tensor."""

    @overload
    def __call__(self, other: Value | float | np.number[Any], /) -> Value: ...
    @overload
    def __call__(self, other: Tensor | NDArray[Any], /) -> Tensor: ...


class Operators(Node):
    """What can be written on a node. The two kinds of node say how a call is recorded."""

    __slots__ = ()

    def _binary(self, primitive: Primitive, other: Any) -> Any:
        """The call with `other` on the right."""
        raise NotImplementedError

    def _reflected(self, primitive: Primitive, other: Any) -> Any:
        """The call with `other` on the left."""
        raise NotImplementedError

    def _in_place(self, primitive: Primitive, other: Any) -> Any:
        raise NotImplementedError

    # fmt: off
    def __add__(self, other: Any) -> Any: return self._binary(add, other)
    def __radd__(self, other: Any) -> Any: return self._reflected(add, other)
    def __sub__(self, other: Any) -> Any: return self._binary(subtract, other)
    def __rsub__(self, other: Any) -> Any: return self._reflected(subtract, other)
    def __mul__(self, other: Any) -> Any: return self._binary(multiply, other)
    def __rmul__(self, other: Any) -> Any: return self._reflected(multiply, other)
    def __truediv__(self, other: Any) -> Any: return self._binary(divide, other)
    def __rtruediv__(self, other: Any) -> Any: return self._reflected(divide, other)
    def __pow__(self, other: Any) -> Any: return self._binary(power, other)
    def __rpow__(self, other: Any) -> Any: return self._reflected(power, other)
    def __neg__(self) -> Self: return self._unary(negative)
    def __pos__(self) -> Self: return self
    def __abs__(self) -> Self: return self._unary(e.abs_)

    # `x += y` makes a new node while operations are recorded, and changes x in place where they are not.
    def __iadd__(self, other: Any) -> Any: return self._in_place(add, other)
    def __isub__(self, other: Any) -> Any: return self._in_place(subtract, other)
    def __imul__(self, other: Any) -> Any: return self._in_place(multiply, other)
    def __itruediv__(self, other: Any) -> Any: return self._in_place(divide, other)
    def __ipow__(self, other: Any) -> Any: return self._in_place(power, other)

    def exp(self) -> Self: return self._unary(e.exp)
    def expm1(self) -> Self: return self._unary(e.expm1)
    def log(self) -> Self: return self._unary(e.log)
    def log1p(self) -> Self: return self._unary(e.log1p)
    def sqrt(self) -> Self: return self._unary(e.sqrt)
    def square(self) -> Self: return self._unary(e.square)
    def sin(self) -> Self: return self._unary(e.sin)
    def cos(self) -> Self: return self._unary(e.cos)
    def tan(self) -> Self: return self._unary(e.tan)
    def arcsin(self) -> Self: return self._unary(e.arcsin)
    def arccos(self) -> Self: return self._unary(e.arccos)
    def arctan(self) -> Self: return self._unary(e.arctan)
    def sinh(self) -> Self: return self._unary(e.sinh)
    def cosh(self) -> Self: return self._unary(e.cosh)
    def tanh(self) -> Self: return self._unary(e.tanh)
    def sigmoid(self) -> Self: return self._unary(e.sigmoid)
    def softplus(self) -> Self: return self._unary(e.softplus)
    def relu(self) -> Self: return self._unary(e.relu)
    def erf(self) -> Self: return self._unary(e.erf)
    def abs(self) -> Self: return self._unary(e.abs_)
    def sign(self) -> Self: return self._unary(e.sign)
    def clip(self, min: Any = None, max: Any = None) -> Self: return e.clip(self, min, max)
    # fmt: on

    def backward(self, gradient: Any = None, *, create_graph: bool = False, retain_grads: bool = False) -> None:
        """Add to `.grad` of every leaf the derivative of this node by that leaf.

        A second call adds once more: the graph stays usable, and gradients accumulate until they are set to None.

        Parameters
        ----------
        gradient : the upstream gradient to begin with, of this node's shape; may be left out for a single number.
        create_graph : record the backward pass, so that the gradients can be differentiated again.
        retain_grads : keep the gradients of intermediate nodes as well.

        Raises `GraphError` where there is nothing to differentiate or no seed, `InPlaceError` where a needed number
        was changed after its use.

        >>> import tinygrad_edu as tg
        >>> x, y, w = tg.Value(2.0), tg.Value(3.0), tg.Value(4.0)
        >>> z = (x + y) * w
        >>> z.backward()
        >>> x.grad, y.grad, w.grad
        (4.0, 4.0, 5.0)
        """
        taken: set[int] = set()
        pairs = walk(self, gradient, create_graph=create_graph, every=retain_grads, release=not create_graph)
        for node, upstream in recorded(pairs) if create_graph else pairs:
            if node.primitive is not None:
                node._note("kept", True)
            node._receive(upstream, taken)

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
        self._note("kept", True)

    def zero_grad(self) -> None:
        """Forget the gradient: `.grad` is None again.

        >>> import tinygrad_edu as tg
        >>> x = tg.Value(3.0)
        >>> (x * x).backward()
        >>> x.zero_grad()
        >>> x.grad is None
        True
        """
        self._grad = None

    def _kept_grad(self) -> Any:
        """`.grad`, with a warning where one asks for what was not kept."""
        grad = getattr(self, "_grad", None)
        if grad is None and self.primitive is not None and "kept" not in (self._extra or ()):
            warnings.warn(
                f"the gradient of {describe(self)} was not kept: it is the result of an operation, and backward() "
                "keeps those of leaves only; call retain_grad() on it first, or use backward(retain_grads=True)",
                stacklevel=3,
            )
        return grad

    def _number(self) -> Any:
        """The number held; computed again if a backward pass has let go of it."""
        try:
            return self._data
        except AttributeError:
            return recompute(self)

    def __array_ufunc__(self, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
        from .numpy_protocol import call_ufunc

        return call_ufunc(ufunc, method, operands, options)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from .numpy_protocol import call_function

        return call_function(function, args, kwargs)
