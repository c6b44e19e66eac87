"""The published JSON Schema of results; `python -m tests.grade.schemas` writes it anew."""

from __future__ import annotations

import json
from pathlib import Path

from tinygrad_edu.grade import results

SCHEMA = Path(results.__file__).with_name("result.schema.json")

if __name__ == "__main__":
    text = json.dumps(results.FORMAT.schema(), ensure_ascii=False, indent=1) + "\n"
    SCHEMA.write_text(text, encoding="utf-8", newline="\n")
