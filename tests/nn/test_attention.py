"""Attention and the Transformer: PyTorch's values and gradients, and what masks, caches and padding promise."""

from __future__ import annotations

import itertools
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu.testing import assert_gradients

from .twins import TOLERANCE, assert_agree, assert_close, same_module, torch_or_skip

F: Any = nn.functional
RNG = np.random.default_rng(0)


def numbers(*shape: int, dtype: Any = np.float64) -> np.ndarray:
    return RNG.normal(size=shape).astype(dtype)


def eval_twins(name: str, *sizes: Any, dtype: Any = np.float64, **options: Any) -> tuple[Any, Any]:
    """A layer of ours and one of PyTorch's with our weights, none of them 0; both without dropout."""
    torch = torch_or_skip()
    ours, theirs = getattr(nn, name)(*sizes, **options), getattr(torch.nn, name)(*sizes, **options)
    for parameter in ours.parameters():
        parameter.data = parameter.data + 0.1 * RNG.normal(size=parameter.shape)
    same_module(ours, theirs, dtype)
    return ours.eval(), theirs  # PyTorch's in training mode with dropout=0: its fast path has other conventions


# The function.


def by_hand(q: Any, k: Any, v: Any, allowed: Any = True, scale: Any = None) -> Any:
    """Attention of single vectors, one after the other; zeros for a query that may take of nothing."""
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    allowed = np.broadcast_to(allowed, (len(q), len(k)))
    out = np.zeros((len(q), v.shape[-1]))
    for i, j in itertools.product(range(len(q)), range(len(k))):
        if allowed[i, j]:
            total = sum(np.exp(q[i] @ k[s] * scale) for s in range(len(k)) if allowed[i, s])
            out[i] += np.exp(q[i] @ k[j] * scale) / total * v[j]
    return out


@given(data=st.data())
def test_attention_is_the_formula(data: st.DataObject) -> None:
    length, size, e, d = (data.draw(st.integers(1, 4)) for _ in range(4))
    q, k, v = numbers(length, e), numbers(size, e), numbers(size, d)
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=length * size, max_size=length * size)))
    allowed = allowed.reshape(length, size)
    scale = data.draw(st.sampled_from([None, 0.3]))
    causal = np.tril(np.ones((length, size), bool))
    for mask, is_causal, may in ((None, False, True), (allowed, False, allowed), (allowed, True, allowed & causal)):
        expected = by_hand(q, k, v, may, scale)
        for x in ([q, k, v], [tg.tensor(x, requires_grad=True) for x in (q, k, v)]):
            found: Any = F.scaled_dot_product_attention(*x, attn_mask=mask, is_causal=is_causal, scale=scale)
            np.testing.assert_allclose(found.data if isinstance(found, tg.Node) else found, expected, atol=1e-12)
    assert_gradients(lambda *x: F.scaled_dot_product_attention(*x, attn_mask=allowed, is_causal=True), q, k, v)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=15)
@given(
    sizes=st.tuples(*[st.integers(1, 5)] * 4),
    leading=st.sampled_from([(), (2,), (3, 2)]),
    mask=st.sampled_from([None, "bool", "float", "causal"]),
)
def test_the_function_is_pytorchs(dtype: Any, sizes: Any, leading: Any, mask: Any) -> None:
    torch = torch_or_skip()
    length, size, e, d = sizes
    q, k, v = numbers(*leading, length, e), numbers(*leading, size, e), numbers(*leading, size, d)
    given_mask: Any = {"bool": numbers(length, size) > -0.5, "float": numbers(length, size, dtype=dtype)}.get(mask)
    causal = mask == "causal"
    assert_agree(
        lambda *x: F.scaled_dot_product_attention(*x, attn_mask=given_mask, is_causal=causal),
        lambda *x: torch.nn.functional.scaled_dot_product_attention(
            *x, attn_mask=None if given_mask is None else torch.tensor(given_mask), is_causal=causal
        ),
        q, k, v, dtype=dtype,
    )  # fmt: skip


def test_groups_of_queries_share_keys_and_values() -> None:
    torch = torch_or_skip()
    assert_agree(
        lambda *x: F.scaled_dot_product_attention(*x, enable_gqa=True),
        lambda *x: torch.nn.functional.scaled_dot_product_attention(*x, enable_gqa=True),
        numbers(2, 4, 3, 5), numbers(2, 2, 6, 5), numbers(2, 2, 6, 7), dtype=np.float64,
    )  # fmt: skip


@pytest.mark.parametrize("mask", [np.zeros((2, 3), bool), np.full((2, 3), -np.inf)])
def test_a_query_that_may_take_of_nothing_has_zeros_and_no_gradient(mask: Any) -> None:
    mask[1, 0] = mask.dtype == bool or 0.0
    q, k, v = (tg.tensor(numbers(n, 4), requires_grad=True) for n in (2, 3, 3))
    with np.errstate(all="raise"):
        out = F.scaled_dot_product_attention(q, k, v, mask)
        out.backward(np.ones((2, 4)))
    assert out.data[0].tolist() == [0.0] * 4
    np.testing.assert_array_equal(out.data[1], v.data[0])
    assert q.grad[0].tolist() == [0.0] * 4
    assert all(np.isfinite(x.grad).all() for x in (q, k, v))
    assert_gradients(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, mask), *(numbers(n, 4) for n in (2, 3, 3)))


def test_a_learned_mask_has_a_gradient_of_its_own_shape() -> None:
    q, k, v, bias = numbers(3, 2, 4), numbers(3, 5, 4), numbers(3, 5, 4), numbers(1, 5)
    assert_gradients(F.scaled_dot_product_attention, q, k, v, bias)


def test_large_comparisons_do_not_overflow() -> None:
    x = np.array([[1e4, 0.0], [0.0, 1e4]], np.float32)
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(F.attention_weights(x, x), np.eye(2))


def test_dropout_is_dropped_of_the_weights() -> None:
    q, k = tg.zeros((1, 4)), tg.zeros((64, 4))
    tg.manual_seed(0)
    out = F.scaled_dot_product_attention(q, k, np.eye(64, dtype="float32"), dropout_p=0.5)
    np.testing.assert_array_equal(np.unique(out.data), np.array([0, 2 / 64], np.float32))


# Heads.


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=15)
@given(data=st.data())
def test_heads_are_pytorchs(dtype: Any, data: st.DataObject) -> None:
    torch = torch_or_skip()
    n, length, size, heads, width = (data.draw(st.integers(1, 3)) for _ in range(5))
    e = heads * width
    batch_first, own_sizes = data.draw(st.booleans()), data.draw(st.booleans())
    batch, own = data.draw(st.booleans()), {"kdim": 3, "vdim": 5} if own_sizes else {}
    ours, theirs = eval_twins(
        "MultiheadAttention", e, heads, dtype=dtype, batch_first=batch_first, bias=data.draw(st.booleans()), **own
    )
    n = n if batch else 1
    shapes = [(n, length, e), (n, size, own.get("kdim", e)), (n, size, own.get("vdim", e))]
    inputs = [numbers(*shape, dtype=dtype) for shape in shapes]
    if not batch:
        inputs = [x[0] for x in inputs]
    elif not batch_first:
        inputs = [x.swapaxes(0, 1) for x in inputs]
    masks: dict[str, Any] = {}
    kind = data.draw(st.sampled_from(["none", "bool", "float", "by head"]))
    if kind != "none":
        shape = (n * heads, length, size) if kind == "by head" else (length, size)
        masks["attn_mask"] = numbers(*shape, dtype=dtype)
        if kind != "float":
            masks["attn_mask"] = masks["attn_mask"] > 0.5
            masks["attn_mask"][..., 0] = False
    if data.draw(st.booleans()) and kind != "float":
        padding = numbers(n, size) > 0.5
        padding[:, 0] = False
        masks["key_padding_mask"] = padding if batch else padding[0]
    average = data.draw(st.booleans())
    outs: list[Any] = []

    def mine(*x: Any) -> Any:
        out, weights = ours(*x, **masks, average_attn_weights=average)
        outs.append(weights)
        return out

    def pytorchs(*x: Any) -> Any:
        given = {name: torch.tensor(mask) for name, mask in masks.items()}
        out, weights = theirs(*x, **given, average_attn_weights=average)
        outs.append(weights)
        return out

    assert_agree(mine, pytorchs, *inputs, dtype=dtype)
    assert_close(outs[0].data, outs[1], TOLERANCE[dtype])
    for name, parameter in ours.named_parameters():
        known = dict(theirs.named_parameters())[name]
        assert_close(parameter.grad, known.grad, TOLERANCE[dtype])


def test_weights_are_not_computed_unless_needed_and_the_state_has_pytorchs_names() -> None:
    layer, x = nn.MultiheadAttention(6, 2), tg.randn(4, 3, 6, seed=0)
    out, weights = layer(x, x, x, need_weights=False)
    assert out.shape == (4, 3, 6)
    assert weights is None
    assert list(layer.state_dict()) == ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"]
    assert repr(layer).startswith("MultiheadAttention(6, 2\n")
    other = nn.MultiheadAttention(6, 2, dropout=0.1, bias=False, kdim=3, batch_first=True)
    assert {"q_proj_weight", "k_proj_weight", "v_proj_weight", "out_proj.weight"} == set(other.state_dict())
    assert repr(other).startswith("MultiheadAttention(6, 2, kdim=3, dropout=0.1, bias=False, batch_first=True")


def test_first_weights() -> None:
    layer: Any = nn.MultiheadAttention(32, 4)
    bound = (6 / (32 + 96)) ** 0.5
    assert 0.9 * bound < np.abs(layer.in_proj_weight.data).max() <= bound
    assert not layer.in_proj_bias.data.any()
    assert not layer.out_proj.bias.data.any()


# Layers and stacks.

LAYERS = {"TransformerEncoderLayer": 1, "TransformerDecoderLayer": 2}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", LAYERS)
@settings(max_examples=12)
@given(data=st.data())
def test_a_layer_of_the_transformer_is_pytorchs(name: str, dtype: Any, data: st.DataObject) -> None:
    torch = torch_or_skip()
    n, length, size, heads = (data.draw(st.integers(1, 3)) for _ in range(4))
    options = {
        "batch_first": data.draw(st.booleans()),
        "norm_first": data.draw(st.booleans()),
        "activation": data.draw(st.sampled_from(["relu", "gelu"])),
        "bias": data.draw(st.booleans()),
    }
    ours, theirs = eval_twins(name, 4 * heads, heads, 5, 0.0, dtype=dtype, **options)
    shapes = [(n, length, 4 * heads), (n, size, 4 * heads)][: LAYERS[name]]
    inputs = [numbers(*shape, dtype=dtype) for shape in shapes]
    inputs = inputs if options["batch_first"] else [x.swapaxes(0, 1) for x in inputs]
    causal, padding = np.triu(np.ones((length, length), bool), 1), np.zeros((n, length), bool)
    padding[:, length // 2 + 1 :] = True
    prefix = "src" if name == "TransformerEncoderLayer" else "tgt"
    masks = {f"{prefix}_mask": causal, f"{prefix}_key_padding_mask": padding} if data.draw(st.booleans()) else {}
    theirs_masks = {key: torch.tensor(mask) for key, mask in masks.items()}
    assert_agree(lambda *x: ours(*x, **masks), lambda *x: theirs(*x, **theirs_masks), *inputs, dtype=dtype)
    for key, parameter in ours.named_parameters():
        assert_close(parameter.grad, dict(theirs.named_parameters())[key].grad, TOLERANCE[dtype])


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@pytest.mark.parametrize("norm_first", [False, True])
def test_the_transformer_is_pytorchs(norm_first: bool) -> None:
    torch = torch_or_skip()
    options = {"batch_first": True, "norm_first": norm_first}
    ours, theirs = eval_twins("Transformer", 8, 2, 2, 2, 6, 0.0, **options)
    mask = nn.Transformer.generate_square_subsequent_mask(3, np.float64)
    assert_agree(
        lambda src, tgt: ours(src, tgt, tgt_mask=mask),
        lambda src, tgt: theirs(src, tgt, tgt_mask=torch.tensor(mask)),
        numbers(2, 4, 8), numbers(2, 3, 8), dtype=np.float64,
    )  # fmt: skip
    causal = ours(numbers(2, 4, 8), x := numbers(2, 3, 8), tgt_is_causal=True)
    assert causal.shape == x.shape


@pytest.mark.parametrize("norm_first", [False, True])
def test_first_and_second_derivatives_of_layers(norm_first: bool) -> None:
    encoder = nn.TransformerEncoderLayer(4, 2, 3, 0.0, "gelu", batch_first=True, norm_first=norm_first).double()
    decoder = nn.TransformerDecoderLayer(4, 2, 3, 0.0, "gelu", batch_first=True, norm_first=norm_first).double()
    x, y = numbers(1, 2, 4), numbers(1, 3, 4)
    assert_gradients(lambda x, y: decoder(y, encoder(x), tgt_is_causal=True), x, y)


def test_a_stack_begins_with_equal_copies_that_learn_apart() -> None:
    stack = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 1, 5), 2, nn.LayerNorm(4))
    names = [name for name, _ in stack.named_parameters()]
    assert "layers.0.self_attn.in_proj_weight" in names
    assert "layers.1.norm2.bias" in names
    assert "norm.weight" in names
    first: Any
    second: Any
    first, second = stack.layers
    np.testing.assert_array_equal(first.linear1.weight.data, second.linear1.weight.data)
    assert first.linear1.weight is not second.linear1.weight


# What masks, caches and padding promise.


def stack_of(norm_first: bool) -> nn.Module:
    tg.manual_seed(3)
    layer = nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True, norm_first=norm_first)
    return nn.TransformerEncoder(layer, 2).double()


@pytest.mark.parametrize("norm_first", [False, True])
def test_no_output_depends_on_a_later_input(norm_first: bool) -> None:
    """By gradient, which is exact: 0 from a later input, and never 0 from an earlier one."""
    model, x = stack_of(norm_first), tg.tensor(numbers(2, 5, 8), requires_grad=True)
    for t in range(5):
        (by_x,) = tg.gradients((model(x, is_causal=True)[:, t] * numbers(2, 8)).sum(), [x])
        assert not by_x[:, t + 1 :].any()
        assert (np.abs(by_x[:, : t + 1]).max(-1) > 0).all()


@pytest.mark.parametrize("norm_first", [False, True])
def test_padding_never_leaks(norm_first: bool) -> None:
    model, lengths = stack_of(norm_first), [5, 2]
    x = tg.tensor(numbers(2, 5, 8), requires_grad=True)
    padding = nn.padding_mask(lengths)
    out = model(x, src_key_padding_mask=padding)
    (by_x,) = tg.gradients((out * ~padding[..., None]).sum(), [x])
    assert not by_x[padding].any()
    for i, n in enumerate(lengths):
        np.testing.assert_allclose(out.data[i, :n], model(x[i : i + 1, :n]).data[0], rtol=1e-12, atol=1e-12)


def test_all_that_is_padding_is_no_nan() -> None:
    model, x = stack_of(True), tg.tensor(numbers(2, 3, 8), requires_grad=True)
    with np.errstate(all="raise"):
        out = model(x, src_key_padding_mask=nn.padding_mask([3, 0]))
        out.sum().backward()
    assert np.isfinite(out.data).all()
    assert np.isfinite(x.grad).all()


@pytest.mark.parametrize("pieces", [[1, 1, 1, 1, 1], [3, 1, 1], [2, 3], [5]])
def test_a_cache_gives_what_the_whole_sequence_gives(pieces: list[int]) -> None:
    model, x = stack_of(True), numbers(2, 5, 8)
    whole = model(x, is_causal=True)
    cache, found, start = nn.KeyValueCache(), [], 0
    for n in pieces:
        assert len(cache) == start
        found.append(model(x[:, start : start + n], is_causal=True, cache=cache).data)
        start += n
    np.testing.assert_allclose(np.concatenate(found, 1), whole.data, rtol=1e-12, atol=1e-12)


def test_a_cache_holds_one_batch() -> None:
    layer, cache = nn.MultiheadAttention(4, 2, batch_first=True), nn.KeyValueCache()
    layer(*[tg.zeros((2, 1, 4))] * 3, cache=cache)
    with pytest.raises(tg.ShapeError, match="holds a batch of 2, and got one of 3; make a new cache"):
        layer(*[tg.zeros((3, 1, 4))] * 3, cache=cache)


def test_maps_are_found_in_the_graph() -> None:
    layer = nn.TransformerDecoderLayer(8, 2, 16, batch_first=True)
    maps = nn.attention_maps(layer(tg.randn(1, 3, 8), tg.randn(1, 5, 8), tgt_is_causal=True))
    assert [m.shape for m in maps] == [(1, 2, 3, 3), (1, 2, 3, 5)]
    assert not np.triu(maps[0][0, 0], 1).any()
    np.testing.assert_allclose(maps[1].sum(-1), 1, rtol=1e-5)


# Positions.


def test_positions_are_waves_whose_shift_is_a_rotation() -> None:
    table = F.positional_encoding(50, 6, dtype=np.float64)
    for t, i in itertools.product(range(0, 50, 7), range(3)):
        angle = t / 10000 ** (2 * i / 6)
        np.testing.assert_allclose(table[t, 2 * i : 2 * i + 2], [np.sin(angle), np.cos(angle)], atol=1e-12)
    shift = table[3:] @ table[:-3].T  # of two positions only their distance matters
    np.testing.assert_allclose(np.diag(shift), shift[0, 0], rtol=1e-12)
    assert F.positional_encoding(3, 5).shape == (3, 5)
    np.testing.assert_array_equal(F.positional_encoding(2, 4, start=3), F.positional_encoding(5, 4)[3:])


@pytest.mark.parametrize("make", [nn.PositionalEncoding, lambda d: nn.PositionalEmbedding(9, d)])
def test_positions_are_added_from_where_they_start(make: Any) -> None:
    layer, x = make(4), tg.zeros((2, 6, 4))
    np.testing.assert_array_equal(layer(x).data[:, 2:], layer(x[:, 2:], start=2).data)
    with pytest.raises(tg.ShapeError, match="the input is"):
        layer(tg.zeros((2, 6, 5)))


# Sequences of different lengths.


def test_padding_and_back() -> None:
    torch = torch_or_skip()
    arrays = [numbers(n, 2) for n in (3, 1, 4)]
    for options in ({}, {"batch_first": True}, {"padding_value": 7.0}, {"padding_side": "left"}):
        theirs = torch.nn.utils.rnn.pad_sequence([torch.tensor(x) for x in arrays], **options)
        np.testing.assert_array_equal(nn.pad_sequence(arrays, **options), theirs.numpy())
    tensors = [tg.tensor(x, requires_grad=True) for x in arrays]
    back = nn.unpad_sequence(nn.pad_sequence(tensors), [3, 1, 4])
    sum((x * x).sum() for x in back).backward()
    for x, again in zip(tensors, back):
        np.testing.assert_array_equal(again.data, x.data)
        np.testing.assert_array_equal(x.grad, 2 * x.data)
    assert nn.padding_mask([3, 1, 0], 4).sum(-1).tolist() == [1, 3, 4]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: F.attention_weights(tg.ones(3), tg.ones((2, 3))), tg.ShapeError, r"not \(3,\) and \(2, 3\)"),
        (lambda: F.attention_weights(tg.ones((2, 3)), tg.ones((2, 4))), tg.ShapeError, "equally long"),
        (lambda: F.attention_weights(tg.ones((2, 3)), tg.ones((4, 3)), np.ones((3, 4), bool)), tg.ShapeError,
         r"attn_mask \(3, 4\) do not broadcast to \(..., L, S\) = \(..., 2, 4\)"),
        (lambda: F.attention_weights(tg.ones((2, 3)), tg.ones((4, 3)), np.ones((2, 4), int)), tg.DtypeError,
         "not of int64; mask == 1 makes bools"),
        (lambda: F.scaled_dot_product_attention(tg.ones((2, 3)), tg.ones((4, 3)), tg.ones((5, 3))), tg.ShapeError,
         r"each of the keys .* has a value .* \(4, 3\) and \(5, 3\)"),
        (lambda: nn.MultiheadAttention(8, 3), tg.OutOfRangeError, "num_heads=3 heads cannot share embed_dim=8"),
        (lambda: cast(Any, nn.MultiheadAttention)(8, 2, add_zero_attn=True), tg.DtypeError, "no argument add_zero"),
        (lambda: nn.MultiheadAttention(4, 2)(*[tg.ones(4)] * 3), tg.ShapeError, r"sequences, of shape \(L, N"),
        (lambda: nn.MultiheadAttention(4, 2)(tg.ones((2, 4)), tg.ones((2, 5)), tg.ones((2, 4))), tg.ShapeError,
         r"equally many examples N.* \(1, 2, 5\)"),
        (lambda: nn.MultiheadAttention(4, 2)(*[tg.ones((2, 4))] * 3, attn_mask=np.ones((3, 2), bool)), tg.ShapeError,
         r"attn_mask is of shape \(L, S\) = \(2, 2\)"),
        (lambda: nn.MultiheadAttention(4, 2)(*[tg.ones((2, 4))] * 3, key_padding_mask=np.ones(3, bool)), tg.ShapeError,
         r"key_padding_mask is of shape \(N, S\) = \(1, 2\), not \(1, 3\)"),
        (lambda: nn.TransformerEncoderLayer(4, 2, activation="swish"), tg.DtypeError, "'relu', 'gelu' or a function"),
        (lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2), 0), tg.OutOfRangeError, "from 1 on, not 0"),
        (lambda: nn.PositionalEmbedding(3, 4)(tg.ones((5, 4))), tg.ShapeError, "at most max_len=3 positions"),
        (lambda: nn.pad_sequence([]), tg.ShapeError, "one or more sequences"),
        (lambda: nn.pad_sequence([tg.ones(2), tg.ones((2, 1))]), tg.ShapeError, "alike but for T"),
        (lambda: nn.pad_sequence([tg.ones(2)], padding_side="top"), tg.DtypeError, "'right' or 'left', not 'top'"),
        (lambda: nn.unpad_sequence(tg.ones((3, 1)), [4]), tg.OutOfRangeError, "a length is from 0 to 3, not 4"),
        (lambda: nn.padding_mask([-1]), tg.OutOfRangeError, "a length is from 0 on, not -1"),
        (lambda: nn.padding_mask([0.5]), tg.DtypeError, "lengths are a list of whole numbers"),
    ],
)  # fmt: skip
def test_wrong_use_is_refused(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()
