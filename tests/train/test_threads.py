"""Several threads give the numbers of one, but for rounding, and the same ones every time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import models, nn, optim
from tinygrad_edu.data import DataLoader, Digits
from tinygrad_edu.engine import blas
from tinygrad_edu.errors import ModuleError
from tinygrad_edu.train import Callback, NotFiniteError, accuracy, fit

DIGITS = Digits(train=False, size=28)


def trained(model: Any, threads: int, batch_size: int = 50) -> tuple[np.ndarray, Any]:
    loader = DataLoader(DIGITS, batch_size, shuffle=True)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    history = fit(model, loader, nn.CrossEntropyLoss(), optimizer, 2, [accuracy], threads=threads)
    return np.concatenate([x.ravel() for x in model.state_dict().values()]), history


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("make", [models.mlp, models.lenet])
def test_several_threads_give_the_numbers_of_one(make: Any, threads: int) -> None:
    results = []
    for n in (1, threads, threads):
        tg.manual_seed(0)
        results.append(trained(make(), n))
    (one, history), (several, other), (again, _) = results
    assert np.array_equal(several, again)
    assert np.allclose(one, several, atol=1e-5)
    assert other["loss"] == pytest.approx(history["loss"], rel=1e-4)
    assert other["accuracy"] == pytest.approx(history["accuracy"], abs=0.01)


def test_more_threads_than_examples() -> None:
    _, history = trained(models.mlp(), threads=4, batch_size=299)  # the last batch has one example
    assert len(history.steps) == 6


def test_a_frozen_parameter_stays_as_it_is() -> None:
    model = models.mlp()
    model[1].requires_grad_(False)
    before = model[1].weight.numpy()
    trained(model, threads=2)
    assert np.array_equal(model[1].weight.data, before)


@pytest.mark.parametrize("layer", [nn.Dropout(0.5), nn.BatchNorm1d(5)])
def test_layers_that_would_give_other_numbers_are_refused(layer: nn.Module) -> None:
    with pytest.raises(ModuleError, match=rf"2 \({type(layer).__name__}\) would give other numbers"):
        trained(nn.Sequential(nn.Flatten(), nn.Linear(784, 5), layer, nn.Linear(5, 10)), threads=2)


def test_a_loss_that_is_nan_stops_all_threads() -> None:
    model = models.mlp()
    with tg.no_grad():
        model[1].weight[0, 0] = np.nan
    with np.errstate(all="ignore"), pytest.raises(NotFiniteError, match="the loss is nan at step 1"):
        trained(model, threads=2)


class Heads(nn.Module):
    """Several outputs, in a dict and a list."""

    def __init__(self) -> None:
        self.one, self.two = nn.Linear(4, 3), nn.Linear(4, 2)

    def forward(self, x: Any) -> Any:
        return {"one": self.one(x), "two": [self.two(x), 2 * self.two(x)]}


F = nn.functional
LOSSES: dict[str, tuple[Any, Any]] = {
    "class weights": (nn.Linear, lambda _: nn.CrossEntropyLoss(weight=[0.1, 1.0, 5.0])),
    "ignored classes": (nn.Linear, lambda _: nn.CrossEntropyLoss(ignore_index=0)),
    "a sum": (nn.Linear, lambda _: nn.CrossEntropyLoss(reduction="sum")),
    "examples compared": (nn.Linear, lambda _: lambda z, t: (z @ z.T * (t[:, None] != t[None, :])).mean()),
    "a batch standardised": (nn.Linear, lambda _: lambda z, t: ((z - z.mean(axis=0)) / z.std(axis=0))[t == 1].sum()),
    "the worst example": (nn.Linear, lambda _: lambda z, t: z.max()),
    "weight decay": (nn.Linear, lambda model: lambda z, t: F.cross_entropy(z, t) + (model.weight**2).sum()),
    "no prediction": (nn.Linear, lambda model: lambda z, t: (model.weight**2).sum()),
    "sizes that are learned": (
        lambda _, n: nn.Sequential(nn.Linear(None, 6), nn.Linear(None, n)),
        lambda _: F.cross_entropy,
    ),
    "several outputs": (
        lambda *_: Heads(),
        lambda _: lambda z, t: F.cross_entropy(z["one"], t) + (z["two"][0] * z["two"][1]).mean(),
    ),
}


@pytest.mark.parametrize("threads", [2, 5])
@pytest.mark.parametrize("name", LOSSES)
def test_any_loss_gives_the_numbers_of_one_thread(name: str, threads: int) -> None:
    make, loss_of = LOSSES[name]
    X = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
    y = np.array([0] * 6 + [1] * 4 + [2] * 2)
    found = []
    for n in (1, threads):
        tg.manual_seed(0)
        model = make(4, 3)
        history = fit(model, [(X, y)], loss_of(model), optim.SGD(model.parameters(), lr=0.5), 2, threads=n)
        found.append([*(x.ravel() for x in model.state_dict().values()), history.steps])
    for one, several in zip(*found):
        assert np.allclose(one, several, atol=1e-5)


@pytest.mark.parametrize(
    ("targets", "loss"),
    [
        (
            {"class": [0, 1, 2] * 4, "size": [0.5] * 12},
            lambda z, t: F.cross_entropy(z, t["class"]) + z.sum() * t["size"][0],
        ),
        ((np.arange(12) % 3, np.ones((12, 3))), lambda z, t: F.cross_entropy(z, t[0]) + F.mse_loss(z, t[1])),
        ([0, 1, 2] * 4, F.cross_entropy),
    ],
)
@pytest.mark.parametrize("convert", [np.asarray, tg.tensor, list])
def test_inputs_and_targets_may_be_lists_and_targets_may_have_parts(convert: Any, targets: Any, loss: Any) -> None:
    X = convert(np.random.default_rng(0).normal(size=(12, 4)).tolist())
    found = []
    for threads in (1, 2):
        tg.manual_seed(0)
        model = nn.Linear(4, 3)
        history = fit(model, [(X, targets)], loss, optim.SGD(model.parameters(), lr=0.5), 2, threads=threads)
        found.append([*model.weight.data.ravel(), *history.steps, *history["loss"]])
    one, several = found
    assert np.allclose(one, several, atol=1e-5)


def test_what_runs_between_the_parts_has_all_threads_of_blas(monkeypatch: pytest.MonkeyPatch) -> None:
    threads, found = [4], []
    monkeypatch.setattr(blas, "get_threads", lambda: threads[0])
    monkeypatch.setattr(blas, "set_threads", lambda n: threads.__setitem__(0, n))

    class Watch(Callback):
        def on_step_end(self, run: Any) -> None:
            found.append(threads[0])

    class Layer(nn.Module):
        def __init__(self) -> None:
            self.linear = nn.Linear(4, 3)

        def forward(self, x: Any) -> Any:
            found.append(-threads[0])
            return self.linear(x)

    def batches() -> Iterator[Any]:
        found.append(threads[0])
        yield np.ones((6, 4)), np.zeros(6, int)

    model = Layer()
    model(np.ones((1, 4)))
    fit(model, batches(), F.cross_entropy, optim.SGD(model.parameters(), lr=0.5), 1, callbacks=[Watch()], threads=2)
    assert found == [-4, 4, -1, -1, 4]


def test_a_batch_along_another_axis_is_refused() -> None:
    class Last(nn.Module):
        def __init__(self) -> None:
            self.rnn = nn.RNN(4, 3)

        def forward(self, x: Any) -> Any:
            return self.rnn(x)[0][-1]

    model = Last()
    batch = np.ones((5, 8, 4), np.float32), np.zeros(8, int)  # time first
    fit(model, [batch], nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), 1)
    with pytest.raises(ModuleError, match=r"inputs of shape \(5, 8, 4\) do not have the 8 examples there"):
        fit(model, [batch], nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), 1, threads=2)
