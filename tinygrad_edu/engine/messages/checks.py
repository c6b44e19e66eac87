"""The table of checks: which functions look for mistakes in the calls of which operation."""

from __future__ import annotations

from collections.abc import Callable

from . import axes, indices, shapes
from .attributes import decimals, known_dtype, single_numbers
from .checked_call import CheckedCall

Check = Callable[[CheckedCall], None]
"""Raises an error for one kind of mistake; the name of the operation goes before its text."""


REDUCTION: tuple[Check, ...] = (axes.as_tuple, axes.in_range, axes.keepdims)


ELEMENTWISE: tuple[Check, ...] = (shapes.broadcastable, shapes.room)


CHECKS: dict[str, tuple[Check, ...]] = {
    # arithmetic and elementwise; the checks ELEMENTWISE come after these, and for all other rows of this kind
    "subtract": (shapes.not_bools,),
    "negative": (shapes.not_bools,),
    "sign": (shapes.not_bools,),
    **dict.fromkeys(("linear", "bilinear", "convolution", "conv_transpose"), (shapes.not_bools,)),
    "power": (shapes.broadcastable, shapes.negative_powers),
    "logical_and": (shapes.no_floats,),
    "logical_or": (shapes.no_floats,),
    "logical_xor": (shapes.no_floats,),
    "logical_not": (shapes.no_floats,),
    "round": (decimals,),
    "nan_to_num": (single_numbers,),
    "elu": (single_numbers,),
    "normalize": (single_numbers,),
    # reductions
    "sum": REDUCTION,
    "prod": REDUCTION,
    "mean": (*REDUCTION, axes.not_empty),
    "var": (*REDUCTION, axes.not_empty, axes.degrees_of_freedom),
    "std": (*REDUCTION, axes.not_empty, axes.degrees_of_freedom),
    "max": (axes.of_one_array, *REDUCTION, axes.some_numbers),
    "min": (axes.of_one_array, *REDUCTION, axes.some_numbers),
    "argmax": (axes.one_in_range, axes.keepdims, axes.not_empty),
    "argmin": (axes.one_in_range, axes.keepdims, axes.not_empty),
    "logsumexp": (*REDUCTION, axes.some_numbers),
    "softmax": (axes.as_tuple, axes.in_range, axes.some_numbers),
    "log_softmax": (axes.as_tuple, axes.in_range, axes.some_numbers),
    "norm": (*REDUCTION, axes.not_empty_for_largest),
    "norm2": REDUCTION,
    "cumsum": (axes.one_in_range,),
    "cumprod": (axes.one_in_range,),
    "argsort": (axes.one_in_range,),
    "sort": (axes.one_in_range,),
    "partition": (axes.one_in_range,),
    "cov": (axes.degrees_of_freedom,),
    "quantile": (*REDUCTION, axes.not_empty),
    "average": (*REDUCTION, axes.not_empty),
    # linear algebra
    "matmul": (shapes.inner_sizes,),
    "dot": (shapes.dot_operands,),
    "vecdot": (axes.one_in_range,),
    "einsum": (shapes.letter_sizes,),
    "tril": (axes.diagonal,),
    "triu": (axes.diagonal,),
    "diag": (axes.diagonal,),
    "trace": (axes.diagonal,),
    "diagonal": (axes.diagonal,),
    "inv": (axes.matrices,),
    "solve": (axes.matrices,),
    "det": (axes.matrices,),
    "cofactors": (axes.matrices,),
    "slogdet": (axes.matrices,),
    "cholesky": (axes.matrices,),
    "eigh": (axes.matrices,),
    "svd": (axes.matrices,),
    "pinv": (axes.matrices,),
    "matrix_norm": (axes.in_range,),
    # shape
    "reshape": (shapes.new_shape,),
    "broadcast_to": (shapes.broadcast_shape,),
    "sum_to": (shapes.summed_shape,),
    "transpose": (axes.permutation,),
    "moveaxis": (axes.source_and_destination,),
    "swapaxes": (axes.two_in_range,),
    "expand_dims": (axes.new_axes, axes.as_tuple),
    "squeeze": (axes.as_tuple, axes.in_range, axes.size_one),
    "flip": (axes.in_range,),
    "rot90": (axes.in_range,),
    "roll": (axes.in_range, shapes.shifts),
    "tile": (shapes.repeat_counts,),
    "repeat": (axes.one_in_range, shapes.repeat_counts, shapes.counts_per_place),
    "pad": (shapes.pad_width,),
    "concatenate": (axes.in_one_list, shapes.joined_shapes),
    "stack": (axes.in_one_list, shapes.equal_shapes),
    "split": (indices.split_points,),
    "flatten": (axes.start_and_end,),
    "take": (axes.one_in_range,),
    "delete": (axes.one_in_range,),
    "insert": (axes.one_in_range,),
    "getitem": (indices.index_parts,),
    "scatter": (indices.index_parts, indices.scattered_shape),
    "setitem": (indices.assigned_shape,),
    "take_along_axis": (indices.index_along_axis,),
    "astype": (known_dtype,),
}
"""The checks of each operation, in the order in which they run."""


PUBLIC_NAME = {"norm2": "norm", "cofactors": "det"}
"""The name of the function that the user called, where it differs from that of the primitive."""
