"""Broadcasting, and the gradients of matrices."""

import tinygrad_edu as tg
from tinygrad_edu.grade import Assignment, expect
from tinygrad_edu.grade.checks import backward
from tinygrad_edu.grade.checks.asking import called_slow
from tinygrad_edu.grade.diagnosis import random_upstream

hw = Assignment("broadcasting", title="Broadcasting and matrix gradients")


@hw.check(points=2, needs=["unbroadcast"], title="Summing back to a shape")
def summing_back(student, rng):
    whole = (2, 3, 5)
    for shape in ((3, 5), (5,), (3, 1), (1, 5), (2, 1, 1), ()):
        upstream = random_upstream(rng, whole)
        expect(student.unbroadcast(upstream, shape)).is_gradient_of(
            lambda x: tg.broadcast_to(x, whole), at=rng.normal(size=shape), upstream=upstream
        )
    upstream = random_upstream(rng, (2, 400, 300))
    with called_slow(upstream.size):
        expect(student.unbroadcast(upstream, (400, 300))).equals(upstream.sum(axis=0))


@hw.check(points=2, needs=["add_backward"], title="Addition")
def addition(student, rng):
    for axes in (("nk", "nk"), ("nk", "k"), ("n1", "nk"), ("n1", "1k"), ("1k", "cnk")):
        backward(student.add_backward, lambda a, b: a + b, rng, *axes)


@hw.check(points=2, needs=["mul_backward"], title="Product")
def product(student, rng):
    for axes in (("nk", "nk"), ("nk", "k"), ("n1", "nk"), ("n1", "1k"), ("1k", "cnk")):
        backward(student.mul_backward, lambda a, b: a * b, rng, *axes)


@hw.check(points=2, needs=["matmul_backward"], title="Matrix product")
def matmul(student, rng):
    backward(student.matmul_backward, lambda x, w: x @ w, rng, "nk", "km")


@hw.check(points=1, needs=["linear_backward"], title="A linear layer")
def linear(student, rng):
    backward(student.linear_backward, lambda x, w, b: x @ w + b, rng, "nk", "km", "m")


@hw.check(points=1, needs=["mean_backward"], title="Mean")
def mean(student, rng):
    backward(student.mean_backward, lambda x: x.mean(axis=0), rng, "nk")
