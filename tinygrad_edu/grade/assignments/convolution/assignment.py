"""Backward through a convolution: bias, kernel, image; strides and padding."""

import numpy as np

from tinygrad_edu import vjp
from tinygrad_edu.grade import Assignment, expect, require
from tinygrad_edu.grade.checks.asking import called_slow
from tinygrad_edu.grade.diagnosis import random_upstream
from tinygrad_edu.nn.functional import conv2d

hw = Assignment("convolution", title="Backward through a convolution")

X, W = (5, 3, 13, 11), (7, 3, 4, 2)
MANY = ((3, 3, 50, 51), W), ((4, 8, 24, 25), (16, 8, 5, 5))
"""Shapes with many pixels, and with many weights."""


def gradient(function, which, rng, stride, padding):
    """Ask for the gradient of the image (0) or of the kernel (1)."""
    x, w = rng.normal(size=X), rng.normal(size=W)
    upstream = random_upstream(rng, conv2d(x, w, stride=stride, padding=padding).shape)
    answer = function(upstream, x, w, stride, padding)
    an_image = isinstance(answer, np.ndarray) and (answer.shape, answer.dtype.kind) == (X, "f")
    if which == 0 and an_image and stride < max(W[2:]):  # else no windows overlap
        require(
            not np.allclose(answer, overwritten(upstream, x, w, stride, padding)),
            "Where windows overlap, only the last one counts.",
            kind="overwritten",
            how="A pixel gets a contribution from every window that it is under: use += instead of =.",
        )
    expect(answer).is_gradient_of(convolved(x, w, which, stride, padding), at=(x, w)[which], upstream=upstream)


def convolved(x, w, which, stride, padding):
    """The convolution as a function of the image (0) or of the kernel (1)."""
    if which == 0:
        return lambda x: conv2d(x, w, stride=stride, padding=padding)
    return lambda w: conv2d(x, w, stride=stride, padding=padding)


def gradient_of_many(function, which, rng, stride, padding):
    """The same for so many numbers that a forward pass for each of them takes longer than a call may."""
    x, w = (rng.normal(size=shape) for shape in MANY[which])
    upstream = random_upstream(rng, conv2d(x, w, stride=stride, padding=padding).shape)
    with called_slow((x, w)[which].size):
        right = vjp(convolved(x, w, which, stride, padding), (x, w)[which])[1](upstream)
        expect(function(upstream, x, w, stride, padding)).equals(right[0])


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


@hw.check(points=1, needs=["grad_bias"], title="Bias")
def bias(student, rng):
    for shape in ((5, 7, 3, 11), (2, 60_000, 1, 2)):
        upstream = random_upstream(rng, shape)
        expect(student.grad_bias(upstream)).is_gradient_of(
            lambda b, shape=shape: np.zeros(shape) + b.reshape(1, -1, 1, 1),
            at=rng.normal(size=shape[1]),
            upstream=upstream,
        )


@hw.check(points=2, needs=["grad_weight"], title="The kernel's gradient")
def kernel(student, rng):
    gradient(student.grad_weight, 1, rng, stride=1, padding=0)
    gradient_of_many(student.grad_weight, 1, rng, stride=1, padding=0)


@hw.check(points=2, needs=["grad_weight"], title="The kernel's gradient, with stride and padding")
def kernel_strided(student, rng):
    for stride, padding in ((2, 0), (1, 2), (2, 1), (3, 1)):
        gradient(student.grad_weight, 1, rng, stride, padding)
    gradient_of_many(student.grad_weight, 1, rng, stride=1, padding=2)


@hw.check(points=3, needs=["grad_input"], title="The image's gradient")
def image(student, rng):
    gradient(student.grad_input, 0, rng, stride=1, padding=0)
    gradient_of_many(student.grad_input, 0, rng, stride=1, padding=0)


@hw.check(points=2, needs=["grad_input"], title="The image's gradient, with stride and padding")
def image_strided(student, rng):
    for stride, padding in ((2, 0), (1, 2), (2, 1), (3, 1)):
        gradient(student.grad_input, 0, rng, stride, padding)
    gradient_of_many(student.grad_input, 0, rng, stride=1, padding=2)
