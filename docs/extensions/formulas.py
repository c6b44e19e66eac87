"""Formulas on lines of their own, and the words on folded parts, in another language.

Sphinx would read the translation of a formula or of a piece of HTML as reStructuredText, and our pages are Markdown. So
it is put in its place before Sphinx looks.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import init
from sphinx.transforms import SphinxTransform
from sphinx.util.i18n import docname_to_domain


class TranslateFormulas(SphinxTransform):
    """Put the translation of each formula, and of each piece of HTML, in its place."""

    default_priority = 19  # Sphinx's own translation is 20

    def apply(self) -> None:
        """Called by Sphinx for every page."""
        domain = docname_to_domain(self.env.docname, self.config.gettext_compact)
        folders = [self.env.srcdir / folder for folder in self.config.locale_dirs]
        catalogue, found = init(folders, self.config.language, domain)
        if not found:
            return
        for kind in (nodes.math_block, nodes.raw):
            for node in self.document.findall(kind):
                text = node.rawsource or node.astext()
                translation = catalogue.gettext(text)
                if translation != text:
                    node.rawsource, node.children = translation, [nodes.Text(translation)]


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_transform(TranslateFormulas)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
