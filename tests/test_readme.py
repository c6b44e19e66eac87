"""The README says the same in English and in Chinese."""

import hashlib
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh.md").read_text(encoding="utf-8")


def code(text: str) -> list[str]:
    """The lines of code, without their comments."""
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    indented = re.findall(r"^    \S.*", text, re.MULTILINE)
    return [re.sub(r"\s+# .*", "", line) for line in [*"".join(fenced).splitlines(), *indented]]


def test_code_headings_links_and_rows_of_tables_are_the_same() -> None:
    assert code(CHINESE) == code(ENGLISH)
    for part in (r"^#+ ", r"^\|", r"^\d\. ", r"^- ", r"\*\*"):
        found = [len(re.findall(part, text, re.MULTILINE)) for text in (ENGLISH, CHINESE)]
        assert found[0] == found[1], part
    links = [sorted(re.findall(r"\]\((.*?)\)", text)) for text in (ENGLISH, CHINESE)]
    assert links[1] == sorted("README.md" if link == "README.zh.md" else link for link in links[0])


def test_the_translation_is_of_this_text() -> None:
    """When README.md changes: translate the change, then write the sum that this test shows into the last line."""
    sum_of_english = hashlib.sha256(ENGLISH.encode()).hexdigest()[:16]
    assert CHINESE.endswith(f"<!-- README.md {sum_of_english} -->\n"), sum_of_english


def test_every_file_that_is_named_is_there() -> None:
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", ENGLISH):
        assert (ROOT / link).exists(), link
    for file in re.findall(r"`(tinygrad_edu/[\w/]+(?:\.py)?)`", ENGLISH):
        assert (ROOT / file).exists(), file
