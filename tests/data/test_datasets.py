"""Datasets are parted without loss, and loaders give what a seed says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.data import (
    ColorJitter,
    DataLoader,
    Dataset,
    Digits,
    RandomCrop,
    RandomHorizontalFlip,
    Subset,
    TensorDataset,
    digits,
    k_fold,
    linear_regression,
    moons,
    random_split,
    spirals,
    xor,
)
from tinygrad_edu.errors import DtypeError, OutOfRangeError, ShapeError


def numbers(n: int) -> TensorDataset:
    return TensorDataset(np.arange(n), np.arange(n) * 10.0)


class Squares(Dataset):
    """A dataset of a user's own, example by example."""

    def __len__(self) -> int:
        return 7

    def __getitem__(self, index: Any) -> Any:
        return np.full((2, 3), float(index)), index**2


# Parts of a dataset.


@given(n=st.integers(1, 40), shares=st.lists(st.integers(1, 9), min_size=1, max_size=4), seed=st.integers(0, 9))
def test_a_random_split_by_shares_loses_no_example(n: int, shares: list[int], seed: int) -> None:
    wanted = [share / sum(shares) for share in shares]
    parts = random_split(numbers(n), wanted, seed)
    assert sorted(i for part in parts for i in part.indices) == list(range(n))
    if len(shares) > 1:
        assert all(abs(len(part) - n * share) <= len(shares) for part, share in zip(parts, wanted))


def test_a_random_split_by_lengths() -> None:
    assert [len(part) for part in random_split(numbers(10), [7, 0, 3])] == [7, 0, 3]


@given(n=st.integers(2, 30), data=st.data())
def test_every_example_is_validated_on_once_and_else_trained_on(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(2, n))
    folds = k_fold(numbers(n), k)
    assert len(folds) == k
    assert sorted(i for _, validation in folds for i in validation.indices) == list(range(n))
    for train, validation in folds:
        assert sorted([*train.indices, *validation.indices]) == list(range(n))


def test_the_seed_decides_the_parts() -> None:
    first, again, other = (random_split(numbers(20), [0.5, 0.5], seed)[0].indices.tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_a_subset_of_a_subset() -> None:
    part = Subset(Subset(numbers(10), [9, 5, 7]), [2, 0])
    assert [x.tolist() for x in part.batch([0, 1])] == [[7, 9], [70.0, 90.0]]
    assert part[1] == (9, 90.0)


REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "two lengths": (lambda: TensorDataset(np.zeros(3), np.zeros(4)), ShapeError, "have one length"),
    "no length": (lambda: TensorDataset(np.float64(3)), ShapeError, "have one length"),
    "no array": (TensorDataset, ShapeError, "at least one array"),
    "lengths that do not sum": (lambda: random_split(numbers(10), [5, 4]), ShapeError, "sum neither to the 10"),
    "shares that do not sum": (lambda: random_split(numbers(10), [0.5, 0.4]), ShapeError, "nor to 1"),
    "one fold": (lambda: k_fold(numbers(10), 1), ShapeError, "k is from 2 to"),
    "more folds than examples": (lambda: k_fold(numbers(3), 4), ShapeError, "k is from 2 to"),
    "an example that is not there": (lambda: Subset(numbers(3), [3]), OutOfRangeError, "no example 3"),
    "no dataset": (lambda: DataLoader(3), DtypeError, "needs a Dataset or a list of examples, not int"),
    "a dict of examples": (lambda: DataLoader({"x": [1, 2]}), DtypeError, "not dict"),
    "a subset of a word": (lambda: Subset("cat", [0]), DtypeError, "Subset: needs a Dataset .* not str"),
    "a generator": (lambda: DataLoader(x for x in [1]), DtypeError, "not generator"),
    "empty batches": (lambda: DataLoader(numbers(3), batch_size=0), ShapeError, "from 1 on"),
    "batches of a word": (
        lambda: DataLoader(numbers(3), batch_size=cast(Any, "all")),
        DtypeError,
        "batch_size is a whole number, not str 'all'",
    ),
    "examples of two shapes": (lambda: Ragged().batch([0, 1]), ShapeError, r"shapes \(1,\) and \(2,\)"),
    "examples of two lengths": (lambda: Given((1, 2), (1, 2, 3)).batch([0, 1]), ShapeError, "of 2 parts and one of 3"),
    "lists of two lengths": (lambda: Given((1, [1, 2]), (1, [3])).batch([0, 1]), ShapeError, r"\(1,\) and \(2,\).*pad"),
    "a ragged list": (lambda: Given((1, [[1], [2, 3]])).batch([0]), ShapeError, "lists of different lengths; pad them"),
    "a tuple in a tuple": (lambda: Given((1, (np.ones(2), 1))).batch([0]), DtypeError, "a tuple in it; give its parts"),
    "a dict": (lambda: Given({"x": 1.0}).batch([0]), DtypeError, "a dict in it; give its parts side by side"),
    "a word": (lambda: Given((1, "cat")).batch([0]), DtypeError, "numbers or arrays of numbers, not str"),
    "nothing": (lambda: Given((1, None)).batch([0]), DtypeError, "not NoneType"),
    "an empty tuple": (lambda: Given(()).batch([0]), ShapeError, "empty tuple"),
    "a crop too large": (
        lambda: RandomCrop(9)(np.zeros((2, 1, 8, 10)), np.random.default_rng(0)),
        ShapeError,
        "no 9×9 pixels",
    ),
    "digits that do not fit": (lambda: Digits(size=7), ValueError, "do not fit into 7×7"),
}


class Given(Dataset):
    def __init__(self, *examples: Any) -> None:
        self.examples = examples

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: Any) -> Any:
        return self.examples[index]


@pytest.mark.parametrize(
    ("examples", "shapes"),
    [
        ([np.ones(3), np.ones(3)], [(2, 3)]),
        ([1.0, 2.0], [(2,)]),
        ([tg.ones((2, 3)), tg.ones((2, 3))], [(2, 2, 3)]),
        ([(np.ones(3), 1), (np.ones(3), 2)], [(2, 3), (2,)]),
        ([[np.ones(3), 1], [np.ones(3), 2]], [(2, 3), (2,)]),
        ([(1, (0.5, 1.5)), (2, (2.5, 3))], [(2,), (2, 2)]),
        ([(np.ones((0, 2)), [[1, 2, 3]])], [(1, 0, 2), (1, 1, 3)]),
    ],
)
def test_a_batch_has_an_array_for_each_part_of_an_example(examples: Any, shapes: Any) -> None:
    for dataset in (Given(*examples), examples, Subset(examples, range(len(examples)))):
        (batch,) = DataLoader(dataset, batch_size=4)
        assert [x.shape for x in batch] == shapes


def test_the_rows_of_an_array_are_examples() -> None:
    rows = np.arange(6.0).reshape(3, 2)
    for table in (rows, tg.tensor(rows)):
        assert [x.tolist() for (x,) in DataLoader(table, batch_size=2)] == [rows[:2].tolist(), rows[2:].tolist()]
    train, test = random_split(list(zip(rows, [0, 1, 1])), [2, 1])
    assert (len(train), len(test), len(test[0])) == (2, 1, 2)


class Ragged(Dataset):
    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: Any) -> Any:
        return (np.zeros(index + 1),)


@pytest.mark.parametrize("what", REFUSED)
def test_what_makes_no_sense_is_refused(what: str) -> None:
    make, kind, says = REFUSED[what]
    with pytest.raises(kind, match=says):
        make()


# Loaders.


@given(n=st.integers(1, 30), size=st.integers(1, 8), shuffle=st.booleans(), drop_last=st.booleans())
def test_a_pass_gives_every_example_once(n: int, size: int, shuffle: bool, drop_last: bool) -> None:
    loader = DataLoader(numbers(n), size, shuffle, drop_last, seed=3)
    batches = list(loader)
    assert len(batches) == len(loader) == (n // size if drop_last else -(-n // size))
    seen = [i for x, _ in batches for i in x.tolist()]
    assert len(set(seen)) == len(seen) == (n // size * size if drop_last else n)
    assert shuffle or seen == list(range(len(seen)))
    assert all(np.array_equal(x.data * 10.0, y.data) for x, y in batches)


def order(loader: DataLoader) -> list[int]:
    return [i for x, _ in loader for i in x.tolist()]


def test_each_pass_has_an_order_of_its_own_and_each_can_be_had_again() -> None:
    loader = DataLoader(numbers(20), 3, shuffle=True, seed=5)
    passes = [order(loader) for _ in range(4)]
    assert len(set(map(tuple, passes))) == 4
    again = DataLoader(numbers(20), 3, shuffle=True)
    again.load_state_dict({"seed": 5, "epoch": 2})
    assert order(again) == passes[2]
    assert again.state_dict() == {"seed": 5, "epoch": 3}


def test_a_pass_left_early_does_not_disturb_the_next() -> None:
    loader, other = (DataLoader(numbers(20), 3, shuffle=True) for _ in range(2))
    next(iter(loader))
    list(other)
    assert order(loader) == order(other)


def test_a_loader_does_not_touch_numpys_global_state() -> None:
    before = np.random.get_state()[1].tolist()  # type: ignore[index]
    list(DataLoader(numbers(20), 3, shuffle=True))
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index]


def test_examples_one_by_one_become_batches_of_the_usual_dtypes() -> None:
    x, y = next(iter(DataLoader(Squares(), batch_size=3)))
    assert (x.shape, y.tolist()) == ((3, 2, 3), [0, 1, 4])
    assert (str(x.dtype), str(y.dtype)) == ("float64", "int64")


def test_batches_are_tensors_that_do_not_share_memory_with_the_dataset() -> None:
    data = numbers(4)
    x, _ = next(iter(DataLoader(data, batch_size=4)))
    assert isinstance(x, tg.Tensor)
    assert not np.shares_memory(x.data, data.arrays[0])


# Augmentation.

IMAGES = np.random.default_rng(0).random((6, 2, 5, 7)).astype(np.float32)
AUGMENTATIONS = [RandomCrop(5, padding=2), RandomHorizontalFlip(), ColorJitter(0.5, 0.5)]


@pytest.mark.parametrize("transform", [lambda images: images, [RandomCrop(3), lambda: 0], ["flip"]])
def test_a_transform_takes_images_and_a_generator(transform: Any) -> None:
    with pytest.raises(tg.DtypeError, match="takes the images of a batch and a random generator"):
        DataLoader(Digits(), transform=transform)


@pytest.mark.parametrize("augmentation", AUGMENTATIONS, ids=lambda x: type(x).__name__)
def test_augmentations_are_seeded_keep_the_dtype_and_leave_the_original(augmentation: Any) -> None:
    images = IMAGES.copy()
    first, again, other = (augmentation(images, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(images, IMAGES)
    assert first.dtype == np.float32
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert 0 <= first.min() <= first.max() <= 1


def test_a_crop_is_a_part_of_the_padded_image() -> None:
    crops = RandomCrop(4, padding=1)(IMAGES, np.random.default_rng(0))
    padded = np.pad(IMAGES, ((0, 0), (0, 0), (1, 1), (1, 1)))
    assert crops.shape == (6, 2, 4, 4)
    for crop, image in zip(crops, padded):
        assert any(
            np.array_equal(crop, image[:, i : i + 4, j : j + 4]) for i in range(4) for j in range(6)
        )  # fmt: skip


def test_a_flip_mirrors_about_half_of_the_images() -> None:
    many = np.repeat(IMAGES[:1], 1000, axis=0)
    mirrored = (RandomHorizontalFlip()(many, np.random.default_rng(0)) != many).any(axis=(1, 2, 3))
    assert 450 < mirrored.sum() < 550
    flipped = RandomHorizontalFlip(p=1.0)(IMAGES, np.random.default_rng(0))
    assert np.array_equal(flipped, IMAGES[..., ::-1])


def test_a_loader_applies_transforms_in_their_order_to_the_images_only() -> None:
    data = TensorDataset(np.ones((4, 1, 2, 3), np.float32), np.arange(4))
    loader = DataLoader(data, 2, transform=[lambda x, rng: x + 1, lambda x, rng: x * 3])
    for i, (images, labels) in enumerate(loader):
        assert np.array_equal(images.data, np.full((2, 1, 2, 3), 6.0))
        assert labels.tolist() == [2 * i, 2 * i + 1]


# Data to learn from.


@pytest.mark.parametrize("size", [8, 28, 19])
def test_digits_as_a_dataset_are_the_digits_between_0_and_1(size: int) -> None:
    train, test = Digits(size=size), Digits(train=False, size=size)
    assert (len(train), len(test)) == (1198, 599)
    assert train.images.shape == (1198, 1, size, size)
    assert (str(train.images.dtype), str(train.labels.dtype)) == ("float32", "int64")
    assert (train.images.min(), train.images.max()) == (0, 1)
    ink = size // 8
    assert np.isclose(train.images.sum(), ink**2 * digits().split()[0].images.sum(dtype=float) / 16)


@pytest.mark.parametrize("make", [moons, spirals, xor])
def test_points_of_classes(make: Callable[..., TensorDataset]) -> None:
    data, again = make(100, seed=1), make(100, seed=1)
    X, y = data.arrays
    assert (X.shape, y.shape) == ((100, 2), (100,))
    assert (str(X.dtype), str(y.dtype)) == ("float32", "int64")
    assert np.array_equal(X, again.arrays[0])
    assert not np.array_equal(X, make(100, seed=2).arrays[0])
    assert np.ptp(np.bincount(y)) <= 1, "the classes are equally frequent"


def test_a_line_with_little_noise_is_found_by_least_squares() -> None:
    X, y = linear_regression([2.0, -3.4], 4.2, n=500, noise=0.01).arrays
    found, *_ = np.linalg.lstsq(np.column_stack([X, np.ones(500)]), y, rcond=None)
    assert np.allclose(found.ravel(), [2.0, -3.4, 4.2], atol=0.01)
