"""The table of test cases: how each function of the engine is called, and what NumPy answers.

The project's own tests go through it, and `programs` draws from it. In the order of reading:

- case: what a case and a call are
- arrangements, attrs: strategies of shapes that go together, and of attributes for given shapes
- references, images: answers of NumPy for functions that it does not have
- cases: the table itself
"""

from .case import Call, Case
from .cases import CASES

__all__ = ["CASES", "Call", "Case"]
