"""Backward through a convolution: bias, kernel, image; strides and padding."""

import numpy as np

from tinygrad_edu import vjp
from tinygrad_edu.grade import Assignment, expect, require
from tinygrad_edu.grade.diagnosis import random_upstream
from tinygrad_edu.nn.functional import conv2d

hw = Assignment("convolution", title="Backward through a convolution")

X, W = (2, 3, 8, 7), (5, 3, 3, 2)


def gradient(function, which, rng, stride, padding):
    """Ask for the gradient of the image (0) or of the kernel (1)."""
    x, w = rng.normal(size=X), rng.normal(size=W)
    upstream = random_upstream(rng, conv2d(x, w, stride=stride, padding=padding).shape)

    def convolved(one):
        image, kernel = (one, w) if which == 0 else (x, one)
        return conv2d(image, kernel, stride=stride, padding=padding)

    answer = function(upstream, x, w, stride, padding)
    an_image = isinstance(answer, np.ndarray) and (answer.shape, answer.dtype.kind) == (X, "f")
    if which == 0 and an_image and stride < max(W[2:]):  # else no windows overlap
        require(
            not np.allclose(answer, overwritten(upstream, x, w, stride, padding)),
            "Where windows overlap, only the last one counts.",
            kind="overwritten",
            how="A pixel gets a contribution from every window that it is under: use += instead of =.",
        )
    expect(answer).is_gradient_of(convolved, at=(x, w)[which], upstream=upstream)


def overwritten(upstream, x, w, stride, padding):
    """The gradient of the image, if each weight of the kernel replaces what those before it have left."""
    gradient = np.zeros_like(x)
    for i, j in np.ndindex(*w.shape[2:]):
        only, reached = np.zeros_like(w), np.zeros_like(w)
        only[:, :, i, j], reached[:, :, i, j] = w[:, :, i, j], 1.0

        def back(kernel, upstream):
            return vjp(lambda x: conv2d(x, kernel, stride=stride, padding=padding), x)[1](upstream)[0]

        gradient = np.where(back(reached, np.ones_like(upstream)) > 0, back(only, upstream), gradient)
    return gradient


@hw.check(points=1, needs=["grad_bias"])
def bias(student, rng):
    b, upstream = rng.normal(size=5), rng.normal(size=(2, 5, 3, 7))
    expect(student.grad_bias(upstream)).is_gradient_of(
        lambda b: np.zeros(upstream.shape) + b.reshape(1, 5, 1, 1), at=b, upstream=upstream
    )


@hw.check(points=2, needs=["grad_weight"], title="The kernel's gradient")
def kernel(student, rng):
    gradient(student.grad_weight, 1, rng, stride=1, padding=0)


@hw.check(points=2, needs=["grad_weight"], title="The kernel's gradient, with stride and padding")
def kernel_strided(student, rng):
    for stride, padding in ((2, 0), (1, 2), (2, 1), (3, 1)):
        gradient(student.grad_weight, 1, rng, stride, padding)


@hw.check(points=3, needs=["grad_input"], title="The image's gradient")
def image(student, rng):
    gradient(student.grad_input, 0, rng, stride=1, padding=0)


@hw.check(points=2, needs=["grad_input"], title="The image's gradient, with stride and padding")
def image_strided(student, rng):
    for stride, padding in ((2, 0), (1, 2), (2, 1), (3, 1)):
        gradient(student.grad_input, 0, rng, stride, padding)
