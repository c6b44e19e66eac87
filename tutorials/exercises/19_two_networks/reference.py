"""Two networks: the best discriminator, and the gradients of the two losses by its logits."""

import numpy as np


def sigmoid(x):
    """1 / (1 + e^-x), element by element."""
    return 1 / (1 + np.exp(-x))


def best_answer(p, q):
    """What the best discriminator says, where real examples have the density p and made ones q; arrays (N,)."""
    return p / (p + q)


def discriminator_backward(real, fake):
    """The gradients by both logits, real (N,) and fake (M,), of the discriminator's loss.

    The loss is the mean of -log D over the real examples plus the mean of -log(1 - D) over the others; D is the sigmoid
    of a logit.
    """
    return (sigmoid(real) - 1) / len(real), sigmoid(fake) / len(fake)


def generator_backward(fake, kind):
    """The gradient by the logits fake (M,) of the generator's loss.

    The loss is the mean of log(1 - D) where kind is "minimax", and that of -log D where it is "non-saturating".
    """
    if kind == "minimax":
        return -sigmoid(fake) / len(fake)
    return (sigmoid(fake) - 1) / len(fake)
