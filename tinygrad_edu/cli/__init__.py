"""The command line: `tinygrad-edu demo`, `tinygrad-edu draw lesson.py:z`, `tinygrad-edu explain lesson.py:z --wrt x`.

One file for each command, and one for those that run the user's file, as Python would, and then show a node that it
made: `draw`, `explain` and `step`. Wrong input is answered in one line on stderr, with exit code 2.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress

from .. import __version__
from .._support.languages import languages, say, speaking
from ..engine.memory import collecting_rarely, keep_freed_memory
from ..errors import TinygradError
from .command import CommandParser, Refusal, nobody_reads

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; gives the exit code.

    0 for success, 1 where `grade check` finds a fault, 2 for wrong input, 130 after Ctrl-C, 141 for a closed pipe.

    >>> main(["explain", "no_such_lesson.py:z", "--wrt", "x"])
    2
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed by who called
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - until the process ends
        with suppress(AttributeError, ValueError):  # a console that cannot show ∂ shows \u2202 instead of failing
            getattr(sys, name).reconfigure(errors="backslashreplace")
    keep_freed_memory()
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--lang", choices=languages())
    try:
        known, given = first.parse_known_args(argv)  # also where the language stands before the command
        with speaking(known.lang):
            return _run(joined(given))
    except KeyboardInterrupt:
        return 130
    except TinygradError as error:  # the environment names a language that there is not
        print(f"tinygrad-edu: {error}", file=sys.stderr)
        return 2


def _run(given: Sequence[str]) -> int:
    """Run a command in the language that is spoken now."""
    arguments = parser().parse_args(given)
    try:
        with collecting_rarely():
            code: int | None = arguments.run(arguments)
        sys.stdout.flush()
    except Refusal as refusal:
        from ..graph.text import visible

        if arguments.traceback:
            traceback.print_exception(refusal.__cause__ or refusal)
        print(f"tinygrad-edu: {visible(str(refusal))}", file=sys.stderr)
        return 2
    except OSError as error:
        if error.filename is not None:  # no failure to print
            raise
        with suppress(OSError, ValueError):  # else Python flushes at exit, and fails once more
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if nobody_reads(error):
            return 141
        said = say("cannot write {file}: {error}", file=say("the standard output"), error=error.strerror)
        print(f"tinygrad-edu: {said}", file=sys.stderr)
        return 2
    return code or 0


def joined(argv: Sequence[str]) -> list[str]:
    """The arguments, with the two words of a command joined. For a file named `new`, write `grade ./new`.

    >>> joined(["grade", "new", "hw1"])
    ['grade new', 'hw1']
    """
    two_words = {"grade": ("check", "gradescope", "new", "--engine"), "tutorials": ("copy", "open")}
    return [" ".join(argv[:2]), *argv[2:]] if argv[1:2] and argv[1] in two_words.get(argv[0], ()) else list(argv)


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    # Imported here, for it takes longer than all else, and Ctrl-C ends it as it ends a command.
    from . import demo, grade, sample, show, train, tutorials

    vars(argparse)["_"] = lambda text: text and say(text)  # no other way to say its own words; some are None
    top = argparse.ArgumentParser(
        prog="tinygrad-edu", description=say("Record a computation, walk it backward, draw it."), allow_abbrev=False
    )
    about = say("show program's version number and exit")
    top.add_argument("--version", action="version", version=f"tinygrad-edu {__version__}", help=about)
    commands = top.add_subparsers(title=say("commands"), required=True, metavar="COMMAND", parser_class=CommandParser)
    for one in (demo, show, train, sample, tutorials, grade):
        one.add_to(commands)
    return top
