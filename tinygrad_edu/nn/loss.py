"""Losses as modules, which keep their settings; what they compute is in loss_functions.py.

`reduction` is "mean", "sum" or "none", as in all of PyTorch's. Weights are saved with the module.
"""

from __future__ import annotations

from typing import Any, ClassVar

from ..engine.messages import short
from ..errors import DtypeError
from .loss_functions import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    focal_loss,
    hinge_loss,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    nll_loss,
)
from .module import Module
from .parameter import Buffer

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "FocalLoss",
    "HingeLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "NLLLoss",
]


class Loss(Module):
    """What the loss modules share: they are called as loss(input, target)."""

    def __init__(self, reduction: str = "mean") -> None:
        if reduction not in self.reductions:
            raise DtypeError(f"{type(self).__name__}: reduction is one of {self.reductions}, not {short(reduction)}")
        self.reduction = reduction

    reductions: ClassVar[tuple[str, ...]] = ("mean", "sum", "none")

    def extra_repr(self) -> str:
        return f"reduction={self.reduction!r}"


def _buffer(weight: Any) -> Any:
    """Weights as a constant that is saved with the module, as in PyTorch."""
    return None if weight is None else Buffer(weight)


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


class HingeLoss(Loss):
    """max(0, 1 − target · input) for targets −1 and 1; see `hinge_loss`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.HingeLoss()(tg.tensor([0.5, 0.5]), [1, -1])
    tensor(1.)
    """

    def forward(self, input: Any, target: Any) -> Any:
        return hinge_loss(input, target, self.reduction)


class BCELoss(Loss):
    """For probabilities of one class; see `binary_cross_entropy`.

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
    """For logits of one class; see `binary_cross_entropy_with_logits`.

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
    """How far a distribution is from that whose logarithm is the input; see `kl_div`.

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


class NLLLoss(Loss):
    """For logarithms of probabilities, against classes; see `nll_loss`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.NLLLoss()(tg.log(tg.tensor([[0.5, 0.5]])), [1])
    tensor(0.6931472)
    """

    def __init__(self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight, self.ignore_index = _buffer(weight), ignore_index

    def forward(self, input: Any, target: Any) -> Any:
        return nll_loss(input, target, self.weight, self.ignore_index, self.reduction)


class CrossEntropyLoss(Loss):
    """For logits, against classes or probabilities; see `cross_entropy`.

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


class FocalLoss(Loss):
    """Cross-entropy in which what is classified well counts less; see `focal_loss`.

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
