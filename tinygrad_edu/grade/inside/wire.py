"""The wire format: arrays and plain data as bytes, the only thing that crosses between grader and child.

A frame is two lengths, a JSON header and a body. The header holds numbers, strings, lists, tuples and dicts, and for
every array its dtype and shape; the body holds the bytes of the arrays, one after the other. An object that is not data
(a function, a `Value` of the student's own class) stays in the child and crosses as a number, its reference.

A student's program may forge the frames that the grader reads. Therefore `unpack` and its caller check both lengths
before they allocate anything, accept only plain dtypes, check every array against the bytes that are left, and bound
the depth. Nothing is unpickled, and nothing is executed.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["BODY_CAP", "HEADER_CAP", "LENGTHS", "FrameError", "pack", "unpack"]

LENGTHS = struct.Struct("<II")
"""A frame begins with the lengths of its header and of its body."""

HEADER_CAP, BODY_CAP = 1 << 20, 64 << 20
"""The longest header and the longest body, in bytes."""

DEPTH_CAP = 20
"""How deep lists, tuples and dicts may be nested."""

PLAIN = [
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64",
    "complex64", "complex128",
]  # fmt: skip
"""The names of the dtypes that may cross: numbers of a fixed size. None can hold an object."""

DTYPES = {name: np.dtype(name).newbyteorder("<") for name in PLAIN}
NAMES = {np.dtype(name): name for name in PLAIN}
"""The dtypes as they cross; and the names of those of this machine, because `dtype.name` is slow."""

ARRAYS = (np.ndarray, np.matrix)
"""The types of arrays that cross, all as plain arrays."""

Refer = Callable[[Any], "tuple[int, str]"]
"""Returns the reference of an object that stays behind: a number, and the name of its type."""

Resolve = Callable[[int, str], Any]
"""Returns the stand-in for such an object on the other side."""


class FrameError(Exception):
    """Bytes that are not a frame, or data that does not fit into one."""


def pack(message: Any, refer: Refer) -> bytes:
    """The frame of a message.

    Raises `FrameError` if the message is nested too deeply or too large.

    >>> def refuse(x): raise FrameError(f"{x!r} is no data")
    >>> frame = pack({"call": "f", "arguments": (np.arange(3.0), 2, [True, None])}, refuse)
    >>> unpack(frame[8:-24], frame[-24:], refuse)
    {'call': 'f', 'arguments': (array([0., 1., 2.]), 2, [True, None])}
    """
    arrays: list[bytes] = []
    header = ENCODER.encode(_encode(message, arrays, refer, 0)).encode()
    body = b"".join(arrays)
    if len(header) > HEADER_CAP or len(body) > BODY_CAP:
        raise FrameError(
            f"too much data: {len(header):,} bytes of structure and {len(body):,} bytes of numbers, "
            f"where {HEADER_CAP:,} and {BODY_CAP:,} may cross"
        )
    return LENGTHS.pack(len(header), len(body)) + header + body


def _encode(x: Any, arrays: list[bytes], refer: Refer, depth: int) -> Any:
    """The data in JSON. Types that JSON lacks, and dicts, become a dict of one tag: data is never taken for a tag."""
    if depth > DEPTH_CAP:
        raise FrameError(f"data nested more than {DEPTH_CAP} deep")
    if type(x) is np.str_:
        return str(x)
    if x is None or type(x) in (bool, int, float, str):
        return x
    if type(x) in (list, tuple):
        return {type(x).__name__: [_encode(y, arrays, refer, depth + 1) for y in x]}
    if type(x) is dict and all(type(key) is str for key in x):
        return {"dict": [[key, _encode(y, arrays, refer, depth + 1)] for key, y in x.items()]}
    if type(x) is complex:
        x = np.complex128(x)
    if type(x) in ARRAYS or isinstance(x, np.generic):
        name = NAMES.get(x.dtype.newbyteorder("="))
        if name:
            arrays.append(np.asarray(x).astype(DTYPES[name], copy=False).tobytes())
            return {"array": [name, list(x.shape)]} if type(x) in ARRAYS else {"number": name}
    if isinstance(x, tuple) and _is_record(type(x)):
        return _encode(tuple(x), arrays, refer, depth)
    return {"object": list(refer(x))}


def _is_record(kind: type) -> bool:
    """Whether a type of tuples only names what is in them. One with methods is a student's class: its objects stay.

    >>> from collections import namedtuple
    >>> _is_record(namedtuple("Gradients", "x y"))
    True
    """
    return hasattr(kind, "_fields") and not any(name[0] != "_" and callable(x) for name, x in vars(kind).items())


def unpack(header: bytes | bytearray, body: bytes | bytearray, resolve: Resolve) -> Any:
    """The message of a frame. Its arrays are contiguous copies, of the type `numpy.ndarray` exactly.

    Raises `FrameError` for everything that `pack` does not write.
    """
    try:
        tree = DECODER.decode(str(header, "ascii"))
        unread = memoryview(body)
        message, unread = _decode(tree, unread, resolve, 0)
    except FrameError:
        raise
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise FrameError(f"no frame: {type(error).__name__}: {error!s:.200}") from None
    if len(unread):
        raise FrameError(f"{len(unread):,} bytes that belong to no array")
    return message


def _short(number: Callable[[str], Any]) -> Callable[[str], Any]:
    """A parser for numbers of at most 400 digits: the time for longer ones grows with the square, and no float is as
    large.
    """

    def read(text: str) -> Any:
        if len(text) > 400:
            raise FrameError(f"a number of {len(text):,} digits")
        return number(text)

    return read


ENCODER = json.JSONEncoder(separators=(",", ":"))
DECODER = json.JSONDecoder(parse_int=_short(int), parse_float=_short(float))


def _decode(x: Any, unread: memoryview, resolve: Resolve, depth: int) -> tuple[Any, memoryview]:
    """The data, and the bytes that are still unread."""
    if depth > DEPTH_CAP:
        raise FrameError(f"data nested more than {DEPTH_CAP} deep")
    if x is None or type(x) in (bool, int, float, str):
        return x, unread
    if type(x) is not dict or len(x) != 1:
        raise FrameError("a structure without a tag")
    ((tag, content),) = x.items()
    if tag in ("array", "number"):
        name, shape = content if tag == "array" else (content, [])
        array, unread = _array(name, shape, unread)
        return (array if tag == "array" else array[()]), unread
    if tag == "object":
        number, kind = content
        if type(number) is not int or type(kind) is not str:
            raise FrameError("a malformed reference")
        return resolve(number, kind), unread
    if tag not in ("list", "tuple", "dict") or type(content) is not list:
        raise FrameError(f"an unknown tag {tag!r:.40}")
    keys = []
    if tag == "dict":
        keys, content = [key for key, _ in content], [y for _, y in content]
        if any(type(key) is not str for key in keys):  # numbers could be chosen so that all have one hash
            raise FrameError("a key that is no string")
    items = []
    for item in content:
        y, unread = _decode(item, unread, resolve, depth + 1)
        items.append(y)
    if tag == "dict":
        return dict(zip(keys, items, strict=True)), unread
    return (items if tag == "list" else tuple(items)), unread


def _array(name: str, shape: list[int], unread: memoryview) -> tuple[Any, memoryview]:
    """The array at the beginning of the unread bytes, and the bytes after it."""
    dtype = DTYPES.get(name)
    if dtype is None:
        raise FrameError(f"the dtype {name!r:.40}")
    if type(shape) is not list or len(shape) > 32 or any(type(n) is not int or not 0 <= n <= BODY_CAP for n in shape):
        raise FrameError(f"the shape {shape!r:.80}")
    size = math.prod(shape) * dtype.itemsize
    if size > len(unread):
        raise FrameError(f"an array of {size:,} bytes, where {len(unread):,} are left")
    array = np.frombuffer(unread[:size], dtype).reshape(shape).astype(dtype.newbyteorder("="))
    return array, unread[size:]
