"""Ready-made checks: plain functions that an instructor calls inside a check, with the student's functions.

Each draws its own probes from `rng`, calls the student's functions, and raises `WrongAnswer` at the first mistake.

- derivatives: backward passes: of the engine's functions, of the student's own, step by step, of a layer
- convolution: the forward pass, probed with impulses
- engines: a class like micrograd's `Value`: right, without recursion, in linear time; a topological order
- training: losses; optimisers step by step; a program that learns to read digits
- asking: what several checks share; the memory of a call
"""

from .asking import peak_memory
from .convolution import same_convolution
from .derivatives import backward, backward_of_own, right_steps, same_layer, stays_right_when_large
from .engines import adds_up, deep_chain, linear_time, same_as_engine, topological_order
from .training import follows_optimizer, reads_digits, same_loss

__all__ = [
    "adds_up", "backward", "backward_of_own", "deep_chain", "follows_optimizer", "linear_time", "peak_memory",
    "reads_digits", "right_steps", "same_as_engine", "same_convolution", "same_layer", "same_loss",
    "stays_right_when_large", "topological_order",
]  # fmt: skip
