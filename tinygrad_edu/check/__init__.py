"""Checks of derivatives: finite differences, and `gradcheck`, which compares the engine with them.

In the order of reading:

- vectors: the arguments and results of a function as one vector each
- differences: derivatives by finite differences, with their errors
- subject: the function that is checked, and its derivatives by the engine
- point: both derivatives at one point, compared
- search: which derivatives are wrong, and which only meet a kink
- preconditions: deterministic, finite, differentiable
- compare: `gradcheck`
- report: its result
"""

from .compare import gradcheck
from .differences import Estimate, numerical_jacobian
from .report import Mismatch, Report

__all__ = ["Estimate", "Mismatch", "Report", "gradcheck", "numerical_jacobian"]
