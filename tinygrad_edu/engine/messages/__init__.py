"""Error messages: they name the operation, the operands, the broken rule and the way out.

- `explain.py`: `refused`, the error to raise instead of NumPy's; `check`, for mistakes that NumPy lets pass
- `checks.py`: the table of checks, by operation
- `axes.py`, `shapes.py`, `indices.py`, `attributes.py`: the checks of axes, of shapes, of indices, of other attributes
- `hints.py`: arguments of other functions and of layers, held against their type hints
- `checked_call.py`: the call that they look at
- `not_numbers.py`, `tensors.py`: errors for operands that are not numbers, and for what a tensor cannot do
- `words.py`: operands in words
- `elsewhere.py`, `pytorch.py`: names that other libraries have, and what to write here instead
"""

from .explain import check, refused, wrong_call
from .not_numbers import (
    is_masked,
    is_no_array_of_numbers,
    no_float,
    no_gradient,
    no_tensor,
    not_numbers,
    not_one_number,
    wrong_dtype,
)  # fmt: skip
from .words import PAD_MODES, describe, in_words, is_whole, listed, several, short

__all__ = [
    "PAD_MODES", "check", "describe", "in_words", "is_masked", "is_no_array_of_numbers", "is_whole", "listed",
    "no_float", "no_gradient", "no_tensor", "not_numbers", "not_one_number", "refused", "several", "short",
    "wrong_call", "wrong_dtype",
]  # fmt: skip
