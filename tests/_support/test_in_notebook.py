"""A notebook is told from a terminal by the kernel that its shell runs in."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from tinygrad_edu._support.notebook import in_notebook


class Shell:
    """A shell in a terminal; in Colab, the class of a notebook's shell has this name, too."""


@pytest.mark.parametrize("kernel", [True, False])
def test_a_shell_with_a_kernel_is_a_notebook_whatever_its_class(kernel: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    shell: Any = Shell()
    if kernel:
        shell.kernel = object()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert in_notebook() is kernel


def test_without_a_shell_there_is_no_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    assert not in_notebook()
    monkeypatch.delitem(sys.modules, "IPython")
    assert not in_notebook()
