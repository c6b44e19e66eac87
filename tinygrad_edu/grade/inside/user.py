"""Another user: a child of root's becomes a user who owns nothing, and every child gives up all capabilities."""

from __future__ import annotations

import ctypes
import os

__all__ = ["become_nobody", "drop_capabilities"]

FIRST_UID, UIDS = 61184, 4336
"""The range that systemd keeps for users made up for a moment; see systemd.exec(5), `DynamicUser`."""


def become_nobody(home: str) -> None:
    """From root to a user of this child's own, who owns `home` alone. Two children at work have two users."""
    if os.getuid() != 0:
        raise PermissionError("the grader does not run as root, so a child runs as the grader's user")
    uid = FIRST_UID + os.getpid() % UIDS
    os.chown(home, uid, uid)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def drop_capabilities() -> None:
    """Give up every capability: a new user namespace grants them all, and root has them where it must stay root."""
    from .kernel import checked, libc  # Linux alone has capabilities

    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    none = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; low and high words
    checked(libc.capset(header, none), "capset")
