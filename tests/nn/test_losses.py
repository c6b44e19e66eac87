"""Losses are PyTorch's: values, gradients, weights, ignored targets, smoothing; what would broadcast is refused."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from tests.nn.twins import DTYPES, assert_agree, assert_close, torch_or_skip
from tinygrad_edu import nn
from tinygrad_edu.testing import arrays, assert_gradients

reductions = st.sampled_from(["mean", "sum", "none"])
shapes = st.sampled_from([(3,), (2, 3), (4, 1, 2)])


def torch_functional() -> Any:
    torch_or_skip()
    import torch.nn.functional

    return torch.nn.functional


def numbers(shape: tuple[int, ...]) -> st.SearchStrategy[Any]:
    return arrays(shape, np.float64)


def probabilities(shape: tuple[int, ...]) -> st.SearchStrategy[Any]:
    return arrays(shape, np.float64, (0.0, 1.0))


# Numbers against numbers.

NUMBERS = ["mse_loss", "l1_loss", "huber_loss", "binary_cross_entropy_with_logits", "binary_cross_entropy", "kl_div"]


@pytest.mark.torch
@DTYPES
@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")  # PyTorch's, of its own kl_div
@pytest.mark.parametrize("name", NUMBERS)
@given(data=st.data())
def test_losses_of_numbers_are_pytorchs(name: str, dtype: Any, data: st.DataObject) -> None:
    shape, reduction = data.draw(shapes), data.draw(reductions)
    draw_input = probabilities if name == "binary_cross_entropy" else numbers
    draw_target = numbers if name in ("mse_loss", "l1_loss", "huber_loss") else probabilities
    x, target = data.draw(draw_input(shape)), data.draw(draw_target(shape))
    settings: dict[str, Any] = {"reduction": reduction}
    if name == "huber_loss":
        settings["delta"] = data.draw(st.sampled_from([0.5, 1.0, 3.0]))
    if name == "kl_div" and data.draw(st.booleans()):
        settings["log_target"], target = True, np.log(target)
    ours, theirs = getattr(F, name), getattr(torch_functional(), name)
    assert_agree(lambda x, t: ours(x, t, **settings), lambda x, t: theirs(x, t, **settings), x, target, dtype=dtype)


@pytest.mark.torch
@DTYPES
def test_weights_of_binary_losses_are_pytorchs(dtype: Any) -> None:
    torch = torch_or_skip()
    rng = np.random.default_rng(0)
    x, t, w, pos = rng.normal(size=(5, 3)), rng.random((5, 3)), rng.random((5, 1)), rng.random(3) * 4
    tw, tpos = torch.tensor(w.astype(dtype)), torch.tensor(pos.astype(dtype))
    assert_agree(
        nn.BCEWithLogitsLoss(weight=w, pos_weight=pos),
        lambda x, t: torch_functional().binary_cross_entropy_with_logits(x, t, tw, pos_weight=tpos),
        x, t, dtype=dtype,
    )  # fmt: skip
    assert_agree(
        nn.BCELoss(weight=w), lambda x, t: torch_functional().binary_cross_entropy(x, t, tw),
        1 / (1 + np.exp(-x)), t, dtype=dtype,
    )  # fmt: skip


@pytest.mark.torch
def test_kl_divergence_by_batch_is_pytorchs_and_knows_that_zero_log_zero_is_zero() -> None:
    torch = torch_or_skip()
    x, t = np.log([[0.5, 0.25, 0.25], [0.2, 0.3, 0.5]]), np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]])
    theirs = torch_functional().kl_div(torch.tensor(x), torch.tensor(t), reduction="batchmean")
    assert_close(F.kl_div(tg.tensor(x), t, "batchmean").data, theirs, 1e-12)


def test_the_hinge_loss_is_its_formula() -> None:
    x, y = np.array([0.5, -2.0, 3.0, 1.0]), np.array([1, 1, -1, 1])
    ours = F.hinge_loss(tg.tensor(x), y, "none")
    assert ours.tolist() == [0.5, 3.0, 4.0, 0.0]
    assert_gradients(lambda x: F.hinge_loss(x, y), np.array([0.5, -2.0, 3.0, 1.5]))


def test_extreme_numbers_give_finite_losses_and_gradients_without_a_warning() -> None:
    logits = tg.tensor([-1000.0, 1000.0, 0.0], requires_grad=True)
    F.binary_cross_entropy_with_logits(logits, [1.0, 0.0, 1.0]).backward()
    p = tg.tensor([0.0, 1.0, 0.5], requires_grad=True)
    F.binary_cross_entropy(p, [1.0, 0.0, 1.0]).backward()
    scores = tg.tensor([[-1e30, 1e30, 0.0]], requires_grad=True)
    F.cross_entropy(scores, [1]).backward()
    for x in (logits, p, scores):
        assert np.isfinite(x.grad).all()


def test_a_nan_is_not_hidden() -> None:
    assert np.isnan(F.binary_cross_entropy(tg.tensor([np.nan, 0.5]), [0.0, 1.0]).item())
    assert np.isnan(F.cross_entropy(tg.tensor([[np.nan, 1.0]]), [1]).item())


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "huber_loss", "hinge_loss", "kl_div",
                                  "binary_cross_entropy", "binary_cross_entropy_with_logits"])  # fmt: skip
def test_shapes_that_would_broadcast_are_refused(name: str) -> None:
    with pytest.raises(tg.ShapeError, match=rf"{name}: input \(5, 1\) and target \(5,\) have one shape"):
        getattr(F, name)(tg.ones((5, 1)) * 0.5, np.ones(5))


# Scores against classes.


@st.composite
def classified(draw: st.DrawFn) -> tuple[Any, Any, dict[str, Any]]:
    """Logits, classes and settings of `cross_entropy`."""
    shape = draw(st.sampled_from([(3,), (4, 3), (2, 3, 4), (2, 5, 1, 3)]))
    n = shape[1] if len(shape) > 1 else shape[0]
    rows = (shape[0], *shape[2:]) if len(shape) > 1 else ()
    classes = np.array(draw(st.lists(st.integers(0, n - 1), min_size=int(np.prod(rows)), max_size=int(np.prod(rows)))))
    settings: dict[str, Any] = {"reduction": draw(reductions)}
    if draw(st.booleans()):
        settings["weight"] = draw(arrays((n,), np.float64, (0.1, 3.0)))
    if draw(st.booleans()):
        settings["ignore_index"] = int(draw(st.sampled_from([-100, 0, n - 1])))
    return draw(numbers(shape)), classes.reshape(rows).astype(np.int64), settings


def with_torch_weight(settings: dict[str, Any], dtype: Any) -> dict[str, Any]:
    torch = torch_or_skip()
    return {k: torch.tensor(v.astype(dtype)) if k == "weight" else v for k, v in settings.items()}


def all_ignored(classes: Any, settings: dict[str, Any]) -> bool:
    return bool((classes == settings.get("ignore_index", -100)).all())


@pytest.mark.torch
@DTYPES
@given(example=classified(), smoothing=st.sampled_from([0.0, 0.1, 1.0]))
def test_cross_entropy_of_classes_is_pytorchs(dtype: Any, example: Any, smoothing: float) -> None:
    logits, classes, settings = example
    if all_ignored(classes, settings):
        return
    theirs = with_torch_weight(settings, dtype)
    assert_agree(
        lambda x, y: nn.CrossEntropyLoss(label_smoothing=smoothing, **settings)(x, y),
        lambda x, y: torch_functional().cross_entropy(x, y, label_smoothing=smoothing, **theirs),
        logits, classes, dtype=dtype,
    )  # fmt: skip


@pytest.mark.torch
@DTYPES
@given(example=classified())
def test_nll_loss_is_pytorchs(dtype: Any, example: Any) -> None:
    logits, classes, settings = example
    if all_ignored(classes, settings):
        return
    theirs = with_torch_weight(settings, dtype)
    assert_agree(
        lambda x, y: nn.NLLLoss(**settings)(x, y),
        lambda x, y: torch_functional().nll_loss(x, y, **theirs),
        logits, classes, dtype=dtype,
    )  # fmt: skip


@pytest.mark.torch
@DTYPES
@given(example=classified(), smoothing=st.sampled_from([0.0, 0.1]), data=st.data())
def test_cross_entropy_of_probabilities_is_pytorchs(dtype: Any, example: Any, smoothing: float, data: Any) -> None:
    logits, _, settings = example
    settings.pop("ignore_index", None)
    target = data.draw(probabilities(logits.shape))
    theirs = with_torch_weight(settings, dtype)
    assert_agree(
        lambda x, q: F.cross_entropy(x, q, label_smoothing=smoothing, **settings),
        lambda x, q: torch_functional().cross_entropy(x, q, label_smoothing=smoothing, **theirs),
        logits, target, dtype=dtype,
    )  # fmt: skip


@given(example=classified())
def test_the_focal_loss_with_gamma_0_is_the_cross_entropy(example: Any) -> None:
    logits, classes, settings = example
    if all_ignored(classes, settings):
        return
    focal = F.focal_loss(tg.tensor(logits), classes, 0.0, **settings)
    entropy = F.cross_entropy(tg.tensor(logits), classes, **settings)
    np.testing.assert_allclose(focal.data, entropy.data, rtol=1e-12)


def test_the_focal_loss_is_its_formula_and_its_derivatives_are_right() -> None:
    logits, classes = np.array([[1.0, -0.5, 0.25], [0.5, 2.0, -1.0]]), np.array([2, 1])
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    chosen = p[[0, 1], classes]
    np.testing.assert_allclose(
        nn.FocalLoss(gamma=1.5, reduction="none")(tg.tensor(logits), classes).data,
        -((1 - chosen) ** 1.5) * np.log(chosen),
    )
    assert_gradients(lambda x: F.focal_loss(x, classes, 1.5), logits)


@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss, F.focal_loss])
def test_a_mean_of_ignored_examples_alone_is_nan_as_in_pytorch(loss: Any) -> None:
    assert np.isnan(loss(tg.zeros((2, 3)), [-100, -100]).item())


def test_ignored_examples_count_nothing_even_where_their_loss_is_infinite() -> None:
    log_p = tg.tensor([[-np.inf, 0.0], [-1.0, -0.5]], requires_grad=True)
    loss = F.nll_loss(log_p, [-100, 1])
    loss.backward()
    assert loss.item() == 0.5
    assert log_p.grad.tolist() == [[0.0, 0.0], [0.0, -1.0]]


@pytest.mark.parametrize(
    ("target", "error", "says"),
    [
        ([0.0, 1.0], tg.DtypeError, "needs whole numbers"),
        ([0, 3], tg.OutOfRangeError, "3 is not among the 3 classes, which are 0 to 2"),
        ([0, -5], tg.OutOfRangeError, "-5 is not among"),
        ([0, -1], tg.OutOfRangeError, "-1 is not among the 3 classes"),
        ([0, 1, 2], tg.ShapeError, r"target has shape \(2,\), a class for each example, not \(3,\)"),
        ([[0, 1]], tg.ShapeError, "or the shape of the input, with probabilities"),
    ],
)
@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss, F.focal_loss, F.multi_margin_loss])
def test_wrong_classes_are_refused_in_words(loss: Any, target: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        loss(tg.zeros((2, 3)), target)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: F.mse_loss(tg.ones(2), tg.ones(2), "avg"), "reduction is 'mean', 'sum' or 'none', not 'avg'"),
        (lambda: nn.MSELoss("avg"), "MSELoss: reduction is 'mean', 'sum' or 'none'"),
        (lambda: F.cross_entropy(tg.zeros((1, 2)), [0], label_smoothing=2.0), "between 0 and 1, not 2.0"),
        (lambda: F.cross_entropy(tg.zeros((1, 2)), [0], weight="a"), "cross_entropy: needs numbers.* not str 'a'"),
        (lambda: F.nll_loss(tg.zeros((1, 2)), [0], weight=[1j, 2]), "nll_loss: needs numbers.* not list"),
        (lambda: F.cross_entropy(tg.zeros((1, 2)), [0], weight=[1.0]), "a number for each of the 2 classes"),
        (lambda: F.cross_entropy(tg.tensor(1.0), 0), "the input has scores for each class"),
        (lambda: F.huber_loss(tg.ones(2), tg.ones(2), delta=0.0), "delta is larger than 0"),
        (lambda: F.huber_loss(tg.ones(2), tg.ones(2), delta=cast(Any, "1")), "delta is a number, not str '1'"),
        (lambda: F.hinge_loss(tg.ones(2), [0, 1]), "targets are −1 and 1"),
        (lambda: F.binary_cross_entropy(tg.tensor([1.5]), [1.0]), "between 0 and 1; .* has others"),
        *(
            (partial(f, tg.tensor([[0.5, 0.5]]), [[y, 1.0]]), r"targets are probabilities, .*; \(y \+ 1\) / 2 makes")
            for f in (
                F.binary_cross_entropy, F.binary_cross_entropy_with_logits, F.multilabel_soft_margin_loss
            )
            for y in (-1.0, 2.0, 255.0)
        ),
        (lambda: F.focal_loss(tg.zeros((1, 2)), [0], -1.0), "gamma is 0 or larger"),
        (lambda: F.mse_loss(tg.ones(2), ["a", "b"]), "mse_loss: needs numbers"),
    ],
)  # fmt: skip
def test_wrong_settings_are_refused_in_words(call: Any, says: str) -> None:
    with pytest.raises(tg.TinygradError, match=says):
        call()


@pytest.mark.parametrize(
    "loss", [nn.MSELoss(), nn.L1Loss(), nn.HuberLoss(), nn.BCEWithLogitsLoss(), nn.KLDivLoss(), nn.HingeLoss()]
)
def test_a_float32_network_has_a_float32_loss_whatever_the_targets_are(loss: Any) -> None:
    x = tg.tensor([0.5, -0.5], requires_grad=True)
    for target in ([1, 1], np.ones(2), np.ones(2, np.float32), tg.tensor(np.ones(2))):
        out = loss(x, target)
        out.backward()
        assert out.dtype == np.float32


def test_targets_that_require_a_gradient_receive_it() -> None:
    x, t = tg.tensor([1.0, 2.0], requires_grad=True), tg.tensor([1.5, 0.0], requires_grad=True)
    F.mse_loss(x, t, "sum").backward()
    assert x.grad.tolist() == [-1.0, 4.0]
    assert t.grad.tolist() == [1.0, -4.0]


@pytest.mark.parametrize("label_smoothing", [0.0, 0.2])
def test_second_derivatives_of_cross_entropy_are_right(label_smoothing: float) -> None:
    logits = np.array([[1.0, -0.5, 0.25], [0.5, 2.0, -1.0]])
    assert_gradients(
        lambda x: F.cross_entropy(x, [2, 1], weight=[1.0, 2.0, 0.5], label_smoothing=label_smoothing), logits
    )
    assert_gradients(lambda x: F.binary_cross_entropy_with_logits(x, np.abs(logits) / 2), logits)


def test_weights_of_losses_are_saved_as_in_pytorch() -> None:
    loss = nn.CrossEntropyLoss(weight=[1.0, 2.0])
    assert list(loss.parameters()) == []
    assert loss.state_dict()["weight"].tolist() == [1.0, 2.0]
    assert repr(loss) == "CrossEntropyLoss(reduction='mean')"


@pytest.mark.parametrize("gamma", [0.1, 0.5, 1.0, 1.5, 2.0])
def test_focal_loss_has_derivatives_where_a_probability_rounds_to_1(gamma: float) -> None:
    logits = np.array([[200.0, 0.0], [1.0, 0.0]])
    slopes = tg.grad(lambda x: F.focal_loss(x, [0, 0], gamma))(logits)
    assert slopes[0].tolist() == [0.0, 0.0]
    assert np.isfinite(slopes).all()
    assert np.isfinite(tg.hessian(lambda x: F.focal_loss(x, [0, 0], gamma))(logits)).all()


def test_a_target_that_is_no_probability_has_no_divergence() -> None:
    losses = F.kl_div(tg.tensor([-1.0, -1.0, -1.0]), np.array([-0.5, np.nan, 0.0]), reduction="none")
    assert np.isnan(losses.data).tolist() == [True, True, False]
    assert losses.dtype == np.float32
    by_target = tg.grad(lambda t: F.kl_div(np.array([-1.0, -1.0, -1.0]), t, reduction="sum"))
    slopes = by_target(np.array([-0.5, 0.0, 0.5]))
    assert np.isnan(slopes[0])
    assert slopes[1:].tolist() == pytest.approx([1.0, np.log(0.5) + 1 + 1])


@pytest.mark.parametrize("loss", [F.binary_cross_entropy, F.binary_cross_entropy_with_logits])
def test_targets_that_count_are_probabilities_up_to_rounding(loss: Any) -> None:
    x, above = tg.tensor([0.5, 0.3]), np.nextafter(np.float32(1), np.float32(2))
    assert_close(loss(x, [above, 0]), loss(x, [1, 0]), 1e-6)
    assert_close(loss(x, [-100, 1], weight=[0, 1]), loss(x, [0, 1], weight=[0, 1]), 1e-6)
    for target, weight in (([-1, 1], None), ([-1, 1], [1, 0]), ([2, 1], None)):
        with pytest.raises(tg.OutOfRangeError, match="targets are probabilities"):
            loss(x, target, weight=weight)
