"""Formulas on lines of their own, the words on folded parts, and comments in blocks of code, in another language.

Sphinx would read the translation of a formula or of a piece of HTML as reStructuredText, and our pages are Markdown; of
code it translates all or nothing. So these are put in their places before Sphinx looks.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import init
from sphinx.transforms import SphinxTransform
from sphinx.util.i18n import docname_to_domain

COMMENT = re.compile(r"(?:^|(?<=\s))# (\S.*)$", re.MULTILINE)


class TranslateFormulas(SphinxTransform):
    """Put the translation of each formula, each piece of HTML and each comment in its place."""

    default_priority = 19  # Sphinx's own translation is 20

    def apply(self) -> None:
        """Called by Sphinx for every page."""
        blocks = list(self.document.findall(nodes.literal_block))
        if self.app.builder.name == "gettext":
            if not self.env.docname.startswith("lessons/"):  # comments there are translated with the program
                comments = {comment for block in blocks for comment in COMMENT.findall(block.astext())}
                for comment in sorted(comments):
                    node = nodes.raw(comment, comment, format="", translatable=True)
                    node.source = self.document["source"]
                    self.document += node
            return
        domain = docname_to_domain(self.env.docname, self.config.gettext_compact)
        folders = [self.env.srcdir / folder for folder in self.config.locale_dirs]
        catalogue, there = init(folders, self.config.language, domain)
        if not there:
            return
        for kind in (nodes.math_block, nodes.raw):
            for node in self.document.findall(kind):
                text = node.rawsource or node.astext()
                replace(node, catalogue.gettext(text))
        for block in blocks:
            replace(block, COMMENT.sub(lambda found: f"# {catalogue.gettext(found[1])}", block.astext()))


def replace(node: nodes.TextElement, text: str) -> None:
    """Let a node say this, if it is not what it says."""
    if text != node.astext():
        node.rawsource, node.children = text, [nodes.Text(text)]


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_transform(TranslateFormulas)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
