"""Attributes that a module has not: which one was meant, or what to use instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches
from typing import Any

__all__ = ["no_attribute", "one_typo_from"]

ELSEWHERE = {
    "add_module": "assign the module to an attribute, or use nn.ModuleList and nn.ModuleDict",
    "register_buffer": "assign nn.Buffer(...) to an attribute",
    "register_forward_hook": "there are no hooks: call the module and look at what it gives",
    "register_module": "assign the module to an attribute, or use nn.ModuleList and nn.ModuleDict",
    "register_parameter": "assign nn.Parameter(...) to an attribute",
    "cuda": "NumPy computes on the processor only",
    "to": "use .float() or .double(); NumPy computes on the processor only",
}
"""What PyTorch's modules have and ours have not, and what to do instead."""


def no_attribute(module: Any, name: str) -> str:
    """What to say when an attribute is read that the module has not."""
    kind = type(module).__name__
    if name == "forward":
        near = one_typo_from(name, vars(type(module)))
        way_out = f"did you mean it by {near!r}?" if near else "write what a call computes: def forward(self, x)"
        return f"{kind} has no method 'forward'; {way_out}"
    if name in ELSEWHERE:
        return f"{kind} has no attribute {name!r}: {ELSEWHERE[name]}"
    public = [known for known in dir(module) if not known.startswith("_")]
    close = get_close_matches(name, public, n=1)
    return f"{kind} has no attribute {name!r}" + (f"; did you mean {close[0]!r}?" if close else "")


def one_typo_from(name: str, known: Iterable[str]) -> str | None:
    """The first of the known names that is this one but for letters exchanged, or one letter more or less.

    Names that differ in a digit are none of these: `layer2` is not a typo of `layer`.

    >>> one_typo_from("wieght", ["bias", "weight"]), one_typo_from("weight2", ["weight"])
    ('weight', None)
    """
    return next((other for other in known if _is_typo(name, other)), None)


def _is_typo(name: str, other: str) -> bool:
    if name == other or abs(len(name) - len(other)) > 1:
        return False
    ours, theirs = Counter(name), Counter(other)
    differing = "".join(((ours - theirs) + (theirs - ours)).elements())
    return len(differing) <= 1 and not differing.isdigit() and SequenceMatcher(None, name, other).ratio() > 0.8
