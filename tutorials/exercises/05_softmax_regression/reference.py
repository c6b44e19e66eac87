"""Softmax regression: log-sum-exp, the gradient for soft targets, and reading digits."""

import numpy as np


def log_sum_exp(logits):
    """log Σ exp(logits) of each row, for logits (N, C) of any size; the answer is (N,)."""
    m = logits.max(axis=1, keepdims=True)
    return (m + np.log(np.exp(logits - m).sum(axis=1, keepdims=True)))[:, 0]


def soft_gradient(logits, targets):
    """The gradient by the logits of the mean over the rows of -Σ targets · log softmax(logits).

    Logits, of any size, and targets are (N, C); the targets of a row are probabilities, which sum to 1.
    """
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True) - targets) / len(logits)


def learn(images, labels, others):
    """Learn from images (N, 64), numbers between 0 and 1, and labels (N,); the labels of the others (M,)."""
    rng = np.random.default_rng(0)
    targets = np.eye(10)[labels]
    W = np.zeros((64, 10))
    for _ in range(40):
        for chosen in np.array_split(rng.permutation(len(images)), len(images) // 32):
            W -= images[chosen].T @ soft_gradient(images[chosen] @ W, targets[chosen])
    return (others @ W).argmax(axis=1)
