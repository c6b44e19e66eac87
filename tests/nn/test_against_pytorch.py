"""Whole networks, put together at random, are PyTorch's; and so are the names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
from tests.nn.twins import assert_agree, same_module, torch_or_skip
from tinygrad_edu import nn

OURS_ALONE = {
    "Uninitialized", "materialize", "Lambda", "FocalLoss", "HingeLoss", "GlobalAvgPool",
    "summary", "Summary", "focal_loss", "hinge_loss", "global_avg_pool", "KeyValueCache", "PositionalEmbedding",
    "PositionalEncoding", "attention_maps", "attention_weights", "pad_sequence", "padding_mask", "positional_encoding",
    "unpad_sequence", "bilinear_",
}  # fmt: skip
"""What PyTorch has not, or has under another name."""


@pytest.mark.torch
def test_the_names_are_pytorchs() -> None:
    torch = torch_or_skip()
    assert [name for name in nn.__all__ if not hasattr(torch.nn, name) and name not in OURS_ALONE] == []
    functions = set(nn.functional.__all__) - OURS_ALONE
    assert sorted(name for name in functions if not hasattr(torch.nn.functional, name)) == []
    assert sorted(name for name in set(nn.init.__all__) - OURS_ALONE if not hasattr(torch.nn.init, name)) == []


def layer(width: int) -> st.SearchStrategy[tuple[str, tuple[Any, ...], dict[str, Any], int]]:
    """A layer for `width` features: its name, arguments and settings, and how many features come out."""
    some = st.sampled_from
    return st.one_of(
        st.tuples(st.integers(1, 4), st.booleans()).map(
            lambda x: ("Linear", (width, x[0]), {"bias": x[1]}, x[0])
        ),
        some(["ReLU", "Tanh", "Sigmoid", "GELU", "ELU", "LeakyReLU", "Softplus", "PReLU", "Identity"]).map(
            lambda name: (name, (), {}, width)
        ),
        some(["LayerNorm", "BatchNorm1d", "PReLU"] if width > 1 else ["PReLU"]).map(  # of one number a norm is noise
            lambda name: (name, (width,), {}, width)
        ),
        some(["Softmax", "LogSoftmax"]).map(lambda name: (name, (), {"dim": 1}, width)),
    )  # fmt: skip


@st.composite
def networks(draw: st.DrawFn) -> list[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    width, layers = 3, [("Linear", (3, 3), {"bias": True})]
    for _ in range(draw(st.integers(0, 4))):
        name, arguments, settings, width = draw(layer(width))
        layers.append((name, arguments, settings))
    return layers


@pytest.mark.torch
@given(network=networks(), seed=st.integers(0, 99))
def test_networks_put_together_at_random_are_pytorchs(network: Any, seed: int) -> None:
    torch = torch_or_skip()
    tg.manual_seed(seed)
    ours = nn.Sequential(*(getattr(nn, name)(*arguments, **settings) for name, arguments, settings in network))
    theirs = torch.nn.Sequential(
        *(getattr(torch.nn, name)(*arguments, **settings) for name, arguments, settings in network)
    )
    same_module(ours, theirs, np.float64)
    assert_agree(ours, theirs, np.random.default_rng(seed).normal(size=(5, 3)), dtype=np.float64, seed=seed)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["Linear", "Sequential", "ModuleList", "ModuleDict"])
def test_the_methods_of_pytorchs_modules_are_here_or_answered(name: str) -> None:
    arguments = (3, 2) if name == "Linear" else ()
    ours, theirs = (getattr(x, name)(*arguments) for x in (nn, torch_or_skip().nn))
    settings = {"T_destination", "call_super_init", "dump_patches", "forward"}  # PyTorch's own, and the user's
    silent = []
    for method in set(dir(theirs)) - settings - set(dir(ours)):
        try:
            getattr(ours, method)
        except AttributeError as error:
            if method[0] != "_" and not str(error).startswith(f"{name} has no attribute {method!r}: "):
                silent.append(str(error))
    assert silent == []
