"""Deep networks: batch normalisation of images, moving averages, and a way around a block."""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.grade import Assignment, expect, require
from tinygrad_edu.grade.checks import backward

hw = Assignment("deep-networks", title="Deep networks that learn")


def is_array(answer, wrong):
    """Whether the answer is this array of floats, which a known mistake gives."""
    made = isinstance(answer, np.ndarray) and answer.shape == wrong.shape and answer.dtype.kind == "f"
    return made and np.allclose(answer, wrong)


def normalised(images, gamma, beta, eps, axes=(0, 2, 3), ddof=0, outside=False):
    """Batch normalisation, or what a known mistake makes of it."""
    mean, variance = images.mean(axes, keepdims=True), images.var(axes, keepdims=True, ddof=ddof)
    deviation = np.sqrt(variance) + eps if outside else np.sqrt(variance + eps)
    return gamma[:, None, None] * (images - mean) / deviation + beta[:, None, None]


@hw.check(points=3, needs=["batch_norm"], title="Each channel with its mean and its variance")
def images_normalised(student, rng):
    for eps in (1e-5, 0.5):
        images = rng.normal(size=(4, 3, 5, 2)) * [[[1.0]], [[3.0]], [[0.3]]] + [[[2.0]], [[-5.0]], [[0.0]]]
        gamma, beta = rng.uniform(0.5, 2, 3), rng.normal(size=3)
        given = (images, gamma, beta, eps)
        answer = student.batch_norm(*given)
        one = np.ones(3)
        for wrong, what, kind, how in (
            (normalised(*given, axes=0), "Each pixel has a mean of its own.", "axis 0",
             "all pixels of a channel belong together: axes 0, 2 and 3"),
            (normalised(*given, axes=(2, 3)), "Each image has a mean of its own.", "axes 2, 3",
             "the mean goes over the images of the batch as well: axes 0, 2 and 3"),
            (normalised(*given, axes=(0, 1, 2, 3)), "All channels share one mean.", "all axes",
             "each channel has its own: axes 0, 2 and 3"),
            (normalised(*given, axes=1), "The mean goes over the channels.", "axis 1",
             "it goes over all axes but that of the channels: 0, 2 and 3"),
            (normalised(*given, ddof=1), "The variance divides by n - 1 instead of by n.", "ddof",
             "np.var divides by n unless ddof says otherwise"),
            (normalised(*given, outside=True), "eps is added to the standard deviation.", "eps outside",
             "it belongs under the root: sqrt(variance + eps)"),
            (normalised(images, gamma, beta, 0.0), "eps is left out.", "no eps", "sqrt(variance + eps)"),
            (normalised(images, one, 0 * beta, eps), "gamma and beta are left out.", "no scale",
             "multiply by gamma and add beta, channel by channel"),
        ):  # fmt: skip
            different = not np.allclose(wrong, normalised(*given))
            require(not (different and is_array(answer, wrong)), what, kind=kind, how=how)
        expect(answer, "the result with eps = {eps:g}", eps=eps).is_close(normalised(*given), rtol=1e-7)


def followed(moving, batches, momentum):
    for batch in batches:
        moving = momentum * moving + (1 - momentum) * batch.mean(0)
    return moving


@hw.check(points=2, needs=["follow"], title="Moving averages")
def averages(student, rng):
    moving, batches = rng.normal(size=3), [rng.normal(size=(n, 3)) + 2 for n in (5, 8, 2)]
    given = moving.copy()
    answer = student.follow(moving, batches, 0.9)
    require(
        np.array_equal(given, moving),
        "The old average was changed in place.",
        kind="in place",
        how="write moving = momentum * moving + ..., which makes a new array",
    )
    for wrong, what, kind, how in (
        (followed(moving, batches, 1 - 0.9), "The weights are exchanged.", "exchanged",
         "momentum is the weight of the old average here, 1 - momentum that of the batch"),
        (followed(moving, batches[-1:], 0.9), "Only the last batch counts.", "last batch",
         "each batch changes the average that the one before it left"),
        (followed(moving, batches[:1], 0.9), "Only the first batch counts.", "first batch", "go through all batches"),
        (followed(moving, [np.concatenate(batches)], 0.9), "All batches are taken as one.", "one batch",
         "each batch changes the average once"),
        (np.mean([b.mean(0) for b in batches], axis=0), "That is the plain mean of the batches.", "plain mean",
         "old batches count less and less: momentum * moving + (1 - momentum) * mean of the batch"),
        (followed(0 * moving, batches, 0.9), "The average begins at 0.", "from 0", "begin with `moving`"),
    ):  # fmt: skip
        require(not is_array(answer, wrong), what, kind=kind, how=how)
    expect(answer, "the moving average").is_close(followed(moving, batches, 0.9), rtol=1e-9)


@hw.check(points=4, needs=["residual_backward"], title="A way around a block")
def residual(student, rng):
    backward(student.residual_backward, lambda x, w: x + tg.tanh(x @ w), rng, "nk", "kk")


@hw.check(points=4, needs=["normalised_backward"], title="The gradient of batch normalisation")
def gradient(student, rng):
    eps = 1e-3

    def normal(x):
        return tg.nn.functional.batch_norm(x, None, None, training=True, eps=eps)

    backward(lambda upstream, x: student.normalised_backward(upstream, x, eps), normal, rng, "nk")
