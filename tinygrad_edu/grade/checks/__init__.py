"""Ready-made checks: plain functions that an instructor calls inside a check, with what the student defines.

Each draws its own probes from `rng`, asks, and raises `WrongAnswer` at the first thing that is wrong.

- derivatives: backward passes, of the engine's functions and of the student's own; far from zero
- graphs: a topological order
- engines: a class like micrograd's `Value`: right, deep, in linear time
- training: optimisers step by step; reading the embedded digits
- memory: how much a call needs
"""

from .derivatives import backward, backward_of_own, stays_right_when_large
from .engines import deep_chain, linear_time, same_as_engine
from .graphs import topological_order
from .memory import peak_memory
from .training import follows_optimizer, reads_digits

__all__ = [
    "backward", "backward_of_own", "deep_chain", "follows_optimizer", "linear_time", "peak_memory", "reads_digits",
    "same_as_engine", "stays_right_when_large", "topological_order",
]  # fmt: skip
