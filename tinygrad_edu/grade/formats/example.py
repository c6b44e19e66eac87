"""A result to try the formats with."""

from ..results import CheckResult, IsolationReached, Line, Result

__all__ = ["EXAMPLE"]


EXAMPLE = Result(
    assignment="hw1",
    title="Backpropagation by hand",
    student="emmy",
    status="graded",
    score=2.5,
    max_score=5.0,
    checks=(
        CheckResult("product_rule", "Product rule", "pass", 2.5, 2.5),
        CheckResult(
            "broadcasting", "Broadcasting", "fail", 0.0, 1.5,
            "add_backward: the gradient of b has shape (3, 5), not (5,)",
            kind="not summed back", where="result 2 of add_backward",
            how="b was stretched to the shape of a: sum its gradient over the axes that were added",
        ),
        CheckResult(
            "chain_rule", "Chain rule", "skipped", 0.0, 1.0, "there is no tanh_backward in your program", kind="missing"
        ),
    ),
    submission="emmy.py",
    submission_sha256="4d0f" * 16,
    assignment_sha256="a3c9" * 16,
    seeds="51b2" * 4,
    grader="tinygrad_edu 0.1, NumPy 2.0",
    key="77ab" * 16,
    isolation=IsolationReached(5),
    problems=(Line("emmy.py", 12, "def tanh_backward(upstream, x) return", "syntax error: expected ':'"),),
)  # fmt: skip
"""A result to try the formats with: one check passed, one failed, one was skipped."""
