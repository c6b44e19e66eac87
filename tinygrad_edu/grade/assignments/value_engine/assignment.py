"""A class that differentiates itself, like micrograd's: https://github.com/karpathy/micrograd."""

from tinygrad_edu.grade import Assignment
from tinygrad_edu.grade.checks import adds_up, deep_chain, linear_time, same_as_engine, topological_order

hw = Assignment("value-engine", title="A Value engine")


@hw.check(points=2, needs=["topological_order"], title="Order")
def order(student, rng):
    topological_order(student.topological_order, rng)


@hw.check(points=2, needs=["Value"], title="Sums, products, powers and tanh")
def arithmetic(student, rng):
    for function in (
        lambda x, y: x + y,
        lambda x, y: x * y,
        lambda x, y: x**3 + y,
        lambda x, y: x.tanh() * y,
        lambda x, y: 2.0 * x + y * -3.0 + (1.5 + y),
    ):
        same_as_engine(student.Value, function, *rng.uniform(0.5, 2.0, size=2).tolist())


@hw.check(points=1, needs=["Value"], title="Differences and quotients")
def differences(student, rng):
    for function in (lambda x, y: -x * y, lambda x, y: x - y, lambda x, y: x / y):
        same_as_engine(student.Value, function, *rng.uniform(0.5, 2.0, size=2).tolist())


@hw.check(points=2, needs=["Value"], title="Values that are used more than once")
def reuse(student, rng):
    def diamond(x, y):
        a = x * y
        return (a + x) * (a + y).tanh() + x * x

    same_as_engine(student.Value, diamond, *rng.uniform(0.5, 1.5, size=2).tolist())


@hw.check(points=1, needs=["Value"], title="A second backward adds to the gradient")
def accumulation(student, rng):
    adds_up(student.Value, lambda x: x * x.tanh(), float(rng.uniform(0.5, 1.5)))


@hw.check(points=1, needs=["Value"], title="A chain of 10,000 nodes")
def deep(student, rng):
    deep_chain(student, rng=rng)


@hw.check(points=1, needs=["Value"], title="Shared nodes in linear time")
def shared(student, rng):
    linear_time(student, rng=rng)
