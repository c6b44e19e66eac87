"""Formulas on lines of their own, in another language: words in them are translated like any paragraph.

Sphinx would read the translation of such a formula as reStructuredText, and our pages are Markdown. So it is put in
its place before Sphinx looks.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import init
from sphinx.transforms import SphinxTransform
from sphinx.util.i18n import docname_to_domain


class TranslateFormulas(SphinxTransform):
    """Put the translation of each formula in its place."""

    default_priority = 19  # Sphinx's own translation is 20

    def apply(self) -> None:
        """Called by Sphinx for every page."""
        domain = docname_to_domain(self.env.docname, self.config.gettext_compact)
        folders = [self.env.srcdir / folder for folder in self.config.locale_dirs]
        catalogue, found = init(folders, self.config.language, domain)
        if not found:
            return
        for formula in self.document.findall(nodes.math_block):
            text = formula.rawsource or formula.astext()
            translation = catalogue.gettext(text)
            if translation != text:
                formula.rawsource, formula.children = translation, [nodes.Text(translation)]


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_transform(TranslateFormulas)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
