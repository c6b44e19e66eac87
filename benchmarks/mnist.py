"""Networks on MNIST, as commands: `python -m benchmarks.mnist FOLDER [NAME ...]`.

Each is one command, `tinygrad-edu train NETWORK --data FOLDER` with the options that the table has; only
`lenet_one_sigmoid` is a network of this file alone. Without options that is batches of 64, Adam with rate 0.001, 10
epochs, seed 0. What counts is the accuracy on the 10,000 test images after the last epoch; nothing is chosen by it.
"""

from __future__ import annotations

import argparse
import io
import platform
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from tinygrad_edu import models, nn
from tinygrad_edu.cli import main as tinygrad_edu
from tinygrad_edu.cli.networks import NETWORKS, images


class Run(NamedTuple):
    """The words of a command behind `train`, and the test accuracy to reach in percent, if there is one."""

    words: str
    target: float | None = None


BOOK = "--epochs 10 --batch-size 256 --optimizer sgd --lr 0.9 --init xavier"
"""The textbook's recipe for LeNet."""

SHORT = "--epochs 5 --lr 0.002 --schedule cosine --augment shift"

RUNS = {
    "mlp": Run("mlp", 97.6),
    "cnn": Run("cnn", 99.1),
    "rnn": Run("rnn", 96.0),
    "lenet": Run(f"lenet {BOOK}"),
    "lenet_one_sigmoid": Run(f"lenet_one_sigmoid {BOOK}"),
    "bn_lenet": Run(f"bn_lenet {BOOK}"),
    "lenet5": Run("lenet5 --epochs 10"),
    "alexnet_small": Run(f"alexnet_small {SHORT}", 99.0),
    "vgg_small": Run(f"vgg_small {SHORT}", 99.0),
    "nin_small": Run(f"nin_small {SHORT}", 99.0),
    "googlenet_small": Run(f"googlenet_small {SHORT}", 99.0),
    "densenet_small": Run(f"densenet_small {SHORT}", 99.0),
    "resnet_small": Run(
        "resnet_small --epochs 6 --batch-size 128 --optimizer sgd --lr 0.1 --momentum 0.9 --weight-decay 0.0005 "
        "--schedule cosine --augment shift",
        99.4,
    ),
}


def lenet_one_sigmoid(channels: int, classes: int) -> nn.Module:
    """LeNet without the sigmoid behind its second convolution, as some notes print it."""
    return nn.Sequential(*(layer for i, layer in enumerate(models.lenet(channels, classes)) if i != 4))


NETWORKS["lenet_one_sigmoid"] = images(lenet_one_sigmoid)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train the networks one after another; 0 if all reach their targets."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mnist", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the folder with the four files of MNIST")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(RUNS)} (default: all)")
    parser.add_argument("--seed", default="0", help="of all that is random (default: 0)")
    options = parser.parse_args(arguments)
    unknown = set(options.names) - set(RUNS)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    print(f"{platform.platform()}, Python {platform.python_version()}, NumPy {metadata.version('numpy')}, one thread")
    verdicts = [reached(RUNS[name], options.folder, options.seed) for name in options.names or RUNS]
    return 0 if all(verdicts) else 1


class Printed(io.StringIO):
    """Text that is shown as it comes, with the temporary folder as a dot."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        self.folder, self.screen = folder, sys.stdout

    def write(self, text: str) -> int:
        """Show the text, and keep it."""
        print(text.replace(self.folder, "."), end="", file=self.screen, flush=True)
        return super().write(text)


def reached(run: Run, folder: Path, seed: str) -> bool:
    """Train one, show what it prints, compare the last figure with the target."""
    words = ["train", *run.words.split(), "--data", str(folder), "--seed", seed]
    print(f"\n$ tinygrad-edu {' '.join(words)}", flush=True)
    with tempfile.TemporaryDirectory() as out, redirect_stdout(Printed(out)) as printed:
        code = tinygrad_edu([*words, "--out", out])
    if code:
        return False
    if run.target is None:
        return True
    accuracy = float(printed.getvalue().split()[-1].rstrip("%"))
    verdict = "reached" if accuracy >= run.target else "NOT REACHED"
    print(f"target {run.target:.1f}%: {verdict}", flush=True)
    return accuracy >= run.target


if __name__ == "__main__":
    sys.exit(main())
