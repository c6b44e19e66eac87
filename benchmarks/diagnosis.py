"""The diagnosis of wrong gradients: every mistake in every operation, at many seeds.

Counted are wrong gradients that pass, right ones that are called wrong, and mistakes that get the wrong name.

    python -m benchmarks.diagnosis --seeds 100

Two mistakes may give the same function in some operation: the local derivative of -x is its sign. So the name of
another mistake counts as right if it is given at every seed, which no coincidence of numbers explains.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.engine.primitives import fused
from tinygrad_edu.grade.diagnosis import diagnose, mutants, probe_shapes, random_upstream
from tinygrad_edu.nn.functional import batch_norm, conv1d, conv2d, cross_entropy, elu, layer_norm, max_pool2d

Draw = Callable[[np.random.Generator, tuple[int, ...]], Any]


def real(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Numbers of both signs, away from the kinks."""
    return rng.choice([-1.0, 1.0], size=shape) * rng.uniform(0.2, 2.3, size=shape)


def positive(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    return rng.uniform(0.3, 2.3, size=shape)


def below_one(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    return rng.choice([-1.0, 1.0], size=shape) * rng.uniform(0.1, 0.9, size=shape)


class Operation(NamedTuple):
    """A function, the axes of its operands as letters (or their shapes), and how their numbers are drawn."""

    name: str
    function: Callable[..., Any]
    axes: tuple[Any, ...]
    draw: Draw = real

    def probe(self, seed: int) -> tuple[tuple[Any, ...], Any]:
        """Operands, and an upstream gradient."""
        rng = np.random.default_rng(seed)
        shapes = probe_shapes(*self.axes) if isinstance(self.axes[0], str) else self.axes
        at = tuple(self.draw(rng, shape) for shape in shapes)
        return at, random_upstream(rng, np.shape(self.function(*at)))


def elementwise(names: str, axes: tuple[str, ...], draw: Draw = real) -> list[Operation]:
    return [Operation(name, getattr(tg, name), axes, draw) for name in names.split()]


def classes(n: int, count: int) -> Any:
    return np.arange(n) % count


# fmt: off
OPERATIONS = [
    *elementwise("add subtract multiply divide maximum minimum", ("nk", "nk")),
    *elementwise("power", ("nk", "nk"), positive),
    *elementwise("negative exp expm1 sin cos tan square arctan sinh cosh tanh sigmoid softplus erf relu abs",
                 ("nk",)),
    *elementwise("log log1p sqrt", ("nk",), positive),
    *elementwise("arcsin arccos", ("nk",), below_one),
    Operation("elu", elu, ("nk",)),
    Operation("clip", lambda x: tg.clip(x, -1.0, 1.0), ("nk",)),
    *(Operation(f"{name}, broadcast", getattr(tg, name), ("nk", "k"), positive)
      for name in ("add", "subtract", "multiply", "divide", "power")),
    Operation("multiply, column", tg.multiply, ("nk", "n1")),
    Operation("multiply by a number", tg.multiply, ("nk", "")),
    *(Operation(name, lambda x, name=name: getattr(tg, name)(x), ("nk",), positive)
      for name in ("sum", "mean", "prod", "max", "min", "var", "std", "logsumexp", "norm2", "softmax", "cumsum")),
    *(Operation(f"{name}, axis 0", lambda x, name=name: getattr(tg, name)(x, axis=0), ("nk",), positive)
      for name in ("sum", "mean", "prod", "max", "min", "var", "std", "logsumexp", "norm2", "softmax", "cumsum")),
    Operation("log_softmax", fused.log_softmax, ("nk",)),
    Operation("reshape", lambda x: tg.reshape(x, (x.shape[1], x.shape[0])), ("nk",)),
    Operation("transpose", tg.transpose, ("nk",)),
    Operation("broadcast_to", lambda x: tg.broadcast_to(x, (5, *x.shape)), ("kn",)),
    Operation("flip", lambda x: tg.flip(x, 0), ("nk",)),
    Operation("roll", lambda x: tg.roll(x, 2, 0), ("nk",)),
    Operation("pad", lambda x: tg.pad(x, ((1, 2), (0, 1))), ("nk",)),
    Operation("getitem", lambda x: x[1:4], ("nk",)),
    Operation("getitem, one row twice", lambda x: x[[0, 2, 2]], ("nk",)),
    Operation("concatenate", lambda x, y: tg.concatenate([x, y], 0), ("nk", "mk")),
    Operation("stack", lambda x, y: tg.stack([x, y]), ("nk", "nk")),
    Operation("where", lambda x, y: tg.where(np.arange(3) < 1, x, y), ("nk", "nk")),
    Operation("matmul", tg.matmul, ("nk", "km")),
    Operation("matmul, vector", tg.matmul, ("nk", "k")),
    Operation("outer", tg.outer, ("n", "k")),
    Operation("einsum", lambda x, y: tg.einsum("nk,mk->nm", x, y), ("nk", "mk")),
    Operation("tril", tg.tril, ("nk",)),
    Operation("linear", fused.linear, ("nk", "mk", "m")),
    Operation("softmax_cross_entropy", lambda z: fused.softmax_cross_entropy(z, classes(5, 3)), ("nk",)),
    Operation("cross_entropy", lambda z: cross_entropy(z, classes(5, 3)), ("nk",)),
    Operation("conv1d", conv1d, ((2, 3, 7), (4, 3, 2), (4,))),
    Operation("conv2d", lambda x, w, b: conv2d(x, w, b, stride=(2, 1), padding=(1, 2), dilation=(1, 2)),
              ((2, 3, 7, 5), (4, 3, 3, 2), (4,))),
    Operation("max_pool2d", lambda x: max_pool2d(x, 2), ((2, 3, 7, 5),)),
    Operation("batch_norm", lambda x, w, b: batch_norm(x, None, None, w, b, training=True, eps=1e-3),
              ("nkm", "k", "k")),
    Operation("layer_norm", lambda x, w, b: layer_norm(x, x.shape[-1:], w, b), ("nk", "k", "k")),
    # Chains, and inputs that are used several times.
    Operation("x · x", lambda x: x * x, ("nk",)),
    Operation("x·y + sin x", lambda x, y: x * y + tg.sin(x), ("nk", "nk")),
    Operation("x + x² + x³", lambda x: x + x ** 2 + x ** 3, ("nk",)),
    Operation("a neuron", lambda x, w, b: tg.tanh(x @ w + b), ("nk", "km", "m")),
    Operation("two layers", lambda x, w, v: tg.relu(x @ w) @ v, ("nk", "km", "ml")),
    Operation("a residual block", lambda x, w: x + tg.tanh(x @ w @ w.T), ("nk", "km")),
    Operation("mean of squares", lambda x, y: ((x - y) ** 2).mean(), ("nk", "nk")),
]
# fmt: on


class Figures(NamedTuple):
    """The counts of a run; `misnamed` counts (operation, mistake, name)."""

    mutants: int
    passed: int
    accused: int
    named: int
    same_function: int
    misnamed: Counter[tuple[str, str, str]]
    milliseconds: float

    @property
    def rightly(self) -> float:
        """The fraction of mistakes that get the right name."""
        return (self.named + self.same_function) / self.mutants


def run(seeds: Sequence[int], operations: Iterable[Operation] = OPERATIONS) -> Figures:
    """Make every mistake in every operation at every seed, and diagnose it."""
    made = passed = accused = named = 0
    seconds = 0.0
    names: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for operation in operations:
        for seed in seeds:
            at, upstream = operation.probe(seed)
            _, pull = tg.vjp(operation.function, *at)
            accused += diagnose(operation.function, at, upstream, list(pull(upstream))) is not None
            for mutant in mutants(operation.function, at, upstream):
                start = time.process_time()
                found = diagnose(operation.function, at, upstream, mutant.gradients)
                seconds += time.process_time() - start
                made += 1
                if found is None:
                    passed += 1
                elif found.name == mutant.name:
                    named += 1
                else:
                    names[operation.name, mutant.key, mutant.name].append(found.name)
    misnamed: Counter[tuple[str, str, str]] = Counter()
    same_function = 0
    for (operation_name, _, mistake), given in names.items():
        if len(seeds) > 1 and len(given) == len(seeds) and len(set(given)) == 1 and given[0] != "unknown":
            same_function += len(given)
        else:
            misnamed.update((operation_name, mistake, name) for name in given)
    return Figures(made, passed, accused, named, same_function, misnamed, 1e3 * seconds / made)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and print the figures; gives 0 if they reach the targets."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diagnosis", description="Are mistakes named rightly?")
    parser.add_argument("--seeds", type=int, default=100, help="how many seeds (default 100)")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=[x.name for x in OPERATIONS])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args(arguments)
    chosen = [x for x in OPERATIONS if not options.only or x.name in options.only]
    figures = run(range(options.seeds), chosen)
    for (operation, mistake, name), count in figures.misnamed.most_common(40):
        print(f"{count:6} {operation}: {mistake}, named {name}")
    print(
        f"{len(chosen)} operations, {options.seeds} seeds, {figures.mutants} wrong answers: {figures.passed} passed, "
        f"{figures.accused} right ones accused, {figures.rightly:.2%} named rightly "
        f"({figures.named / figures.mutants:.2%} by the very name), {figures.milliseconds:.2f} ms each"
    )
    if options.json:
        data = {**figures._asdict(), "misnamed": [[*key, n] for key, n in figures.misnamed.items()]}
        options.json.write_text(json.dumps(data, indent=1) + "\n")
    good = figures.passed == figures.accused == 0 and figures.rightly >= 0.95 and figures.milliseconds <= 5
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
