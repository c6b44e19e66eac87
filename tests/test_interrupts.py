"""Ctrl-C at any moment: afterwards all settings are as before, nothing is half made, and the next computation is right.

Python looks for Ctrl-C at the start of a function and after a call of C code. A profile function sees just these
moments, so it can raise `KeyboardInterrupt` at the n-th of them.
"""

import gc
import random
import sys
import threading
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

import tinygrad_edu as tg
from tinygrad_edu import nn, optim, train
from tinygrad_edu._support import languages
from tinygrad_edu.engine import blas, grad_mode, memory, parts
from tinygrad_edu.graph import numbers

Scene = tuple[Callable[[], object], Callable[[], object]]
"""What is interrupted, and what is checked afterwards."""

POINTS = 2 * settings().max_examples
"""So many moments are tried in each scene."""

OTHERS = ("_ufunc_config.py", "threading.py")


class CtrlC:
    """A profile function that raises `KeyboardInterrupt` at the n-th moment; it counts them if n is 0.

    Moments that nobody here can mend do not count: the start of an `__exit__`, where no block written in Python is
    safe, and those inside of NumPy's `errstate` and of the module `threading`.
    """

    def __init__(self, n: int = 0) -> None:
        self.n, self.count = n, 0

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        is_entered = event == "call" and code.co_name != "__exit__"
        if (is_entered or event == "c_return") and not code.co_filename.endswith(OTHERS):
            self.count += 1
            if self.count == self.n:
                sys.setprofile(None)
                raise KeyboardInterrupt

    def during(self, work: Callable[[], object]) -> int:
        """Do the work, and be the profile function meanwhile; gives how many moments there were."""
        before = sys.getprofile()
        try:
            sys.setprofile(self)
            work()
        except KeyboardInterrupt:
            pass
        finally:
            sys.setprofile(before)
        return self.count


def all_settings() -> dict[str, Any]:
    """What a computation may set, and must set back."""
    here = grad_mode.state()
    return {
        "recording": (here.level, here.tracing, here.derivative, here.complete),
        "others": (parts.here(), memory.waiting.get(), numbers.number(1 / 3), languages.language()),
        "collector": gc.get_threshold(),
        "BLAS": blas.get_threads(),
        "NumPy": (np.geterr(), np.get_printoptions()),
        "warnings": list(warnings.filters),
    }


def recording(folder: Path) -> Scene:
    a, b = tg.Value(2.0), tg.Value(3.0)
    x = tg.tensor(np.linspace(-1, 1, 20_000).reshape(100, 200), requires_grad=True)  # large enough to be released
    made: list[Any] = []

    def work() -> None:
        (a * b + a.exp()).tanh().backward()
        h = (x @ x.T).tanh()
        made[:] = h, (h * h).sum()
        made[1].backward()

    def check() -> None:
        known = None if x.grad is None else x.grad.copy()
        for leaf in (a, b, x):
            leaf.zero_grad()
        (a * b * b).backward()
        assert (a.grad, b.grad) == (9.0, 12.0)
        h = (x @ x.T).tanh()
        (h * h).sum().backward()
        assert known is None or np.array_equal(known, x.grad)
        assert not made or np.array_equal(made[0].data, h.data)

    return work, check


def graphs_of_gradients(folder: Path) -> Scene:
    x = tg.tensor([1.0, 2.0], requires_grad=True)

    def work() -> None:
        (x**3).sum().backward(create_graph=True)
        tg.grad(tg.grad(lambda x: x**4))(2.0)
        tg.hessian(lambda x: (x**3).sum())(x.data)
        tg.jacobian(lambda x: x**2)(x.data)
        tg.vjp(lambda x: x**2, x.data)[1](x.data)

    def check() -> None:
        assert tg.hessian(lambda x: (x**3).sum())(np.array([1.0, 2.0])).tolist() == [[6, 0], [0, 12]]
        x.zero_grad()
        (x**3).sum().backward()
        assert np.array_equal(x.grad, [3, 12])

    return work, check


def switches(folder: Path) -> Scene:
    x = tg.Value(2.0)

    @tg.no_grad
    def doubled() -> Any:
        return x * 2

    @tg.no_grad()
    def products() -> Any:
        yield x * 2
        yield x * 3

    def work() -> None:
        with tg.no_grad(), tg.enable_grad(), tg.trace():
            assert (x * 2).source
        doubled()
        list(products())

    def check() -> None:
        assert (x * 2).requires_grad
        assert all(not switch._states for switch in (tg.no_grad, tg.enable_grad, tg.trace))

    return work, check


def training(threads: int) -> Callable[[Path], Scene]:
    def fitting(folder: Path) -> Scene:
        tg.manual_seed(0)
        model = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.1), nn.Linear(4, 2))
        model[1].eval()
        loader = tg.data.DataLoader(tg.data.xor(10), batch_size=5, shuffle=True)
        optimizer = optim.Adam(model.parameters())
        modes = [module.training for module in model.modules()]
        fit = partial(train.fit, model, loader, nn.CrossEntropyLoss(), optimizer, 1, threads=threads)
        file = folder / "checkpoint.npz"

        def work() -> None:
            fit(metrics=[train.accuracy], validation=loader, callbacks=[train.Checkpoint(file)])

        def check() -> None:
            assert [module.training for module in model.modules()] == modes
            assert not file.exists() or tg.load(file)
            assert np.isfinite(fit().steps).all()

        return work, check

    return fitting


def steps(folder: Path) -> Scene:
    w, v = tg.tensor(np.ones((300, 300)), requires_grad=True), tg.Value(1.0)
    optimizer: Any = optim.AdamW([w, v])

    def work() -> None:
        for p in (w, v):
            p.grad = np.ones(p.shape)
        optimizer.step()

    def check() -> None:
        work()
        optimizer.load_state_dict(optimizer.state_dict())
        assert np.isfinite(w.data).all()
        assert 0.99 < v.data < 1

    return work, check


def first_calls(folder: Path) -> Scene:
    model = nn.Sequential(nn.Linear(None, 3), nn.BatchNorm1d(None), nn.Linear(None, 2))

    def check() -> None:
        model(np.ones((4, model[0].in_features or 5)))  # of a layer whose first call has not ended nothing is settled
        for name, p in model.named_parameters():
            assert (p.data != 0).all() or name == "1.bias"

    return lambda: model(np.ones((4, 6))), check


def states_of_modules(folder: Path) -> Scene:
    model, other = (nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)) for _ in range(2))
    state = other.state_dict()

    def check() -> None:
        model.load_state_dict(state)
        assert all(np.array_equal(x, state[name]) for name, x in model.state_dict().items())

    return lambda: model.load_state_dict(state), check


def files(folder: Path) -> Scene:
    z = tg.Value(2.0, "x") * 3
    tg.save({"old": 1}, folder / "w.npz")
    tg.draw(z).save(folder / "z.svg")

    def work() -> None:
        tg.save({"w": np.ones(3)}, folder / "w.npz")
        tg.draw(z).save(folder / "z.svg")

    def check() -> None:
        assert {file.name for file in folder.iterdir()} == {"w.npz", "z.svg"}
        assert tg.load(folder / "w.npz").keys() in ({"old"}, {"w"})
        assert (folder / "z.svg").read_text().rstrip().endswith("</svg>")

    return work, check


def pictures(folder: Path) -> Scene:
    x = tg.Value(2.0, "x")
    z = (x * tg.Value(3.0, "w")).tanh()

    def work() -> str:
        return (
            tg.draw(z, digits=3, lang="zh").svg()
            + str(tg.explain(z, x, digits=3, lang="zh"))
            + tg.steps(z, digits=3).html()
            + tg.draw(z, style="formulas").text()
        )

    shown = work()

    def check() -> None:
        assert work() == shown
        assert x.grad == 0

    return work, check


def looking_at_models(folder: Path) -> Scene:
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    model[1].eval()
    state, modes = model.state_dict(), [module.training for module in model.modules()]
    batches = [(np.ones((4, 2)), np.zeros(4, int))]

    def work() -> None:
        nn.summary(model, (4, 2))
        train.evaluate(model, batches, nn.CrossEntropyLoss())
        nn.init.orthogonal_(tg.zeros((4, 4)))

    def check() -> None:
        assert [module.training for module in model.modules()] == modes
        assert all(np.array_equal(x, state[name]) for name, x in model.state_dict().items())

    return work, check


def checks_and_batches(folder: Path) -> Scene:
    loader = tg.data.DataLoader(tg.data.xor(20), batch_size=5, shuffle=True, seed=3)

    def work() -> None:
        tg.gradcheck(lambda x: (x**2).sum(), (np.array([1.0, 2.0]),))
        list(loader)

    def check() -> None:
        work()
        assert sum(len(labels) for _, labels in loader) == 20

    return work, check


def large_layers(folder: Path) -> Scene:
    lstm, convolution = nn.LSTM(3, 4), nn.Conv2d(3, 4, 3)
    matrix = tg.tensor(np.eye(5) + 0.1, requires_grad=True)

    def work() -> None:
        lstm(np.ones((5, 2, 3)))[0].sum().backward()
        convolution(np.ones((2, 3, 8, 8))).sum().backward()
        tg.inv(matrix).sum().backward()

    return work, work


SCENES = [
    recording, graphs_of_gradients, switches, training(1), training(2), steps, first_calls, states_of_modules, files,
    pictures, looking_at_models, checks_and_batches, large_layers,
]  # fmt: skip


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_after_ctrl_c_all_is_as_before(
    scene: Callable[[Path], Scene], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)  # in a generator that ends, Python drops it and says so
    threads, running = blas.get_threads(), threading.active_count()
    blas.set_threads(2)
    gc.disable()  # of what comes in a collection, too
    try:
        for make in (scene, scene):  # the first to import and remember all that it needs
            (tmp_path / "first").mkdir(exist_ok=True)
            moments = CtrlC().during(make(tmp_path / "first")[0])
        for n in random.Random(0).sample(range(1, moments + 1), min(POINTS, moments)):
            (folder := tmp_path / str(n)).mkdir()
            work, check = scene(folder)
            before = all_settings()
            CtrlC(n).during(work)
            assert all_settings() == before, f"interrupted at moment {n} of {moments}"
            check()
        end = time.monotonic() + 10
        while threading.active_count() > running:  # one that was not waited for is about to end
            assert time.monotonic() < end
    finally:
        gc.enable()
        blas.set_threads(threads)
