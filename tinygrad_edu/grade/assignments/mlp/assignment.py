"""A network of two layers with softmax and cross-entropy, from its gradients to reading digits."""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.grade import Assignment, expect
from tinygrad_edu.grade.checks import backward, reads_digits
from tinygrad_edu.nn.functional import cross_entropy

hw = Assignment("mlp", title="A network that reads digits")


def loss_and_gradient(student, rng, shape, scale):
    logits, labels = scale * rng.normal(size=shape), rng.integers(shape[1], size=shape[0])
    loss, gradient = student.softmax_cross_entropy(logits, labels)
    expect(loss, "the loss").equals(float(cross_entropy(tg.Tensor(logits), labels).data))
    expect(gradient, "the gradient").is_gradient_of(lambda x: cross_entropy(x, labels), at=logits)


@hw.check(points=3, needs=["softmax_cross_entropy"], title="Softmax and cross-entropy")
def loss(student, rng):
    for shape in ((5, 3), (7, 11), (4, 4)):
        loss_and_gradient(student, rng, shape, 1.0)


@hw.check(points=1, needs=["softmax_cross_entropy"], title="... of logits in the thousands")
def stable_loss(student, rng):
    loss_and_gradient(student, rng, (7, 3), 2000.0)


@hw.check(points=1, needs=["relu_backward"], title="ReLU")
def relu(student, rng):
    backward(student.relu_backward, tg.relu, rng, "nk")
    x, upstream = np.array([-1.0, 0.0, 2.0]), rng.normal(size=3)
    expect(student.relu_backward(upstream, x), "at 0, the gradient").is_gradient_of(tg.relu, at=x, upstream=upstream)


@hw.check(points=3, needs=["gradients"], title="All gradients of the network")
def network(student, rng):
    x, labels = rng.normal(size=(5, 7)), rng.integers(3, size=5)
    parameters = tuple(rng.normal(size=shape) for shape in ((7, 11), (11,), (11, 3), (3,)))
    answer = student.gradients(x, labels, *parameters)
    expect(answer).is_gradient_of(
        lambda w1, b1, w2, b2: cross_entropy(tg.relu(x @ w1 + b1) @ w2 + b2, labels), at=parameters
    )


@hw.check(points=2, needs=["learn"], title="Nine of ten digits are read")
def digits(student, rng):
    reads_digits(student.learn, rng, accuracy=0.9)
