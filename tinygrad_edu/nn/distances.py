"""How near two vectors are: the cosine of their angle, and the norm of their difference, as functions and modules."""

from __future__ import annotations

from typing import Any

from ..engine.node import shape_of
from ..engine.primitives.elementwise import maximum
from ..engine.primitives.joining import broadcast_arrays
from ..engine.primitives.reductions import norm, sum_
from ..engine.primitives.shape import rounded_once
from .from_function import module_of
from .parameter import real

__all__ = ["CosineSimilarity", "PairwiseDistance"]


@rounded_once
def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """x1 · x2 / (‖x1‖ · ‖x2‖) along the axis `dim`; no norm counts as less than eps. The shapes broadcast.

    >>> import tinygrad_edu as tg
    >>> cosine_similarity(tg.tensor([[3.0, 4.0]]), tg.tensor([[6.0, 8.0]])).item().__round__(4)
    1.0
    """
    x1, x2 = real("cosine_similarity", x1), real("cosine_similarity", x2)
    if shape_of(x1) != shape_of(x2):
        x1, x2 = broadcast_arrays(x1, x2)
    lengths = [maximum(norm(x, axis=dim, keepdims=True), eps) for x in (x1, x2)]
    return sum_(x1 / lengths[0] * (x2 / lengths[1]), axis=dim)


@rounded_once
def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Any:
    """The p-norm of x1 - x2 + eps along the last axis; the shapes broadcast.

    >>> import tinygrad_edu as tg
    >>> pairwise_distance(tg.tensor([[3.0, 4.0]]), tg.zeros((1, 2))).item().__round__(4)
    5.0
    """
    return norm(real("pairwise_distance", x1) - real("pairwise_distance", x2) + eps, p, axis=-1, keepdims=keepdim)


CosineSimilarity = module_of("CosineSimilarity", cosine_similarity, inputs=2)
PairwiseDistance = module_of("PairwiseDistance", pairwise_distance, inputs=2)
