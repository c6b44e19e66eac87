"""Linear, Dropout and Embedding are PyTorch's."""

from __future__ import annotations

from inspect import isfunction
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from tests.nn.twins import DTYPES, assert_agree, same_module, torch_or_skip
from tinygrad_edu import nn
from tinygrad_edu.testing import arrays, assert_gradients


@pytest.mark.torch
@DTYPES
@given(
    x=st.sampled_from([(3,), (5, 3), (2, 5, 3)]).flatmap(lambda shape: arrays(shape, np.float64)),
    out=st.integers(1, 4),
    bias=st.booleans(),
)
def test_linear_is_pytorchs(dtype: Any, x: Any, out: int, bias: bool) -> None:
    torch = torch_or_skip()
    ours, theirs = nn.Linear(3, out, bias=bias), torch.nn.Linear(3, out, bias=bias)
    same_module(ours, theirs, dtype)
    assert_agree(ours, theirs, x, dtype=dtype)


def test_linear_begins_as_in_pytorch() -> None:
    tg.manual_seed(0)
    layer = nn.Linear(100, 300)
    for parameter in layer.parameters():
        assert 0.099 < abs(parameter.data).max() <= 0.1
    assert nn.Linear(0, 2)(tg.zeros((5, 0))).tolist() == [[0.0, 0.0]] * 5


def test_dropout_drops_the_share_p_and_keeps_the_mean() -> None:
    tg.manual_seed(0)
    x = tg.ones((100, 50), requires_grad=True)
    out = nn.Dropout(0.3)(x)
    out.sum().backward()
    assert out.dtype == np.float32
    assert 0.28 < (out == 0).mean() < 0.32
    assert abs(out.data.mean() - 1) < 0.05
    np.testing.assert_array_equal(x.grad, out.data)


def test_dropout_is_the_same_after_the_same_seed_and_nothing_in_use() -> None:
    layer, x = nn.Dropout(0.5), tg.ones((4, 5))
    results = []
    for _ in range(2):
        tg.manual_seed(5)
        results.append(layer(x).data)
    assert (results[0] == results[1]).all()
    assert (layer(x).data != results[1]).any()
    assert layer.eval()(x) is x
    assert F.dropout(x, 0.0) is x
    assert (F.dropout(x, 1.0) == 0).all()
    for wrong in (lambda: nn.Dropout(1.5), lambda: F.dropout(x, -0.1)):
        with pytest.raises(tg.OutOfRangeError, match="p is a probability"):
            wrong()


@pytest.mark.torch
@DTYPES
@given(
    index=st.sampled_from([(), (4,), (2, 3)]).flatmap(lambda shape: st.builds(
        lambda seed: np.random.default_rng(seed).integers(0, 5, shape), st.integers(0, 99))),
    padding=st.sampled_from([None, 0, -1]),
)  # fmt: skip
def test_embedding_is_pytorchs_and_adds_up_the_gradients_of_repeats(dtype: Any, index: Any, padding: Any) -> None:
    torch = torch_or_skip()
    ours, theirs = nn.Embedding(5, 3, padding), torch.nn.Embedding(5, 3, padding)
    same_module(ours, theirs, dtype)
    assert_agree(ours, theirs, np.asarray(index), dtype=dtype)


def test_the_padding_row_begins_with_zeros() -> None:
    assert (nn.Embedding(5, 3, padding_idx=-2).weight.data[3] == 0).all()
    assert (nn.Embedding(5, 3).weight.data != 0).all()
    assert nn.Embedding(5, 3, padding_idx=-5).padding_idx == 0
    assert repr(nn.Embedding(5, 3, padding_idx=-2)) == "Embedding(5, 3, padding_idx=3)"
    with pytest.raises(tg.OutOfRangeError, match="padding_idx 5 is none of the 5 rows"):
        nn.Embedding(5, 3, padding_idx=5)
    weight = tg.ones((5, 3)).requires_grad_()
    nn.functional.embedding([3, 4], weight, padding_idx=-2).sum().backward()
    assert weight.grad.sum(axis=1).tolist() == [0, 0, 0, 0, 3]
    with pytest.raises(tg.OutOfRangeError, match="padding_idx -6 is none of the 5 rows"):
        nn.functional.embedding([3, 4], weight, padding_idx=-6)


@pytest.mark.parametrize(
    ("index", "error", "says"),
    [
        ([0, 5], tg.OutOfRangeError, "5 is not among the 5 rows of the weight, which are 0 to 4"),
        ([-1], tg.OutOfRangeError, "-1 is not among"),
        (tg.tensor([1, 2]), tg.DtypeError, "dtype='int64'"),
    ],
)
def test_what_is_no_row_is_refused(index: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        nn.Embedding(5, 3)(index)


def test_an_embedding_of_vectors_that_are_known() -> None:
    vectors = np.arange(6.0).reshape(3, 2)
    frozen, learned = (nn.Embedding.from_pretrained(vectors, freeze, padding_idx=-1) for freeze in (True, False))
    assert (frozen.weight.requires_grad, learned.weight.requires_grad) == (False, True)
    assert learned([[2, 0]]).tolist() == [[[4.0, 5.0], [0.0, 1.0]]]
    learned([1, 2]).sum().backward()
    assert learned.weight.grad.tolist() == [[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]]
    with pytest.raises(tg.ShapeError, match=r"from_pretrained: the weight is \(K, D\)"):
        nn.Embedding.from_pretrained([1.0, 2.0])


def test_a_flat_batch_is_not_flattened_again() -> None:
    x = tg.ones((2, 3), requires_grad=True)
    assert nn.Flatten()(x) is x
    assert nn.Flatten(0)(tg.tensor(2.0)).shape == (1,)


def test_one_hot() -> None:
    assert F.one_hot([[2, 0]], 4).tolist() == [[[0, 0, 1, 0], [1, 0, 0, 0]]]
    with pytest.raises(tg.OutOfRangeError, match="4 is not among the 4 classes"):
        F.one_hot([4], 4)


@pytest.mark.parametrize("family", [nn.activations, nn.layers, nn.losses])
def test_functional_lists_every_function_that_stands_beside_a_layer(family: Any) -> None:
    beside = {name for name, x in vars(family).items() if isfunction(x) and x.__module__ == family.__name__}
    assert {name for name in beside if not name.startswith("_")} - set(F.__all__) == set()


@pytest.mark.parametrize("weight", [np.array(3.0), np.ones(3), np.ones((3, 2, 1))])
def test_the_weight_of_an_embedding_has_two_axes(weight: Any) -> None:
    with pytest.raises(tg.ShapeError, match=r"embedding: the weight is \(K, D\)"):
        F.embedding([0], weight)


def test_second_derivatives_through_embedding_and_linear_are_right() -> None:
    assert_gradients(lambda w: F.embedding([[1, 0], [1, 1]], w) ** 2, np.array([[1.0, 2.0], [0.5, -1.0]]))
    assert_gradients(
        lambda x, w, b: F.linear(x, w, b) ** 2, np.ones((2, 3)) * 0.5, np.arange(12.0).reshape(4, 3) / 10, np.ones(4)
    )


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: nn.Linear(3, cast(Any, 2.5)), "out_features is a whole number, not float 2.5"),
        (lambda: nn.Linear(-3, 2), "sizes are whole numbers from 0 on"),
        (lambda: nn.Linear(None, cast(Any, "2")), "out_features is a whole number, not str '2'"),
        (lambda: nn.Dropout(cast(Any, "0.5")), "p is a number, not str '0.5'"),
        (lambda: tg.manual_seed(cast(Any, "a")), "seed is a whole number from 0 on"),
        (lambda: nn.init.zeros_(cast(Any, [1.0])), "changes a tensor in place, such as layer.weight, not"),
        (lambda: nn.Linear(3, 2).load_state_dict(cast(Any, nn.Linear(3, 2))), "needs a dict"),
    ],
)
def test_wrong_arguments_are_refused_in_words(make: Any, says: str) -> None:
    with pytest.raises(tg.DtypeError, match=says):
        make()
