"""The bytes of DOT, JSON, Mermaid and of our own SVG, on any platform and in any run."""

from __future__ import annotations

import pytest

from .golden import FOLDER, files

FILES = dict(files())


@pytest.mark.parametrize("name", FILES)
def test_the_bytes_are_those_of_the_golden_file(name: str) -> None:
    golden = (FOLDER / name).read_bytes().decode()
    assert FILES[name] == golden, "python -m tests.graph.golden writes it anew; look at what has changed"


def test_there_are_no_other_golden_files() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(FILES)
