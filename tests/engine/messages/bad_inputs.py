"""The table of bad inputs: what a user does wrong, the error that it raises, and the words that the error must hold.

A row is the mistake, the error, and the words: first the operation, then shapes and values, then the way out.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy

import tinygrad_edu
from tinygrad_edu.errors import DtypeError, GraphError, InPlaceError, OutOfRangeError, ShapeError, TinygradError

np: Any = numpy
tg: Any = tinygrad_edu  # a type checker would find many of these mistakes; here it is not to look

BUILT_IN: dict[type[TinygradError], tuple[type[Exception], ...]] = {
    ShapeError: (ValueError,),
    OutOfRangeError: (ValueError, IndexError),
    DtypeError: (TypeError,),
    GraphError: (RuntimeError,),
    InPlaceError: (RuntimeError,),
}
"""The built-in errors that each error of the package is as well."""


class Row(NamedTuple):
    """One mistake."""

    name: str
    mistake: Callable[[], object]
    error: type[TinygradError]
    words: tuple[str, ...]


def row(name: str, mistake: Callable[[], object], error: type[TinygradError], *words: str) -> Row:
    return Row(name, mistake, error, words)


x = tg.tensor(np.arange(6.0).reshape(2, 3), requires_grad=True, name="x")
w = tg.tensor(np.ones((3, 4)), requires_grad=True, name="w")
t = tg.tensor(np.ones((5, 2)))
batch = tg.tensor(np.ones((2, 3, 4)))
vector = tg.tensor(np.ones(3))
empty = tg.tensor(np.ones((0, 3)))
whole = tg.tensor(np.array([0, 1, 2]))
bools = tg.tensor(np.array([True, False]))
BOOLS = np.eye(2) > 0
F: Any = tg.nn.functional
v = tg.Value(2.0, name="v")
u = tg.Value(3.0)
three, two = np.ones(3), np.ones(2)
ragged = [[1.0], [2.0, 3.0]]


def square(a: Any) -> Any:
    return (a * a).sum()


SHAPES = [
    row("matmul", lambda: w @ t, ShapeError, "matmul", "'w' (3, 4) @ (5, 2)", "inner sizes 4 and 5 differ"),
    row("matmul, b.T fits", lambda: x @ x, ShapeError, "matmul", "(2, 3)", "did you mean x @ x.T?"),
    row("matmul, a.T fits", lambda: t @ tg.ones((5, 3)), ShapeError, "matmul", "(5, 2)", "did you mean a.T @ b?"),
    row("matmul, b @ a fits", lambda: w @ x, ShapeError, "matmul", "(3, 4)", "(2, 3)", "did you mean x @ w?"),
    row("matmul, nothing fits", lambda: w @ t, ShapeError, "matmul", "a row of w has 4 numbers", "a column of b has 5"),
    row("matmul, batches", lambda: batch @ tg.ones((5, 4, 2)), ShapeError, "matmul", "sizes 2 and 5", "axis -3"),
    row("matmul, batch", lambda: batch @ batch, ShapeError, "matmul", "did you mean a @ b.swapaxes(-1, -2)?"),
    row("matmul, vectors", lambda: vector @ tg.ones(4), ShapeError, "matmul", "(3,) @ (4,)", "3 and 4 differ"),
    row("matmul, number", lambda: x @ 2, ShapeError, "matmul", "'x' (2, 3) @ 2", "use * to scale"),
    row("matmul, number first", lambda: 2 @ x, ShapeError, "matmul", "2 @ 'x' (2, 3)", "use * to scale"),
    row("matmul, Value", lambda: x @ v, ShapeError, "matmul", "'v' = 2.0", "use * to scale"),
    row("matmul, plain", lambda: tg.matmul(2.0, 3.0), ShapeError, "matmul", "2.0 @ 3.0"),
    row("np.matmul", lambda: np.matmul(x, x), ShapeError, "matmul", "did you mean x @ x.T?"),
    row("add", lambda: x + tg.ones(4), ShapeError, "add", "'x' (2, 3) and (4,)", "sizes 3 and 4 on the last axis"),
    row("add, reflected", lambda: np.ones(4) + x, ShapeError, "add", "(4,) and 'x' (2, 3)", "neither is 1"),
    row("add, another axis", lambda: x + tg.ones((4, 3)), ShapeError, "add", "sizes 2 and 4 on axis -2"),
    row("subtract, reshape fits", lambda: x - tg.ones(2), ShapeError, "subtract", "b.reshape(2, 1) would broadcast"),
    row("multiply, in the middle", lambda: batch * tg.ones((2, 4)), ShapeError, "multiply", "b.reshape(2, 1, 4) would"),
    row("divide, two axes", lambda: batch / two, ShapeError, "divide", "b.reshape(2, 1, 1) would broadcast"),
    row("multiply, b.T fits", lambda: x * tg.ones((3, 2)), ShapeError, "multiply", "did you mean b.T?"),
    row("list on the left", lambda: [1, 2] + x, ShapeError, "add", "(2,)", "(2, 3)", "a.reshape(2, 1) would"),  # noqa: RUF005
    row("power", lambda: x**two, ShapeError, "power", "(2, 3)", "(2,)", "would broadcast"),
    row("maximum", lambda: tg.maximum(x, tg.ones(7)), ShapeError, "maximum", "(2, 3)", "(7,)"),
    row("np.minimum", lambda: np.minimum(x, np.ones(7)), ShapeError, "minimum", "(2, 3)", "(7,)"),
    row("plain arrays", lambda: tg.add(np.ones((2, 3)), np.ones(4)), ShapeError, "add", "(2, 3) and (4,)"),
    row("where", lambda: tg.where(x.data > 0, x, tg.ones(4)), ShapeError, "where", "(2, 3), 'x' (2, 3) and (4,)"),
    row("clip, bound", lambda: tg.clip(x, np.ones(4), 9.0), ShapeError, "clip", "'x' (2, 3), (4,) and 9.0"),
    row("in place, recorded", lambda: (x * 1).__isub__(np.ones(9)), ShapeError, "subtract", "(2, 3)", "(9,)"),
    row("reshape", lambda: w.reshape(5, -1), ShapeError, "reshape", "'w' (3, 4)", "12 numbers do not fill (5, -1)"),
    row("reshape, hint", lambda: w.reshape(4, 4), ShapeError, "reshape", "do not fill (4, 4)", "they fill (4, 3)"),
    row("reshape, two open", lambda: w.reshape(-1, -1), ShapeError, "reshape", "(-1, -1)", "only one -1"),
    row("reshape, negative", lambda: x.reshape(-2, 3), ShapeError, "reshape", "(-2, 3)", "only -1 has a meaning"),
    row("np.reshape", lambda: np.reshape(w, (5,)), ShapeError, "reshape", "12 numbers do not fill (5,)"),
    row("broadcast_to", lambda: x.broadcast_to((4, 3)), ShapeError, "broadcast_to", "(2, 3)", "neither 4 nor 1"),
    row("broadcast_to, fewer axes", lambda: x.broadcast_to((3,)), ShapeError, "broadcast_to", "2 axes", "(3,)"),
    row("broadcast_to, negative", lambda: x.broadcast_to((2, -1)), ShapeError, "broadcast_to", "negative size"),
    row("sum_to", lambda: tg.sum_to(x, (5,)), ShapeError, "sum_to", "'x' (2, 3)", "(5,)"),
    row("squeeze", lambda: tg.ones((2, 1)).squeeze(0), ShapeError, "squeeze", "axis 0 of (2, 1) has size 2", "axis 1"),
    row("concatenate", lambda: tg.concatenate([x, w]), ShapeError, "concatenate", "(2, 3)", "(3, 4)", "axis 1 differ"),
    row("concatenate, axis=1", lambda: tg.concatenate([x, x[:, :2]]), ShapeError, "concatenate", "axis=1 would do"),
    row("concatenate, axes", lambda: tg.concatenate([x, vector]), ShapeError, "concatenate", "2 and 1 axes", "reshape"),
    row("concatenate, Values", lambda: tg.concatenate([v, u]), ShapeError, "concatenate", "'v' = 2.0", "use tg.stack"),
    row("concatenate, nothing", lambda: tg.concatenate([]), ShapeError, "concatenate", "at least one array"),
    row("np.concatenate", lambda: np.concatenate([x, w]), ShapeError, "concatenate", "(2, 3)", "(3, 4)"),
    row("stack", lambda: tg.stack([x, w]), ShapeError, "stack", "(2, 3)", "(3, 4)", "tg.concatenate"),
    row("stack, Value and Tensor", lambda: tg.stack([v, x]), ShapeError, "stack", "'v' = 2.0", "(2, 3)"),
    row("split, unequal", lambda: tg.split(x, 2, 1), ShapeError, "split", "3 places", "2 equal parts", "places to cut"),
    row("split, no parts", lambda: tg.split(x, 0), ShapeError, "split", "0 equal parts"),
    row("split, falling", lambda: tg.split(x, [2, 1], 1), ShapeError, "split", "must rise", "(2, 1)"),
    row("flatten, ragged", lambda: tg.flatten(ragged), ShapeError, "flatten", "not of one length"),
    row("kron, ragged", lambda: tg.kron(ragged, 2.0), ShapeError, "kron", "not of one length"),
    row("inner, ragged", lambda: tg.inner(x, ragged), ShapeError, "inner", "not of one length"),
    row("tensordot, ragged", lambda: tg.tensordot(ragged, x), ShapeError, "tensordot", "not of one length"),
    row("convolve, ragged", lambda: tg.convolve(ragged, three), ShapeError, "convolve", "not of one length"),
    row("correlate, ragged", lambda: tg.correlate(three, ragged), ShapeError, "correlate", "not of one length"),
    row("meshgrid, ragged", lambda: tg.meshgrid(ragged), ShapeError, "meshgrid", "not of one length"),
    row("matrix_power, ragged", lambda: tg.matrix_power(ragged, 2), ShapeError, "matrix_power", "not of one length"),
    row("percentile, string", lambda: tg.percentile(x, "half"), DtypeError, "percentile", "'half'"),
    row("multi_dot, None", lambda: tg.multi_dot(None), DtypeError, "multi_dot", "a list or a tuple of arrays"),
    row("multi_dot, nothing", lambda: tg.multi_dot([]), ShapeError, "multi_dot", "the list is empty"),
    row("multi_dot, no matrices", lambda: tg.multi_dot(tg.ones((0, 2, 2))), ShapeError, "multi_dot", "is empty"),
    row("hstack, of no numbers", lambda: tg.hstack(tg.ones(0)), ShapeError, "hstack", "the Tensor is empty"),
    row("median of nothing", lambda: tg.median(empty), ShapeError, "median: ", "(0, 3) has no numbers"),
    row("average of nothing", lambda: tg.average(empty), ShapeError, "average: ", "(0, 3) has no numbers"),
    row("mse_loss of nothing", lambda: F.mse_loss(empty, empty), ShapeError, "mse_loss: ", "(0, 3) has no numbers"),
    row("vecdot, one number", lambda: tg.vecdot(x, tg.tensor(2.0)), OutOfRangeError, "vecdot", "axis -1", "()"),
    row("add, overflow", lambda: tg.tensor(np.ones(2, np.int8)) + 300, OutOfRangeError, "add", "300", "int8"),
    row("add, overflow of bools", lambda: bools + 2**70, OutOfRangeError, "add", "11805916", "int64"),
    row("tensor, a word as dtype", lambda: tg.tensor([1.0], dtype="Float64"), DtypeError, "tensor", "'Float64'"),
    row("flatten, backwards", lambda: x.flatten(1, 0), ShapeError, "flatten", "from axis 1 to axis 0", "(2, 3)"),
    row("tile, negative", lambda: tg.tile(x, -1), ShapeError, "tile", "0 or more", "not -1"),
    row("repeat, negative", lambda: x.repeat(-1), ShapeError, "repeat", "0 or more", "not -1"),
    row("repeat, counts", lambda: x.repeat([1, 2], 1), ShapeError, "repeat", "2 counts for the 3 places", "one, or 3"),
    row("pad, negative", lambda: tg.pad(x, -1), ShapeError, "pad", "-1 is negative", "x[1:-1]"),
    row("pad, pairs", lambda: tg.pad(x, ((1, 1),) * 3), ShapeError, "pad", "'x' (2, 3)", "2 pairs (before, after)"),
    row("pad, mode", lambda: tg.pad(x, 1, mode="mirror"), ShapeError, "pad", "'mirror'", "constant, edge, reflect"),
    row("pad, nothing to repeat", lambda: tg.pad(empty, 1, "edge"), ShapeError, "pad", "(0, 3)", "mode='constant'"),
    row("roll, shifts", lambda: tg.roll(x, (1, 2, 3), (0, 1)), ShapeError, "roll", "3 shifts", "2 axes"),
    row("einsum, sizes", lambda: tg.einsum("ij,jk->ik", x, x), ShapeError, "einsum", "'j' is 3 in 'x' (2, 3) and 2"),
    row("einsum, operands", lambda: tg.einsum("ij", x, x), ShapeError, "einsum", "'ij->ij'", "(2, 3)"),
    row("einsum, a list", lambda: tg.einsum("ij,ij->i", [x, x]), DtypeError, "einsum", "('ij,jk->ik', x, y)", "list"),
    row("einsum, axes", lambda: tg.einsum("ijk->i", x), ShapeError, "einsum", "ijk", "(2, 3)"),
    row("einsum, result", lambda: tg.einsum("ij->ik", x), ShapeError, "einsum", "'k'", "in no operand"),
    row("einsum, diagonal", lambda: tg.einsum("ii->i", x), ShapeError, "einsum", "'i' is 2 in 'x' (2, 3) and 3"),
    row("einsum, result twice", lambda: tg.einsum("ij->ii", x), ShapeError, "einsum", "twice", "tg.diag"),
    row("einsum, dots", lambda: tg.einsum("..i", x), ShapeError, "einsum", "'..i'", "'...' once"),
    row("inv, not square", lambda: tg.inv(x), ShapeError, "inv", "'x' (2, 3)", "(..., n, n)"),
    row("inv, singular", lambda: tg.inv(np.ones((3, 3))), ShapeError, "inv", "(3, 3)", "singular", "tg.pinv"),
    row("inv of long double", lambda: tg.inv(np.eye(3, dtype="longdouble")), DtypeError, "inv", "(3, 3)", "'float64'"),
    row("inv of float16", lambda: tg.inv(np.eye(3, dtype="float16")), DtypeError, "inv", "(3, 3)", "float32"),
    row("solve, rows", lambda: tg.solve(np.eye(3), t), ShapeError, "solve", "(5, 2)", "3 rows"),
    row("cholesky", lambda: tg.cholesky(-np.eye(3)), ShapeError, "cholesky", "(3, 3)", "positive definite"),
    row("svd, all vectors", lambda: tg.svd(x), ShapeError, "svd", "'x' (2, 3)", "full_matrices=False"),
    row("matrix_norm, ord", lambda: tg.matrix_norm(x, 3), DtypeError, "matrix_norm", "ord=3", "'nuc'"),
    row("matrix_power, n", lambda: tg.matrix_power(np.eye(3), 0.5), DtypeError, "matrix_power", "float 0.5"),
    row("matrix_power", lambda: tg.matrix_power(x, 2), ShapeError, "matrix_power", "'x' (2, 3)", "square"),
    row("tensordot, sizes", lambda: tg.tensordot(x, w, 2), ShapeError, "tensordot", "'x' (2, 3)", "'w' (3, 4)"),
    row("tensordot, axes", lambda: tg.tensordot(x, w, ([5], [0])), ShapeError, "tensordot", "'x' (2, 3)"),
    row("cross", lambda: tg.cross(two, two), ShapeError, "cross", "(2,)", "size 3"),
    row("convolve", lambda: tg.convolve(x, three), ShapeError, "convolve", "'x' (2, 3)", "two vectors"),
    row("hstack", lambda: tg.hstack(tg.sum(x)), DtypeError, "hstack", "a list or a tuple", "Tensor"),
    row("vstack, widths", lambda: tg.vstack([x, w]), ShapeError, "concatenate", "'x' (2, 3)", "'w' (3, 4)"),
    row("block", lambda: np.block([[x], x]), ShapeError, "block", "equally deep"),
    row("meshgrid", lambda: tg.meshgrid(three, indexing="yx"), DtypeError, "meshgrid", "'yx'", "'ij'"),
    row("take", lambda: tg.take(x, 5, axis=0), OutOfRangeError, "take", "'x' (2, 3)", "5"),
    row("insert", lambda: np.insert(x, 9, 1.0, axis=0), ShapeError, "insert", "'x' (2, 3)", "9"),
    row("delete, axis", lambda: np.delete(x, 0, axis=4), OutOfRangeError, "delete", "axis 4", "'x' (2, 3)"),
    row("array_split", lambda: tg.array_split(x, 2, axis=4), OutOfRangeError, "split", "axis 4", "'x' (2, 3)"),
    row("order", lambda: np.ravel(x, order="K"), DtypeError, "ravel", "'C' or 'F'", "'K'"),
    row("dot of arrays", lambda: tg.dot(vector, tg.ones(4)), ShapeError, "dot", "(3,)", "(4,)", "3 and 4 differ"),
    row("dot of lists", lambda: tg.dot([v], [u, u]), ShapeError, "dot", "1 numbers against 2", "one length"),
    row("dot of lists of rows", lambda: tg.dot([[1, 2], [3, 4]], [1, 2]), ShapeError, "dot", "np.array"),
    row("np.dot", lambda: np.dot(x, x), ShapeError, "dot", "did you mean x @ x.T?"),
    row("diag", lambda: tg.diag(batch), ShapeError, "diag", "(2, 3, 4)", "a vector or a matrix"),
    row("tril", lambda: tg.tril(v), ShapeError, "tril", "'v' = 2.0", "a matrix is needed"),
    row("trace", lambda: vector.trace(), ShapeError, "trace", "(3,)", "a matrix is needed"),
    row("take_along_axis", lambda: tg.take_along_axis(x, [0], 1), ShapeError, "take_along_axis", "(1,)", "(2, 3)"),
    row("take_along_axis, sizes", lambda: tg.take_along_axis(x, [[0]] * 3, 1), ShapeError, "take_along_axis", "(3, 1)"),
    row("scatter", lambda: tg.scatter(vector, [0, 1], (3,)), ShapeError, "scatter", "(3,)", "have shape (2,)"),
    row("max of nothing", lambda: empty.max(), ShapeError, "max", "(0, 3) has no numbers", "check .size"),
    row("min of nothing", lambda: empty.min(0), ShapeError, "min", "along axis 0"),
    row("mean of nothing", lambda: empty.mean(), ShapeError, "mean", "so it has no mean"),
    row("var of nothing", lambda: empty.var(), ShapeError, "var", "so it has no var"),
    row("logsumexp of nothing", lambda: empty.logsumexp(0), ShapeError, "logsumexp", "(0, 3)"),
    row("softmax of nothing", lambda: empty.softmax(0), ShapeError, "softmax", "(0, 3)"),
    row("softmax of rows that nobody has", lambda: tg.zeros((5, 0, 0)).softmax(), ShapeError, "softmax", "axis -1"),
    row("max of columns that nobody has", lambda: tg.zeros((5, 0, 0)).max(1), ShapeError, "max", "along axis 1"),
    row("cov of one observation", lambda: tg.cov(tg.ones((2, 1))), ShapeError, "cov", "n = 1 numbers", "smaller ddof"),
    row("cov, ddof a string", lambda: tg.cov(x, ddof="one"), DtypeError, "cov", "ddof is a number"),
    row("diff, -1 times", lambda: tg.diff(x, -1), DtypeError, "diff", "a whole number from 0 on, not -1"),
    row("diff, half a time", lambda: tg.diff(x, 0.5), DtypeError, "diff", "not 0.5"),
    row("rot90, half a turn", lambda: tg.rot90(x, 0.5), DtypeError, "rot90", "k is a whole number, not 0.5"),
    row("rot90, one axis", lambda: tg.rot90(x, 1, (0,)), ShapeError, "rot90", "the two of a plane", "not (0,)"),
    row("rot90, axis", lambda: tg.rot90(x, 1, (0, 2)), OutOfRangeError, "rot90", "axis 2", "'x' (2, 3)"),
    row("average, weights of text", lambda: tg.average(x, weights="a"), DtypeError, "average", "not str 'a'"),
    row("argmax of nothing", lambda: empty.argmax(), ShapeError, "argmax", "so it has no argmax"),
    row("norm inf of nothing", lambda: empty.norm(float("inf")), ShapeError, "norm", "so it has no norm"),
    row("var, ddof", lambda: x.var(ddof=6), ShapeError, "var", "n = 6 numbers", "ddof=6"),
    row("std of one", lambda: tg.ones(1).std(ddof=1), ShapeError, "std", "n = 1 numbers", "smaller ddof"),
]

AXES = [
    row("sum", lambda: w.sum(2), OutOfRangeError, "sum", "axis 2 is out of range", "(3, 4)", "0 and 1 (or -2, -1)"),
    row("sum, negative", lambda: w.sum(-3), OutOfRangeError, "sum", "axis -3", "'w' (3, 4)"),
    row("sum, one axis", lambda: vector.sum(1), OutOfRangeError, "sum", "whose only axis is 0 (or -1)"),
    row("sum, no axis", lambda: x.sum().sum(1), OutOfRangeError, "sum", "which has no axes"),
    row("sum, twice", lambda: x.sum((0, 0)), ShapeError, "sum", "(0, 0)", "twice"),
    row("sum, twice in two spellings", lambda: x.sum((0, -2)), ShapeError, "sum", "(0, -2)", "twice"),
    row("sum, list", lambda: x.sum([0, 1]), DtypeError, "sum", "as a tuple", "(0, 1)"),
    row("sum, float", lambda: x.sum(1.0), DtypeError, "sum", "axis is a whole number", "float 1.0"),
    row("sum, string", lambda: x.sum("rows"), DtypeError, "sum", "axis is a whole number", "'rows'"),
    row("sum, bool", lambda: x.sum(True), DtypeError, "sum", "axis is a whole number", "bool True"),
    row("sum, keepdims", lambda: x.sum(keepdims="no"), DtypeError, "sum", "keepdims is True or False"),
    row("sum of a Value", lambda: tg.sum(v, axis=1), OutOfRangeError, "sum", "'v' = 2.0", "no axes"),
    row("np.sum", lambda: np.sum(x, axis=5), OutOfRangeError, "sum", "axis 5"),
    row("np.add.reduce", lambda: np.add.reduce(x, axis=5), OutOfRangeError, "sum", "axis 5"),
    row("mean", lambda: x.mean(5), OutOfRangeError, "mean", "axis 5", "'x' (2, 3)"),
    row("prod", lambda: x.prod(5), OutOfRangeError, "prod", "axis 5"),
    row("max", lambda: x.max(5), OutOfRangeError, "max", "axis 5"),
    row("min", lambda: x.min((0, 5)), OutOfRangeError, "min", "axis 5"),
    row("var", lambda: x.var(5), OutOfRangeError, "var", "axis 5"),
    row("var, ddof a string", lambda: x.var(ddof="one"), DtypeError, "var", "ddof is a number"),
    row("std", lambda: x.std(5), OutOfRangeError, "std", "axis 5"),
    row("logsumexp", lambda: x.logsumexp(5), OutOfRangeError, "logsumexp", "axis 5"),
    row("softmax", lambda: x.softmax(5), OutOfRangeError, "softmax", "axis 5"),
    row("cumsum", lambda: x.cumsum(5), OutOfRangeError, "cumsum", "axis 5"),
    row("cumsum, two axes", lambda: x.cumsum((0, 1)), DtypeError, "cumsum", "a whole number", "(0, 1)"),
    row("argmax", lambda: x.argmax(5), OutOfRangeError, "argmax", "axis 5"),
    row("argmin, two axes", lambda: x.argmin((0, 1)), DtypeError, "argmin", "a whole number"),
    row("norm 1", lambda: x.norm(1, 5), OutOfRangeError, "norm", "axis 5", "'x' (2, 3)"),
    row("norm 2", lambda: x.norm(axis=5), OutOfRangeError, "norm", "axis 5", "'x' (2, 3)"),
    row("norm, ord a name", lambda: x.norm("nuc"), DtypeError, "norm", "'nuc'", "'fro'"),
    row("norm, ord a list", lambda: x.norm([1]), DtypeError, "norm", "[1]", "use 1, 2, inf"),
    row("norm, ord a Value", lambda: x.norm(v), DtypeError, "norm", "not known"),
    row("norm 0", lambda: x.norm(0), DtypeError, "norm", "ord=0", "(x != 0).sum()"),
    row("np.linalg.norm of a matrix", lambda: np.linalg.norm(x, 3), DtypeError, "matrix_norm", "ord=3", "'fro'"),
    row("transpose, twice", lambda: x.transpose(0, 0), ShapeError, "transpose", "(0, 0)", "twice"),
    row("transpose, too few", lambda: x.transpose(0), ShapeError, "transpose", "(0,)", "name each axis once"),
    row("transpose, as in PyTorch", lambda: x.transpose(0, 1), ShapeError, "transpose", "'x'", "write x.T"),
    row("transpose, PyTorch's last two", lambda: x.transpose(-2, -1), ShapeError, "transpose", "'x'", "write x.T"),
    row("transpose, too many", lambda: x.transpose(0, 1, 2), OutOfRangeError, "transpose", "axis 2", "'x' (2, 3)"),
    row("transpose, float", lambda: x.transpose(0.0, 1), DtypeError, "transpose", "whole number", "0.0"),
    row("swapaxes", lambda: x.swapaxes(0, 2), OutOfRangeError, "swapaxes", "axis2 2", "'x' (2, 3)"),
    row("swapaxes, string", lambda: x.swapaxes("rows", 0), DtypeError, "swapaxes", "axis1 is a whole number"),
    row("moveaxis", lambda: tg.moveaxis(x, 0, 2), OutOfRangeError, "moveaxis", "destination 2"),
    row("moveaxis, counts", lambda: tg.moveaxis(x, (0, 1), 0), ShapeError, "moveaxis", "2 axes", "1 places"),
    row("moveaxis, twice", lambda: tg.moveaxis(x, (0, 0), (0, 1)), ShapeError, "moveaxis", "source (0, 0)", "twice"),
    row("squeeze", lambda: x.squeeze(3), OutOfRangeError, "squeeze", "axis 3"),
    row("squeeze, list", lambda: tg.ones((1, 2)).squeeze([0]), DtypeError, "squeeze", "as a tuple", "(0,)"),
    row("expand_dims", lambda: tg.expand_dims(x, 5), OutOfRangeError, "expand_dims", "axis 5", "3 axes"),
    row("expand_dims, twice", lambda: tg.expand_dims(x, (0, 0)), ShapeError, "expand_dims", "(0, 0)", "twice"),
    row("flatten", lambda: x.flatten(5), OutOfRangeError, "flatten", "start_dim 5", "'x' (2, 3)"),
    row("flatten, number", lambda: tg.flatten(2.0, 1), OutOfRangeError, "flatten", "start_dim 1"),
    row("flatten, end", lambda: x.flatten(0, 9), OutOfRangeError, "flatten", "end_dim 9", "'x' (2, 3)"),
    row("flatten, string", lambda: x.flatten("all"), DtypeError, "flatten", "start_dim is a whole number"),
    row("flip", lambda: tg.flip(x, 3), OutOfRangeError, "flip", "axis 3"),
    row("roll", lambda: tg.roll(x, 1, 4), OutOfRangeError, "roll", "axis 4"),
    row("repeat", lambda: x.repeat(2, 5), OutOfRangeError, "repeat", "axis 5"),
    row("concatenate", lambda: tg.concatenate([x, x], 2), OutOfRangeError, "concatenate", "axis 2", "'x' (2, 3)"),
    row("concatenate, string", lambda: tg.concatenate([x, x], "rows"), DtypeError, "concatenate", "a whole number"),
    row("concatenate, float", lambda: tg.concatenate([x, x], 1.0), DtypeError, "concatenate", "float 1.0"),
    row("stack", lambda: tg.stack([x, x], 5), OutOfRangeError, "stack", "axis 5", "3 axes"),
    row("split", lambda: tg.split(x, 2, 5), OutOfRangeError, "split", "axis 5", "'x' (2, 3)"),
    row("split of a Value", lambda: tg.split(v, 2), OutOfRangeError, "split", "'v' = 2.0", "no axes"),
    row("take_along_axis", lambda: tg.take_along_axis(x, [[1]], 3), OutOfRangeError, "take_along_axis", "axis 3"),
]

PLACES = [
    row("too far", lambda: x[5], OutOfRangeError, "getitem", "index 5", "axis 0 of 'x' (2, 3)", "0 to 1 (or -2 to -1)"),
    row("too far, second axis", lambda: x[0, -7], OutOfRangeError, "getitem", "index -7", "axis 1", "0 to 2"),
    row("too far, after an ellipsis", lambda: batch[..., 9], OutOfRangeError, "getitem", "index 9", "axis 2"),
    row("too far, in a list", lambda: x[[0, 5]], OutOfRangeError, "getitem", "index 5", "axis 0"),
    row("too far, in a Tensor", lambda: x[whole], OutOfRangeError, "getitem", "index 2", "axis 0"),
    row("of nothing", lambda: empty[0], OutOfRangeError, "getitem", "axis 0 of (0, 3) has no places"),
    row("too many", lambda: x[0, 0, 0], OutOfRangeError, "getitem", "3 axes", "'x' (2, 3) has 2"),
    row("of a number", lambda: x.sum()[0], OutOfRangeError, "getitem", "1 axis", "() has none"),
    row("of a Value", lambda: tg.getitem(v, 0), OutOfRangeError, "getitem", "1 axis", "has none"),
    row("float", lambda: x[1.0], DtypeError, "getitem", "float 1.0", "int(1.0) makes it whole"),
    row("string", lambda: x["loss"], DtypeError, "getitem", "'loss'", "whole numbers, slices"),
    row("Value", lambda: x[v], DtypeError, "getitem", "float 2.0", "int(2.0)"),
    row("dict", lambda: x[{}], DtypeError, "getitem", "dict {}"),
    row("float array", lambda: x[[0.5]], DtypeError, "getitem", "float64", ".astype(int)"),
    row("float Tensor", lambda: x[vector], DtypeError, "getitem", "float64", ".astype(int)"),
    row("mask", lambda: x[np.ones((3, 3), bool)], OutOfRangeError, "getitem", "mask of shape (3, 3)", "(2, 3)"),
    row("mask of one axis", lambda: x[:, [True, False]], OutOfRangeError, "getitem", "mask of shape (2,)", "(3,)"),
    row("two ellipses", lambda: x[..., ...], ShapeError, "getitem", "'...'"),
    row("arrays", lambda: x[[0, 1], [0, 1, 2]], ShapeError, "getitem", "(2,) and (3,)", "do not broadcast"),
    row("slice by 0", lambda: x[::0], ShapeError, "getitem", "steps of 0"),
    row("slice by a float", lambda: x[: 1 / 2], DtypeError, "getitem", "a slice", "float 0.5"),
    row("slice by a string", lambda: x["a":], DtypeError, "getitem", "a slice", "'a'"),
    row("take_along_axis", lambda: tg.take_along_axis(x, [[5], [0]], 1), OutOfRangeError, "take_along_axis", "index 5"),
    row(
        "of floats", lambda: tg.take_along_axis(x, [[0.5]], 1), DtypeError, "take_along_axis", "float64", ".astype(int)"
    ),
    row("take_along_axis, None", lambda: tg.take_along_axis(x, None), DtypeError, "take_along_axis", "whole numbers"),
    row("scatter", lambda: tg.scatter(vector, [0, 5, 1], (3,)), OutOfRangeError, "scatter", "index 5", "shape (3,)"),
    row("scatter, shape", lambda: tg.scatter(vector, [0, 1, 2], "abc"), DtypeError, "scatter", "a size", "'abc'"),
    row("setitem", lambda: vector.__setitem__(9, 1.0), OutOfRangeError, "setitem", "index 9", "(3,)"),
    row("setitem, sizes", lambda: vector.__setitem__(slice(None), [1.0, 2.0]), ShapeError, "setitem", "(2,)", "(3,)"),
    row("setitem, string", lambda: vector.__setitem__(0, "a"), DtypeError, "setitem", "'a'", "float(...)"),
    row("setitem, slice", lambda: vector.__setitem__(slice(0.5), 1.0), DtypeError, "setitem", "float 0.5"),
    row("data", lambda: setattr(x, "data", np.ones(7)), ShapeError, "setitem", "(7,)", "'x' (2, 3)"),
]

TYPES = [
    row("Tensor + string", lambda: x + "a", DtypeError, "add", "str 'a'", "float(...) makes a number"),
    row("string + Tensor", lambda: "a" + x, DtypeError, "add", "str 'a'"),
    row("string * Tensor", lambda: "ab" * x, DtypeError, "multiply", "str 'ab'"),
    row("Tensor + None", lambda: x + None, DtypeError, "add", "None", "forget its `return`"),
    row("Tensor + complex", lambda: x + 1j, DtypeError, "add", "complex 1j", ".real"),
    row("complex array * Tensor", lambda: np.array([1j]) * x, DtypeError, "multiply", "complex128", ".real"),
    row("Tensor - strings", lambda: x - np.array(["a"]), DtypeError, "subtract", "<U1", "dtype=float"),
    row("Tensor - objects", lambda: x - np.array([None, 1]), DtypeError, "subtract", "dtype object", "dtype=float"),
    row("Tensor - date", lambda: x - np.datetime64("2020-01-01"), DtypeError, "subtract", "datetime64", "timedelta64"),
    row("Tensor * function", lambda: x * square, DtypeError, "multiply", "function", "call it first"),
    row("Tensor * set", lambda: x * {1, 2}, DtypeError, "multiply", "set {1, 2}", "a list"),
    row("Tensor * Values", lambda: x * [v, v, v], DtypeError, "multiply", "[Value(2.0", "tg.stack"),
    row("Tensor @ string", lambda: x @ "a", DtypeError, "matmul", "str 'a'"),
    row("Value + string", lambda: v + "a", DtypeError, "add", "str 'a'", "float(...)"),
    row("string + Value", lambda: "a" + v, DtypeError, "add", "str 'a'", "float(...)"),
    row("None * Value", lambda: None * v, DtypeError, "multiply", "None", "forget its `return`"),
    row("Value / complex", lambda: v / 1j, DtypeError, "divide", "complex 1j", ".real"),
    row("Value + list", lambda: v + [1, 2], DtypeError, "add", "[1, 2]", "tg.tensor(...)"),  # noqa: RUF005
    row("Value ** string", lambda: v ** "2", DtypeError, "power", "str '2'", "float(...)"),
    row("string ** Value", lambda: "2" ** v, DtypeError, "power", "str '2'"),
    row("Value + strings", lambda: v + np.array(["a"]), DtypeError, "add", "<U1"),
    row("function of a string", lambda: tg.exp("a"), DtypeError, "exp", "str 'a'", "float(...)"),
    row("function of None", lambda: tg.erf(None), DtypeError, "erf", "None", "forget its `return`"),
    row("function of a complex number", lambda: tg.abs(1j), DtypeError, "abs", "complex 1j", ".real"),
    row("function of a complex array", lambda: tg.relu(np.array([1j])), DtypeError, "relu", "complex128", ".real"),
    row("function of ragged rows", lambda: tg.exp([[1], [1, 2]]), ShapeError, "exp", "[[1], [1, 2]]", "one length"),
    row("two strings", lambda: tg.add("a", "b"), DtypeError, "add", "str 'a'"),
    row("sum of a string", lambda: tg.sum("a"), DtypeError, "sum", "str 'a'"),
    row("sum of a list of Tensors", lambda: tg.sum([x, x]), DtypeError, "sum", "list", "tg.stack"),
    row("mean of None", lambda: tg.mean(None), DtypeError, "mean", "None"),
    row("argmax of a string", lambda: tg.argmax("a"), DtypeError, "argmax", "str 'a'"),
    row("stack of strings", lambda: tg.stack(["a", "b"]), DtypeError, "stack", "str 'a'"),
    row("concatenate with a string", lambda: tg.concatenate([x, "a"]), DtypeError, "concatenate", "str 'a'"),
    row("concatenate of one number", lambda: tg.concatenate(tg.sum(x)), DtypeError, "concatenate", "list", "Tensor"),
    row("concatenate of None", lambda: tg.concatenate(None), DtypeError, "concatenate", "NoneType"),
    row("outer with None", lambda: tg.outer(vector, None), DtypeError, "outer", "None"),
    row("dot of strings", lambda: tg.dot("ab", "cd"), DtypeError, "dot", "str"),
    row("dot with a string", lambda: tg.dot([v, "a"], [u, u]), DtypeError, "dot", "str 'a'"),
    row("einsum, swapped", lambda: tg.einsum(x, "ij"), DtypeError, "einsum", "'ij,jk->ik'", "Tensor"),
    row("einsum of strings", lambda: tg.einsum("i->", ["a", "b"]), DtypeError, "einsum", "['a', 'b']"),
    row("where a string", lambda: tg.where("a", x, x), DtypeError, "where", "str 'a'"),
    row("where without else", lambda: tg.where(True, x), DtypeError, "where(condition, x, y)", "where(bool, Tensor)"),
    row("round, decimals", lambda: tg.round(x, 1.5), DtypeError, "round", "decimals is a whole number, not float 1.5"),
    row("nan_to_num, nan", lambda: tg.nan_to_num(x, nan="0"), DtypeError, "nan_to_num", "nan is a number, not str '0'"),
    row("quantile, q", lambda: tg.quantile(x, 50), OutOfRangeError, "quantile", "q=50", "tg.percentile"),
    row("median of nothing", lambda: tg.median(empty), ShapeError, "(0, 3)", "no numbers"),
    row("partition, kth", lambda: tg.partition(x, 3), OutOfRangeError, "partition", "kth=3", "'x' (2, 3)"),
    row("average, weights", lambda: tg.average(x, weights=[1.0, 2.0]), ShapeError, "average", "(2,)", "'x' (2, 3)"),
    row("interp, strings", lambda: tg.interp(x, ["a", "b"], [1.0, 2.0]), DtypeError, "interp", "['a', 'b']"),
    row("interp, points", lambda: tg.interp(x, [0.0, 1.0], [2.0]), ShapeError, "interp", "(2,) and (1,)"),
    row("sort, axis", lambda: tg.sort(x, 2), OutOfRangeError, "sort", "axis 2 is out of range", "(2, 3)"),
    row("cov of images", lambda: tg.cov(batch), ShapeError, "cov", "(2, 3, 4)"),
    row("clip by nothing", lambda: tg.clip(x), DtypeError, "clip", "give min, max or both"),
    row("clip by a string", lambda: tg.clip(v, "low", 2), DtypeError, "clip", "str 'low'"),
    row("bool - bool", lambda: bools - bools, DtypeError, "subtract", "bools", ".astype('float32')"),
    row("linear of bools", lambda: F.linear(bools, BOOLS), DtypeError, "linear", "bools", ".astype('float32')"),
    row("bilinear of bools", lambda: F.bilinear(bools, bools, BOOLS[None]), DtypeError, "bilinear", "bools"),
    row("conv2d of bools", lambda: F.conv2d(BOOLS[None], BOOLS[None, None]), DtypeError, "conv2d", "bools"),
    row("conv_transpose1d, bools", lambda: F.conv_transpose1d(bools[None], BOOLS[None]), DtypeError, "conv_", "bools"),
    row("sign of bools", lambda: tg.sign(bools), DtypeError, "sign", "bools", ".astype('float32')"),
    row("int ** -1", lambda: whole**-1, DtypeError, "power", "(3,) and -1", ".astype('float32')"),
    row("reshape by floats", lambda: x.reshape(2.0, 3), DtypeError, "reshape", "whole number", "float 2.0"),
    row("reshape by a string", lambda: x.reshape("ab"), DtypeError, "reshape", "whole number", "'ab'"),
    row("roll by a float", lambda: tg.roll(x, 1.5), DtypeError, "roll", "shift is a whole number", "1.5"),
    row("tile by a float", lambda: tg.tile(x, 2.0), DtypeError, "tile", "how often", "float 2.0"),
    row("tile by None", lambda: tg.tile(x, None), DtypeError, "tile", "how often", "None"),
    row("repeat by a float", lambda: x.repeat(2.5), DtypeError, "repeat", "how often", "2.5"),
    row("pad by a float", lambda: tg.pad(x, 1.5), DtypeError, "pad", "pad_width is a whole number", "1.5"),
    row("pad with a string", lambda: tg.pad(x, 1, "constant", "a"), DtypeError, "pad", "constant_values is one number"),
    row("pad with a Value", lambda: tg.pad(x, 1, constant_values=v), DtypeError, "pad", "constant_values is one"),
    row("split by a float", lambda: tg.split(x, 1.5), DtypeError, "split", "a whole number", "1.5"),
    row("split by floats", lambda: tg.split(x, [0.5]), DtypeError, "split", "a whole number", "0.5"),
    row("tril by a float", lambda: tg.tril(x, 0.5), DtypeError, "tril", "k is a whole number", "0.5"),
    row("diag by a float", lambda: tg.diag(x, 0.5), DtypeError, "diag", "k is a whole number", "0.5"),
    row("trace by a string", lambda: x.trace("a"), DtypeError, "trace", "offset is a whole number", "'a'"),
    row("astype, unknown", lambda: x.astype("flaot32"), DtypeError, "astype", "'flaot32'", "'float32'"),
    row("astype, complex", lambda: x.astype(complex), DtypeError, "astype", "complex", "'float64'"),
    row("astype, None", lambda: x.astype(None), DtypeError, "astype", "None", "'float32'"),
    row("a keyword too many", lambda: tg.sum(x, dim=1), DtypeError, "sum(x, axis=None, keepdims=False)", "dim=1"),
    row("an operand too few", lambda: tg.add(x), DtypeError, "add(x, y)", "add(Tensor)"),
    row("an operand too many", lambda: tg.exp(x, x), DtypeError, "exp(x)", "exp(Tensor, Tensor)"),
]

CONSTRUCTORS = [
    row("Value of a string", lambda: tg.Value("2"), DtypeError, "Value", "str '2'", "float(...)"),
    row("Value of None", lambda: tg.Value(None), DtypeError, "Value", "None"),
    row("Value of a list", lambda: tg.Value([1, 2]), DtypeError, "Value", "[1, 2]", "tg.tensor"),
    row("Value of an array", lambda: tg.Value(three), DtypeError, "Value", "float64", "tg.tensor"),
    row("Value of a complex number", lambda: tg.Value(1j), DtypeError, "Value", "1j", ".real"),
    row("Value of a Value", lambda: tg.Value(v), GraphError, "Value", "'v' = 2.0", "float(x)"),
    row("Value of a Tensor", lambda: tg.Value(x), GraphError, "Value", "'x' (2, 3)", "float(x)"),
    row("Value, name", lambda: tg.Value(1.0, 2.0), DtypeError, "name", "a string", "2.0"),
    row("Value.data", lambda: setattr(u, "data", "a"), DtypeError, "Value", "str 'a'"),
    row("tensor of a string", lambda: tg.tensor("abc"), DtypeError, "tensor", "str 'abc'", "float(...)"),
    row("tensor of None", lambda: tg.tensor(None), DtypeError, "tensor", "None"),
    row("tensor of ragged rows", lambda: tg.tensor([[1], [2, 3]]), ShapeError, "tensor", "[[1], [2, 3]]", "one length"),
    row("tensor with a hole", lambda: tg.tensor([1, None]), DtypeError, "tensor", "[1, None]"),
    row("tensor of a complex number", lambda: tg.tensor(1j), DtypeError, "tensor", "1j", ".real"),
    row("tensor of dates", lambda: tg.tensor(np.array(["2020-01-01"], "M8[D]")), DtypeError, "tensor", "datetime64[D]"),
    row("tensor of objects", lambda: tg.tensor(np.array([1, None])), DtypeError, "tensor", "object", "dtype=float"),
    row("tensor of a dict", lambda: tg.tensor({"a": 1}), DtypeError, "tensor", "dict", "a list"),
    row("tensor of an iterator", lambda: tg.tensor(iter([1, 2])), DtypeError, "tensor", "list(...)"),
    row("tensor of Values", lambda: tg.tensor([v, u]), DtypeError, "tensor", "tg.stack makes one Tensor"),
    row("tensor of a fraction", lambda: tg.tensor(Fraction(1, 2)), DtypeError, "tensor", "Fraction(1, 2)", "float("),
    row("tensor of a huge number", lambda: tg.tensor(2**70), DtypeError, "tensor", "int", "float(...)"),
    row("tensor, dtype unknown", lambda: tg.tensor([1, 2], "flaot"), DtypeError, "tensor", "'flaot'", "'float32'"),
    row("tensor, dtype complex", lambda: tg.tensor([1, 2], complex), DtypeError, "tensor", "complex", "'float32'"),
    row(
        "tensor of ints", lambda: tg.tensor(np.array([1]), None, True), DtypeError, "requires_grad", "int64", "float32"
    ),
    row("requires_grad_ of ints", lambda: whole.requires_grad_(), DtypeError, "requires_grad", "int64", "float32"),
    row("requires_grad_ of x * 2", lambda: (x * 2).requires_grad_(), GraphError, "requires_grad", "multiply", "detach"),
    row("zeros, negative", lambda: tg.zeros((2, -3)), ShapeError, "zeros", "-3"),
    row("zeros, float", lambda: tg.zeros(2.0), DtypeError, "zeros", "whole number", "2.0"),
    row("zeros, None", lambda: tg.zeros(None), DtypeError, "zeros", "whole number", "None"),
    row("zeros, bool", lambda: tg.zeros((2, True)), DtypeError, "zeros", "whole number", "True"),
    row("zeros, huge", lambda: tg.zeros((2**40, 2**40)), ShapeError, "zeros", "no memory"),
    row("zeros, dtype", lambda: tg.zeros(3, "flaot"), DtypeError, "zeros", "'flaot'", "'float32'"),
    row("zeros, complex", lambda: tg.zeros(3, complex), DtypeError, "zeros", "complex", "'float32'"),
    row("zeros of ints, requires_grad", lambda: tg.zeros(3, int, True), DtypeError, "requires_grad", "int64"),
    row("ones(2, 3)", lambda: tg.ones(2, 3), DtypeError, "ones", "3 is no dtype", "given as one tuple"),
    row("full of a string", lambda: tg.full(3, "a"), DtypeError, "full", "fill_value", "'a'"),
    row("full of None", lambda: tg.full(3, None), DtypeError, "full", "fill_value", "None"),
    row("full of a Value", lambda: tg.full(3, v), DtypeError, "full", "fill_value", "Value"),
    row("full, too large", lambda: tg.full(3, 300, "uint8"), DtypeError, "full", "300", "uint8"),
    row("full_like", lambda: tg.full_like(x, "a"), DtypeError, "full_like", "'a'"),
    row("zeros_like", lambda: tg.zeros_like(None), DtypeError, "zeros_like", "None"),
    row("ones_like", lambda: tg.ones_like([[1], [2, 3]]), ShapeError, "ones_like", "one length"),
    row("eye", lambda: tg.eye(-1), ShapeError, "eye", "-1"),
    row("eye, float", lambda: tg.eye(2, 2.5), DtypeError, "eye", "2.5"),
    row("arange, step 0", lambda: tg.arange(0, 1, 0), ShapeError, "arange", "step is 0"),
    row("arange, endless", lambda: tg.arange(0, float("inf")), ShapeError, "arange", "never end"),
    row("arange, string", lambda: tg.arange("3"), DtypeError, "arange", "'3'"),
    row("arange, Value", lambda: tg.arange(v), DtypeError, "arange", "Value", "float(x)"),
    row("linspace, negative", lambda: tg.linspace(0, 1, -1), ShapeError, "linspace", "-1"),
    row("linspace, float", lambda: tg.linspace(0, 1, 2.5), DtypeError, "linspace", "2.5"),
    row("linspace, None", lambda: tg.linspace(0, None), DtypeError, "linspace", "stop"),
    row("rand, negative", lambda: tg.rand(-1), ShapeError, "rand", "-1"),
    row("rand, float", lambda: tg.rand(2, 3.0), DtypeError, "rand", "3.0"),
    row("rand, seed", lambda: tg.rand(2, seed="a"), DtypeError, "rand", "seed", "'a'"),
    row("rand, ints", lambda: tg.rand(2, dtype=int), DtypeError, "rand", "int64", "dtype='float32'"),
    row("randn, negative seed", lambda: tg.randn(2, seed=-1), DtypeError, "randn", "seed", "-1"),
    row("randn_like ints", lambda: tg.randn_like(whole), DtypeError, "randn_like", "int64", "dtype='float32'"),
]

NUMPY = [
    row("np.linalg.eig", lambda: np.linalg.eig(x), DtypeError, "np.linalg.eig", "table of primitives", "tg.eigh"),
    row("np.fft", lambda: np.fft.fft(x), DtypeError, "np.fft.fft", "table of primitives", "out of scope"),
    row("np.choose", lambda: np.choose([0, 1, 0], x), DtypeError, "np.choose", "tg.where"),
    row("np.nanprod", lambda: np.nanprod(x), DtypeError, "np.nanprod", "tg.where(np.isnan(x), 0, x)"),
    row("out", lambda: np.exp(x, out=np.zeros((2, 3))), DtypeError, "np.exp", "without `out`"),
    row("out of a Tensor", lambda: np.exp(np.ones((2, 3)), out=x), DtypeError, "np.exp", "without `out`"),
    row("out of a sum", lambda: np.sum(x, out=np.zeros(())), DtypeError, "np.sum", "without `out`"),
    row("where", lambda: np.exp(x, where=x.data > 0), DtypeError, "np.exp", "no options, not where"),
    row("order of a shape", lambda: np.reshape(x, 6, order="A"), DtypeError, "reshape", "'C' or 'F'", "'A'"),
    row("sort, order", lambda: np.sort(x, order="f"), DtypeError, "np.sort", "not order"),
    row("concatenate, dtype", lambda: np.concatenate([x, x], dtype=float), DtypeError, "np.concatenate", "not dtype"),
    row("trace, dtype", lambda: np.trace(x, 0, 0, 1, float), DtypeError, "np.trace", "trace(x, offset=0, axis1=0"),
    row(
        "ufunc.outer", lambda: np.heaviside.outer(x, x), DtypeError, "np.heaviside.outer", "np.heaviside(x[:, None], y)"
    ),
    row("ufunc.at", lambda: np.add.at(x, 0, 1), DtypeError, "np.add.at", "tg.scatter"),
    row("ufunc.accumulate", lambda: np.maximum.accumulate(x), DtypeError, "np.maximum.accumulate", "itertools"),
    row("ufunc.reduce", lambda: np.subtract.reduce(x), DtypeError, "np.subtract.reduce", "functools.reduce"),
    row("np.add of a string", lambda: np.add(x, "a"), DtypeError, "add", "str 'a'"),
    row("np.equal", lambda: np.equal(x, np.ones(7)), ShapeError, "np.equal", "(2, 3)", "(7,)"),
    row("np.logical_and", lambda: np.logical_and(x, np.ones(7)), ShapeError, "np.logical_and", "(2, 3)", "(7,)"),
    row("np.argmax", lambda: np.argmax(x, 7), OutOfRangeError, "argmax", "axis 7"),
    row("np.expand_dims", lambda: np.expand_dims(x, 7), OutOfRangeError, "expand_dims", "axis 7"),
]

BACKWARD = [
    row("no seed", lambda: (x * 2).backward(), GraphError, "backward", "(2, 3)", "6 numbers", ".sum() or .mean()"),
    row("no seed, named", lambda: x.backward(), GraphError, "backward", "'x'", "upstream gradient"),
    row("seed of another shape", lambda: x.backward(three), ShapeError, "backward", "'x'", "(2, 3)", "(3,)"),
    row("seed of a sum", lambda: x.sum().backward(two), ShapeError, "backward", "sum", "(2,)"),
    row("seed of a Value", lambda: (v * v).backward("a"), DtypeError, "Value", "str 'a'"),
    row("array as seed of a Value", lambda: (v * v).backward(three), DtypeError, "Value", "float64"),
    row("leaf without requires_grad", lambda: vector.sum().backward(), GraphError, "backward", "requires_grad=True"),
    row("Value without requires_grad", lambda: tg.Value(1.0, "c", False).backward(), GraphError, "backward", "'c'"),
    row("inside no_grad", lambda: without_grad().backward(), GraphError, "backward", "outside no_grad()"),
    row("detached", lambda: x.detach().sum().backward(), GraphError, "backward", "without detach()"),
    row("detached Value", lambda: v.detach().backward(), GraphError, "backward", "'v'", "without detach()"),
    row("gradients of a float", lambda: tg.gradients(2.0, [v]), GraphError, "backward", "float: 2.0"),
    row("gradients of many", lambda: tg.gradients(x * 2, [x]), GraphError, "backward", "6 numbers"),
    row("steps of a float", lambda: tg.steps(2.0), GraphError, "steps", "float 2.0"),
    row("steps of many", lambda: tg.steps(x * 2), GraphError, "steps", "sum() or mean()"),
    row("grad of another shape", lambda: setattr(x, "grad", three), ShapeError, "grad", "'x'", "(2, 3)", "(3,)"),
    row("grad of a Value", lambda: setattr(v, "grad", three), DtypeError, "Value", "float64"),
    row("grad of a Value, a Tensor", lambda: setattr(v, "grad", x), GraphError, "Value", "'x' (2, 3)", "float(x)"),
]


def without_grad() -> Any:
    with tg.no_grad():
        return square(x)


FUNCTIONAL = [
    row("grad of a number", lambda: tg.grad(3), DtypeError, "grad", "int 3"),
    row("grad of a node", lambda: tg.grad(v), DtypeError, "grad", "Value", "node.backward()"),
    row("value_and_grad of None", lambda: tg.value_and_grad(None), DtypeError, "value_and_grad", "None"),
    row("argnums", lambda: tg.grad(square, 1)(three), OutOfRangeError, "grad", "argnums 1", "1 positional argument"),
    row("argnums, negative", lambda: tg.grad(square, -2)(three), OutOfRangeError, "grad", "argnums -2"),
    row("argnums, several", lambda: tg.grad(square, (0, 1))(three), OutOfRangeError, "grad", "argnums (0, 1)"),
    row("argnums, twice", lambda: tg.grad(square, (0, 0))(three), ShapeError, "grad", "(0, 0)", "twice"),
    row("argnums, a name", lambda: tg.grad(square, "a")(three), DtypeError, "grad", "'a'"),
    row("argnums, a float", lambda: tg.grad(square, 1.0)(three), DtypeError, "grad", "1.0"),
    row("no arguments", lambda: tg.grad(square)(), OutOfRangeError, "grad", "0 positional arguments"),
    row("returns None", lambda: tg.grad(lambda a: None)(2.0), GraphError, "grad", "None", "forget its `return`"),
    row("returns a list", lambda: tg.grad(lambda a: [a, a])(2.0), GraphError, "grad", "list of 2", "tg.stack"),
    row("returns two", lambda: tg.jacobian(lambda a: (a, a))(2.0), GraphError, "jacobian", "tuple of 2", "tg.stack"),
    row("returns a string", lambda: tg.grad(lambda a: "s")(2.0), GraphError, "grad", "str 's'"),
    row("returns a dict", lambda: tg.vjp(lambda a: {"loss": a}, 2.0), GraphError, "vjp", "dict"),
    row("returns many", lambda: tg.grad(lambda a: a * a)(three), GraphError, "grad", "(3,)", "tg.jacobian"),
    row("hessian, returns many", lambda: tg.hessian(lambda a: a)(three), GraphError, "grad", "(3,)", ".sum()"),
    row("hvp, returns many", lambda: tg.hvp(lambda a: a, three, three), GraphError, "hvp", "(3,)", ".sum()"),
    row("integer array", lambda: tg.grad(square)(np.array([1, 2])), DtypeError, "grad", "int64", ".astype(float)"),
    row("bool", lambda: tg.grad(lambda a: a)(True), DtypeError, "grad", "argument 0", "bool"),
    row("string", lambda: tg.grad(square)("a"), DtypeError, "grad", "argument 0", "str 'a'"),
    row("ragged rows", lambda: tg.grad(square)([[1], [2, 3]]), ShapeError, "grad", "argument 0", "one length"),
    row("complex", lambda: tg.jacobian(square)(1j), DtypeError, "jacobian", "argument 0", "1j"),
    row("hessian, argnums", lambda: tg.hessian(square, (0, 1))(three), DtypeError, "hessian", "(0, 1)"),
    row("vjp, seed", lambda: tg.vjp(lambda a: a * 1, three)[1](np.ones(4)), ShapeError, "backward", "(4,)", "(3,)"),
    row("vjp, no seed", lambda: tg.vjp(lambda a: a * 1, three)[1](), GraphError, "backward", "3 numbers"),
    row("vjp, string as seed", lambda: tg.vjp(square, three)[1]("a"), DtypeError, "vjp", "str 'a'"),
    row("jvp, shapes", lambda: tg.jvp(square, three, np.ones(4)), ShapeError, "jvp", "(3,)", "(4,)"),
    row("jvp, counts", lambda: tg.jvp(square, (three,), (three, three)), ShapeError, "jvp", "(3,) and (3,)", "tuples"),
    row("jvp, string", lambda: tg.jvp(square, (1.0,), ("a",)), DtypeError, "jvp", "str 'a'"),
    row("hvp, shapes", lambda: tg.hvp(square, three, np.ones(4)), ShapeError, "hvp", "(3,)", "(4,)"),
]

CONVERSIONS = [
    row("len", lambda: len(x.sum()), DtypeError, "len", "()", ".item()"),
    row("iter", lambda: list(x.sum()), DtypeError, "len", "no items", ".item()"),
    row("bool", lambda: bool(x), ShapeError, "bool", "'x'", "6 numbers", ".data.any() or .data.all()"),
    row("float", lambda: float(x), ShapeError, "item", "'x'", "6 numbers", ".tolist()"),
    row("int", lambda: int(x), ShapeError, "item", "6 numbers"),
    row("item", lambda: x.item(), ShapeError, "item", "6 numbers", ".numpy()"),
    row("format", lambda: f"{x:.2f}", ShapeError, "item", "6 numbers"),
    row("range", lambda: range(vector), DtypeError, "index", "(3,)", "float64"),
    row("list index", lambda: [1, 2][vector[0]], DtypeError, "index", "float64"),
    row("pickle of a Tensor", lambda: pickle.dumps(x), DtypeError, "pickle", "Tensor", "`.data`", "tg.save()"),
    row("pickle of a Value", lambda: pickle.dumps(v), DtypeError, "pickle", "Value", "`.data`", "tg.save()"),
    row("pickle inside a list", lambda: pickle.dumps([1, {"w": v}]), DtypeError, "pickle", "Value"),
    row("a name", lambda: setattr(copy.copy(v), "name", 3), DtypeError, "name", "int 3"),
]

IN_PLACE = [
    row("setitem", lambda: x.__setitem__(0, 1.0), InPlaceError, "setitem", "'x'", "tg.no_grad()", "tg.where"),
    row("setitem of a node", lambda: vector.__setitem__(0, v), InPlaceError, "setitem", "(3,)", "tg.no_grad()"),
    row("setitem of x * 2", lambda: (x * 2).__setitem__(0, 1.0), InPlaceError, "setitem", "multiply", "tg.no_grad()"),
    row("leaf -= number", lambda: x.__isub__(1.0), InPlaceError, "subtract", "'x'", "tg.no_grad()"),
    row("leaf *= node", lambda: x.__imul__(v), InPlaceError, "multiply", "'x'", "leaf", "tg.no_grad()"),
    row("a Tensor after its use", lambda: change_tensor(), InPlaceError, "backward", "'a'", "multiply", "a copy of it"),
    row("a result", lambda: change_result(), InPlaceError, "backward", "exp", "changed in place", "after backward()"),
    row("a Value after its use", lambda: change_value(), InPlaceError, "backward", "'a'", "multiply", "in place at"),
]


def change_tensor() -> None:
    a = tg.tensor([1.0, 2.0], requires_grad=True, name="a")
    y = (a * a).sum()
    with tg.no_grad():
        a -= 1.0
    y.backward()


def change_result() -> None:
    y = tg.exp(x)
    z = y.sum()
    with tg.no_grad():
        y[0] = 0.0
    z.backward()


def change_value() -> None:
    a = tg.Value(2.0, name="a")
    y = a * a
    a.data = 3.0
    y.backward()


TABLE: dict[str, list[Row]] = {
    "shapes": SHAPES,
    "axes": AXES,
    "places": PLACES,
    "types": TYPES,
    "constructors": CONSTRUCTORS,
    "numpy": NUMPY,
    "backward": BACKWARD,
    "functional": FUNCTIONAL,
    "conversions": CONVERSIONS,
    "in place": IN_PLACE,
}

ROWS = {f"{group}: {each.name}": each for group, rows in TABLE.items() for each in rows}
