"""The files under golden/: what small graphs are in every format that is the same on all machines.

`python -m tests.graph.golden` writes them anew. Look at the difference before you commit it: a changed file is a
changed promise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import tinygrad_edu as tg
from tinygrad_edu.graph import Difference, Drawing

from .examples import square, worked_example

FOLDER = Path(__file__).parent / "golden"


@tg.block
def affine(x: Any, w: Any, b: Any) -> Any:
    return x * w + b


def blocks() -> Any:
    """Two calls of a function that is a box."""
    x, w, b = (tg.Value(v, name=name) for v, name in ((2.0, "x"), (0.5, "w"), (-1.0, "b")))
    y = affine(affine(x, w, b), w, b)
    y.name = "y"
    return y


def rows() -> Any:
    """Arrays of exact numbers, a broadcast and a sum over an axis."""
    X = tg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], name="X")
    w = tg.tensor([0.5, 0.25, 2.0], requires_grad=True, name="w")
    return ((X * w).sum(axis=1) ** 2).sum()


def difference() -> Difference:
    """A factor too much, and a step left out."""
    x, y, w = (tg.Value(v, name=name) for v, name in ((2.0, "x"), (3.0, "y"), (4.0, "w")))
    return tg.graph.diff(tg.relu(x * w + y) * y, (x * (w * 2.0) + y) * y)


DRAWINGS: dict[str, Callable[[], Drawing]] = {
    "worked_example_forward": lambda: tg.draw(worked_example()[-1], engine="builtin"),
    "worked_example_backward": lambda: tg.draw(worked_example()[-1], "backward", engine="builtin"),
    "worked_example_both": lambda: tg.draw(worked_example()[-1], "both", engine="builtin", theme="dark"),
    "square_top_down": lambda: tg.draw(square(), direction="TB", engine="builtin", theme="light"),
    "blocks_closed": lambda: tg.draw(blocks(), depth=0, engine="builtin"),
    "blocks_open": lambda: tg.draw(blocks(), depth="all", engine="builtin"),
    "rows": lambda: tg.draw(rows(), "backward", engine="builtin"),
    "difference": lambda: difference().draw(engine="builtin"),
}

FORMATS: dict[str, Callable[[Drawing], str]] = {
    "svg": Drawing.svg,
    "dot": Drawing.dot,
    "mmd": Drawing.mermaid,
    "json": Drawing.json,
}


def files() -> Iterator[tuple[str, str]]:
    """Each golden file's name, and what should be in it."""
    for name, draw in DRAWINGS.items():
        drawing = draw()
        yield from ((f"{name}.{extension}", write(drawing)) for extension, write in FORMATS.items())


def write_anew() -> None:
    """Write all files, and delete those that are no more."""
    FOLDER.mkdir(exist_ok=True)
    wanted = dict(files())
    for name, content in wanted.items():
        (FOLDER / name).write_text(content, encoding="utf-8", newline="\n")
    for path in FOLDER.iterdir():
        if path.name not in wanted:
            path.unlink()


if __name__ == "__main__":
    write_anew()
