"""Derivatives of functions: `grad`, `value_and_grad`, `vjp`, `jvp`, `jacobian`, `hessian`, `hvp`.

They take a function of numbers, arrays, Values or Tensors and differentiate it by its arguments. A derivative has the
type, shape and dtype of the argument it belongs to: a float for a float, an array for an array, a node for a node.

They nest. The subtle thing about nesting is whose variable is whose. In

    grad(lambda x: x * grad(lambda y: x + y)(x))(3.0)

the inner function is asked for its derivative by y, which is 1, at the place y = x. Were y the very node x, the inner
derivative would count both uses of x, and give 2. So every call gives the function fresh variables of its own, joined
to the outer ones by a recorded step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from ..errors import DtypeError, GraphError, OutOfRangeError, ShapeError
from .grad_mode import differentiate, recording, taking_derivative
from .gradients import gradients
from .messages import is_no_array_of_numbers, is_whole, listed, not_numbers, several, short
from .node import Node
from .primitives.elementwise import identity
from .primitives.shape import stack
from .tensor import Tensor
from .value import Value

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"]

Function = Callable[..., Any]


def grad(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """The function that gives the gradient of `f`, which returns one number, by its argument(s) `argnums`.

    One gradient for an int, a tuple for a sequence of ints. An argument that `f` does not depend on has gradient 0.

    >>> import tinygrad_edu as tg
    >>> tg.grad(lambda x, y: x * y ** 2, argnums=(0, 1))(2.0, 3.0)
    (9.0, 12.0)
    >>> tg.grad(tg.grad(lambda x: x ** 3))(2.0)
    12.0
    """
    both = value_and_grad(_function("grad", f), argnums)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return gradient


def value_and_grad(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """The function that gives both `f` and its gradient, from one forward and one backward pass.

    >>> import tinygrad_edu as tg
    >>> tg.value_and_grad(lambda x: x ** 3)(2.0)
    (8.0, 12.0)
    """
    _function("value_and_grad", f)

    def value_and_gradient(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        call = _Call("grad", f, args, argnums, kwargs)
        call.of_one_number()
        found = call.pull()
        return call.value, found[0] if is_whole(argnums) else found

    return value_and_gradient


def vjp(f: Function, *primals: Any) -> tuple[Any, Function]:
    """(f(*primals), pull): `pull(upstream)` gives the upstream gradient times the Jacobian, a tuple, one a primal.

    >>> import tinygrad_edu as tg
    >>> out, pull = tg.vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> out, pull(1.0)
    (6.0, (3.0, 2.0))
    """
    call = _Call("vjp", _function("vjp", f), primals, range(len(primals)))
    return call.value, call.pull


def jvp(f: Function, primals: Any, tangents: Any) -> tuple[Any, Any]:
    """(f(*primals), its directional derivative along `tangents`): the Jacobian times a vector.

    Works by transposing twice: the backward pass is linear in its upstream gradient u, so the derivative of that pass
    by u, walked back from the tangents, is the forward derivative.

    >>> import tinygrad_edu as tg
    >>> tg.jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 10.0))
    (6.0, 23.0)
    """
    primals, tangents = _paired("jvp", primals, tangents)
    call = _Call("jvp", _function("jvp", f), primals, range(len(primals)))
    if not call.connected:
        return call.value, _zeros(call.value)
    out = call.output
    upstream = Value(1.0) if isinstance(out, Value) else Tensor(np.ones(out.shape, out.dtype), requires_grad=True)
    pulled = gradients(out, call.variables, upstream, create_graph=True)
    tangent = _transposed(pulled, tangents, [upstream], call.in_graph)[0]
    return call.value, _zeros(call.value) if tangent is None else _like(tangent, call.value)


def jacobian(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """The function that gives all derivatives of all outputs of `f`: of shape `output.shape + argument.shape`.

    >>> import tinygrad_edu as tg
    >>> tg.jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    _function("jacobian", f)

    def jacobian_at(*args: Any, **kwargs: Any) -> Any:
        call = _Call("jacobian", f, args, argnums, kwargs)
        shape = np.shape(call.value)
        if shape == ():
            found = call.pull()
        else:
            rows = [call.pull(row.reshape(shape)) for row in np.eye(np.size(call.value))]
            columns = list(zip(*rows)) or [()] * len(call.arguments)
            found = tuple(_stacked(column, shape, x) for column, x in zip(columns, call.arguments))
        return found[0] if is_whole(argnums) else found

    return jacobian_at


def hessian(f: Function, argnums: int = 0) -> Function:
    """The function that gives the second derivatives of `f`, which returns one number, by one argument.

    >>> import tinygrad_edu as tg
    >>> tg.hessian(lambda x: (x ** 3).sum())(np.array([1.0, 2.0]))
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    if not is_whole(argnums):
        raise DtypeError(f"hessian: argnums is one whole number, not {type(argnums).__name__} {short(argnums)}")
    return jacobian(grad(_function("hessian", f), argnums), argnums)


def hvp(f: Function, primals: Any, tangents: Any) -> Any:
    """The Hessian of `f` at `primals` times `tangents`, without making the Hessian: two walks, whatever the size.

    Raises `ShapeError` where tangents and primals differ in shape.

    >>> import tinygrad_edu as tg
    >>> tg.hvp(lambda x: (x ** 3).sum(), np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    array([  6., 120.])
    """
    single = not isinstance(primals, tuple)
    primals, tangents = _paired("hvp", primals, tangents)
    call = _Call("hvp", _function("hvp", f), primals, range(len(primals)))
    call.of_one_number()
    pulled = gradients(call.output, call.variables, create_graph=True) if call.connected else []
    found = call.finished(_transposed(pulled, tangents, call.variables, call.in_graph))
    return found[0] if single else found


# How a function is called with variables of its own.


class _Call:
    """A function called with fresh variables in the place of some arguments.

    Attributes
    ----------
    arguments : what the caller gave in those places.
    variables : what the function got there.
    output : what it returned; `value` is the same in the caller's terms.
    connected : whether the output depends on any node.
    in_graph : whether a derivative is being taken around this one, so that results have to be nodes.
    """

    def __init__(
        self,
        operator: str,
        f: Function,
        args: Sequence[Any],
        argnums: int | Sequence[int],
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.operator = operator
        slots = _slots(operator, argnums, len(args))
        self.arguments = [args[i] for i in slots]
        for i, x in zip(slots, self.arguments):
            _differentiable(operator, i, x)
        self.in_graph = bool(recording()) and (
            taking_derivative() or any(isinstance(x, Node) and x.requires_grad for x in self.arguments)
        )
        given = list(args)
        with differentiate():
            self.variables = [_variable(x, self.in_graph) for x in self.arguments]
            for i, variable in zip(slots, self.variables):
                given[i] = variable
            self.output = f(*given, **(kwargs or {}))
        _one_result(operator, self.output)
        self.connected = isinstance(self.output, Node) and self.output.requires_grad
        wants_nodes = self.in_graph or any(isinstance(x, Node) for x in self.arguments)
        self.value = self.output if wants_nodes else _plain(self.output)

    def pull(self, upstream: Any = None) -> tuple[Any, ...]:
        """The gradients of the output by the variables, in the caller's terms."""
        found: Sequence[Any] = ()
        if upstream is not None and is_no_array_of_numbers(upstream):
            raise not_numbers(self.operator, upstream)
        if self.connected:
            found = gradients(self.output, self.variables, upstream, create_graph=self.in_graph)
        return self.finished(found)

    def of_one_number(self) -> None:
        """Refuse a function that returns more than one number."""
        shape = np.shape(_plain(self.output))
        if prod(shape) != 1:
            raise GraphError(
                f"{self.operator}: the function returned shape {shape}, not one number; reduce it with .sum() or "
                ".mean(), or use tg.jacobian or tg.vjp"
            )

    def finished(self, found: Sequence[Any]) -> tuple[Any, ...]:
        """Each gradient in the type of its argument; 0 where there is no path."""
        found = found or [None] * len(self.arguments)
        return tuple(_zeros(x) if g is None else _like(g, x) for g, x in zip(found, self.arguments))


def _function(operator: str, f: Any) -> Function:
    if isinstance(f, Node):
        raise DtypeError(
            f"{operator}: needs a function, not a {type(f).__name__}; the gradients of a node are found by "
            "node.backward() or tg.gradients(node, [x, y])"
        )
    if not callable(f):
        raise DtypeError(f"{operator}: needs a function, not {type(f).__name__} {short(f)}")
    return f  # type: ignore[no-any-return]


def _slots(operator: str, argnums: int | Sequence[int], n: int) -> list[int]:
    """The places of the arguments to differentiate by."""
    wanted = several(argnums)
    for i in wanted:
        if not is_whole(i):
            raise DtypeError(
                f"{operator}: argnums is the place of an argument, a whole number or a tuple of them, "
                f"not {type(i).__name__} {short(i)}"
            )
        if not -n <= i < n:
            raise OutOfRangeError(
                f"{operator}: argnums {short(argnums)} is out of range, for the function was called with {n} "
                f"positional argument{'s' * (n != 1)}, and places are counted from 0"
            )
    slots = [i % n for i in wanted]
    if len(set(slots)) < len(slots):
        raise ShapeError(f"{operator}: argnums {short(argnums)} names one argument twice; name each once")
    return slots


def _differentiable(operator: str, i: int, x: Any) -> None:
    """Refuse an argument that has no derivative."""
    if is_no_array_of_numbers(x):
        raise not_numbers(f"{operator}: argument {i}", x)
    dtype = getattr(x, "dtype", np.dtype(bool if isinstance(x, bool) else float))
    if dtype.kind != "f":
        raise DtypeError(
            f"{operator}: argument {i} is of dtype {dtype}, and only floating-point numbers have derivatives; "
            ".astype(float) makes them such"
        )


def _one_result(operator: str, output: Any) -> None:
    """Refuse a function that returns anything but one node, number or array."""
    if output is None:
        raise GraphError(f"{operator}: the function returned None; did it forget its `return`?")
    if isinstance(output, (list, tuple)):
        raise GraphError(
            f"{operator}: the function returned a {type(output).__name__} of {len(output)}, and has to return one "
            "result; tg.stack or tg.concatenate makes one of several"
        )
    if isinstance(output, bool) or getattr(getattr(output, "dtype", None), "kind", "f") in "biu":
        raise GraphError(
            f"{operator}: the function returned {short(output)}, and a bool or a whole number has no derivative; "
            "return the number that it was computed from"
        )
    if not isinstance(output, Node) and is_no_array_of_numbers(output):
        raise GraphError(
            f"{operator}: the function returned {type(output).__name__} {short(output)}; "
            "it has to return one Value, Tensor, number or array"
        )


def _variable(x: Any, in_graph: bool) -> Node:
    """A fresh variable at the place x; joined to x by a recorded step if somebody differentiates by x as well."""
    variable: Node
    if isinstance(x, Node) and x.requires_grad and in_graph:
        variable = identity(x)
    elif isinstance(x, Value) or type(x) in (int, float):
        variable = Value(x._data if isinstance(x, Value) else float(x))
    else:
        variable = Tensor(x, requires_grad=True)
    notes = variable.own_notes()
    notes.name, notes.role = (x.name if isinstance(x, Node) else None), "variable"
    return variable


def _paired(name: str, primals: Any, tangents: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    primals = primals if isinstance(primals, tuple) else (primals,)
    tangents = tangents if isinstance(tangents, tuple) else (tangents,)
    for x in (*primals, *tangents):
        if is_no_array_of_numbers(x):
            raise not_numbers(name, x)
    of_primals, of_tangents = ([str(np.shape(_plain(x))) for x in given] for given in (primals, tangents))
    if of_primals != of_tangents:
        raise ShapeError(
            f"{name}: every primal has a tangent of its shape, but the primals have shapes {listed(of_primals)} "
            f"and the tangents {listed(of_tangents)}; several are given as tuples"
        )
    return primals, tangents


def _transposed(pulled: Sequence[Any], tangents: Sequence[Any], inputs: Sequence[Node], in_graph: bool) -> list[Any]:
    """The derivatives of Σ pulled · tangent by the inputs."""
    total: list[Any] = [None] * len(inputs)
    for g, tangent in zip(pulled, tangents):
        if g is not None and g.requires_grad:
            part = gradients(g, inputs, tangent, create_graph=in_graph)
            total = [b if a is None else a if b is None else a + b for a, b in zip(total, part)]
    return total


def _plain(x: Any) -> Any:
    return x.data if isinstance(x, Node) else x


def _zeros(like: Any) -> Any:
    if isinstance(like, Value):
        return Value(0.0, requires_grad=False)
    if isinstance(like, Tensor):
        return Tensor(np.zeros(like.shape, like.dtype))
    return 0.0 if type(like) in (int, float) else _plain(Tensor(np.zeros_like(Tensor(like).data))).copy()


def _like(g: Any, x: Any) -> Any:
    """A gradient in the type of what it belongs to; a node stays one while somebody differentiates further."""
    if isinstance(g, Node):
        return g if g.requires_grad or isinstance(x, Node) else _like(g.data, x)
    if isinstance(x, Value):
        return Value(g, requires_grad=False)
    if isinstance(x, Tensor):
        return Tensor(g)
    return np.array(g) if isinstance(g, np.ndarray) else g


def _stacked(rows: Sequence[Any], shape: tuple[int, ...], x: Any) -> Any:
    """The rows of a Jacobian, one for each number of an output of the given shape."""
    if not rows:
        return _like(np.zeros((*shape, *np.shape(_plain(x)))), x)
    if any(isinstance(row, Node) for row in rows):
        return stack(rows).reshape((*shape, *np.shape(_plain(x))))
    return np.stack(rows).reshape((*shape, *np.shape(x)))
