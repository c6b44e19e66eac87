"""More from the same data, and other data: moved images, shares under label shift, and weights for rare classes."""

import numpy as np


def crop(images, padding, tops, lefts):
    """A border of `padding` zeros around each image, then a window of the old size from it; images: (N, C, H, W).

    The window of image n begins tops[n] rows and lefts[n] columns from the corner of the border. (N, C, H, W), of the
    dtype of the images; these stay as they are.
    """
    height, width = images.shape[2:]
    wide = np.pad(images, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = [one[:, y : y + height, x : x + width] for one, y, x in zip(wide, tops, lefts)]
    return np.array(windows)


def true_shares(confusion, said):
    """The shares of the classes where a model is used, from how it errs and from what it says there: (C,).

    confusion: how often class i was taken for class j in held-out data, (C, C), of which any class may have more
    examples than another; said: how often the model says each class where it is used, (C,). Shares that come out below
    0 become 0, and the sum is 1.
    """
    rates = confusion / confusion.sum(axis=1, keepdims=True)
    shares = np.maximum(np.linalg.solve(rates.T, said / said.sum()), 0)  # equivalent
    return shares / shares.sum()


def balanced_weights(labels, n_classes):
    """A weight for each class: all classes that occur count the same, and the mean weight of the examples is 1; (C,).

    A class that does not occur has weight 0. labels: (N,), whole numbers from 0 on.
    """
    counts = np.bincount(labels, minlength=n_classes)
    occurs = counts > 0
    return np.where(occurs, len(labels) / (occurs.sum() * np.maximum(counts, 1)), 0.0)  # equivalent
