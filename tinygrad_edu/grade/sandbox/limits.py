"""How much a submission may use."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """How much a submission may use.

    Attributes
    ----------
    call_seconds : by the clock, for one call of one function.
    load_seconds : by the clock, for executing the program when it is loaded.
    total_seconds : by the clock, for all calls of a session together.
    cpu_seconds : of processor time, for a child's whole life.
    memory : bytes beyond what an empty interpreter with NumPy uses.
    output_bytes : of captured output, and the longest file.
    tasks : threads.

    >>> Limits(call_seconds=2).call_seconds
    2
    """

    call_seconds: float = 10.0
    load_seconds: float = 20.0
    total_seconds: float = 120.0
    cpu_seconds: int = 120
    memory: int = 1 << 30
    output_bytes: int = 1 << 18
    tasks: int = 32
