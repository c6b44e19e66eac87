"""The walls around a child process, raised in a fixed order before it loads the submission.

Each wall is tried, and the report says which ones stand and why the others do not. The grader turns the report into an
isolation level (`sandbox/isolation.py`) and decides whether that is enough.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from . import kernel
from .landlock import enclose
from .seccomp import allow_only_the_list

__all__ = ["raise_walls", "tried"]


def raise_walls(home: str, parent: int, settings: dict[str, Any], reached: dict[str, str]) -> dict[str, str]:
    """Raise all walls around this process; for each, why it does not stand, empty if it does.

    Parameters
    ----------
    home : the child's directory.
    parent : the process with which the child must end.
    settings : limits, Landlock rules, and walls to leave out.
    reached : the reasons that the clean process has found already.
    """
    reached = dict(reached)
    for name, wall in [
        ("limits", lambda: kernel.limit_resources(settings["cpu_seconds"], settings["file_bytes"], settings["tasks"])),
        ("memory", lambda: kernel.limit_memory(settings["memory"])),
        ("user", lambda: kernel.become_nobody(home)),
        ("capabilities", kernel.drop_capabilities),
        ("parent", lambda: depend_on(parent)),
        ("files", lambda: close_files(reached["files"], settings["rules"])),
        ("system calls", close_system_calls),
    ]:
        reached[name] = "left out" if name in settings["without"] else tried(wall)
    return reached


def tried(wall: Callable[[], Any]) -> str:
    """Why the wall does not stand; empty if it does."""
    try:
        wall()
    except (OSError, ValueError, ImportError, AttributeError) as error:  # the last two: another operating system
        return str(error) or type(error).__name__
    return ""


def depend_on(parent: int) -> None:
    kernel.die_with_parent(parent)
    kernel.hide_memory()


def close_files(why_not: str, rules: int) -> None:
    if why_not:
        raise OSError(why_not)
    kernel.no_new_privileges()
    enclose(rules)
    os.close(rules)


def close_system_calls() -> None:
    kernel.no_new_privileges()
    allow_only_the_list()
