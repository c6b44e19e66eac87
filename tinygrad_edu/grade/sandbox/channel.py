"""The grader's end of the two pipes: a frame goes out and a frame comes back before the deadline, or an error says why.

Whoever is at the other end may stop in the middle of a frame, never read, or announce more than it sends. So nothing
here ever waits without the clock, and nothing is allocated before its size has been checked.
"""

from __future__ import annotations

import os
import select
import time

from ..inside.frames import BODY_CAP, HEADER_CAP, LENGTHS, FrameError

__all__ = ["Channel"]


class Channel:
    """Two pipes: `requests` is written to, `answers` is read from."""

    def __init__(self, requests: int, answers: int) -> None:
        self.requests, self.answers = requests, answers
        for descriptor in (requests, answers):
            os.set_blocking(descriptor, False)

    def write(self, frame: bytes, deadline: float) -> None:
        """Send a frame; `TimeoutError` if nobody reads it in time, `EOFError` if the other end is closed."""
        unsent = memoryview(frame)
        while unsent:
            self._wait(self.requests, select.POLLOUT, deadline)
            try:
                unsent = unsent[os.write(self.requests, unsent) :]
            except BrokenPipeError:
                raise EOFError from None
            except BlockingIOError:
                continue

    def read(self, deadline: float) -> tuple[bytearray, bytearray]:
        """The header and the body of a frame; `TimeoutError`, `EOFError`, or `FrameError` where it is too large."""
        header, body = LENGTHS.unpack(self._read(LENGTHS.size, deadline))
        if header > HEADER_CAP or body > BODY_CAP:
            raise FrameError(f"an answer of {header + body:,} bytes")
        return self._read(header, deadline), self._read(body, deadline)

    def _read(self, size: int, deadline: float) -> bytearray:
        data = bytearray()
        while len(data) < size:
            self._wait(self.answers, select.POLLIN, deadline)
            try:
                more = os.read(self.answers, min(size - len(data), 1 << 20))
            except BlockingIOError:
                continue
            if not more:
                raise EOFError
            data += more
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
