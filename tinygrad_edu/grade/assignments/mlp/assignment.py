"""A network of two layers with softmax and cross-entropy, from its gradients to reading digits."""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import vjp
from tinygrad_edu.grade import Assignment, StudentError, WrongAnswer, expect
from tinygrad_edu.grade.checks import backward, reads_digits, same_loss
from tinygrad_edu.grade.checks.asking import called_slow
from tinygrad_edu.nn.functional import cross_entropy

hw = Assignment("mlp", title="A network that reads digits")

AFTER = "Mend first what is said of all gradients of the network."


@hw.check(points=3, needs=["softmax_cross_entropy"], title="Softmax and cross-entropy")
def loss(student, rng):
    same_loss(student.softmax_cross_entropy, cross_entropy, rng, "classes", scales=[1.0])


@hw.check(points=1, needs=["softmax_cross_entropy"], title="... of logits in the thousands")
def stable_loss(student, rng):
    same_loss(student.softmax_cross_entropy, cross_entropy, rng, "classes", scales=[1.0, 2000.0])


@hw.check(points=1, needs=["relu_backward"], title="ReLU")
def relu(student, rng):
    backward(student.relu_backward, tg.relu, rng, "nk")
    x, upstream = np.array([-1.0, 0.0, 2.0]), rng.normal(size=3)
    expect(student.relu_backward(upstream, x), "at 0, the gradient").is_gradient_of(tg.relu, at=x, upstream=upstream)


def network_loss(x, labels):
    """The loss as a function of the four parameters."""
    return lambda w1, b1, w2, b2: cross_entropy(tg.relu(x @ w1 + b1) @ w2 + b2, labels)


def gradients_are_right(student, rng):
    for n, d, h, k in ((5, 7, 11, 3), (4, 4, 4, 4)):
        x, labels = rng.normal(size=(n, d)), rng.integers(k, size=n)
        parameters = tuple(rng.normal(size=shape) for shape in ((d, h), (h,), (h, k), (k,)))
        answer = student.gradients(x, labels, *parameters)
        expect(answer).is_gradient_of(network_loss(x, labels), at=parameters)
    # So many weights that a forward pass for each of them takes longer than a call may.
    x, labels = rng.normal(size=(128, 64)), rng.integers(10, size=128)
    parameters = tuple(0.1 * rng.normal(size=shape) for shape in ((64, 512), (512,), (512, 10), (10,)))
    with called_slow(sum(w.size for w in parameters)):
        answer = student.gradients(x, labels, *parameters)
        expect(answer).equals(vjp(network_loss(x, labels), *parameters)[1](1.0))


@hw.check(points=3, needs=["gradients"], title="All gradients of the network")
def network(student, rng):
    gradients_are_right(student, rng)


@hw.check(points=2, needs=["gradients", "learn"], title="Nine of ten digits are read")
def digits(student, rng):
    try:
        gradients_are_right(student, rng)
    except (StudentError, WrongAnswer):
        what = "The network is to learn by `gradients`, and these are not right yet."
        raise WrongAnswer(what, kind="gradients", how=AFTER) from None
    reads_digits(student.learn, rng, accuracy=0.9)
