"""A network of two layers, its gradients by hand, and enough training to read digits."""

import numpy as np


def softmax_cross_entropy(logits, labels):
    """The mean of -log softmax(logits)[label], for logits (N, K), labels (N,): the loss, a float, and its gradient."""
    raise NotImplementedError


def relu_backward(upstream, x):
    """The gradient of x, for out = max(x, 0)."""
    raise NotImplementedError


def gradients(x, labels, w1, b1, w2, b2):
    """The gradients of w1, b1, w2 and b2, for the loss of relu(x @ w1 + b1) @ w2 + b2."""
    raise NotImplementedError


def learn(images, labels, others):
    """The labels of the other images, by a network that is trained on the first: (N, 64), (N,) and (M, 64)."""
    raise NotImplementedError
