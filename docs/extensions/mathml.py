"""Mathematics as MathML, which browsers draw themselves: the pages need neither a script nor a network for it."""

import re
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

logger = logging.getLogger(__name__)

PUNCTUATION = re.compile(r"[,.;:!?)，。；：！？）、”]+")

BARE_ARGUMENT = re.compile(r"<mo>&ApplyFunction;</mo>(?!\s*(<mrow>\s*)?<mo[^>]*>[(|])")
"""After `log`, where no bracket follows: browsers leave no room there."""

BAR = re.compile(r'<mover accent="true">((?:(?!</?mover).)*?<mo stretchy="false">)\u02c9', re.DOTALL)
"""The bar of a mean as docutils has it: a tone mark, wide in Chinese fonts, and so low that it touches the letter."""

ONE_DIGIT = re.compile(
    r"((?:\\[dt]?(?:frac|binom)\s*(?:\{[^{}]*\}|\d)?|\\(?:sqrt|hat|bar|vec|tilde)|[_^])\s*)"  # what takes arguments
    r"(\d)(?=\d)"
)
"""An argument without braces: TeX takes one digit, as in \\frac12, and docutils all digits that follow."""


class KeepPunctuation(SphinxPostTransform):
    """No line begins with the comma that follows a formula."""

    default_priority = 700

    def run(self, **options: Any) -> None:
        """Put each formula and its comma into a span that is not broken."""
        for formula in list(self.document.findall(nodes.math)):
            after = formula.next_node(descend=False, siblings=True)
            found = PUNCTUATION.match(after) if isinstance(after, nodes.Text) else None
            if found:
                kept = nodes.inline("", "", formula.deepcopy(), nodes.Text(found[0]), classes=["unbroken"])
                formula.parent.replace(after, nodes.Text(after[found.end() :]))
                formula.parent.replace(formula, kept)


def inline(translator: Any, node: nodes.math) -> None:
    """A formula in a line of text."""
    translator.body.append(mathml(node, as_block=False))
    raise nodes.SkipNode


def block(translator: Any, node: nodes.math_block) -> None:
    """A formula on a line of its own, which scrolls where it is wider than the page."""
    translator.body.append(f'<div class="formula">{mathml(node, as_block=True)}</div>')
    raise nodes.SkipNode


def mathml(node: nodes.Element, *, as_block: bool) -> str:
    """The formula; a warning, which fails the build, for LaTeX that is not known."""
    try:
        mathml = str(tex2mathml(ONE_DIGIT.sub(r"\1{\2}", node.astext()), as_block=as_block))
        return BAR.sub("<mover>\\1\u00af", BARE_ARGUMENT.sub('<mspace width="0.17em"/>', mathml))
    except MathError as error:
        logger.warning("the formula %s: %s", node.astext(), error, location=node)
        return ""


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_post_transform(KeepPunctuation)
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
