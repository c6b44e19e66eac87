"""What kind of mistake gave a wrong gradient, where it is, and how to mend it.

- diagnose: the search for the known mistake that reproduces an answer
- reference: the engine's pass, and the same pass with one mistake in the table
- rules: wrong derivative rules, made of the right ones
- regions: wrong in some places only
- trajectories: optimisers, step by step
- own_forward: chains step by step; a backward pass judged by the student's own forward pass
- beside: the student's graph beside the right one
- probes: shapes and upstream gradients in which no mistake can hide
- mutants: every mistake made in a function, to find out whether a check would notice
- mistakes: the table of all mistakes, and the words
"""

from .beside import beside_answers, beside_values
from .diagnose import diagnose, diagnose_calls
from .mistakes import MISTAKES, Diagnosis, Mistake
from .mutants import Mutant, mutants
from .own_forward import ChainStep, JudgedStep, first_wrong_step, judge_chain, right_for_own_forward
from .probes import check_probe, probe_shapes, random_upstream
from .trajectories import diagnose_trajectory

__all__ = [
    "MISTAKES", "ChainStep", "Diagnosis", "JudgedStep", "Mistake", "Mutant", "beside_answers", "beside_values",
    "check_probe", "diagnose", "diagnose_calls", "diagnose_trajectory", "first_wrong_step", "judge_chain", "mutants",
    "probe_shapes", "random_upstream", "right_for_own_forward",
]  # fmt: skip
