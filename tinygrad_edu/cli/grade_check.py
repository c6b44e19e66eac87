"""`tinygrad-edu grade check hw1.py`: test an assignment before a class gets it."""

from __future__ import annotations

import argparse

from .._support.files import replace_file
from ..errors import TinygradError
from ..grade.soundness import check_assignment
from .command import Commands, at_least, command, refusing

__all__ = ["add_to"]


def add_to(commands: Commands) -> None:
    """Add the command and its options to the parser."""
    add = command(commands, _run_check, "grade check", "try out an assignment before a class does")
    add("assignment", metavar="ASSIGNMENT", help="the instructor's file, or a folder with an assignment.py")
    add("--reference", metavar="FILE", help="the solution (default: reference.py, or hw1_reference.py, beside hw1.py)")
    add("--starter", metavar="FILE", help="what students begin with (default: starter.py or hw1_starter.py, if any)")
    add("--seeds", metavar="N", type=at_least(1), default=20, help="how often the reference is graded (default: 20)")
    add("--most", metavar="N", type=at_least(1), default=200, help="how many wrong programs at most (default: 200)")
    add("--workers", metavar="N", type=at_least(1), help="programs at a time (default: one for each processor)")
    add("--json", metavar="FILE", help="write the report there, too")


def _run_check(arguments: argparse.Namespace) -> int:
    """Test the assignment and print the report; gives 1 if it has a fault."""
    with refusing(TinygradError, OSError):
        report = check_assignment(
            arguments.assignment,
            reference=arguments.reference,
            starter=arguments.starter,
            seeds=arguments.seeds,
            most=arguments.most,
            workers=arguments.workers,
        )
        print(report)
        if arguments.json:
            replace_file(arguments.json, report.json().encode())
    return 0 if report else 1
