"""The handwritten digits are the ones they say they are, and split as they say."""

from __future__ import annotations

import hashlib
from importlib.resources import files

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.data import LabelledImages, digits


def test_they_are_the_uci_test_set() -> None:
    images, labels = digits()
    assert (images.shape, labels.shape) == ((1797, 8, 8), (1797,))
    assert (str(images.dtype), str(labels.dtype)) == ("uint8", "uint8")
    assert (images.min(), images.max()) == (0, 16)
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert images[0, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]  # the first line of optdigits.tes


def test_the_licence_beside_them_names_these_very_numbers_their_authors_and_terms() -> None:
    text = files("tinygrad_edu.data").joinpath("digits.LICENSE.txt").read_text(encoding="utf-8")
    images, labels = digits()
    assert hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest() in text
    for part in (
        "Alpaydin",
        "Kaynak",
        "https://doi.org/10.24432/C50P49",
        "https://creativecommons.org/licenses/by/4.0/",
    ):
        assert part in text


def test_they_are_small_and_hold_nothing_that_could_be_unpickled() -> None:
    with files("tinygrad_edu.data").joinpath("digits.npz").open("rb") as file:
        with np.load(file, allow_pickle=False) as arrays:
            assert sorted(arrays) == ["images", "labels"]
        assert file.seek(0, 2) < 50_000


def test_each_call_gives_arrays_of_its_own() -> None:
    digits().images[:] = 0
    assert digits().images.any()


def test_tg_data_is_there_without_a_further_import() -> None:
    assert isinstance(tg.data.digits(), LabelledImages)


@pytest.mark.parametrize("test", [0.0, 0.1, 1 / 3, 0.5, 1.0])
def test_a_split_holds_out_this_share_of_each_digit_and_loses_none(test: float) -> None:
    data = digits()
    position = {image.tobytes(): i for i, image in enumerate(data.images)}
    assert len(position) == 1797, "no image is there twice"
    train, held_out = data.split(test, seed=3)
    places = [[position[image.tobytes()] for image in part.images] for part in (train, held_out)]
    assert sorted(places[0] + places[1]) == list(range(1797))
    for part, place in zip((train, held_out), places):
        assert np.array_equal(part.labels, data.labels[place])
        assert place == sorted(place), "both parts keep the order"
    share = np.bincount(held_out.labels, minlength=10) / np.bincount(data.labels)
    assert np.allclose(share, test, atol=0.5 / 174)


def test_the_seed_decides_the_split() -> None:
    first, again, other = (digits().split(seed=seed)[1].images for seed in (5, 5, 6))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("test", [-0.1, 1.1, float("nan"), 300])
def test_a_share_that_is_none_is_refused(test: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1, not"):
        digits().split(test)
