"""Every mode and every format of a picture but PNG, PDF and EPS, where there is only NumPy and no Graphviz.

Run with an empty PATH, in an environment into which nothing but this package was installed.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

import tinygrad_edu as tg


@tg.block
def neuron(x: tg.Value, w: tg.Value, b: tg.Value) -> tg.Value:
    """A box that opens."""
    return tg.tanh(x * w + b)


def main() -> None:
    """Draw, save, read back."""
    for program in ("dot", "rsvg-convert"):
        assert which(program) is None, f"{program} is on the PATH"
    for module in ("pygraphviz", "typst"):
        assert find_spec(module) is None, f"{module} is installed"
    x, w, b = tg.Value(2.0, name="x"), tg.Value(-0.5, name="w"), tg.Value(1.0, name="b")
    h = neuron(x, w, b)
    z = h * h
    with TemporaryDirectory() as folder:
        for mode in ("forward", "backward", "both"):
            for depth in ("all", 0):
                drawing = tg.draw(z, mode, depth=depth)
                for extension in ("svg", "html", "dot", "mmd", "json"):
                    drawing.save(Path(folder, f"z.{extension}"))
                ElementTree.parse(Path(folder, "z.svg"))
                assert tg.graph.read(Path(folder, "z.json")) == drawing.graph
        for extension in ("png", "pdf"):
            assert 'pip install "tinygrad_edu[picture]"' in refusal(drawing, Path(folder, f"z.{extension}"))
    assert tg.draw(z, engine="graphviz").note is not None
    assert tg.formula(z, latex=True)
    assert tg.graph.diff(z, h * x)
    print("All modes and formats but PNG, PDF and EPS work with NumPy alone.")


def refusal(drawing: tg.graph.Drawing, path: Path) -> str:
    """Why the drawing cannot be saved."""
    try:
        drawing.save(path)
    except tg.GraphError as error:
        return str(error)
    sys.exit(f"{path.name} came out of nowhere")


if __name__ == "__main__":
    main()
