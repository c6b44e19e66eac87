"""A training that was killed goes on from its checkpoint, and ends with the very numbers of one that was not."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tinygrad_edu as tg
from tests.cli.conftest import environment
from tests.train.test_fit import Tempered
from tinygrad_edu import nn, optim, train
from tinygrad_edu.data import DataLoader, Digits, RandomHorizontalFlip
from tinygrad_edu.errors import FileError, TinygradError
from tinygrad_edu.train import Checkpoint, accuracy, fit

SCRIPT = """
import sys
from tests.train.test_checkpoint import training
training(sys.argv[1], epochs=int(sys.argv[2]))
print("done")
"""


def training(
    path: Any, epochs: int, resume: bool = True, loss_of: Callable[[], Any] = nn.CrossEntropyLoss
) -> tuple[Any, train.History]:
    """All that is random or remembers: shuffling, augmentation, dropout, running means, moments, a schedule."""
    tg.manual_seed(3)
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(64, 20), nn.BatchNorm1d(20), nn.ReLU(), nn.Dropout(0.2), nn.Linear(20, 10)
    )
    loss = loss_of()
    optimizer = optim.Adam([*model.parameters(), *loss.parameters()], lr=0.01)
    history = fit(
        model,
        DataLoader(Digits(), 100, shuffle=True, transform=RandomHorizontalFlip(), seed=4),
        loss,
        optimizer,
        epochs,
        metrics=[accuracy],
        scheduler=optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9),
        callbacks=[Checkpoint(path, resume)],
    )
    return model, history


def same_numbers(path: Path, other: Path) -> None:
    """Two checkpoints hold the same, but for the seconds."""
    states = [tg.load(path), tg.load(other)]
    for state in states:
        for record in state["history"]["epochs"]:
            del record["seconds"]
    tg.save(states[0], path)
    tg.save(states[1], other)
    assert path.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("loss", [nn.CrossEntropyLoss, Tempered])
def test_resumed_training_gives_the_numbers_of_an_uninterrupted_one(tmp_path: Path, loss: Any) -> None:
    training(tmp_path / "whole.npz", epochs=5, loss_of=loss)
    for epochs in (2, 4, 5):
        training(tmp_path / "parts.npz", epochs, loss_of=loss)
    same_numbers(tmp_path / "whole.npz", tmp_path / "parts.npz")


def test_a_training_that_is_complete_is_not_trained_further(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    model, history = training(path, epochs=2)
    again, same = training(path, epochs=2)
    assert history.epochs == same.epochs
    assert all((a == b).all() for a, b in zip(model.state_dict().values(), again.state_dict().values()))


def test_without_resume_it_begins_anew(tmp_path: Path) -> None:
    training(tmp_path / "x.npz", epochs=2)
    _, history = training(tmp_path / "x.npz", epochs=1, resume=False)
    assert len(history.epochs) == 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills as Unix does")
def test_killed_at_any_instant_it_goes_on_to_the_same_numbers(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole.npz", tmp_path / "parts.npz"
    epochs = 25
    training(whole, epochs)
    moments = random.Random(0)
    command = [sys.executable, "-c", SCRIPT, str(parts), str(epochs)]
    for _ in range(3):
        child = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE)
        before = parts.stat().st_mtime_ns if parts.exists() else 0
        deadline = time.monotonic() + 60
        while child.poll() is None and time.monotonic() < deadline:
            if parts.exists() and parts.stat().st_mtime_ns != before:
                break
            time.sleep(0.002)
        time.sleep(moments.uniform(0, 0.05))
        child.send_signal(signal.SIGKILL)
        child.communicate()
        tg.load(parts)
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "done\n", done.stderr
    same_numbers(whole, parts)


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    training(path, epochs=1)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FileError, match="is damaged"):
        training(path, epochs=2)


@pytest.mark.parametrize("content", [[1], {}, {"model": {}, "random": {}}])
def test_a_file_that_is_no_checkpoint_is_refused(content: Any, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"of another training: it holds .*model, optimizer, scheduler"):
        training(tg.save(content, tmp_path / "x.npz"), epochs=2)


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    training(path, epochs=1)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(TinygradError, match="weight"):
        fit(
            model,
            DataLoader(Digits(), 100),
            nn.CrossEntropyLoss(),
            optimizer,
            2,
            scheduler=optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9),
            callbacks=[Checkpoint(path, resume=True)],
        )


def put(state: Any, keys: tuple[Any, ...], value: Any) -> None:
    for key in keys[:-1]:
        state = state[key]
    state[keys[-1]] = value


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("random",), {}),
        (("random", "state"), {"state": "x", "inc": 1}),
        (("history",), {"epochs": []}),
        (("history", "epochs"), [1]),
        (("history", "steps"), "abc"),
        (("loader", "epoch"), None),
        (("loader", "seed"), -1),
        (("loader",), []),
        (("optimizer",), {}),
        (("scheduler",), None),
        (("model",), {"1.weight": [1.0]}),
    ],
)
def test_a_part_that_does_not_fit_is_named_and_nothing_is_loaded(tmp_path: Path, keys: Any, value: Any) -> None:
    path = tmp_path / "x.npz"
    training(path, epochs=1)
    state = tg.load(path)
    put(state, keys, value)
    tg.save(state, path)
    tg.manual_seed(1)
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(64, 20), nn.BatchNorm1d(20), nn.ReLU(), nn.Dropout(), nn.Linear(20, 10)
    )
    optimizer = optim.Adam(model.parameters())
    schedule = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
    before = model.state_dict()
    with pytest.raises(FileError, match=f"its {keys[0]} does not fit"):
        fit(
            model, DataLoader(Digits(), 100), nn.CrossEntropyLoss(), optimizer, 2, scheduler=schedule,
            callbacks=[Checkpoint(path, resume=True)],
        )  # fmt: skip
    assert all((before[name] == x).all() for name, x in model.state_dict().items())
