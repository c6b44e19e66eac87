"""The published JSON Schema of results; `python -m tests.grade.schemas` writes it anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tinygrad_edu.grade import results

SCHEMA = Path(results.__file__).with_name("result.schema.json")

WIDTH = 120


def in_lines(x: Any, indent: str = "") -> str:
    """JSON with an object or an array in one line wherever it fits, so that a schema has a line for each field."""
    short = json.dumps(x, ensure_ascii=False)
    if not isinstance(x, (dict, list)) or len(indent + short) <= WIDTH:
        return short
    items = [f"{json.dumps(key)}: {in_lines(y, indent + ' ')}" for key, y in x.items()] if isinstance(x, dict) else []
    items = items or [in_lines(y, indent + " ") for y in x]
    opening, closing = "{}" if isinstance(x, dict) else "[]"
    return opening + ",".join(f"\n{indent} {item}" for item in items) + f"\n{indent}{closing}"


if __name__ == "__main__":
    SCHEMA.write_text(in_lines(results.FORMAT.schema()) + "\n", encoding="utf-8", newline="\n")
