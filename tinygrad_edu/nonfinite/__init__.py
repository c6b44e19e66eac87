"""`find_nan`: finds the operation that made the first nan or inf, and says why and what usually helps."""

from .report import NanReport
from .search import find_nan

__all__ = ["NanReport", "find_nan"]
