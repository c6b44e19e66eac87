"""The published JSON Schemas are those of the records."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from tests.schemas import SCHEMAS, written


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_the_published_schema_is_the_one_of_the_records_and_is_itself_right(path: Path) -> None:
    schema = SCHEMAS[path].schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert path.read_text(encoding="utf-8") == written(schema) + "\n", "python -m tests.schemas writes it anew"
