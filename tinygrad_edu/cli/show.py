"""`tinygrad-edu draw`, `explain` and `step`: run the user's file, and show a node that it makes: `lesson.py:z`."""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any

from .._support.formats import format_of
from .._support.languages import counted, say, texts
from ..engine.node import Node
from ..errors import TinygradError
from ..graph import draw, explain
from ..graph.formats.saving import FORMATS as PICTURES
from ..graph.text import visible
from ..step import steps
from ..step.script import FORMATS as SCRIPTS
from .command import Add, Commands, Refusal, at_least, command, number, refusing
from .users_file import named_in_graph, run, split_target, the_node

__all__ = ["add_to"]


def add_to(commands: Commands) -> None:
    """Add the commands and their options to the parser."""
    add = command(commands, _run_draw, "draw", "run your file and draw the graph of a node that it makes")
    _add_node(add)
    pictures = ", ".join(PICTURES)
    add("-o", "--out", metavar="PATH",
        help=say("the picture; its extension is one of {formats} (default: NAME.svg)", formats=pictures))  # fmt: skip
    add("--mode", choices=["forward", "backward", "both"], default="forward", help="the result, its gradients, or both")
    add("--depth", metavar="N", type=_depth, default="auto", help="how far modules open: 0, 1, ..., or all")
    add("--expand", metavar="MODULE", action="append", default=[], help="a module that opens in any case: features.0")
    add("--focus", metavar="NAME", help="show only what is near this node")
    add("--hops", metavar="N", type=at_least(0), default=2, help="how near: so many arrows away (default: 2)")
    add("--direction", choices=["LR", "TB"], default="LR", help="left to right, or top to bottom")
    add("--engine", choices=["auto", "graphviz", "builtin"], default="auto", help="who places the boxes")
    add("--theme", choices=["auto", "light", "dark"], default="auto", help="the colours; auto: as the reader's system")

    add = command(commands, _run_explain, "explain", "run your file and explain a derivative, with the numbers")
    _add_node(add)
    add("--wrt", metavar="NAME", action="append", required=True,
        help="the node to differentiate by; may be given several times")  # fmt: skip

    add = command(commands, _run_step, "step", "run your file and play the derivation of a node, step by step")
    _add_node(add)
    scripts = ", ".join(SCRIPTS)
    add("-o", "--out", metavar="PATH", help=say("write it instead of playing it: {formats}", formats=scripts))
    add("--predict", action="store_true", help="ask for each result before it is shown")


def _add_node(add: Add) -> None:
    add("node", metavar="FILE.py:NAME", help="a node of your file: lesson.py:z, lesson.py:losses[0]")


def _depth(text: str) -> int | str:
    """A type of argument: a whole number from 0 on, `all` or `auto`."""
    other = texts("not a whole number from 0 on, and neither all nor auto: {given}")
    found: int | str = text if text in ("all", "auto") else number(int, lambda n: n >= 0, other)(text)
    return found


def _made(arguments: argparse.Namespace) -> tuple[str, str, dict[str, Any], Node]:
    """The file, the name, what the file makes when it runs, and the node. The format of `--out` is checked before."""
    file, name = split_target(arguments.node)
    if getattr(arguments, "out", None):
        with refusing(TinygradError):
            format_of(arguments.out, PICTURES if arguments.run is _run_draw else SCRIPTS)
    variables = run(file, name)
    return file, name, variables, the_node(file, name, variables)


def _run_draw(arguments: argparse.Namespace) -> None:
    """Draw the node and save the picture."""
    file, name, variables, node = _made(arguments)
    out = arguments.out or re.sub(r"[^\w.-]+", "_", name).strip("_") + ".svg"
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


def _run_explain(arguments: argparse.Namespace) -> None:
    """Print the explanations one after the other."""
    file, name, variables, node = _made(arguments)
    _require_gradient(file, name, node)
    said = []
    for wrt in arguments.wrt:
        by = named_in_graph(node, file, wrt, variables)
        _require_gradient(file, wrt, by)
        with refusing(TinygradError, where=f"{arguments.node}: "):
            said.append(str(explain(node, by)))
    print("\n\n".join(said))


def _require_gradient(file: str, name: str, node: Node) -> None:
    """Raise `Refusal` if no gradient flows to the node."""
    if not node.requires_grad:
        raise Refusal(
            "{file}: {name} requires no gradient, so there is no derivative to explain: make leaves with "
            "requires_grad=True, and compute with them outside no_grad() and without detach()",
            file=file,
            name=name,
        )


def _run_step(arguments: argparse.Namespace) -> None:
    """Play the node's script, or write it to a file."""
    *_, node = _made(arguments)
    with refusing(TinygradError, where=f"{arguments.node}: "):
        script = steps(node)
    if arguments.out is None:
        script.show(predict=arguments.predict)
        return
    with refusing(OSError):
        script.save(arguments.out, predict=arguments.predict)
    print(counted(len(script), "{file}: {n} step", "{file}: {n} steps", file=visible(arguments.out)))
