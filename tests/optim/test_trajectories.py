"""Optimisers and schedules walk PyTorch's trajectories."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import tinygrad_edu as tg
from tinygrad_edu import optim
from tinygrad_edu.optim import lr_scheduler

STEPS = 100
rates = st.sampled_from([0.1, 0.01, 0.001])
shares = st.sampled_from([0.0, 0.5, 0.9])
decays = st.sampled_from([0.0, 0.01])
betas = st.sampled_from([(0.9, 0.999), (0.5, 0.9), (0.0, 0.0)])
small = st.sampled_from([1e-8, 1e-3])

SETTINGS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "SGD": {"lr": rates, "momentum": shares, "dampening": shares, "weight_decay": decays},
    "Adagrad": {"lr": rates, "lr_decay": decays, "weight_decay": decays, "initial_accumulator_value": shares},
    "RMSprop": {"lr": rates, "alpha": st.sampled_from([0.9, 0.99]), "eps": small, "weight_decay": decays,
                "momentum": shares, "centered": st.booleans()},
    "Adadelta": {"lr": rates, "rho": shares, "eps": small, "weight_decay": decays},
    "Adam": {"lr": rates, "betas": betas, "eps": small, "weight_decay": decays, "amsgrad": st.booleans()},
    "AdamW": {"lr": rates, "betas": betas, "eps": small, "weight_decay": decays, "amsgrad": st.booleans()},
}  # fmt: skip
BY_FORMULA: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "Adamax": {"lr": st.sampled_from([0.01, 0.001]), "betas": betas, "eps": small, "weight_decay": decays},
    "NAdam": {"lr": rates, "betas": betas, "eps": small, "weight_decay": decays},
    "RAdam": {"lr": rates, "betas": betas, "eps": small, "weight_decay": decays},
    "Rprop": {"lr": rates, "etas": st.sampled_from([(0.5, 1.2), (0.1, 2.0)])},
    "ASGD": {"lr": rates, "lambd": rates, "alpha": shares, "t0": st.sampled_from([0.0, 4.0]), "weight_decay": decays},
}  # fmt: skip
"""Their long walks are in test_formulas: they jump by the sign of a gradient, or PyTorch counts in float32."""


def library() -> Any:
    return pytest.importorskip("torch", reason="compared with PyTorch: pip install torch")


def walk(
    ours: Any, theirs: Any, w: Any, v: Any, target: np.ndarray, tolerance: float = 1e-7, steps: int = STEPS
) -> None:
    """Steps down the same valley, beside each other: w (3, 4) is there always, v every third time only."""
    torch = library()
    for t in range(steps):
        for parameter, other in zip(w, v):
            parameter.grad = other.grad = None
            if t % 3 == 0 or parameter is w[0]:
                ((parameter - target) ** 2).sum().backward()
                ((other - torch.tensor(target)) ** 2).sum().backward()
        ours.step()
        theirs.step()
        for parameter, other in zip(w, v):
            np.testing.assert_allclose(parameter.data, other.detach().numpy(), rtol=tolerance, atol=tolerance)


def parameters(dtype: str) -> tuple[list[Any], list[Any], np.ndarray]:
    torch = library()
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(3, 4)).astype(dtype), rng.normal(size=(5, 3, 4)).astype(dtype)]
    ours = [tg.tensor(array, requires_grad=True) for array in arrays]
    return ours, [torch.tensor(array, requires_grad=True) for array in arrays], rng.normal(size=(3, 4)).astype(dtype)


@pytest.mark.parametrize("name", SETTINGS)
@settings(max_examples=12)
@given(data=st.data())
def test_an_optimiser_walks_pytorchs_way(name: str, data: st.DataObject) -> None:
    chosen = data.draw(st.fixed_dictionaries(SETTINGS[name]))
    if name == "SGD" and chosen["momentum"] and not chosen["dampening"]:
        chosen["nesterov"] = data.draw(st.booleans())
    ours, theirs, target = parameters("float64")
    walk(getattr(optim, name)(ours, **chosen), getattr(library().optim, name)(theirs, **chosen), ours, theirs, target)


@pytest.mark.parametrize("name", [*SETTINGS, *BY_FORMULA])
@settings(max_examples=5)
@given(data=st.data())
def test_numbers_of_a_group_may_change_between_steps(name: str, data: st.DataObject) -> None:
    """As by schedules: `OneCycleLR` changes the momentum, or the first of the betas."""
    first, later = (data.draw(st.fixed_dictionaries({**SETTINGS, **BY_FORMULA}[name])) for _ in range(2))
    ours, theirs, target = parameters("float64")
    optimizer, other = getattr(optim, name)(ours, **first), getattr(library().optim, name)(theirs, **first)
    walk(optimizer, other, ours, theirs, target, 1e-6, steps=9)
    for group in (*optimizer.param_groups, *other.param_groups):
        group.update({key: x for key, x in later.items() if bool(x) == bool(first[key])})
    walk(optimizer, other, ours, theirs, target, 1e-6, steps=9)


@pytest.mark.parametrize("name", SETTINGS)
def test_with_its_defaults_it_stays_within_a_millionth_in_float32(name: str) -> None:
    ours, theirs, target = parameters("float32")
    walk(getattr(optim, name)(ours), getattr(library().optim, name)(theirs), ours, theirs, target, 1e-6)


def test_groups_have_settings_of_their_own() -> None:
    ours, theirs, target = parameters("float64")

    def groups(w: list[Any]) -> list[dict[str, Any]]:
        return [{"params": [w[0]], "lr": 0.01}, {"params": w[1], "betas": (0.5, 0.9)}]

    walk(optim.Adam(groups(ours)), library().optim.Adam(groups(theirs)), ours, theirs, target)


SCHEDULES: dict[str, Callable[[Any, Any], Any]] = {
    "lambda": lambda s, o: s.LambdaLR(o, lambda t: 1 / (t + 1)),
    "step": lambda s, o: s.StepLR(o, 4, gamma=0.5),
    "exponential": lambda s, o: s.ExponentialLR(o, 0.9),
    "cosine": lambda s, o: s.CosineAnnealingLR(o, 20, eta_min=0.01),
    "warm-up": lambda s, o: s.LinearLR(o, start_factor=0.1, total_iters=6),
    "warm-up, then cosine": lambda s, o: s.SequentialLR(
        o, [s.LinearLR(o, 0.1, total_iters=6), s.CosineAnnealingLR(o, 20)], milestones=[6]
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_gives_pytorchs_learning_rates(name: str) -> None:
    torch = library()
    ours = optim.SGD([{"params": [tg.Value(1.0)]}, {"params": [tg.Value(2.0)], "lr": 0.7}], lr=0.5)
    w, v = (torch.tensor(1.0, requires_grad=True) for _ in range(2))
    theirs = torch.optim.SGD([{"params": [w]}, {"params": [v], "lr": 0.7}], lr=0.5)
    schedule, other = SCHEDULES[name](lr_scheduler, ours), SCHEDULES[name](torch.optim.lr_scheduler, theirs)
    for _ in range(20):
        assert schedule.get_last_lr() == pytest.approx(other.get_last_lr(), rel=1e-9)
        theirs.step()
        schedule.step()
        other.step()


@given(
    metrics=st.lists(st.sampled_from([-2.0, -1.0, 0.5, 1.0, 1.00005, 2.0]), min_size=1, max_size=30),
    chosen=st.fixed_dictionaries(
        {
            "mode": st.sampled_from(["min", "max"]),
            "threshold_mode": st.sampled_from(["rel", "abs"]),
            "patience": st.integers(0, 3),
            "cooldown": st.integers(0, 3),
            "min_lr": st.sampled_from([0.0, 0.02]),
        }
    ),
)
def test_a_plateau_reduces_the_learning_rate_when_pytorchs_does(metrics: list[float], chosen: dict[str, Any]) -> None:
    torch = library()
    ours = optim.SGD([tg.Value(1.0)], lr=0.5)
    theirs = torch.optim.SGD([torch.tensor(1.0, requires_grad=True)], lr=0.5)
    schedule = lr_scheduler.ReduceLROnPlateau(ours, **chosen)
    other = torch.optim.lr_scheduler.ReduceLROnPlateau(theirs, **chosen)
    for metric in metrics:
        schedule.step(metric)
        other.step(metric)
        assert schedule.get_last_lr() == pytest.approx([theirs.param_groups[0]["lr"]], rel=1e-12)


@given(
    norm_type=st.sampled_from([1.0, 2.0, 3.0, float("inf")]),
    limit=st.sampled_from([0.0, 0.1, 2.0, 1e3]),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_clipping_is_pytorchs(norm_type: float, limit: float, dtype: str) -> None:
    torch = library()
    ours, theirs, target = parameters(dtype)
    for clip in ("norm", "value"):
        for w, v in zip(ours, theirs):
            w.grad, v.grad = target * w.data, torch.tensor(target * w.data)
        ours[0].grad = theirs[0].grad = None
        if clip == "norm":
            total = optim.clip_grad_norm_(ours, limit, norm_type)
            assert total == pytest.approx(float(torch.nn.utils.clip_grad_norm_(theirs, limit, norm_type)), rel=1e-5)
        else:
            optim.clip_grad_value_(ours, limit)
            torch.nn.utils.clip_grad_value_(theirs, limit)
        assert ours[0].grad is None
        assert ours[1].grad.dtype == dtype
        np.testing.assert_allclose(ours[1].grad, theirs[1].grad.numpy(), rtol=1e-5)
