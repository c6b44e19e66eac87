"""Derivatives by finite differences, each with an estimate of its error.

A difference quotient has two errors. Over a long step the curve bends away from its tangent; over a short step rounding
drowns the difference. So each derivative is measured over the steps h, h/2 and h/4. If the function is smooth, the
three results differ by known powers of h, which two extrapolations remove (Richardson 1911; the table and its error
estimate are those of Ridders 1982, Adv. Eng. Software 4:75). If the three do not settle, other steps are tried,
relative to the number and absolute, and the most precise result is taken for each output.

The same numbers give the right and the left derivative, which differ at a kink.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from ..engine.node import number_of
from ..errors import DtypeError, OutOfRangeError
from .vectors import Arguments, flat, parts

__all__ = ["Estimate", "Line", "Slope", "numerical_jacobian", "scales", "slopes"]

EPS = 2.0**-52
SIDES = {"both": 0, "right": 1, "left": 2}


class Estimate(NamedTuple):
    """Derivatives with their errors.

    Attributes
    ----------
    value : the derivatives.
    error : an estimate of the error of each; inf where nothing is known.
    """

    value: ndarray
    error: ndarray


class Slope(NamedTuple):
    """The derivative of every output along a line.

    Attributes
    ----------
    central, right, left : by central, right and left differences.
    noise : the largest derivative that rounding alone can feign.
    """

    central: Estimate
    right: Estimate
    left: Estimate
    noise: ndarray


class Line(NamedTuple):
    """A function of a vector along a straight line: t ↦ function(point + t · direction).

    Attributes
    ----------
    function, point, direction : as in the formula.
    eps : the rounding unit of the point.
    size : the size of the numbers whose sums, and so whose rounding, gave the values of the function.
    """

    function: Callable[[ndarray], ndarray]
    point: ndarray
    direction: ndarray
    eps: float = EPS
    size: Any = 0.0

    def __call__(self, t: float) -> ndarray:
        return self.function(self.point + t * self.direction)

    def rounding(self, t: float) -> float:
        """The relative rounding error of a step that is added to the point; 0 for most powers of two."""
        moved = self.direction != 0
        point, way = self.point[moved], t * self.direction[moved]
        return float(np.max(np.abs(((point + way) - (point - way)) / (2 * way) - 1), initial=0.0))

    @property
    def base(self) -> float:
        """The step that balances the rounding error, eps / h, with the error after extrapolation, h⁴."""
        return float(2.0 ** round(np.log2(self.eps) / 5))

    def steps(self) -> Iterator[float]:
        """Steps to try: first the best one for a function that changes over the size of its argument, then others."""
        base = self.base
        unit = base * _power_of_two(1.0 / np.max(np.abs(self.direction), initial=1e-304))
        tried: list[float] = []
        for step in (base, base * 2**5, base / 2**4, base / 2**8, base / 2**14, unit, unit * 2**5, unit / 2**7):
            if not any(t / 2 < step < t * 2 for t in tried):
                tried.append(step)
                yield step


def _slope(line: Line, step: float, here: ndarray) -> Slope:
    """The derivatives along a line at t = 0, where the function is `here`, from one step; six evaluations."""
    t = np.array([[step], [step / 2], [step / 4]])
    with np.errstate(all="ignore"):
        ahead = np.stack([line(h) for h in t[:, 0]])
        behind = np.stack([line(-h) for h in t[:, 0]])
        size = np.maximum(np.max(np.abs([*ahead, *behind, here]), axis=0), line.size)
        rounding = 16 * line.eps * size / t[-1]
        moved = 4 * max(map(line.rounding, t[:, 0]))
        central = _extrapolated((ahead - behind) / (2 * t), 4, rounding, moved)
        right = _extrapolated((ahead - here) / t, 2, 4 * rounding, moved)
        left = _extrapolated((here - behind) / t, 2, 4 * rounding, moved)
    noise = 2.0**12 * line.eps / line.base * size
    # At a kink the central estimate is the mean of two derivatives, and means nothing.
    doubt = np.where(_is_kink(right, left), abs(right.value - left.value) / 2, 0.0)
    return Slope(Estimate(central.value, np.maximum(central.error, doubt)), right, left, noise)


def _is_kink(right: Estimate, left: Estimate) -> ndarray:
    """Where the right and the left derivative differ by far more than their errors."""
    gap, larger = abs(right.value - left.value), np.maximum(abs(right.value), abs(left.value))
    return np.asarray(gap > np.maximum(4 * (right.error + left.error), 1e-5 * larger))


def _extrapolated(quotients: ndarray, factor: int, rounding: ndarray, moved: float) -> Estimate:
    """The limit of difference quotients over h, h/2, h/4. Halving h divides their leading error by `factor`."""
    a, b, c = quotients
    ab, bc = b + (b - a) / (factor - 1), c + (c - b) / (factor - 1)
    abc = bc + (bc - ab) / (factor**2 - 1)
    once, twice = (bc, np.maximum(abs(bc - c), abs(bc - b))), (abc, np.maximum(abs(abc - bc), abs(abc - ab)))
    value, error = (np.where(twice[1] < once[1], y, x) for x, y in zip(once, twice))
    error = error + rounding + moved * abs(value)
    return Estimate(value, np.where(np.isfinite(value) & np.isfinite(error), error, np.inf))


def slopes(line: Line, here: ndarray, rtol: float = 1e-9, step: float | None = None) -> Slope:
    """The derivatives along a line, from more and more steps until those of all outputs are known to `rtol`."""
    tried: list[tuple[float, Slope]] = []
    for h in line.steps() if step is None else (step,):
        tried.append((h, _slope(line, h, here)))
        best = _best([s for _, s in sorted(tried, key=itemgetter(0), reverse=True)])
        near_zero = best.noise * min(1.0, np.max(np.abs(line.direction), initial=0.0))
        sides = (_settled(x, near_zero, 1e3 * rtol) for x in (best.right, best.left))
        kink = _is_kink(best.right, best.left)
        if np.all(np.logical_and(*sides) & (kink | _settled(best.central, near_zero, rtol))):
            break
    return best


def _best(tried: Sequence[Slope]) -> Slope:
    """The best of several slopes, of which each was measured over a shorter step than the one before."""
    best = tried[0]
    for new in tried[1:]:
        right, left = _better(best.right, new.right), _better(best.left, new.left)
        best = Slope(_better(best.central, new.central), right, left, np.fmax(best.noise, new.noise))
    return best


def _better(long: Estimate, short: Estimate) -> Estimate:
    """The more precise estimate, or the one over the short step if the two contradict each other.

    For sin(1e8 · x), long steps seem to say very precisely that the derivative is 0.
    """
    apart = abs(long.value - short.value) > 4 * (long.error + short.error)
    use_short = (short.error < long.error) | (apart & (short.error < 1e-3 * abs(short.value)))
    return Estimate(*(np.where(use_short, s, n) for s, n in zip(short, long)))


def _settled(estimate: Estimate, near_zero: ndarray, rtol: float) -> ndarray:
    """Where an estimate is precise enough: to `rtol`, or for a zero, up to rounding."""
    value, error = estimate
    return np.asarray((error <= rtol * abs(value)) | ((abs(value) <= 2 * error) & (error <= near_zero)))


def scales(arguments: Arguments) -> ndarray:
    """The scale of each number: its size, rounded to a power of two; for 0 the mean size of its neighbours."""
    out = np.abs(arguments.point)
    for x in arguments.varied:
        part = out[x.span]
        others = part[(part > 0) & np.isfinite(part)]
        part[~(part > 0) | ~np.isfinite(part)] = np.exp(np.mean(np.log(others))) if others.size else 1.0
    return np.asarray(_power_of_two(out))


def _power_of_two(x: Any) -> Any:
    """The power of two below x, which can be halved and added without rounding; never 0."""
    power: Any = np.exp2(np.floor(np.log2(np.maximum(x, 1e-304))))
    return power


def numerical_jacobian(f: Callable[..., Any], inputs: Any, *, side: str = "both", step: float | None = None) -> Any:
    """All derivatives of all outputs of `f` by finite differences, with an estimate of the error of each.

    Floats, arrays of floats and nodes are varied, and `f` receives the same kinds: a float for a float, a Tensor for a
    Tensor. Integers, masks and other arguments are passed on unchanged.

    Parameters
    ----------
    f : returns one number, array, Value or Tensor of any shape.
    inputs : the arguments, a tuple; or the only argument.
    side : "both" for central differences, "right" or "left" for the derivative on one side of the point.
    step : the longest step; by default it is chosen for each number.

    Returns an `Estimate` of two arrays, value and error, of shape `output.shape + input.shape`; if `inputs` is a tuple,
    a tuple with an estimate for each varied input.

    Raises `DtypeError` if nothing can be varied or if `f` returns several outputs, `OutOfRangeError` for another side.

    >>> import numpy as np
    >>> estimate = numerical_jacobian(lambda x: x * x, np.array([1.0, 3.0]))
    >>> estimate.value.round(9)
    array([[2., 0.],
           [0., 6.]])
    >>> bool((estimate.error < 1e-9).all())
    True
    >>> right = numerical_jacobian(abs, 0.0, side="right")
    >>> float(right.value)
    1.0
    """
    if side not in SIDES:
        raise OutOfRangeError(f"numerical_jacobian: side={side!r} is not one of {', '.join(map(repr, SIDES))}")
    arguments = Arguments(f, inputs, all_nodes=True)
    if not arguments.varied:
        raise DtypeError("numerical_jacobian: none of the inputs is a float, an array of floats, a Value or a Tensor")
    outputs = parts(f(*arguments.at(arguments.point)))
    if len(outputs) != 1:
        raise DtypeError(f"numerical_jacobian: the function returned {len(outputs)} outputs; take them one by one")
    shape = np.shape(number_of(outputs[0]))

    def function(point: ndarray) -> ndarray:
        return flat(parts(f(*arguments.at(point))))

    with np.errstate(all="ignore"):
        columns = list(_columns(function, arguments, SIDES[side], step))
    found = tuple(_block(columns[x.span], shape, x.shape) for x in arguments.varied)
    return found if isinstance(inputs, (tuple, list)) else found[0]


def _columns(
    function: Callable[[ndarray], ndarray], arguments: Arguments, side: int, step: float | None
) -> Iterator[Estimate]:
    """The derivatives of all outputs by each varied number."""
    here, distance = function(arguments.point), scales(arguments)
    for j in range(len(distance)):
        direction = np.zeros_like(distance)
        direction[j] = unit = distance[j] if step is None else 1.0
        found = slopes(Line(function, arguments.point, direction, arguments.eps), here, step=step)
        estimate = (found.central, found.right, found.left)[side]
        yield Estimate(estimate.value / unit, estimate.error / unit)


def _block(columns: Sequence[Estimate], output: tuple[int, ...], input: tuple[int, ...]) -> Estimate:
    """The derivatives by one input, from those by each of its numbers, in shape output + input."""
    rows = (int(np.prod(output)), len(columns))
    both = (np.reshape([c[i] for c in columns], rows[::-1]).T.reshape((*output, *input)) for i in range(2))
    return Estimate(*both)
