"""`tinygrad-edu demo`: a worked example, then softmax regression on handwritten digits."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import TinygradError
from .command import Commands, at_least, command, refusing
from .worked_example import demo

__all__ = ["add_to"]


def add_to(commands: Commands) -> None:
    """Add the command and its options to the parser."""
    about = "a worked example, then softmax regression on handwritten digits, with pictures"
    add = command(commands, run_demo, "demo", about)
    add("--out", metavar="DIR", type=Path, default=Path(), help="the folder for the pictures (default: this one)")
    add("--seed", metavar="S", type=at_least(0), default=0, help="of all that is random (default: 0)")
    add("--epochs", metavar="N", type=at_least(1), default=40, help="to train for (default: 40)")


def run_demo(arguments: argparse.Namespace) -> None:
    """Print the demo as it goes."""
    with refusing(TinygradError, OSError):
        arguments.out.mkdir(parents=True, exist_ok=True)
        for line in demo(arguments.out, arguments.seed, arguments.epochs):
            print(line, flush=True)
