"""The checks. Students never see this file; what they get is starter.py."""

from tinygrad_edu.grade import Assignment, expect

hw = Assignment("NAME", title="The product rule")


@hw.check(points=2, needs=["mul_backward"], title="Product rule")
def product_rule(student, rng):
    """The product of two arrays; the student's answer is compared with the engine's."""
    x, y, upstream = rng.normal(size=(3, 5, 4))
    answer = student.mul_backward(upstream, x, y)
    expect(answer).is_gradient_of(lambda x, y: x * y, at=(x, y), upstream=upstream)


@hw.check(points=1, needs=["mul_backward"], title="Product of large numbers", hidden=True)
def product_of_large_numbers(student, rng):
    """Difference quotients lose their digits here."""
    x, y, upstream = 1e6 * rng.normal(size=(3, 2, 3))
    answer = student.mul_backward(upstream, x, y)
    expect(answer).is_gradient_of(lambda x, y: x * y, at=(x, y), upstream=upstream)
