"""The textbook's networks have the textbook's sizes, and exchange their weights with PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import models, nn

IMAGES = np.random.default_rng(0).random((3, 1, 28, 28), dtype=np.float32)


def test_lenet_has_the_shapes_of_the_textbook() -> None:
    x, shapes = tg.tensor(IMAGES[:1]), []
    for layer in models.lenet():
        x = layer(x)
        shapes.append(x.shape[1:])
    pixels = [(6, 28, 28)] * 2 + [(6, 14, 14)] + [(16, 10, 10)] * 2 + [(16, 5, 5)]
    assert shapes == [*pixels, (400,), (120,), (120,), (84,), (84,), (10,)]


@pytest.mark.parametrize(
    ("make", "size"),
    [(models.mlp, 101_770), (models.lenet, 61_706), (models.cnn, 225_034), (models.rnn, 54_538)],
)
def test_the_number_of_parameters(make: Callable[[], nn.Module], size: int) -> None:
    model = make()
    assert sum(p.size for p in model.parameters()) == size
    assert model(tg.tensor(IMAGES)).shape == (3, 10)


def test_other_sizes() -> None:
    assert models.mlp(64, 20, 3)(tg.zeros((2, 1, 8, 8))).shape == (2, 3)
    assert models.rnn(8, 16, 1, 3)(tg.zeros((2, 1, 5, 8))).shape == (2, 3)
    assert models.lenet(3, 7)(tg.zeros((2, 3, 28, 28))).shape == (2, 7)


# Weights to PyTorch and back, through .safetensors.


def in_torch(name: str) -> Any:
    """The same architecture in PyTorch."""
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    layers = torch.nn

    class RowRNN(layers.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.rnn = layers.RNN(28, 128, num_layers=2, batch_first=True)
            self.output = layers.Linear(128, 10)

        def forward(self, images: Any) -> Any:
            return self.output(self.rnn(images.reshape(len(images), -1, 28))[0][:, -1])

    if name == "rnn":
        return RowRNN()
    if name == "mlp":
        return layers.Sequential(layers.Flatten(), layers.Linear(784, 128), layers.ReLU(), layers.Linear(128, 10))
    convolutions = [
        layers.Conv2d(1, 6, 5, padding=2), layers.Sigmoid(), layers.AvgPool2d(2),
        layers.Conv2d(6, 16, 5), layers.Sigmoid(), layers.AvgPool2d(2),
    ]  # fmt: skip
    dense = [layers.Linear(400, 120), layers.Sigmoid(), layers.Linear(120, 84), layers.Sigmoid(), layers.Linear(84, 10)]
    return layers.Sequential(*convolutions, layers.Flatten(), *dense)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["mlp", "lenet", "rnn"])
def test_weights_of_pytorch_give_its_output_and_ours_give_ours_there(name: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    exchange = pytest.importorskip("safetensors.torch", reason="reads .safetensors: pip install safetensors")
    theirs, ours = in_torch(name), getattr(models, name)()

    def same() -> bool:
        with torch.no_grad():
            expected = theirs(torch.from_numpy(IMAGES)).numpy()
        return np.allclose(ours(tg.tensor(IMAGES)).data, expected, rtol=1e-5, atol=1e-6)

    assert not same()
    exchange.save_file(theirs.state_dict(), tmp_path / "theirs.safetensors")
    ours.load_state_dict(tg.load(tmp_path / "theirs.safetensors"))
    assert same()

    ours = getattr(models, name)()
    assert not same()
    tg.save(ours.state_dict(), tmp_path / "ours.safetensors")
    theirs.load_state_dict(exchange.load_file(tmp_path / "ours.safetensors"))
    assert same()


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    path = tg.save(models.mlp().state_dict(), tmp_path / "mlp.npz")
    with pytest.raises(tg.TinygradError, match=r"(?s)weight"):
        models.lenet().load_state_dict(tg.load(path))
