"""`tinygrad-edu train` says how it goes, writes what was learned, and goes on where it was interrupted."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import models
from tinygrad_edu.cli.train import initialise

from .conftest import Command, environment

EPOCH = r"epoch {}/{}  loss \d\.\d{{4}}  accuracy \d+\.\d\d%  test accuracy \d+\.\d\d%  [\d,]+ examples/s"


def test_it_trains_on_the_digits_that_come_along(typed: Command, folder: Path) -> None:
    code, out, err = typed("train", "mlp", "--epochs", "2", "--batch-size", "50", "--out", "run", MPLBACKEND="Agg")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[:2] == ["mlp: 101,770 parameters, seed 0", "1,198 images to train with, 599 to test with"]
    assert all(re.fullmatch(EPOCH.format(i + 1, 2), line) for i, line in enumerate(lines[2:4]))
    assert re.fullmatch(r"test accuracy after epoch 2: \d\d\.\d\d%", lines[-1])
    assert float(lines[-1].split()[-1].rstrip("%")) > 80

    written = {path.name for path in (folder / "run").iterdir()}
    assert written >= {"mlp.npz", "mlp-checkpoint.npz", "mlp-summary.txt"}
    assert all(f"run/{name}" in out for name in written - {"mlp-checkpoint.npz"})
    models.mlp().load_state_dict(tg.load(folder / "run" / "mlp.npz"))


def in_the_form_of_mnist(folder: Path) -> None:
    """Write a few digits as the four files of MNIST or of Fashion-MNIST, not packed."""
    images, labels = tg.data.digits()
    for part, rows in (("train", slice(0, 100)), ("t10k", slice(100, 150))):
        larger = np.pad(15 * images[rows].repeat(3, 1).repeat(3, 2), ((0, 0), (2, 2), (2, 2)))
        for kind, array in (("images-idx3", larger), ("labels-idx1", labels[rows])):
            sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
            (folder / f"{part}-{kind}-ubyte").write_bytes(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes())


@pytest.mark.parametrize("dataset", ["mnist", "fashion"])
def test_lenet_by_the_textbooks_recipe_on_files(
    dataset: str, run: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="draws curves: pip install matplotlib").use("Agg")
    monkeypatch.setattr(tg.data.MNIST, "files", tg.data.FashionMNIST.files)  # without checksums of unpacked files
    in_the_form_of_mnist(folder)
    how = "--optimizer sgd --lr 0.9 --momentum 0.1 --init xavier --schedule linear --augment shift flip"
    code, out, err = run("train", "lenet", "--dataset", dataset, "--data", ".", "--epochs", "2", *how.split())
    assert (code, err) == (0, "")
    assert out.splitlines()[1] == "100 images to train with, 50 to test with"
    table = (folder / "lenet-summary.txt").read_text(encoding="utf-8").split("\n\n")[1].splitlines()
    rates = [dict(zip(table[0].split(), row.split()))["lr"] for row in table[1:]]
    assert list(map(float, rates)) == [0.9, 0.45]
    assert "lenet-predictions.svg" in out
    assert (folder / "lenet-predictions.svg").read_text(encoding="utf-8").count("<image") == 18


def test_other_resolutions(run: Command, folder: Path) -> None:
    pytest.importorskip("matplotlib", reason="draws curves: pip install matplotlib").use("Agg")
    code, out, _ = run("train", "mlp", "--size", "20", "--epochs", "1", "--batch-size", "200")
    assert (code, out.splitlines()[0]) == (0, f"mlp: {400 * 128 + 128 + 1290:,} parameters, seed 0")
    assert "(1, 400)" in (folder / "mlp-summary.txt").read_text(encoding="utf-8")


def test_first_weights() -> None:
    model = models.lenet()
    for how, widest in (("xavier", (6 / (25 + 150)) ** 0.5), ("normal", 0.06), ("kaiming", 5 * (2 / 25) ** 0.5)):
        initialise(model, how)
        assert 0.2 * widest < abs(model[0].weight.data).max() <= widest
        assert not model[0].bias.data.any()


def figures(out: str) -> list[str]:
    """What was learned, without how fast."""
    return [line.rpartition("  ")[0] or line for line in out.splitlines() if "/s" in line or "after" in line]


def test_resumed_it_gives_what_it_would_have_given(run: Command) -> None:
    pytest.importorskip("matplotlib", reason="draws curves: pip install matplotlib").use("Agg")
    options = ("--batch-size", "100", "--seed", "5")
    whole = run("train", "mlp", "--epochs", "3", *options)
    run("train", "mlp", "--epochs", "1", *options)
    rest = run("train", "mlp", "--epochs", "3", *options, "--resume")
    assert whole.code == rest.code == 0
    assert figures(rest.out) == figures(whole.out)[1:]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="interrupts as Unix does")
@pytest.mark.usefixtures("folder")
def test_ctrl_c_writes_what_was_learned() -> None:
    command = [sys.executable, "-m", "tinygrad_edu", "train", "mlp", "--epochs", "2000"]
    with subprocess.Popen(
        command, env=environment(MPLBACKEND="Agg"), stdout=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # tests in the background ignore it
    ) as child:  # fmt: skip
        assert child.stdout is not None
        while not child.stdout.readline().startswith("epoch    2/"):
            assert child.poll() is None
        child.send_signal(signal.SIGINT)
        rest = child.stdout.read()
    assert child.returncode == 130
    assert re.search(r"interrupted after \d+ of 2000 epochs; --resume goes on from there\n$", rest)
    models.mlp().load_state_dict(tg.load("mlp.npz"))


def test_another_seed_gives_other_numbers(run: Command) -> None:
    pytest.importorskip("matplotlib", reason="draws curves: pip install matplotlib").use("Agg")
    first, other = (run("train", "mlp", "--epochs", "1", "--batch-size", "200", "--seed", seed).out for seed in "12")
    assert figures(first) != figures(other)


WRONG = {
    "no network": ("train", "the following arguments are required: NETWORK"),
    "no such network": ("train transformer", "invalid choice: 'transformer'"),
    "no epochs": ("train mlp --epochs 0", "not a whole number from 1 on: '0'"),
    "no batch": ("train mlp --batch-size none", "not a whole number from 1 on: 'none'"),
    "no rate": ("train mlp --lr 0", "not a number above 0: '0'"),
    "an endless rate": ("train mlp --lr inf", "not a number above 0: 'inf'"),
    "no folder": ("train mlp --data nowhere", "there is no folder nowhere"),
    "an empty folder": ("train mlp --data .", "neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz"),
    "nothing to resume": ("train mlp --resume", "there is no mlp-checkpoint.npz to resume from"),
    "a file for a folder": ("train mlp --epochs 1 --out lesson.py", "cannot write lesson.py: File exists"),
    "a folder for the digits": ("train mlp --dataset digits --data .", "the digits ship with the package: leave out"),
    "no such data": ("train mlp --dataset cifar", "invalid choice: 'cifar'"),
    "no momentum": ("train mlp --optimizer adagrad --momentum 0.9", "adagrad has no momentum; sgd and rmsprop have"),
    "a size that does not fit": (
        "train lenet --size 20",
        "made for images (N, 1, 28, 28), and these are (64, 1, 20, 20)",
    ),
    "a rate that is too high": ("train mlp --lr 1e30", "the loss is nan at step 2; try a smaller --lr"),
}


@pytest.mark.parametrize(("words", "says"), WRONG.values(), ids=WRONG.keys())
def test_one_line_and_exit_code_2(run: Command, words: str, says: str) -> None:
    code, _, err = run(*words.split())
    assert code == 2
    assert says in err.splitlines()[-1]
    assert "Traceback" not in err


def test_a_damaged_checkpoint(run: Command, folder: Path) -> None:
    (folder / "mlp-checkpoint.npz").write_bytes(b"PK")
    code, _, err = run("train", "mlp", "--resume")
    assert code == 2
    assert "mlp-checkpoint.npz is damaged, or no .npz file" in err
