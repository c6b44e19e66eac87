"""A GPT on single numbers: it reads names, letter by letter, and then invents some.

A weight is a Value, a vector a list of Values, a matrix a list of its rows. A. Radford et al., "Improving language
understanding by generative pre-training" (2018), in the smallest size that learns something; RMSNorm, no biases.

    python scalar_gpt.py          trains for 200 steps and prints ten names
    python scalar_gpt.py --dot    the same, with one node for each sum of products: faster, and easier to draw
"""

import math
import random
import sys
from itertools import pairwise

from tinygrad_edu import Value, block

CHANNELS, HEADS, BLOCK = 16, 4, 16
END = 0  # the token before the first letter of a name and after its last


def tokens_of(name):
    """END, then 1 to 26 for the letters a to z, then END."""
    return [END, *(ord(letter) - ord("a") + 1 for letter in name), END]


def dot(xs, ys):
    """Σ xᵢ·yᵢ, a node for each product and each sum."""
    return sum(x * y for x, y in zip(xs, ys))


@block
def linear(x, matrix):
    """A number for each row: how well the vector x agrees with it."""
    return [dot(row, x) for row in matrix]


@block
def norm(x):
    """x with a mean square of 1: B. Zhang and R. Sennrich, "Root mean square layer normalization", NeurIPS 2019."""
    scale = (dot(x, x) / len(x) + 1e-5) ** -0.5
    return [number * scale for number in x]


@block
def softmax(scores):
    """Positive numbers that sum to 1, the larger the score. The largest score is taken off, so that none overflows."""
    largest = max(score.data for score in scores)
    exps = [(score - largest).exp() for score in scores]
    total = sum(exps)
    return [number / total for number in exps]


@block
def attention(x, keys, values, weights):
    """What the letters so far say to the last one: Vaswani et al., "Attention is all you need" (2017), equation 1."""
    query = linear(x, weights["query"])
    keys.append(linear(x, weights["key"]))
    values.append(linear(x, weights["value"]))
    size, found = CHANNELS // HEADS, []
    for start in range(0, CHANNELS, size):
        part = slice(start, start + size)
        shares = softmax([dot(query[part], key[part]) / size**0.5 for key in keys])
        found += [dot(shares, column) for column in zip(*(value[part] for value in values))]
    return linear(found, weights["output"])


@block
def perceptron(x, weights):
    """A hidden layer, four times as wide, with ReLU."""
    return linear([number.relu() for number in linear(x, weights["hidden"])], weights["narrow"])


@block
def add(xs, ys):
    """The residual connection: what a layer found is added to what was there."""
    return [x + y for x, y in zip(xs, ys)]


def logits_of(token, position, keys, values, weights):
    """A score for each token that may come next, after this token at this position."""
    x = norm(add(weights["token"][token], weights["position"][position]))
    x = add(x, attention(norm(x), keys, values, weights))
    x = add(x, perceptron(norm(x), weights))
    return linear(x, weights["logits"])


def loss_of(name, weights):
    """The mean over the name's letters and its end of −log p(the right one)."""
    tokens = tokens_of(name)[: BLOCK + 1]
    keys, values, losses = [], [], []
    for position, (token, following) in enumerate(pairwise(tokens)):
        chances = softmax(logits_of(token, position, keys, values, weights))
        losses.append(-chances[following].log())
    return sum(losses) / len(losses)


def new_weights(rng):
    """The matrices, by name: 4,192 numbers, normally distributed around 0."""
    sizes = {"token": (27, CHANNELS), "position": (BLOCK, CHANNELS), "logits": (27, CHANNELS)}
    sizes |= dict.fromkeys(("query", "key", "value", "output"), (CHANNELS, CHANNELS))
    sizes |= {"hidden": (4 * CHANNELS, CHANNELS), "narrow": (CHANNELS, 4 * CHANNELS)}
    return {
        name: [[Value(rng.gauss(0, 0.08)) for _ in range(columns)] for _ in range(rows)]
        for name, (rows, columns) in sizes.items()
    }


def train(names, weights, steps, rate=0.01, report=print):
    """Adam, one name a step, at a rate that falls to 0 in a straight line; gives the losses."""
    parameters = [number for matrix in weights.values() for row in matrix for number in row]
    mean, square, losses = [0.0] * len(parameters), [0.0] * len(parameters), []
    for step in range(steps):
        for p in parameters:
            p.grad = 0
        loss = loss_of(names[step % len(names)], weights)
        loss.backward()
        now = rate * (1 - step / steps)
        for i, p in enumerate(parameters):
            mean[i] = 0.9 * mean[i] + 0.1 * p.grad
            square[i] = 0.99 * square[i] + 0.01 * p.grad**2
            unbiased = mean[i] / (1 - 0.9 ** (step + 1)), square[i] / (1 - 0.99 ** (step + 1))
            p.data -= now * unbiased[0] / (math.sqrt(unbiased[1]) + 1e-8)
        losses.append(loss.data)
        if (step + 1) % 20 == 0:
            report(f"step {step + 1:4d}  loss {sum(losses[-20:]) / 20:.3f}")
    return losses


def sample(weights, rng, temperature=0.6):
    """A name, letter by letter; the lower the temperature, the more often the likeliest letter."""
    keys, values, letters, token = [], [], "", END
    while len(letters) < BLOCK:
        chances = softmax([x / temperature for x in logits_of(token, len(letters), keys, values, weights)])
        (token,) = rng.choices(range(27), [chance.data for chance in chances])
        if token == END:
            break
        letters += chr(ord("a") + token - 1)
    return letters


if __name__ == "__main__":
    from tinygrad_edu.data import text

    if "--dot" in sys.argv:
        from tinygrad_edu import dot
    rng = random.Random(0)
    names = rng.sample(text.names(), 2000)
    weights = new_weights(rng)
    train(names, weights, steps=200)
    print(*(sample(weights, rng) for _ in range(10)))
