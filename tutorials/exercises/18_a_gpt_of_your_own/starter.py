"""A GPT: what its loss hands back, its perplexity, and three ways to draw the next token."""

import numpy as np


def loss_gradient(logits, targets):
    """The gradient of the logits (T, V), for the mean of -log p of the targets (T,), whole numbers below V."""
    raise NotImplementedError


def perplexity(chances):
    """Among how many equally likely tokens the model might as well choose; `chances` are those of the right tokens."""
    raise NotImplementedError


def sharpened(logits, temperature, k):
    """The probabilities (V,) for logits (V,): divided by the temperature, and only the k largest; the others are 0."""
    raise NotImplementedError


def nucleus(chances, p):
    """The probabilities (V,) of only the fewest likeliest tokens that together have at least p; the others are 0."""
    raise NotImplementedError
