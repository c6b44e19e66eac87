"""Writes results in the formats that courses use.

- services: Gradescope, GitHub, PrairieLearn, JUnit; autograder: the zip for Gradescope
- gradebooks: CSV, for Canvas, Moodle and any spreadsheet
- pages: HTML for students and teachers
- writing: all formats by name, into files
- words: what all formats say in the same words, and escapes for students' text
- graphs: the student's graph beside the right one, as lines and as pictures
"""

from .gradebooks import Gradebook, canvas, moodle, plain
from .pages import class_report, student_report
from .services import github, gradescope, junit, obeying_nothing, prairielearn
from .writing import FORMATS, fill_gradebook, write_results

__all__ = [
    "FORMATS", "Gradebook", "canvas", "class_report", "fill_gradebook", "github", "gradescope", "junit",
    "moodle", "obeying_nothing", "plain", "prairielearn", "student_report", "write_results",
]  # fmt: skip
