"""The grader's end of the two pipes to a child: sends a frame and reads a frame, both before a deadline.

The child may stop in the middle of a frame, never read, or announce more than it sends. Therefore every wait has a
deadline, and no memory is allocated before the size has been checked.
"""

from __future__ import annotations

import concurrent.futures
import os
import select
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..inside.wire import BODY_CAP, HEADER_CAP, LENGTHS, FrameError

__all__ = ["BlockingChannel", "Channel"]


PIPE = 1 << 16
"""The bytes that a pipe holds."""


class Channel:
    """Two pipes: `requests` is written to, `answers` is read from."""

    def __init__(self, requests: int, answers: int) -> None:
        self.requests, self.answers = requests, answers
        self.prepare()

    def prepare(self) -> None:
        self.unread = bytearray()
        for descriptor in (self.requests, self.answers):
            os.set_blocking(descriptor, False)

    def write(self, frame: bytes, deadline: float) -> None:
        """Send a frame. Raises `TimeoutError` if the child does not read it in time, `EOFError` if it closed it."""
        unsent = memoryview(frame)
        while unsent:
            try:
                unsent = unsent[os.write(self.requests, unsent) :]
            except BrokenPipeError:
                raise EOFError from None
            except BlockingIOError:
                self._wait(self.requests, select.POLLOUT, deadline)

    def read(self, deadline: float) -> tuple[bytearray, bytearray]:
        """The header and body of a frame. Raises `TimeoutError`, `EOFError`, or `FrameError` if it is too large."""
        header, body = LENGTHS.unpack(self._read(LENGTHS.size, deadline))
        if header > HEADER_CAP or body > BODY_CAP:
            raise FrameError(f"an answer of {header + body:,} bytes")
        return self._read(header, deadline), self._read(body, deadline)

    def _read(self, size: int, deadline: float) -> bytearray:
        """The next bytes. Most frames are there as a whole at the first time; what comes too early is kept."""
        while len(self.unread) < size:
            self._wait(self.answers, select.POLLIN, deadline)
            more = os.read(self.answers, PIPE)
            if not more:
                raise EOFError
            self.unread += more
        data, self.unread = self.unread, self.unread[size:]
        del data[size:]
        return data

    def _wait(self, descriptor: int, event: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise TimeoutError

    def close(self) -> None:
        """Close both pipes."""
        os.close(self.requests)
        os.close(self.answers)


class BlockingChannel(Channel):
    """A channel for systems without `poll` on pipes (Windows): a thread waits for the pipe.

    After a `TimeoutError` the thread still waits, until the child at the other end is killed.
    """

    def prepare(self) -> None:
        self.waiter = ThreadPoolExecutor(1)

    def write(self, frame: bytes, deadline: float) -> None:
        self._within(deadline, self._write_all, frame)

    def _write_all(self, frame: bytes) -> None:
        unsent = memoryview(frame)
        try:
            while unsent:
                unsent = unsent[os.write(self.requests, unsent) :]
        except OSError:
            raise EOFError from None

    def _read(self, size: int, deadline: float) -> bytearray:
        data: bytearray = self._within(deadline, self._read_all, size)
        return data

    def _read_all(self, size: int) -> bytearray:
        data = bytearray()
        while len(data) < size:
            more = os.read(self.answers, min(size - len(data), 1 << 20))
            if not more:
                raise EOFError
            data += more
        return data

    def _within(self, deadline: float, work: Callable[[Any], Any], argument: Any) -> Any:
        future = self.waiter.submit(work, argument)
        try:
            return future.result(max(0.0, deadline - time.monotonic()))
        except concurrent.futures.TimeoutError:  # before Python 3.11 this is no TimeoutError
            raise TimeoutError from None

    def close(self) -> None:
        self.waiter.shutdown()
        super().close()
