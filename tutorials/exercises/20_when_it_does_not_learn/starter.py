"""Lesson 20: six programs that run, and have one mistake each. Mend them."""

import numpy as np


def descend(x, target, w, lr, steps):
    """The weights after gradient descent on the mean squared error of x @ w, with x of shape (N, n)."""
    gradient = np.zeros_like(w)
    for _ in range(steps):
        gradient += 2 * x.T @ (x @ w - target) / len(x)
        w = w - lr * gradient
    return w


def loss(x, w, b, labels):
    """The mean cross-entropy of the softmax of the scores x @ w + b, for labels (N,)."""
    scores = x @ w + b
    scores = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return (np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(labels)), labels]).mean()


def shuffled(images, labels, seed):
    """The examples in a random order that the seed decides: permutation(N) of NumPy's default_rng(seed)."""
    rng = np.random.default_rng(seed)
    return images[rng.permutation(len(images))], labels[rng.permutation(len(labels))]


def standardised(training, test):
    """Both tables with the columns of the training table at mean 0 and standard deviation 1."""
    training = (training - training.mean(axis=0)) / training.std(axis=0)
    test = (test - test.mean(axis=0)) / test.std(axis=0)
    return training, test


def first_weights(n_in, n_out, seed):
    """Weights (n_in, n_out) for a layer with ReLU: normal, with mean 0 and variance 2 / n_in."""
    return np.full((n_in, n_out), np.sqrt(2 / n_in))


def accuracy(scores, labels):
    """The share of the rows of scores (N, C) whose largest score is that of the label in labels (N,)."""
    answers = scores.argmax(axis=1, keepdims=True)
    return (answers == labels).mean()
