"""`tinygrad-edu draw lesson.py:z`: run the user's file, and draw the graph of a node that it makes."""

from __future__ import annotations

import argparse
import re
import sys

from ..errors import TinygradError
from ..graph import draw
from ..graph.text import visible
from .command import Commands, command, refusing
from .users_file import NODE, run, split_target, the_node

__all__ = ["add_to"]


def add_to(commands: Commands) -> None:
    """Add the command and its options to the parser."""
    add = command(commands, run_draw, "draw", "run your file and draw the graph of a node that it makes")
    add("node", metavar="FILE.py:NAME", help=NODE)
    add("-o", "--out", metavar="PATH", help="the picture: .svg, .dot, .json, .png or .pdf (default: NAME.svg)")
    add("--mode", choices=["forward", "backward"], default="forward", help="the result, or its gradients")
    add("--direction", choices=["LR", "TB"], default="LR", help="left to right, or top to bottom")
    add("--engine", choices=["auto", "graphviz", "builtin"], default="auto", help="who places the boxes")


def run_draw(arguments: argparse.Namespace) -> None:
    """Draw the node and save the picture."""
    file, name = split_target(arguments.node)
    out = arguments.out or re.sub(r"[^\w.-]+", "_", name).strip("_") + ".svg"
    node = the_node(file, name, run(file, name))
    with refusing(TinygradError, where=f"{arguments.node}: "):
        drawing = draw(node, arguments.mode, direction=arguments.direction, engine=arguments.engine)
    with refusing(TinygradError, ValueError, OSError):
        drawing.save(out)
    if drawing.note:
        print(f"tinygrad-edu: {visible(drawing.note)}", file=sys.stderr)
    print(f"{visible(out)}: {drawing!r}")
