"""The chain rule by hand, one elementwise function after the other."""

import tinygrad_edu as tg
from tinygrad_edu.grade import Assignment, expect
from tinygrad_edu.grade.checks import backward
from tinygrad_edu.grade.diagnosis import random_upstream

hw = Assignment("chain-rule", title="The chain rule by hand")


@hw.check(points=1, needs=["mul_backward"], title="Product")
def product(student, rng):
    backward(student.mul_backward, lambda x, y: x * y, rng, "nk", "nk")


@hw.check(points=2, needs=["div_backward"], title="Quotient")
def quotient(student, rng):
    backward(student.div_backward, lambda x, y: x / y, rng, "nk", "nk")


@hw.check(points=1, needs=["tanh_backward"], title="Hyperbolic tangent")
def tanh(student, rng):
    backward(student.tanh_backward, tg.tanh, rng, "nk")


@hw.check(points=3, needs=["neuron_backward"], title="A neuron: three functions in a chain")
def neuron(student, rng):
    backward(student.neuron_backward, lambda w, x, b: tg.tanh(w * x + b), rng, "n", "n", "n")
    # w * x and b are near 1e8, and what is left of them near 1: no step of a difference quotient is right for both.
    w, x, upstream = (random_upstream(rng, (5,)) for _ in range(3))
    at = 1e4 * w, 1e4 * x, rng.normal(size=5) - (1e4 * w) * (1e4 * x)
    answer = student.neuron_backward(upstream, *at)
    right = tg.vjp(lambda w, x, b: tg.tanh(w * x + b), *at)[1](upstream)
    expect(answer, "with w and x near 10,000, the gradients").equals(right)


@hw.check(points=3, needs=["twice_backward"], title="An operand that is used twice")
def twice(student, rng):
    backward(student.twice_backward, lambda x: x * tg.tanh(x), rng, "nk")
