"""Several threads give the numbers of one, but for rounding, and the same ones every time."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from itertools import pairwise
from time import sleep
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
from tinygrad_edu import models, nn, optim
from tinygrad_edu.data import DataLoader, Digits
from tinygrad_edu.engine import blas
from tinygrad_edu.errors import ModuleError
from tinygrad_edu.train import Callback, NotFiniteError, accuracy, fit
from tinygrad_edu.train.parallel import side_by_side

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


class Model(nn.Module):
    """A network whose forward pass is `program`; it takes four numbers and gives the scores of three classes."""

    def __init__(self, program: Any, **members: Any) -> None:
        self.program = program
        for name, member in members.items():
            setattr(self, name, member)
        self.head = nn.Linear(None, 3)

    def forward(self, x: Any) -> Any:
        return self.head(self.program(self, x))


def sequence(x: Any) -> Any:
    """Two steps of two features for each example: as many steps as one of several threads may have examples."""
    return x.reshape((len(x), 2, 2))


def slope(model: Any, x: Any) -> Any:
    """A layer and its derivative, of which the training then takes the derivative."""
    y = model.norm(x)
    return tg.concatenate([y, tg.gradients((y**3).sum(), [x], create_graph=True)[0]], axis=1)


WHOLE_BATCH: dict[str, Any] = {
    "batch norm": lambda: nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Linear(5, 3)),
    "batch norm of sequences": lambda: Model(lambda m, x: m.norm(sequence(x)).flatten(1), norm=nn.BatchNorm1d(2)),
    "batch norm of images": lambda: Model(
        lambda m, x: m.norm(m.conv(x.reshape((-1, 1, 2, 2)))).relu().flatten(1),
        conv=nn.Conv2d(1, 3, 2, padding=1),
        norm=nn.BatchNorm2d(3, momentum=None),
    ),
    "batch norm of volumes": lambda: Model(
        lambda m, x: m.norm(x.reshape((-1, 2, 1, 2, 1))).flatten(1), norm=nn.BatchNorm3d(2, affine=False)
    ),
    "batch norm that remembers nothing": lambda: Model(
        lambda m, x: m.norm(x), norm=nn.BatchNorm1d(4, track_running_stats=False)
    ),
    "batch norm of one layer twice": lambda: Model(lambda m, x: m.norm(m.norm(x).tanh() * x), norm=nn.BatchNorm1d(4)),
    "batch norm of frozen layers": lambda: Model(lambda m, x: m.norm(x), norm=nn.BatchNorm1d(4).freeze()),
    "batch norm in half precision": lambda: Model(
        lambda m, x: m.norm(x.astype("float16")).astype(float), norm=nn.BatchNorm1d(4)
    ),
    "batch norm whose derivative is learned from": lambda: Model(
        lambda m, x: slope(m, tg.tensor(x.data, requires_grad=True)), norm=nn.BatchNorm1d(4)
    ),
    "instance norm that remembers": lambda: Model(
        lambda m, x: m.norm(sequence(x)).flatten(1), norm=nn.InstanceNorm1d(2, track_running_stats=True)
    ),
    "sizes that are learned, among random numbers": lambda: nn.Sequential(
        nn.Linear(None, 6), nn.BatchNorm1d(None), nn.Dropout(0.5), nn.Linear(None, 3)
    ),
    "dropout": lambda: nn.Sequential(nn.Linear(4, 5), nn.Dropout(0.5), nn.Linear(5, 3)),
    "dropout by a function": lambda: Model(lambda m, x: F.dropout(x, 0.3, m.training)),
    "dropout with a seed": lambda: Model(lambda m, x: F.dropout(x, 0.3, seed=1)),
    "dropout of channels": lambda: Model(lambda m, x: m.drop(sequence(x)).flatten(1), drop=nn.Dropout1d(0.5)),
    "dropout for selu": lambda: nn.Sequential(nn.Linear(4, 5), nn.SELU(), nn.AlphaDropout(0.5), nn.Linear(5, 3)),
    "dropout between recurrent layers": lambda: Model(
        lambda m, x: m.rnn(sequence(x))[0].flatten(1), rnn=nn.GRU(2, 3, 2, batch_first=True, dropout=0.5)
    ),
    "dropout of attention": lambda: Model(
        lambda m, x: m.layer(sequence(x)).flatten(1),
        layer=nn.TransformerEncoderLayer(2, 1, 4, dropout=0.5, batch_first=True),
    ),
    "noise": lambda: Model(lambda m, x: x + 0.1 * tg.randn(x.shape) + tg.rand_like(x)),
}


def two_epochs(model: Any, threads: int, n: int) -> dict[str, Any]:
    """The state after two epochs of two batches, the last of which has fewer examples, and the losses."""
    rng = np.random.default_rng(0)
    X, y = tg.tensor(rng.normal(3.0, 2.0, (n, 4))), rng.integers(0, 3, n)
    batches = [(X, y), (X[: n // 2], y[: n // 2])]
    history = fit(model.double(), batches, F.cross_entropy, optim.SGD(model.parameters(), lr=0.1), 2, threads=threads)
    return {**model.state_dict(), "losses": np.array(history.steps), "next": tg.rand(1).data}


@pytest.mark.parametrize(("threads", "n"), [(2, 4), (3, 11)])
@pytest.mark.parametrize("name", WHOLE_BATCH)
def test_what_is_of_the_whole_batch_is_as_on_one_thread(name: str, threads: int, n: int) -> None:
    found = []
    for count in (1, threads, threads):
        tg.manual_seed(0)
        found.append(two_epochs(WHOLE_BATCH[name](), count, n))
    one, several, again = found
    assert one.keys() == several.keys()
    for key, expected in one.items():
        tolerance = 1e-3 if "half" in name else 1e-9
        np.testing.assert_allclose(several[key], expected, tolerance, tolerance, err_msg=key)
        np.testing.assert_array_equal(several[key], again[key], err_msg=key)


@given(
    sizes=st.lists(st.integers(1, 4), min_size=2, max_size=3).filter(lambda sizes: sum(sizes) > 1),
    channels=st.integers(1, 3),
    places=st.sampled_from([(), (2,), (3, 2)]),
    affine=st.integers(0, 2),
    mean=st.sampled_from([0.0, 1e3]),
    dtype=st.sampled_from(["float64", "float32"]),
)
def test_batch_norm_of_parts_is_that_of_the_batch(
    sizes: list[int], channels: int, places: tuple[int, ...], affine: int, mean: float, dtype: str
) -> None:
    rng = np.random.default_rng(0)
    edges = np.cumsum([0, *sizes]).tolist()
    rows = [slice(*edge) for edge in pairwise(edges)]
    shape = (edges[-1], channels, *places)
    x, g = rng.normal(mean, 1.0, shape), rng.normal(size=shape)
    parameters: list[Any] = [tg.tensor(rng.normal(size=channels), dtype, requires_grad=True) for _ in range(affine)]

    def both(of: slice) -> list[Any]:
        node = tg.tensor(x[of], dtype, requires_grad=True)
        out = F.batch_norm(node, None, None, **dict(zip(("weight", "bias"), parameters)), training=True)
        return [out.data, *tg.gradients((out * g[of].astype(dtype)).sum(), [node, *parameters])]

    whole = both(slice(None))
    with ThreadPoolExecutor(len(rows)) as pool:
        out, to_x, *to_parameters = zip(*side_by_side(pool, rows, both, rows))
    rtol = (1e-3 if mean else 1e-4) if dtype == "float32" else 1e-9
    for found, expected in zip([np.concatenate(out), np.concatenate(to_x), *(sum(g) for g in to_parameters)], whole):
        np.testing.assert_allclose(found, expected, rtol, rtol * abs(expected).max())


def by_part(model: Any, x: Any) -> Any:
    """Another program for the first half of the batch, whose numbers are 0, than for the other."""
    return model.zeros(x) if x.data[0, 0] == 0 else model.others(x)


def by_halves(zeros: Any, others: Any, **members: Any) -> Any:
    return lambda: Model(by_part, zeros=zeros, others=others, **members)


def counted(model: Any, x: Any) -> Any:
    model.seen.data = model.seen.data + 1
    return x


NORM = nn.BatchNorm1d(4)
REFUSED: dict[str, tuple[Any, str]] = {
    "noise that all examples share": (
        lambda: Model(lambda m, x: x + tg.randn(4)),
        r"randn of shape \(4,\) in a thread that computes 3 examples of a batch: these do not lie along axis 0",
    ),
    "dropout along another axis": (
        lambda: Model(lambda m, x: F.dropout(x.T).T),
        r"dropout of shape \(4, 3\) in a thread that computes 3 examples of a batch",
    ),
    "random weights": (
        lambda: Model(lambda m, x: x @ nn.init.normal_(tg.zeros((4, 4)))),
        "random numbers that threads draw for parts of a batch",
    ),
    "a memory": (
        lambda: Model(counted, seen=nn.Buffer([0.0])),
        r"a Tensor of shape \(1,\) is changed in place while threads compute parts",
    ),
    "a layer for some": (
        by_halves(NORM, lambda x: x),
        "one has come to BatchNorm1d, and another to the first call of Linear",
    ),
    "another layer for some": (
        by_halves(NORM, F.dropout),
        r"one has come to BatchNorm1d, and another to dropout of shape \(N, 4\)",
    ),
    "a gradient for some": (
        by_halves(NORM, lambda x: NORM(x).detach()),
        "one has come to the gradient of batch_norm of 4 channels, and another to its end",
    ),
}


def half_zeros() -> list[Any]:
    return [(tg.tensor(np.repeat([0.0, 1.0], 3)[:, None] * np.ones((6, 4)) + np.eye(6, 4, 1)), np.arange(6) % 3)]


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_give_other_numbers_is_refused(name: str) -> None:
    make, message = REFUSED[name]
    for threads, expected in ((1, nullcontext()), (2, pytest.raises(ModuleError, match=message))):
        model = make()
        NORM(np.ones((2, 4)))
        with expected:
            fit(model, half_zeros(), F.cross_entropy, optim.SGD(model.parameters(), lr=0.1), 1, threads=threads)


def failing(x: Any) -> Any:
    raise ValueError("not for ones")


def interrupted(x: Any) -> Any:
    """Ctrl-C while the main thread waits for the parts. A terminal, too, sends it to the process, not to a thread."""
    sleep(0.02)
    os.kill(os.getpid(), signal.SIGINT)
    return NORM(x)


def interrupting(x: Any) -> Any:
    raise KeyboardInterrupt


def trained_by_halves(others: Any) -> Any:
    NORM(np.ones((2, 4)))
    model = by_halves(NORM, others)()
    return fit(model, half_zeros(), F.cross_entropy, optim.SGD([NORM.weight], lr=0.1), 1, threads=2)


def test_the_error_of_a_part_ends_the_others_where_they_wait_for_it() -> None:
    with pytest.raises(ValueError, match="not for ones"):
        trained_by_halves(failing)


@pytest.mark.parametrize("others", [interrupted, interrupting])
def test_an_interrupt_ends_all_parts(others: Any) -> None:
    gc.disable()  # Python drops an interrupt that comes inside a callback of the collector, and hypothesis has one
    try:
        assert trained_by_halves(others).interrupted
    finally:
        gc.enable()


class InterruptedPool(ThreadPoolExecutor):
    """Ctrl-C comes when it is given the second part."""

    parts = 0

    def submit(self, *work: Any, **arguments: Any) -> Any:
        self.parts += 1
        if self.parts == 2:
            raise KeyboardInterrupt
        return super().submit(*work, **arguments)


def test_no_part_waits_for_one_that_has_not_begun() -> None:
    with pytest.raises(KeyboardInterrupt), InterruptedPool(2) as pool:
        side_by_side(pool, [slice(0, 1), slice(1, 2)], repr, ["first", "second"])


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
