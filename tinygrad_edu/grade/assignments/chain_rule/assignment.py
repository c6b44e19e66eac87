"""The chain rule by hand, one elementwise function after the other."""

import tinygrad_edu as tg
from tinygrad_edu.grade import Assignment
from tinygrad_edu.grade.checks import backward

hw = Assignment("chain-rule", title="The chain rule by hand")


@hw.check(points=1, needs=["mul_backward"])
def product(student, rng):
    backward(student.mul_backward, lambda x, y: x * y, rng, "nk", "nk")


@hw.check(points=2, needs=["div_backward"])
def quotient(student, rng):
    backward(student.div_backward, lambda x, y: x / y, rng, "nk", "nk")


@hw.check(points=1, needs=["tanh_backward"], title="Hyperbolic tangent")
def tanh(student, rng):
    backward(student.tanh_backward, tg.tanh, rng, "nk")


@hw.check(points=3, needs=["neuron_backward"], title="A neuron: three functions in a chain")
def neuron(student, rng):
    backward(student.neuron_backward, lambda w, x, b: tg.tanh(w * x + b), rng, "n", "n", "n")


@hw.check(points=3, needs=["twice_backward"], title="An operand that is used twice")
def twice(student, rng):
    backward(student.twice_backward, lambda x: x * tg.tanh(x), rng, "nk")
