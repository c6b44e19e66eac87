"""Tables of formats: what an extension means, and what is written."""

from __future__ import annotations

import os
from io import BytesIO, StringIO
from pathlib import Path

import pytest

import tinygrad_edu as tg
from tinygrad_edu._support.formats import Writer, format_of, save_as, write_to
from tinygrad_edu.errors import FileError

FORMATS: dict[str, Writer] = {".txt": lambda x: f"{x} ∂", ".bin": lambda x: bytes([x])}


def test_text_is_written_in_utf_8_and_bytes_as_they_are(tmp_path: Path) -> None:
    assert save_as(tmp_path / "x.TXT", FORMATS, 3).read_bytes() == "3 ∂".encode()
    assert save_as(str(tmp_path / "x.bin"), FORMATS, 3).read_bytes() == b"\x03"


def test_a_refusal_names_the_function_and_the_way_out() -> None:
    with pytest.raises(FileError, match=r"^load: 'x\.npy' has none of the extensions \.txt, \.bin$"):
        format_of("folder.txt/x.npy", FORMATS, function="load")
    for nothing in (None, 3, [".txt"]):
        with pytest.raises(FileError, match=r"^load: takes the path of a file, such as 'z\.txt', not "):
            format_of(nothing, FORMATS, function="load")  # type: ignore[arg-type]
    with pytest.raises(FileError, match=r"^save: an open file has no extension; say the format, one of \.txt, \.bin$"):
        write_to(BytesIO(), None, FORMATS, 3)
    with pytest.raises(FileError, match=r"^save: bin is binary; open the file with mode 'wb'$"):
        write_to(StringIO(), "bin", FORMATS, 3)


def test_what_cannot_be_written_names_the_file_and_leaves_nothing_behind(tmp_path: Path) -> None:
    said = r"^save: cannot write .*x\....: No such file or directory; make the folder .*none first$"
    with pytest.raises(FileNotFoundError, match=said):
        save_as(tmp_path / "none" / "x.txt", FORMATS, 3)
    with pytest.raises(FileNotFoundError, match=said):
        tg.save([3], tmp_path / "none" / "x.npz")
    assert os.listdir(tmp_path) == []
