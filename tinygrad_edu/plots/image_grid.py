"""Images in rows, with the classes of their pixels and boxes over them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .._support.languages import counted, say
from ..engine.messages import whole_from
from ..errors import ShapeError
from .plot import PALETTE, Panel, Plot, colour, items, numbers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[Any]

__all__ = ["images"]


def images(
    arrays: ArrayLike,
    titles: Sequence[object] | None = None,
    *,
    columns: int | None = None,
    signed: bool = False,
    masks: ArrayLike | None = None,
    boxes: Sequence[Any] | None = None,
) -> Plot:
    """Images (N, H, W), or in colour (N, 3, H, W), in rows; over them, where given, the classes of pixels and boxes.

    Parameters
    ----------
    titles : one for each image.
    columns : the number of images in a row; by default at most eight.
    signed : True for blue negative numbers, white 0 and red positive numbers, on one scale for all images; False for
        grey levels, from the lowest number of an image (black) to its highest (white). Colours go from 0 to 1, with
        what is beyond cut off.
    masks : whole numbers (N, H, W): a colour over each pixel, and none where it is 0.
    boxes : for each image (K, 5), rows of class, x1, y1, x2, y2, or (K, 6), with a score, as `data.Scenes` and
        `models.SSD` have them. Class and score are written beside the box; a class of −1 is no box. Class c has the
        colour of the mask c + 1.

    >>> images(np.zeros((2, 8, 8)), titles=["first", "second"])
    Plot: 2 images of 8 × 8
    >>> images(np.zeros((1, 8, 8)), boxes=[[[7, 1, 2, 5, 6, 0.93]]])
    Plot: 1 image of 8 × 8, with 1 box
    """
    stack = _stack_of(arrays)
    above = None if titles is None else items(titles, "images: titles")
    if above is not None and len(above) != len(stack):
        raise ShapeError(f"images: {len(above)} titles for {len(stack)} images")
    over = None if masks is None else _masks_of(stack, masks)
    rows = [] if boxes is None else _boxes_of(stack, boxes)
    columns = 8 if columns is None else columns
    whole_from(1, "images", columns=columns)
    across = min(columns, len(stack))
    down = -(-len(stack) // across)
    height, width = stack.shape[1:3]

    def draw(figure: Any) -> None:
        bound = np.abs(stack).max() or 1.0
        limits = {"cmap": "RdBu_r", "vmin": -bound, "vmax": bound} if signed else {"cmap": "gray"}
        cells = figure.subplots(down, across, squeeze=False).ravel()
        for axes in cells:
            axes.axis("off")
        for i, (axes, image) in enumerate(zip(cells, stack)):
            axes.imshow(image, interpolation="nearest", **limits)
            if over is not None:
                axes.imshow(_coloured(over[i]), interpolation="nearest")
            for row in rows[i] if rows else ():
                _outline(axes, row)
            if above is not None:
                axes.set_title(str(above[i]), fontsize=9)

    room = 0.25 if above is not None else 0.0
    name = counted(len(stack), "{n} image of {size}", "{n} images of {size}", size=f"{height} × {width}")
    if rows:
        name = say("{images}, with {boxes}", images=name, boxes=counted(sum(map(len, rows)), "{n} box", "{n} boxes"))
    cell = min(1.3, 10.4 / across) if across > 4 else 2.2
    return Plot((Panel(name, draw, across * cell, down * (cell * height / width + room)),))


def _stack_of(arrays: ArrayLike) -> Array:
    """The images as Matplotlib takes them: (N, H, W), or in colour (N, H, W, 3), from 0 to 1."""
    stack = numbers(arrays, "images")
    if stack.size and stack.ndim == 4 and stack.shape[1] == 3:
        return np.moveaxis(stack, 1, 3).clip(0, 1)
    if not stack.size or stack.ndim != 3:
        raise ShapeError(f"images: arrays are (N, H, W), or in colour (N, 3, H, W), and not {stack.shape}")
    return stack


def _masks_of(images: Array, masks: ArrayLike) -> Array:
    """The masks of images (N, H, W) or (N, H, W, 3), as whole numbers (N, H, W)."""
    over = np.asarray(masks)
    if over.shape != images.shape[:3] or over.dtype.kind not in "biu":
        raise ShapeError(f"images: masks are whole numbers of shape {images.shape[:3]}, not {over.dtype} {over.shape}")
    return over


def _boxes_of(images: Array, boxes: Sequence[Any]) -> list[Array]:
    """The boxes of each image, (K, 5) or (K, 6), without those of class −1."""
    rows = [numbers(each, "images: boxes") for each in items(boxes, "images: boxes")]
    if len(rows) != len(images):
        raise ShapeError(f"images: boxes for {len(rows)} of {len(images)} images")
    rows = [each if each.size else np.zeros((0, 5)) for each in rows]
    if any(each.ndim != 2 or each.shape[1] not in (5, 6) for each in rows):
        raise ShapeError("images: a row of boxes is class, x1, y1, x2, y2, and perhaps a score")
    return [each[each[:, 0] >= 0] for each in rows]


def _coloured(mask: Array) -> Array:
    """A mask as colours with opacity, (H, W, 4): nothing where it is 0."""
    shades = [[int(each[i : i + 2], 16) / 255 for i in (1, 3, 5)] + [0.6] for each in PALETTE]
    picture: Array = np.asarray(shades)[(mask.astype(int) - 1) % len(PALETTE)]
    picture[mask == 0] = 0
    return picture


def _outline(axes: Any, row: Array) -> None:
    """Draw a box, with its class and score above it, or inside where there is no room above."""
    from matplotlib.patches import Rectangle

    x1, y1, x2, y2 = row[1:5] - 0.5  # the edges of pixels, whose middles are whole numbers
    shade = colour(int(row[0]))
    axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=shade, linewidth=1.4))
    words = f"{row[0]:.0f}" + (f" {row[5]:.2f}" if len(row) > 5 else "")
    room = y1 > 5
    axes.text(
        x1, y1, words, fontsize=7, color="white", va="bottom" if room else "top",
        bbox={"facecolor": shade, "edgecolor": "none", "pad": 0.8},
    )  # fmt: skip
