"""The script of a derivation: the events of a program's forward pass and of its chain rule, one by one, as data.

Forward, an event is one operation. Back, it is one edge: what one use of a number adds to its gradient. `derivation.py`
writes scripts. Players, texts and handouts show the script and nothing else.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, overload

from .._support.formats import Writer, save_as
from .._support.json_records import Format
from .._support.languages import say, speaking
from .._support.notebook import displayed
from .._support.text import print_text
from ..graph.names import local_partial
from ..graph.picture.bold import arrays_of
from ..graph.plain import Graph, Quantity

__all__ = ["FORMAT", "FORMATS", "Arrival", "Event", "Script", "State"]

Kind = Literal["forward", "seed", "contribution", "sum", "update"]
"""The kinds of events.

forward       an operation is computed
seed          the walk back begins: the derivative of the output by itself is 1
contribution  one use of a number adds upstream · local derivative to its gradient
sum           a contribution to a number that was broadcast is summed back to its shape, and added
update        an optimiser changes a parameter by its gradient
"""


@dataclass(frozen=True, slots=True)
class Event:
    """One local event.

    Attributes
    ----------
    kind : what happens, see `Kind`.
    node : the id, in the script's graph, of the operation that is computed, or that passes its gradient on; of the
        parameter that is updated.
    input, slot : on the way back, the id of the node that receives, and which operand of `node` it is.
    left, right : the two sides of its equation in letters: `q` and `x + y`, `∂z/∂x` and `∂z/∂q · ∂q/∂x`.
    rule : the local derivative in letters, `w`; None where the right side says it already.
    numeric : the right side in numbers, `4 · 1`; None where arrays take part.
    shapes : the right side in shapes, `(32, 10) @ (10, 64)`; None where all are single numbers.
    value : the result of the operation, or the contribution.
    upstream, local : the factors of a contribution; `local` only of what is computed element by element.
    direct : whether `local` is the derivative by this operand alone, because the input reaches the node by others too.
    before, after : the gradient of the input before and after; None where nothing has arrived yet.
    arrived, expected : how many contributions have reached the input with this one, and how many there are in all.
    """

    kind: Kind
    node: int
    input: int | None = None
    slot: int | None = None
    left: str = ""
    right: str = ""
    rule: str | None = None
    numeric: str | None = None
    shapes: str | None = None
    value: Quantity | None = None
    upstream: Quantity | None = None
    local: Quantity | None = None
    before: Quantity | None = None
    after: Quantity | None = None
    arrived: int = 0
    expected: int = 0
    direct: bool = False

    @property
    def becomes(self) -> str:
        """The sign between the sides: "+=" where a gradient has several contributions."""
        if self.kind == "update":
            return "←"
        return "+=" if self.expected > 1 and self.after is not None else "="

    @property
    def symbolic(self) -> str:
        """The equation in letters."""
        return f"{self.left} {self.becomes} {self.right}"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A gradient so far: the sum (None before the first contribution), and how many contributions it is made of."""

    gradient: Quantity | None
    arrived: int
    expected: int

    @property
    def status(self) -> Literal["not reached", "partly", "final"]:
        """Whether none, some or all of the contributions have arrived."""
        if self.gradient is None:
            return "not reached"
        return "final" if self.arrived == self.expected else "partly"


@dataclass(frozen=True, slots=True)
class State:
    """What is known after some events of a script.

    Attributes
    ----------
    values : the known values, by the ids of their nodes.
    gradients : the gradients so far, by the ids of their nodes.
    """

    values: Mapping[int, Quantity]
    gradients: Mapping[int, Arrival]


@dataclass(frozen=True, eq=False, repr=False)
class Script(Sequence[Event]):
    """The derivation of every gradient of an output, as a sequence of events.

    Attributes
    ----------
    graph : the plain graph in which they happen.
    events : the events, forward and then back.
    formula : the output as one formula of its inputs, `(x + y) · w`; "" where that takes more than a line.
    bold : whether names of arrays are bold, in the player, the pictures and LaTeX.

    >>> import tinygrad_edu as tg
    >>> x, y, w = tg.Value(2.0, "x"), tg.Value(3.0, "y"), tg.Value(4.0, "w")
    >>> s = tg.steps((x + y) * w)
    >>> [event.kind for event in s]
    ['forward', 'forward', 'seed', 'contribution', 'contribution', 'contribution', 'contribution']
    >>> s[5].symbolic, s[5].numeric, s[5].value.text()
    ('∂v₂/∂x = ∂v₂/∂v₁ · ∂v₁/∂x', '4 · 1', '4')
    """

    graph: Graph
    events: tuple[Event, ...]
    formula: str = ""
    bold: bool = False

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Event, ...]: ...
    def __getitem__(self, index: Any) -> Any:
        return self.events[index]

    def __len__(self) -> int:
        return len(self.events)

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from .page import frame

        return frame(self)

    def show(self, *, lang: str | None = None, predict: bool = False) -> None:
        """Play the script: in the output cell of a notebook, in a terminal by keys, elsewhere as text.

        The terminal player needs Textual; without it, the text is printed after a line that says how to install it.
        """
        from .page import frame

        with speaking(lang):
            if not displayed(lambda: frame(self, predict=predict), self.text) and not self._played(predict):
                print_text(self.text())

    def _played(self, predict: bool) -> bool:
        """Play the script in the terminal; whether there is one, with Textual."""
        from .predict import said_of_score

        terminal = sys.stdin.isatty() and sys.stdout.isatty()
        if not terminal or os.environ.get("TERM") == "dumb":  # as in an editor's shell
            return False
        try:
            from .terminal import Player
        except ImportError:
            command = 'pip install "tinygrad_edu[step]"'
            print(say("The player in the terminal needs Textual: {command}", command=command), file=sys.stderr)
            return False
        score = Player(self, predict=predict).run()
        if score is not None and score.met:
            print_text(said_of_score(score))
        return True

    def save(self, path: str | os.PathLike[str], *, lang: str | None = None, predict: bool = False) -> Path:
        """Write the player (.html), the derivation (.md, .tex, .txt), its pictures (.svg) or the script (.json).

        The file appears complete or not at all. Gives the path. `FileError` for another extension, `OSError` where
        the file cannot be written.
        """
        with speaking(lang):
            return save_as(path, FORMATS, self, predict)

    def html(self, *, lang: str | None = None, predict: bool = False) -> str:
        """The player as a page of its own, which needs no network; with `predict` it asks for each result first."""
        from .page import page

        with speaking(lang):
            return page(self, predict=predict)

    def markdown(self, lang: str | None = None) -> str:
        """The derivation for a Markdown page."""
        from .handout import markdown

        with speaking(lang):
            return markdown(self)

    def latex(self, lang: str | None = None) -> str:
        """The derivation as LaTeX, for the body of a document that loads amsmath."""
        from .handout import latex

        with speaking(lang):
            return latex(self)

    def filmstrip(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        at: Sequence[int] | None = None,
        columns: int = 1,
        lang: str | None = None,
    ) -> str:
        """Pictures of the graph after some events, with their equations and a sentence below each, as one SVG.

        `at` says after how many events each picture is taken; None: up to a dozen pictures, spread over the way back.
        `columns` of them stand side by side.
        With a `path`, the strip is also written to that file: .svg, .png or .pdf. `FileError` for another extension.
        """
        from .filmstrip import STRIPS, filmstrip
        from .wording import heading

        with speaking(lang):
            svg = filmstrip(self, at, columns)
            if path is not None:
                save_as(path, STRIPS, svg, heading(self), function="filmstrip")
            return svg

    def json(self) -> str:
        """The script as JSON; `step/script.schema.json` in the package describes it."""
        return FORMAT.write(self)

    def text(self, lang: str | None = None) -> str:
        """The whole derivation, a numbered entry for each event.

        >>> import tinygrad_edu as tg
        >>> x = tg.Value(3.0, "x")
        >>> z = x * x
        >>> z.name = "z"
        >>> print(tg.steps(z))
        Step by step: z = x²
        <BLANKLINE>
        Forward
          1  z = x · x = 9
             z = 3 · 3 = 9
        <BLANKLINE>
        Back
          2  ∂z/∂z = 1
          3  (∂z/∂x)₁ = x = 3
             ∂z/∂x += ∂z/∂z · (∂z/∂x)₁
             ∂z/∂x += 1 · 3 = 3
          4  (∂z/∂x)₂ = x = 3
             ∂z/∂x += ∂z/∂z · (∂z/∂x)₂
             ∂z/∂x += 1 · 3 = 3
             ∂z/∂x: 3 → 6
        """
        from .handout import text

        with speaking(lang):
            return text(self)

    def groups(self) -> list[tuple[str, int]]:
        """The events in parts, each as a title and the number of events up to its end.

        A part holds the events of one module, or of one function marked with `tg.block`, on the way forward or back;
        outside of these, the events of one operation. The title is `features.0 Conv2d`, or the label of the node.
        """
        ends: list[tuple[str, int]] = []
        before: object = None
        for stop, event in enumerate(self.events, 1):
            node = self.graph.node(event.node)
            title = self._title(node.cluster) if node.cluster else node.label
            if ends and before == (title, event.kind == "forward"):
                ends.pop()
            before = title, event.kind == "forward"
            ends.append((title, stop))
        return ends

    def _title(self, path: str) -> str:
        cluster = self.graph.cluster(path)
        return f"{path} {cluster.title.partition('(')[0]}" if cluster.kind == "module" else path

    @property
    def arrays(self) -> frozenset[str]:
        """The names that are set in bold."""
        return arrays_of(self.graph) if self.bold else frozenset()

    def label(self, id: int) -> str:
        """The label of the node with this id."""
        return self.graph.node(id).label

    def local_derivative(self, event: Event) -> str:
        """`∂q/∂x`: of the node that passes its gradient on, by the receiving one; (∂q/∂x)₂ if by operand 2 alone."""
        of, by = self.label(event.node), self.label(event.input or event.node)
        return local_partial(of, by, event.slot or 0, direct=event.direct)

    def state(self, step: int) -> State:
        """What is known after the first `step` events. Only the events say it, so going back is exact.

        Raises `IndexError` for a step beyond the end.

        >>> import tinygrad_edu as tg
        >>> x = tg.Value(3.0, "x")
        >>> s = tg.steps(x * x)
        >>> for step in (2, 3, 4):
        ...     arrival = s.state(step).gradients[1]
        ...     print(arrival.status, arrival.gradient and arrival.gradient.text())
        not reached None
        partly 3
        final 6
        """
        if not 0 <= step <= len(self.events):
            raise IndexError(f"state: a step of this script is from 0 to {len(self.events)}, and not {step}")
        values = {node.id: node.value for node in self.graph.nodes if node.kind in ("leaf", "constant") and node.value}
        arrivals = {e.input: Arrival(None, 0, e.expected) for e in self.events if e.input is not None}
        for event in self.events[:step]:
            if event.kind in ("forward", "update") and event.value:
                values[event.node] = event.value
            elif event.input is not None and event.after is not None:
                arrivals[event.input] = Arrival(event.after, event.arrived, event.expected)
        return State(values, arrivals)


FORMATS: dict[str, Writer] = {
    ".html": lambda script, predict: script.html(predict=predict),
    ".svg": lambda script, predict: script.filmstrip(),
    ".md": lambda script, predict: script.markdown() + "\n",
    ".tex": lambda script, predict: script.latex() + "\n",
    ".txt": lambda script, predict: script.text() + "\n",
    ".json": lambda script, predict: script.json(),
}
"""What writes a script to a file of each extension, as questions where that is asked for."""

FORMAT = Format(Script, "tinygrad_edu.script", 1, "A derivation, event by event, as tinygrad_edu plays it")
"""The JSON form of a script; `json_form.py` reads it and checks what is read."""
