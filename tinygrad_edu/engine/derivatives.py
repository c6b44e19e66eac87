"""Derivatives of functions: `grad`, `value_and_grad`, `vjp`, `jvp`, `jacobian`, `hessian`, `hvp`.

They take a function of numbers, arrays, Values or Tensors and differentiate it by its arguments. A derivative has the
type, shape and dtype of the argument it belongs to: a float for a float, an array for an array, a node for a node.

They can be nested. The difficulty of nesting is to keep the variables apart. In

    grad(lambda x: x * grad(lambda y: x + y)(x))(3.0)

the inner `grad` takes the derivative of x + y by y at the point y = x, which is 1. If y were the same node as x, the
inner derivative would count both uses of x, and give 2. So every call hands fresh variables to the function. A recorded
`identity` connects them to the outer ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import prod
from typing import Any

import numpy as np

from ..errors import DtypeError, GraphError, OutOfRangeError, ShapeError
from .arrays import Numbers
from .grad_mode import OFF, differentiate, recording, state
from .gradients import gradients
from .graphs import reachable
from .messages import is_no_array_of_numbers, is_whole, listed, not_numbers, several, short
from .node import Node, new, number_of, packed, record, shape_of
from .primitives.elementwise import identity
from .primitives.shape import stack
from .tensor import Tensor
from .value import Value
from .walk import recorded, walk

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"]

Function = Callable[..., Any]


def grad(f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """The function that gives the gradient of `f`, which returns one number, by its argument(s) `argnums`.

    One gradient for an int, a tuple for a sequence of ints. An argument that `f` does not depend on has gradient 0. An
    argument may be a dict, list or tuple of numbers and arrays; so is its gradient then. With `has_aux`, `f` returns a
    pair (number, anything else), and the gradient comes with the second: (gradient, anything else).

    >>> import tinygrad_edu as tg
    >>> tg.grad(lambda x, y: x * y ** 2, argnums=(0, 1))(2.0, 3.0)
    (9.0, 12.0)
    >>> tg.grad(tg.grad(lambda x: x ** 3))(2.0)
    12.0
    >>> tg.grad(lambda p: p["w"] ** 2 + p["b"])({"w": 3.0, "b": 1.0})
    {'w': 6.0, 'b': 1.0}
    """
    both = value_and_grad(function_of("grad", f), argnums, has_aux)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, found = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return gradient


def value_and_grad(f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """The function that gives both `f` and its gradient, from one forward and one backward pass.

    With `has_aux`, `f` returns a pair (number, anything else), and the result is (the pair, the gradient).

    >>> import tinygrad_edu as tg
    >>> tg.value_and_grad(lambda x: x ** 3)(2.0)
    (8.0, 12.0)
    """
    function_of("value_and_grad", f)

    def value_and_gradient(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        evaluation = _Evaluation("grad", f, args, _slots("grad", argnums, args), kwargs, has_aux)
        evaluation.of_one_number()
        found = evaluation.pull()
        value = (evaluation.value, evaluation.aux) if has_aux else evaluation.value
        return value, found[0] if is_whole(argnums) else found

    return value_and_gradient


def vjp(f: Function, *primals: Any) -> tuple[Any, Function]:
    """(f(*primals), pull): `pull(upstream)` gives the upstream gradient times the Jacobian, one item a primal.

    >>> import tinygrad_edu as tg
    >>> out, pull = tg.vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> out, pull(1.0)
    (6.0, (3.0, 2.0))
    """
    evaluation = _Evaluation("vjp", function_of("vjp", f), primals, range(len(primals)))
    return evaluation.value, evaluation.pull


def jvp(f: Function, primals: Any, tangents: Any) -> tuple[Any, Any]:
    """(f(*primals), its directional derivative along `tangents`): the Jacobian times a vector.

    It transposes twice: the backward pass is a linear function of its upstream gradient u, and the derivative of that
    function by u, with the tangents as upstream gradient, is the forward derivative.

    >>> import tinygrad_edu as tg
    >>> tg.jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 10.0))
    (6.0, 23.0)
    """
    primals, tangents = _paired("jvp", primals, tangents)
    evaluation = _Evaluation("jvp", function_of("jvp", f), primals, range(len(primals)))
    if not evaluation.connected:
        return evaluation.value, _zeros(evaluation.value)
    out = evaluation.output
    upstream = Value(1.0) if isinstance(out, Value) else Tensor(np.ones(out.shape, out.dtype), requires_grad=True)
    pulled = gradients(out, evaluation.variables, upstream, create_graph=True)
    tangent = _transposed(pulled, tangents, [upstream], evaluation.in_graph)[0]
    return evaluation.value, _zeros(evaluation.value) if tangent is None else _like(tangent, evaluation.value)


def jacobian(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """The function that gives all derivatives of all outputs of `f`: of shape `output.shape + argument.shape`.

    >>> import tinygrad_edu as tg
    >>> tg.jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    function_of("jacobian", f)

    def jacobian_at(*args: Any, **kwargs: Any) -> Any:
        evaluation = _Evaluation("jacobian", f, args, _slots("jacobian", argnums, args), kwargs)
        shape = shape_of(evaluation.output)
        if shape == ():
            found = evaluation.pull()
        elif evaluation.in_graph and 0 not in shape:
            found = evaluation.rebuilt(evaluation.stacked())
        else:
            found = evaluation.rebuilt(evaluation.columns() if evaluation.is_tall() else evaluation.rows())
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
    return jacobian(grad(function_of("hessian", f), argnums), argnums)


def hvp(f: Function, primals: Any, tangents: Any) -> Any:
    """The Hessian of `f` at `primals` times `tangents`, by two backward passes and without the Hessian itself.

    Raises `ShapeError` if tangents and primals differ in shape.

    >>> import tinygrad_edu as tg
    >>> tg.hvp(lambda x: (x ** 3).sum(), np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    array([  6., 120.])
    """
    single = not isinstance(primals, tuple)
    primals, tangents = _paired("hvp", primals, tangents)
    evaluation = _Evaluation("hvp", function_of("hvp", f), primals, range(len(primals)))
    evaluation.of_one_number()
    pulled = gradients(evaluation.output, evaluation.variables, create_graph=True) if evaluation.connected else []
    found = evaluation.finished(_transposed(pulled, tangents, evaluation.variables, evaluation.in_graph))
    return found[0] if single else found


# How a function is called with fresh variables.


class _Evaluation:
    """A function called with fresh variables in place of some of its arguments.

    Attributes
    ----------
    given : those arguments, as the caller gave them.
    nested : whether one of them is a dict, list or tuple of numbers and arrays.
    arguments : the numbers and arrays among them and in them.
    variables : what the function got in their place.
    output : what it returned.
    value : the output in the type that the caller expects: a node if an argument is one, else a plain number.
    connected : whether the output depends on a node that requires a gradient.
    in_graph : whether somebody differentiates the result of this derivative, so that it must be a graph.
    aux : what the function returned beside the output, if it was to.
    """

    def __init__(
        self,
        operator: str,
        f: Function,
        args: Sequence[Any],
        slots: Sequence[int],
        kwargs: dict[str, Any] | None = None,
        has_aux: bool = False,
    ) -> None:
        self.operator = operator
        self.given, self.nested, self.arguments = [], False, []
        here, in_nodes = state(), False
        in_graph = here.derivative
        for i in slots:
            nested = _is_container(args[i])
            self.given.append(args[i])
            self.nested = self.nested or nested
            for x in _leaves(args[i]) if nested else (args[i],):
                _differentiable(operator, i, x)
                self.arguments.append(x)
                if isinstance(x, Node):
                    in_nodes, in_graph = True, in_graph or x.tick > 0
        self.in_graph = in_graph and here.level > OFF
        given = list(args)
        self.variables = [_variable(x, self.in_graph) for x in self.arguments]
        for i, variable in zip(slots, self.rebuilt(self.variables)):
            given[i] = variable
        self.output, self.aux = differentiate.run(f, *given, **(kwargs or {})), None
        if has_aux:
            self.output, self.aux = _pair(operator, self.output)
        self.connected = isinstance(self.output, Node) and self.output.tick > 0
        if not self.connected:
            _one_result(operator, self.output)
        self.value = self.output if self.in_graph or in_nodes else _plain(self.output)

    def pull(self, upstream: Any = None) -> tuple[Any, ...]:
        """The gradients of the output by the variables, in the caller's terms."""
        return self.rebuilt(self.pulled(upstream))

    def rebuilt(self, found: Iterable[Any]) -> tuple[Any, ...]:
        """What was found for the numbers and arrays, in the dicts, lists and tuples that these were given in."""
        rest = iter(found)
        return tuple([_rebuilt(given, rest) for given in self.given]) if self.nested else tuple(found)

    def stacked(self) -> list[Any]:
        """The Jacobians as nodes that can be differentiated further."""
        shape, found = shape_of(self.output), []
        for x, rows in zip(self.arguments, zip(*[self.pulled(unit) for _, unit in _units(shape)])):
            jacobian = stack(rows) if any(isinstance(row, Node) for row in rows) else np.stack(rows)
            found.append(_like_array(jacobian.reshape((*shape, *shape_of(x))), x))
        return found

    def rows(self) -> list[Any]:
        """The Jacobians, a row for each number of the output."""
        shape = shape_of(self.output)
        found = [np.zeros((*shape, *x.shape), _dtype(x)) for x in self.variables]
        for place, unit in _units(shape) if self.connected else ():
            for jacobian, g in zip(found, gradients(self.output, self.variables, unit)):
                if g is not None:
                    jacobian[place] = g
        return [_like_array(jacobian, x) for jacobian, x in zip(found, self.arguments)]

    def is_tall(self) -> bool:
        """Whether the Jacobians have fewer columns than rows."""
        numbers = sum(np.size(number_of(x)) for x in self.variables)
        return self.connected and numbers < np.size(number_of(self.output))

    def columns(self) -> list[Any]:
        """The Jacobians, a column for each number of the arguments: cheap where there are fewer of them than outputs.

        The backward pass is linear in its upstream gradient; its derivative along one number is a column (see `jvp`).
        """
        shape = self.output.shape
        upstream = Tensor(np.ones(shape, self.output.dtype), requires_grad=True)
        pairs = walk(self.output, upstream, inputs=self.variables, create_graph=True, on_edge=_forget_edge)
        gradient_of = dict(recorded(pairs))
        back = [_linear(gradient_of.get(x), upstream) for x in self.variables]
        del self.output, self.value, pairs, gradient_of  # the rest of the graph is not needed any more
        all_columns = [
            [gradients(g, [upstream], unit)[0] for _, unit in _units(x.shape, _dtype(x))] if g is not None else ()
            for g, x in zip(back, self.variables)
        ]
        del back, upstream
        found = []
        for columns, variable, x in zip(all_columns, self.variables, self.arguments):
            jacobian = np.zeros((*shape, *variable.shape), _dtype(variable))
            for place, column in zip(np.ndindex(variable.shape), columns):
                if column is not None:
                    jacobian[(..., *place)] = column
            found.append(_like_array(jacobian, x))
        return found

    def pulled(self, upstream: Any = None) -> tuple[Any, ...]:
        """The gradients by the variables, each in the type of its argument."""
        found: Sequence[Any] = ()
        if upstream is not None and is_no_array_of_numbers(upstream):
            raise not_numbers(self.operator, upstream)
        if self.connected:
            in_graph = self.in_graph or bool(recording() and isinstance(upstream, Node) and upstream.requires_grad)
            found = gradients(self.output, self.variables, upstream, create_graph=in_graph)
        return self.finished(found)

    def of_one_number(self) -> None:
        """Refuse a function that returns more than one number."""
        shape = shape_of(self.output)
        if shape and prod(shape) != 1:
            raise GraphError(
                f"{self.operator}: the function returned shape {shape}, not one number; reduce it with .sum() or "
                ".mean(), or use tg.jacobian or tg.vjp"
            )

    def finished(self, found: Sequence[Any]) -> tuple[Any, ...]:
        """Each gradient in the type of its argument; 0 if there is no path."""
        found = found or [None] * len(self.arguments)
        return tuple([_zeros(x) if g is None else _like(g, x) for g, x in zip(found, self.arguments)])


def _linear(output: Node | None, variable: Node) -> Node | None:
    """A graph that is linear in a variable, freed of what its derivative by the variable does not need; None for 0.

    That derivative is the same wherever it is taken. So of a node between the two only the shape is asked for, and any
    other node is a constant, which needs no operands.
    """
    if output is None or output.tick < 0:
        return None
    between = reachable(output, [variable])
    for node in between:
        if node.primitive is not None:
            operands = [x if isinstance(x, Node) and x in between else number_of(x) for x in node.inputs]
            node._first, node._second = packed(operands, node.attrs, node.primitive)
        _forget(node)
    return output


def _forget_edge(node: Node, slot: int, x: Node, upstream: Any, *gradients: Any) -> None:
    """Free the numbers of gradients, which are linear: of all that was made, by calls of one operand, of `upstream`."""
    _forget(upstream)
    for g in gradients:
        while isinstance(g, Tensor) and g is not upstream:
            _forget(g)
            g = g.inputs[0] if len(g.inputs) == 1 else None


def _forget(x: Any) -> None:
    """Free the numbers of a tensor, in which all is linear, so that no others are asked for: one 1 takes their place.

    It is no 0, because a rule of a user may spare itself the work where its upstream gradient is 0.
    """
    if isinstance(x, Tensor):
        shape, dtype = x._number.shape, x._number.dtype
        x._number = np.ndarray(shape, dtype, np.ones((), dtype).tobytes(), strides=(0,) * len(shape))


def _is_container(x: Any) -> bool:
    """Whether x is a dict, or a list or tuple that holds arrays, nodes or containers; one of numbers is an array."""
    if isinstance(x, (list, tuple)):
        return any(hasattr(y, "dtype") or isinstance(y, Node) or _is_container(y) for y in x)
    return isinstance(x, dict)


def _leaves(x: Any) -> list[Any]:
    """The numbers, arrays and nodes in nested containers, in order."""
    if not _is_container(x):
        return [x]
    return [leaf for y in (x.values() if isinstance(x, dict) else x) for leaf in _leaves(y)]


def _rebuilt(x: Any, leaves: Iterator[Any]) -> Any:
    """Containers like those of x, filled with other leaves."""
    if not _is_container(x):
        return next(leaves)
    if isinstance(x, dict):
        return {key: _rebuilt(y, leaves) for key, y in x.items()}
    filled = [_rebuilt(y, leaves) for y in x]
    return type(x)(*filled) if hasattr(x, "_fields") else type(x)(filled)


def _pair(operator: str, output: Any) -> tuple[Any, Any]:
    if isinstance(output, tuple) and len(output) == 2:
        return output
    raise GraphError(
        f"{operator}: with has_aux the function returns a pair (number, anything else), not {short(output)}"
    )


def function_of(operator: str, f: Any) -> Function:
    """The function that an operator is given. Raises `DtypeError` for anything else, such as a result."""
    if isinstance(f, Node):
        raise DtypeError(
            f"{operator}: needs a function, not a {type(f).__name__}; the gradients of a node are found by "
            "node.backward() or tg.gradients(node, [x, y])"
        )
    if not callable(f):
        raise DtypeError(f"{operator}: needs a function, not {type(f).__name__} {short(f)}")
    return f  # type: ignore[no-any-return]


def _slots(operator: str, argnums: int | Sequence[int], args: Sequence[Any]) -> list[int]:
    """The positions of the arguments to differentiate by."""
    n = len(args)
    if type(argnums) is int and 0 <= argnums < n:  # nearly always
        return [argnums]
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
    if not isinstance(x, Node) and is_no_array_of_numbers(x):
        raise not_numbers(f"{operator}: argument {i}", x)
    dtype = getattr(number_of(x), "dtype", None) or np.dtype(bool if isinstance(x, bool) else float)
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
    if in_graph and isinstance(x, Node) and x.tick > 0:
        variable = x.unary(identity)
    elif isinstance(x, Tensor):
        variable = record(new(Tensor), number_of(x))
        variable.tick = variable.index
    elif isinstance(x, Value) or type(x) in (int, float):
        variable = Value(number_of(x))
    else:
        variable = Tensor(x, requires_grad=True)
    notes = variable.own_notes()
    notes.role = "variable"
    if isinstance(x, Node) and x.notes is not None:
        notes.name = x.notes.name
    return variable


def _paired(name: str, primals: Any, tangents: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    primals = primals if isinstance(primals, tuple) else (primals,)
    tangents = tangents if isinstance(tangents, tuple) else (tangents,)
    for x in (*primals, *tangents):
        if is_no_array_of_numbers(x):
            raise not_numbers(name, x)
    of_primals, of_tangents = [*map(shape_of, primals)], [*map(shape_of, tangents)]
    if of_primals != of_tangents:
        raise ShapeError(
            f"{name}: every primal has a tangent of its shape, but the primals have shapes "
            f"{listed([*map(str, of_primals)])} and the tangents {listed([*map(str, of_tangents)])}; "
            "several are given as tuples"
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


def _zeros(like: Any) -> Any:
    if isinstance(like, Value):
        return Value(0.0, requires_grad=False)
    if isinstance(like, Tensor):
        return Tensor(np.zeros(like.shape, like.dtype))
    return 0.0 if type(like) in (int, float) else np.zeros_like(Tensor(like).data)


def _plain(x: Any) -> Any:
    """The number of a node as a plain float or array; what is no node as it is."""
    number = x.data if isinstance(x, Node) else x
    return np.asarray(number) if isinstance(number, np.ndarray) else number


def _like(g: Any, x: Any) -> Any:
    """The gradient g in the type of x, to which it belongs; it stays a node if it can be differentiated further."""
    if isinstance(g, Node):
        return g if g.requires_grad or isinstance(x, Node) else _like(g.data, x)
    if isinstance(x, Value):
        return Value(g, requires_grad=False)
    if isinstance(x, Tensor):
        return record(new(Tensor), g) if type(g) is np.ndarray else Tensor(g)  # a gradient is an array of its own
    return np.array(g) if isinstance(g, Numbers) else g


def _like_array(jacobian: Any, x: Any) -> Any:
    """A Jacobian by x: a Tensor for a node, else an array; it stays a node if it can be differentiated further."""
    return Tensor(jacobian) if isinstance(x, Node) and not isinstance(jacobian, Node) else jacobian


def _dtype(x: Node) -> np.dtype[Any]:
    return np.result_type(number_of(x))


def _units(shape: tuple[int, ...], dtype: Any = float) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
    """Each place in an array of this shape, with an array that is 1 there and 0 elsewhere."""
    for place in np.ndindex(shape):
        unit = np.zeros(shape, dtype)
        unit[place] = 1
        yield place, unit
