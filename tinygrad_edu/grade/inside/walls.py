"""What a child gives up before it meets the submission, in order.

No wall is taken for granted: each is tried, and the report says which stand and why the others do not. The grader
makes a level of it (`sandbox/isolation.py`), and decides whether that is enough.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

__all__ = ["raise_walls", "tried"]


def tried(wall: Callable[[], Any]) -> str:
    """Why the wall does not stand; empty where it does."""
    try:
        wall()
    except (OSError, ValueError, ImportError, AttributeError) as error:  # the last two: another operating system
        return str(error) or type(error).__name__
    return ""


def raise_walls(home: str, parent: int, settings: dict[str, Any], reached: dict[str, str]) -> dict[str, str]:
    """Raise all walls around this process. `reached` holds what the clean process has found out already."""
    reached = dict(reached)
    for name, wall in [
        ("limits", lambda: limits(settings)),
        ("memory", lambda: memory(settings)),
        ("user", lambda: user(home)),
        ("capabilities", capabilities),
        ("parent", lambda: parent_watch(parent)),
        ("files", lambda: files(reached, settings)),
        ("system calls", system_calls),
    ]:
        reached[name] = "left out" if name in settings["without"] else tried(wall)
    return reached


# Each imports its file only here: what a system does not have must not keep the others from standing.


def limits(settings: dict[str, Any]) -> None:
    from .limits import limit_resources

    limit_resources(settings["cpu_seconds"], settings["file_bytes"], settings["tasks"])


def memory(settings: dict[str, Any]) -> None:
    from .limits import limit_memory

    limit_memory(settings["memory"])


def user(home: str) -> None:
    from .user import become_nobody

    become_nobody(home)


def capabilities() -> None:
    from .user import drop_capabilities

    drop_capabilities()


def parent_watch(parent: int) -> None:
    from .kernel import die_with_parent, hide_memory

    die_with_parent(parent)
    hide_memory()


def files(reached: dict[str, str], settings: dict[str, Any]) -> None:
    from .kernel import no_new_privileges
    from .landlock import enclose

    if reached["files"]:
        raise OSError(reached["files"])
    no_new_privileges()
    enclose(settings["rules"])
    os.close(settings["rules"])


def system_calls() -> None:
    from .kernel import no_new_privileges
    from .seccomp import allow_only_the_list

    no_new_privileges()
    allow_only_the_list()
