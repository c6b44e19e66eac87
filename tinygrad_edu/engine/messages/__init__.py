"""Messages: what an error says, so that it names the operation, the operands, the broken rule and the way out.

`explain` finds the mistake in a call, `checks` is the table of what can be wrong with which operation, `axes`, `shapes`
and `places` are the checks themselves, `not_numbers` tells what was no number, and `words` puts operands into words.
"""

from .explain import check, refused, wrong_call
from .not_numbers import is_no_array_of_numbers, no_gradient, no_tensor, not_numbers, not_one_number, wrong_dtype
from .words import PAD_MODES, describe, in_words, is_whole, listed, several, short

__all__ = [
    "PAD_MODES",
    "check",
    "describe",
    "in_words",
    "is_no_array_of_numbers",
    "is_whole",
    "listed",
    "no_gradient",
    "no_tensor",
    "not_numbers",
    "not_one_number",
    "refused",
    "several",
    "short",
    "wrong_call",
    "wrong_dtype",
]
