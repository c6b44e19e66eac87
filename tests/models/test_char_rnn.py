"""The recurrent language model reads a text whole or piece by piece, and looks only back."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import models
from tinygrad_edu.errors import OutOfRangeError

CELLS = ["rnn", "lstm", "gru"]


@pytest.mark.parametrize("cell", CELLS)
def test_piece_by_piece_it_says_what_it_says_at_once(cell: str) -> None:
    model = models.char_rnn(7, channels=5, layers=2, cell=cell)
    tokens = np.random.default_rng(0).integers(0, 7, (3, 6))
    whole, cache = model(tokens).data, model.new_cache()
    parts = [model(tokens[:, a:b], cache).data for a, b in ((0, 1), (1, 4), (4, 6))]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_no_output_depends_on_a_later_token(cell: str) -> None:
    model = models.char_rnn(7, channels=5, cell=cell).double()
    vectors = tg.tensor(np.random.default_rng(0).normal(size=(1, 6, 5)), requires_grad=True)
    states, _ = model.rnn(vectors)
    for t in range(6):
        (gradient,) = tg.gradients(model.output(states[:, t]).sum(), [vectors])
        assert not gradient[0, t + 1 :].any()
        assert gradient[0, : t + 1].all()


@pytest.mark.parametrize("cell", CELLS)
def test_it_goes_on_with_a_prompt_as_without_what_it_keeps(cell: str) -> None:
    model = models.char_rnn(7, channels=5, cell=cell)
    kept, anew = (list(models.generate(model, [1, 2], 12, seed=3, use_cache=cache)) for cache in (True, False))
    assert kept == anew
    assert len(kept) == 12


def test_another_cell_is_refused() -> None:
    with pytest.raises(OutOfRangeError, match="cell is 'rnn', 'lstm' or 'gru', not 'tanh'"):
        models.char_rnn(7, cell="tanh")
