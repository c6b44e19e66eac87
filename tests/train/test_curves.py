"""The textbook's networks learn as fast as they do in PyTorch: the loss follows its curve."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import models, nn, optim
from tinygrad_edu.data import DataLoader, Digits
from tinygrad_edu.train import accuracy, fit

# The mean loss of each epoch in PyTorch 2.13: the same networks, the digits at 28×28, batches of 64, Adam with rate
# 0.001; the mean over seeds 0 to 4, which differ among themselves by up to a factor of 2 at the end.
CURVES = {
    "mlp": [1.779, 0.843, 0.439, 0.291, 0.224, 0.185, 0.154, 0.134, 0.119, 0.106],
    "cnn": [1.771, 0.481, 0.221, 0.152, 0.104, 0.085],
    "rnn": [2.053, 1.426, 1.046, 0.821, 0.649, 0.539, 0.476, 0.419, 0.347, 0.322],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CURVES)
def test_the_loss_follows_the_curve(name: str) -> None:
    tg.manual_seed(0)
    model, expected = getattr(models, name)(), np.array(CURVES[name])
    loader = DataLoader(Digits(size=28), batch_size=64, shuffle=True)
    test = DataLoader(Digits(train=False, size=28), batch_size=200)
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    history = fit(model, loader, nn.CrossEntropyLoss(), optimizer, len(expected), [accuracy], validation=test)
    ratio = np.array(history["loss"]) / expected
    assert np.all((ratio > 1 / 1.8) & (ratio < 1.8)), ratio
    assert sum(history["loss"]) == pytest.approx(expected.sum(), rel=0.15)
    assert history["val_accuracy"][-1] > {"mlp": 0.93, "cnn": 0.9, "rnn": 0.85}[name]
