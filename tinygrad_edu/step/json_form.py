"""Reading a script from its JSON form, and checking it. `script.schema.json` beside this file is its schema."""

from __future__ import annotations

import os

from .._support.json_records import Wrong
from ..errors import GraphError
from ..graph.formats.json_form import check
from .script import FORMAT, Script

__all__ = ["FORMAT", "read"]


def read(source: str | os.PathLike[str]) -> Script:
    """The script that a JSON text describes, or the file at a path. Nothing in it is ever executed.

    Raises `GraphError` if the text breaks the format anywhere, and `OSError` if the file cannot be read.

    >>> import tinygrad_edu as tg
    >>> s = tg.steps(tg.Value(3.0, "x") * 2)
    >>> read(s.json()).events == s.events
    True
    """
    try:
        script: Script = FORMAT.read(source, "script")
        check(script.graph)
        ids = range(1, len(script.graph.nodes) + 1)
        for number, event in enumerate(script.events):
            if event.node not in ids or (event.input is not None and event.input not in ids):
                raise Wrong(f"script.events[{number}] is of a node that the graph does not have")
    except Wrong as wrong:
        raise GraphError(f"steps: {wrong}") from None
    return script
