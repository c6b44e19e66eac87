"""`save` and `load`: tensors, arrays and what is built of them, in files that hold numbers and no programs.

A `.npz` file is a zip of arrays, which `numpy.load` reads too, and of `structure.json`, which says how they belong
together. A `.safetensors` file holds named arrays and is what most of the field exchanges weights in; it needs the
package of that name. To read either is to read numbers: nothing is unpickled, nothing is evaluated.
"""

from __future__ import annotations

import json
import os
import struct
import zipfile
from collections.abc import Mapping
from io import BytesIO
from math import prod
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy import ndarray

from ._support.files import replace_file
from .engine.node import describe
from .engine.tensor import Tensor
from .errors import DtypeError, FileError

__all__ = ["load", "save"]

STRUCTURE = "structure.json"
VERSION = 1
DEEPEST = 50
"""Lists in lists are read and written to this depth."""


def save(obj: Any, path: str | os.PathLike[str]) -> Path:
    """Write tensors, arrays, Python numbers, strings, None, and lists, tuples and dicts of them to a file.

    The extension says in which format: `.npz`, or `.safetensors` for a dict of names and arrays such as a
    `state_dict()`. The file appears complete or not at all. Gives the path.

    Raises `DtypeError` for what cannot be saved, `FileError` for another extension, `OSError` where the file cannot be
    written, `ImportError` where the package safetensors is missing.

    >>> import tempfile, tinygrad_edu as tg
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = tg.save({"w": tg.tensor([1.0, 2.0]), "epochs": (3, 4)}, f"{folder.name}/weights.npz")
    >>> tg.load(path)
    {'w': tensor([1., 2.]), 'epochs': (3, 4)}
    >>> folder.cleanup()
    """
    path = Path(path)
    replace_file(path, {".npz": to_npz, ".safetensors": to_safetensors}[extension("save", path)](obj))
    return path


def load(path: str | os.PathLike[str]) -> Any:
    """What `save` wrote to the file. From a `.safetensors` file, and from any `.npz` of arrays, a dict of arrays.

    Nothing in the file is executed, and no more memory is taken than a few times its size.

    Raises `FileError` for a file that is missing, cut off, damaged, or not what its extension says, `ImportError` where
    the package safetensors is missing.

    >>> load("no_such_file.npz")
    Traceback (most recent call last):
        ...
    tinygrad_edu.errors.FileError: load: cannot read no_such_file.npz: No such file or directory
    """
    path = Path(path)
    read = {".npz": from_npz, ".safetensors": from_safetensors}[extension("load", path)]
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileError(f"load: cannot read {path}: {error.strerror}") from None
    try:
        return read(content)
    except DAMAGED as error:
        raise FileError(f"load: {path} is damaged, or no {path.suffix} file: {error}") from None


DAMAGED = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, struct.error, OSError,  # zipfile
    ValueError, KeyError, TypeError, OverflowError, AttributeError,  # structure.json
    SyntaxError, TokenError,  # the headers of arrays
)  # fmt: skip
"""All that the parsers raise on bytes that make no sense."""


def extension(function: str, path: Path) -> str:
    """The extension of the file, if it is one that is known."""
    if path.suffix not in (".npz", ".safetensors"):
        raise FileError(f"{function}: {path.name!r} has none of the extensions .npz, .safetensors")
    return path.suffix


# .npz


def to_npz(obj: Any) -> bytes:
    """A zip of the arrays, not compressed, and the structure."""
    arrays: dict[str, ndarray] = {}
    structure = {"format": "tinygrad_edu", "version": VERSION, "content": encoded(obj, (), arrays)}
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(STRUCTURE), json.dumps(structure))  # a ZipInfo of its own bears no date
        for name, array in arrays.items():
            member = BytesIO()
            np.lib.format.write_array(member, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), member.getvalue())
    return file.getvalue()


def from_npz(content: bytes) -> Any:
    """What was saved; without a structure, a dict of the arrays."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        members = archive.infolist()
        # What is not compressed, and not there twice, takes no more memory than the file does.
        if any(m.compress_type != zipfile.ZIP_STORED for m in members):
            raise ValueError("it is compressed, and what is saved here is not")
        if sum(max(m.file_size, m.compress_size) for m in members) > len(content):
            raise ValueError("its members overlap")
        parts = {m.filename: archive.read(m) for m in members}
    structure = parts.pop(STRUCTURE, None)
    arrays = {name.removesuffix(".npy"): array_in(part) for name, part in parts.items()}
    if structure is None:
        return arrays
    head = json.loads(structure)
    if head["version"] != VERSION:
        raise ValueError(f"it is of version {head['version']}, and this program knows {VERSION}; update tinygrad_edu")
    return decoded(head["content"], arrays)


def encoded(x: Any, where: tuple[str, ...], arrays: dict[str, ndarray]) -> Any:
    """An object as JSON. Its arrays go to `arrays`, each under the name of its place, such as `state.0.momentum`."""
    if len(where) > DEEPEST:
        raise DtypeError(f"save: nested deeper than {DEEPEST} levels, or something that contains itself")
    if x is None or type(x) in (bool, int, float, str):
        return x
    if type(x) is list:
        return [encoded(y, (*where, str(i)), arrays) for i, y in enumerate(x)]
    if type(x) is tuple:
        return {"tuple": encoded(list(x), where, arrays)}
    if isinstance(x, Mapping):
        wrong = [key for key in x if type(key) not in (str, int)]
        if wrong:
            raise DtypeError(f"save: the keys of a dict are strings or whole numbers, not {wrong[0]!r:.60}")
        return {"dict": [[key, encoded(y, (*where, str(key)), arrays)] for key, y in x.items()]}
    if isinstance(x, Tensor):
        if not x.is_leaf:
            raise DtypeError(f"save: {describe(x)} is the result of a computation; save its .detach() or its .data")
        return {"tensor": kept(x.data, where, arrays), "requires_grad": x.requires_grad, "name": x.name}
    if isinstance(x, (ndarray, np.generic)) and x.dtype.kind in "biuf":
        return {"array" if isinstance(x, ndarray) else "number": kept(np.asarray(x), where, arrays)}
    place = f" (at {'.'.join(where)})" if where else ""
    raise DtypeError(
        f"save: cannot save {type(x).__name__} {x!r:.60}{place}, only tensors, arrays of numbers, Python numbers, "
        "strings, None, and lists, tuples and dicts of them; of a module, save its state_dict()"
    )


def kept(array: ndarray, where: tuple[str, ...], arrays: dict[str, ndarray]) -> str:
    """Put an array among the others, and give the name it has there."""
    name = ".".join(where) or "array"
    while name in arrays:  # {"a.b": x, "a": {"b": y}}
        name += "_"
    arrays[name] = array
    return name


def decoded(x: Any, arrays: Mapping[str, ndarray]) -> Any:
    """The object that a piece of JSON stands for. The JSON parser has bounded its depth."""
    match x:
        case None | bool() | int() | float() | str():
            return x
        case list():
            return [decoded(y, arrays) for y in x]
        case {"tuple": list(items)}:
            return tuple(decoded(y, arrays) for y in items)
        case {"dict": list(items)}:
            return {str_or_int(key): decoded(y, arrays) for key, y in items}
        case {"array": str(name)}:
            return arrays[name]
        case {"number": str(name)}:
            return arrays[name][()]
        case {"tensor": str(name), "requires_grad": bool(requires_grad), "name": str() | None as label}:
            return Tensor(arrays[name], requires_grad=requires_grad, name=label)
    raise ValueError(f"{x!r:.60} has no meaning here")


def str_or_int(key: Any) -> str | int:
    """The key of a dict."""
    if type(key) not in (str, int):
        raise ValueError(f"{key!r:.60} is no key")
    return key  # type: ignore[no-any-return]


def array_in(member: bytes) -> ndarray:
    """The array in the content of a `.npy` file, once its header is found to be true.

    NumPy's own reader makes room for the shape in the header before it looks whether the numbers are there.
    """
    file = BytesIO(member)
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    else:
        shape, fortran, dtype = np.lib.format.read_array_header_2_0(file)
    if dtype.kind not in "biuf":
        raise ValueError(f"it holds {dtype}, not numbers")
    if file.tell() + prod(shape) * dtype.itemsize != len(member):
        raise ValueError(f"an array of shape {shape} does not have {len(member):,} bytes")
    return np.ndarray(shape, dtype, member, file.tell(), order="F" if fortran else "C").copy(order="K")


# .safetensors


def to_safetensors(obj: Any) -> bytes:
    """Named arrays in the format of the package safetensors."""
    package = safetensors()
    if not isinstance(obj, Mapping) or not all(type(key) is str for key in obj):
        raise DtypeError("save: .safetensors holds a dict of names and arrays, such as a state_dict(); .npz holds more")
    arrays: dict[str, ndarray] = {}
    for name, x in obj.items():
        if not isinstance(x, (Tensor, ndarray)):
            raise DtypeError(f"save: .safetensors holds arrays, and {name!r} is {type(x).__name__}; .npz holds more")
        arrays[name] = np.asarray(x.data if isinstance(x, Tensor) else x, order="C")  # it ignores strides
    return package.numpy.save(arrays)  # type: ignore[no-any-return]


def from_safetensors(content: bytes) -> dict[str, ndarray]:
    """The named arrays, in the order of their names."""
    package = safetensors()
    try:
        arrays = package.numpy.load(content)
    except package.SafetensorError as error:
        raise ValueError(str(error)) from None
    return {name: arrays[name] for name in sorted(arrays)}


def safetensors() -> Any:
    """The package, if it is installed."""
    try:
        import safetensors.numpy
    except ModuleNotFoundError:
        raise ImportError("a .safetensors file needs the package safetensors: pip install safetensors") from None
    return safetensors
