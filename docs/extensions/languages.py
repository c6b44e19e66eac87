"""Two languages: each page links to itself in the other one, and the Chinese site has Chinese labels and search."""

import re
from fnmatch import fnmatch
from typing import Any

from jinja2.ext import Extension
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.search.zh import SearchChinese

ENGLISH, CHINESE = "English", "中文"
TOGGLE = "Toggle navigation of "
IN_ENGLISH = ["howto/gradescope", "howto/primitive", "reference/*", "svg", "design", "benchmarks", "CONTRIBUTING",
              "changelog"]  # fmt: skip
"""The pages that stay English; only their headings are translated."""


def link_languages(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Tell the templates the name and the place of the other language; translate what Furo's program says."""
    chinese = app.config.language == "zh_CN"
    context["other_language"] = ("en", ENGLISH) if chinese else ("zh-CN", CHINESE)
    context["other_page"] = ("../" if chinese else "zh_CN/") + page + ".html"
    if chinese and any(fnmatch(page, pattern) for pattern in IN_ENGLISH):
        context["body"] = f"<p><em>（本页正文为英文。）</em></p>{context['body']}"
    context["furo_navigation_tree"] = context["furo_navigation_tree"].replace(TOGGLE, _(TOGGLE))


class Labels(Extension):
    """Furo's templates ask for the translation of most of their words; here they ask for that of the others, too."""

    LABEL = re.compile(r"""((?:aria-label=")|<title>|</a>)([A-Z][\w /,]*|'s)(?=["<\n])""")

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Called by Jinja for every template."""
        return self.LABEL.sub(r'\1{{ _("\2") }}', source)


def translate_labels(app: Sphinx) -> None:
    """Have Jinja do it, before Furo's templates are read."""
    if app.builder.format == "html":
        app.builder.templates.environment.add_extension(Labels)


class Search(SearchChinese):
    """Chinese is written without spaces: each character and each two beside each other are indexed, and the query is
    cut into twos as well, all of which a page has to have.
    """

    language_name = "English"  # Sphinx 9.0 takes the stemmer of this name, and it is the English one that it brings
    js_splitter_code = r"""
var splitQuery = (query) =>
  (query.match(/[\u4e00-\u9fff]+|[a-z0-9_]+/gi) || []).flatMap((run) =>
    run.length > 1 && run > "\u4e00" ? Array.from(run.slice(1), (last, i) => run[i] + last) : [run]);
"""

    def split(self, input: str) -> list[str]:
        """The words of a text, for the index."""
        runs = re.findall(r"[\u4e00-\u9fff]+", input)
        twos = (run[i : i + 2] for run in runs for i in range(len(run) - 1))
        return [*super().split(input), *"".join(runs), *twos]

    def word_filter(self, word: str) -> bool:
        """Whether a word is worth an entry."""
        return len(word) > 1 or word > "\u4e00"


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_search_language(Search)
    app.connect("builder-inited", translate_labels)
    app.connect("html-page-context", link_languages, priority=900)  # after Furo
    return {"parallel_read_safe": True, "parallel_write_safe": True}
