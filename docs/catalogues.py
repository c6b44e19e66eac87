"""The texts of the Chinese site: what has changed in the pages, and what is not translated yet.

    make catalogues                                        # take the changes of all pages over into docs/locale
    python docs/catalogues.py lessons/10_convolution       # those of one page
    python docs/catalogues.py --check                      # say what lacks a translation; exit code 1 if too much does

A page's catalogue, `docs/locale/zh_CN/LC_MESSAGES/<page>.po`, holds its paragraphs and, under each, the translation.
When a paragraph changes, its translation is kept beside it, marked `fuzzy`, until somebody has looked at it. Nothing is
run for this. `docs/locale/allowance.txt` lists the pages that may lag behind, and by how many paragraphs.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from babel.messages.pofile import read_po
from sphinx.cmd.build import main as sphinx_build
from sphinx_intl.basic import update

DOCS = Path(__file__).parent
LOCALE = DOCS / "locale"
CATALOGUES = LOCALE / "zh_CN" / "LC_MESSAGES"
TRANSLATED = ["index", "start", "lessons", "lessons/*"]
LIST = re.compile(r"\d+\. ")
"""How a list begins: Sphinx leaves a heading in English whose translation it reads as one; write `7\\. `, not `7. `."""


def templates(folder: str, pages: list[str]) -> None:
    """Write the texts of the pages into a folder, without running anything."""
    settings = {
        "root_doc": pages[0],
        "include_patterns": ",".join(f"{page}.*" for page in pages),
        "nb_execution_mode": "off",
        "suppress_warnings": "toc,myst.xref_missing,image.not_readable",  # of what is left out here
    }
    given = [word for name, value in settings.items() for word in ("-D", f"{name}={value}")]
    if sphinx_build(["-q", "-W", "-b", "gettext", *given, "-d", f"{folder}/.read", str(DOCS), folder]):
        sys.exit("the texts could not be read")


def findings(folder: Path) -> Iterator[str]:
    """A line for each page of which more lacks a translation than is allowed."""
    allowed = allowance()
    for template in sorted(folder.rglob("*.pot")):
        page = template.relative_to(folder).with_suffix("").as_posix()
        lacking = untranslated(template, CATALOGUES / f"{page}.po")
        if len(lacking) > allowed.get(page, 0):
            yield f"{page}: {len(lacking)} texts lack a translation ({allowed.get(page, 0)} allowed). The first:"
            yield f"    {lacking[0]}"


def untranslated(template: Path, catalogue: Path) -> list[str]:
    """The texts of a page that its catalogue does not have, or has with an old translation or none."""
    with template.open("rb") as file:
        texts = [message.id for message in read_po(file) if message.id]
    if not catalogue.exists():
        return texts
    with catalogue.open("rb") as file:
        known = {message.id: message.string for message in read_po(file) if not message.fuzzy}
    done = {text for text, translation in known.items() if translation and not LIST.match(translation)}
    return [text for text in texts if text not in done]


def allowance() -> dict[str, int]:
    """How many texts of each page may lack a translation."""
    lines = (LOCALE / "allowance.txt").read_text(encoding="utf-8").splitlines()
    entries = (line.split() for line in lines if line and not line.startswith("#"))
    return {page: int(count) for page, count in entries}


def main() -> None:
    """Update or check."""
    parser = argparse.ArgumentParser(description="Update the catalogues of the Chinese site.")
    parser.add_argument("pages", nargs="*", default=TRANSLATED, help="such as lessons/02_tensors (default: all)")
    parser.add_argument("--check", action="store_true", help="change nothing; say what lacks a translation")
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        templates(folder, given.pages)
        if not given.check:
            update(str(LOCALE), folder, ["zh_CN"], line_width=120)
            return
        found = list(findings(Path(folder)))
    if found:
        sys.exit("\n".join([*found, "`make catalogues` takes the changed texts over into docs/locale."]))


if __name__ == "__main__":
    main()
