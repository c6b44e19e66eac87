"""Errors for what a tensor cannot do: be a number, a length, an index or a seed, or change in place."""

from __future__ import annotations

import warnings
from typing import Any

from ..._support.languages import say, texts
from ...errors import DtypeError, GraphError, InPlaceError, ShapeError
from ..grad_mode import Source, taking_derivative
from ..node import Node, number_of
from .words import describe

__all__ = [
    "already_a_leaf", "cannot_be_recomputed", "changed_after_use", "leaves_the_graph", "leaving", "lost",
    "may_be_lost", "needs_a_seed", "neither_true_nor_false", "no_dtype_of_gradients", "no_exchange", "no_index",
    "no_items", "not_held", "not_kept", "not_of_its_shape", "not_one", "not_recorded", "not_the_whole",
    "result_copied",
]  # fmt: skip


def no_dtype_of_gradients(x: Any) -> DtypeError:
    """requires_grad of integers."""
    return DtypeError(
        "requires_grad: only floating-point tensors have gradients, not {dtype}; make it with dtype='float32'",
        dtype=x.dtype,
    )


def not_of_its_shape(x: Any, gradient: Any, name: str) -> ShapeError:
    """A gradient of another shape that `backward` is given, or that is set as `.grad`."""
    return ShapeError(
        "{name}: the gradient of {x} has the same shape, not {shape}", name=name, x=describe(x), shape=gradient.shape
    )


def not_one(x: Any) -> ShapeError:
    """item() of several numbers."""
    return ShapeError("item: {x} holds {n} numbers, not one; use .numpy() or .tolist()", x=describe(x), n=x.size)


def no_items(x: Any) -> DtypeError:
    """len() of a single number."""
    return DtypeError(say("len: a tensor of shape () has no length and no items; use .item() for its number"))


def neither_true_nor_false(x: Any) -> ShapeError:
    """bool() of several numbers."""
    return ShapeError(
        "bool: {x} holds {n} numbers, so it is neither true nor false; use .data.any() or .data.all()",
        x=describe(x),
        n=x.size,
    )


def no_exchange(x: Any) -> ShapeError:
    """The error of `x.transpose(0, 1)` of two axes, with which PyTorch exchanges them."""
    text = texts(
        "transpose: its axes are all axes in their new order, and {x} has them in the order 0, 1: write {code}"
    )
    return ShapeError(text, x=describe(x), code="x.T")


def no_index(x: Any) -> DtypeError:
    """A float, or several numbers, as an index."""
    return DtypeError(
        "index: only an integer tensor of size one is a whole number, not {x} of dtype {dtype}",
        x=describe(x),
        dtype=x.dtype,
    )


def lost(x: Node, how: str) -> GraphError:
    """A number that leaves the graph while a derivative is taken: by float(), by math.exp(), into a plain array."""
    return GraphError(
        "{how}: the number of {x} would leave the graph while a derivative is being taken, and its gradient would "
        "be lost; write tg.exp(x) instead of math.exp(x), and collect results in a list for tg.stack instead of an "
        "array; for the plain number, as in a message, take .item()",
        how=how,
        x=describe(x),
    )


def may_be_lost(x: Node, how: str) -> str:
    """The warning of .item() and .tolist() while a derivative is taken."""
    return say(
        "{how}: the number of {x} leaves the graph here while a derivative is being taken, and no gradient flows "
        "through what is computed from it",
        how=how,
        x=describe(x),
    )


def leaving(x: Node, how: str, refused: bool = False) -> None:
    """Refuse, or warn, that a number leaves the graph while a derivative is being taken."""
    if x.requires_grad and taking_derivative():
        if refused:
            raise lost(x, how)
        warnings.warn(may_be_lost(x, how), stacklevel=3)


def leaves_the_graph(x: Any) -> GraphError:
    """A recorded tensor as a NumPy array."""
    return GraphError(
        "array: {x} as a NumPy array would leave the graph, and its gradient would be lost; take .data where that "
        "is meant, compute with the tensor itself, or make one of several by tg.stack",
        x=describe(x),
    )


def result_copied(x: Node) -> GraphError:
    """A new tensor of a result that is recorded."""
    return GraphError(
        "tensor: {x} as a new tensor would leave the graph, and its gradient would be lost; compute with the result "
        "itself, and take its .data where a copy without a gradient is meant",
        x=describe(x),
    )


def needs_a_seed(x: Any) -> GraphError:
    """backward() of several numbers without a seed."""
    return GraphError(
        "backward: {x} holds {n} numbers, and gradients are taken of one number: reduce it first with .sum() or "
        ".mean(), or pass the upstream gradient, an array of its shape",
        x=describe(x),
        n=x.size,
    )


def not_kept(x: Node) -> None:
    """Warn that the `.grad` of a result is not kept, unless it was told to be."""
    if x.notes is None or not x.notes.retains_grad:
        said = say(
            "the gradient of {x} was not kept: it is the result of an operation, and backward() keeps those of leaves "
            "only; call retain_grad() on it first, or use backward(retain_grads=True)",
            x=describe(x),
        )
        warnings.warn(said, stacklevel=3)


def not_recorded(x: Node) -> InPlaceError:
    """An assignment to a tensor of a graph."""
    return InPlaceError(
        "setitem: a change in place of {x} would not be recorded; build a new tensor, of a list with tg.stack or "
        "with tg.where(mask, new, old), or change it inside tg.no_grad(), where no gradient passes",
        x=describe(x),
    )


def not_the_whole(x: Node) -> InPlaceError:
    """An assignment to a part of another tensor, as in `x[0][1] = 5`."""
    return InPlaceError(
        "setitem: {x} is a part or another form of another tensor, which would not change with it; write one index "
        "into the other, x[i, j] = ..., or change a copy, y = tg.tensor(x[i])",
        x=describe(x),
    )


def already_a_leaf(x: Node, name: str) -> InPlaceError:
    """`w -= ...` of a parameter while operations are recorded."""
    return InPlaceError(
        "{operation} in place: {x} is a leaf that requires a gradient, and changing it while operations are "
        "recorded would cut it off from its gradient; write `with tg.no_grad():` around the change",
        operation=name,
        x=describe(x),
    )


def not_held(x: Node, other: Any) -> DtypeError:
    """Numbers of a dtype that a tensor cannot hold are assigned to it."""
    return DtypeError(
        "setitem: {x} holds {dtype}, which cannot take {other} without loss; make it a tensor of that dtype "
        "first, with .astype()",
        x=describe(x),
        dtype=number_of(x).dtype,
        other=other,
    )


def changed_after_use(x: Node, user: Node, where: Source | None) -> InPlaceError:
    """A rule needs a number that was changed in place after `user` had used it."""
    problem = say(
        "backward: {changed}, after {user} had used it, and the number is needed as it was: change it after "
        "backward(), or change a copy of it",
        changed=_was_changed(x, where),
        user=describe(user),
    )
    hint = say("a state that is carried from one step to the next still hangs on the last graph: use state.detach()")
    return InPlaceError(f"{problem}\n  {hint}")


def cannot_be_recomputed(x: Node, user: Node, where: Source | None) -> InPlaceError:
    """The array of `user` was released, and one of its operands changed in place since then."""
    return InPlaceError(
        "{user} cannot be computed again: backward() has released its numbers, to save memory, and since then "
        "{changed}; look at a graph, or draw it, before its parameters change, such as by optimizer.step()",
        user=describe(user),
        changed=_was_changed(x, where),
    )


def _was_changed(x: Node, where: Source | None) -> str:
    at = say(" at {place}", place=where) if where else ""
    return say("{x} was changed in place{where}", x=describe(x), where=at)
