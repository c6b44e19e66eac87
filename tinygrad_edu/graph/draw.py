"""`draw`: a picture of the graph that made a node, or of the graph of its gradients."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce, wraps
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, overload

from .._support.formats import save_as, write_to
from .._support.languages import language, say, speaking, texts
from .._support.lazy import lazy
from ..engine.memory import collecting_rarely
from ..engine.node import Node
from ..errors import GraphError
from .architecture import architecture, is_model, results_of
from .asked import recorded_of
from .backward import backward_graph, check_differentiable
from .choices import Mode, check_choices, check_sizes
from .fit import Choice, Fit, Fitting, Plan, Way, fitted, noted, room_of
from .layout.geometry import Direction, Engine, Layout
from .marks import Given, Marks, marked
from .numbers import printed_with
from .palette import Theme
from .part import Part, part_of
from .picture.arrange import arrange
from .picture.arrows import Label, arrow_labels
from .picture.bold import arrays_of, upstream_of
from .picture.card import cards
from .picture.descriptions import summary
from .picture.style import Style, in_short
from .picture.svg import Moment, write_svg
from .picture.typeset import Card
from .plain import Graph
from .recorded import Recorded, forward, further_gradients
from .showing import image, show
from .views.collapse import huge
from .views.formulas import in_formulas, with_expressions, written_out
from .views.paired import paired
from .views.totals import totals_of_backward, totals_of_nodes
from .views.view import HUGE, LIMIT, Depth, beside_users, view
from .words.rules import rule_in_letters

if TYPE_CHECKING:
    from graphviz import Digraph

__all__ = ["Drawing", "draw"]

F = TypeVar("F", bound=Callable[..., Any])

BACK: dict[str, Direction] = {"LR": "RL", "TB": "BT"}

FEW = 30
"""Pictures of up to so many arrows have the steps of the chain rule on them by default."""

PICTURE = 100_000
"""After so many new objects Python looks for cycles in them, which a picture has none of."""

CLOSED = 5_000
"""Clusters of a very large graph close until no more boxes than this are left."""


def draw(
    node: Node | Sequence[Node] | Mapping[str, Node] | Callable[..., Any], mode: Mode | Any = "forward", *,
    engine: Engine = "auto", direction: Literal["LR", "TB"] | None = None, theme: Theme = "auto",
    gradients: bool | Literal["grad"] = True, seed: Any = None, steps: bool | None = None,
    fit: Fit | None = "cell", width: float | None = None, style: Style | None = None,
    depth: Depth = "auto", expand: str | Collection[str] = (),
    focus: Node | str | None = None, hops: int = 2, between: tuple[Node | str, Node | str] | None = None,
    hide: str | Node | Collection[str | Node] = (), boxes: Mapping[str, Iterable[Node | str]] | None = None,
    names: Mapping[str, Any] | None = None,
    highlight: Any = None, colour: Given = None, label: Given = None, note: Given = None,
    title: str | None = None, caption: str | None = None,
    digits: int | None = None, bold: bool = False, lang: str | None = None,
) -> Drawing:  # fmt: skip
    """A picture of the graph that `node` was made by; or of the architecture of a model.

    Parameters
    ----------
    node : a Value or a Tensor; or several, in a list, a tuple or a dictionary, whose keys are their names. Each single
        number among them has its gradients in the picture. Or a module of `nn`, with the shape of its input in place of
        the mode, such as `draw(model, (1, 1, 28, 28))`: the picture has its layers and the shapes between them, and no
        numbers. An array in place of the shape is an example; several inputs are a list. The model does not change.
    mode : "forward", with the numbers of the forward pass; "backward" for the graph that computes the gradients, as
        the walk records it, its arrows the way gradients flow (against `direction`); "both" for the forward graph and,
        in the same places, the gradient of every node.
    engine : what places the boxes: "graphviz", "builtin", or "auto": Graphviz where it is installed, but the built-in
        layout where modules are open, because it keeps other arrows out of their frames.
    direction : of the forward pass: "LR", left to right, or "TB", top to bottom. None: as it fits.
    fit : what the picture has to fit: the "cell" of a notebook, a printed "page", a "slide". If it is too large,
        another direction, rows under each other, shapes instead of numbers, equal parts drawn once, and closed modules
        are tried until it fits; a line below it says what was done, or that nothing helped. None: as large as it is.
    width : in place of `fit`, how many pixels it may be wide; it may be high, if nothing else helps.
    style : what boxes say: "full"; "shapes", of arrays; "spaces", shapes as a book writes them, X ∈ ℝ³ˣ²; "formulas",
        in which what has no name is written out; or "names" alone. None: everything, if it fits.
    theme : "light", "dark", or "auto", as the reader's system is set.
    gradients : show beside each number of the forward pass the derivative of `node` by it, where `node` is a single
        number. They are computed for the picture; no `.grad` is read or changed. "grad": besides, the `.grad` that
        stands there, so that one sees where it is something else.
    seed : the upstream gradient with which the way back begins, of the shape of `node`; None: 1. An array needs one.
    steps : write on each arrow between single numbers how the chain rule passes it: upstream gradient · local
        derivative = contribution. None: where there are few arrows.
    depth : how far modules, and functions marked with `tg.block`, open: at 0 the outermost are boxes, at 1 those in
        them, and so on; calls of one module that follow each other are drawn once. "all": everything is drawn.
        "auto": everything up to 150 boxes. In a larger graph modules close, and equal parts that follow each other are
        drawn once, until it is readable; where that is not enough, one box says what is in the graph.
    expand : the paths of modules that open in any case, such as `{"features.0"}`.
    focus, hops : show only what is at most `hops` arrows away from this node, or from the one of this name.
    between : show only the ways from one node to another, and the operands of what lies on them.
    hide : leave out "constants", the numbers written into expressions; "data", the numbers that take no gradient and
        what is computed of them; or nodes: one or several of these.
    boxes : named boxes around nodes, such as `{"softmax": [e, p]}`; they close and open as modules do.
    names : names for nodes that have none: a dictionary from names to nodes, modules or arrays of NumPy, such as
        `locals()`. An array is known by its numbers; where two names have equal ones, neither is used.
    highlight : nodes, or their names, that are drawn thick, and the arrows between them: one, or several in a list.
    colour, label, note : for boxes a colour, another name, or a line of text: dictionaries whose keys are nodes or
        names, or functions of the nodes of the plain graph. A key (from, to) is an arrow.
    title, caption : lines above and below the picture.
    digits : how many significant digits numbers have; None: 4.
    bold : set the names of arrays in bold, as many books set vectors and matrices.
    lang : the language of titles and notes, "en" or "zh"; None: that of the reader's settings.

    >>> import tinygrad_edu as tg
    >>> x, y, w = tg.Value(2.0, name="x"), tg.Value(3.0, name="y"), tg.Value(4.0, name="w")
    >>> z = (x + y) * w
    >>> tg.draw(z)
    Drawing of the computation graph of v₂: 3 leaves, 2 operations; 4 arrows
    >>> tg.draw(z).svg()[:4]
    '<svg'
    """
    with speaking(lang), printed_with(digits), collecting_rarely(PICTURE):
        model = type(node).__name__ if is_model(node) else ""
        if model:
            node, mode, gradients, direction = results_of(node, mode), "forward", False, direction or "TB"
        check_choices(
            mode=mode, gradients=gradients, engine=engine, theme=theme, direction=direction, fit=fit, style=style,
            steps=steps, bold=bold,
        )  # fmt: skip
        paths = check_sizes(width, depth, expand)
        recorded = recorded_of(node, names)
        several = len(recorded.outputs) > 1
        if mode != "forward" and (several or seed is not None):
            text = texts("draw: mode={mode} is of one single number; draw each result by itself, or (y * seed).sum()")
            raise GraphError(text, mode=repr(mode))
        part = Part(focus, hops, between, hide, boxes)
        whole = _whole(recorded, mode, gradients, seed, part, all_of_it=depth == "all")
        whole = architecture(whole, model) if model else whole
        whole = marked(whole, recorded, Marks(highlight, colour, label, note, title, caption))
        shown, first = view(whole, depth, paths), Way(direction or "LR", style or "full")
        looks = _Looks(whole, mode, engine, theme, False if several and steps is None else steps, lang, bold)
        if (fit is None and width is None) or len(shown.nodes) > LIMIT:
            return looks.drawing(Plan(0, shown, first))
        if mode == "backward" and any(box.kind == "operation" for box in shown.nodes):  # not totals of a huge graph
            looks = looks._replace(results=written_out(forward(recorded, gradients=False)))
        free = Choice(
            whole,
            shown,
            direction=direction is None,
            style=style is None and not model,
            bare=steps is None and mode == "both",
            view=depth == "auto" and not paths,
        )
        fitting = Fitting(first, free, room_of(fit, width))
        return fitted(looks._replace(fitting=fitting).drawing, fitting)


class _Looks(NamedTuple):
    """What is the same in all drawings of a graph that are tried."""

    whole: Graph
    mode: Mode
    engine: Engine
    theme: Theme
    steps: bool | None
    lang: str | None
    bold: bool
    results: Mapping[str, str] = {}
    """In a backward graph, how results of the forward pass without a name were computed."""
    fitting: Fitting | None = None

    def drawing(self, plan: Plan, apart: Sequence[Sequence[int]] | None = None) -> Drawing:
        """The drawing of a view of the whole in some way; leaves are drawn `apart` as in another, or where it helps."""
        graph, way, both = plan.graph, plan.way, self.mode == "both"
        folded = any(cluster.times > 1 for cluster in graph.clusters)  # an arrow stands for many, with numbers of one
        few = len(graph.edges) <= FEW and way.style == "full" and not folded
        by_default = few or (both and way.style != "names" and not way.bare and way.numbers)
        steps = by_default if self.steps is None else self.steps
        if way.style == "formulas":
            graph = in_formulas(graph, numbered=steps, alone=not way.numbers)
            graph = graph if way.numbers else self._explained(graph)
        if apart is not None:
            graph = reduce(beside_users, apart, graph)
            return replace(self._of(plan._replace(graph=graph), steps=steps), apart=tuple(apart))
        drawing = self._of(plan._replace(graph=graph), steps=steps)
        while way.wrap is not None and (rows := drawing.layout.rows):
            graph, before = beside_users(graph, rows), graph
            if graph is before:
                break
            drawing = replace(self._of(plan._replace(graph=graph), steps=steps), apart=(*drawing.apart, rows))
        return drawing

    def _explained(self, graph: Graph) -> Graph:
        """Formulas alone, with a line below them on what they take from the forward pass: v₉ = σ · √T."""
        formulas = [node.formula for node in graph.nodes]
        said: dict[str, str] = {}
        for formula in formulas:  # grows while it is read
            new = [name for name in re.findall(r"(?<!∂)\b[^\W\d_][₀-₉]+", formula) if name in self.results]
            formulas += [self.results[name] for name in new if name not in said]
            said |= {name: f"{name} = {self.results[name]}" for name in new}
        lines = say(", ").join(said[name] for name in self.results if name in said)
        return replace(graph, notes=(*graph.notes, say("Here {formulas}.", formulas=lines))) if said else graph

    def _of(self, plan: Plan, *, steps: bool) -> Drawing:
        graph, way, both = plan.graph, plan.way, self.mode == "both"
        return Drawing(
            paired(graph) if both else graph,
            self.engine,
            BACK[way.direction] if self.mode == "backward" else way.direction,
            self.theme,
            steps,
            self.whole,
            way.style if way.numbers else "names",
            way.wrap,
            self.lang,
            self.bold,
            plan=plan.number,
            looks=self,
        )


def _whole(
    recorded: Recorded,
    mode: Mode,
    gradients: bool | Literal["grad"],
    seed: Any,
    part: Part,
    *,
    all_of_it: bool,
) -> Graph:
    """The graph that the picture shows a view of; of a very large one, without `all_of_it`, its clusters or totals."""
    node, nodes = recorded.output, recorded.nodes
    if mode == "both":
        check_differentiable(node)
    if len(nodes) > HUGE and not all_of_it and not part.is_near:
        if mode == "backward":
            return totals_of_backward(recorded)
        return huge(recorded, min(2 * HUGE, CLOSED)) or totals_of_nodes(recorded, gradients_too=bool(gradients))
    if mode == "backward":
        graph = backward_graph(node, recorded)
    elif mode == "both":
        graph = forward(recorded, rule=rule_in_letters, grad=gradients == "grad")
    else:
        graph = forward(recorded, gradients=bool(gradients), seed=seed, grad=gradients == "grad")
        if gradients and len(recorded.outputs) > 1:
            graph = further_gradients(recorded, graph)
        if not any(x.requires_grad or x.primitive for x in recorded.outputs):
            graph = replace(graph, notes=(*graph.notes, say(UNRECORDED)))
    return part_of(with_expressions(graph, recorded), recorded, part)


UNRECORDED = texts(
    "Nothing was recorded of how this came about: it is a number of the user's, or was computed inside no_grad(), "
    "by detach(), or from numbers that require no gradient (requires_grad=True records)."
)
"""The note of a picture of one box."""


def spoken_as_drawn(method: F) -> F:
    """A method of a drawing, in its language."""

    @wraps(method)
    def spoken(self: Drawing, *args: Any, **kwargs: Any) -> Any:
        with speaking(self.lang or language()):
            return method(self, *args, **kwargs)

    return spoken  # type: ignore[return-value]


@dataclass(frozen=True)
class Drawing:
    """A picture, as it was when it was drawn: later changes of the numbers do not reach it.

    Attributes
    ----------
    graph : what it shows.
    engine, theme, steps : as asked for.
    flow : the direction of the arrows.
    whole : the graph that `graph` is a view of, with everything in it; None if there is no more.
    style : what boxes say.
    wrap : how wide a row may be; None: everything is in one.
    lang : the language of its words.
    bold : whether names of arrays are bold.
    least : how many font sizes wide the columns of matrices are at least.
    plan : the number of the plan that was chosen so that it fits.
    apart : the rows of boxes by which leaves were drawn beside those that use them, in turn.
    looks : what draws the same graph by the other plans.
    """

    graph: Graph
    engine: Engine
    flow: Direction
    theme: Theme
    steps: bool
    whole: Graph | None = None
    style: Style = "full"
    wrap: float | None = None
    lang: str | None = None
    bold: bool = False
    least: float = field(default=0.0, repr=False)
    plan: int = field(default=0, repr=False, compare=False)
    apart: tuple[Sequence[int], ...] = field(default=(), repr=False, compare=False)
    looks: _Looks | None = field(default=None, repr=False, compare=False)

    @spoken_as_drawn
    def by_plan(self, number: int, engine: Engine, apart: Sequence[Sequence[int]] | None = None) -> Drawing:
        """The same graph by another plan of those that `fit` tries, with leaves `apart` as in another drawing."""
        assert self.looks is not None
        assert self.looks.fitting is not None
        fitting = self.looks.fitting
        plan = next(islice(fitting.plans(), number, None))
        drawing = self.looks.drawing(plan, apart)
        graph = noted(drawing.graph, plan.words, fitting.room) if number else drawing.graph
        return replace(drawing, graph=graph, engine=engine)

    @lazy
    @spoken_as_drawn
    @collecting_rarely(PICTURE)
    def cards(self) -> list[Card]:
        """The content of each box."""
        return [card.with_bold(self.arrays) for card in cards(self.graph, self.flow, self.style, self.least)]

    @lazy
    @spoken_as_drawn
    def labels(self) -> list[Label | None]:
        """The label of each arrow; None for an arrow without one."""
        made = arrow_labels(self.graph, steps=self.steps, spaces=self.style == "spaces")
        if not self.bold:
            return made
        edges = self.graph.edges
        return [x and x.with_bold(self.arrays | upstream_of(edge, self.graph)) for x, edge in zip(made, edges)]

    @lazy
    def arrays(self) -> frozenset[str]:
        """The names that are set in bold."""
        return arrays_of(self.whole or self.graph) if self.bold else frozenset()

    @lazy
    @spoken_as_drawn
    @collecting_rarely(PICTURE)
    def layout(self) -> Layout:
        """The place of everything."""
        return self.arranged(self.cards, self.labels)

    def arranged(self, cards: Sequence[Card], labels: Sequence[Label | None]) -> Layout:
        """The layout of the graph with cards and labels that may be larger than its own."""
        close = self.style in ("formulas", "names")
        return arrange(self.graph, cards, labels, self.flow, self.engine, self.wrap, close=close)

    @property
    def note(self) -> str | None:
        """One line if another engine than the one asked for placed the boxes; else None."""
        return self.layout.note

    @spoken_as_drawn
    @collecting_rarely(PICTURE)
    def svg(self, moment: Moment | None = None, *, bare: bool = False) -> str:
        """The picture as SVG; with a `moment`, only what is known then; `bare` is smaller, and for browsers alone."""
        looks = self.flow, self.theme, moment
        return write_svg(self.graph, self.cards, self.labels, self.layout, *looks, bare=bare)

    @spoken_as_drawn
    def html(self) -> str:
        """The picture as a page of its own, with pan, zoom, search, boxes that open, and tables of its numbers."""
        from .formats.page import page

        return page(self)

    @spoken_as_drawn
    def tikz(self) -> str:
        """The picture as a `tikzpicture` for a document in LaTeX that loads amsmath and tikz."""
        from .formats.tikz import tikz

        return tikz(self)

    @spoken_as_drawn
    def digraph(self) -> Digraph:
        """The picture as a `graphviz.Digraph`, which can be changed and drawn by Graphviz."""
        from .formats.dot import digraph

        return digraph(self.graph, self.flow, self.arrays, self.style)

    def dot(self) -> str:
        """The picture in Graphviz's language."""
        return str(self.digraph().source)

    @spoken_as_drawn
    def mermaid(self) -> str:
        """The picture in Mermaid's language, for Markdown pages."""
        from .formats.mermaid import mermaid

        return mermaid(in_short(self.graph, self.style), self.flow, self.arrays)

    def json(self) -> str:
        """The graph as data."""
        return self.graph.json()

    @spoken_as_drawn
    def text(self) -> str:
        """The graph in characters, as a tree: what `print(drawing)` writes."""
        from .formats.characters import characters

        return characters(in_short(self.graph, self.style))

    __str__ = text

    def _repr_svg_(self) -> str:
        return self.svg()

    @spoken_as_drawn
    def _repr_html_(self) -> str:
        """The picture as an image with its description, for notebooks that are only read."""
        return image(self.svg(), f"{self.graph.title}: {summary(self.graph)}")

    def show(self) -> None:
        """Show the picture in the output cell of a notebook; elsewhere, open it as a page in the browser."""
        show(self)

    @spoken_as_drawn
    def __repr__(self) -> str:
        title = re.sub("^The ", "the ", self.graph.title)  # in English it stands inside a sentence
        return say("Drawing of {title}: {summary}", title=title, summary=summary(self.graph))

    @overload
    def save(self, path: str | os.PathLike[str], format: None = None) -> Path: ...
    @overload
    def save(self, path: IO[Any], format: str) -> None: ...
    def save(self, path: Any, format: str | None = None) -> Path | None:
        """Write the picture to a file; its extension says in which format. Gives the path.

        An open file, such as `io.BytesIO()`, has no extension: there `format` says it, such as "png".

        .svg, .html, .txt, .tex, .dot, .mmd and .json need nothing but this package; .tex is a document for pdflatex.
        .png and .pdf are made from the SVG by the typst package (`pip install "tinygrad_edu[picture]"`), in light
        colours where the theme is "auto"; without it Graphviz draws them, from the DOT text. Ghostscript turns the PDF
        into .eps. The file appears complete
        or not at all: one that was there before is replaced at the end, or stays as it was.
        """
        from .formats.saving import FORMATS

        if hasattr(path, "write"):
            write_to(path, format, FORMATS, self)
            return None
        return save_as(path, FORMATS, self)
