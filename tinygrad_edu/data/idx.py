"""IDX files, the format of MNIST: a header, then the numbers of one array in C order.

The header is two zero bytes, a code for the dtype, the number of axes, and the size of each axis as a big-endian 32-bit
number.
Format: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", section "File formats".
"""

from __future__ import annotations

import os
import zlib
from math import prod
from pathlib import Path

import numpy as np
from numpy import ndarray

from .._support.files import read_file
from ..errors import FileError

__all__ = ["read_idx"]

DTYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}

LARGEST = 2**26
"""The most bytes that are unpacked: a packed file may unpack to a thousand times its size."""


def read_idx(path: str | os.PathLike[str]) -> ndarray:
    """The array in an IDX file; one with the extension .gz is unpacked first.

    Raises `FileError` where the file is missing, cut off, longer than its header says, or not an IDX file.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile(delete=False) as file:
    ...     file.write(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]))
    11
    >>> read_idx(file.name)
    array([7, 8, 9], dtype=uint8)
    >>> os.remove(file.name)
    """
    path = Path(path)
    return from_idx(unpacked(path, content_of(path)), path)


def content_of(path: Path) -> bytes:
    """The bytes of a file."""
    try:
        return read_file(path)
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}") from None


def unpacked(path: Path, content: bytes) -> bytes:
    """The content of a file; of one with the extension .gz, decompressed."""
    if path.suffix != ".gz":
        return content
    unzip = zlib.decompressobj(wbits=31)  # 31: expect the header and the checksum of gzip
    try:
        plain = unzip.decompress(content, LARGEST)
    except zlib.error as error:
        raise FileError(f"{path} is damaged, or no gzip file: {error}; get it again") from None
    if len(plain) == LARGEST:
        raise FileError(f"{path} unpacks to {LARGEST:,} bytes or more, and no file of MNIST is so large")
    if not unzip.eof:
        raise FileError(f"{path} is cut off; get it again")
    return plain


def from_idx(content: bytes, path: Path) -> ndarray:
    """The array in the content of an IDX file, in the byte order of this machine."""
    zeros, code, ndim = content[:2], content[2:3], content[3:4]
    if zeros != b"\0\0" or not code or code[0] not in DTYPES or not ndim:
        raise FileError(f"{path} is no IDX file: it begins with {content[:4].hex(' ') or 'nothing'}")
    start = 4 + 4 * ndim[0]
    shape = tuple(np.frombuffer(content[4:start], ">u4", (len(content[4:start])) // 4).tolist())
    dtype = np.dtype(DTYPES[code[0]])
    size = start + prod(shape) * dtype.itemsize
    if len(shape) < ndim[0] or len(content) < size:
        raise FileError(f"{path} is cut off: {shape} numbers should be in it, not {len(content):,} bytes; get it again")
    if len(content) > size:
        raise FileError(f"{path} is damaged: {len(content) - size:,} bytes follow its {shape} numbers; get it again")
    try:
        return np.frombuffer(content, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))
    except ValueError as error:  # more axes, or larger ones, than NumPy has
        raise FileError(f"{path} is damaged: {error}") from None
