"""Namespaces of its own for the clean process and all its children: a network without a single interface, and no shared
memory with others. Many containers refuse them; the other walls do not depend on them.
"""

from __future__ import annotations

import os
from pathlib import Path

from .kernel import checked, libc

__all__ = ["leave_network"]

NEW_USER, NEW_NETWORK, NEW_IPC = 0x10000000, 0x40000000, 0x08000000


def leave_network() -> None:
    """Move this process, which must have a single thread, into an empty network; raises `OSError` where refused."""
    uid, gid = os.getuid(), os.getgid()
    if uid == 0:
        checked(libc.unshare(NEW_NETWORK | NEW_IPC), "unshare")
        return
    # A user may have them inside a user namespace of his own, in which he stays who he is.
    checked(libc.unshare(NEW_USER | NEW_NETWORK | NEW_IPC), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
