"""The player in a terminal, made with Textual: the events, equations and keys of the page."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ScrollableContainer
from textual.timer import Timer
from textual.widgets import DataTable, Input, Static

from .._support.languages import language, say, speaking
from .._support.text import columns
from ..errors import TinygradError
from ..graph.formats.characters import lines_of
from ..graph.mathematics import isolated
from ..graph.plain import Quantity
from ..graph.text import shorten, visible
from .matrices import in_rows
from .predict import Question, Score, asks, is_right, question, said_of_score
from .script import Arrival, Event, Script
from .texts import TEXTS
from .wording import heading, lines, sentence, shown

__all__ = ["Player"]

KEYS = (
    ("right", "move(1)", "next", "→"),
    ("left", "move(-1)", "step_back", "←"),
    ("home", "go(0)", "first", "home"),
    ("end", "last", "last", "end"),
    ("b", "way_back", "way_back", "b"),
    ("n", "part(1)", "next_part", "n p"),
    ("space", "play", "play", "\nspace"),
    ("plus", "speed(1)", "speed", "+ −"),
    ("g", "graph", "graph", "g"),
    ("q", "quit_with_score", "quit", "q"),
    ("escape", "leave_question", "leave", "escape"),
)
"""The keys: their action, the key of their label in the catalogue, and how they are shown, on two lines."""

NAME, MADE_BY, CELL = 12, 13, 18
"""The most columns of a name, of its call, and of a number or an array in the table: all fit in a screen of 80."""

FRAME = 6
"""The columns that the frame of the equation takes."""

SECONDS = (8.0, 4.0, 2.0, 1.0, 0.5, 0.25)
"""How long an event is shown while playing, from the slowest to the fastest."""


PAGES = (
    Binding("pageup", "page_up", show=False),
    Binding("pagedown", "page_down", show=False),
    Binding("shift+left", "page_left", show=False),
    Binding("shift+right", "page_right", show=False),
)
"""The keys that show another part of the table or of the graph."""


class Table(DataTable[Text], inherit_bindings=False):
    """A table that leaves all keys to the player, except those that move its cursor and show another part of it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", show=False),
        Binding("down", "cursor_down", show=False),
        *PAGES,
    ]


class Tree(ScrollableContainer, inherit_bindings=False):
    """The graph in characters, which leaves all keys to the player, too, except those that scroll it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_up", show=False),
        Binding("down", "scroll_down", show=False),
        *PAGES,
    ]


class Player(App[Score]):
    """Plays a script; `run()` returns the score of the questions in predict mode.

    In predict mode the next event is hidden until its result is typed. Enter alone takes a hint, and after the last
    one it shows the answer.
    """

    CSS = """
    #place { height: 1; padding: 0 1; background: $panel; text-style: bold; }
    #equation { height: auto; min-height: 6; padding: 0 2; border: round $primary; }
    #said, #source, #feedback { height: auto; padding: 0 2; }
    #source { color: $text-muted; }
    #feedback { color: $warning; }
    #answer { display: none; margin: 0 1; }
    #answer.asked { display: block; }
    #table { height: 1fr; margin: 1 0 0 0; }
    #graph { height: 1fr; margin: 1 1 0 1; display: none; }
    #tree { width: auto; }
    #keys { dock: bottom; height: auto; padding: 0 1; background: $panel; }
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c,ctrl+d", "quit_with_score", show=False, priority=True)]

    def __init__(self, script: Script, *, lang: str | None = None, predict: bool = False) -> None:
        super().__init__()
        self.script, self.predict = script, predict
        with speaking(lang):
            self.lang, self.texts = language(), {key: say(text) for key, text in TEXTS.items()}
        self.parts = [0, *(stop for _, stop in script.groups())]
        for key, action, text, _ in KEYS:
            self.bind(key, action, description=self.texts[text])
        self.bind("minus", "speed(-1)")
        self.bind("p", "part(-1)")
        self.step = 0
        self.written: dict[tuple[int, str], tuple[str, str]] = {}
        self.speed = SECONDS.index(2.0)
        self.timer: Timer | None = None
        self.score = Score(questions=sum(map(asks, script)))
        self.question: Question | None = None
        self.hints = 0

    def compose(self) -> ComposeResult:
        """The parts of the screen, from top to bottom."""
        for name in ("place", "equation", "said", "source"):
            yield Static(id=name)
        yield Input(id="answer", placeholder=self.texts["your answer"])
        yield Static(id="feedback")
        yield Table(id="table", cursor_type="row", fixed_columns=1)
        with Tree(id="graph"):
            yield Static(id="tree")
        yield Static(id="keys")

    def on_mount(self) -> None:
        """Fill the table with names; the numbers come with the events, into columns that are wide enough."""
        self.table.add_column(self.texts["name"], key="name")
        self.table.add_column(self.texts["made_by"], key="made_by")
        events = self.script.events
        values = [*(node.value for node in self.script.graph.nodes), *(event.value for event in events)]
        arrivals = [
            Arrival(event.after, x, event.expected) for event in events for x in (event.arrived, event.expected)
        ]
        for key, texts in (
            ("value", map(_in_a_cell, values)),
            ("gradient", (_in_a_cell(event.after) for event in events)),
            ("arrivals", map(self._arrivals, (*arrivals, Arrival(None, 0, 0)))),
        ):
            self.table.add_column(self.texts[key], key=key, width=max(map(columns, (self.texts[key], *texts))))
        made = {event.node: event.right for event in self.script if event.kind == "forward"}
        for node in self.script.graph.nodes:
            if node.kind != "constant":
                row = (_fitted(node.label, NAME), _fitted(made.get(node.id, ""), MADE_BY), "", "", "")
                self.table.add_row(*(Text(isolated(text)) for text in row), key=str(node.id))
        self.table.focus()
        self.action_go(0)

    @property
    def table(self) -> Table:
        """The table of values and gradients."""
        return self.query_one(Table)

    # Moving.

    def action_go(self, step: int) -> None:
        """Show what is known after `step` events."""
        self.step = max(0, min(step, len(self.script)))
        if self.step == len(self.script):
            self._stop()
        self._ask(None)
        self._show_event()

    def _show_event(self) -> None:
        """What has happened last, and all that is known now."""
        event = self.script[self.step - 1] if self.step else None
        self._show_place()
        rows = [row for line in lines(self.script, event) for row in self._in_rows(line)] if event else []
        self._say("equation", "\n".join(rows) or self.texts["said at the start"])
        self._say("said", sentence(self.script, event, self.lang) if event else "")
        self._say("source", self._source(event))
        self._say("feedback", "")
        if self.table.display:
            self._fill_table(event)
        else:
            self._draw_graph(event)

    def action_move(self, by: int) -> None:
        """Go one event forward or back; in predict mode, ask before going forward."""
        if by > 0 and self.predict and self.step < len(self.script) and asks(self.script[self.step]):
            self._stop()
            with speaking(self.lang):
                self._ask(question(self.script, self.step))
        else:
            self.action_go(self.step + by)

    def action_part(self, by: int) -> None:
        """Go to the end of this part of the script, or of the one before: of one module or operation."""
        if by > 0:
            self.action_go(min((stop for stop in self.parts if stop > self.step), default=self.step))
        else:
            self.action_go(max((stop for stop in self.parts if stop < self.step), default=0))

    def action_last(self) -> None:
        """Go to the end of the script."""
        self.action_go(len(self.script))

    def action_way_back(self) -> None:
        """Go to the first event of the way back."""
        self.action_go(1 + next(i for i, event in enumerate(self.script) if event.kind == "seed"))

    def action_play(self) -> None:
        """Go on by itself, or stop."""
        if self.timer is not None:
            self._stop()
        else:
            if self.step == len(self.script):
                self.action_go(0)
            self.timer = self.set_interval(SECONDS[self.speed], lambda: self.action_move(1))

    def action_graph(self) -> None:
        """Show the graph in place of the table, or the table again."""
        self.table.display, graph = not self.table.display, self.query_one("#graph")
        graph.display = not self.table.display
        self._show_event()
        self._focus_shown()

    def action_speed(self, by: int) -> None:
        """Play faster or slower."""
        self.speed = max(0, min(self.speed + by, len(SECONDS) - 1))
        if self.timer is not None:
            self._stop()
            self.action_play()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Whether a key acts now: in a question all keys are typed, except Escape and those that end the program."""
        asking = self.question is not None
        return asking if action == "leave_question" else not asking or action == "quit_with_score"

    def action_quit_with_score(self) -> None:
        """End, with the score."""
        self.exit(self.score)

    def _stop(self) -> None:
        if self.timer is not None:
            self.timer.stop()
            self.timer = None

    def _focus_shown(self) -> None:
        """Let keys scroll what is shown, the table or the graph."""
        (self.table if self.table.display else self.query_one("#graph")).focus()

    # Questions.

    def _ask(self, asked: Question | None) -> None:
        self.question, self.hints = asked, 0
        self._show_keys()
        answer = self.query_one("#answer", Input)
        answer.set_class(asked is not None, "asked")
        answer.value = ""
        if asked is None:
            self._focus_shown()
            return
        answer.focus()
        self._say("feedback", "")
        self._show_question(asked)

    def _show_question(self, asked: Question) -> None:
        self._show_place()
        self._say("equation", "\n".join(self._in_rows(f"{asked.prompt} = ?")))
        self._say("said", self.texts[f"asked for the {asked.asks}"])
        self._say("source", self._source(self.script[asked.step]))

    def on_input_submitted(self, submitted: Input.Submitted) -> None:
        """Check an answer; an empty one asks for a hint, and after the last hint for the answer."""
        asked = self.question
        if asked is None:
            return
        if not submitted.value.strip():
            if self.hints < len(asked.hints):
                self.hints += 1
                self._say("feedback", "\n".join(asked.hints[: self.hints]))
                return
            self.score.note(asked.step, right=False, hints=self.hints)
            self.action_go(self.step + 1)
            return
        try:
            right = is_right(asked, submitted.value)
        except TinygradError:
            self._say("feedback", self.texts["not a number"])
            return
        self.score.note(asked.step, right=right, hints=self.hints)
        if right:
            self.action_go(self.step + 1)
        submitted.input.value = ""
        self._say("feedback", self.texts["right" if right else "wrong"])

    def action_leave_question(self) -> None:
        """Go back from the question to the event before it."""
        self.action_go(self.step)

    # The screen.

    def on_resize(self) -> None:
        """Write the lines anew, once the screen has its new width."""
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        if self.question is not None:
            self._show_question(self.question)
        else:
            self._show_event()

    def _say(self, part: str, text: str) -> None:
        """Write a part of the screen; a part that says nothing takes no room."""
        static = self.query_one(f"#{part}", Static)
        static.update(Text(isolated(text)))
        static.display = bool(text)

    def _show_place(self) -> None:
        """The step, the score and the title, in one line."""
        with speaking(self.lang):
            place = f"{self.step} / {len(self.script)}", said_of_score(self.score), heading(self.script)
        self._say("place", _fitted("   ".join(filter(None, place)), self.size.width - 2))

    def _show_keys(self) -> None:
        """The keys that act now."""
        keys = Text()
        for _, action, text, shown_as in KEYS:
            if (action == "leave_question") == (self.question is not None):
                keys.append(shown_as, "bold").append(f" {self.texts[text]}  ")
        self.query_one("#keys", Static).update(keys)

    def _in_rows(self, line: str) -> list[str]:
        """A line with its matrices; what comes last goes below the rest if the screen is too narrow.

        An array that is still too wide loses numbers in its middle.
        """
        rows, room = in_rows(line), self.size.width - FRAME
        if max(map(columns, rows)) <= room:
            return rows
        parts = re.fullmatch(r"(.* (?:\+?=|→)) (.*)", line)
        return [row for part in (parts.groups() if parts else [line]) for row in in_rows(part, room)]

    def _source(self, event: Event | None) -> str:
        source = self.script.graph.node(event.node).source if event else None
        return visible("   ".join(source)) if source else ""

    def _fill_table(self, event: Event | None) -> None:
        state = self.script.state(self.step)
        for node in self.script.graph.nodes:
            if node.kind == "constant":
                continue
            arrival = state.gradients.get(node.id)
            lit = "bold reverse" if event and node.id == (event.input or event.node) else ""
            for key, text in (
                ("value", _in_a_cell(state.values.get(node.id))),
                ("gradient", _in_a_cell(arrival.gradient) if arrival else ""),
                ("arrivals", self._arrivals(arrival)),
            ):
                if self.written.get((node.id, key)) != (text, lit):
                    self.written[node.id, key] = text, lit
                    self.table.update_cell(str(node.id), key, Text(text, style=lit))
        if event:
            self.table.move_cursor(row=self.table.get_row_index(str(event.input or event.node)))

    def _draw_graph(self, event: Event | None) -> None:
        """The graph in characters, with what is known; what the event is about is lit."""
        state = self.script.state(self.step)
        final = {id: arrival.gradient for id, arrival in state.gradients.items() if arrival.status == "final"}
        nodes = self.script.graph.nodes
        known = (replace(node, value=state.values.get(node.id), gradient=final.get(node.id)) for node in nodes)
        tree = Text()
        for line, id in lines_of(replace(self.script.graph, nodes=tuple(known))):
            tree.append(line + "\n", "bold reverse" if event and id in (event.node, event.input) else "")
        self.query_one("#tree", Static).update(tree)

    def _arrivals(self, arrival: Arrival | None) -> str:
        if arrival is None:
            return ""
        if arrival.status == "partly":
            return self.texts["arrived"].format(arrived=arrival.arrived, expected=arrival.expected)
        return self.texts[arrival.status]


def _in_a_cell(value: Quantity | None) -> str:
    """A number or small array; where there is no room for its cells, shape and range, or the shape alone."""
    if value is None:
        return ""
    shape = value.kind(dtype=False)
    texts = shown(value), f"{shape} {value.range(2)}", shape
    return next((text for text in texts if len(text) <= CELL), shorten(shape, CELL))


def _fitted(text: str, most: int) -> str:
    """The text, shortened to so many columns of the screen."""
    shortened = (shorten(text, length) for length in range(most, 0, -1))
    return next(x for x in shortened if columns(x) <= most)
