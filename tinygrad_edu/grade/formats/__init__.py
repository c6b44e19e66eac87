"""Writes results in the formats that courses use.

- gradescope, github, prairielearn: JSON for these services; autograder: the zip for Gradescope
- gradebooks: CSV, for Canvas, Moodle and any spreadsheet
- junit: XML for continuous integration
- pages: HTML for students and teachers
- writing: all formats by name, into files
- words: what all formats say in the same words, and escapes for students' text
- graphs: the student's graph beside the right one, as lines and as pictures
- example: a result to try the formats with
"""

from .github import github, obeying_nothing
from .gradebooks import Gradebook, canvas, moodle, plain
from .gradescope import gradescope
from .junit import junit
from .pages import class_report, student_report
from .prairielearn import prairielearn
from .writing import FORMATS, fill_gradebook, write_results

__all__ = [
    "FORMATS", "Gradebook", "canvas", "class_report", "fill_gradebook", "github", "gradescope", "junit",
    "moodle", "obeying_nothing", "plain", "prairielearn", "student_report", "write_results",
]  # fmt: skip
