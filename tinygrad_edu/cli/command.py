"""Helpers for commands: adding one to the parser, types of arguments, refusing wrong input."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from errno import EINVAL, ENOSPC, EPIPE
from math import inf
from typing import Any

from .._support.languages import SpokenError, languages, say, texts

__all__ = [
    "Add",
    "CommandParser",
    "Commands",
    "Refusal",
    "above",
    "at_least",
    "command",
    "not_negative",
    "number",
    "refusing",
]

Commands = Any  # the result of argparse's add_subparsers, whose class has no public name
Add = Callable[..., argparse.Action]


class CommandParser(argparse.ArgumentParser):
    """The parser of a command, whose options may also stand between its other arguments: `copy DIR --scripts 16`."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse the arguments; where some are left over, the options first and then the rest."""
        found, left_over = super().parse_known_args(args, namespace)
        if not left_over:
            return found, left_over
        self.usage = self.format_usage().removeprefix(say("usage: ")).strip()  # argparse cuts off the English word
        self.parse_known_args = super().parse_known_args  # type: ignore[method-assign]  # which it calls for each part
        return self.parse_known_intermixed_args(args, namespace)


class Refusal(SpokenError):
    """Wrong input of the user; the message says in one line what is wrong."""


def command(commands: Commands, run: Callable[[argparse.Namespace], int | None], name: str, about: str) -> Add:
    """Add a command to the parser; gives the function that adds its options. `run` may return an exit code."""
    about = say(about)
    description = say("{about}.", about=about[:1].upper() + about[1:])
    sub = commands.add_parser(name, help=about, description=description, allow_abbrev=False)
    sub.set_defaults(run=run)

    def add(*names: str, help: str = "", **settings: Any) -> argparse.Action:
        action: argparse.Action = sub.add_argument(*names, help=say(help), **settings)
        return action

    add("--traceback", action="store_true", help="with an error, show the whole traceback as well")
    add("--lang", choices=languages(), help="the language of all texts (default: TINYGRAD_EDU_LANG, or else en)")
    return add


def at_least(least: int) -> Callable[[str], int]:
    """A type of argument: whole numbers from `least` on."""
    return number(int, lambda n: n >= least, texts("not a whole number from {bound} on: {given}"), least)


def above(bound: float) -> Callable[[str], float]:
    """A type of argument: numbers above `bound`."""
    return number(float, lambda x: bound < x < inf, texts("not a number above {bound}: {given}"), bound)


def number(
    kind: Callable[[str], Any], fits: Callable[[Any], bool], otherwise: str, bound: float = 0
) -> Callable[[str], Any]:
    """A type of argument: the numbers of a kind that fit; `otherwise` is said of all other texts."""

    def read(text: str) -> Any:
        with suppress(ValueError):
            if fits(found := kind(text)):
                return found
        raise argparse.ArgumentTypeError(say(otherwise, bound=f"{bound:g}", given=repr(text)))

    return read


not_negative = number(float, lambda x: 0 <= x < inf, texts("not a number from 0 on: {given}"))
"""A type of argument: numbers from 0 on."""


def nobody_reads(error: OSError) -> bool:
    """Whether a pipe could not be written to because its reader has ended; Windows has no error of its own for it."""
    return error.errno == EPIPE or (os.name == "nt" and error.errno == EINVAL)


@contextmanager
def refusing(*kinds: type[Exception], where: str = "") -> Iterator[None]:
    """Turn errors of these kinds into a `Refusal`: the user's input caused them."""
    try:
        yield
    except kinds as error:
        if isinstance(error, OSError) and error.filename is None and (error.errno == ENOSPC or nobody_reads(error)):
            raise  # it was a print
        what = str(error).removeprefix("save: ").removeprefix("draw: ")
        if isinstance(error, OSError) and error.filename:
            what = say("cannot write {file}: {error}", file=error.filename, error=error.strerror)
        raise Refusal(f"{where}{what}") from error
