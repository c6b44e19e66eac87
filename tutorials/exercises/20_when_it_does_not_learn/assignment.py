"""Lesson 20: six programs that run, and have one mistake each."""

import numpy as np

from tinygrad_edu.grade import Assignment, expect, require

hw = Assignment("when-it-does-not-learn", title="When it does not learn")


def is_close(answer, wrong):
    """Whether an answer is the number or array that a known mistake gives."""
    numbers = isinstance(answer, (float, np.ndarray)) and np.shape(answer) == np.shape(wrong)
    return numbers and np.allclose(answer, wrong)


def pair(answer, name):
    """An answer of two arrays."""
    require(
        isinstance(answer, (tuple, list)) and len(answer) == 2,
        "{name} returns two arrays, (first, second)",
        kind="shape",
        name=name,
    )
    return answer


@hw.check(points=2, needs=["descend"], title="Weights that overshoot")
def descending(student, rng):
    x, target, w = rng.normal(size=(12, 3)), rng.normal(size=12), rng.normal(size=3)
    right, added, total = w, w, np.zeros(3)
    for _ in range(5):
        right = right - 0.1 * 2 * x.T @ (x @ right - target) / 12
        total = total + 2 * x.T @ (x @ added - target) / 12
        added = added - 0.1 * total
    answer = student.descend(x, target, w, 0.1, 5)
    require(
        not is_close(answer, added),
        "each step goes by the sum of all gradients so far, and not by that of this step",
        kind="accumulation",
        how="What was collected in the steps before has to be forgotten at the beginning of each step.",
    )
    expect(answer, "the weights after five steps").equals(right)


@hw.check(points=2, needs=["loss"], title="A loss that cannot reach 0")
def certain(student, rng):
    x, w, b, labels = rng.normal(size=(7, 4)), rng.normal(size=(4, 3)), rng.normal(size=3), rng.integers(3, size=7)
    scores = x @ w + b
    answer = student.loss(x, w, b, labels)
    require(
        not is_close(answer, cross_entropy(softmax(scores), labels)),
        "a softmax is taken twice: once of the scores, and once more inside the loss",
        kind="softmax twice",
        how="Scores between 0 and 1 cannot make anything certain. Give the loss the scores as they are.",
    )
    expect(answer, "the loss").equals(cross_entropy(scores, labels))


def softmax(scores):
    powers = np.exp(scores)
    return powers / powers.sum(axis=1, keepdims=True)


def cross_entropy(scores, labels):
    return float(-np.log(softmax(scores)[np.arange(len(labels)), labels]).mean())


@hw.check(points=2, needs=["shuffled"], title="Labels of other images")
def shuffling(student, rng):
    images, labels = rng.normal(size=(20, 5)), np.arange(20)
    seed = int(rng.integers(1000))
    found, theirs = pair(student.shuffled(images, labels, seed), "shuffled")
    order = np.random.default_rng(seed).permutation(20)
    require(
        np.shape(found) == (20, 5) and np.shape(theirs) == (20,),
        "shuffled returns as many images and labels as it got; you have {images} and {labels}",
        kind="shape",
        images=np.shape(found),
        labels=np.shape(theirs),
    )
    require(
        not is_close(found, images),
        "the images stand in the order in which they came",
        kind="order",
        how="Index images and labels with one permutation.",
    )
    together = sum(np.array_equal(found[i], images[int(label)]) for i, label in enumerate(np.asarray(theirs)))
    require(
        together == 20,
        "only {n} of 20 images have their own label",
        kind="order",
        how="Draw one order, and use it for both.",
        n=together,
    )
    expect(found, "the images").equals(images[order])


@hw.check(points=2, needs=["standardised"], title="A test that looks at itself")
def standardising(student, rng):
    training, test = rng.normal(3, 2, size=(30, 4)), rng.normal(5, 1, size=(9, 4))
    first, second = pair(student.standardised(training, test), "standardised")
    mean, spread = training.mean(axis=0), training.std(axis=0)
    expect(first, "the training table").equals((training - mean) / spread)
    require(
        not is_close(second, (test - test.mean(axis=0)) / test.std(axis=0)),
        "the test table is standardised by its own mean and standard deviation",
        kind="statistics",
        how="The network was trained on numbers that were moved and stretched in one way. Do the same to the test.",
    )
    expect(second, "the test table").equals((test - mean) / spread)


@hw.check(points=2, needs=["first_weights"], title="Neurons that are all the same")
def beginning(student, rng):
    seed = int(rng.integers(1000))
    weights = student.first_weights(200, 50, seed)
    require(
        isinstance(weights, np.ndarray) and weights.dtype.kind == "f", "an array of floats is expected", kind="type"
    )
    text = "the weights have shape (200, 50), not {shape}"
    require(weights.shape == (200, 50), text, kind="shape", shape=weights.shape)
    require(
        not np.allclose(weights, weights[:, :1]),
        "all neurons have the same weights, so they compute the same and get the same gradient for ever",
        kind="symmetry",
        how="Draw the weights at random.",
    )
    require(
        abs(weights.mean()) < 0.01,
        "the weights have mean 0; yours have {mean:.3f}",
        kind="initial weights",
        how="A normal distribution around 0.",
        mean=weights.mean(),
    )
    require(
        abs(weights.var() / (2 / 200) - 1) < 0.1,
        "the weights have variance 2 / 200 = 0.01; yours have {variance:.4f}",
        kind="initial weights",
        how="NumPy's normal takes the standard deviation, the root of the variance.",
        variance=weights.var(),
    )


@hw.check(points=2, needs=["accuracy"], title="An accuracy that never rises")
def measuring(student, rng):
    scores, labels = rng.normal(size=(40, 10)), rng.integers(10, size=40)
    right = scores.argmax(axis=1)
    labels[:30] = right[:30]
    answer = student.accuracy(scores, labels)
    require(
        not is_close(answer, (right[:, None] == labels).mean()),
        "every answer is compared with every label, 40 times 40 pairs",
        kind="broadcasting",
        how="Answers of shape (N, 1) and labels of shape (N,) broadcast to (N, N). Both must be (N,).",
    )
    expect(answer, "the accuracy").equals(float((right == labels).mean()))
