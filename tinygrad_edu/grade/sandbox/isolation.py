"""How much a submission may use, and how well a child was isolated: mechanism by mechanism, and as one number.

| system                                   | level |
|------------------------------------------|-------|
| Linux, as root or with user namespaces   | 5     |
| Linux from 5.13, as any user             | 4     |
| macOS, while `sandbox-exec` works        | 4     |
| macOS otherwise                          | 2     |
| Windows                                  | 1     |

Only Linux has been measured. Older kernels and stricter containers reach less; the report says what is missing and why.
No level protects against bugs of the kernel, against what time and metadata reveal (docs/grading.md lists that), or
against students who give each other their answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..._support.languages import say, texts

__all__ = ["LEVELS", "MECHANISMS", "Isolation", "Limits"]


@dataclass(frozen=True)
class Limits:
    """The limits of a submission.

    Attributes
    ----------
    call_seconds : wall-clock time for one call of one function.
    load_seconds : wall-clock time for running the program when it is loaded.
    total_seconds : wall-clock time for all that a submission runs: loading it for each group of checks, and all calls.
    cpu_seconds : processor time for the whole life of a child.
    memory : bytes, in addition to those of an empty interpreter with NumPy.
    output_bytes : the most output that is kept, and the longest file.
    tasks : the most threads.

    >>> Limits(call_seconds=2).call_seconds
    2
    """

    call_seconds: float = 10.0
    load_seconds: float = 20.0
    total_seconds: float = 300.0
    cpu_seconds: int = 120
    memory: int = 1 << 30
    output_bytes: int = 1 << 18
    tasks: int = 32


LEVELS = texts(
    {
        1: "a process of its own that answers data and is killed in the end",
        2: "and it cannot use up the machine's memory, processor or disk",
        3: "and it can read NumPy and the standard library only, and write nothing",
        4: "and it can start no process, reach no network and signal nobody",
        5: "and it is another user, or in a network of its own with nothing in it: a second wall behind the others",
    }
)
"""What each level adds to the level below."""

MECHANISMS = texts(
    {
        "limits": "limits on processor time, file size, open files and tasks (setrlimit)",
        "memory": "a limit on memory (RLIMIT_AS; macOS: watched; Windows: a job)",
        "files": "files are an allow-list (Landlock; macOS: sandbox-exec)",
        "system calls": "system calls are an allow-list (seccomp; macOS: sandbox-exec)",
        "user": "a user of its own, who owns nothing (setresuid)",
        "network": "an empty network namespace (unshare)",
        "marks": "files are read-only, so that not even the time at which one was read is kept (mount namespace)",
        "capabilities": "no capabilities (capset)",
        "parent": "it ends with the grader, and its memory cannot be read by its neighbours (prctl)",
    }
)
"""What each mechanism does, and by which system call or tool."""

NEEDED: dict[int, tuple[tuple[str, ...], ...]] = {
    2: (("limits", "memory"),),
    3: (("files",),),
    4: (("system calls",),),
    5: (("user", "capabilities"), ("network", "capabilities")),
}
"""What a level needs in addition to the level below: all mechanisms of at least one group."""


@dataclass(frozen=True)
class Isolation:
    """The isolation of a child, as it reported before it loaded the submission.

    Attributes
    ----------
    missing : the mechanisms that are not in force, and why; all others are.

    >>> isolation = Isolation({"system calls": "seccomp: Function not implemented"})
    >>> isolation.level
    3
    """

    missing: Mapping[str, str]

    @property
    def level(self) -> int:
        """The highest level that is reached together with all levels below it."""
        level = 1
        for higher, groups in NEEDED.items():
            if not any(all(name not in self.missing for name in group) for group in groups):
                break
            level = higher
        return level

    def __str__(self) -> str:
        text = texts("isolation level {level} of {most}: {what}")
        lines = [say(text, level=self.level, most=max(LEVELS), what=say(LEVELS[self.level]))]
        for name, description in MECHANISMS.items():
            lines.append(f"  {say('no##not in force' if name in self.missing else 'yes'):3} {say(description)}")
            if name in self.missing:
                lines.append(f"      {self.missing[name]}")
        return "\n".join(lines)
