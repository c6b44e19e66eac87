"""Data-parallel training: Python threads that share a batch.

NumPy releases Python's lock while it computes, so two threads use two cores. Each thread computes the predictions of a
part of the batch, with a graph of its own. The loss is computed once, of all of them, so it may be any function. Its
gradient by the predictions of a part is what that part's thread carries back to the parameters, where the gradients are
added. They are those of the whole batch but for rounding, and the same in every run, because the parts and the order of
the additions are.

What a network needs of the whole batch, such as the mean of batch norm and the random numbers of dropout, the threads
compute together (`engine/parts.py`). They run the same program, so they come to the same places in the same order. If
they do not, or one of them fails, that is an error in all of them: none waits for one that does not come.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from functools import partial
from itertools import pairwise
from threading import Barrier, BrokenBarrierError
from typing import Any

import numpy as np

from .. import nn
from .._support.languages import texts
from .._support.nested import leaves, mapped
from .._support.threads import pool_of
from ..engine.blas import one_thread
from ..engine.gradients import gradients
from ..engine.node import clock
from ..engine.parts import Part, part
from ..engine.primitives.reductions import sum_
from ..engine.tensor import Tensor
from ..errors import ModuleError
from .metrics import arrays

__all__ = ["crew", "split_batch"]


def crew(threads: int) -> AbstractContextManager[ThreadPoolExecutor | None]:
    """A pool of threads; None where one thread is asked for. Raises `TinygradError` where there can be no other."""
    return nullcontext() if threads == 1 else pool_of(threads, "fit", texts("use threads=1"))


def split_batch(
    pool: ThreadPoolExecutor,
    threads: int,
    model: nn.Module,
    loss_of: Callable[[Any, Any], Any],
    parameters: Sequence[Any],
    inputs: Sequence[Any],
    targets: Any,
) -> tuple[float, Any]:
    """The loss and the predictions of a batch; the parameters get its gradients as their `.grad`.

    `loss_of(predictions, targets)` gives the loss of the whole batch. Raises `ModuleError` where the first axis is not
    the batch's, and where the parts do not do the same.
    """
    n = len(leaves(arrays(targets))[0])
    edges = np.linspace(0, n, min(threads, n) + 1).astype(int).tolist()
    rows = [slice(*edge) for edge in pairwise(edges)]
    for x in inputs:
        _refuse_another_axis("inputs", x, n)
    parts = side_by_side(pool, rows, lambda own: model(*(x[own] for x in inputs)), rows)
    for own, predictions in zip(rows, parts):
        for x in leaves(predictions):
            _refuse_another_axis("predictions", x, own.stop - own.start)
    whole = mapped(lambda *xs: Tensor(np.concatenate([x.data for x in xs]), requires_grad=xs[0].requires_grad), *parts)
    loss = loss_of(whole, targets)
    ends = leaves(whole)
    by_ends = gradients(loss, [*ends, *parameters])  # a loss may know the parameters, such as to keep them small

    def back(own: slice, predictions: Any) -> list[Any]:
        used = [(x, g[own]) for x, g in zip(leaves(predictions), by_ends) if g is not None]
        return gradients(sum(sum_(x * g) for x, g in used), parameters) if used else []

    by_parts = filter(None, side_by_side(pool, rows, back, rows, parts))
    for parameter, found in zip(parameters, zip(by_ends[len(ends) :], *by_parts)):
        known = [g for g in (parameter.grad, *found) if g is not None]
        if known:
            parameter.grad = sum(known[1:], known[0])
    return loss.item(), whole


def _refuse_another_axis(what: str, x: Any, n: int) -> None:
    """Raise `ModuleError` for an array whose first axis does not have the n examples of a batch or a part of it."""
    shape = np.shape(x)
    if shape[:1] != (n,):
        raise ModuleError(
            f"fit: several threads share a batch along its first axis, and {what} of shape {shape} do not have the "
            f"{n} examples there; use threads=1"
        )


def side_by_side(
    pool: ThreadPoolExecutor, rows: Sequence[slice], work: Callable[..., Any], *arguments: Sequence[Any]
) -> list[Any]:
    """The work of each part of a batch, in a thread of its own, with its item of each of the arguments.

    If one fails, its error is raised, and the others end where they come together next.
    """
    meeting, begin = Meeting(len(rows)), next(clock)
    parts = [Part(own, begin, partial(meeting.meet, place)) for place, own in enumerate(rows)]
    with one_thread():  # for each
        running = [
            pool.submit(copy_context().run, meeting.attend, place, own, work, *one)
            for place, (own, *one) in enumerate(zip(parts, *arguments))
        ]
        results = [thread.result() for thread in running]
    for error in filter(None, meeting.errors):
        raise error
    return results


class Meeting:
    """Where the threads of the parts come together.

    The last place to which each comes is its end, so that none waits for one that is gone.

    Attributes
    ----------
    gate : opens when all are there.
    given : by each part: where it is, the function to call there, and what it has for that.
    result : of the function.
    errors : what each part failed with.
    """

    def __init__(self, parts: int) -> None:
        self.gate = Barrier(parts, self.compute)
        self.given: list[Any] = [None] * parts
        self.result: Any = None
        self.errors: list[BaseException | None] = [None] * parts

    def attend(self, place: int, own: Part, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do the work of a part, in a context of its own."""
        part.set(own)
        try:
            result = work(*arguments)
            own.meet("its end", len, None)
        except BrokenBarrierError:
            return None  # another part has failed, with the error to raise
        except BaseException as error:
            self.errors[place] = error
            self.gate.abort()
            return None
        return result

    def meet(self, place: int, where: str, function: Callable[[list[Any]], Any], own: Any) -> Any:
        """The function of what all parts have, computed once."""
        self.given[place] = where, function, own
        self.gate.wait()
        return self.result

    def compute(self) -> None:
        """Called by the thread that comes last, while the others wait."""
        places, (function, *_), given = zip(*self.given)
        for other in places:
            if other != places[0]:
                raise ModuleError(
                    "fit: the threads do not do the same with their parts of a batch: one has come to "
                    f"{places[0]}, and another to {other}; use threads=1"
                )
        own = part.get()
        part.set(None)
        try:
            self.result = function(list(given))
        finally:
            part.set(own)
