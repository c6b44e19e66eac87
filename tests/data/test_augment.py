"""Random changes of images: each does what its name says, keeps the dtype, and depends on the generator alone."""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.testing import assert_allclose

import tinygrad_edu as tg
from tinygrad_edu import data

COLOURS = np.random.default_rng(0).random((5, 3, 6, 4))
LEVEL = st.floats(0, 1)


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def pixel(*levels: float) -> np.ndarray:
    return np.array(levels).reshape(1, 3, 1, 1)


@given(LEVEL, LEVEL, LEVEL, st.floats(-0.5, 0.5))
def test_the_hue_moves_as_in_the_standard_library(red: float, green: float, blue: float, shift: float) -> None:
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    expected = colorsys.hsv_to_rgb((hue + shift) % 1, saturation, value)
    assert_allclose(data.adjust_hue(pixel(red, green, blue), shift).ravel(), expected, atol=1e-9)


def test_a_whole_turn_of_the_hue_changes_nothing() -> None:
    third = data.adjust_hue(COLOURS, 1 / 3)
    assert abs(third - COLOURS).max() > 0.1
    assert_allclose(data.adjust_hue(data.adjust_hue(third, 1 / 3), 1 / 3), COLOURS, atol=1e-12)
    assert_allclose(data.adjust_hue(COLOURS, [1.0, -1.0, 0.0, 2.0, 1.0]), COLOURS, atol=1e-12)


ADJUSTMENTS = [data.adjust_brightness, data.adjust_contrast, data.adjust_saturation]


@pytest.mark.parametrize("adjust", ADJUSTMENTS)
def test_a_factor_of_1_changes_nothing_and_0_leaves_one_grey(adjust: Callable[..., np.ndarray]) -> None:
    assert_allclose(adjust(COLOURS, 1), COLOURS, atol=1e-12)
    flat = adjust(COLOURS, 0)
    assert np.ptp(flat, axis=1).max() < 1e-12, "no colour"
    if adjust is not data.adjust_saturation:
        assert np.ptp(flat, axis=(1, 2, 3)).max() < 1e-12, "no difference at all"
    assert adjust(COLOURS, 50).max() == 1
    assert adjust(COLOURS, 50).min() >= 0


@pytest.mark.parametrize("adjust", [*ADJUSTMENTS, data.adjust_hue])
def test_each_image_may_have_an_amount_of_its_own(adjust: Callable[..., np.ndarray]) -> None:
    amounts = [0.2, 0.9, 0.0, 0.5, 0.4]
    for i, amount in enumerate(amounts):
        assert_allclose(adjust(COLOURS, amounts)[i], adjust(COLOURS[i : i + 1], amount)[0], atol=1e-12)


def test_the_contrast_of_grey_images_needs_no_colours() -> None:
    assert_allclose(data.adjust_contrast(np.array([[[[0.2, 0.6]]]]), 2).ravel(), [0.0, 0.8], atol=1e-12)


TRANSFORMS: list[Any] = [
    data.Normalize((0.4, 0.5, 0.6), 0.2), data.Pad(2, "reflect"), data.RandomCrop(4, 1, "edge"),
    data.RandomHorizontalFlip(), data.RandomVerticalFlip(), data.RandomResizedCrop(5), data.Resize((3, 7)),
    data.ColorJitter(0.4, 0.4, 0.4, 0.1),
]  # fmt: skip


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda t: type(t).__name__)
def test_the_generator_alone_decides_and_the_dtype_stays(transform: Any) -> None:
    images = COLOURS.astype(np.float32)
    before = images.copy()
    first, again = transform(images, rng()), transform(images, rng())
    assert first.dtype == np.float32
    assert np.array_equal(first, again)
    assert np.array_equal(images, before)
    assert len(first) == 5
    assert first.shape[1] == 3


def test_flips_turn_some_images_and_no_others() -> None:
    down = data.RandomVerticalFlip()(COLOURS, rng())
    turned = [bool(np.array_equal(a, b[:, ::-1])) for a, b in zip(down, COLOURS)]
    same = [bool(np.array_equal(a, b)) for a, b in zip(down, COLOURS)]
    assert [not x for x in turned] == same
    assert 0 < sum(turned) < 5
    assert np.array_equal(data.RandomVerticalFlip(1)(COLOURS, rng()), COLOURS[:, :, ::-1])


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "wrap"])
def test_borders_are_numpys(mode: Any) -> None:
    expected = np.pad(COLOURS, ((0, 0), (0, 0), (2, 2), (2, 2)), mode=mode)
    assert np.array_equal(data.Pad(2, mode)(COLOURS, rng()), expected)
    cut = data.RandomCrop(10, 2, mode)(COLOURS[:, :, :, :4].repeat(2, 3)[..., :6], rng())
    assert cut.shape == (5, 3, 10, 10)


def test_normalised_with_its_own_mean_and_deviation_each_channel_has_0_and_1() -> None:
    mean, std = COLOURS.mean((0, 2, 3)), COLOURS.std((0, 2, 3))
    normal = data.Normalize(mean, std)(COLOURS, rng())
    assert_allclose(normal.mean((0, 2, 3)), 0, atol=1e-12)
    assert_allclose(normal.std((0, 2, 3)), 1, atol=1e-12)


def test_resized_crops_show_a_part_with_the_wanted_share() -> None:
    """On an image whose numbers are its coordinates, the corners of the result say which part was cut out."""
    height, width = 40, 60
    places = np.stack(np.meshgrid(np.arange(height) + 0.5, np.arange(width) + 0.5, indexing="ij"))
    images = np.repeat(places[None], 300, axis=0)
    crops = data.RandomResizedCrop(50, scale=(0.1, 0.5), ratio=(0.5, 2))(images, rng())
    span = crops[:, :, -1, -1] - crops[:, :, 0, 0]
    high, wide = (span * 50 / 49).T  # from the middle of the first new pixel to that of the last
    inside = (high < 0.97 * height) & (wide < 0.97 * width)
    share, ratio = high * wide / (height * width), wide / high
    assert inside.sum() > 200
    assert share[inside].min() > 0.09
    assert share[inside].max() < 0.51
    assert ratio[inside].min() > 0.48
    assert ratio[inside].max() < 2.1
    assert np.ptp(crops[:, 0, 0, 0]) > 10
    assert np.ptp(crops[:, 1, 0, 0]) > 15


def test_the_whole_image_as_it_is() -> None:
    assert_allclose(data.RandomResizedCrop((6, 4), (1, 1), (2 / 3, 2 / 3))(COLOURS, rng()), COLOURS, atol=1e-12)


def test_a_mask_keeps_its_classes() -> None:
    masks = np.arange(24).reshape(1, 1, 6, 4) % 5
    crop = data.RandomResizedCrop(9, mode="nearest")(masks, rng())
    assert crop.dtype == masks.dtype
    assert set(crop.ravel().tolist()) <= set(range(5))


WRONG: list[tuple[Callable[[], Any], str]] = [
    (lambda: data.Normalize((1, 2), 1.0)(COLOURS, rng()), r"2 numbers for the 3 channels of \(5, 3, 6, 4\)"),
    (lambda: data.Pad(1, "mirror")(COLOURS, rng()), "mode is 'constant', 'edge', 'reflect' or 'wrap', not 'mirror'"),
    (lambda: data.RandomCrop(2, 1, "zeros")(COLOURS, rng()), "RandomCrop: mode is 'constant'"),
    (lambda: data.RandomResizedCrop(2, scale=(0.5, 2))(COLOURS, rng()), r"not \(0.5, 2\) and"),
    (lambda: data.RandomResizedCrop(2, ratio=(2, 1))(COLOURS, rng()), r"and \(2, 1\)"),
    (lambda: data.adjust_saturation(COLOURS[:, :1], 2), r"red, green and blue, .* not \(5, 1, 6, 4\)"),
    (lambda: data.adjust_hue(COLOURS[0], 0.1), r"images are \(N, C, H, W\), and these are \(3, 6, 4\)"),
    (lambda: data.adjust_brightness(np.zeros((1, 1, 2, 3), np.uint8), 2), "floats between 0 and 1, not uint8"),
    (lambda: data.Normalize(0.5, 0.5)(np.zeros((1, 1, 2, 3), np.uint8), rng()), "Normalize: .*, not uint8"),
    (lambda: data.adjust_hue(np.zeros((1, 3, 2, 3), np.uint8), 0.1), "adjust_hue: .*, not uint8"),
    (lambda: data.adjust_hue(COLOURS, [0.1, 0.2]), "one number for all images or one for each, not 2 for 5"),
    (lambda: data.adjust_contrast(COLOURS, [1, 2, 3]), "adjust_contrast: .* not 3 for 5"),
    (lambda: data.Normalize(0.5, (1, 0, 1))(COLOURS, rng()), r"std is above 0, not \(1, 0, 1\)"),
    (lambda: data.RandomCrop(0)(COLOURS, rng()), "RandomCrop: size is a whole number from 1 on, not 0"),
    (lambda: data.ColorJitter(contrast=-0.5)(COLOURS, rng()), "contrast is from 0 on, and finite, not -0.5"),
    (lambda: data.ColorJitter(brightness=float("inf"))(COLOURS, rng()), "brightness is from 0 on, and finite, not inf"),
    (lambda: data.ColorJitter(hue=0.6)(COLOURS, rng()), "hue is from 0 to 0.5, not 0.6"),
    *(
        (partial(transform, COLOURS[0], rng()), rf"{type(transform).__name__}: images are \(N, C, H, W\)")
        for transform in (data.Normalize(0, 1), data.Pad(1), data.RandomCrop(2), data.RandomHorizontalFlip())
    ),
]


@pytest.mark.parametrize(("call", "says"), WRONG)
def test_wrong_input_is_refused_in_words(call: Callable[[], Any], says: str) -> None:
    with pytest.raises(tg.TinygradError, match=says):
        call()
