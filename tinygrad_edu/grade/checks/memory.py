"""How much memory a call needs."""

from __future__ import annotations

from typing import Any

from ..expect import require
from ..sandbox.proxies import Handle, Student, evaluate

__all__ = ["peak_memory"]

MEASURED = """lambda function, arguments: (
    m := __import__("tracemalloc"), m.start(), function(*arguments), m.get_traced_memory()[1], m.stop())[3]"""


def peak_memory(student: Student, function: Handle, *arguments: Any, most: float) -> None:
    """`function(*arguments)` must not hold more than `most` bytes at once, beyond its arguments.

    Python's `tracemalloc` counts, in the student's process: so this keeps programs from wasting memory, not from lying.
    What cannot be lied about is `Limits(memory=...)`.

    Raises `WrongAnswer` of the kind "memory".
    """
    used = evaluate(student, MEASURED)(function, list(arguments))
    require(type(used) is int, "the memory of the call could not be measured", kind="memory")
    require(used <= most, f"the call holds {used / 1e6:.3g} MB at once; {most / 1e6:.3g} MB must do", kind="memory")
