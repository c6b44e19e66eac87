"""Five assignments, ready to use and to learn from; each is a folder of checks, reference, starter and README.

`tinygrad-edu grade new hw1 --like mlp` writes a copy to change; `tinygrad-edu grade hw1 submissions/` grades with it.

- chain_rule: the chain rule by hand
- value_engine: a class that differentiates itself
- broadcasting: matrix gradients
- mlp: a network with softmax and cross-entropy, trained on digits
- convolution: backward through a convolution
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["ASSIGNMENTS", "TEMPLATE", "folder"]

ASSIGNMENTS = ("chain_rule", "value_engine", "broadcasting", "mlp", "convolution")
"""The names of the assignments, in the order of a course."""

TEMPLATE = Path(__file__).parents[1] / "template"
"""The folder of a small assignment to begin from."""


def folder(name: str) -> Path:
    """The folder of an assignment, for grading or for copying.

    >>> sorted(file.name for file in folder("mlp").glob("*.*"))
    ['README.md', 'assignment.py', 'assignment.zh.json', 'reference.py', 'starter.py']
    """
    if name not in ASSIGNMENTS:
        raise ValueError(f"there is no assignment {name!r}; there are {', '.join(ASSIGNMENTS)}")
    return Path(__file__).with_name(name)
