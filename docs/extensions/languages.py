"""Two languages: each page links to itself in the other one, and the search of the Chinese site finds Chinese words."""

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.search.zh import SearchChinese

ENGLISH, CHINESE = "English", "中文"


def link_languages(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Tell the template `language.html` the name and the place of the other language."""
    chinese = app.config.language == "zh_CN"
    context["other_language"] = ("en", ENGLISH) if chinese else ("zh-CN", CHINESE)
    context["other_page"] = ("../" if chinese else "zh_CN/") + page + ".html"


class Search(SearchChinese):
    """Chinese is written without spaces: what stands between two signs is a word here, and any two characters in it."""

    language_name = "English"  # Sphinx 9.0 takes the stemmer of this name, and it is the English one that it brings

    def split(self, input: str) -> list[str]:
        """The words of a text, for the index."""
        runs = re.findall(r"[\u4e00-\u9fff]+", input)
        return [*super().split(input), *runs, *(run[i : i + 2] for run in runs for i in range(len(run) - 1))]


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_search_language(Search)
    app.connect("html-page-context", link_languages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
