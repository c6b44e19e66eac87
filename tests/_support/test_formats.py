"""Tables of formats: what an extension means, and what is written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tinygrad_edu._support.formats import Writer, format_of, save_as
from tinygrad_edu.errors import FileError

FORMATS: dict[str, Writer] = {".txt": lambda x: f"{x} ∂", ".bin": lambda x: bytes([x])}


def test_text_is_written_in_utf_8_and_bytes_as_they_are(tmp_path: Path) -> None:
    assert save_as(tmp_path / "x.TXT", FORMATS, 3).read_bytes() == "3 ∂".encode()
    assert save_as(str(tmp_path / "x.bin"), FORMATS, 3).read_bytes() == b"\x03"


def test_the_function_and_the_error_of_a_refusal_can_be_chosen() -> None:
    with pytest.raises(FileError, match=r"^load: 'x\.npy' has none of the extensions \.txt, \.bin$"):
        format_of("folder.txt/x.npy", FORMATS, function="load", error=FileError)


def test_what_cannot_be_written_names_the_file_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"^save: cannot write .*x\.txt: No such file or directory$"):
        save_as(tmp_path / "none" / "x.txt", FORMATS, 3)
    assert os.listdir(tmp_path) == []
