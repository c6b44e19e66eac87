"""What to say when a call is refused: the operation, the operands, the rule that is broken and the way out.

`RULES` is the table: for each primitive the functions that look for a broken rule in its operands and settings. The
first that finds one says what is wrong. They look at shapes and types only and never repeat NumPy's own words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from math import inf, prod
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..errors import DtypeError, OutOfRangeError, ShapeError, TinygradError
from ..node import Node

if TYPE_CHECKING:
    from .primitive import Primitive

__all__ = ["check", "not_numbers", "refusal", "refused", "short"]

Shape = tuple[int, ...]


class Call(NamedTuple):
    """A call that was refused, or is to be checked."""

    name: str
    operands: Sequence[Any]
    attrs: dict[str, Any]

    @property
    def shapes(self) -> list[Shape]:
        return [shape_of(x) for x in self.operands]

    @property
    def shape(self) -> Shape:
        """The shape of the first operand."""
        return shape_of(self.operands[0])

    @property
    def x(self) -> str:
        """The first operand in words."""
        return in_words(self.operands[0])


Finder = Callable[[Call], TinygradError | None]
"""Looks for one kind of mistake; its text is put behind the name of the operation."""


def refusal(
    primitive: Primitive, operands: Sequence[Any], values: Sequence[Any], attrs: dict[str, Any], error: Exception
) -> Exception:
    """The error to raise instead of NumPy's, when it refuses to compute a primitive."""
    return refused(primitive.name, operands, attrs, error, primitive.elementwise)


def refused(
    name: str, operands: Sequence[Any], attrs: dict[str, Any], error: Exception, elementwise: bool = False
) -> Exception:
    """The error to raise instead of NumPy's `error`, when it refuses any call."""
    if isinstance(error, TinygradError):  # said already by a primitive that this one is made of
        return error
    found = broken_rule(Call(name, operands, attrs), elementwise)
    if found is None:
        kind = DtypeError if isinstance(error, TypeError) else ShapeError
        found = kind(f"{name}: cannot be computed on {listed(operands)}: {error}")
    return found


def check(name: str, *operands: Any, **attrs: Any) -> None:
    """Raise what the rules of operation `name` find wrong with a call; for what NumPy would let pass.

    >>> check("sum", np.ones((3, 4)), axis=2)
    Traceback (most recent call last):
    ...
    tinygrad_edu.errors.OutOfRangeError: sum: axis 2 is out of range for (3, 4), whose axes are 0 and 1 (or -2, -1)
    """
    found = broken_rule(Call(name, operands, attrs))
    if found is not None:
        raise found from None


def broken_rule(call: Call, elementwise: bool = False) -> TinygradError | None:
    """The first mistake that the rules of the operation find."""
    for x in call.operands:
        if is_no_array_of_numbers(x):
            return not_numbers(call.name, x)
    for finder in (*RULES.get(call.name, ()), *(ELEMENTWISE if elementwise else ())):
        found = finder(call)
        if found is not None:
            return type(found)(f"{PUBLIC_NAME.get(call.name, call.name)}: {found}{made_at(call.operands)}")
    return None


# Operands in words.


def shape_of(x: Any) -> Shape:
    return x.shape if isinstance(x, (Node, np.ndarray)) else np.shape(x)  # type: ignore[union-attr]


def in_words(x: Any) -> str:
    """An operand as an error names it: the user's name for it and its shape, or the number that it is."""
    if isinstance(x, Real):
        return str(x)
    if not isinstance(x, Node) or not x.name:
        return str(shape_of(x)) if hasattr(x, "dtype") or not isinstance(x, Node) else repr(x)
    return f"{x.name!r} {shape_of(x)}" if hasattr(x, "dtype") else f"{x.name!r} = {float(x)}"


def listed(things: Sequence[Any], last: str = " and ") -> str:
    """`a, b and c`; operands in words."""
    words = [x if isinstance(x, str) else in_words(x) for x in things]
    if len(words) > 6:
        words = [*words[:5], f"{len(words) - 5} more"]
    return last.join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def symbols(operands: Sequence[Any]) -> list[str]:
    """How a suggestion calls the operands: by the user's names, where these can be written, or a, b, c."""
    names = [x.name if isinstance(x, Node) else None for x in operands]
    return [name if name and name.isidentifier() else letter for name, letter in zip(names, "abcdefgh")]


def made_at(operands: Sequence[Any]) -> str:
    """A second line that says where the operands were made, if `tg.trace()` recorded it."""
    places = [f"{in_words(x)} at {x.source}" for x in operands if isinstance(x, Node) and x.source]
    return f"\n  made: {', '.join(places[:3])}" if places else ""


# What is no number.


def is_no_array_of_numbers(x: Any) -> bool:
    """Whether NumPy makes of x anything else than an array of real numbers."""
    if isinstance(x, Node) or type(x) in (float, int, bool):
        return False
    if hasattr(x, "dtype"):
        return bool(x.dtype.kind not in "biuf")
    try:
        return np.asarray(x).dtype.kind not in "biuf" and not isinstance(x, Real)
    except (TypeError, ValueError):
        return True


def not_numbers(name: str, x: Any) -> TinygradError:
    """The refusal of an operand that is no real number and no array of real numbers, with the way to make it one.

    >>> not_numbers("add", "2.5")
    DtypeError("add: needs numbers, arrays, Values or Tensors, not str '2.5'; float(...) makes a number of a string")
    """
    if is_ragged(x):
        return ShapeError(f"{name}: the rows of {short(x)} are not of one length, so it is no array")
    dtype = getattr(x, "dtype", None)
    kind = f"an array of dtype {dtype}" if getattr(x, "shape", ()) else f"{type(x).__name__} {short(x)}"
    holds = np.asarray(x, dtype=object).dtype if dtype is None else dtype
    for is_this, way_out in NOT_NUMBERS:
        if is_this(x, holds):
            return DtypeError(f"{name}: needs numbers, arrays, Values or Tensors, not {kind}; {way_out}")
    return DtypeError(f"{name}: needs numbers, arrays, Values or Tensors, not {kind}")


def is_ragged(x: Any) -> bool:
    if not isinstance(x, (list, tuple)):
        return False
    try:
        np.asarray(x)
    except (TypeError, ValueError):
        return True
    return False


def short(x: Any) -> str:
    """A value in one line of at most sixty characters."""
    text = " ".join(repr(x).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def leaves(x: Any) -> Iterator[Any]:
    """The things in nested lists."""
    todo = [x]
    while todo:
        x = todo.pop()
        if isinstance(x, (list, tuple)):
            todo.extend(x)
        else:
            yield x


def holds_a(*kinds: type) -> Callable[[Any, Any], bool]:
    return lambda x, dtype: any(isinstance(leaf, kinds) for leaf in leaves(x))


NOT_NUMBERS: list[tuple[Callable[[Any, Any], bool], str]] = [
    (holds_a(Node), "tg.stack makes one Tensor of several nodes"),
    (holds_a(type(None)), "does a function before it lack its `return`?"),
    (lambda x, dtype: dtype.kind in "SU", "np.asarray(..., dtype=float) reads numbers from text"),
    (holds_a(str, bytes), "float(...) makes a number of a string"),
    (lambda x, dtype: dtype.kind == "c", "take .real, .imag or abs(), for derivatives here are of real numbers"),
    (holds_a(complex), "take .real, .imag or abs(), for derivatives here are of real numbers"),
    (lambda x, dtype: dtype.kind in "mM", "take the difference to one date, divided by np.timedelta64(1, 'D')"),
    (lambda x, dtype: hasattr(x, "dtype"), "np.asarray(..., dtype=float) makes numbers of it, if it holds any"),
    (holds_a(int), "whole numbers that large do not fit an array; float(...) does"),
    (lambda x, dtype: isinstance(x, (set, frozenset, dict)), "a list has the order that an array needs"),
    (lambda x, dtype: callable(x), "call it first"),
    (lambda x, dtype: hasattr(x, "__float__"), "float(...) makes a number of it"),
    (lambda x, dtype: hasattr(x, "__iter__"), "list(...) collects its items"),
]
"""What else x can be, and the way out. The first that holds is told."""


# Whole numbers and axes.


def is_whole(x: Any) -> bool:
    return isinstance(x, (int, np.integer)) and not isinstance(x, bool)


def several(x: Any) -> tuple[Any, ...]:
    """A setting that may be one thing or a sequence of things, as a tuple."""
    if isinstance(x, np.ndarray):
        x = x.tolist()
    return tuple(x) if isinstance(x, (list, tuple, range)) else (x,)


def not_whole(what: str, given: Any, many: bool = True) -> DtypeError | None:
    for x in several(given) if many else (given,):
        if not is_whole(x):
            or_several = " or a tuple of them" if many else ""
            return DtypeError(f"{what} is a whole number{or_several}, not {type(x).__name__} {short(x)}")
    return None


def axes_of(shape: Shape) -> str:
    """`whose axes are 0 and 1 (or -2, -1)`."""
    n = len(shape)
    if n < 2:
        return "whose only axis is 0 (or -1)" if n else "which has no axes"
    return f"whose axes are {listed([str(i) for i in range(n)])} (or {', '.join(str(i - n) for i in range(n))})"


def wrong_axes(
    what: str, given: Any, shape: Shape, of: str, *, none: bool = True, many: bool = True
) -> TinygradError | None:
    """What is wrong with a setting that names an axis, or several, of an array."""
    if given is None and none:
        return None
    found = not_whole(what, given, many)
    if found is not None:
        return found
    places = several(given)
    for axis in places:
        if not -len(shape) <= axis < len(shape):
            return OutOfRangeError(f"{what} {axis} is out of range for {of}, {axes_of(shape)}")
    if len({axis % len(shape) for axis in places}) < len(places):
        return ShapeError(f"{what} {places} names one axis of {of} twice; name each once")
    return None


def axis(call: Call) -> TinygradError | None:
    return wrong_axes("axis", call.attrs.get("axis"), call.shape, call.x)


def one_axis(call: Call) -> TinygradError | None:
    return wrong_axes("axis", call.attrs.get("axis"), call.shape, call.x, many=False)


def axis_as_tuple(call: Call) -> TinygradError | None:
    given = call.attrs.get("axis")
    if isinstance(given, (list, np.ndarray)):
        return DtypeError(f"several axes are given as a tuple: axis={several(given)}, not {type(given).__name__}")
    return None


def switches(call: Call) -> TinygradError | None:
    keepdims = call.attrs.get("keepdims", False)
    if not isinstance(keepdims, (bool, int, np.bool_)):
        return DtypeError(f"keepdims is True or False, not {type(keepdims).__name__} {short(keepdims)}")
    return None


def nothing(call: Call) -> TinygradError | None:
    """A reduction of no numbers, where that has no result."""
    axes, n = call.attrs.get("axis"), len(call.shape)
    reduced = set(range(n)) if axes is None else {a % n for a in several(axes)}
    if {i for i, size in enumerate(call.shape) if size == 0} & reduced and all(
        size for i, size in enumerate(call.shape) if i not in reduced
    ):
        along = "" if axes is None else f" along axis {axes}"
        return ShapeError(f"{call.x} has no numbers{along}, and of nothing there is no {call.name}; check .size first")
    return None


def no_largest(call: Call) -> TinygradError | None:
    return nothing(call) if call.attrs.get("ord") in (inf, -inf) else None


def degrees_of_freedom(call: Call) -> TinygradError | None:
    axes, ddof = call.attrs.get("axis"), call.attrs.get("ddof", 0)
    if not isinstance(ddof, Real):
        return DtypeError(f"ddof is a number, not {type(ddof).__name__} {short(ddof)}")
    n = prod(call.shape[a] for a in several(axes)) if axes is not None else prod(call.shape)
    if n <= ddof:
        return ShapeError(f"with ddof={ddof} the sum is divided by n - {ddof}, and {call.x} has n = {n} numbers to reduce")
    return None


# Shapes that go together.


def broadcast(call: Call) -> TinygradError | None:
    """The first two operands that do not broadcast, and where."""
    operands = [x for x in (*call.operands, *call.attrs.values()) if x is not None]
    for i, j in combinations(range(len(operands)), 2):
        a, b = shape_of(operands[i]), shape_of(operands[j])
        for back, (m, n) in enumerate(zip(reversed(a), reversed(b)), 1):
            if m != n and 1 not in (m, n):
                where = "the last axis" if back == 1 else f"axis -{back}"
                why = f"sizes {m} and {n} on {where} differ and neither is 1"
                hint = would_broadcast([operands[i], operands[j]]) if len(operands) == 2 else ""
                return ShapeError(f"{listed(operands)} do not broadcast: {why}{hint}")
    return None


def would_broadcast(operands: Sequence[Any]) -> str:
    """The reshape or the transpose of one operand that would make two broadcast, if there is one."""
    (a, b), (first, second) = (shape_of(x) for x in operands), symbols(operands)
    if a == b[::-1] and len(a) == 2:
        return f"; did you mean {second}.T?"
    large, small, name = (a, b, second) if len(a) > len(b) else (b, a, first)
    for places in combinations(range(len(large)), len(small)) if 0 < len(small) < len(large) < 8 else ():
        if all(large[place] == size for place, size in zip(places, small)):
            shape = [1] * len(large)
            for place, size in zip(places, small):
                shape[place] = size
            return f"; {name}.reshape({', '.join(map(str, shape))}) would broadcast"
    return ""


def bools(call: Call) -> TinygradError | None:
    if all(x.dtype == bool for x in call.operands if hasattr(x, "dtype")):
        return DtypeError(f"{call.x} holds bools, which have no {call.name}; .astype('float32') makes numbers of them")
    return None


def whole_powers(call: Call) -> TinygradError | None:
    if all(getattr(x, "dtype", np.dtype(int)).kind in "iub" for x in call.operands):
        return DtypeError(
            f"whole numbers to a negative power are no whole numbers: {listed(call.operands)}; "
            ".astype('float32') makes floating-point numbers of them"
        )
    return None


def inner_sizes(call: Call) -> TinygradError | None:
    """x @ y: the last axis of x against the last axis but one of y."""
    (a, b), (first, second) = call.shapes, symbols(call.operands)
    product = f"{in_words(call.operands[0])} @ {in_words(call.operands[1])}"
    if not a or not b:
        return ShapeError(f"{product}: a single number has no axis to sum over; use * to scale with it")
    inner = b[-2] if len(b) > 1 else b[0]
    if a[-1] != inner:
        meant = [f"; did you mean {words}?" for p, q, words in turned(a, b, first, second) if multiply(p, q)]
        meet = f"; a row of {first} has {a[-1]} numbers, a column of {second} has {inner}"
        return ShapeError(f"{product}: inner sizes {a[-1]} and {inner} differ{meant[0] if meant else meet}")
    for back, (m, n) in enumerate(zip(reversed(a[:-2]), reversed(b[:-2])), 3):
        if m != n and 1 not in (m, n):
            return ShapeError(f"{product}: sizes {m} and {n} on axis -{back}, before the matrices, do not broadcast")
    return None


def multiply(a: Shape, b: Shape) -> bool:
    """Whether a @ b is defined."""
    return a[-1] == (b[-2] if len(b) > 1 else b[0]) and broadcasts([a[:-2], b[:-2]])


def turned(a: Shape, b: Shape, first: str, second: str) -> list[tuple[Shape, Shape, str]]:
    """The products that may have been meant instead of a @ b: their shapes, and how they are written."""
    turn = "T" if len(a) <= 2 >= len(b) else "swapaxes(-1, -2)"
    a_turned, b_turned = (shape[:-2] + shape[:-3:-1] for shape in (a, b))
    return [(a, b_turned, f"{first} @ {second}.{turn}"), (a_turned, b, f"{first}.{turn} @ {second}"), (b, a, f"{second} @ {first}")]


def letters(call: Call) -> TinygradError | None:
    """einsum: every letter stands for one size."""
    terms = call.attrs["subscripts"].split("->")[0].split(",")
    size_of: dict[str, tuple[int, Any]] = {}
    for term, x in zip(terms, call.operands):
        for letter, n in zip(term, shape_of(x)):
            m, other = size_of.setdefault(letter, (n, x))
            if m != n:
                sizes = f"{letter!r} is {m} in {in_words(other)} and {n} in {in_words(x)}"
                return ShapeError(f"{call.attrs['subscripts']!r}: {sizes}; a letter stands for one size")
    return None


# Shapes that are made.


def sizes(call: Call) -> TinygradError | None:
    """reshape: the sizes have to hold all the numbers."""
    shape, n = several(call.attrs["shape"]), prod(call.shape)
    found = not_whole("a size", shape)
    if found is not None:
        return found
    known = [size for size in shape if size != -1]
    left_open = len(shape) - len(known)
    if left_open > 1:
        return ShapeError(f"{shape} leaves {left_open} sizes open; only one -1 can be worked out")
    if any(size < 0 for size in known):
        return ShapeError(f"{shape} has a negative size; only -1 has a meaning, a size to be worked out")
    filled = prod(known)
    if filled and n % filled == 0 if left_open else n == filled:
        return None
    return ShapeError(f"{call.x}: {n} numbers do not fill {shape}{would_fill(n, shape)}")


def would_fill(n: int, shape: tuple[int, ...]) -> str:
    """The same shape with one size left open, if the numbers fill that."""
    for i in reversed(range(len(shape))) if -1 not in shape else ():
        others = prod(shape[:i] + shape[i + 1 :])
        if others and n % others == 0:
            return f"; they fill {(*shape[:i], n // others, *shape[i + 1 :])}"
    return ""


def stretched(call: Call) -> TinygradError | None:
    """broadcast_to: only sizes of one can be stretched."""
    shape = several(call.attrs["shape"])
    found = not_whole("a size", shape)
    if found is not None:
        return found
    if any(size < 0 for size in shape):
        return ShapeError(f"{shape} has a negative size")
    if len(shape) < len(call.shape):
        return ShapeError(f"{call.x} has {len(call.shape)} axes and does not broadcast to the {len(shape)} of {shape}")
    for back, (m, n) in enumerate(zip(reversed(call.shape), reversed(shape)), 1):
        if m != n and m != 1:
            where = "the last axis" if back == 1 else f"axis -{back}"
            return ShapeError(f"{call.x} does not broadcast to {shape}: size {m} on {where} is neither {n} nor 1")
    return None


def shrunk(call: Call) -> TinygradError | None:
    """sum_to: the opposite of broadcast_to."""
    shape = several(call.attrs["shape"])
    found = not_whole("a size", shape)
    if found is not None:
        return found
    return ShapeError(f"{call.x} cannot be summed to {shape}, because {shape} does not broadcast to it")


def permutation(call: Call) -> TinygradError | None:
    """transpose: every axis once."""
    axes, n = call.attrs["axes"], len(call.shape)
    found = wrong_axes("axis", axes, call.shape, call.x)
    if found is None and axes is not None and len(several(axes)) != n:
        return ShapeError(f"axes {several(axes)} do not order {call.x}, {axes_of(call.shape)}: each must stand once")
    return found


def moved(call: Call) -> TinygradError | None:
    """moveaxis: as many places as axes."""
    source, destination = call.attrs["source"], call.attrs["destination"]
    for what, given in (("source", source), ("destination", destination)):
        found = wrong_axes(what, given, call.shape, call.x, none=False)
        if found is not None:
            return found
    m, n = len(several(source)), len(several(destination))
    return ShapeError(f"{m} axes cannot move to {n} places: source={source}, destination={destination}") if m != n else None


def swapped(call: Call) -> TinygradError | None:
    for what in ("axis1", "axis2"):
        found = wrong_axes(what, call.attrs[what], call.shape, call.x, none=False, many=False)
        if found is not None:
            return found
    return None


def new_axes(call: Call) -> TinygradError | None:
    """expand_dims: places among the axes that there will be."""
    axes = call.attrs["axis"]
    n = len(call.shape) + len(several(axes))
    return wrong_axes("axis", axes, (1,) * n, f"the {n} axes that the result will have", none=False)


def of_size_one(call: Call) -> TinygradError | None:
    axes = call.attrs["axis"]
    for a in () if axes is None else several(axes):
        if call.shape[a] != 1:
            ones = [str(i) for i, size in enumerate(call.shape) if size == 1]
            which = f"that is axis {listed(ones)}" if ones else "it has none"
            return ShapeError(f"axis {a} of {call.x} has size {call.shape[a]}; only axes of size 1 can go, and {which}")
    return None


def shifts(call: Call) -> TinygradError | None:
    """roll: a shift for each axis."""
    shift, axes = call.attrs["shift"], call.attrs["axis"]
    found = not_whole("shift", shift)
    if found is not None:
        return found
    if axes is not None and 1 not in (len(several(shift)), len(several(axes))) and len(several(shift)) != len(several(axes)):
        return ShapeError(f"{len(several(shift))} shifts for {len(several(axes))} axes: shift={shift}, axis={axes}")
    return None


def times(call: Call) -> TinygradError | None:
    """tile and repeat: how often."""
    given = call.attrs["reps" if call.name == "tile" else "repeats"]
    found = not_whole("how often", given)
    if found is not None:
        return found
    if any(n < 0 for n in several(given)):
        return ShapeError(f"nothing can be repeated {min(several(given))} times; give 0 or more")
    return None


def a_count_each(call: Call) -> TinygradError | None:
    """repeat: one count for all, or one for each number along the axis."""
    counts, axis = several(call.attrs["repeats"]), call.attrs["axis"]
    n = prod(call.shape) if axis is None else call.shape[axis]
    if len(counts) not in (1, n):
        where = "in all" if axis is None else f"along axis {axis}"
        return ShapeError(f"{len(counts)} counts for the {n} places of {call.x} {where}; give one, or {n}")
    return None


def borders(call: Call) -> TinygradError | None:
    """pad: a width, or (before, after), or one such pair for each axis."""
    widths, mode, fill = (call.attrs[name] for name in ("pad_width", "mode", "constant_values"))
    if mode not in PAD_MODES:
        return ShapeError(f"mode {mode!r} is not one of {', '.join(PAD_MODES)}")
    found = not_whole("pad_width", tuple(leaves(widths)))
    if found is not None:
        return found
    if np.ndim(fill) or not isinstance(fill, Real):
        return DtypeError(f"constant_values is one number, not {type(fill).__name__} {short(fill)}")
    if any(n < 0 for n in leaves(widths)):
        return ShapeError(f"pad_width {widths} is negative; to cut off numbers take x[1:-1] and its like")
    if is_ragged(widths) or not fits(np.shape(widths), (len(call.shape), 2)):
        n = len(call.shape)
        return ShapeError(f"pad_width {widths} does not fit {call.x}: give one width, or {n} pairs (before, after), one an axis")
    if 0 in call.shape:
        return ShapeError(f"{call.x} has an empty axis, and mode {mode!r} has no number there to repeat; use mode='constant'")
    return None


PAD_MODES = ("constant", "edge", "reflect", "symmetric", "wrap")


def fits(shape: Shape, target: Shape) -> bool:
    """Whether a shape broadcasts to another one."""
    return len(shape) <= len(target) and all(m in (1, n) for m, n in zip(reversed(shape), reversed(target)))


def joined(call: Call) -> TinygradError | None:
    """concatenate: the same sizes on all other axes."""
    axis, shapes = call.attrs["axis"], call.shapes
    if () in shapes:
        return ShapeError(f"{listed(call.operands)}: a single number has no axis to join along; use tg.stack")
    for x, shape in zip(call.operands, shapes):
        if len(shape) != len(shapes[0]):
            return ShapeError(f"{call.x} and {in_words(x)} have {len(shapes[0])} and {len(shape)} axes; they need the same number")
    found = wrong_axes("axis", axis, call.shape, call.x, none=False, many=False)
    if found is not None:
        return found
    for x, shape in zip(call.operands, shapes):
        for i, (m, n) in enumerate(zip(shapes[0], shape)):
            if m != n and i != axis % len(shape):
                others = [j for j in range(len(shape)) if shapes_agree(shapes, j)]
                hint = f"; axis={others[0]} would do" if others else ""
                return ShapeError(
                    f"{call.x} and {in_words(x)} along axis {axis}: sizes {m} and {n} on axis {i} differ, "
                    f"and only axis {axis} may differ{hint}"
                )
    return None


def shapes_agree(shapes: Sequence[Shape], axis: int) -> bool:
    """Whether shapes agree on all axes but one."""
    return len({shape[:axis] + shape[axis + 1 :] for shape in shapes}) == 1


def one_shape(call: Call) -> TinygradError | None:
    """stack: all of one shape."""
    for x, shape in zip(call.operands, call.shapes):
        if shape != call.shape:
            return ShapeError(
                f"{call.x} and {in_words(x)} differ, and only arrays of one shape can be stacked; "
                "tg.concatenate joins along an axis that they have"
            )
    n = len(call.shape) + 1
    return wrong_axes("axis", call.attrs["axis"], (1,) * n, f"the {n} axes that the result will have", none=False, many=False)


# Places.


def places(call: Call) -> TinygradError | None:
    """x[index]: every part of the index on the axes it picks from."""
    shape = several(call.attrs["shape"]) if call.name == "scatter" else call.shape
    of = f"shape {shape}" if call.name == "scatter" else call.x
    index = call.attrs["index"]
    parts = [list(p) if isinstance(p, (tuple, range)) else p for p in (index if isinstance(index, tuple) else (index,))]
    for part in parts:
        found = no_index(part)
        if found is not None:
            return found
    if sum(part is Ellipsis for part in parts) > 1:
        return ShapeError("an index holds one '...' at most, for all the axes that it does not name")
    taken = sum(axes_taken(part) for part in parts)
    if taken > len(shape):
        return OutOfRangeError(f"the index names {taken} axes, and {of} has {len(shape)}")
    axis = 0
    for part in parts:
        found = off_the_end(part, axis, shape, of)
        if found is not None:
            return found
        axis += len(shape) - taken if part is Ellipsis else axes_taken(part)
    shapes = [np.shape(part) for part in parts if isinstance(part, (list, np.ndarray)) and np.asarray(part).dtype != bool]
    return None if broadcasts(shapes) else ShapeError(f"index arrays of shapes {listed(list(map(str, shapes)))} do not broadcast")


def no_index(part: Any) -> TinygradError | None:
    """What cannot be part of an index."""
    kinds = "whole numbers, slices, None, ... and arrays of whole numbers or bools"
    if isinstance(part, slice):
        for field in (part.start, part.stop, part.step):
            if field is not None and not hasattr(field, "__index__"):
                return DtypeError(f"a slice goes from, to and by whole numbers, not {type(field).__name__} {short(field)}")
        return ShapeError("a slice cannot go by steps of 0") if part.step == 0 else None
    if is_ragged(part):
        return ShapeError(f"the rows of the index {short(part)} are not of one length")
    if isinstance(part, (list, np.ndarray)) and np.asarray(part).dtype.kind not in "iub" and np.size(part):
        return DtypeError(
            f"an index array holds whole numbers or bools, not {np.asarray(part).dtype}; .astype(int) makes them whole"
        )
    if part is None or part is Ellipsis or isinstance(part, (list, np.ndarray, np.bool_)) or hasattr(part, "__index__"):
        return None
    way_out = f"; int({part}) makes it whole" if isinstance(part, float) else ""
    return DtypeError(f"an index is made of {kinds}, not of {type(part).__name__} {short(part)}{way_out}")


def axes_taken(part: Any) -> int:
    """How many axes of the array a part of an index picks from."""
    if part is None or part is Ellipsis or isinstance(part, (bool, np.bool_)):
        return 0
    if isinstance(part, (list, np.ndarray)) and np.asarray(part).dtype == bool:
        return np.ndim(part)
    return 1


def off_the_end(part: Any, axis: int, shape: Shape, of: str) -> TinygradError | None:
    """A part of an index that does not fit the axes where it stands."""
    if part is None or part is Ellipsis or isinstance(part, (slice, bool, np.bool_)):
        return None
    numbers = np.asarray(part)
    if numbers.dtype == bool:
        here = shape[axis : axis + numbers.ndim]
        if numbers.shape != here:
            return OutOfRangeError(f"a mask of shape {numbers.shape} does not fit {of}, which has {here} there")
        return None
    n = shape[axis]
    wrong = numbers[(numbers < -n) | (numbers >= n)].ravel()
    if not wrong.size:
        return None
    there = "has no places" if n == 0 else f"has places 0 to {n - 1} (or -{n} to -1)"
    return OutOfRangeError(f"index {wrong[0]} is out of range: axis {axis} of {of} {there}")


def broadcasts(shapes: Sequence[Shape]) -> bool:
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return False
    return True


def cuts(call: Call) -> TinygradError | None:
    """split: into equal parts, or at places that rise."""
    given, axis = call.attrs["indices_or_sections"], call.attrs["axis"]
    found = wrong_axes("axis", axis, call.shape, call.x, none=False, many=False) or not_whole("a place to cut", given)
    if found is not None:
        return found
    n = call.shape[axis]
    if is_whole(given):
        if given > 0 and n % given == 0:
            return None
        return ShapeError(f"the {n} places of {call.x} along axis {axis} do not make {given} equal parts; give the places to cut")
    ends = [place % n if -n <= place < 0 else place for place in several(given)]
    return ShapeError(f"the places to cut, {several(given)}, must rise") if ends != sorted(ends) else None


def from_to(call: Call) -> TinygradError | None:
    """flatten: from which axis to which."""
    shape = call.shape or (1,)
    for what in ("start_dim", "end_dim"):
        found = wrong_axes(what, call.attrs[what], shape, call.x, none=False, many=False)
        if found is not None:
            return found
    return None


def factors(call: Call) -> TinygradError | None:
    """dot: numbers scale; of two arrays the last axes meet; two lists hold numbers and Values."""
    if len(call.operands) == 2:
        return inner_sizes(call) if all(call.shapes) else None
    return ShapeError("two lists are multiplied number by number, so they hold numbers and Values; tg.stack makes arrays of them")


def scattered(call: Call) -> TinygradError | None:
    """scatter: as many numbers as places."""
    picked = np.broadcast_to(0, several(call.attrs["shape"]))[call.attrs["index"]].shape
    return ShapeError(f"{call.x} does not fit the places of the index, which have shape {picked}")


def positions(call: Call) -> TinygradError | None:
    """take_along_axis: whole numbers, an array of as many axes."""
    found = wrong_axes("axis", call.attrs["axis"], call.shape, call.x, many=False)
    if found is not None:
        return found
    indices = np.asarray(call.attrs["indices"])
    if indices.dtype.kind not in "iu":
        return DtypeError(f"indices are whole numbers, not {indices.dtype}; .astype(int) makes them whole")
    axis, shape = (0, (prod(call.shape),)) if call.attrs["axis"] is None else (call.attrs["axis"], call.shape)
    if indices.ndim != len(shape):
        return ShapeError(f"indices of shape {indices.shape} have {indices.ndim} axes, and {call.x} has {len(shape)}; they need as many")
    sizes = [(m, n) for i, (m, n) in enumerate(zip(indices.shape, shape)) if i != axis % len(shape)]
    if any(m != n and 1 not in (m, n) for m, n in sizes):
        return ShapeError(f"indices of shape {indices.shape} and {call.x} differ on other axes than axis {axis}")
    return off_the_end(indices, axis % len(shape), shape, call.x)


# Settings of their own kind.


def dtypes(call: Call) -> TinygradError | None:
    """astype: a dtype of real numbers."""
    given = call.attrs["dtype"]
    try:
        known = given is not None and np.dtype(given).kind in "biuf"
    except TypeError:
        known = False
    if known:
        return None
    return DtypeError(f"{given!r} is no dtype of real numbers; 'float32', 'float64', 'int64' and 'bool' are")


def diagonals(call: Call) -> TinygradError | None:
    """tril, triu, diag and trace: a matrix, and which diagonal."""
    least, most = {"diag": (1, 2), "trace": (2, 2)}.get(call.name, (2, inf))
    if not least <= len(call.shape) <= most:
        matrix = "a vector or a matrix" if least == 1 else "a matrix"
        return ShapeError(f"{call.x} has {len(call.shape)} axes; {matrix} is needed")
    for what in ("k", "offset"):
        found = not_whole(what, call.attrs.get(what, 0), many=False)
        if found is not None:
            return found
    return None


REDUCTION: tuple[Finder, ...] = (axis_as_tuple, axis, switches)
ELEMENTWISE: tuple[Finder, ...] = (broadcast,)

RULES: dict[str, tuple[Finder, ...]] = {
    # elementwise; these and all others of their kind have ELEMENTWISE as well
    "subtract": (bools,),
    "negative": (bools,),
    "sign": (bools,),
    "power": (broadcast, whole_powers),
    # reductions
    "sum": REDUCTION,
    "prod": REDUCTION,
    "mean": (*REDUCTION, nothing),
    "var": (*REDUCTION, degrees_of_freedom),
    "std": (*REDUCTION, degrees_of_freedom),
    "max": (*REDUCTION, nothing),
    "min": (*REDUCTION, nothing),
    "argmax": (one_axis, switches, nothing),
    "argmin": (one_axis, switches, nothing),
    "logsumexp": (*REDUCTION, nothing),
    "softmax": (axis_as_tuple, axis, nothing),
    "norm": (*REDUCTION, no_largest),
    "norm2": REDUCTION,
    "cumsum": (one_axis,),
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
    "expand_dims": (new_axes,),
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
    "take_along_axis": (positions,),
    "astype": (dtypes,),
}
"""Who looks for mistakes in the calls of a primitive, in this order."""

PUBLIC_NAME = {"norm2": "norm"}
"""What the user called, where it is not the primitive's name."""
