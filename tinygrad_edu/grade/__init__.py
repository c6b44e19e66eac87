"""Grade homework that nobody vouches for.

The grader holds the tests, the seeds and the expected values, and never imports or executes anything of a submission.
The submission runs in a child process behind as many walls as the system has; it gets arrays and answers arrays.

- submission/: what was handed in, as text
- sandbox/: the trusted side: starts children, asks, believes nothing
- inside/: the untrusted side: what runs beside a student's program
- compare: is the answer right? Points only for an explicit pass
- assignment, expect: what an instructor writes; results: what comes of it
- loading: from the assignment's file; grading: all checks of one submission; jobs, many: a whole class
- formats/: results for Gradescope, GitHub, gradebooks and people
- soundness/: is the assignment itself sound?
- errors, text: whose fault it is; students' text made safe to show
"""

from .._support.text import clean
from .assignment import Assignment, Check
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
from .loading import Loaded, load_assignment
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
