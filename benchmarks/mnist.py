"""The textbook's results on MNIST: `python -m benchmarks.mnist FOLDER [mlp cnn rnn]`.

Each is one command, `tinygrad-edu train NETWORK --data FOLDER`, with its defaults: batches of 64, Adam with rate 0.001,
10 epochs, seed 0. What counts is the accuracy on the 10,000 test images after the last epoch; nothing is chosen by it.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

TARGETS = {"mlp": 97.6, "cnn": 99.1, "rnn": 96.0}
"""Test accuracy in percent."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Train the networks one after another; 0 if all reach their targets."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mnist", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the folder with the four files of MNIST")
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"of {', '.join(TARGETS)} (default: all)")
    parser.add_argument("--seed", default="0", help="of all that is random (default: 0)")
    options = parser.parse_args(arguments)
    unknown = set(options.networks) - set(TARGETS)
    if unknown:
        parser.error(f"no such network: {', '.join(sorted(unknown))}")
    print(f"{platform.platform()}, Python {platform.python_version()}, NumPy {metadata.version('numpy')}, one thread")
    verdicts = [reached(network, options.folder, options.seed) for network in options.networks or TARGETS]
    return 0 if all(verdicts) else 1


def reached(network: str, folder: Path, seed: str) -> bool:
    """Train one, show what it prints, compare the last figure with the target."""
    words = ["train", network, "--data", str(folder), "--seed", seed]
    print(f"\n$ tinygrad-edu {' '.join(words)}", flush=True)
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "tinygrad_edu", *words, "--out", out]
        last = ""
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            for line in child.stdout or ():
                last = line.replace(out, ".")
                print(last, end="", flush=True)
    if child.returncode:
        return False
    accuracy = float(last.split()[-1].rstrip("%"))
    verdict = "reached" if accuracy >= TARGETS[network] else "NOT REACHED"
    print(f"target {TARGETS[network]:.1f}%: {verdict}", flush=True)
    return accuracy >= TARGETS[network]


if __name__ == "__main__":
    sys.exit(main())
