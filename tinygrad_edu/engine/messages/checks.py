"""The table: who looks for mistakes in the calls of which operation."""

from __future__ import annotations

from collections.abc import Callable

from ...errors import TinygradError
from .axes import (
    axis,
    axis_as_tuple,
    degrees_of_freedom,
    diagonals,
    from_to,
    moved,
    new_axes,
    no_largest,
    nothing,
    of_size_one,
    one_axis,
    permutation,
    swapped,
    switches,
)
from .not_numbers import decimals, dtypes, single_numbers
from .places import assigned, cuts, places, positions, scattered
from .shapes import (
    a_count_each,
    bools,
    borders,
    broadcast,
    factors,
    inner_sizes,
    joined,
    letters,
    one_shape,
    shifts,
    shrunk,
    sizes,
    stretched,
    times,
    whole_powers,
)
from .words import Call

Check = Callable[[Call], TinygradError | None]
"""Looks for one kind of mistake; its text is put behind the name of the operation."""


REDUCTION: tuple[Check, ...] = (axis_as_tuple, axis, switches)


ELEMENTWISE: tuple[Check, ...] = (broadcast,)


CHECKS: dict[str, tuple[Check, ...]] = {
    # arithmetic and elementwise; ELEMENTWISE looks at these as well, and at all others of their kind
    "subtract": (bools,),
    "negative": (bools,),
    "sign": (bools,),
    "power": (broadcast, whole_powers),
    "round": (decimals,),
    "nan_to_num": (single_numbers,),
    "elu": (single_numbers,),
    # reductions
    "sum": REDUCTION,
    "prod": REDUCTION,
    "mean": (*REDUCTION, nothing),
    "var": (*REDUCTION, nothing, degrees_of_freedom),
    "std": (*REDUCTION, nothing, degrees_of_freedom),
    "max": (*REDUCTION, nothing),
    "min": (*REDUCTION, nothing),
    "argmax": (one_axis, switches, nothing),
    "argmin": (one_axis, switches, nothing),
    "logsumexp": (*REDUCTION, nothing),
    "softmax": (axis_as_tuple, axis, nothing),
    "log_softmax": (axis_as_tuple, axis, nothing),
    "norm": (*REDUCTION, no_largest),
    "norm2": REDUCTION,
    "cumsum": (one_axis,),
    "cumprod": (one_axis,),
    "argsort": (one_axis,),
    "sort": (one_axis,),
    "partition": (one_axis,),
    "quantile": (*REDUCTION, nothing),
    "average": (*REDUCTION, nothing),
    # linear algebra
    "matmul": (inner_sizes,),
    "dot": (factors,),
    "einsum": (letters,),
    "tril": (diagonals,),
    "triu": (diagonals,),
    "diag": (diagonals,),
    "trace": (diagonals,),
    # shape
    "reshape": (sizes,),
    "broadcast_to": (stretched,),
    "sum_to": (shrunk,),
    "transpose": (permutation,),
    "moveaxis": (moved,),
    "swapaxes": (swapped,),
    "expand_dims": (new_axes, axis_as_tuple),
    "squeeze": (axis_as_tuple, axis, of_size_one),
    "flip": (axis,),
    "roll": (axis, shifts),
    "tile": (times,),
    "repeat": (one_axis, times, a_count_each),
    "pad": (borders,),
    "concatenate": (joined,),
    "stack": (one_shape,),
    "split": (cuts,),
    "flatten": (from_to,),
    "getitem": (places,),
    "scatter": (places, scattered),
    "setitem": (assigned,),
    "take_along_axis": (positions,),
    "astype": (dtypes,),
}
"""Who looks for mistakes in the calls of an operation, in this order."""


PUBLIC_NAME = {"norm2": "norm"}
"""What the user called, where it is not the primitive's name."""
