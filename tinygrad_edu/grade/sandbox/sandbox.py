"""`Sandbox`: runs untrusted programs in isolated child processes, each in a session of its own."""

from __future__ import annotations

import sys
import threading
from collections.abc import Collection, Mapping
from types import TracebackType

from ..inside.walls import hide_memory
from ..submission.submission import Submission
from .children import ColdStart, ForkServer, Starter
from .isolation import MECHANISMS, Isolation, Limits
from .session import Record, Session

__all__ = ["Sandbox"]


class Sandbox:
    """Runs untrusted programs in isolated child processes. A context manager; several threads may use it.

    Parameters
    ----------
    limits : the limits of each submission.
    require_isolation : the lowest isolation level (1 to 5) that is accepted.
    fork : whether to fork children from a clean process; if False, each child is a new interpreter. By default only on
        Linux.
    without : mechanisms to leave out, to try a weaker system.
    files : what programs find in their folder and may read: name -> content.

    Raises `IsolationError` if this machine does not reach the level, `SandboxError` if no child can be started.

    >>> from tinygrad_edu.grade import Sandbox, Submission
    >>> solution = Submission.from_source("def mul_backward(upstream, x, y): return upstream * y, upstream * x")
    >>> with Sandbox() as sandbox, sandbox.open(solution) as session:
    ...     print(session.student.mul_backward(1.0, 2.0, 3.0))
    (3.0, 2.0)
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        require_isolation: int = 1,
        fork: bool | None = None,
        without: Collection[str] = (),
        files: Mapping[str, bytes] | None = None,
    ) -> None:
        unknown = set(without) - set(MECHANISMS)
        if unknown:
            raise ValueError(f"no such mechanism: {', '.join(sorted(unknown))}; there are {', '.join(MECHANISMS)}")
        self.limits, self.require_isolation = limits or Limits(), require_isolation
        self._settings = {
            "cpu_seconds": self.limits.cpu_seconds,
            "memory": self.limits.memory,
            "file_bytes": self.limits.output_bytes,
            "tasks": self.limits.tasks,
            "without": sorted(without),
        }
        # On other systems the libraries of NumPy do not survive a fork, or there is no fork.
        self._fork = sys.platform == "linux" if fork is None else fork
        self._files = files or {}
        self._lock = threading.Lock()
        self._starter: Starter = (ForkServer if self._fork else ColdStart)(self._settings, self._files)
        try:
            with self.open(Submission.from_source("")) as session:
                session.child()
                self.isolation: Isolation = session.isolation
        except BaseException:
            self.close()
            raise
        if sys.platform == "linux" and self.isolation.level < 4:
            hide_memory()  # it holds the expected answers, and nothing else stops a child of the same user

    def open(self, submission: Submission, record: Record | None = None) -> Session:
        """A session for a submission; its child starts with the first question.

        Parameters
        ----------
        record : of the sessions that this submission has had. Its time is limited for all of them together.
        """
        with self._lock:
            if isinstance(self._starter, ForkServer) and self._starter.broken:
                self._starter.close()
                self._starter = ForkServer(self._settings, self._files)
            return Session(submission, self._starter, self.limits, self.require_isolation, record)

    def close(self) -> None:
        """End all processes that were started."""
        self._starter.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
