"""Data-parallel training: Python threads that share a batch.

NumPy releases Python's lock while it computes, so two threads use two cores. The gradient of a mean over a batch is the
mean of the gradients over its parts. So each thread computes forward and backward on a part, with a graph of its own,
and the gradients are added. They are those of the whole batch but for rounding. They are the same in every run, because
the parts and the order of the additions are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from itertools import pairwise
from typing import Any

import numpy as np

from .. import nn
from ..engine.blas import one_thread
from ..engine.gradients import gradients
from ..errors import ModuleError

__all__ = ["crew", "refuse_what_parts_would_change", "split_batch"]

Part = tuple[Any, Any, list[Any]]
"""Loss, predictions and gradients of a part of a batch."""


@contextmanager
def crew(threads: int) -> Iterator[ThreadPoolExecutor | None]:
    """A pool of threads, with matrix products on one thread each; None where one thread is asked for."""
    if threads == 1:
        yield None
        return
    with one_thread(), ThreadPoolExecutor(threads) as pool:
        yield pool


def split_batch(
    pool: ThreadPoolExecutor,
    threads: int,
    forward: Callable[[Sequence[Any], Any], tuple[Any, Any]],
    parameters: Sequence[Any],
    inputs: Sequence[Any],
    targets: Any,
) -> tuple[float, Any]:
    """The mean loss and the predictions of a batch; the parameters get its gradients as their `.grad`.

    `forward(inputs, targets)` gives the predictions and the loss of a part.
    """
    n = len(targets)

    def work(rows: slice) -> Part:
        predictions, loss = forward([x[rows] for x in inputs], targets[rows])
        share = loss * (len(predictions) / n)
        return share.item(), predictions.data, gradients(share, parameters)

    edges = np.linspace(0, n, min(threads, n) + 1).astype(int).tolist()
    parts = [pool.submit(copy_context().run, work, slice(*edge)) for edge in pairwise(edges)]
    losses, predictions, found = zip(*(part.result() for part in parts))
    for parameter, own in zip(parameters, zip(*found)):
        if own[0] is not None:
            parameter.grad = sum(own[1:], own[0])
    return sum(losses), np.concatenate(predictions)


def refuse_what_parts_would_change(model: Any) -> None:
    """Raise `ModuleError` for layers whose results depend on how a batch is split."""
    for name, module in model.named_modules():
        if isinstance(module, (nn.Dropout, nn.BatchNorm1d, nn.BatchNorm2d)) or getattr(module, "dropout", False):
            raise ModuleError(
                f"fit: {name} ({type(module).__name__}) would give other numbers on parts of a batch: batch norm looks "
                "at the whole batch, and dropout draws in the order of the examples; use threads=1"
            )
