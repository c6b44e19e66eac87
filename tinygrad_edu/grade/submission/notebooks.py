"""Reads the code cells of a notebook, in bounded memory: its outputs and pictures are skipped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..._support.languages import say
from ..._support.text import clean
from ..errors import SubmissionError

__all__ = ["PROGRAM_BYTES", "Part", "read_notebook"]

PROGRAM_BYTES, SMALL = 4 << 20, 1 << 20
"""The most bytes of source in a submission; and of a notebook that is read as a whole."""

Part = tuple[str, str]
"""The name of a file or cell, such as "hw1.py" or "cell 3", and its source."""


def read_notebook(data: bytes | bytearray, name: str) -> list[Part]:
    r"""The code cells of an .ipynb in their order, each with a name such as "cell 3" and its source.

    Raises `SubmissionError` if the file is not a notebook.

    >>> read_notebook(b'{"cells": [{"cell_type": "code", "source": ["x = 1\\n", "y = 2"]}]}', "a.ipynb")
    [('cell 1', 'x = 1\ny = 2')]
    """
    try:
        notebook = json.loads(data) if len(data) <= SMALL else Outline(data).value()
        if "worksheets" in notebook:  # version 3 of the format
            cells = [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
        else:
            cells = notebook["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        sources = ["".join(cell["source"] if "source" in cell else cell["input"]) for cell in code]
    except SubmissionError as error:
        raise SubmissionError(f"{clean(name)}: {error}") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise SubmissionError(
            "{name}: not a notebook, or cut off ({error}); save it anew, and hand that in",
            name=clean(name),
            error=type(error).__name__,
        ) from None
    return [(say("cell {n}", n=number), source.replace("\r\n", "\n")) for number, source in enumerate(sources, 1)]


class Outline:
    """Reads of JSON only the members that are in `KEPT`, and passes over all others, so that these need no memory."""

    KEPT = ("cells", "worksheets", "cell_type", "source", "input")

    SPACE, SCALAR = re.compile(rb"[\s,:]*"), re.compile(rb"[^\s,\[\]{}\"]+")
    ESCAPES = re.compile(rb"[^\"\\]*(?:\\.[^\"\\]*){0,1000}", re.DOTALL)  # not all at once: each needs memory
    FIRST, MOST = 1 << 8, 1 << 16  # the bytes that are looked at together; more where there is much to skip

    STEP = np.zeros(256, np.int8)  # how much deeper each character leads
    STEP[list(b"[{")], STEP[list(b"]}")] = 1, -1

    def __init__(self, data: bytes | bytearray) -> None:
        self.data, self.at = data, 3 if data[:3] == b"\xef\xbb\xbf" else 0
        self.left = PROGRAM_BYTES

    def value(self) -> Any:
        """The value that comes next. Raises `ValueError` if it is no JSON in UTF-8, `SubmissionError` for too much."""
        start, first = self.at, self.next()
        self.left -= 64  # a value needs memory, however short it is
        result: Any = None
        if first == ord("["):
            return [self.value() for _ in self.inside("]")]
        if first == ord("{"):
            result = {}
            for _ in self.inside("}"):
                key = self.string()
                if key in self.KEPT:
                    result[key] = self.value()
                else:
                    self.skip()
        elif first == ord('"'):
            result = self.string()
        else:
            self.skip()
        self.left -= 0 if isinstance(result, dict) else self.at - start
        if self.left < 0:
            raise SubmissionError("more than {n} bytes of code and cells", n=f"{PROGRAM_BYTES:,}")
        return result

    def inside(self, bracket: str) -> Iterator[None]:
        """Once for each member or item, up to the closing bracket."""
        self.at += 1
        while self.next() != ord(bracket):
            yield
        self.at += 1

    def string(self) -> str:
        if self.next() != ord('"'):
            raise ValueError("no string")
        start = self.at
        self.skip()
        text: str = json.loads(self.data[start : self.at], strict=False)
        return text

    def next(self) -> int:
        """The first character of the next value."""
        found = self.SPACE.match(self.data, self.at)
        assert found is not None
        self.at = found.end()
        if self.at == len(self.data):
            raise ValueError("cut off")
        return self.data[self.at]

    def skip(self) -> None:
        """Pass over the value that comes next."""
        first = self.next()
        if first == ord('"'):
            self.skip_string()
        elif first in b"[{":
            self.skip_nested()
        else:
            scalar = self.SCALAR.match(self.data, self.at)
            if scalar is None:
                raise ValueError("no value")
            self.at = scalar.end()

    def skip_nested(self) -> None:
        """Pass over an object or an array, block by block. No loop over its characters: there may be millions."""
        size, depth, inside, odd = self.FIRST, 0, 0, 0
        while self.at < len(self.data):
            block = np.frombuffer(self.data, np.uint8, min(size, len(self.data) - self.at), self.at)
            index = np.arange(block.size)
            # A quote ends no string if an odd number of backslashes stands before it.
            other = np.maximum.accumulate(np.where(block == ord("\\"), -1 - odd, index))
            slashes = np.concatenate([[odd], index - other]) & 1
            quotes = (block == ord('"')) & (slashes[:-1] == 0)
            within = (inside + np.cumsum(quotes)) & 1
            steps = np.where(within, 0, self.STEP[block])
            depths = depth + np.cumsum(steps)
            closed = np.flatnonzero((depths == 0) & (steps < 0))
            if closed.size:
                self.at += int(closed[0]) + 1
                return
            depth, inside, odd = int(depths[-1]), int(within[-1]), int(slashes[-1])
            self.at += block.size
            size = min(4 * size, self.MOST)
        raise ValueError("cut off")

    def skip_string(self) -> None:
        """Pass over a string, up to the quote that no backslash escapes."""
        self.at += 1
        while True:
            found = self.ESCAPES.match(self.data, self.at)
            assert found is not None
            start, self.at = self.at, found.end()
            if self.data[self.at : self.at + 1] == b'"':
                self.at += 1
                return
            if self.at == start:
                raise ValueError("cut off")
