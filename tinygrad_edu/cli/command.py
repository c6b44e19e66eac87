"""Helpers for commands: adding one to the parser, types of arguments, refusing wrong input."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import inf
from typing import Any

__all__ = ["Add", "Commands", "Refusal", "above", "at_least", "command", "refusing"]

Commands = Any  # the result of argparse's add_subparsers, whose class has no public name
Add = Callable[..., argparse.Action]


class Refusal(Exception):
    """Wrong input of the user; the message says in one line what is wrong."""


def command(commands: Commands, run: Callable[[argparse.Namespace], int | None], name: str, about: str) -> Add:
    """Add a command to the parser; gives the function that adds its options. `run` may return an exit code."""
    sub = commands.add_parser(name, help=about, description=f"{about.capitalize()}.", allow_abbrev=False)
    sub.set_defaults(run=run)
    sub.add_argument("--traceback", action="store_true", help="with an error, show the whole traceback as well")
    add: Add = sub.add_argument
    return add


def at_least(least: int) -> Callable[[str], int]:
    """A type of argument: whole numbers from `least` on."""

    def whole_number(text: str) -> int:
        with suppress(ValueError):
            if int(text) >= least:
                return int(text)
        raise argparse.ArgumentTypeError(f"not a whole number from {least} on: {text!r}")

    return whole_number


def above(bound: float) -> Callable[[str], float]:
    """A type of argument: numbers above `bound`."""

    def number(text: str) -> float:
        with suppress(ValueError):
            if bound < float(text) < inf:
                return float(text)
        raise argparse.ArgumentTypeError(f"not a number above {bound:g}: {text!r}")

    return number


@contextmanager
def refusing(*kinds: type[Exception], where: str = "") -> Iterator[None]:
    """Turn errors of these kinds into a `Refusal`: the user's input caused them."""
    try:
        yield
    except BrokenPipeError:
        raise
    except kinds as error:
        what = str(error).removeprefix("save: ").removeprefix("draw: ")
        if isinstance(error, OSError) and error.filename:
            what = f"cannot write {error.filename}: {error.strerror}"
        raise Refusal(f"{where}{what}") from error
