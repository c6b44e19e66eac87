"""Ours and PyTorch's, side by side: the same numbers in, the same values and gradients out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg

TOLERANCE: dict[Any, float] = {np.float64: 1e-9, np.float32: 1e-5}

DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])


def torch_or_skip() -> Any:
    return pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")


def same_module(ours: tg.nn.Module, theirs: Any, dtype: Any) -> None:
    """Give PyTorch's module our weights; the names are the same."""
    torch = torch_or_skip()
    ours.double() if dtype == np.float64 else ours.float()
    theirs.double() if dtype == np.float64 else theirs.float()
    theirs.load_state_dict({name: torch.tensor(x) for name, x in ours.state_dict().items()})


def assert_agree(ours: Callable[..., Any], theirs: Callable[..., Any], *inputs: Any, dtype: Any, seed: int = 0) -> None:
    """The result and the gradient by each input are PyTorch's; and by each parameter, where they are modules.

    Floating-point inputs have gradients; integers are handed on. The upstream gradient is random.
    """
    torch = torch_or_skip()
    rtol = TOLERANCE[dtype]
    arrays = [x.astype(dtype) if x.dtype.kind == "f" else x for x in map(np.asarray, inputs)]
    xs = [tg.tensor(x, requires_grad=True) if x.dtype.kind == "f" else x for x in arrays]
    ts = [torch.tensor(x, requires_grad=x.dtype.kind == "f") for x in arrays]
    out, expected = ours(*xs), theirs(*ts)
    assert out.dtype == dtype
    assert_close(out.data, expected, rtol)
    upstream = np.asarray(np.random.default_rng(seed).normal(size=out.shape), dtype)
    out.backward(upstream)
    expected.backward(torch.tensor(upstream))
    for x, t in zip(xs, ts):
        if isinstance(x, tg.Tensor):
            assert x.grad.dtype == dtype
            assert_close(x.grad, t.grad, rtol)
    if isinstance(ours, tg.nn.Module) and isinstance(theirs, torch.nn.Module):
        known = dict(theirs.named_parameters())
        for name, parameter in ours.named_parameters():
            assert_close(parameter.grad, known[name].grad, rtol)


def assert_close(ours: Any, theirs: Any, tolerance: float) -> None:
    """Equal to a tolerance relative to the largest number."""
    theirs = np.asarray(theirs.detach())
    assert ours.shape == theirs.shape
    scale = max(1.0, float(np.max(np.abs(theirs[np.isfinite(theirs)]), initial=0.0)))
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * scale)
