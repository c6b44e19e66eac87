"""Ready-made checks: plain functions that an instructor calls inside a check, with the student's functions.

Each draws its own probes from `rng`, calls the student's functions, and raises `WrongAnswer` at the first mistake.

- derivatives: backward passes, of the engine's functions and of the student's own; at large numbers; step by step
- layers: a class with forward and backward
- losses: value and gradient, also for large scores
- convolution: the forward pass, probed with impulses
- graphs: a topological order
- engines: a class like micrograd's `Value`: right, without recursion, in linear time
- training: optimisers step by step; a program that learns to read digits
- asking: what several checks share; the memory of a call
"""

from .asking import peak_memory
from .convolution import same_convolution
from .derivatives import backward, backward_of_own, right_steps, stays_right_when_large
from .engines import adds_up, deep_chain, linear_time, same_as_engine
from .graphs import topological_order
from .layers import same_layer
from .losses import same_loss
from .training import follows_optimizer, reads_digits

__all__ = [
    "adds_up", "backward", "backward_of_own", "deep_chain", "follows_optimizer", "linear_time", "peak_memory",
    "reads_digits", "right_steps", "same_as_engine", "same_convolution", "same_layer", "same_loss",
    "stays_right_when_large", "topological_order",
]  # fmt: skip
