"""A GPT on names beside its twin in PyTorch, as a command: `python -m benchmarks.language [--steps N]`.

First the network of `gpt.py`: from equal weights, 50 steps on random tokens give equal losses in both libraries. Then a
character GPT of four layers, 64 channels, four heads and dropout 0.2 learns 7,603 of the names that ship with the
package, batches of 64, AdamW with a rate that rises to 0.003 and falls to 0; and the same in PyTorch, from other random
numbers. What counts is the loss on the 800 other names, in nats a letter, the end of a name included.
"""

from __future__ import annotations

import argparse
import math
import warnings
from collections.abc import Callable, Sequence
from time import process_time
from typing import Any

import numpy as np

from tinygrad_edu import manual_seed, models, no_grad, optim
from tinygrad_edu.data import text
from tinygrad_edu.engine.memory import keep_freed_memory

from . import gpt
from .training import Library

EQUAL, BATCH, TESTED = 50, 64, 800


def losses_from_equal_weights(contestant: str) -> list[float]:
    """The losses of 50 steps."""
    library = Library(contestant)
    library.tensor = library.wrap
    tokens, targets = gpt.inputs()
    model = gpt.network(library, contestant == "ours")
    gpt.start(library, model)
    step = library.step(model, library.optim.AdamW(model.parameters(), lr=gpt.LR), tokens, targets, [])
    return [float(step()[0].item()) for _ in range(EQUAL)]


def rate(step: int, steps: int) -> float:
    """A twentieth of the steps up, then half a cosine down."""
    up = max(1, steps // 20)
    return 0.003 * (step + 1) / up if step < up else 0.0015 * (1 + math.cos(math.pi * (step - up) / (steps - up)))


class Names:
    """Batches of names to train with, and those to test with."""

    def __init__(self) -> None:
        names = text.names()
        tokenizer = text.CharTokenizer.train(names, ["<end>"])
        self.rows = text.Documents([tokenizer.encode(name) for name in names], start=0, end=0, pad=0)
        order = np.random.default_rng(0).permutation(len(names))
        self.learned, self.kept = order[TESTED:], order[:TESTED]
        self.rng = np.random.default_rng(1)

    def batch(self) -> tuple[Any, Any]:
        """Inputs and targets."""
        inputs, targets = self.rows.batch(self.rng.choice(self.learned, BATCH))
        return inputs, targets


def train(steps: int, step: Callable[[Any, Any, float], None], names: Names) -> float:
    """Take the steps; gives the seconds of CPU time."""
    begin = process_time()
    for i in range(steps):
        step(*names.batch(), rate(i, steps))
    return process_time() - begin


def ours(steps: int) -> tuple[float, float]:
    """The loss on the names that were not learned, and the seconds."""
    names = Names()
    manual_seed(0)
    model = models.gpt(27, 24, 64, 4, 4, dropout=0.2)
    optimizer = optim.AdamW(model.parameters())

    def step(inputs: Any, targets: Any, lr: float) -> None:
        optimizer.param_groups[0]["lr"] = lr
        optimizer.zero_grad()
        models.next_token_loss(model(inputs), targets).backward()
        optimizer.step()

    seconds = train(steps, step, names)
    inputs, targets = names.rows.batch(names.kept)
    with no_grad():
        return models.next_token_loss(model.eval()(inputs), targets).item(), seconds


def twin(steps: int) -> tuple[float, float]:
    """The same in PyTorch."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    names, nn, F = Names(), torch.nn, torch.nn.functional
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer = nn.TransformerEncoderLayer(
            64, 4, 256, 0.2, lambda x: F.gelu(x, approximate="tanh"), batch_first=True, norm_first=True
        )
        layers = nn.TransformerEncoder(layer, 4, nn.LayerNorm(64))
    tokens, positions, drop = nn.Embedding(27, 64), nn.Embedding(24, 64), nn.Dropout(0.2)
    model = nn.ModuleList([tokens, positions, layers])
    for name, parameter in model.named_parameters():
        if parameter.ndim > 1:
            before_a_sum = name.endswith(("out_proj.weight", "linear2.weight"))
            nn.init.normal_(parameter, std=0.02 / (math.sqrt(8) if before_a_sum else 1))
        elif name.endswith("bias"):
            nn.init.zeros_(parameter)
    optimizer = torch.optim.AdamW(model.parameters())

    def loss_of(inputs: Any, targets: Any) -> Any:
        length = inputs.shape[1]
        x = drop(tokens(torch.from_numpy(inputs)) + positions(torch.arange(length)))
        x = layers(x, mask=nn.Transformer.generate_square_subsequent_mask(length), is_causal=True)
        return F.cross_entropy((x @ tokens.weight.T).reshape(-1, 27), torch.from_numpy(targets).reshape(-1))

    def step(inputs: Any, targets: Any, lr: float) -> None:
        optimizer.param_groups[0]["lr"] = lr
        optimizer.zero_grad()
        loss_of(inputs, targets).backward()
        optimizer.step()

    seconds = train(steps, step, names)
    model.eval(), drop.eval()
    with torch.no_grad():
        return float(loss_of(*names.rows.batch(names.kept))), seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Print both comparisons; 0 if the losses are equal, and ours reaches 2.05 nats or PyTorch's loss."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.language", description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=3000, help="of the training on names (default: 3000)")
    steps = parser.parse_args(arguments).steps
    keep_freed_memory()
    here, there = (losses_from_equal_weights(contestant) for contestant in ("ours", "torch"))
    apart = max(abs(a - b) for a, b in zip(here, there))
    print(
        f"{EQUAL} steps from equal weights: loss {here[0]:.4f} to {here[-1]:.4f}, at most {apart:.1e} apart", flush=True
    )
    (loss, seconds), (other, others) = ours(steps), twin(steps)
    print(f"{steps} steps on names: ours {loss:.3f} nats a letter in {seconds:.0f} s of CPU time", flush=True)
    print(f"{steps} steps on names: PyTorch {other:.3f} nats a letter in {others:.0f} s", flush=True)
    return 0 if apart <= 1e-4 and loss <= max(2.05, other) else 1


if __name__ == "__main__":
    raise SystemExit(main())
