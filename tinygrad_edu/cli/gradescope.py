"""`tinygrad-edu grade gradescope hw1.py -o autograder.zip`: write an autograder for Gradescope."""

from __future__ import annotations

import argparse

from .._support.files import replace_file
from .._support.languages import say, texts
from ..errors import TinygradError
from ..grade.assignment import load_assignment
from ..grade.formats.autograder import autograder
from ..grade.results import FEEDBACK
from .command import Commands, command, refusing
from .grade import secret

__all__ = ["add_to"]

MOST_SECONDS = 540.0
"""What a submission may take, so that Gradescope's ten minutes are enough for the grader's own work, too."""


def add_to(commands: Commands) -> None:
    """Add the command and its options to the parser."""
    add = command(
        commands, _run_gradescope, "grade gradescope", "write the zip that Gradescope takes for an autograder"
    )
    add("assignment", metavar="ASSIGNMENT", help="the file, with all .py files beside it; or a folder, with all in it")
    add("-o", "--out", metavar="FILE", default="autograder.zip", help="the zip (default: autograder.zip)")
    add("--feedback", choices=FEEDBACK, default="how", help="how much students are told (default: how)")
    add("--require-isolation", metavar="N", type=int, choices=range(1, 6), default=1, help="grade nobody below level N")
    add("--secret", metavar="FILE", help="a file that inputs are drawn from; keep it from students")


def _run_gradescope(arguments: argparse.Namespace) -> None:
    """Write the zip."""
    with refusing(TinygradError, OSError):
        zipped = autograder(
            arguments.assignment,
            secret=secret(arguments.secret),
            feedback=arguments.feedback,
            require_isolation=arguments.require_isolation,
        )
        replace_file(arguments.out, zipped)
        seconds = load_assignment(arguments.assignment).assignment.limits.total_seconds
    text = texts("{file}: {n} bytes; upload it to Gradescope under Configure Autograder")
    print(say(text, file=arguments.out, n=f"{len(zipped):,}"))
    text = texts("a submission may run for {s} s in all, as the assignment's Limits(total_seconds=...) says")
    print(say(text, s=f"{seconds:g}"))
    if seconds > MOST_SECONDS:
        print(say("Gradescope ends it after 10 minutes, without a result: raise Autograder Timeout under Settings"))
