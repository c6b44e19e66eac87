"""Diagnoses a wrong gradient: what kind of mistake it is, where it is, and how to mend it.

- diagnose: the search for the known mistake that reproduces an answer
- reference: the engine's backward pass, and the same pass with one mistake in the table
- rules: wrong derivative rules, made from the right ones
- trajectories: mistakes of optimisers, step by step
- beside: the student's graph beside the right one
- calling: asks a student's functions more: step by step, by their own forward pass, once more
- probes: inputs that hide no mistake, and wrong gradients to test this
- mistakes: the table of all mistakes with their words, and the words for regions of an array
"""

from .beside import beside_answers, beside_values
from .calling import ChainStep, JudgedStep, judge_chain, right_for_own_forward
from .diagnose import diagnose
from .mistakes import MISTAKES, Diagnosis, Mistake
from .probes import Mutant, mutants, probe_shapes, random_upstream
from .trajectories import diagnose_trajectory

__all__ = [
    "MISTAKES", "ChainStep", "Diagnosis", "JudgedStep", "Mistake", "Mutant", "beside_answers", "beside_values",
    "diagnose", "diagnose_trajectory", "judge_chain", "mutants", "probe_shapes", "random_upstream",
    "right_for_own_forward",
]  # fmt: skip
