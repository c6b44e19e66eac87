"""The English and the Chinese site stand in one another: each page links to itself in the other language."""

from typing import Any

from sphinx.application import Sphinx

ENGLISH, CHINESE = "English", "中文"


def link_languages(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Tell the template `language.html` the name and the place of the other language."""
    chinese = app.config.language == "zh_CN"
    context["other_language"] = ("en", ENGLISH) if chinese else ("zh-CN", CHINESE)
    context["other_page"] = ("../" if chinese else "zh_CN/") + page + ".html"


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("html-page-context", link_languages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
