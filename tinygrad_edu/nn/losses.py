"""Losses: functions and modules. Names, arguments and conventions are PyTorch's.

`reduction` combines the losses of the examples: "mean", "sum", or "none", which returns all of them.
A target without a gradient (an array, a list, a tensor) takes the dtype of the input, so that the loss of a float32
network is float32. Targets that are not classes may require a gradient, too.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._support.languages import say, texts
from ..engine.messages import in_words, one_of, short
from ..engine.node import Node, number_of, shape_of
from ..engine.primitives.comparisons import greater, less
from ..engine.primitives.elementwise import (
    abs_,
    clip,
    exp,
    expm1,
    log,
    minimum,
    relu,
    softplus,
    sqrt,
    square,
    where,
)  # fmt: skip
from ..engine.primitives.fused import entropy_of_classes, log_softmax
from ..engine.primitives.indexing import take_along_axis
from ..engine.primitives.reductions import mean, sum_
from ..engine.primitives.shape import expand_dims, rounded_once
from ..errors import DtypeError, OutOfRangeError
from .distances import pairwise_distance
from .from_function import FromFunction, module_of
from .loss_parts import (
    alike,
    as_signs,
    check_probabilities,
    class_weights,
    classes_last,
    difference,
    mean_of_counted,
    picked,
    reduced,
    target_classes,
    weighted,
)  # fmt: skip
from .parameter import Buffer, constant_like, real

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CosineEmbeddingLoss", "CrossEntropyLoss", "FocalLoss",
    "GaussianNLLLoss", "HingeEmbeddingLoss", "HingeLoss", "HuberLoss", "KLDivLoss", "L1Loss", "MSELoss",
    "MarginRankingLoss", "MultiLabelSoftMarginLoss", "MultiMarginLoss", "NLLLoss", "PoissonNLLLoss",
    "SmoothL1Loss", "SoftMarginLoss", "TripletMarginLoss",
]  # fmt: skip

# Functions that compare numbers with numbers: input and target have one shape.


@rounded_once
def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """The squared differences.

    Raises `ShapeError` for shapes that differ, as all losses of numbers do: (N, 1) and (N,) would broadcast to (N, N),
    which is never meant.

    >>> import tinygrad_edu as tg
    >>> mse_loss(tg.tensor([1.0, 2.0]), tg.tensor([1.0, 4.0]))
    tensor(2.)
    """
    return reduced("mse_loss", square(difference("mse_loss", input, target)), reduction)


@rounded_once
def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """The absolute differences.

    >>> import tinygrad_edu as tg
    >>> l1_loss(tg.tensor([1.0, 2.0]), tg.tensor([1.0, 4.0]))
    tensor(1.)
    """
    return reduced("l1_loss", abs_(difference("l1_loss", input, target)), reduction)


@rounded_once
def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """d²/2 for differences d up to delta, and delta · (|d| − delta/2) beyond: Huber (1964).

    >>> import tinygrad_edu as tg
    >>> huber_loss(tg.tensor([1.0, 2.0]), tg.tensor([1.5, 4.0]), reduction="none")
    tensor([0.125, 1.5  ])
    """
    if not delta > 0:
        raise OutOfRangeError("huber_loss: delta is larger than 0, not {value}", value=short(delta))
    d = difference("huber_loss", input, target)
    clipped = clip(d, -delta, delta)
    return reduced("huber_loss", clipped * (d - 0.5 * clipped), reduction)


@rounded_once
def hinge_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """max(0, 1 − target · input) for targets −1 and 1: the loss of support vector machines.

    Raises `OutOfRangeError` for another target.

    >>> import tinygrad_edu as tg
    >>> hinge_loss(tg.tensor([0.5, 0.5, 2.0]), [1, -1, 1], reduction="none")
    tensor([0.5, 1.5, 0. ])
    """
    input, target = alike("hinge_loss", input, target)
    return reduced("hinge_loss", relu(1.0 - as_signs("hinge_loss", target) * input), reduction)


@rounded_once
def binary_cross_entropy(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """−(t log p + (1 − t) log(1 − p)) for probabilities p (input) and t (target); no logarithm is below −100.

    A logarithm that is cut off has no gradient; `binary_cross_entropy_with_logits` has one, and is more exact. `weight`
    broadcasts with the input. Raises `OutOfRangeError` for an input or a target that is not a probability.

    >>> import tinygrad_edu as tg
    >>> binary_cross_entropy(tg.tensor([0.5, 0.5]), [1.0, 0.0])
    tensor(0.6931472)
    """
    input, target = alike("binary_cross_entropy", input, target)
    p = number_of(input)
    if np.any((p < 0) | (p > 1)):
        text = texts(
            "binary_cross_entropy: the input holds probabilities, between 0 and 1; {x} has others: take its sigmoid, "
            "or binary_cross_entropy_with_logits"
        )
        raise OutOfRangeError(text, x=in_words(input))
    check_probabilities("binary_cross_entropy", target, weight)
    losses = -(target * _log(input) + (1.0 - target) * _log(1.0 - input))
    return reduced("binary_cross_entropy", weighted(losses, weight), reduction)


@rounded_once
def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Any:
    """`binary_cross_entropy(sigmoid(input), target)`, exact for logits of any size.

    `pos_weight` is the weight of positive examples, one number for each column; `weight` broadcasts with the input.
    Raises `OutOfRangeError` for a target that is not a probability.

    >>> import tinygrad_edu as tg
    >>> binary_cross_entropy_with_logits(tg.tensor([-1000.0, 1000.0]), [1.0, 1.0], reduction="none")
    tensor([1000.,    0.])
    """
    input, t = alike("binary_cross_entropy_with_logits", input, target)
    check_probabilities("binary_cross_entropy_with_logits", t, weight)
    positive = t if pos_weight is None else t * constant_like(pos_weight, input)
    losses = (1.0 - t) * softplus(input) + positive * softplus(-input)  # −log(1 − p) and −log p
    return reduced("binary_cross_entropy_with_logits", weighted(losses, weight), reduction)


@rounded_once
def kl_div(input: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """t · (log t − input): the divergence of the probabilities t (target) from those whose logarithm is the input.

    Kullback and Leibler (1951). With `log_target` the target holds logarithms, too. The sum over a distribution is
    its divergence: "batchmean" sums all and divides by the size of the first axis; "mean" divides by all sizes.

    >>> import tinygrad_edu as tg
    >>> q = tg.log(tg.tensor([[0.5, 0.5]]))
    >>> f"{kl_div(q, [[1.0, 0.0]], reduction='batchmean').item():.4f}"
    '0.6931'
    """
    input, t = alike("kl_div", input, target)
    if log_target:
        losses = exp(t) * (t - input)
    else:
        positive = greater(t, 0)
        no_probability = np.where(number_of(t) >= 0, 0.0, np.nan).astype(getattr(t, "dtype", float))
        losses = where(positive, t * log(where(positive, t, 1.0)), no_probability * t) - t * input
    if reduction == "batchmean":
        return sum_(losses) / (shape_of(losses) or (1,))[0]
    return reduced("kl_div", losses, reduction, ("batchmean",))


@rounded_once
def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
    """`huber_loss` with delta = beta, divided by beta: its slope beyond beta is 1. Girshick (2015), eq. 3.

    With beta 0 it is `l1_loss`.

    >>> import tinygrad_edu as tg
    >>> smooth_l1_loss(tg.tensor([1.0, 2.0]), tg.tensor([1.5, 4.0]), reduction="none")
    tensor([0.125, 1.5  ])
    """
    if beta == 0:
        return l1_loss(input, target, reduction)
    return huber_loss(input, target, reduction, beta) / beta


@rounded_once
def soft_margin_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """log(1 + exp(−target · input)) for targets −1 and 1.

    >>> import tinygrad_edu as tg
    >>> soft_margin_loss(tg.tensor([0.0, 0.0]), [1, -1])
    tensor(0.6931472)
    """
    input, target = alike("soft_margin_loss", input, target)
    return reduced("soft_margin_loss", softplus(-as_signs("soft_margin_loss", target) * input), reduction)


@rounded_once
def hinge_embedding_loss(input: Any, target: Any, margin: float = 1.0, reduction: str = "mean") -> Any:
    """The input, a distance, for targets 1, and max(0, margin − input) for targets −1.

    >>> import tinygrad_edu as tg
    >>> hinge_embedding_loss(tg.tensor([0.25, 0.25]), [1, -1], reduction="none")
    tensor([0.25, 0.75])
    """
    input, target = alike("hinge_embedding_loss", input, target)
    together = as_signs("hinge_embedding_loss", target) > 0
    return reduced("hinge_embedding_loss", where(together, input, clip(margin - input, 0.0)), reduction)


@rounded_once
def margin_ranking_loss(input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: str = "mean") -> Any:
    """max(0, −target · (input1 − input2) + margin): 1 says that input1 is to be the larger, −1 that input2 is.

    >>> import tinygrad_edu as tg
    >>> margin_ranking_loss(tg.tensor([2.0, 2.0]), tg.tensor([0.5, 0.5]), [1, -1], reduction="none")
    tensor([0. , 1.5])
    """
    ahead, t = alike("margin_ranking_loss", difference("margin_ranking_loss", input1, input2), target)
    return reduced("margin_ranking_loss", clip(margin - as_signs("margin_ranking_loss", t) * ahead, 0.0), reduction)


@rounded_once
def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Any:
    """(log v + (input − target)² / v) / 2: −log of the normal density of the target, with mean input and variance var.

    v is var, at least eps; its shape is the input's, or broadcasts to it. `full` adds the constant log(2π) / 2. Nix and
    Weigend (1994). Raises `OutOfRangeError` for a negative variance.

    >>> import tinygrad_edu as tg
    >>> gaussian_nll_loss(tg.tensor([1.0]), tg.tensor([3.0]), tg.tensor([1.0]))
    tensor(2.)
    """
    d = difference("gaussian_nll_loss", input, target)
    var = real("gaussian_nll_loss", var)
    if np.any(np.asarray(number_of(var)) < 0):
        raise OutOfRangeError(say("gaussian_nll_loss: a variance is 0 or larger, and var has negative numbers"))
    if shape_of(var) == shape_of(d)[:-1] != ():
        var = expand_dims(var, -1)
    v = var + np.maximum(eps - np.asarray(number_of(var)), 0)  # the gradient is that of var, as in PyTorch
    losses = 0.5 * (log(v) + square(d) / v) + (0.5 * math.log(2 * math.pi) if full else 0.0)
    return reduced("gaussian_nll_loss", losses, reduction)


@rounded_once
def poisson_nll_loss(
    input: Any, target: Any, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean"
) -> Any:
    """λ − target · log λ: −log of the Poisson probability of the target, without log(target!), for λ = exp(input).

    Without `log_input` the input is λ itself, and the logarithm is of λ + eps. `full` adds Stirling's approximation
    of log(target!) for targets above 1.

    >>> import tinygrad_edu as tg
    >>> poisson_nll_loss(tg.tensor([0.0, 0.0]), [2.0, 0.0], reduction="none")
    tensor([1., 1.])
    """
    input, t = alike("poisson_nll_loss", input, target)
    losses = exp(input) - t * input if log_input else input - t * log(input + eps)
    if full:
        large = greater(t, 1)
        n = where(large, t, 1.0)
        losses = losses + where(large, n * log(n) - n + 0.5 * log(2 * math.pi * n), 0.0)
    return reduced("poisson_nll_loss", losses, reduction)


@rounded_once
def multilabel_soft_margin_loss(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """`binary_cross_entropy_with_logits`, and of that the mean over the classes, the last axis.

    >>> import tinygrad_edu as tg
    >>> multilabel_soft_margin_loss(tg.tensor([[0.0, 1000.0]]), [[1.0, 1.0]], reduction="none")
    tensor([0.3465736])
    """
    losses = binary_cross_entropy_with_logits(input, target, weight, "none")
    return reduced("multilabel_soft_margin_loss", mean(losses, axis=-1), reduction)


# Functions that compare the scores of classes, (N, C, ...) or (C,), with classes, (N, ...) or a single one.


@rounded_once
def nll_loss(input: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> Any:
    """−input at the target's class, for logarithms of probabilities: input (N, C, ...), target (N, ...).

    `weight` has a number for each class, and "mean" divides by the weights of the targets. Targets that are
    `ignore_index` do not count. Raises `DtypeError`, `ShapeError` or `OutOfRangeError` if targets are not classes.

    >>> import tinygrad_edu as tg
    >>> nll_loss(tg.tensor([[-2.0, -0.25], [-1.0, -0.5]]), [1, -100])
    tensor(0.25)
    """
    log_p = classes_last("nll_loss", input)
    classes = target_classes("nll_loss", log_p, target, ignore_index)
    counted = classes != ignore_index
    weights = class_weights("nll_loss", weight, log_p)[classes * counted]
    return mean_of_counted("nll_loss", -picked(log_p, classes, counted) * weights, weights, counted, reduction)


@rounded_once
def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """−Σ q log softmax(input) over the classes, for logits (N, C, ...) and targets q.

    Targets are classes (N, ...), or probabilities in the shape of the logits. With label smoothing s, q is
    (1 − s) · target + s / C: Szegedy et al. (2016), section 7. `weight`, `ignore_index` and the errors are those of
    `nll_loss`; for probabilities nothing is ignored, and their "mean" divides by the number of examples.

    >>> import tinygrad_edu as tg
    >>> cross_entropy(tg.tensor([[0.0, 0.0], [0.0, 0.0]]), [0, 1])
    tensor(0.6931472)
    >>> cross_entropy(tg.tensor([[0.0, 0.0]]), [[0.5, 0.5]])
    tensor(0.6931472)
    """
    if not 0 <= label_smoothing <= 1:
        raise OutOfRangeError(
            "cross_entropy: label_smoothing is between 0 and 1, not {value}", value=short(label_smoothing)
        )
    logits = classes_last("cross_entropy", input)
    shape = shape_of(input)
    if shape_of(target) == shape:
        if np.asarray(number_of(target) if isinstance(target, Node) else target).dtype.kind in "iub":
            text = texts(
                "cross_entropy: whole numbers are classes, (N, ...) for logits (N, C, ...), and these have the shape "
                "{shape} of the logits; probabilities are floats, and of one score for yes or no take "
                "binary_cross_entropy_with_logits"
            )
            raise DtypeError(text, shape=shape)
        _, q = alike("cross_entropy", input, target)
        q = classes_last("cross_entropy", q)
        q = q * (1.0 - label_smoothing) + label_smoothing / max(1, shape_of(q)[-1]) if label_smoothing else q
        losses = -sum_(weighted(q * log_softmax(logits), weight), axis=-1)
        return reduced("cross_entropy", losses, reduction)
    classes = target_classes("cross_entropy", logits, target, ignore_index)
    if weight is None and not label_smoothing and ignore_index not in classes:
        return reduced("cross_entropy", entropy_of_classes(logits, classes), reduction)
    counted = classes != ignore_index
    log_p = log_softmax(logits)
    weights = class_weights("cross_entropy", weight, log_p)
    losses = -picked(log_p, classes, counted) * ((1.0 - label_smoothing) * weights[classes * counted])
    if label_smoothing:
        losses = losses - label_smoothing / max(1, len(weights)) * sum_(log_p * weights, axis=-1)
    return mean_of_counted("cross_entropy", losses, weights[classes * counted], counted, reduction)


@rounded_once
def focal_loss(
    input: Any, target: Any, gamma: float = 2.0, weight: Any = None, ignore_index: int = -100, reduction: str = "mean"
) -> Any:
    """−(1 − p)^gamma · log p for the probability p = softmax(input) of the target's class: Lin et al. (2017), eq. 5.

    Well classified examples count less. With gamma 0 it is `cross_entropy`, whose other arguments it has.

    >>> import tinygrad_edu as tg
    >>> focal_loss(tg.tensor([[0.0, 0.0]]), [0])  # (1/2)² · log 2
    tensor(0.1732868)
    """
    if not gamma >= 0:
        raise OutOfRangeError("focal_loss: gamma is 0 or larger, not {value}", value=short(gamma))
    log_p = log_softmax(classes_last("focal_loss", input))
    classes = target_classes("focal_loss", log_p, target, ignore_index)
    counted = classes != ignore_index
    weights = class_weights("focal_loss", weight, log_p)[classes * counted]
    chosen = picked(log_p, classes, counted)
    below = less(chosen, 0)  # where p rounds to 1 the power has no derivative for gamma below 1, and the loss is 0
    losses = -chosen * where(below, -expm1(chosen), 1.0) ** gamma * weights
    losses = where(below, losses, 0.0) if gamma else losses
    return mean_of_counted("focal_loss", losses, weights, counted, reduction)


@rounded_once
def multi_margin_loss(
    input: Any, target: Any, p: float = 1, margin: float = 1.0, weight: Any = None, reduction: str = "mean"
) -> Any:
    """Σ max(0, margin − s + input)ᵖ / C over the other classes, s the score of the target's class, times its weight.

    Crammer and Singer (2001). The errors are those of `nll_loss`.

    >>> import tinygrad_edu as tg
    >>> multi_margin_loss(tg.tensor([[0.0, 0.5]]), [1])
    tensor(0.25)
    """
    scores = classes_last("multi_margin_loss", real("multi_margin_loss", input))
    classes = target_classes("multi_margin_loss", scores, target)
    chosen = take_along_axis(scores, classes[..., None], -1)
    others = np.arange(shape_of(scores)[-1]) != classes[..., None]
    violations = where(others, relu(margin - chosen + scores), 0.0)
    losses = mean(violations if p == 1 else violations**p, axis=-1)
    return reduced("multi_margin_loss", losses * class_weights("multi_margin_loss", weight, scores)[classes], reduction)


# Functions that compare vectors, along the last axis: whether they are near, or which of two is nearer.


@rounded_once
def cosine_embedding_loss(input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: str = "mean") -> Any:
    """1 − c for pairs that belong together (target 1), max(0, c − margin) for others (−1), c their cosine.

    The inputs have shape (N, D) or (D,), the target (N,) or (). Raises `OutOfRangeError` for other targets.

    >>> import tinygrad_edu as tg
    >>> cosine_embedding_loss(tg.tensor([[1.0, 0.0]] * 2), tg.tensor([[0.0, 1.0]] * 2), [1, -1], reduction="none")
    tensor([1., 0.])
    """
    input1, input2 = alike("cosine_embedding_loss", input1, input2)
    squares = [sum_(square(x), axis=-1) + 1e-12 for x in (input1, input2)]
    cosine, t = alike("cosine_embedding_loss", sum_(input1 * input2, axis=-1) / sqrt(squares[0] * squares[1]), target)
    losses = where(as_signs("cosine_embedding_loss", t) > 0, 1.0 - cosine, clip(cosine - margin, 0.0))
    return reduced("cosine_embedding_loss", losses, reduction)


@rounded_once
def triplet_margin_loss(
    anchor: Any, positive: Any, negative: Any, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6,
    swap: bool = False, reduction: str = "mean",
) -> Any:  # fmt: skip
    """max(0, d(anchor, positive) − d(anchor, negative) + margin), d the `pairwise_distance`; all have shape (N, D).

    With `swap` the negative's distance is from the nearer of the two others. Balntas et al. (2016).

    >>> import tinygrad_edu as tg
    >>> triplet_margin_loss(tg.zeros((1, 2)), tg.tensor([[3.0, 4.0]]), tg.tensor([[0.0, 2.0]])).item().__round__(4)
    4.0
    """
    anchor, positive = alike("triplet_margin_loss", anchor, positive)
    anchor, negative = alike("triplet_margin_loss", anchor, negative)
    near, far = (pairwise_distance(anchor, other, p, eps) for other in (positive, negative))
    if swap:
        far = minimum(far, pairwise_distance(positive, negative, p, eps))
    return reduced("triplet_margin_loss", clip(near - far + margin, 0.0), reduction)


# Modules. They keep the arguments, and the weights as buffers, which are saved with the module.


class Loss(FromFunction):
    """The base class of the loss modules: they are called as loss(input, target), with the inputs of their function."""

    reduction: str

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        known = ("mean", "batchmean", "sum", "none") if isinstance(self, KLDivLoss) else ("mean", "sum", "none")
        one_of(known, type(self).__name__, reduction=self.reduction)
        for name in ("weight", "pos_weight"):
            if getattr(self, name, None) is not None:
                setattr(self, name, Buffer(getattr(self, name)))

    def extra_repr(self) -> str:
        return f"reduction={self.reduction!r}"


BCELoss = module_of("BCELoss", binary_cross_entropy, Loss, 2)
BCEWithLogitsLoss = module_of("BCEWithLogitsLoss", binary_cross_entropy_with_logits, Loss, 2)
CosineEmbeddingLoss = module_of("CosineEmbeddingLoss", cosine_embedding_loss, Loss, 3)
CrossEntropyLoss = module_of("CrossEntropyLoss", cross_entropy, Loss, 2)
FocalLoss = module_of("FocalLoss", focal_loss, Loss, 2)
GaussianNLLLoss = module_of("GaussianNLLLoss", gaussian_nll_loss, Loss, 3)
HingeEmbeddingLoss = module_of("HingeEmbeddingLoss", hinge_embedding_loss, Loss, 2)
HingeLoss = module_of("HingeLoss", hinge_loss, Loss, 2)
HuberLoss = module_of("HuberLoss", huber_loss, Loss, 2)
KLDivLoss = module_of("KLDivLoss", kl_div, Loss, 2)
L1Loss = module_of("L1Loss", l1_loss, Loss, 2)
MarginRankingLoss = module_of("MarginRankingLoss", margin_ranking_loss, Loss, 3)
MSELoss = module_of("MSELoss", mse_loss, Loss, 2)
MultiLabelSoftMarginLoss = module_of("MultiLabelSoftMarginLoss", multilabel_soft_margin_loss, Loss, 2)
MultiMarginLoss = module_of("MultiMarginLoss", multi_margin_loss, Loss, 2)
NLLLoss = module_of("NLLLoss", nll_loss, Loss, 2)
PoissonNLLLoss = module_of("PoissonNLLLoss", poisson_nll_loss, Loss, 2)
SmoothL1Loss = module_of("SmoothL1Loss", smooth_l1_loss, Loss, 2)
SoftMarginLoss = module_of("SoftMarginLoss", soft_margin_loss, Loss, 2)
TripletMarginLoss = module_of("TripletMarginLoss", triplet_margin_loss, Loss, 3)


# Helpers.


def _log(p: Any) -> Any:
    """log p, but −100 without a gradient if p is at most exp(−100) or the smallest normal number of its dtype."""
    kind = getattr(number_of(p), "dtype", np.dtype(float))
    nothing = number_of(p) <= max(math.exp(-100), float(np.finfo(kind).tiny))
    return where(nothing, -100.0, log(where(nothing, 1.0, p)))
