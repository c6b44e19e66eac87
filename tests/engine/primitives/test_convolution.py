"""Convolution by hand, its layout in memory, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.nn.functional import conv1d, conv2d, conv_transpose2d


def test_the_textbooks_example() -> None:
    """An edge detector: 1 where black turns to white, -1 where white turns to black, else 0."""
    x = tg.ones((1, 1, 6, 8), requires_grad=True)
    with tg.no_grad():
        x[:, :, :, 2:6] = 0
    y = conv2d(x, tg.tensor([[[[1.0, -1.0]]]]))
    assert y.tolist() == [[[[0.0, 1.0, 0.0, 0.0, 0.0, -1.0, 0.0]] * 6]]
    y.sum().backward()
    assert x.grad.tolist() == [[[[1.0] + [0.0] * 6 + [-1.0]] * 6]]


def test_the_gradient_of_the_images_is_a_transposed_convolution() -> None:
    x = tg.randn(2, 3, 7, 6, seed=0, dtype="float64", requires_grad=True)
    w = tg.randn(4, 3, 2, 3, seed=1, dtype="float64")
    g = tg.randn(2, 4, 3, 4, seed=2, dtype="float64")
    conv2d(x, w, stride=(2, 1)).backward(g)
    by_hand = conv_transpose2d(g, w, stride=(2, 1), output_padding=(1, 0))
    np.testing.assert_allclose(x.grad, by_hand.data, atol=1e-12)


def test_the_images_lie_last_in_memory_and_a_network_keeps_them_there() -> None:
    x = tg.randn(8, 3, 9, 7)
    h = conv2d(x, tg.randn(5, 3, 2, 2, requires_grad=True)).relu() * 2.0
    assert h.data.transpose(1, 2, 3, 0).flags.c_contiguous
    assert tg.flatten(h, 1).data.base is not None  # a view: nothing was copied


def test_an_input_of_any_layout_gives_the_same_result() -> None:
    x = np.random.default_rng(0).normal(size=(6, 4, 9, 8))
    w = np.random.default_rng(1).normal(size=(2, 4, 3, 3))
    expected = conv2d(tg.tensor(x), w).data
    reverse = tg.tensor(np.ascontiguousarray(x.transpose(3, 2, 0, 1))).transpose(2, 3, 1, 0)
    np.testing.assert_allclose(conv2d(reverse, w).data, expected, atol=1e-12)
    np.testing.assert_allclose(conv2d(tg.tensor(x[:, :, ::-1])[:, :, ::-1], w).data, expected, atol=1e-12)


def test_weights_changed_after_their_use_are_refused() -> None:
    w = tg.randn(2, 1, 2, 2, requires_grad=True)
    h = conv2d(tg.randn(3, 1, 5, 4, requires_grad=True), w)
    with tg.no_grad():
        w *= 2.0
    with pytest.raises(tg.InPlaceError, match="changed in place"):
        h.sum().backward()


def test_no_images_give_no_results() -> None:
    w = tg.randn(2, 3, 2, 2, requires_grad=True)
    y = conv2d(tg.zeros((0, 3, 5, 4)), w)
    assert y.shape == (0, 2, 4, 3)
    y.sum().backward()
    assert w.grad.tolist() == np.zeros((2, 3, 2, 2)).tolist()


X, W = tg.ones((8, 3, 28, 20)), tg.ones((6, 3, 5, 5))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (
            lambda: conv2d(X, tg.ones((6, 1, 5, 5))),
            r"conv2d: input \(8, 3, 28, 20\) has 3 channels, and weight \(6, 1, 5, 5\) takes 1; its shape is",
        ),
        (lambda: conv2d(X, tg.ones((4, 2, 5, 5)), groups=2), r"takes 2, and 4 with groups=2"),
        (lambda: conv2d(X, tg.ones((4, 1, 5, 5)), groups=3), r"makes 4 channels, which 3 groups cannot share"),
        (lambda: conv2d(X[0, 0], W), r"input is \(N, C, H, W\), or a single one without N, and not \(28, 20\)"),
        (lambda: conv2d(X, W[0]), r"the weight is \(channels out, .* with a window of 2 sizes, and not \(3, 5, 5\)"),
        (lambda: conv2d(X, W, tg.ones(3)), r"bias \(3,\) must be one number a channel, of shape \(6,\)"),
        (lambda: conv2d(X, tg.ones((6, 3, 30, 2))), r"the window \(30, 2\) is larger than the image \(28, 20\)"),
        (
            lambda: conv2d(X, W, padding=1, dilation=8),
            r"with dilation \(8, 8\) is larger .* border \(\(1, 1\), \(1, 1\)\)",
        ),
        (lambda: conv2d(X, W, stride=2, padding="same"), r"padding='same' needs stride 1, and not \(2, 2\)"),
        (lambda: conv2d(X, W, padding="full"), r"padding is 'same', 'valid', or in numbers, and not 'full'"),
        (lambda: conv2d(X, W, stride=0), r"stride is a whole number from 1 on, or a tuple of 2 such, not 0"),
        (lambda: conv2d(X, W, stride=(1, 2, 3)), r"or a tuple of 2 such, not \(1, 2, 3\)"),
        (lambda: conv1d(X, W), r"input is \(N, C, L\), or a single one without N, and not \(8, 3, 28, 20\)"),
        (
            lambda: conv_transpose2d(X, W),
            r"has 3 channels, and weight \(6, 3, 5, 5\) takes 6; .* channels out / groups",
        ),
        (lambda: conv_transpose2d(X, tg.ones((3, 2, 2, 2)), groups=2), r"has 3 channels, which 2 groups cannot share"),
        (
            lambda: conv_transpose2d(X, tg.ones((3, 2, 2, 2)), output_padding=1),
            r"output_padding \(1, 1\) must be smaller",
        ),
        (lambda: conv_transpose2d(X, tg.ones((3, 2, 2, 2)), padding=15), r"padding \(15, 15\) leaves nothing"),
    ],
)
def test_what_does_not_go_together_is_refused(call: Any, says: str) -> None:
    with pytest.raises(tg.TinygradError, match=says):
        call()
