"""Is the gradient right? Derivatives by finite differences, and the comparison with those of the engine."""

from .compare import gradcheck
from .differences import Estimate, numerical_jacobian
from .report import Mismatch, Report

__all__ = ["Estimate", "Mismatch", "Report", "gradcheck", "numerical_jacobian"]
