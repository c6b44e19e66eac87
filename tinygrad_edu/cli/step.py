"""`tinygrad-edu step lesson.py:z`: run the user's file, and play the derivation of a node that it makes."""

from __future__ import annotations

import argparse

from .._support.formats import format_of
from .._support.languages import say
from ..errors import TinygradError
from ..graph.text import visible
from ..step import steps
from ..step.showing import FORMATS
from .command import Commands, command, refusing
from .users_file import NODE, run, split_target, the_node

__all__ = ["add_to"]


def add_to(commands: Commands) -> None:
    """Add the command and its options to the parser."""
    add = command(commands, _run_step, "step", "run your file and play the derivation of a node, step by step")
    add("node", metavar="FILE.py:NAME", help=NODE)
    add(
        "-o", "--out", metavar="PATH", help=say("write it instead of playing it: {formats}", formats=", ".join(FORMATS))
    )
    add("--predict", action="store_true", help="ask for each result before it is shown")


def _run_step(arguments: argparse.Namespace) -> None:
    """Play the node's script, or write it to a file."""
    file, name = split_target(arguments.node)
    if arguments.out:
        with refusing(TinygradError):
            format_of(arguments.out, FORMATS)
    node = the_node(file, name, run(file, name))
    with refusing(TinygradError, where=f"{arguments.node}: "):
        script = steps(node)
    if arguments.out is None:
        script.show(predict=arguments.predict)
        return
    with refusing(OSError):
        script.save(arguments.out, predict=arguments.predict)
    print(say("{file}: {n} steps", file=visible(arguments.out), n=f"{len(script):,}"))
