"""Checks any home-made engine: `tinygrad-edu grade --engine ADAPTER.py` writes one page of what is right.

- engine: `Engine`, the home-made engine behind its adapter; ours behind the same face
- questions: about single operations, whole graphs, second passes, changes in place, and second derivatives
- page: asks everything in a process of its own, and writes the page
"""

from .engine import Engine
from .page import Finding, Page, check_engine

__all__ = ["Engine", "Finding", "Page", "check_engine"]
