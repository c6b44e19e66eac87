"""Is an assignment sound? Does its reference get all points, its starter none, and every wrong program fewer?

- checking: `check_assignment`, which tries all that and says what to mend
- course: what is tried out, and where it runs
- solutions: the reference and the starter
- programs, trials: wrong programs, made of the reference; which of them lose points
- answers: wrong gradients, in the place of the reference's
- report: what was found, as records and as text
"""

from .checking import check_assignment
from .programs import WrongProgram, wrong_programs
from .report import Finding, Soundness

__all__ = ["Finding", "Soundness", "WrongProgram", "check_assignment", "wrong_programs"]
