"""Gradient mode: whether operations are recorded, and whether with the source line that made them.

Both switches are context variables: each thread and each asyncio task has its own.

>>> import tinygrad_edu as tg
>>> x = tg.Value(3.0)
>>> with tg.no_grad():
...     y = x * x
>>> y.requires_grad
False
"""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Iterator
from contextlib import _GeneratorContextManager, contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import NamedTuple

__all__ = ["Source", "enable_grad", "no_grad", "trace"]

OFF, ON, TRACED = 0, 1, 2
"""Operations are not recorded; recorded; recorded with the line of the program that made them."""

_level: ContextVar[int] = ContextVar("recording", default=ON)
_tracing: ContextVar[bool] = ContextVar("tracing", default=False)

recording = _level.get
"""Gives the level of this thread or task: `OFF`, `ON` or `TRACED`. A bare C function, as every operation asks."""

tracing = _tracing.get
"""Says whether this is inside `trace()`, whatever the level."""


Switch = _GeneratorContextManager[None]
"""A context manager that is also a decorator."""


@contextmanager
def _set(variable: ContextVar[int], value: int) -> Iterator[None]:
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def no_grad() -> Switch:
    """Compute without recording: for evaluation, and for changing parameters in place.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> with tg.no_grad():
    ...     w -= 0.5
    >>> w
    tensor([0.5, 1.5], requires_grad=True)
    """
    return _set(_level, OFF)


def enable_grad() -> Switch:
    """Record again, inside a `no_grad()`.

    >>> import tinygrad_edu as tg
    >>> x = tg.Value(3.0)
    >>> with tg.no_grad(), tg.enable_grad():
    ...     y = x * x
    >>> y.requires_grad
    True
    """
    return _set(_level, TRACED if _tracing.get() else ON)


@contextmanager
def trace() -> Iterator[None]:
    """Record for every node the file and line that made it, so that errors and pictures can name it.

    >>> import tinygrad_edu as tg
    >>> x = tg.Value(3.0)
    >>> with tg.trace():
    ...     y = x * x
    >>> y.source.text
    'y = x * x'
    """
    token = _tracing.set(True)
    try:
        with _set(_level, TRACED if recording() else OFF):
            yield
    finally:
        _tracing.reset(token)


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
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return Source(frame.f_code.co_filename, frame.f_lineno) if frame is not None else None
