"""One seed decides all that is drawn without a seed of its own; the place in the sequence can be saved."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import data, models, nn


def drawn() -> list[float]:
    net = nn.Sequential(nn.Linear(3, 4), nn.Embedding(5, 2), nn.Dropout(0.5))
    numbers = [*net.state_dict().values(), tg.randn(2).data, tg.rand(2).data, net[2](tg.ones(7)).data]
    return [float(x) for array in numbers for x in array.ravel()]


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others() -> None:
    tg.manual_seed(1)
    first = drawn()
    assert drawn() != first
    tg.manual_seed(1)
    assert drawn() == first
    tg.manual_seed(2)
    assert drawn() != first


def test_a_seed_of_its_own_leaves_the_sequence_alone() -> None:
    tg.manual_seed(1)
    tg.randn(3, seed=5)
    nn.init.normal_(tg.zeros(3), seed=5)
    after = tg.randn(3)
    tg.manual_seed(1)
    assert (after == tg.randn(3)).all()


def test_the_state_is_plain_data_that_can_be_set_again() -> None:
    tg.manual_seed(1)
    tg.randn(3)
    state = tg.random.get_state()
    expected = drawn()
    tg.manual_seed(9)
    tg.random.set_state(state)
    assert drawn() == expected
    with pytest.raises(ValueError, match="state must be for a"):
        tg.random.set_state({"bit_generator": "Other"})


def test_the_numbers_do_not_depend_on_the_hash_seed() -> None:
    program = (
        "import json; import tinygrad_edu as tg; from tests.nn.test_random import drawn\n"
        "tg.manual_seed(1); print(json.dumps(drawn()))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True, timeout=60,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    tg.manual_seed(1)
    np.testing.assert_array_equal(json.loads(outputs.pop()), drawn())
    assert not outputs


@pytest.mark.parametrize(
    "call",
    [
        lambda: nn.Embedding.from_pretrained([[1.0, 2.0], [3.0, 4.0]]),
        lambda: nn.functional.dropout(tg.ones(3), p=1.0),
        lambda: nn.functional.dropout(tg.ones(3), p=0.0),
        lambda: nn.functional.dropout(tg.ones(3), training=False),
        lambda: nn.functional.alpha_dropout(tg.ones(3), p=1.0),
        lambda: nn.summary(nn.Sequential(nn.Linear(None, 3), nn.Dropout()), (1, 2)),
        lambda: models.receptive_field(nn.Sequential(nn.Conv2d(None, 2, 3)), 1, 8, 8),
        lambda: models.choose([0.0, 1.0], temperature=0.0),
        lambda: list(data.DataLoader(data.xor(8), batch_size=4, shuffle=True)),
    ],
)
def test_what_needs_no_random_numbers_of_the_package_draws_none(call: Callable[[], object]) -> None:
    before = tg.random.get_state()
    call()
    assert tg.random.get_state() == before
