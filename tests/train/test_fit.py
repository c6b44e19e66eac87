"""`fit` does what the loop written by hand does, and no more than it says."""

from __future__ import annotations

import io
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn, optim, train
from tinygrad_edu.data import DataLoader, TensorDataset, random_split, spirals, xor
from tinygrad_edu.train import EarlyStopping, History, SaveBest, accuracy, evaluate, fit

DATA = spirals(90, seed=3)


def parts(seed: int = 0, **settings: Any) -> tuple[Any, DataLoader, Any, Any]:
    """A model, a loader, a loss and an optimizer, made anew from the seed."""
    tg.manual_seed(seed)
    model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Dropout(0.1), nn.Linear(16, 3))
    loader = DataLoader(DATA, batch_size=20, shuffle=True, seed=seed, **settings)
    return model, loader, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.02)


def numbers(model: Any) -> bytes:
    return b"".join(np.ascontiguousarray(x).tobytes() for x in model.state_dict().values())


def test_it_gives_the_numbers_of_the_loop_written_by_hand() -> None:
    model, loader, loss, optimizer = parts()
    losses = []
    for _ in range(3):
        for X, y in loader:
            optimizer.zero_grad()
            value = loss(model(X), y)
            value.backward()
            optimizer.step()
            losses.append(value.item())
    by_hand = numbers(model)

    model, loader, loss, optimizer = parts()
    history = fit(model, loader, loss, optimizer, epochs=3)
    assert numbers(model) == by_hand
    assert history.steps == losses


class Tempered(nn.Module):
    """A loss that learns how sure the model may be."""

    def __init__(self) -> None:
        self.temperature = nn.Parameter(1.0)

    def forward(self, logits: Any, labels: Any) -> Any:
        return nn.functional.cross_entropy(logits / self.temperature, labels)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_loss_may_learn_alone(threads: int) -> None:
    model, loader, _, _ = parts()
    loss, before = Tempered(), numbers(model)
    fit(model, loader, loss, optim.SGD(loss.parameters(), lr=0.1), epochs=1, threads=threads)
    assert loss.temperature.item() != 1.0
    assert numbers(model) == before
    with pytest.raises(tg.OptimizerError, match="has no parameter of this Sequential"):
        fit(model, loader, loss, optim.SGD(Tempered().parameters(), lr=0.1), epochs=1)


def test_the_history_has_a_record_an_epoch_and_a_loss_a_step() -> None:
    model, loader, loss, optimizer = parts()
    rest = DataLoader(DATA, batch_size=7)
    history = fit(model, loader, loss, optimizer, 2, [accuracy], validation=rest)
    assert list(history.epochs[0]) == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "lr", "seconds"]
    assert history["epoch"] == [1, 2]
    assert len(history.steps) == 2 * len(loader)
    sizes = [20, 20, 20, 20, 10]
    assert history["loss"][0] == pytest.approx(np.average(history.steps[:5], weights=sizes))
    found = train.evaluate(model, rest, loss, {"right": accuracy})
    assert found == {"loss": history["val_loss"][-1], "right": history["val_accuracy"][-1]}


def test_evaluation_neither_drops_nor_records_nor_changes_the_mode() -> None:
    model, _, loss, _ = parts()
    loader = DataLoader(DATA, batch_size=20)
    assert train.evaluate(model, loader, loss) == train.evaluate(model, loader, loss)
    assert model.training
    assert all(p.grad is None for p in model.parameters())


def test_it_leaves_the_model_in_the_mode_it_was_in() -> None:
    model, loader, loss, optimizer = parts()
    model.eval()
    fit(model, loader, loss, optimizer, 1, validation=loader)
    assert not model.training


def test_a_list_of_batches_will_do_and_models_of_several_inputs() -> None:
    class Sum(nn.Module):
        def __init__(self) -> None:
            self.layer = nn.Linear(2, 1)

        def forward(self, a: Any, b: Any) -> Any:
            return self.layer(a + b)

    model = Sum()
    batch = (tg.randn(5, 2), tg.randn(5, 2), tg.zeros((5, 1)))
    history = fit(model, [batch] * 10, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1), epochs=3)
    assert history["loss"][-1] < history["loss"][0]


def test_a_schedule_is_stepped_after_each_epoch() -> None:
    model, loader, loss, optimizer = parts()
    schedule = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    history = fit(model, loader, loss, optimizer, 3, scheduler=schedule)
    assert history["lr"] == pytest.approx([0.02, 0.01, 0.005])


def test_a_schedule_that_waits_for_a_plateau_watches_the_validation() -> None:
    model, loader, loss, optimizer = parts()
    schedule = optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=0, threshold=1e9)
    history = fit(model, loader, loss, optimizer, 3, validation=loader, scheduler=schedule)
    assert history["lr"][0] > history["lr"][-1]


# How a training ends.


class Interrupt(train.Callback):
    """Ctrl-C, at a certain step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_end(self, run: train.Run) -> None:
        if len(run.history.steps) == self.step:
            raise KeyboardInterrupt


def test_ctrl_c_keeps_what_was_learned() -> None:
    model, loader, loss, optimizer = parts()
    before = numbers(model)
    history = fit(model, loader, loss, optimizer, 100, callbacks=[Interrupt(7)])
    assert history.interrupted
    assert (len(history.epochs), len(history.steps)) == (1, 7)
    assert numbers(model) != before
    assert model.training
    assert repr(fit(*parts(), 100, callbacks=[Interrupt(3)])) == "History: no epoch is complete, after 3 steps"


def test_early_stopping_waits_for_its_patience() -> None:
    model, loader, loss, optimizer = parts()
    stop = train.EarlyStopping("val_accuracy", patience=3, best=max)
    history = fit(model, loader, loss, optimizer, 200, [accuracy], validation=loader, callbacks=[stop])
    figures = history["val_accuracy"]
    assert len(figures) < 200
    assert max(figures[-3:]) <= max(figures[:-3])
    assert figures.index(max(figures)) == len(figures) - 4


@pytest.mark.parametrize(
    ("values", "stops"),
    [([3, 2, 1], False), ([1, 2], False), ([1, 2, 2], True), ([1, 1, 1], True), ([3, 1, 2, 0.95, 2], True)],
)
def test_an_improvement_by_less_than_min_delta_is_none(values: list[float], stops: bool) -> None:
    history = History()
    history.epochs = [{"loss": value} for value in values]
    run: Any = type("Run", (), {"history": history})
    assert train.EarlyStopping("loss", patience=2, min_delta=0.1).should_stop(run) == stops


def test_the_best_weights_are_saved(tmp_path: Path) -> None:
    model, loader, loss, optimizer = parts()
    best = train.SaveBest(tmp_path / "best.npz")
    history = fit(model, loader, loss, optimizer, 8, validation=loader, callbacks=[best])
    model.load_state_dict(tg.load(tmp_path / "best.npz"))
    assert train.evaluate(model, loader, loss)["loss"] == pytest.approx(min(history["val_loss"]))


def test_a_column_that_is_not_there_is_an_error_that_names_those_that_are() -> None:
    model, loader, loss, optimizer = parts()
    with pytest.raises(KeyError, match="no column 'val_loss', but epoch, loss, lr, seconds"):
        fit(model, loader, loss, optimizer, 2, callbacks=[train.EarlyStopping()])


def test_a_loss_that_is_nan_stops_with_the_reason_before_the_step() -> None:
    model, _, _, optimizer = parts()
    data = TensorDataset(np.array([[1.0], [2.0], [-3.0], [4.0]], np.float32), np.zeros(4, np.float32))
    scale = nn.Parameter([1.0])
    model = nn.Sequential(nn.Lambda(lambda x: tg.log(x * scale)))
    model.scale = scale
    before = numbers(model)
    optimizer = optim.SGD([scale], lr=0.0)
    with np.errstate(all="ignore"), pytest.raises(train.NotFiniteError, match="log gave nan") as caught:
        fit(model, DataLoader(data, batch_size=2), lambda p, y: p.sum(), optimizer, epochs=1)
    assert "the loss is nan at step 2" in str(caught.value)
    assert caught.value.report.node.primitive.name == "log"  # type: ignore[union-attr]
    assert len(caught.value.history.steps) == 1
    assert numbers(model) == before


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"model": lambda x: x}, tg.DtypeError, "the model is a module of nn, not function"),
        ({"loader": DATA}, tg.DtypeError, r"needs batches, .*write DataLoader\(dataset, batch_size=64"),
        ({"validation": DATA}, tg.DtypeError, "needs batches"),
        ({"loader": []}, tg.ShapeError, "the loader gave no batches"),
        ({"threads": 0}, tg.OutOfRangeError, "threads is a whole number from 1 on, not 0"),
        ({"callbacks": train.EarlyStopping()}, tg.DtypeError, "callbacks"),
        ({"callbacks": [train.EarlyStopping]}, tg.DtypeError, "callbacks are a list of objects"),
        ({"loader": DataLoader(DATA, 91, drop_last=True)}, tg.ShapeError, "smaller than a full batch"),
    ],
)
def test_what_makes_no_sense_is_refused(change: Any, kind: type[Exception], says: str) -> None:
    names = ("model", "loader", "loss", "optimizer")
    with pytest.raises(kind, match=says):
        fit(**{**dict(zip(names, parts())), "epochs": 1, **change})


# What is seen.


def test_nothing_is_printed_where_there_is_no_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    fit(*parts(), epochs=1)
    assert capfd.readouterr() == ("", "")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tqdm", reason="shows progress: pip install tqdm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    fit(*parts(), epochs=2)
    shown = terminal.getvalue()
    assert "epoch 2/2: 100%" in shown
    assert "loss=" in shown


def test_the_bars_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    fit(*parts(), epochs=1, progress=False)
    assert terminal.getvalue() == ""


def test_it_works_without_tqdm(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr("tinygrad_edu._support.progress.find_spec", lambda name: None)
    fit(*parts(), epochs=1)
    assert terminal.getvalue() == ""


def test_the_history_prints_as_a_table_and_draws_as_curves(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="draws curves: pip install matplotlib").use("Agg")
    model, loader, loss, optimizer = parts()
    history = fit(model, loader, loss, optimizer, 3, {"right": accuracy}, validation=loader)
    assert repr(history).splitlines()[0].split() == list(history.epochs[0])
    left, right = history.plot(tmp_path / "curves.svg")
    assert (tmp_path / "curves.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert len(left.lines) == 3, "the steps, the training, the validation"
    assert [line.get_label() for line in right.lines] == ["right, training", "right, validation"]


def test_without_matplotlib_one_line_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        History().plot()


def test_a_split_of_the_data_trains_and_validates() -> None:
    learn, check = random_split(xor(100), [0.8, 0.2])
    model, _, loss, optimizer = parts()
    history = fit(model, DataLoader(learn, 16, shuffle=True), loss, optimizer, 20, [accuracy], DataLoader(check, 20))
    assert history["val_accuracy"][-1] == 1


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"loader": None}, "needs batches, such as a DataLoader gives, not None"),
        ({"validation": 3}, "needs batches, such as a DataLoader gives, not 3"),
        ({"loss": "mse"}, "the loss is a function, such as nn.CrossEntropyLoss.., not 'mse'"),
        ({"loss": lambda z, t: float(z.sum())}, "the loss of a batch is a Value or a Tensor, not float .* their .data"),
        ({"loss": nn.CrossEntropyLoss(reduction="none")}, r"one number, not .*\(3,\).*; reduce it with .mean\(\)"),
        ({"optimizer": optim.SGD(nn.Linear(2, 2).parameters())}, "no parameter of this Linear, .* made anew"),
        ({"optimizer": "sgd"}, "the optimizer is one of optim, .* not 'sgd'"),
        (
            {"epochs": 2, "loader": iter([(np.ones((1, 2)), [0])])},
            "list_iterator is used up after one pass",
        ),
        ({"epochs": 3, "validation": iter(())}, "tuple_iterator is used up .* give a list or a DataLoader"),
        ({"loader": [{"x": np.ones((1, 2)), "y": [0]}]}, "a batch is a tuple such as .images, labels., .* not {'x'"),
        ({"loader": [np.ones((3, 2))]}, "a batch is a tuple"),
        ({"loader": [(np.ones((3, 2)),)]}, "a batch is a tuple .* not 1 part"),
        ({"epochs": -1}, "epochs is a whole number from 0 on, not -1"),
        ({"epochs": 1.5}, "epochs is a whole number, not float 1.5"),
        ({"metrics": ["accuracy"]}, "a metric is a function such as train.accuracy, .* not 'accuracy'"),
        ({"metrics": [partial(train.top_k, k=2)]}, "or under a name in a dict"),
    ],
)
def test_what_cannot_be_trained_with_is_refused_before_the_first_step(changed: dict[str, Any], says: str) -> None:
    model = nn.Linear(2, 2)
    given: dict[str, Any] = {
        "loader": [(tg.ones((3, 2)), np.array([0, 1, 1]))], "loss": nn.CrossEntropyLoss(),
        "optimizer": optim.SGD(model.parameters()), "epochs": 1,
    }  # fmt: skip
    with pytest.raises(tg.TinygradError, match=says):
        train.fit(model, **{**given, **changed})


def test_one_epoch_on_a_generator_is_one_pass() -> None:
    model = nn.Linear(2, 2)
    batches = ((np.ones((3, 2)), np.array([0, 1, 1])) for _ in range(4))
    history = train.fit(model, batches, nn.CrossEntropyLoss(), optim.SGD(model.parameters()), 1)
    assert len(history.steps) == 4


WEIGHTED: dict[str, Any] = {
    "ignored classes": nn.CrossEntropyLoss(ignore_index=0),
    "weighted classes": nn.CrossEntropyLoss(weight=[0.1, 1.0, 5.0]),
    "both": nn.CrossEntropyLoss(weight=[0.1, 1.0, 5.0], ignore_index=1, label_smoothing=0.1),
    "a function with settings": partial(nn.functional.cross_entropy, ignore_index=0),
    "focal": nn.FocalLoss(ignore_index=2),
    "a sum": nn.CrossEntropyLoss(reduction="sum"),
    "a plain mean": nn.CrossEntropyLoss(),
}


@pytest.mark.parametrize("name", WEIGHTED)
def test_the_loss_of_an_evaluation_is_one_number_however_the_batches_are_made(name: str) -> None:
    X = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
    y = np.array([0] * 6 + [1] * 4 + [2] * 2)
    model, loss = nn.Linear(4, 3), WEIGHTED[name]
    whole = loss(model(X), y).item()
    for size in (12, 5, 4, 1):
        found = evaluate(model, DataLoader(TensorDataset(X, y), size), loss)["loss"]
        assert found == pytest.approx(whole, rel=1e-5)


def test_where_nothing_is_counted_the_loss_is_nan() -> None:
    loss = nn.CrossEntropyLoss(ignore_index=0)
    with np.errstate(all="ignore"):
        assert np.isnan(evaluate(nn.Linear(4, 3), [(np.ones((2, 4), np.float32), np.zeros(2, int))], loss)["loss"])


NAN = float("nan")


@pytest.mark.parametrize(
    ("values", "stops", "best"),
    [
        ([NAN, 1.0, 0.9, 0.8, 0.7], False, 4),
        ([1.0, NAN, NAN, NAN, NAN], True, 0),
        ([NAN, NAN, NAN, NAN, NAN], True, None),
        ([NAN, NAN, 5.0, NAN, 6.0], False, 2),
        ([float("inf"), NAN, 5.0, 4.0, NAN], False, 3),
    ],
)
def test_nan_is_never_an_improvement_and_everything_else_is_one_over_nan(
    values: list[float], stops: bool, best: int | None, tmp_path: Path
) -> None:
    run: Any = SimpleNamespace(history={"val_loss": values})
    assert EarlyStopping(patience=3).should_stop(run) == stops
    saved = None
    for epoch in range(len(values)):
        path = tmp_path / "best.npz"
        path.unlink(missing_ok=True)
        run.history, run.model = {"val_loss": values[: epoch + 1]}, nn.Linear(2, 2)
        SaveBest(path).on_epoch_end(run)
        saved = epoch if path.exists() else saved
    assert saved == best


@pytest.mark.parametrize("name", ["$\\frac$", "a$b$", "\ud800", "\x1b[31m"])
def test_any_name_of_a_metric_is_drawn_and_printed_as_text(name: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="draws curves: pip install matplotlib")
    history = train.History()
    history.epochs += [{"epoch": 1, "loss": 0.5, name: 0.25, "lr": 0.1, "seconds": 1.0}]
    history.steps += [1.0, 0.5]
    history.plot(tmp_path / "curves.svg")
    assert "</svg>" in (tmp_path / "curves.svg").read_text("utf-8")
    assert all(char.isprintable() or char == "\n" for char in repr(history))


def test_a_path_that_cannot_be_written_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    for refuse in (train.Checkpoint, train.SaveBest, train.History().plot):
        with pytest.raises(tg.FileError, match=r"'a\.pt' has none of the extensions \.(npz|svg)"):
            refuse(tmp_path / "a.pt")
    with pytest.raises(tg.FileError, match=r"Checkpoint: 'a\.safetensors' has none"):
        train.Checkpoint("a.safetensors")  # which holds arrays alone


def test_a_picture_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib", reason="draws curves: pip install matplotlib")
    history = train.History()
    history.plot(tmp_path / "curves.svg")
    whole = (tmp_path / "curves.svg").read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match=r"curves\.svg: No space left"):
        history.plot(tmp_path / "curves.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["curves.svg"]
    assert (tmp_path / "curves.svg").read_bytes() == whole
