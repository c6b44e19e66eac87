"""What crosses between the grader and a student's program: every number as it was, and nothing but numbers."""

from __future__ import annotations

import contextlib
import json
from typing import Any, NoReturn

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as stnp

from tinygrad_edu.grade.inside.wire import BODY_CAP, DTYPES, HEADER_CAP, LENGTHS, FrameError, pack, unpack


def refuse(*_: Any) -> NoReturn:
    raise FrameError("no data")


def sent(message: Any) -> Any:
    return unpack(*split(pack(message, refuse)), refuse)


def split(frame: bytes) -> tuple[bytes, bytes]:
    header, body = LENGTHS.unpack(frame[: LENGTHS.size])
    rest = frame[LENGTHS.size :]
    assert len(rest) == header + body
    return rest[:header], rest[header:]


arrays = stnp.arrays(st.sampled_from(sorted(DTYPES)), stnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
plain = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text() | arrays
messages = st.recursive(
    plain,
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def same(x: Any, y: Any) -> bool:
    if isinstance(x, np.ndarray):
        return type(y) is np.ndarray and x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()
    if isinstance(x, (list, tuple)):
        return type(x) is type(y) and len(x) == len(y) and all(map(same, x, y))
    if isinstance(x, dict):
        return type(y) is dict and list(x) == list(y) and all(map(same, x.values(), y.values()))
    return type(x) is type(y) and (x == y or (x != x and y != y))


@given(messages)
def test_data_arrives_as_it_was(message: Any) -> None:
    assert same(message, sent(message))


@pytest.mark.parametrize("array", [np.asfortranarray(np.ones((3, 5))), np.arange(20.0)[::-3], np.ones((2, 3), ">f4")])
def test_arrays_arrive_contiguous_and_writable(array: np.ndarray) -> None:
    received = sent(array)
    assert np.array_equal(received, array)
    assert received.flags.c_contiguous
    assert received.flags.writeable
    assert received.dtype.isnative


@given(st.binary(max_size=200), st.binary(max_size=64))
def test_any_bytes_are_a_message_or_refused(header: bytes, body: bytes) -> None:
    with contextlib.suppress(FrameError):
        unpack(header, body, refuse)


@given(messages, st.data())
def test_a_damaged_frame_is_a_message_or_refused(message: Any, data: st.DataObject) -> None:
    header, body = split(pack(message, refuse))
    place = data.draw(st.integers(0, len(header) - 1))
    damaged = header[:place] + data.draw(st.binary(max_size=3)) + header[place + 1 :]
    with contextlib.suppress(FrameError):
        unpack(damaged, body, refuse)


@pytest.mark.parametrize(
    "header",
    [
        b"[" * 100_000,
        b'{"list":[' * 50 + b"]}" * 50,
        b"9" * 5_000,
        b'{"array":["object",[1]]}',
        b'{"array":["float64",[-1]]}',
        b'{"array":["float64",[9223372036854775807,2]]}',
        b'{"array":["float64",[true]]}',
        b'{"array":["float64",' + json.dumps([1] * 33).encode() + b"]}",
        b'{"dict":[[{"list":[]},1]]}',
        b'{"dict":[[2305843009213693951,1]]}',
        b'{"dict":[["key"]]}',
        b"1." + b"0" * 5_000,
        b'{"object":[1.5,"x"]}',
        b'{"array":["float64",[2]],"list":[]}',
        b"[1]",
        b"{}",
    ],
)
def test_forged_headers_are_refused(header: bytes) -> None:
    with pytest.raises(FrameError):
        unpack(header, bytes(8), refuse)


def test_bytes_that_belong_to_nothing_are_refused() -> None:
    with pytest.raises(FrameError, match="8 bytes that belong to no array"):
        unpack(b"null", bytes(8), refuse)


def test_a_text_of_numpys_arrives_as_a_text() -> None:
    arrived = sent(np.array(["a", "b"])[1])
    assert (type(arrived), arrived) == (str, "b")


def test_objects_are_never_data() -> None:
    for x in (np.array([None]), np.array(["a"]), np.zeros(2, [("a", float)]), np.ma.ones(3), {1, 2}, b"bytes"):
        with pytest.raises(FrameError):
            pack(x, refuse)


def test_too_much_is_refused_before_it_is_sent() -> None:
    with pytest.raises(FrameError, match="too much data"):
        pack(["x" * HEADER_CAP], refuse)
    with pytest.raises(FrameError, match="too much data"):
        pack(np.zeros(BODY_CAP + 1, np.uint8), refuse)
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(FrameError, match="nested"):
        pack(loop, refuse)
