"""Gradient mode: switches that say whether operations are recorded, and whether each with its source line.

The switches are states of a context variable: each thread and each asyncio task has its own.

>>> import tinygrad_edu as tg
>>> x = tg.Value(3.0)
>>> with tg.no_grad():
...     y = x * x
>>> y.requires_grad
False
"""

from __future__ import annotations

import functools
import inspect
import linecache
import os
import sys
import types
from collections.abc import Callable, Generator
from contextvars import ContextVar
from types import CodeType, FrameType
from typing import Any, NamedTuple, TypeVar, overload

from ..errors import DtypeError, GraphError

F = TypeVar("F", bound=Callable[..., Any])

__all__ = ["Source", "enable_grad", "no_grad", "trace"]

OFF, ON, TRACED = 0, 1, 2
"""Operations are not recorded; recorded; recorded with the line of the program that made them."""


class State:
    """What is switched on in a `with` block.

    A block may be left in another context than it was entered in: an abandoned generator is closed by whoever collects
    it. Then the context that it was entered in still has this state. So a state can be closed from anywhere: from then
    on it has the values of the state around it.

    Attributes
    ----------
    level : `OFF`, `ON` or `TRACED`.
    tracing : whether this is inside `trace()`, recording or not.
    derivative : whether a derivative is being taken of the function that runs here.
    complete : whether rules of the table run here on nodes: what has no gradient is recorded, too, such as comparisons.
    around : the state outside of the block.
    """

    __slots__ = ("around", "complete", "derivative", "level", "tracing")

    def __init__(
        self, level: int, tracing: bool, derivative: bool, around: State | None = None, complete: bool = False
    ) -> None:
        self.level, self.tracing, self.derivative, self.complete = level, tracing, derivative, complete
        self.around = around

    def close(self) -> None:
        """Take the values of the state around this one."""
        around = self.around
        assert around is not None
        self.level, self.tracing, self.derivative = around.level, around.tracing, around.derivative
        self.complete = around.complete


DEFAULT = State(ON, False, False)
"""The state outside of all blocks."""

_state: ContextVar[State] = ContextVar("recording", default=DEFAULT)

state = _state.get
"""The state in force here. Every operation asks for its level, so it is the bare C function."""


def recording() -> int:
    """The level in force here: `OFF`, `ON` or `TRACED`."""
    return state().level


def tracing() -> bool:
    """Whether this is inside `trace()`, recording or not."""
    return state().tracing


def taking_derivative() -> bool:
    """Whether a derivative is being taken of the function that runs here."""
    return state().derivative


class Switch:
    """A state for a `with` block, or for each call of a function: `with no_grad():`, `@no_grad()`, or without brackets.

    One switch can be entered several times. A decorated generator or coroutine runs in the state, and the code that
    uses it does not.
    """

    def __init__(self, name: str, doc: str, entered: Callable[[State], State]) -> None:
        self.__name__, self.__doc__, self._entered = name, doc, entered
        self._states: list[State] = []

    # Ctrl-C may come at the start of a function and after any call in it. So each call that matters stands in a `try`
    # whose end puts things right, and what is put right last is the context.

    def __enter__(self) -> None:
        around = state()
        inside = self._entered(around)
        try:
            self._states.append(inside)
            _state.set(inside)
        except BaseException:  # the block is not entered, and will not be left
            _state.set(around)
            self._states.remove(inside)
            raise

    def __exit__(self, *_: object) -> None:
        if not self._states:
            raise GraphError(f"{self.__name__}: left more often than it was entered")
        here = left = self._states[-1]
        try:
            here = state()
            left = here if here in self._states else left
            self._states.remove(left)
            left.close()
        finally:
            if here is left:  # this is its context
                _state.set(left.around)  # type: ignore[arg-type]

    def run(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """The result of a call, with the switch on while it runs."""
        around = state()
        inside = self._entered(around)
        try:
            _state.set(inside)
            return function(*args, **kwargs)
        finally:
            _state.set(around)
            inside.close()  # for other contexts that began inside, such as tasks

    @overload
    def __call__(self) -> Switch: ...
    @overload
    def __call__(self, function: F) -> F: ...
    def __call__(self, function: Any = None) -> Any:
        """A fresh switch; of a function, the function with the switch around each call."""
        if function is None:
            return Switch(self.__name__, self.__doc__ or "", self._entered)
        if not callable(function):
            hint = "; x.trace() sums a diagonal" if self.__name__ == "trace" and hasattr(function, "trace") else ""
            kind = type(function).__name__
            raise DtypeError(f"{self.__name__}: decorates a function, not {kind} {function!r:.60}{hint}")
        return _switched(function, self)

    def __repr__(self) -> str:
        return f"<{self.__name__}>"


def _switched(function: Callable[..., Any], switch: Switch) -> Callable[..., Any]:
    """The function with the switch on while its own lines run; off while a generator or a coroutine waits."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return switch.run(function, *args, **kwargs)

    def generator(*args: Any, **kwargs: Any) -> Any:
        return (yield from _resumed(function(*args, **kwargs), switch))

    async def coroutine(*args: Any, **kwargs: Any) -> Any:
        return await awaited(function(*args, **kwargs), switch)

    async def async_generator(*args: Any, **kwargs: Any) -> Any:
        running = function(*args, **kwargs)
        try:
            while True:
                try:
                    item = await awaited(running.__anext__(), switch)
                except StopAsyncIteration:
                    return
                yield item
        finally:
            await running.aclose()

    kinds = {async_generator: inspect.isasyncgenfunction, coroutine: inspect.iscoroutinefunction}
    kinds[generator] = inspect.isgeneratorfunction
    return functools.wraps(function)(next((kind for kind, fits in kinds.items() if fits(function)), call))


def _resumed(running: Any, switch: Switch) -> Generator[Any, Any, Any]:
    """Run a generator or a coroutine to its end, with the switch on whenever it runs."""
    go_on, value = running.send, None
    try:
        while True:
            try:
                item = switch.run(go_on, value)
            except StopIteration as end:
                return end.value
            try:
                go_on, value = running.send, (yield item)
            except Exception as error:  # thrown into the generator by its user
                go_on, value = running.throw, error
    finally:
        running.close()


awaited = types.coroutine(_resumed)
"""The same for `await`."""


no_grad = Switch(
    "no_grad",
    """Compute without recording: for evaluation, and for changing parameters in place.

    A switch for `with` and for functions: `with no_grad():`, `@no_grad()`, with or without brackets.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> with tg.no_grad():
    ...     w -= 0.5
    >>> w
    tensor([0.5, 1.5], requires_grad=True)
    """,
    lambda now: State(OFF, now.tracing, now.derivative, now),
)

enable_grad = Switch(
    "enable_grad",
    """Record again, inside a `no_grad()`.

    >>> import tinygrad_edu as tg
    >>> x = tg.Value(3.0)
    >>> with tg.no_grad(), tg.enable_grad():
    ...     y = x * x
    >>> y.requires_grad
    True
    """,
    lambda now: State(TRACED if now.tracing else ON, now.tracing, now.derivative, now),
)

trace = Switch(
    "trace",
    """Record for every node the file and line that made it, so that errors and pictures can name it.

    What is computed of data alone, such as `1 - y`, is no part of a graph; inside, pictures and formulas know it.

    >>> import tinygrad_edu as tg
    >>> x = tg.Value(3.0)
    >>> with tg.trace():
    ...     y = x * x
    >>> y.source.text
    'y = x * x'
    """,
    lambda now: State(TRACED if now.level else OFF, True, now.derivative, now),
)

differentiate = Switch(
    "differentiate",
    """Record, and say that a derivative is being taken of what runs here.""",
    lambda now: State(TRACED if now.tracing else ON, now.tracing, True, now),
)

complete_graph = Switch(
    "complete_graph",
    """Record all that is computed with nodes: rules of the table run here, which make a graph of gradients.""",
    lambda now: State(TRACED if now.tracing else ON, now.tracing, now.derivative, now, complete=True),
)


class Source(NamedTuple):
    """A line of the user's program.

    >>> Source("lesson.py", 12)
    Source(file='lesson.py', line=12)
    >>> str(Source("lesson.py", 12))
    'lesson.py:12'
    """

    file: str
    line: int

    @property
    def text(self) -> str:
        """The line itself, without its indentation; empty if the file cannot be read."""
        return linecache.getline(self.file, self.line).strip()

    @property
    def cell(self) -> str | None:
        """The cell of a notebook with this line, as in tracebacks: "Cell In[3]"; None for other files."""
        ipython = sys.modules.get("IPython")
        shell = ipython.get_ipython() if ipython is not None else None
        names = shell.compile.format_code_name(self.file) if shell is not None else None
        return " ".join(names) if names else None

    def __str__(self) -> str:
        return f"{self.cell}, line {self.line}" if self.cell else f"{self.file}:{self.line}"


_PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep


def caller() -> Source | None:
    """The innermost line now running that is not part of this package."""
    frame = user_frame()
    return Source(frame.f_code.co_filename, frame.f_lineno) if frame is not None else None


def user_frame(depth: int = 2) -> FrameType | None:
    """The innermost frame that is not one of this package, to which the `depth` - 1 innermost callers belong.

    A frame that is passed over costs nothing; one that is looked at becomes an object.
    """
    frame: FrameType | None = sys._getframe(depth)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return frame


def source_at(code: CodeType, instruction: int) -> Source:
    """The line of an instruction. To note the instruction is quicker, where hardly anybody will ask for the line."""
    lines = (line for start, end, line in code.co_lines() if line and start <= instruction < end)
    return Source(code.co_filename, next(lines, code.co_firstlineno))
