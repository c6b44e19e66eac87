"""How Sphinx builds the site: `make docs`.

The lessons are the programs in `tutorials/`. They are copied to `docs/lessons` and read as notebooks: their comments
are the text, their cells are run, and an error in one of them fails the build. The Chinese site is built from the same
pages, with the texts in `docs/locale`. Its cells are run once more, for their players and comments to be Chinese, too:
`TINYGRAD_EDU_LANG` says so, to them and to this file.
"""

import os
import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS))

from extensions.lessons import copy_lessons  # noqa: E402

import tinygrad_edu  # noqa: E402

speaks = os.environ.get("TINYGRAD_EDU_LANG", "en")
copy_lessons(DOCS / "lessons", speaks)
os.environ["PYTHONPATH"] = str(DOCS.parent / "tutorials")  # lessons import from `programs` there

project = "tinygrad_edu"
author = "the tinygrad_edu authors"
copyright = {"en": author, "zh": "tinygrad_edu的作者们"}[speaks]
version = release = tinygrad_edu.__version__
language = {"en": "en", "zh": "zh_CN"}[speaks]

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "extensions.docstrings",
    "extensions.families",
    "extensions.formulas",
    "extensions.kernels",
    "extensions.languages",
    "extensions.lessons",
    "extensions.mathml",
    "extensions.outputs",
    "extensions.pictures",
]
exclude_patterns = ["_build", "extensions", "pictures", "*.py"]
templates_path = ["_templates"]

# Text

myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
source_suffix = {".md": "myst-nb", ".py": "myst-nb", ".rst": "restructuredtext"}
nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}

# Cells

nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_in_temp = True
nb_execution_timeout = 600
nb_merge_streams = True
nb_code_prompt_show = {"en": "Show the checks", "zh": "显示检查"}[speaks]  # cells of asserts alone are folded
nb_code_prompt_hide = {"en": "Hide the checks", "zh": "隐藏检查"}[speaks]

# Docstrings: `name` in single quotes is code, and a link where it is ours.

default_role = "py:obj"
nitpicky = True
nitpick_ignore_regex = [("py:class", ".*")]  # types in signatures, many of which are other packages' or not public
autodoc_member_order = "groupwise"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_use_type_comments = False
python_maximum_signature_line_length = 100
add_module_names = False
toc_object_entries_show_parents = "hide"

# Translation

locale_dirs = ["locale"]
gettext_compact = False
gettext_location = False
gettext_uuid = False
gettext_additional_targets = ["raw"]  # the word on a folded part

# Pages

html_theme = "furo"
pygments_dark_style = "github-dark"
html_title = "tinygrad_edu"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "language.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
copybutton_exclude = ".linenos, .gp, .go"  # copied without prompts and results
