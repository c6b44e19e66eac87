"""Error messages: they name the operation, the operands, the broken rule and the way out.

- `explain.py`: `refused`, the error to raise instead of NumPy's; `check`, for mistakes that NumPy lets pass
- `checks.py`: the table of checks, by operation
- `axes.py`, `shapes.py`, `indices.py`, `attributes.py`: the checks of axes, of shapes, of indices, of other attributes
- `hints.py`: arguments of other functions and of layers, held against their type hints
- `checked_call.py`: the call that they look at
- `operands.py`, `tensors.py`: errors for operands that are not numbers, and for what a tensor cannot do
- `arguments.py`: one check for all whole numbers, probabilities and words that a function or a layer takes
- `words.py`: operands in words
- `elsewhere.py`, `pytorch.py`: names that other libraries have, and what to write here instead

A program without a mistake needs few of them. So each file is imported when one of its names is first used: the engine
writes `messages.refused(...)`.
"""

# ruff: noqa: F403
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .arguments import *
    from .explain import *
    from .operands import *
    from .pytorch import *
    from .tensors import *
    from .words import *

FILES = {
    "arguments": "one_of probability whole_from",
    "explain": "check refused wrong_call",
    "operands": "has_no_graph is_masked is_no_array_of_numbers no_float no_gradient no_tensor not_numbers "
    "not_one_number wrong_dtype",
    "pytorch": "lacks without_pytorchs",
    "tensors": "already_a_leaf cannot_be_recomputed changed_after_use leaves_the_graph leaving needs_a_seed "
    "neither_true_nor_false no_dtype_of_gradients no_exchange no_index no_items not_held not_kept not_of_its_shape "
    "not_one not_recorded not_the_whole result_copied",
    "words": "PAD_MODES describe in_words is_whole listed several short",
}
"""What the rest of the package uses, by the file that it is in."""

FILE_OF = {name: file for file, names in FILES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in FILE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found = getattr(import_module(f".{FILE_OF[name]}", __name__), name)
    return found
