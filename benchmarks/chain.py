"""A very long chain of operations on single numbers: the length that each engine survives, and the cost of a node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from . import harness
from .harness import OURS, Absent, Contestant, Exhausted, Options, Outcome, Run, Target, peer

START, FACTOR, SHIFT = 1.5, 0.999999, 1e-6
OUTPUTS = ("result", "gradient of y", "gradient of w", "gradient of b")
CLOSE = ("hand", "ours")  # measured at full length, and several times, in turn


def recurrence(leaf: Callable[[float], Any], length: int) -> Run:
    """`length` operations: a product and a sum in turn, `y = y * w + b`."""

    def run() -> Sequence[Any]:
        start, w, b = leaf(START), leaf(FACTOR), leaf(SHIFT)
        y = start
        for _ in range(length // 2):
            y = y * w + b
        y.backward()
        return float(y.data), start.grad, w.grad, b.grad

    return run


def hand(length: int) -> Run:
    """Two plain loops, forward and backward, with the intermediate results in a list."""

    def run() -> Sequence[Any]:
        y, w, b = START, FACTOR, SHIFT
        kept = []
        for _ in range(length // 2):
            kept.append(y)
            y = y * w + b
        dy, dw, db = 1.0, 0.0, 0.0
        for earlier in reversed(kept):
            db += dy
            dw += dy * earlier
            dy *= w
        return y, dy, dw, db

    return run


def ours(length: int) -> Run:
    return recurrence(peer(OURS).Value, length)


def micrograd(length: int) -> Run:
    return recurrence(peer("micrograd.engine").Value, length)


def torch(length: int) -> Run:
    library = peer("torch")
    return recurrence(lambda v: library.tensor(v, dtype=library.float64, requires_grad=True), length)


def mygrad(length: int) -> Run:
    return recurrence(peer("mygrad").tensor, length)


def autograd(length: int) -> Run:
    value_and_grad = peer("autograd").value_and_grad

    def last(y: Any, w: Any, b: Any) -> Any:
        for _ in range(length // 2):
            y = y * w + b
        return y

    both = value_and_grad(last, argnum=(0, 1, 2))

    def run() -> Sequence[Any]:
        value, gradients = both(START, FACTOR, SHIFT)
        return value, *gradients

    return run


@dataclass(frozen=True)
class Chain:
    """Each contestant at the length that it survives, each measurement in a fresh process.

    We run at full length; the peers, which take long, at a tenth of it (`--quick`: a hundredth) or less.
    """

    name: str
    computes: str
    contestants: tuple[Contestant, ...]
    targets: tuple[Target, ...]
    length: int

    def measure(self, options: Options) -> Outcome:
        outcome = Outcome()
        survived: dict[str, int] = {}
        contestants = options.present(self.contestants)
        for contestant in contestants:
            length = self.length if contestant.name in CLOSE else self.length // (100 if options.quick else 10)
            try:
                survived[contestant.name] = self.longest(contestant, length, outcome)
            except Absent as reason:
                outcome.absent[contestant.name] = str(reason)
        for _ in range(2 if options.quick else 6):
            for contestant in contestants:
                if contestant.name in CLOSE and contestant.name in survived:
                    self.sample(contestant, survived[contestant.name], outcome)
        for contestant in contestants:
            if contestant.traced and contestant.name in survived:
                length = survived[contestant.name]
                (peak,) = harness.in_fresh_process(contestant.make, (length,), "traced")
                outcome.add(contestant.name, "bytes a node", peak / length)
        outcome.notes.append("all agree with hand at the length measured, within 1e-9 of the result")
        outcome.notes.append(
            "time: forward, backward and freeing the graph, one pass in a fresh process; "
            "bytes: peak that tracemalloc sees in another; resident: growth of the largest resident set"
        )
        return outcome

    def longest(self, contestant: Contestant, length: int, outcome: Outcome) -> int:
        """Sample at `length`, or at the first tenth, hundredth, ... of it that succeeds; returns which."""
        while True:
            try:
                self.sample(contestant, length, outcome)
            except Exhausted as reason:
                outcome.notes.append(f"{contestant.name}, {length:,} operations: {reason}")
                length //= 10
                if length < 100:
                    raise
            else:
                return length

    def sample(self, contestant: Contestant, length: int, outcome: Outcome) -> None:
        """One pass in a fresh process; its results compared with `hand`'s at the same length."""
        (seconds, results), resident = harness.in_fresh_process(contestant.make, (length,), "once", "resident")
        expected = [harness.plain(value) for value in hand(length)()]
        harness.compare({"hand": expected, contestant.name: results}, OUTPUTS, rtol=1e-9, atol=1e-12)
        outcome.add(contestant.name, "length", length)
        outcome.add(contestant.name, "ns a node", seconds / length * 1e9)
        outcome.add(contestant.name, "resident bytes a node", resident / length)


WORKLOADS = (
    Chain(
        name="chain",
        computes="chain of 10^6 scalar operations, y = y * w + b over and over, forward and backward",
        contestants=(
            Contestant("hand", hand),
            Contestant("ours", ours),
            Contestant("micrograd", micrograd),
            Contestant("torch", torch, traced=False),
            Contestant("mygrad", mygrad),
            Contestant("autograd", autograd),
        ),
        targets=(
            harness.reaching(10**6, "ours", "length"),
            harness.bounded(1300, "ours", "ns a node"),
            harness.bounded(220, "ours", "bytes a node"),
        ),
        length=10**6,
    ),
)
