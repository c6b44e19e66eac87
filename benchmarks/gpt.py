"""A GPT of four layers, 128 channels, four heads and a block of 64 letters, batch 16, one training step with AdamW."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy import ndarray

from .harness import Run, Timed, faster
from .mlp import restarting
from .training import Library, contestants

VOCABULARY, BLOCK, BATCH, CHANNELS, HEADS, LAYERS = 65, 64, 16, 128, 4, 4
LR = 0.001


def inputs() -> tuple[ndarray, ndarray]:
    """Tokens (N, T), and of each the one after it (N · T,)."""
    tokens = np.random.default_rng(0).integers(0, VOCABULARY, (BATCH, BLOCK + 1))
    return tokens[:, :-1].copy(), tokens[:, 1:].ravel().copy()


def network(library: Library, ours: bool) -> Any:
    """The network in a library with PyTorch's names: tokens (N, T) to logits (N · T, V)."""
    nn = library.nn

    class GPT(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.tokens = nn.Embedding(VOCABULARY, CHANNELS)
            self.positions = nn.Embedding(BLOCK, CHANNELS)
            layer = nn.TransformerEncoderLayer(
                CHANNELS,
                HEADS,
                4 * CHANNELS,
                0.0,
                lambda x: nn.functional.gelu(x, approximate="tanh"),
                batch_first=True,
                norm_first=True,
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # PyTorch tells that it has another way in evaluation
                self.layers = nn.TransformerEncoder(layer, LAYERS, nn.LayerNorm(CHANNELS))

        def forward(self, x: Any) -> Any:
            y = self.tokens(x) + self.positions(places)
            y = self.layers(y, is_causal=True) if ours else self.layers(y, mask=mask, is_causal=True)
            return nn.functional.linear(y, self.tokens.weight).reshape(-1, VOCABULARY)

    places = library.wrap(np.arange(BLOCK))
    mask = None if ours else nn.Transformer.generate_square_subsequent_mask(BLOCK)
    return GPT()


def start(library: Library, model: Any) -> None:
    """The same first numbers in both libraries: matrices normal with the deviation 0.02, biases 0, as in GPT."""
    rng = np.random.default_rng(1)
    state = {name: np.array(array) for name, array in model.state_dict().items()}
    for name in sorted(state):
        if state[name].ndim > 1:
            state[name] = rng.normal(0, 0.02, state[name].shape).astype(np.float32)
        elif name.endswith("bias"):
            state[name] = np.zeros_like(state[name])
    library.load(model, state, state.values())


def library(contestant: str) -> Run:
    library = Library(contestant)
    tokens, targets = inputs()
    model = network(library, contestant == "ours")
    optimizer = library.optim.AdamW(model.parameters(), lr=LR)
    first = model.layers.layers[0]
    shown = [model.tokens.weight, first.self_attn.in_proj_weight, first.linear1.weight]
    library.tensor = library.wrap  # tokens are whole numbers

    def restart() -> None:
        start(library, model)
        optimizer.state.clear()

    return restarting(library.step(model, optimizer, tokens, targets, shown), restart)


WORKLOADS = (
    Timed(
        name="gpt",
        computes=f"GPT, {LAYERS} layers, {CHANNELS} channels, {HEADS} heads, block {BLOCK}, batch {BATCH}, one step of "
        "AdamW, float32",
        outputs=("loss", "embedding", "queries, keys, values", "feed-forward"),
        contestants=tuple(contestants(library)),
        targets=(faster(1, "ours", "torch"),),
        rtol=1e-3,  # Adam divides by the size of the gradient, so rounding shows where that is small
        atol=3e-4,
    ),
)
