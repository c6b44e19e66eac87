"""The published JSON Schemas, a line for each field; `python -m tests.schemas` writes them anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tinygrad_edu._support.json_records import Format
from tinygrad_edu.grade import results
from tinygrad_edu.graph.formats import json_form as graphs
from tinygrad_edu.step import json_form as scripts

SCHEMAS: dict[Path, Format] = {
    Path(module.__file__).with_name(name): module.FORMAT
    for name, module in (
        ("graph.schema.json", graphs), ("script.schema.json", scripts), ("result.schema.json", results)
    )
    if module.__file__
}  # fmt: skip
"""The file of each schema, and the format that it describes."""


def written(schema: Any, key: str = "", indent: str = "\n") -> str:
    """A schema as text: each of its properties and definitions on a line, and each field of a definition."""
    if not (key in ("properties", "$defs") or (isinstance(schema, dict) and "properties" in schema)):
        return json.dumps(schema, ensure_ascii=False)
    deeper = indent + " "
    parts = [f"{deeper}{json.dumps(name)}: {written(part, name, deeper)}" for name, part in schema.items()]
    return f"{{{','.join(parts)}{indent}}}"


if __name__ == "__main__":
    for path, form in SCHEMAS.items():
        path.write_text(written(form.schema()) + "\n", encoding="utf-8", newline="\n")
