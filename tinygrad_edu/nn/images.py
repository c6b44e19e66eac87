"""Layers that change the size of images or sequences: borders, upsampling, and pixels made of channels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..engine.messages import is_whole, one_of, several, short
from ..engine.node import shape_of
from ..engine.primitives.einsum import mixed
from ..engine.primitives.shape import pad as pad_axes, reshape, transpose
from ..errors import DtypeError, ShapeError
from .from_function import FromFunction, module_of
from .parameter import real

__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d",
    "PixelShuffle", "PixelUnshuffle", "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d",
    "ReplicationPad2d", "ReplicationPad3d", "Upsample", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d",
]  # fmt: skip

PADDINGS = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
"""PyTorch's names of what a border holds, and NumPy's."""


def pad(input: Any, pad: Any, mode: str = "constant", value: float = 0.0) -> Any:
    """The input with a border: `pad` is (before, behind) of the last axis, then of the one before it, and so on.

    Negative numbers cut off. `mode` is "constant" (the value), "reflect", "replicate" (the nearest number) or
    "circular"; NumPy's function is `tg.pad`. Raises `DtypeError` for another mode, `ShapeError` for what is no whole
    numbers, an odd count of them, or too many.

    >>> import tinygrad_edu as tg
    >>> pad(tg.tensor([[1.0, 2.0, 3.0]]), (1, 1), "reflect")
    tensor([[2., 1., 2., 3., 2.]])
    """
    widths, axes = several(pad), len(shape_of(input))
    if len(widths) % 2 or len(widths) > 2 * axes or not all(map(is_whole, widths)):
        raise ShapeError(
            f"pad: two whole numbers for each axis, from the last on, and not {short(pad)} for {axes} axes"
        )
    one_of(("constant", *PADDINGS), "pad", mode=mode)
    pairs = [(0, 0)] * (axes - len(widths) // 2) + list(zip(widths[::2], widths[1::2]))[::-1]
    how: dict[str, Any] = {"constant_values": value} if mode == "constant" else {"mode": PADDINGS[mode]}
    border = tuple((max(0, before), max(0, behind)) for before, behind in pairs)
    if mode == "circular":  # what is cut off does not come round again; but it is reflected
        return pad_axes(_cut(input, pairs), border, **how)
    return _cut(pad_axes(input, border, **how), pairs)


def _cut(x: Any, pairs: Sequence[tuple[int, int]]) -> Any:
    """x without what negative widths cut off."""
    if all(before >= 0 and behind >= 0 for before, behind in pairs):
        return x
    kept = [slice(max(0, -before), n - max(0, -behind)) for (before, behind), n in zip(pairs, shape_of(x))]
    if any(part.stop < part.start for part in kept):
        cut = [tuple(min(0, width) for width in pair) for pair in pairs]
        raise ShapeError(f"pad: {shape_of(x)} has too few numbers to cut off {cut}")
    return x[tuple(kept)]


def interpolate(
    input: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool = False
) -> Any:
    """Images (N, C, *S) in another size, or larger by a factor; along each axis a sum of shares of the old numbers.

    Parameters
    ----------
    size, scale_factor : one number, or one for each axis of S; one of the two is given.
    mode : "nearest", or "linear", "bilinear", "trilinear" for S of one, two, three axes.
    align_corners : whether the first and last numbers keep their places; else the borders of the images do.

    Raises `DtypeError` for another mode, or unless size or scale_factor is given.

    >>> import tinygrad_edu as tg
    >>> interpolate(tg.tensor([[[1.0, 2.0]]]), scale_factor=2)
    tensor([[[1., 1., 2., 2.]]])
    >>> interpolate(tg.tensor([[[1.0, 2.0]]]), scale_factor=2, mode="linear")
    tensor([[[1.  , 1.25, 1.75, 2.  ]]])
    """
    x = real("interpolate", input)
    sizes = shape_of(x)[2:]
    if mode not in ("nearest", {1: "linear", 2: "bilinear", 3: "trilinear"}.get(len(sizes))):
        raise DtypeError(f"interpolate: mode is 'nearest', or linear in the axes of {shape_of(x)}; not {short(mode)}")
    if (size is None) == (scale_factor is None):
        raise DtypeError("interpolate: give either size or scale_factor")
    given = several(scale_factor if size is None else size)
    given = given * len(sizes) if len(given) == 1 else given
    if len(given) != len(sizes):
        raise ShapeError(f"interpolate: one number, or one for each of {len(sizes)} axes; not {short(given)}")
    for axis, (n, wanted) in enumerate(zip(sizes, given), start=2):
        m = int(n * wanted) if size is None else wanted
        if not n or m < 1:
            raise ShapeError(f"interpolate: nothing would be left of {shape_of(input)} along axis {axis}")
        shares = _shares(n, m, n / m if size is not None else 1 / wanted, mode == "nearest", align_corners)
        x = mixed(x, axis, shares)
    return x


def _shares(n: int, m: int, step: float, nearest: bool, align_corners: bool) -> np.ndarray:
    """The share that each of n numbers has in each of m new ones: (m, n)."""
    i, place = np.arange(m)[:, None], np.arange(n)
    if nearest:
        nearest_one: np.ndarray = place == np.minimum(np.floor(i * step), n - 1)
        return nearest_one
    at = i * ((n - 1) / max(1, m - 1)) if align_corners else np.clip((i + 0.5) * step - 0.5, 0, n - 1)
    shares: np.ndarray = np.maximum(0.0, 1.0 - np.abs(at - place))
    return shares


def pixel_shuffle(input: Any, upscale_factor: int) -> Any:
    """Images (*, C·r², H, W) as larger ones (*, C, H·r, W·r): r² channels become squares of pixels. Shi et al. (2016).

    >>> import tinygrad_edu as tg
    >>> pixel_shuffle(tg.tensor([[[1.0]], [[2.0]], [[3.0]], [[4.0]]]), 2)
    tensor([[[1., 2.],
             [3., 4.]]])
    """
    *many, c, h, w = _image("pixel_shuffle", input, upscale_factor)
    r = upscale_factor
    if c % r**2:
        raise ShapeError(f"pixel_shuffle: {c} channels are no multiple of {r}²")
    x = reshape(input, (*many, c // r**2, r, r, h, w))
    return reshape(_last_five(x, (0, 3, 1, 4, 2)), (*many, c // r**2, h * r, w * r))


def pixel_unshuffle(input: Any, downscale_factor: int) -> Any:
    """The inverse of `pixel_shuffle`: (*, C, H·r, W·r) becomes (*, C·r², H, W).

    >>> import tinygrad_edu as tg
    >>> pixel_unshuffle(tg.ones((5, 3, 4, 6)), 2).shape
    (5, 12, 2, 3)
    """
    *many, c, h, w = _image("pixel_unshuffle", input, downscale_factor)
    r = downscale_factor
    if h % r or w % r:
        raise ShapeError(f"pixel_unshuffle: the sizes {h} and {w} are no multiples of {r}")
    x = reshape(input, (*many, c, h // r, r, w // r, r))
    return reshape(_last_five(x, (0, 2, 4, 1, 3)), (*many, c * r**2, h // r, w // r))


def _image(function: str, x: Any, factor: Any) -> tuple[int, ...]:
    if len(shape_of(x)) < 3 or not is_whole(factor) or factor < 1:
        raise ShapeError(f"{function}: images (*, C, H, W) and a whole factor, not {shape_of(x)} and {short(factor)}")
    return shape_of(x)


def _last_five(x: Any, order: tuple[int, ...]) -> Any:
    first = len(shape_of(x)) - 5
    return transpose(x, (*range(first), *(first + i for i in order)))


PixelShuffle = module_of("PixelShuffle", pixel_shuffle)
PixelUnshuffle = module_of("PixelUnshuffle", pixel_unshuffle)
Upsample = module_of("Upsample", interpolate)


class Pad(FromFunction):
    """The base class of borders: `padding` is one number, or (left, right, top, bottom, ...) as in `pad`."""


def _paddings(kind: str, mode: str = "constant") -> Iterator[Any]:
    """The layers of one kind of border, for one, two and three axes."""
    takes_value = kind == "Constant"
    for n in (1, 2, 3):

        def filled(x: Any, padding: Any, value: float = 0.0, *, n: int = n) -> Any:
            widths = several(padding)
            return pad(x, widths * 2 * n if len(widths) == 1 else widths, mode, value)

        def border(x: Any, padding: Any, *, filled: Any = filled) -> Any:
            return filled(x, padding)

        module = module_of(f"{kind}Pad{n}d", filled if takes_value else border, Pad)
        sizes = (2, 3, 4, 5)
        module.__doc__ = f"""A border around the last axes, {n} of them, by `nn.functional.pad` in the mode {mode!r}.

        >>> import tinygrad_edu as tg
        >>> tg.nn.{kind}Pad{n}d({"1, 0.5" if takes_value else "1"})(tg.ones({sizes})).shape
        {sizes[: 4 - n] + tuple(size + 2 for size in sizes[4 - n :])}
        """
        yield module


CircularPad1d, CircularPad2d, CircularPad3d = _paddings("Circular", "circular")
ConstantPad1d, ConstantPad2d, ConstantPad3d = _paddings("Constant")
ReflectionPad1d, ReflectionPad2d, ReflectionPad3d = _paddings("Reflection", "reflect")
ReplicationPad1d, ReplicationPad2d, ReplicationPad3d = _paddings("Replication", "replicate")
ZeroPad1d, ZeroPad2d, ZeroPad3d = _paddings("Zero")
