"""What is saved comes back; what is damaged or malicious is refused, and nothing of it is executed."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp

import tinygrad_edu as tg
from tinygrad_edu import saving
from tinygrad_edu.errors import DtypeError, FileError

NUMBERS = hnp.arrays(
    st.sampled_from([np.float32, np.float64, np.int64, np.uint8, np.bool_]), hnp.array_shapes(min_dims=0, min_side=0)
)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
OBJECTS = st.recursive(
    PLAIN | NUMBERS | NUMBERS.map(tg.tensor),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)


def same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, tg.Tensor):
        return same(a.data, b.data) and (a.requires_grad, a.name) == (b.requires_grad, b.name)
    if isinstance(a, np.ndarray):
        return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return bool(a == b)


@given(OBJECTS)
def test_what_is_saved_comes_back(obj: Any) -> None:
    assert same(obj, saving.from_npz(saving.to_npz(obj)))


def test_what_a_tensor_is_called_and_that_it_learns_comes_back(tmp_path: Path) -> None:
    w = tg.tensor([1.0, 2.0], requires_grad=True, name="w")
    back = tg.load(tg.save([w], tmp_path / "w.npz"))[0]
    assert (back.tolist(), back.requires_grad, back.name) == ([1.0, 2.0], True, "w")


def test_numpy_reads_the_arrays_under_the_names_of_their_places(tmp_path: Path) -> None:
    path = tg.save({"layers.0.weight": np.eye(2, 3), "rest": [np.arange(3)]}, tmp_path / "w.npz")
    with np.load(path, allow_pickle=False) as arrays:
        assert {"layers.0.weight", "rest.0"} <= set(arrays)
        assert np.array_equal(arrays["layers.0.weight"], np.eye(2, 3))


def test_names_that_would_collide_are_kept_apart(tmp_path: Path) -> None:
    obj = {"a.b": np.array(1), "a": {"b": np.array(2)}}
    assert same(tg.load(tg.save(obj, tmp_path / "x.npz")), obj)


def test_arrays_saved_by_numpy_are_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=np.arange(3), b=np.asfortranarray(np.eye(2, 3)))
    back = tg.load(tmp_path / "x.npz")
    assert sorted(back) == ["a", "b"]
    assert np.array_equal(back["b"], np.eye(2, 3))


def test_the_same_numbers_give_the_same_bytes(tmp_path: Path) -> None:
    obj = {"a": tg.tensor([1.0]), "b": [1, (2.5, None)]}
    assert saving.to_npz(obj) == saving.to_npz(obj)


def test_a_failed_save_leaves_the_old_file(tmp_path: Path) -> None:
    path = tg.save([1], tmp_path / "x.npz")
    with pytest.raises(DtypeError, match=r"cannot save object .* \(at 0\)"):
        tg.save([object()], path)
    assert tg.load(path) == [1]
    assert os.listdir(tmp_path) == ["x.npz"]


def itself() -> list[Any]:
    x: list[Any] = []
    x.append(x)
    return x


@pytest.mark.parametrize(
    ("obj", "says"),
    [
        (np.array(["text"]), "cannot save ndarray"),
        (np.array([None]), "cannot save ndarray"),
        ({(1, 2): 3}, "keys of a dict"),
        (itself(), "contains itself"),
        (tg.tensor([1.0], requires_grad=True) * 2, "result of a computation; save its .detach()"),
        (lambda: 0, "cannot save function"),
    ],
)
def test_what_cannot_be_saved_is_refused(obj: Any, says: str, tmp_path: Path) -> None:
    with pytest.raises(DtypeError, match=says):
        tg.save(obj, tmp_path / "x.npz")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("function", [tg.load, lambda path: tg.save([], path)])
def test_other_extensions_are_refused(function: Callable[[str], Any]) -> None:
    with pytest.raises(FileError, match=r"'weights.pt' has none of the extensions .npz, .safetensors"):
        function("folder/weights.pt")


# Files that are not what they should be.

GOOD = {"layers.0.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "steps": [1, (2.5, "x", None)]}
WEIGHTS = {"layers.0.weight": GOOD["layers.0.weight"], "bias": np.arange(3.0)}
FORMATS = {".npz": (saving.to_npz, GOOD), ".safetensors": (saving.to_safetensors, WEIGHTS)}


@pytest.mark.parametrize("extension", FORMATS)
@given(position=st.floats(0, 1, exclude_max=True), bits=st.integers(1, 255))
def test_a_flipped_byte_is_refused_or_changes_numbers_only(
    tmp_path_factory: pytest.TempPathFactory, extension: str, position: float, bits: int
) -> None:
    write, obj = FORMATS[extension]
    content = bytearray(good(extension, write, obj))
    content[int(position * len(content))] ^= bits
    path = tmp_path_factory.mktemp("flipped") / f"x{extension}"
    path.write_bytes(content)
    try:
        back = tg.load(path)
    except FileError:
        return
    assert extension == ".safetensors" or same(back, obj), "but safetensors has no checksums"


@pytest.mark.parametrize("extension", FORMATS)
def test_a_file_that_is_cut_off_is_refused_at_every_length(tmp_path: Path, extension: str) -> None:
    write, obj = FORMATS[extension]
    content = good(extension, write, obj)
    path = tmp_path / f"x{extension}"
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(FileError, match="is damaged, or no"):
            tg.load(path)


def good(extension: str, write: Callable[[Any], bytes], obj: Any) -> bytes:
    if extension == ".safetensors":
        pytest.importorskip("safetensors", reason="writes .safetensors: pip install safetensors")
    return write(obj)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"cannot read .*x.npz: No such file"):
        tg.load(tmp_path / "x.npz")


class Bomb:
    """Unpickled, it would leave a mark."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("executed",)


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=True)
    return file.getvalue()


def huge() -> bytes:
    """An array that says it has 10^12 numbers."""
    member = npy(np.zeros(1))
    return member.replace(b"'shape': (1,), }            ", b"'shape': (1000000000000,), }")


def nested() -> bytes:
    return b'{"version": 1, "content": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


MALICIOUS = {
    "an object array": {"a.npy": npy(np.array([Bomb()], dtype=object))},
    "a pickle": {"a.npy": pickle.dumps(Bomb())},
    "an array that is not there": {"a.npy": huge()},
    "code for a header": {"a.npy": npy(np.zeros(1)).replace(b"(1,), }", b"exit() ")},
    "no JSON": {"structure.json": b"__import__('os').mkdir('executed')"},
    "very deep JSON": {"structure.json": nested()},
    "no version": {"structure.json": b"{}"},
    "another version": {"structure.json": b'{"version": 99, "content": null}'},
    "an array that was left out": {"structure.json": b'{"version": 1, "content": {"array": "a"}}'},
    "an unknown kind": {"structure.json": b'{"version": 1, "content": {"os.mkdir": "executed"}}'},
    "a key that is a list": {"structure.json": b'{"version": 1, "content": {"dict": [[["a"], 1]]}}'},
    "integers that learn": {
        "structure.json": json.dumps({"version": 1, "content": {"tensor": "a", "requires_grad": True, "name": None}})
        .encode(),
        "a.npy": npy(np.zeros(1, dtype=np.int64)),
    },
}  # fmt: skip


@pytest.mark.parametrize("what", MALICIOUS)
def test_malicious_files_are_refused_and_do_nothing(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile("x.npz", "w") as archive:
        for name, content in MALICIOUS[what].items():
            archive.writestr(name, content)
    with pytest.raises(FileError, match=r"x\.npz (is damaged, or no \.npz file|holds an array of dtype object)"):
        tg.load("x.npz")
    assert os.listdir() == ["x.npz"]


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "LARGEST", 1_000_000)
    np.savez_compressed(tmp_path / "x.npz", a=np.zeros(10_000_000, np.uint8))
    with pytest.raises(FileError, match=r"unpacks to more than its size and 1,000,000 bytes"):
        tg.load(tmp_path / "x.npz")


# safetensors


def test_weights_go_to_safetensors_and_back(tmp_path: Path) -> None:
    pytest.importorskip("safetensors", reason="writes .safetensors: pip install safetensors")
    weights = {"b": tg.tensor([1.0]), "a": np.arange(6.0).reshape(2, 3).T, "n": np.array(3)}
    back = tg.load(tg.save(weights, tmp_path / "w.safetensors"))
    assert list(back) == ["a", "b", "n"]
    assert same(back["a"].copy(), np.arange(6.0).reshape(2, 3).T.copy())
    assert back["n"].shape == ()


@pytest.mark.parametrize("obj", [[1], {"a": [1]}, {1: np.zeros(1)}, {"a": 1.0}])
def test_safetensors_hold_named_arrays_only(obj: Any, tmp_path: Path) -> None:
    pytest.importorskip("safetensors", reason="writes .safetensors: pip install safetensors")
    with pytest.raises(DtypeError, match=r"\.npz holds more"):
        tg.save(obj, tmp_path / "w.safetensors")


def test_without_the_package_one_line_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "safetensors.numpy", None)
    with pytest.raises(ImportError, match="pip install safetensors"):
        tg.save({}, tmp_path / "w.safetensors")


def test_a_file_that_cannot_be_written_is_named_as_the_user_named_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"[/\\]missing[/\\]weights.npz: No such file"):
        tg.save({"w": tg.ones(2)}, tmp_path / "missing" / "weights.npz")


# From elsewhere


BITS = {
    "BF16": (np.uint16, [(0x3FC0, 1.5), (0xC010, -2.25), (0x0001, 2.0**-133), (0x7F80, np.inf), (0xFFC0, np.nan)]),
    "F8_E5M2": (
        np.uint8,
        [(0x3C, 1.0), (0xBE, -1.5), (0x01, 2.0**-16), (0x7B, 57344.0), (0x7C, np.inf), (0x7F, np.nan)],
    ),
    "F8_E4M3": (np.uint8, [(0x38, 1.0), (0xBC, -1.5), (0x01, 2.0**-9), (0x7E, 448.0), (0x80, -0.0), (0xFF, np.nan)]),
}
"""Bits and what they stand for, from table 1 of Micikevicius et al. (2022) and, of BF16, from that of float32."""


def safetensors_file(path: Path, dtype: str, shape: list[int], data: bytes) -> Path:
    head = json.dumps({"w": {"dtype": dtype, "shape": shape, "data_offsets": [0, len(data)]}}).encode()
    path.write_bytes(len(head).to_bytes(8, "little") + head + data)
    return path


@pytest.mark.parametrize("dtype", BITS)
def test_floats_that_numpy_does_not_have_become_float32(dtype: str, tmp_path: Path) -> None:
    pytest.importorskip("safetensors", reason="reads .safetensors: pip install safetensors")
    kind, table = BITS[dtype]
    bits, numbers = zip(*table)
    path = safetensors_file(tmp_path / "w.safetensors", dtype, [len(bits), 1], np.array(bits, kind).tobytes())
    weights = tg.load(path)["w"]
    assert weights.dtype == np.float32
    assert np.array_equal(weights[:, 0], np.array(numbers, np.float32), equal_nan=True)
    assert np.array_equal(np.signbit(weights[:, 0][:-1]), np.signbit(numbers[:-1]))


def test_a_dtype_that_is_not_read_is_named_and_the_file_is_not_called_damaged(tmp_path: Path) -> None:
    pytest.importorskip("safetensors", reason="reads .safetensors: pip install safetensors")
    path = safetensors_file(tmp_path / "w.safetensors", "F8_E8M0", [2], b"\1\2")
    with pytest.raises(FileError, match=r"w\.safetensors holds 'w' as F8_E8M0, which NumPy does not have"):
        tg.load(path)


@pytest.mark.parametrize("array", [np.ones(2, complex), np.array(["a"]), np.array([{}]), np.array(["2020"], "M8[D]")])
def test_a_sound_file_of_other_things_than_numbers_is_not_called_damaged(array: np.ndarray, tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", w=array)
    with pytest.raises(FileError, match=r"w\.npz holds an array of dtype .*, and only real numbers are read"):
        tg.load(tmp_path / "w.npz")


@pytest.mark.parametrize("dtype", [np.longdouble, ">f8", np.float16])
def test_what_safetensors_has_not_is_refused_in_words(dtype: Any, tmp_path: Path) -> None:
    pytest.importorskip("safetensors", reason="writes .safetensors: pip install safetensors")
    array = np.arange(3).astype(dtype)
    if dtype is np.longdouble and np.dtype(dtype).itemsize > 8:
        with pytest.raises(DtypeError, match=r"\.safetensors has no float\d+, as 'w' is"):
            tg.save({"w": array}, tmp_path / "w.safetensors")
    else:
        assert np.array_equal(tg.load(tg.save({"w": array}, tmp_path / "w.safetensors"))["w"], array)


def test_compressed_arrays_of_numpy_are_read(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "w.npz", w=np.arange(6.0).reshape(2, 3), n=np.zeros(0))
    back = tg.load(tmp_path / "w.npz")
    assert np.array_equal(back["w"], np.arange(6.0).reshape(2, 3))
    assert back["n"].shape == (0,)


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_another_compression_is_refused_without_unpacking(method: int, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "w.npz", "w", method) as archive:
        archive.writestr("a.npy", npy(np.zeros(3)))
    with pytest.raises(FileError, match=r"w\.npz is compressed in another way"):
        tg.load(tmp_path / "w.npz")


@pytest.mark.parametrize("header", ["-" * 9000 + "1", "(" * 3000, "{'descr': '<f4', 'shape': (-1,)}", "\0"])
def test_a_header_that_breaks_the_parser_is_a_damaged_file(header: str, tmp_path: Path) -> None:
    text = header.encode() + b"\n"
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("a.npy", b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text)
    with pytest.raises(FileError, match=r"is damaged, or no \.npz file"):
        tg.load(tmp_path / "x.npz")


@pytest.mark.parametrize("name", ["\x1b]0;owned\x07", "\u202exe.w", "a\rb", "\x9b2J"])
def test_names_in_a_file_reach_the_terminal_as_python_writes_them(name: str, tmp_path: Path) -> None:
    path = tg.save({name: np.ones(2)}, tmp_path / "w.npz")
    with pytest.raises(tg.TinygradError) as caught:
        tg.nn.Linear(2, 2).load_state_dict(tg.load(path))
    assert all(char.isprintable() or char == "\n" for char in str(caught.value))


def test_what_is_no_path_is_refused(tmp_path: Path) -> None:
    for wrong in (3, None, b"weights.npz"):
        with pytest.raises(tg.DtypeError, match="load: path is a text or a path"):
            tg.load(wrong)  # type: ignore[arg-type]
    with pytest.raises(tg.errors.FileError, match=r"load: cannot read .*null character"):
        tg.load(tmp_path / "a\0b.npz")
    with pytest.raises(OSError, match="null character"):
        tg.save({}, tmp_path / "a\0b.npz")
    assert not list(tmp_path.iterdir())
