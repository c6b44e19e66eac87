"""Networks from blocks: what a convolution costs, a window of 1 × 1, and paths that are joined."""

import numpy as np

from tinygrad_edu.grade import Assignment, expect, require

hw = Assignment("networks-from-blocks", title="Networks from blocks")


def is_array(answer, wrong):
    """Whether the answer is this array of floats, which a known mistake gives."""
    made = isinstance(answer, np.ndarray) and answer.shape == wrong.shape and answer.dtype.kind == "f"
    return made and np.allclose(answer, wrong)


@hw.check(points=3, needs=["cost"], title="What a convolution costs")
def costs(student, rng):
    for c, o, k, s, p, n in (
        (1, 6, 5, 1, 2, 28),
        (64, 192, 5, 1, 2, 27),
        (1, 64, 11, 4, 2, 224),
        (192, 16, 1, 1, 0, 7),
    ):
        given = {"call": f"cost(channels={c}, outputs={o}, window={k}, stride={s}, padding={p}, size={n})"}
        new = (n + 2 * p - k) // s + 1
        size, learned, products = new, o * (c * k**2 + 1), o * new**2 * c * k**2
        answer = student.cost(c, o, k, s, p, n)
        three = isinstance(answer, (tuple, list)) and len(answer) == 3
        require(three, "{call}: three numbers are expected, (size, learned, multiply-adds).", kind="count", **given)
        for wrong, what, kind, how in (
            ((n - k) // s + 1 if p else None, "The padding is left out.", "padding", "the image is 2 · padding wider"),
            (
                (n + p - k) // s + 1 if p else None,
                "The padding is on one side only.",
                "one side",
                "it is on both sides",
            ),
            (n + 2 * p - k + 1 if s > 1 else None, "The stride is left out.", "stride", "divide by it, and round down"),
        ):
            other = wrong is None or wrong == size or answer[0] != wrong
            require(other, "{call}: {what}", kind=kind, how=how, what=what, **given)
        expect(answer[0], "the new size of {call}", **given).equals(size)
        for wrong, what, kind, how in (
            (o * c * k**2, "The biases are left out.", "bias", "each channel that goes out has one bias"),
            (o * c * k**2 + 1, "There is one bias in all.", "one bias", "each channel that goes out has one bias"),
            (o * (c * (k**2 + 1)), "There is a bias for each pair of channels.", "bias twice",
             "the results of the channels are added, and then one bias"),
            (o * (c * k + 1), "The window is counted as a row.", "window", "it has window · window numbers"),
        ):  # fmt: skip
            other = wrong == learned or answer[1] != wrong
            require(other, "{call}: {what}", kind=kind, how=how, what=what, **given)
        expect(answer[1], "the numbers that {call} learns", **given).equals(learned)
        for wrong, what, kind, how in (
            (o * n**2 * c * k**2, "The multiply-adds are counted on the image that comes in.", "old size",
             "each number of the *result* takes channels · window² products"),
            (learned * new**2, "The biases are counted as products.", "bias multiplied", "a bias is added only"),
            (new**2 * c * k**2, "The multiply-adds are those of one channel.", "one channel",
             "each of the channels that go out has a kernel of its own"),
            (o * c * k**2, "The multiply-adds are those of one place.", "one place",
             "the window stands at new size · new size places"),
        ):  # fmt: skip
            other = wrong == products or answer[2] != wrong
            require(other, "{call}: {what}", kind=kind, how=how, what=what, **given)
        expect(answer[2], "the multiply-adds of {call}", **given).equals(products)


@hw.check(points=2, needs=["one_by_one"], title="A window of 1 × 1")
def ones(student, rng):
    for shape, outputs in (((2, 3, 4, 5), 6), ((3, 4, 2, 3), 4)):
        images, weight, bias = rng.normal(size=shape), rng.normal(size=(outputs, shape[1])), rng.normal(size=outputs)
        expected = np.einsum("oc,nchw->nohw", weight, images) + bias[:, None, None]
        answer = student.one_by_one(images, weight, bias)
        mistakes = [
            (expected - bias[:, None, None], "The bias is left out.", "bias", "add bias[o] to all pixels of channel o"),
            (
                expected.transpose(0, 2, 3, 1),
                "The channels are the last axis.",
                "channels last",
                "the result is (N, O, H, W)",
            ),
        ]
        if outputs == shape[1]:
            wrong = np.einsum("co,nchw->nohw", weight, images) + bias[:, None, None]
            mistakes.append((wrong, "The weight is transposed.", "transposed", "row o of the weight makes channel o"))
        for wrong, what, kind, how in mistakes:
            require(not is_array(answer, wrong), what, kind=kind, how=how)
        expect(answer, "the result for images {shape}", shape=shape).is_close(expected, rtol=1e-9)


@hw.check(points=2, needs=["joined_backward"], title="What comes back to paths that were joined")
def joined(student, rng):
    for sizes in ([2, 4, 1, 3], [2, 2, 2]):
        upstream = rng.normal(size=(2, sum(sizes), 3, 5))
        expected = np.split(upstream, np.cumsum(sizes)[:-1], axis=1)
        answer = student.joined_backward(upstream, sizes)
        several = isinstance(answer, (tuple, list)) and len(answer) == len(sizes)
        text = "{n} arrays are expected, one for each of {sizes}."
        require(several, text, kind="count", n=len(sizes), sizes=sizes)
        whole = all(is_array(part, upstream) for part in answer)
        require(not whole, "Each path gets the whole gradient.", kind="whole", how="a path gets the channels it made")
        from_start = all(is_array(part, upstream[:, :size]) for part, size in zip(answer, sizes))
        require(
            not from_start,
            "Each path gets the first channels.",
            kind="first channels",
            how="the slice of a path begins where that of the path before it ends",
        )
        for part, wanted, size in zip(answer, expected, sizes):
            expect(part, "the gradient of the path with {size} channels", size=size).is_close(wanted, rtol=1e-9)
