"""Grades homework: runs untrusted submissions in a sandbox and compares their answers with the engine's.

The grader holds the tests, the seeds and the expected values, and never imports or executes any part of a submission.
The submission runs in a child process, behind as many walls as the system offers; it gets arrays and answers arrays.

- assignment: `Assignment` and its checks; expect: what a check expects of an answer
- checks/: ready-made checks
- submission/: reads what a student handed in
- sandbox/: the trusted side, which starts children and checks everything they answer
- inside/: the untrusted side, which runs beside a student's program
- compare: compares an answer with the expected one; diagnosis/: finds the mistake that explains a wrong gradient
- grading: all checks of one submission; jobs, many: a whole class; results: the result, and its JSON
- formats/: results for Gradescope, GitHub, gradebooks and people
- soundness/: tests an assignment before a class gets it
- assignments/: five assignments to use; template/: the files of a new one
- errors: the errors of grading, by whose fault they are
"""

from .._support.text import clean
from .assignment import Assignment, Check, Loaded, load_assignment
from .compare import Outcome, Verdict, compare
from .errors import (
    AssignmentError,
    IsolationError,
    ResultError,
    SandboxError,
    StudentError,
    SubmissionError,
    WrongAnswer,
)
from .expect import expect, require
from .grading import grade_one
from .jobs import Job, jobs_in
from .many import grade_job, grade_many
from .results import CheckResult, Result, read_result
from .sandbox.isolation import Isolation, Limits
from .sandbox.proxies import Handle, Student, afterwards, evaluate, session_of
from .sandbox.sandbox import Sandbox
from .sandbox.session import Session
from .soundness import Soundness, check_assignment
from .submission.submission import Submission

__all__ = [
    "Assignment", "AssignmentError", "Check", "CheckResult", "Handle", "Isolation", "IsolationError", "Job", "Limits",
    "Loaded", "Outcome", "Result", "ResultError", "Sandbox", "SandboxError", "Session", "Soundness", "Student",
    "StudentError", "Submission", "SubmissionError", "Verdict", "WrongAnswer", "afterwards", "check_assignment",
    "clean", "compare", "evaluate", "expect", "grade_job", "grade_many", "grade_one", "jobs_in", "load_assignment",
    "read_result", "require", "session_of",
]  # fmt: skip
