"""From the perceptron to the multilayer perceptron: learning from mistakes, XOR, and all gradients of an MLP."""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.grade import Assignment, compare, expect, require

hw = Assignment("multilayer-perceptron", title="From the perceptron to the multilayer perceptron")


def learned(points, labels, epochs, wrong=lambda agreement: agreement <= 0, step=lambda x, y: y * x):
    """What a perceptron learns that takes a `step` where `wrong` says so of y * (w · x), and how many steps it took."""
    w, mistakes = np.zeros(points.shape[1]), 0
    for _ in range(epochs):
        before = mistakes
        for x, y in zip(points, labels):
            if wrong(y * (w @ x)):
                w, mistakes = w + step(x, y), mistakes + 1
        if mistakes == before:
            break
    return w, mistakes


MISTAKES = {
    "The weights change after right answers, too.": {"wrong": lambda agreement: True},
    "The label is left out: the point is added, whichever side it is on.": {"step": lambda x, y: x},
    "The step goes the wrong way: it takes y * x away.": {"step": lambda x, y: -y * x},
    "A sum of 0 counts as right, and so the weights never leave 0.": {"wrong": lambda agreement: agreement < 0},
}


def divided(rng, n, inputs, margin):
    """Points that a line through the origin divides, none of them near it; and the side that each is on.

    The first is on the side of -1, so that it shows at once if labels are left out.
    """
    line, points = rng.normal(size=inputs), rng.normal(size=(10 * n, inputs))
    distance = points @ line / np.linalg.norm(line)
    clear = np.flatnonzero(np.abs(distance) > margin)[:n]
    sides = np.sign(distance[clear])
    return points[clear], -sides[0] * sides


def of_perceptron(student, points, labels, epochs):
    """The weights, and the number of mistakes."""
    answer = student.perceptron(points, labels, epochs)
    require(
        type(answer) in (tuple, list) and len(answer) == 2,
        "Two things are expected: the weights, and how many mistakes.",
    )
    return answer


def require_no_known_mistake(w, points, labels, epochs):
    """Name the mistake that gives just these weights."""
    for said, mistake in MISTAKES.items():
        wrong = learned(points, labels, min(epochs, 20) if "right answers" in said else epochs, **mistake)[0]
        require(not compare(w, wrong), said, kind="perceptron")


@hw.check(points=1, needs=["perceptron"], title="The perceptron, one epoch")
def one_epoch(student, rng):
    points, labels = divided(rng, 12, 5, margin=0.3)
    w, _ = of_perceptron(student, points, labels, 1)
    require_no_known_mistake(w, points, labels, 1)
    expect(w, "the weights").equals(learned(points, labels, 1)[0])


@hw.check(points=2, needs=["perceptron"], title="The perceptron, until it makes no mistake")
def many_epochs(student, rng):
    points, labels = divided(rng, 100, 5, margin=0.03)
    w, mistakes = of_perceptron(student, points, labels, 1000)
    require_no_known_mistake(w, points, labels, 1000)
    right, made = learned(points, labels, 1000)
    expect(w, "the weights").equals(right)
    expect(mistakes, "the number of mistakes").equals(made)


@hw.check(points=2, needs=["xor_weights"], title="XOR, by thinking")
def xor(student, rng):
    answer = student.xor_weights()
    arrays = [a for a in answer if isinstance(a, np.ndarray)] if type(answer) in (tuple, list) else []
    require(len(arrays) == 4 == len(answer), "Four NumPy arrays are expected: W1, b1, W2 and b2.")
    require(all(a.dtype.kind in "iuf" for a in arrays), "The arrays should hold real numbers.")
    shapes = [a.shape for a in arrays]
    require(
        shapes == [(2, 2), (2,), (2, 1), (1,)],
        "The shapes should be (2, 2), (2,), (2, 1) and (1,), not {shapes}.",
        shapes=shapes,
    )
    W1, b1, W2, b2 = arrays
    for x in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        h = np.maximum(x @ W1 + b1, 0)
        z = (h @ W2 + b2).item()
        require(
            z > 0 if x[0] != x[1] else z < 0,
            "For the inputs {x} the hidden neurons give {h1:g} and {h2:g}, and the output is {z:g}: it should be "
            "{sign}.",
            kind="XOR",
            how="Let each hidden neuron be open at just one of the two points where the inputs are equal.",
            x=x,
            h1=h[0],
            h2=h[1],
            z=z,
            sign="above 0" if x[0] != x[1] else "below 0",
        )


def returned(x, y, W1, b1, W2, b2, at_z=tg.sigmoid, slope=lambda h: 1 - h**2):
    """What comes back to the parameters, with a probability and with a slope of tanh(...) = h that may be wrong."""
    h = np.tanh(x @ W1 + b1)
    G = (at_z(h @ W2 + b2) - y) / len(x)
    D = G @ W2.T * slope(h)
    return x.T @ D, D.sum(axis=0), h.T @ G, G.sum(axis=0)


WRONG_TURNS = {
    "The gradient by z is σ(z) - y: a probability less the answer, not z less the answer.": {"at_z": lambda z: z},
    "This is the slope of the sigmoid. That of tanh is 1 - tanh².": {"slope": lambda h: h * (1 - h)},
    "This is the slope of the ReLU. That of tanh is 1 - tanh².": {"slope": lambda h: h > 0},
}


@hw.check(points=4, needs=["gradients"], title="All gradients of the network")
def gradients(student, rng):
    x, y = rng.normal(size=(7, 2)), rng.integers(2, size=(7, 1)).astype(float)
    parameters = tuple(rng.normal(size=shape) for shape in ((2, 5), (5,), (5, 1), (1,)))

    def loss(W1, b1, W2, b2):
        z = tg.tanh(x @ W1 + b1) @ W2 + b2
        return (tg.softplus(z) - y * z).mean()

    answer = student.gradients(x, y, *parameters)
    summed = tuple(len(x) * gradient for gradient in tg.grad(loss, argnums=(0, 1, 2, 3))(*parameters))
    require(not compare(answer, summed), "The mean over the points is left out: divide by N, once.", kind="factor")
    for said, wrong_turn in WRONG_TURNS.items():
        require(not compare(answer, returned(x, y, *parameters, **wrong_turn)), said, kind="chain rule")
    expect(answer).is_gradient_of(loss, at=parameters)
