"""A user's own program, checked by `mypy --strict` against the installed package: its types reach the outside.

Each `type: ignore` is a mistake that must be found: mypy --strict complains of one that ignores nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import tinygrad_edu as tg
from tinygrad_edu import data, nn, optim, train


def loss(x: tg.Value, w: tg.Value) -> tg.Value:
    """Values stay Values."""
    return ((x * w).tanh() - 1.0) ** 2


class Net(nn.Module):
    """A layer of one's own."""

    def __init__(self) -> None:
        self.hidden = nn.Linear(64, 16)
        self.out = nn.Linear(16, 10)

    def forward(self, x: tg.Tensor) -> tg.Tensor:
        """From images (N, 64) to logits (N, 10)."""
        hidden: tg.Tensor = self.hidden(x)
        logits: tg.Tensor = self.out(tg.relu(hidden))
        return logits


def main() -> None:
    """Use each room once."""
    x, w = tg.Value(2.0, name="x"), tg.Value(-0.5, name="w")
    z = loss(x, w)
    z.backward()
    slope: float | None = w.grad
    print(slope, tg.explain(z, w))
    if z > 100:
        tg.Value("two")  # type: ignore[arg-type]

    images = tg.tensor(np.ones((3, 64)), requires_grad=True)
    logits: tg.Tensor = Net()(images)
    answer: NDArray[np.float32] = logits.numpy()
    print(answer.shape, tg.draw(logits), tg.steps(z))

    net = Net()
    optimizer = optim.Adam(net.parameters(), lr=1e-3)
    loader = data.DataLoader(data.TensorDataset(np.ones((6, 64), np.float32), np.arange(6)), batch_size=3)
    history = train.fit(net, loader, nn.CrossEntropyLoss(), optimizer, epochs=1)
    print(history["loss"])


if __name__ == "__main__":
    main()
