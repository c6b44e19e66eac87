"""The links of the built site and of Markdown files lead somewhere, and no page takes anything from another host.

python .ci/links.py docs/_build/html README.md README.zh.md

Links to other hosts are looked at by `make links`, which needs a network.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from mdit_py_plugins.anchors import anchors_plugin

LOADED = {"img": "src", "script": "src", "iframe": "src", "source": "srcset", "link": "href", "object": "data"}
"""What a browser fetches by itself."""

FETCHED_BY_STYLE = re.compile(r"""(?:@import|url\()\s*["']?((?:https?:)?//[^"')\s]+)""")


class Page(HTMLParser):
    """What stands in a page: places that can be linked to, links, and what is loaded with it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = FETCHED_BY_STYLE.findall(text)
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value is not None}
        self.places.update(given[name] for name in ("id", "name") if name in given)
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if LOADED.get(tag) in given:
            self.loaded.append(given[LOADED[tag]])
        if "srcdoc" in given:
            self.loaded += Page(given["srcdoc"]).loaded


@cache
def page(path: Path) -> Page:
    """The page in a file; headings of Markdown are places as on GitHub."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        text = MarkdownIt().use(anchors_plugin, max_level=6).render(text)
    return Page(text)


def findings(path: Path) -> Iterator[str]:
    """A line for each link that leads nowhere, and for each thing from another host."""
    for address in page(path).loaded:
        if urlsplit(address).netloc:
            yield f"{path} loads {address}"
    for address in [*page(path).links, *page(path).loaded]:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not target.exists():
            yield f"{path}: {address} does not exist"
        elif target.suffix in (".html", ".md") and unquote(parts.fragment) not in {"", *page(target).places}:
            yield f"{path}: {address} names a place that is not there"


def main(*given: str) -> None:
    """Look at the files, and at all pages in the folders; exit with 1 if something is found."""
    paths = [Path(name) for name in given]
    files = [file for path in paths for file in (sorted(path.rglob("*.html")) if path.is_dir() else [path])]
    found = [line for file in files for line in findings(file.resolve())]
    if found:
        sys.exit("\n".join(found))
    print(f"{len(files)} pages: every link leads somewhere, and nothing is loaded from another host")


if __name__ == "__main__":
    main(*sys.argv[1:])
