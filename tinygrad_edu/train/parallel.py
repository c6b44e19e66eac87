"""Data-parallel training: Python threads that share a batch.

NumPy releases Python's lock while it computes, so two threads use two cores. Each thread computes the predictions of a
part of the batch, with a graph of its own. The loss is computed once, of all of them, so it may be any function. Its
gradient by the predictions of a part is what that part's thread carries back to the parameters, where the gradients are
added. They are those of the whole batch but for rounding, and the same in every run, because the parts and the order of
the additions are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from itertools import pairwise
from typing import Any

import numpy as np

from .. import nn
from .._support.nested import leaves, mapped
from ..engine.blas import one_thread
from ..engine.grad_mode import no_grad
from ..engine.gradients import gradients
from ..engine.primitives.reductions import sum_
from ..engine.tensor import Tensor
from ..errors import ModuleError
from ..nn.normalization import BatchNorm
from .metrics import arrays

__all__ = ["crew", "refuse_what_parts_would_change", "split_batch"]


def crew(threads: int) -> AbstractContextManager[ThreadPoolExecutor | None]:
    """A pool of threads; None where one thread is asked for."""
    return nullcontext() if threads == 1 else ThreadPoolExecutor(threads)


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
    the batch's.
    """
    n = len(leaves(arrays(targets))[0])
    edges = np.linspace(0, n, min(threads, n) + 1).astype(int).tolist()
    rows = [slice(*edge) for edge in pairwise(edges)]

    def at_once(work: Callable[..., Any], *arguments: Sequence[Any]) -> list[Any]:
        with one_thread():  # for each
            running = [pool.submit(copy_context().run, work, *one) for one in zip(*arguments)]
            return [part.result() for part in running]

    for x in inputs:
        refuse_another_axis("inputs", x, n)
    if model._waiting:
        with no_grad():
            model(*(x[:1] for x in inputs))  # the sizes that are open are learned once
    parts = at_once(lambda part: model(*(x[part] for x in inputs)), rows)
    for part, predictions in zip(rows, parts):
        for x in leaves(predictions):
            refuse_another_axis("predictions", x, part.stop - part.start)
    whole = mapped(lambda *xs: Tensor(np.concatenate([x.data for x in xs]), requires_grad=xs[0].requires_grad), *parts)
    loss = loss_of(whole, targets)
    ends = leaves(whole)
    by_ends = gradients(loss, [*ends, *parameters])  # a loss may know the parameters, such as to keep them small

    def back(part: slice, predictions: Any) -> list[Any]:
        used = [(x, g[part]) for x, g in zip(leaves(predictions), by_ends) if g is not None]
        return gradients(sum(sum_(x * g) for x, g in used), parameters) if used else []

    for parameter, own in zip(parameters, zip(by_ends[len(ends) :], *filter(None, at_once(back, rows, parts)))):
        known = [g for g in (parameter.grad, *own) if g is not None]
        if known:
            parameter.grad = sum(known[1:], known[0])
    return loss.item(), whole


def refuse_another_axis(what: str, x: Any, n: int) -> None:
    """Raise `ModuleError` for an array whose first axis does not have the n examples of a batch or a part of it."""
    shape = np.shape(x)
    if shape[:1] != (n,):
        raise ModuleError(
            f"fit: several threads share a batch along its first axis, and {what} of shape {shape} do not have the "
            f"{n} examples there; use threads=1"
        )


def refuse_what_parts_would_change(model: Any) -> None:
    """Raise `ModuleError` for layers whose results depend on how a batch is split."""
    for name, module in model.named_modules():
        if isinstance(module, (nn.Dropout, BatchNorm)) or getattr(module, "dropout", False):
            raise ModuleError(
                f"fit: {name} ({type(module).__name__}) would give other numbers on parts of a batch: batch norm looks "
                "at the whole batch, and dropout draws in the order of the examples; use threads=1"
            )
