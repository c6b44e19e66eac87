"""`tinygrad-edu draw lesson.py:z`: run the user's file, and draw the graph of a node that it makes."""

from __future__ import annotations

import argparse
import re
import sys

from .._support.formats import format_of
from .._support.languages import say, texts
from ..errors import TinygradError
from ..graph import draw
from ..graph.formats.saving import FORMATS
from ..graph.text import visible
from .command import Commands, at_least, command, number, refusing
from .users_file import NODE, named_in_graph, run, split_target, the_node

__all__ = ["add_to"]


def add_to(commands: Commands) -> None:
    """Add the command and its options to the parser."""
    add = command(commands, _run_draw, "draw", "run your file and draw the graph of a node that it makes")
    add("node", metavar="FILE.py:NAME", help=NODE)
    formats = ", ".join(FORMATS)
    add(
        "-o",
        "--out",
        metavar="PATH",
        help=say("the picture; its extension is one of {formats} (default: NAME.svg)", formats=formats),
    )
    add("--mode", choices=["forward", "backward", "both"], default="forward", help="the result, its gradients, or both")
    add("--depth", metavar="N", type=_depth, default="auto", help="how far modules open: 0, 1, ..., or all")
    add("--expand", metavar="MODULE", action="append", default=[], help="a module that opens in any case: features.0")
    add("--focus", metavar="NAME", help="show only what is near this node")
    add("--hops", metavar="N", type=at_least(0), default=2, help="how near: so many arrows away (default: 2)")
    add("--direction", choices=["LR", "TB"], default="LR", help="left to right, or top to bottom")
    add("--engine", choices=["auto", "graphviz", "builtin"], default="auto", help="who places the boxes")
    add("--theme", choices=["auto", "light", "dark"], default="auto", help="the colours; auto: as the reader's system")


def _depth(text: str) -> int | str:
    """A type of argument: a whole number from 0 on, `all` or `auto`."""
    other = texts("not a whole number from 0 on, and neither all nor auto: {given}")
    found: int | str = text if text in ("all", "auto") else number(int, lambda n: n >= 0, other)(text)
    return found


def _run_draw(arguments: argparse.Namespace) -> None:
    """Draw the node and save the picture."""
    file, name = split_target(arguments.node)
    if arguments.out:
        with refusing(TinygradError):
            format_of(arguments.out, FORMATS)  # before the file runs, which may take long
    out = arguments.out or re.sub(r"[^\w.-]+", "_", name).strip("_") + ".svg"
    variables = run(file, name)
    node = the_node(file, name, variables)
    focus = arguments.focus and named_in_graph(node, file, arguments.focus, variables)
    with refusing(TinygradError, ValueError, where=f"{arguments.node}: "):
        drawing = draw(
            node,
            arguments.mode,
            depth=arguments.depth,
            expand=arguments.expand,
            focus=focus,
            hops=arguments.hops,
            direction=arguments.direction,
            engine=arguments.engine,
            theme=arguments.theme,
        )
    with refusing(TinygradError, OSError):
        drawing.save(out)
    if drawing.note:
        print(f"tinygrad-edu: {visible(drawing.note)}", file=sys.stderr)
    print(f"{visible(out)}: {drawing!r}")
