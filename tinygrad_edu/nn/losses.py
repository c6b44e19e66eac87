"""Losses: functions and modules. Names, arguments and conventions are PyTorch's.

`reduction` combines the losses of the examples: "mean", "sum", or "none", which returns all of them.
A target without a gradient (an array, a list, a tensor) takes the dtype of the input, so that the loss of a float32
network is float32. Targets that are not classes may require a gradient, too.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, ClassVar

import numpy as np

from ..engine.messages import in_words, short
from ..engine.node import Node, number_of, shape_of
from ..engine.primitives.elementwise import abs_, clip, exp, expm1, log, relu, softplus, square, where
from ..engine.primitives.fused import entropy_of_classes, log_softmax
from ..engine.primitives.reductions import mean, sum_
from ..engine.primitives.shape import moveaxis, take_along_axis
from ..errors import DtypeError, OutOfRangeError, ShapeError
from .module import Module
from .parameter import Buffer, class_indices, constant_like, numeric

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "FocalLoss", "HingeLoss", "HuberLoss", "KLDivLoss", "L1Loss",
    "MSELoss", "NLLLoss",
]  # fmt: skip

# Functions that compare numbers with numbers: input and target have one shape.


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """The squared differences.

    Raises `ShapeError` for shapes that differ, as all losses of numbers do: (N, 1) and (N,) would broadcast to (N, N),
    which is never meant.

    >>> import tinygrad_edu as tg
    >>> mse_loss(tg.tensor([1.0, 2.0]), tg.tensor([1.0, 4.0]))
    tensor(2.)
    """
    return _reduced("mse_loss", square(_difference("mse_loss", input, target)), reduction)


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """The absolute differences.

    >>> import tinygrad_edu as tg
    >>> l1_loss(tg.tensor([1.0, 2.0]), tg.tensor([1.0, 4.0]))
    tensor(1.)
    """
    return _reduced("l1_loss", abs_(_difference("l1_loss", input, target)), reduction)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """d²/2 for differences d up to delta, and delta · (|d| − delta/2) beyond: Huber (1964).

    >>> import tinygrad_edu as tg
    >>> huber_loss(tg.tensor([1.0, 2.0]), tg.tensor([1.5, 4.0]), reduction="none")
    tensor([0.125, 1.5  ])
    """
    if not (isinstance(delta, Real) and delta > 0):
        raise OutOfRangeError(f"huber_loss: delta is larger than 0, not {short(delta)}")
    d = _difference("huber_loss", input, target)
    clipped = clip(d, -delta, delta)
    return _reduced("huber_loss", clipped * (d - 0.5 * clipped), reduction)


def hinge_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """max(0, 1 − target · input) for targets −1 and 1: the loss of support vector machines.

    Raises `OutOfRangeError` for another target.

    >>> import tinygrad_edu as tg
    >>> hinge_loss(tg.tensor([0.5, 0.5, 2.0]), [1, -1, 1], reduction="none")
    tensor([0.5, 1.5, 0. ])
    """
    input, target = _alike("hinge_loss", input, target)
    if np.any(np.abs(number_of(target)) != 1):
        raise OutOfRangeError("hinge_loss: targets are −1 and 1; 2 * y - 1 makes them of 0 and 1")
    return _reduced("hinge_loss", relu(1.0 - target * input), reduction)


def binary_cross_entropy(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """−(t log p + (1 − t) log(1 − p)) for probabilities p (input) and t (target); no logarithm is below −100.

    A logarithm that is cut off has no gradient; `binary_cross_entropy_with_logits` has one, and is more exact. `weight`
    broadcasts with the input. Raises `OutOfRangeError` for an input that is not a probability.

    >>> import tinygrad_edu as tg
    >>> binary_cross_entropy(tg.tensor([0.5, 0.5]), [1.0, 0.0])
    tensor(0.6931472)
    """
    input, target = _alike("binary_cross_entropy", input, target)
    p = number_of(input)
    if np.any((p < 0) | (p > 1)):
        raise OutOfRangeError(
            f"binary_cross_entropy: the input holds probabilities, between 0 and 1; {in_words(input)} has others: take "
            "its sigmoid, or binary_cross_entropy_with_logits"
        )
    losses = -(target * _log(input) + (1.0 - target) * _log(1.0 - input))
    return _reduced("binary_cross_entropy", _weighted(losses, weight), reduction)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Any:
    """`binary_cross_entropy(sigmoid(input), target)`, exact for logits of any size.

    `pos_weight` is the weight of positive examples, one number for each column; `weight` broadcasts with the input.

    >>> import tinygrad_edu as tg
    >>> binary_cross_entropy_with_logits(tg.tensor([-1000.0, 1000.0]), [1.0, 1.0], reduction="none")
    tensor([1000.,    0.])
    """
    input, t = _alike("binary_cross_entropy_with_logits", input, target)
    positive = t if pos_weight is None else t * constant_like(pos_weight, input)
    losses = (1.0 - t) * softplus(input) + positive * softplus(-input)  # −log(1 − p) and −log p
    return _reduced("binary_cross_entropy_with_logits", _weighted(losses, weight), reduction)


def kl_div(input: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """t · (log t − input): the divergence of the probabilities t (target) from those whose logarithm is the input.

    Kullback and Leibler (1951). With `log_target` the target holds logarithms, too. The sum over a distribution is
    its divergence: "batchmean" sums all and divides by the size of the first axis; "mean" divides by all sizes.

    >>> import tinygrad_edu as tg
    >>> q = tg.log(tg.tensor([[0.5, 0.5]]))
    >>> f"{kl_div(q, [[1.0, 0.0]], reduction='batchmean').item():.4f}"
    '0.6931'
    """
    input, t = _alike("kl_div", input, target)
    if log_target:
        losses = exp(t) * (t - input)
    else:
        positive = number_of(t) > 0
        losses = where(positive, t * log(where(positive, t, 1.0)), 0.0) - t * input
    if reduction == "batchmean":
        return sum_(losses) / (shape_of(losses) or (1,))[0]
    return _reduced("kl_div", losses, reduction, ", 'batchmean'")


# Functions that compare the scores of classes, (N, C, ...) or (C,), with classes, (N, ...) or a single one.


def nll_loss(input: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> Any:
    """−input at the target's class, for logarithms of probabilities: input (N, C, ...), target (N, ...).

    `weight` has a number for each class, and "mean" divides by the weights of the targets. Targets that are
    `ignore_index` do not count. Raises `DtypeError`, `ShapeError` or `OutOfRangeError` if targets are not classes.

    >>> import tinygrad_edu as tg
    >>> nll_loss(tg.tensor([[-2.0, -0.25], [-1.0, -0.5]]), [1, -100])
    tensor(0.25)
    """
    log_p = _classes_last("nll_loss", input)
    classes = _classes("nll_loss", log_p, target, ignore_index)
    counted = classes != ignore_index
    weights = _weights("nll_loss", weight, log_p)[classes * counted]
    return _mean_of_counted("nll_loss", -_picked(log_p, classes, counted) * weights, weights, counted, reduction)


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
    if not (isinstance(label_smoothing, Real) and 0 <= label_smoothing <= 1):
        raise OutOfRangeError(f"cross_entropy: label_smoothing is between 0 and 1, not {short(label_smoothing)}")
    logits = _classes_last("cross_entropy", input)
    share = label_smoothing / max(1, shape_of(logits)[-1])
    if shape_of(target) == shape_of(input):
        if np.asarray(number_of(target) if isinstance(target, Node) else target).dtype.kind in "iub":
            raise DtypeError(
                "cross_entropy: whole numbers are classes, (N, ...) for logits (N, C, ...), and these have the shape "
                f"{shape_of(input)} of the logits; probabilities are floats, and of one score for yes or no take "
                "binary_cross_entropy_with_logits"
            )
        _, q = _alike("cross_entropy", input, target)
        q = _classes_last("cross_entropy", q)
        q = q * (1.0 - label_smoothing) + share if label_smoothing else q
        losses = -sum_(_weighted(q * log_softmax(logits), weight), axis=-1)
        return _reduced("cross_entropy", losses, reduction)
    classes = _classes("cross_entropy", logits, target, ignore_index)
    counted = classes != ignore_index
    if weight is None and not label_smoothing and counted.all():
        return _reduced("cross_entropy", entropy_of_classes(logits, classes), reduction)
    log_p = log_softmax(logits)
    weights = _weights("cross_entropy", weight, log_p)
    losses = -_picked(log_p, classes, counted) * ((1.0 - label_smoothing) * weights[classes * counted])
    if label_smoothing:
        losses = losses - share * sum_(log_p * weights, axis=-1)
    return _mean_of_counted("cross_entropy", losses, weights[classes * counted], counted, reduction)


def focal_loss(
    input: Any, target: Any, gamma: float = 2.0, weight: Any = None, ignore_index: int = -100, reduction: str = "mean"
) -> Any:
    """−(1 − p)^gamma · log p for the probability p = softmax(input) of the target's class: Lin et al. (2017), eq. 5.

    Well classified examples count less. With gamma 0 it is `cross_entropy`, whose other arguments it has.

    >>> import tinygrad_edu as tg
    >>> focal_loss(tg.tensor([[0.0, 0.0]]), [0])  # (1/2)² · log 2
    tensor(0.1732868)
    """
    if not (isinstance(gamma, Real) and gamma >= 0):
        raise OutOfRangeError(f"focal_loss: gamma is 0 or larger, not {short(gamma)}")
    log_p = log_softmax(_classes_last("focal_loss", input))
    classes = _classes("focal_loss", log_p, target, ignore_index)
    counted = classes != ignore_index
    weights = _weights("focal_loss", weight, log_p)[classes * counted]
    chosen = _picked(log_p, classes, counted)
    losses = -chosen * (-expm1(chosen)) ** gamma * weights
    return _mean_of_counted("focal_loss", losses, weights, counted, reduction)


# Modules. They keep the arguments, and the weights as buffers, which are saved with the module.


class Loss(Module):
    """The base class of the loss modules: they are called as loss(input, target)."""

    def __init__(self, reduction: str = "mean") -> None:
        if reduction not in self.reductions:
            raise DtypeError(f"{type(self).__name__}: reduction is one of {self.reductions}, not {short(reduction)}")
        self.reduction = reduction

    reductions: ClassVar[tuple[str, ...]] = ("mean", "sum", "none")

    def extra_repr(self) -> str:
        return f"reduction={self.reduction!r}"


class MSELoss(Loss):
    """The squared differences; see `mse_loss`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.MSELoss()(tg.tensor([1.0, 2.0]), tg.tensor([1.0, 4.0]))
    tensor(2.)
    """

    def forward(self, input: Any, target: Any) -> Any:
        return mse_loss(input, target, self.reduction)


class L1Loss(Loss):
    """The absolute differences; see `l1_loss`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.L1Loss()(tg.tensor([1.0, 2.0]), tg.tensor([1.0, 4.0]))
    tensor(1.)
    """

    def forward(self, input: Any, target: Any) -> Any:
        return l1_loss(input, target, self.reduction)


class HuberLoss(Loss):
    """Squared differences up to delta, absolute ones beyond; see `huber_loss`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.HuberLoss()(tg.tensor([3.0]), tg.tensor([1.0]))
    tensor(1.5)
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = delta

    def forward(self, input: Any, target: Any) -> Any:
        return huber_loss(input, target, self.reduction, self.delta)


class CrossEntropyLoss(Loss):
    """Cross-entropy of logits, for targets that are classes or probabilities; see `cross_entropy`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.CrossEntropyLoss()(tg.tensor([[0.0, 0.0]]), [1])
    tensor(0.6931472)
    """

    def __init__(
        self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0
    ) -> None:
        super().__init__(reduction)
        self.weight, self.ignore_index, self.label_smoothing = _buffer(weight), ignore_index, label_smoothing

    def forward(self, input: Any, target: Any) -> Any:
        return cross_entropy(input, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing)


class NLLLoss(Loss):
    """Minus the logarithm of the probability of the target's class, which is the input; see `nll_loss`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.NLLLoss()(tg.log(tg.tensor([[0.5, 0.5]])), [1])
    tensor(0.6931472)
    """

    def __init__(self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight, self.ignore_index = _buffer(weight), ignore_index

    def forward(self, input: Any, target: Any) -> Any:
        return nll_loss(input, target, self.weight, self.ignore_index, self.reduction)


class BCELoss(Loss):
    """Cross-entropy of probabilities of one class; see `binary_cross_entropy`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.BCELoss()(tg.tensor([0.5, 0.5]), [1.0, 0.0])
    tensor(0.6931472)
    """

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight = _buffer(weight)

    def forward(self, input: Any, target: Any) -> Any:
        return binary_cross_entropy(input, target, self.weight, self.reduction)


class BCEWithLogitsLoss(Loss):
    """Cross-entropy of logits of one class; see `binary_cross_entropy_with_logits`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.BCEWithLogitsLoss()(tg.tensor([0.0, 0.0]), [1.0, 0.0])
    tensor(0.6931472)
    """

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(reduction)
        self.weight, self.pos_weight = _buffer(weight), _buffer(pos_weight)

    def forward(self, input: Any, target: Any) -> Any:
        return binary_cross_entropy_with_logits(input, target, self.weight, self.reduction, self.pos_weight)


class KLDivLoss(Loss):
    """The divergence of a distribution from the one whose logarithm is the input; see `kl_div`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.KLDivLoss(reduction="batchmean")(tg.log(tg.tensor([[0.5, 0.5]])), [[1.0, 0.0]])
    tensor(0.6931472)
    """

    reductions: ClassVar[tuple[str, ...]] = ("mean", "batchmean", "sum", "none")

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction)
        self.log_target = log_target

    def forward(self, input: Any, target: Any) -> Any:
        return kl_div(input, target, self.reduction, self.log_target)


class HingeLoss(Loss):
    """max(0, 1 − target · input) for targets −1 and 1; see `hinge_loss`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.HingeLoss()(tg.tensor([0.5, 0.5]), [1, -1])
    tensor(1.)
    """

    def forward(self, input: Any, target: Any) -> Any:
        return hinge_loss(input, target, self.reduction)


class FocalLoss(Loss):
    """Cross-entropy in which well classified examples count less; see `focal_loss`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.FocalLoss(gamma=0.0)(tg.tensor([[0.0, 0.0]]), [1])
    tensor(0.6931472)
    """

    def __init__(
        self, gamma: float = 2.0, weight: Any = None, ignore_index: int = -100, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction)
        self.gamma, self.weight, self.ignore_index = gamma, _buffer(weight), ignore_index

    def forward(self, input: Any, target: Any) -> Any:
        return focal_loss(input, target, self.gamma, self.weight, self.ignore_index, self.reduction)


# Helpers. `function` is the name of the one that the user called, for messages.


def _alike(function: str, input: Any, target: Any) -> tuple[Any, Any]:
    """Input and target, checked to have one shape; the target in the dtype of the input if it has no gradient."""
    input, target = numeric(function, input), numeric(function, target)
    if shape_of(target) != shape_of(input):
        raise ShapeError(
            f"{function}: input {shape_of(input)} and target {shape_of(target)} have one shape, or numbers would be "
            "compared that do not belong together; .reshape() one of them"
        )
    return input, target if isinstance(target, Node) and target.flow else constant_like(target, input)


def _difference(function: str, input: Any, target: Any) -> Any:
    input, target = _alike(function, input, target)
    return input - target


def _weighted(losses: Any, weight: Any) -> Any:
    return losses if weight is None else losses * constant_like(weight, losses)


def _reduced(function: str, losses: Any, reduction: str, others: str = "") -> Any:
    """The losses, combined by `reduction`."""
    if reduction == "mean":
        return mean(losses)
    if reduction == "sum":
        return sum_(losses)
    if reduction == "none":
        return losses
    raise DtypeError(f"{function}: reduction is 'mean', 'sum'{others} or 'none', not {short(reduction)}")


def _mean_of_counted(function: str, losses: Any, weights: np.ndarray, counted: np.ndarray, reduction: str) -> Any:
    """The losses combined by `reduction`. Ignored ones are 0, and a mean divides by the weights of the others."""
    if not counted.all():
        losses = where(counted, losses, 0.0)
    if reduction != "mean":
        return _reduced(function, losses, reduction)
    total = float(np.sum(weights * counted))
    return sum_(losses) / total if total else sum_(losses) * math.nan  # no mean of nothing, as in PyTorch


def _classes_last(function: str, input: Any) -> Any:
    """Scores (N, C, ...) with the classes on the last axis."""
    input = numeric(function, input)
    ndim = len(shape_of(input))
    if not ndim:
        raise ShapeError(
            f"{function}: the input has scores for each class, (N, C, ...) or (C,); {in_words(input)} is one"
        )
    return input if ndim <= 2 else moveaxis(input, 1, -1)


def _classes(function: str, scores: Any, target: Any, ignore_index: int) -> np.ndarray:
    """The target as an array of classes, one for each row of scores."""
    *rows, n = shape_of(scores)
    if shape_of(target) != tuple(rows):
        wanted = f"has shape {tuple(rows)}, a class for each example, " if rows else "is one class, "
        raise ShapeError(
            f"{function}: the target {wanted}not {shape_of(target)}"
            + (f", or the shape of the input, with probabilities, where {function} takes them" if rows else "")
        )
    return class_indices(function, target, n, "classes", ignore_index)


def _weights(function: str, weight: Any, scores: Any) -> np.ndarray:
    """A weight for each class, in the dtype of the scores."""
    n = shape_of(scores)[-1]
    kind = np.result_type(number_of(scores), np.float16)  # at least a float
    weights = np.ones(n, kind) if weight is None else np.asarray(number_of(weight), kind)
    if weights.shape != (n,):
        raise ShapeError(f"{function}: weight has a number for each of the {n} classes, not shape {weights.shape}")
    return weights


def _picked(scores: Any, classes: np.ndarray, counted: np.ndarray) -> Any:
    """The score of each target's class; of class 0 if the target does not count."""
    return take_along_axis(scores, (classes * counted)[..., None], -1)[..., 0]


def _log(p: Any) -> Any:
    """log p, but −100 without a gradient if p is at most exp(−100) or the smallest normal number of its dtype."""
    kind = getattr(number_of(p), "dtype", np.dtype(float))
    nothing = number_of(p) <= max(math.exp(-100), float(np.finfo(kind).tiny))
    return where(nothing, -100.0, log(where(nothing, 1.0, p)))


def _buffer(weight: Any) -> Any:
    """Weights as a buffer, as in PyTorch."""
    return None if weight is None else Buffer(weight)
