"""The errors: what the tree in their docstring says of them is true."""

from __future__ import annotations

import builtins
import inspect
import re

import pytest

import tinygrad_edu as tg
from tinygrad_edu import errors

TREE = re.findall(r"^ +([│├└─ ]*)(\w+Error)(?: \((\w+)\))?$", str(errors.__doc__), re.MULTILINE)


def test_the_tree_names_every_error() -> None:
    assert sorted(name for _, name, _ in TREE) == errors.__all__
    assert {name for name, _ in inspect.getmembers(errors, inspect.isclass)} == set(errors.__all__)


@pytest.mark.parametrize(("indent", "name", "builtin"), TREE[1:])
def test_an_error_is_its_parent_in_the_tree_and_the_built_in_error(indent: str, name: str, builtin: str) -> None:
    above = TREE[: TREE.index((indent, name, builtin))]
    parent = next(other for shorter, other, _ in reversed(above) if len(shorter) < len(indent))
    bases = [getattr(errors, parent), *(getattr(builtins, kind) for kind in [builtin] if kind)]
    assert list(getattr(tg, name).__bases__) == bases
