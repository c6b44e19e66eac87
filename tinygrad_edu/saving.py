"""Saving and loading tensors, arrays, and lists and dicts of them, in files that contain data and no code.

A `.npz` file is a zip of arrays, which `numpy.load` reads too, and of `structure.json`, which says how they belong
together. A `.safetensors` file holds named arrays, and is the usual format for exchanging weights; it needs the package
of that name. Reading either executes nothing: nothing is unpickled or evaluated.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

from ._support.files import read_file
from ._support.formats import format_of, save_as
from .engine.messages import describe, short
from .engine.tensor import Tensor
from .errors import DtypeError, FileError

__all__ = ["load", "save"]

STRUCTURE = "structure.json"
VERSION = 1
DEEPEST = 50
"""How deep lists and dicts may be nested."""

LARGEST = 2**28
"""How many bytes more than it has itself a compressed file may unpack to."""


def save(obj: Any, path: str | os.PathLike[str]) -> Path:
    """Write tensors, arrays, Python numbers, strings, None, and lists, tuples and dicts of them to a file.

    The extension names the format: `.npz`, or `.safetensors` for a dict of names and arrays such as a `state_dict()`.
    The file appears complete or not at all. Gives the path.

    Raises `DtypeError` for objects of other types and for a path that is none, `FileError` for another extension,
    `OSError` if the file cannot be written, `ImportError` where the package safetensors is missing.

    >>> import tempfile, tinygrad_edu as tg
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = tg.save({"w": tg.tensor([1.0, 2.0]), "epochs": (3, 4)}, f"{folder.name}/weights.npz")
    >>> tg.load(path)
    {'w': tensor([1., 2.]), 'epochs': (3, 4)}
    >>> folder.cleanup()
    """
    if not isinstance(path, (str, os.PathLike)):
        raise DtypeError(f"save: path is a text or a path, not {short(path)}; what is saved comes before it")
    return save_as(path, {extension: write for extension, (write, _) in FORMATS.items()}, obj)


def load(path: str | os.PathLike[str]) -> Any:
    """Read what `save` wrote to a file. A `.safetensors` file, or an `.npz` of `numpy.savez`, gives a dict of arrays.

    Nothing in the file is executed. Reading takes a few times its size in memory; of a compressed file, which may
    unpack to a thousand times its size, up to 256 MB more. The floats of 16 and 8 bits that NumPy does not have
    (BF16, F8_E4M3, F8_E5M2 in `.safetensors`) become float32, which holds each of them exactly.

    Raises `FileError` for a file that is missing, cut off, damaged, or not in the format of its extension,
    `DtypeError` for a path that is none, `ImportError` where the package safetensors is missing.

    >>> load("no_such_file.npz")
    Traceback (most recent call last):
        ...
    tinygrad_edu.errors.FileError: load: cannot read no_such_file.npz: No such file or directory
    """
    if not isinstance(path, (str, os.PathLike)):
        raise DtypeError(f"load: path is a text or a path, not {short(path)}")
    path = Path(path)
    _, read = format_of(path, FORMATS, function="load")
    try:
        content = read_file(path)
    except OSError as error:
        raise FileError(f"load: cannot read {path}: {error.strerror}") from None
    try:
        return read(content)
    except NotSupported as error:
        raise FileError(f"load: {path} {error}") from None
    except ImportError:
        raise
    except Exception as error:  # whatever a parser raises for bytes that are not in the format, MemoryError too
        why = str(error) or type(error).__name__
        raise FileError(f"load: {path} is damaged, or no {path.suffix} file: {why}") from None


class NotSupported(Exception):
    """What a sound file holds and is not read here; the message goes on after the name of the file."""


# .npz


def to_npz(obj: Any) -> bytes:
    """A zip of the arrays and the structure, not compressed."""
    arrays: dict[str, ndarray] = {}
    structure = {"format": "tinygrad_edu", "version": VERSION, "content": _encoded(obj, (), arrays)}
    file = BytesIO()
    archive = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)  # `with` would answer Ctrl-C by an error of its own
    archive.writestr(zipfile.ZipInfo(STRUCTURE), json.dumps(structure))  # by name alone it would bear the date
    for name, array in arrays.items():
        member = BytesIO()
        np.lib.format.write_array(member, array, allow_pickle=False)
        archive.writestr(zipfile.ZipInfo(f"{name}.npy"), member.getvalue())
    archive.close()
    return file.getvalue()


def from_npz(content: bytes) -> Any:
    """The object that was saved; without a structure, a dict of the arrays."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        members = archive.infolist()
        if any(m.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for m in members):
            raise NotSupported("is compressed in another way than numpy.savez_compressed does it; write it with that")
        # So nothing is unpacked without end, and no bytes are read twice.
        if sum(m.compress_size for m in members) > len(content):
            raise ValueError("its members overlap")
        if sum(m.file_size for m in members) > len(content) + LARGEST:
            raise NotSupported(f"unpacks to more than its size and {LARGEST:,} bytes; save it without compression")
        parts = {m.filename: _member_in(archive, m) for m in members}
    structure = parts.pop(STRUCTURE, None)
    arrays = {name.removesuffix(".npy"): _array_in(part) for name, part in parts.items()}
    if structure is None:
        return arrays
    head = json.loads(structure)
    if head["version"] != VERSION:
        raise ValueError(f"it is of version {head['version']}, and this program knows {VERSION}; update tinygrad_edu")
    return _decoded(head["content"], arrays)


def _member_in(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The content of a member, and no more bytes than it claims to have."""
    with archive.open(member) as file:
        content = file.read(member.file_size)
    if len(content) != member.file_size:
        raise ValueError(f"{member.filename} does not have {member.file_size:,} bytes")
    return content


def _encoded(x: Any, where: tuple[str, ...], arrays: dict[str, ndarray]) -> Any:
    """An object as JSON. Its arrays are put into `arrays`, named by their places, such as `state.0.momentum`."""
    if len(where) > DEEPEST:
        raise DtypeError(f"save: nested deeper than {DEEPEST} levels, or something that contains itself")
    if x is None or type(x) in (bool, int, float, str):
        return x
    if type(x) is list:
        return [_encoded(y, (*where, str(i)), arrays) for i, y in enumerate(x)]
    if type(x) is tuple:
        return {"tuple": _encoded(list(x), where, arrays)}
    if isinstance(x, Mapping):
        wrong = [key for key in x if type(key) not in (str, int)]
        if wrong:
            raise DtypeError(f"save: the keys of a dict are strings or whole numbers, not {short(wrong[0])}")
        return {"dict": [[key, _encoded(y, (*where, str(key)), arrays)] for key, y in x.items()]}
    if isinstance(x, Tensor):
        if not x.is_leaf:
            raise DtypeError(f"save: {describe(x)} is the result of a computation; save its .detach() or its .data")
        return {"tensor": _kept(x.data, where, arrays), "requires_grad": x.requires_grad, "name": x.name}
    if isinstance(x, (ndarray, np.generic)) and x.dtype.kind in "biuf":
        return {"array" if isinstance(x, ndarray) else "number": _kept(np.asarray(x), where, arrays)}
    place = f" (at {'.'.join(where)})" if where else ""
    raise DtypeError(
        f"save: cannot save {type(x).__name__} {short(x)}{place}, only tensors, arrays of numbers, Python numbers, "
        "strings, None, and lists, tuples and dicts of them; of a module, save its state_dict()"
    )


def _kept(array: ndarray, where: tuple[str, ...], arrays: dict[str, ndarray]) -> str:
    """Put an array into `arrays`; gives its name there."""
    name = ".".join(where) or "array"
    while name in arrays:  # {"a.b": x, "a": {"b": y}}
        name += "_"
    arrays[name] = array
    return name


def _decoded(x: Any, arrays: Mapping[str, ndarray]) -> Any:
    """The object that a piece of JSON describes. The JSON parser has limited its depth."""
    match x:
        case None | bool() | int() | float() | str():
            return x
        case list():
            return [_decoded(y, arrays) for y in x]
        case {"tuple": list(items)}:
            return tuple(_decoded(y, arrays) for y in items)
        case {"dict": list(items)}:
            return {_str_or_int(key): _decoded(y, arrays) for key, y in items}
        case {"array": str(name)}:
            return arrays[name]
        case {"number": str(name)}:
            return arrays[name][()]
        case {"tensor": str(name), "requires_grad": bool(requires_grad), "name": str() | None as label}:
            return Tensor(arrays[name], requires_grad=requires_grad, name=label)
    raise ValueError(f"{x!r:.60} has no meaning here")


def _str_or_int(key: Any) -> str | int:
    """The key of a dict, if it is a string or a whole number."""
    if type(key) not in (str, int):
        raise ValueError(f"{key!r:.60} is no key")
    return key  # type: ignore[no-any-return]


def _array_in(member: bytes) -> ndarray:
    """The array in the content of a `.npy` file, after its header was checked against its length.

    NumPy's own reader allocates memory for the shape in the header before it knows whether the numbers are there.
    """
    file = BytesIO(member)
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    else:
        shape, fortran, dtype = np.lib.format.read_array_header_2_0(file)
    if dtype.kind not in "biuf":
        raise NotSupported(f"holds an array of dtype {dtype}, and only real numbers are read")
    if file.tell() + prod(shape) * dtype.itemsize != len(member):
        raise ValueError(f"an array of shape {shape} does not have {len(member):,} bytes")
    return np.ndarray(shape, dtype, member, file.tell(), order="F" if fortran else "C").copy(order="K")


# .safetensors


def to_safetensors(obj: Any) -> bytes:
    """Named arrays in the format of the package safetensors."""
    package = _safetensors()
    if not isinstance(obj, Mapping) or not all(type(key) is str for key in obj):
        raise DtypeError("save: .safetensors holds a dict of names and arrays, such as a state_dict(); .npz holds more")
    arrays: dict[str, ndarray] = {}
    for name, x in obj.items():
        if not isinstance(x, (Tensor, ndarray)):
            raise DtypeError(f"save: .safetensors holds arrays, and {name!r} is {type(x).__name__}; .npz holds more")
        arrays[name] = np.asarray(x.data if isinstance(x, Tensor) else x, order="C")  # safetensors ignores strides
        if arrays[name].dtype.newbyteorder("=") not in DTYPES.values():
            raise DtypeError(f"save: .safetensors has no {arrays[name].dtype}, as {name!r} is; .npz holds every number")
    return package.numpy.save(arrays)  # type: ignore[no-any-return]


def _from_safetensors(content: bytes) -> dict[str, ndarray]:
    """The named arrays, in the order of their names."""
    members = sorted(_safetensors().deserialize(content), key=lambda member: member[0])  # also checks the header
    return {name: _numbers_of(name, **member) for name, member in members}


DTYPES = {
    "BOOL": np.dtype(bool), "I8": np.dtype("i1"), "I16": np.dtype("i2"), "I32": np.dtype("i4"), "I64": np.dtype("i8"),
    "U8": np.dtype("u1"), "U16": np.dtype("u2"), "U32": np.dtype("u4"), "U64": np.dtype("u8"),
    "F16": np.dtype("f2"), "F32": np.dtype("f4"), "F64": np.dtype("f8"),
}  # fmt: skip
"""The dtypes that both .safetensors and NumPy have."""

SMALL_FLOATS: dict[str, tuple[str, Callable[[ndarray], ndarray]]] = {
    "BF16": ("<u2", lambda bits: (bits.astype(np.uint32) << 16).view(np.float32)),  # the upper half of a float32
    "F8_E5M2": ("u1", lambda bits: (bits.astype(np.uint16) << 8).view(np.float16)),  # the upper half of a float16
    "F8_E4M3": ("u1", lambda bits: _from_e4m3(bits)),
}
"""The floats that NumPy does not have: as which whole numbers to read them, and the same numbers as NumPy has them.

Micikevicius et al., "FP8 Formats for Deep Learning" (2022), table 1.
"""


def _from_e4m3(bits: ndarray) -> ndarray:
    """Floats of a sign, 4 bits of exponent (less 7) and 3 of the fraction; without inf, and all ones are nan."""
    sign, rest = (bits & 0x80).astype(np.uint16) << 8, (bits & 0x7F).astype(np.uint16) << 7
    halves = (sign | rest).view(np.float16)  # their exponents are less 15
    return np.where(bits & 0x7F == 0x7F, np.float32(np.nan), halves * np.float32(2**8))


def _numbers_of(name: str, dtype: str, shape: list[int], data: bytes) -> ndarray:
    """The array of one member of a .safetensors file."""
    if dtype in DTYPES:
        return np.frombuffer(data, DTYPES[dtype].newbyteorder("<")).astype(DTYPES[dtype]).reshape(shape)
    if dtype not in SMALL_FLOATS:
        raise NotSupported(f"holds {name!r} as {dtype}, which NumPy does not have; convert it to F32 where it was made")
    whole, widened = SMALL_FLOATS[dtype]
    return widened(np.frombuffer(data, whole)).astype(np.float32).reshape(shape)


def _safetensors() -> Any:
    """The package safetensors. Raises `ImportError` where it is missing."""
    try:
        import safetensors.numpy
    except ModuleNotFoundError:
        raise ImportError("a .safetensors file needs the package safetensors: pip install safetensors") from None
    return safetensors


Format = tuple[Callable[[Any], bytes], Callable[[bytes], Any]]
"""From an object to the content of a file, and back."""

FORMATS: dict[str, Format] = {".npz": (to_npz, from_npz), ".safetensors": (to_safetensors, _from_safetensors)}
