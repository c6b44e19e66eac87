"""`tinygrad-edu explain lesson.py:z --wrt x`: run the user's file, and explain a derivative with its numbers."""

from __future__ import annotations

import argparse

from ..engine.node import Node
from ..errors import TinygradError
from ..graph import explain
from .command import Commands, Refusal, command, refusing
from .users_file import NODE, named_in_graph, run, split_target, the_node

__all__ = ["add_to"]


def add_to(commands: Commands) -> None:
    """Add the command and its options to the parser."""
    add = command(commands, _run_explain, "explain", "run your file and explain a derivative, with the numbers")
    add("node", metavar="FILE.py:NAME", help=NODE)
    add(
        "--wrt",
        metavar="NAME",
        action="append",
        required=True,
        help="the node to differentiate by; may be given several times",
    )


def _run_explain(arguments: argparse.Namespace) -> None:
    """Print the explanations one after the other."""
    file, name = split_target(arguments.node)
    variables = run(file, name)
    node = _with_gradient(file, name, the_node(file, name, variables))
    texts = []
    for wrt in arguments.wrt:
        by = _with_gradient(file, wrt, named_in_graph(node, file, wrt, variables))
        with refusing(TinygradError, where=f"{arguments.node}: "):
            texts.append(str(explain(node, by)))
    print("\n\n".join(texts))


def _with_gradient(file: str, name: str, node: Node) -> Node:
    """The node. Raises `Refusal` if no gradient flows to it."""
    if not node.requires_grad:
        raise Refusal(
            "{file}: {name} requires no gradient, so there is no derivative to explain: make leaves with "
            "requires_grad=True, and compute with them outside no_grad() and without detach()",
            file=file,
            name=name,
        )
    return node
