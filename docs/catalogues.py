"""The texts of the Chinese site and notebooks: what has changed in the pages, and what is not translated yet.

    make catalogues                                        # take the changes of all pages over into docs/locale
    python docs/catalogues.py lessons/10_convolution       # those of one page
    python docs/catalogues.py --check                      # say what lacks a translation; exit code 1 if too much does

A page's catalogue, `docs/locale/zh_CN/LC_MESSAGES/<page>.po`, holds its paragraphs and, under each, the translation;
that of a page which stays English holds its headings. Beside the catalogue of a lesson there is one for its code, in
the folder `code`: the comments and docstrings of the lesson and its exercises, and the lesson's strings with words.
When a paragraph changes, its translation is kept beside it, marked `fuzzy`, until somebody has looked at it. Nothing is
run for this; the gallery has to be drawn before. `docs/locale/allowance.txt` lists the pages that may lag behind, and
by how many paragraphs.
"""

from __future__ import annotations

import argparse
import pickle
import re
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryDirectory

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po
from docutils.nodes import caption, title
from extensions.languages import IN_ENGLISH
from sphinx.cmd.build import main as sphinx_build
from sphinx_intl.basic import update

from tinygrad_edu.cli.lessons import lessons
from tinygrad_edu.cli.translation import texts_in_code

DOCS = Path(__file__).parent
LOCALE = DOCS / "locale"
CATALOGUES = LOCALE / "zh_CN" / "LC_MESSAGES"
PAGES = ["index", "**"]
HEADINGS_ONLY = [*IN_ENGLISH, "terms"]
"""Pages of which only the headings are translated, for the navigation; `terms` is in both languages by itself."""
LIST = re.compile(r"\d+\. ")
"""How a list begins: Sphinx leaves a heading in English whose translation it reads as one; write `7\\. `, not `7. `."""


def templates(folder: str, pages: list[str]) -> None:
    """Write the texts of the pages into a folder, without running anything."""
    settings = {
        "root_doc": pages[0],
        "include_patterns": ",".join(f"{page}.*" for page in pages),
        "nb_execution_mode": "off",
        "suppress_warnings": "toc,myst.xref_missing,image.not_readable,myst-nb.lexer",  # of what is left out here
    }
    given = [word for name, value in settings.items() for word in ("-D", f"{name}={value}")]
    if sphinx_build(["-q", "-W", "-b", "gettext", *given, "-d", f"{folder}/.read", str(DOCS), folder]):
        sys.exit("the texts could not be read")
    for template in Path(folder).rglob("*.pot"):
        page = template.relative_to(folder).with_suffix("").as_posix()
        if any(fnmatch(page, pattern) for pattern in HEADINGS_ONLY):
            keep(template, headings(Path(folder, ".read", f"{page}.doctree")))
    for lesson in lessons():
        if any(fnmatch(f"lessons/{lesson.name}", page) for page in pages):
            code = Path(folder, "code", f"{lesson.name}.pot")
            code.parent.mkdir(exist_ok=True)
            asked = (
                texts_in_code(p.read_text("utf-8"), strings=p.parent != lesson.exercises) for p in lesson.all_programs
            )
            write(code, [text for texts in asked for text in texts])


def headings(page: Path) -> set[str]:
    """The headings of a page that Sphinx has read."""
    document = pickle.loads(page.read_bytes())
    return {heading.rawsource for kind in (title, caption) for heading in document.findall(kind)}


def keep(template: Path, texts: set[str]) -> None:
    """Leave in a template only these texts."""
    with template.open("rb") as file:
        write(template, [message.id for message in read_po(file) if message.id in texts])


def write(template: Path, texts: list[str]) -> None:
    """Write texts as a template."""
    catalogue = Catalog(project="tinygrad_edu")
    for text in texts:
        catalogue.add(text)
    with template.open("wb") as file:
        write_po(file, catalogue, width=120)


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
    parser.add_argument("pages", nargs="*", default=PAGES, help="such as lessons/02_tensors (default: all)")
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
