"""Everything public has its place in the reference."""

from __future__ import annotations

import re
from importlib import import_module
from inspect import ismodule, unwrap
from pathlib import Path
from types import ModuleType

import pytest

PAGES = (Path(__file__).parents[2] / "docs" / "reference").glob("*.rst")
DIRECTIVE = re.compile(r"^\.\. (currentmodule|family|data|auto\w+):: (\S+)$", re.MULTILINE)


def described() -> dict[str, set[str]]:
    """The names on the pages, by their module."""
    found: dict[str, set[str]] = {}
    for page in PAGES:
        current = ""
        for directive, name in DIRECTIVE.findall(page.read_text("utf-8")):
            if directive == "currentmodule":
                current = name
            names = found.setdefault(current, set()) if current else set()
            if directive == "family":
                names |= exported(import_module(current), import_module(name))
            elif directive != "currentmodule":
                names.add(name)
    return found


def exported(face: ModuleType, family: ModuleType) -> set[str]:
    """What `family` describes: all that the current module exports of a file (docs/extensions/families.py)."""
    objects = [unwrap(getattr(family, name)) for name in family.__all__]
    return {name for name in face.__all__ if any(unwrap(getattr(face, name)) is each for each in objects)}


DESCRIBED = described()
ANYWHERE = set().union(*DESCRIBED.values())


@pytest.mark.parametrize("name", sorted(DESCRIBED))
def test_every_public_name_is_described(name: str) -> None:
    module = import_module(name)
    public = {each for each in module.__all__ if not ismodule(getattr(module, each))}
    assert public - ANYWHERE == set()
    assert DESCRIBED[name] - public == set()


def test_every_public_module_is_there() -> None:
    package = import_module("tinygrad_edu")
    modules = {f"tinygrad_edu.{name}" for name in package.__all__ if ismodule(getattr(package, name))}
    assert modules - DESCRIBED.keys() == set()
