"""Results in the formats that courses use already.

- gradescope, github, prairielearn: what these services read
- gradebooks: CSV, for Canvas, Moodle and any spreadsheet
- junit: XML for continuous integration
- report: pages for students and for who teaches them
- writing: all of them into files, by name
- escaping, words: students' text made safe in each; what all say alike
"""

from .github import github, obeying_nothing
from .gradebooks import Gradebook, canvas, moodle, plain
from .gradescope import gradescope
from .junit import junit
from .prairielearn import prairielearn
from .report import class_report, student_report
from .writing import FORMATS, fill_gradebook, write_results

__all__ = [
    "FORMATS", "Gradebook", "canvas", "class_report", "fill_gradebook", "github", "gradescope", "junit",
    "moodle", "obeying_nothing", "plain", "prairielearn", "student_report", "write_results",
]  # fmt: skip
