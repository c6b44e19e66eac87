"""Tests an assignment before a class gets it.

The reference must get all points, the starter none, and every wrong program must lose some.

- checking: `check_assignment`, the whole test
- course: runs programs on the assignment; the reference and the starter
- programs: wrong programs, made from the reference, and which of them lose points
- answers: wrong gradients, and odd answers, in place of the reference's
- findings: what to mend, as records and as text
"""

from .checking import check_assignment
from .findings import Finding, Soundness
from .programs import WrongProgram, wrong_programs

__all__ = ["Finding", "Soundness", "WrongProgram", "check_assignment", "wrong_programs"]
