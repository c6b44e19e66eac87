"""A GPT: what its loss hands back, its perplexity, and three ways to draw the next token."""

import numpy as np

from tinygrad_edu.grade import Assignment, expect, require
from tinygrad_edu.nn.functional import cross_entropy, softmax

hw = Assignment("gpt-lesson", title="A GPT of your own")


def is_close(answer, wrong):
    """Whether the answer is this array of floats, or this number."""
    made = isinstance(answer, (np.ndarray, float)) and np.shape(answer) == np.shape(wrong)
    return made and np.asarray(answer).dtype.kind == "f" and np.allclose(answer, wrong)


def none_of(answer, mistakes):
    """The answer must not be what a known mistake gives: what it gives, words, a kind, a way out."""
    for wrong, what, kind, how in mistakes:
        require(not is_close(answer, wrong), what, kind=kind, how=how)


@hw.check(points=3, needs=["loss_gradient"], title="What the loss hands back")
def gradient(student, rng):
    for length, tokens in ((5, 7), (3, 4), (6, 2)):
        logits, targets = rng.normal(size=(length, tokens)), rng.integers(0, tokens, length)
        answer = student.loss_gradient(logits.copy(), targets)
        shares, right = softmax(logits), np.eye(tokens)[targets]
        none_of(
            answer,
            [
                (
                    shares - right,
                    "The mean over the text is left out.",
                    "no mean",
                    "the loss is the mean of T losses: divide by T",
                ),
                (
                    (shares - right) / tokens,
                    "It is divided by the number of tokens that there are.",
                    "wrong mean",
                    "the mean goes over the T places",
                ),
                (
                    (right - shares) / length,
                    "The sign is turned.",
                    "sign",
                    "a probability that is too large must go down: shares − right",
                ),
                (
                    (logits - right) / length,
                    "1 is subtracted from the logits, and not from the probabilities.",
                    "no softmax",
                    "softmax first",
                ),
                (
                    (softmax(logits, dim=0) - right) / length,
                    "The softmax goes along the text.",
                    "wrong axis",
                    "each place has its own softmax over the tokens: axis 1",
                ),
                (
                    -right / shares / length,
                    "This is the gradient of the probabilities.",
                    "by probabilities",
                    "go on through the softmax, to the logits",
                ),
            ],
        )
        expect(answer).is_gradient_of(lambda x, targets=targets: cross_entropy(x, targets), at=logits)
    answer = student.loss_gradient(np.array([[10_000.0, 0.0]]), np.array([1]))
    expect(answer, "the gradient of large logits").is_close(np.array([[1.0, -1.0]]), rtol=1e-9)


@hw.check(points=2, needs=["perplexity"], title="Perplexity")
def measure(student, rng):
    for n in (4, 7):
        chances = rng.uniform(0.05, 0.9, size=n)
        answer = student.perplexity(chances.copy())
        logs = np.log(chances)
        none_of(
            answer,
            [
                (float(-logs.mean()), "This is the loss in nats.", "no exp", "perplexity is e to the loss"),
                (float(-np.log2(chances).mean()), "This is the loss in bits.", "no exp", "perplexity is e to the loss"),
                (float(np.exp(logs.mean())), "The sign is left out.", "sign", "the loss is the mean of −log p"),
                (float(np.exp(-logs.sum())), "The sum stands for the mean.", "no mean", "take the mean of −log p"),
                (
                    float((1 / chances).mean()),
                    "The mean of 1 / p is taken.",
                    "other mean",
                    "the mean of −log p, and then exp: a geometric mean",
                ),
                (
                    float(1 / chances.mean()),
                    "The mean of the probabilities is taken.",
                    "other mean",
                    "the mean of −log p, and then exp",
                ),
                (float(2 ** (-logs.mean())), "2 and e are mixed.", "base", "np.log belongs to np.exp"),
            ],
        )
        expect(answer, "the perplexity").is_close(float(np.exp(-logs.mean())), rtol=1e-9)


@hw.check(points=3, needs=["sharpened"], title="Temperature and top-k")
def drawing(student, rng):
    for tokens, temperature, k in ((6, 0.5, 6), (6, 2.0, 3), (5, 0.7, 1), (8, 1.5, 20)):
        logits = rng.permutation(tokens) * 0.6 + rng.uniform(0, 0.3, tokens)
        answer = student.sharpened(logits.copy(), temperature, k)
        order = np.argsort(-logits)
        kept = np.isin(np.arange(tokens), order[:k])

        def cut(chances, kept=kept):
            return chances * kept / (chances * kept).sum()

        correct = cut(softmax(logits / temperature))
        mistakes = [
            (cut(softmax(logits * temperature)), "The logits are multiplied by the temperature.", "temperature",
             "divide: a low temperature makes the likely tokens likelier"),
            (cut(softmax(logits)), "The temperature changes nothing.", "temperature", "divide the logits by it"),
            (cut(softmax(logits)) / temperature, "The probabilities are divided by the temperature.", "temperature",
             "divide the logits, before the softmax"),
        ] if k > 1 else []  # fmt: skip
        if k < tokens:
            fewer = softmax(logits / temperature)
            last = np.isin(np.arange(tokens), order[-k:])
            mistakes += [
                (
                    fewer * kept,
                    "The probabilities that are left do not sum to 1.",
                    "not normalised",
                    "divide by the sum",
                ),
                (fewer, "All tokens are left.", "no top-k", "set the others to 0"),
                (fewer * last / (fewer * last).sum(), "The k smallest are left.", "wrong end", "keep the largest"),
                (
                    softmax(logits / temperature * kept),
                    "A score of 0 is no probability of 0.",
                    "masked by 0",
                    "set the probabilities of the others to 0, or their logits to -np.inf",
                ),
            ]
        none_of(answer, [row for row in mistakes if not np.allclose(row[0], correct)])
        given = {"temperature": temperature, "k": k}
        expect(answer, "the probabilities at temperature {temperature}, k = {k}", **given).is_close(correct, rtol=1e-9)
    answer = student.sharpened(np.array([10_000.0, 9_999.0, 0.0]), 1.0, 3)
    expect(answer, "of large logits").is_close(softmax(np.array([10_000.0, 9_999.0, 0.0])), rtol=1e-9)


@hw.check(points=2, needs=["nucleus"], title="The nucleus")
def core(student, rng):
    for p in (0.5, 0.8, 0.95, 1e-6):
        chances = rng.permutation(np.array([0.4, 0.25, 0.15, 0.1, 0.07, 0.03]))
        answer = student.nucleus(chances.copy(), p)
        order = np.argsort(-chances)
        total = np.cumsum(chances[order])
        enough = int(np.searchsorted(total, p)) + 1

        def first(n, order=order, chances=chances):
            kept = np.where(np.isin(np.arange(6), order[:n]), chances, 0.0)
            return kept / max(kept.sum(), 1e-12)

        correct = first(enough)
        mistakes = [
            (first(enough - 1), "The token that crosses p is left out.", "too few",
             "take tokens until their sum is at least p, the last one with them"),
            (first(enough + 1), "There is one token more than needed.", "too many",
             "stop as soon as the sum is at least p"),
            (correct * total[enough - 1], "What is left does not sum to 1.", "not normalised", "divide by the sum"),
            (np.where(chances >= p, chances, 0.0), "Tokens are kept by their own probability.", "no sum",
             "sort them, and add up their probabilities: np.cumsum"),
            (chances, "All tokens are left.", "no nucleus", "set the others to 0"),
        ]  # fmt: skip
        none_of(answer, [row for row in mistakes if not np.allclose(row[0], correct)])
        expect(answer, "the nucleus of {p}", p=p).is_close(correct, rtol=1e-9)
