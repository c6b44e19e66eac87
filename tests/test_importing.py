"""`import tinygrad_edu` loads what a first tensor needs, and everything else is there when it is first used."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

import tinygrad_edu as tg
from tinygrad_edu.engine import messages, primitives

LATE = ("decompositions", "einsum", "joining", "statistics")
STARRED = ["creation", "derivatives", *(f"primitives.{name}" for name in LATE)]
"""The modules that type checkers see imported with a star."""


@pytest.mark.parametrize("name", STARRED)
def test_all_that_a_module_exports_is_found_in_it_at_its_first_use(name: str) -> None:
    exported = import_module(f"tinygrad_edu.engine.{name}").__all__
    assert sorted(tg._LATER[f"engine.{name}"].split()) == sorted(exported)


def test_every_public_name_is_there_and_is_listed() -> None:
    assert set(tg.__all__) <= set(dir(tg))
    assert all(getattr(tg, name) is getattr(tg, name) for name in tg.__all__)


@pytest.mark.parametrize("file", messages.FILES)
def test_messages_are_exported_by_the_files_in_which_they_are_looked_for(file: str) -> None:
    assert set(messages.FILES[file].split()) <= set(import_module(f"{messages.__name__}.{file}").__all__)


def test_a_first_tensor_needs_few_modules() -> None:
    program = "import sys, tinygrad_edu as tg; tg.Tensor([1.0]); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    later = {f"tinygrad_edu.{name}" for name in (*tg._LATER, *tg._ROOMS)}
    later |= {f"{primitives.__name__}.{name}" for name in (*primitives._OF_NUMPY, *primitives._OF_NETWORKS)}
    later |= {f"{messages.__name__}.{name}" for name in ("explain", "pytorch", "tensors")}
    assert not later.intersection(loaded)
