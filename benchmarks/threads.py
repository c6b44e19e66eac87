"""Two threads: `fit(threads=2)` splits each batch, PyTorch splits each operation. Eight steps, by the clock."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from . import cnn, lenet
from .harness import OURS, Contestant, Run, Timed, faster, peer
from .training import Library

STEPS = 8
NETWORKS = {"lenet": (lenet, "SGD"), "cnn": (cnn, "Adam")}


def ours(name: str, threads: int) -> Run:
    network, optimiser = NETWORKS[name]
    library = Library("ours")
    images, labels, parameters = network.inputs()
    model, fit = network.network(library.nn), peer(OURS).train.fit
    batches = [(library.tensor(images), labels)] * STEPS

    def run() -> Sequence[Any]:
        library.load(model, network.NAMES, parameters)
        optimizer = getattr(library.optim, optimiser)(model.parameters(), lr=network.LR)
        history = fit(model, batches, library.nn.CrossEntropyLoss(), optimizer, 1, threads=threads, progress=False)
        return history.steps[-1], *model.parameters()

    return run


def torch(name: str, threads: int) -> Run:
    network, optimiser = NETWORKS[name]
    library = Library("torch")
    peer("torch").set_num_threads(threads)
    images, labels, parameters = network.inputs()
    model = network.network(library.nn)
    every = list(model.parameters())

    def run() -> Sequence[Any]:
        library.load(model, network.NAMES, parameters)
        optimizer = getattr(library.optim, optimiser)(every, lr=network.LR)
        step = library.step(model, optimizer, images, labels, every)
        return [step() for _ in range(STEPS)][-1]

    return run


def workload(name: str) -> Timed:
    network, optimiser = NETWORKS[name]
    makers = {"ours": (ours, 2), "ours, one thread": (ours, 1), "torch": (torch, 2), "torch, one thread": (torch, 1)}
    return Timed(
        name=f"threads_{name}",
        computes=f"{name}, batch {network.BATCH}, {STEPS} steps of {optimiser}, float32, two threads, by the clock",
        outputs=("loss", *network.NAMES),
        contestants=tuple(Contestant(who, partial(make, name, n)) for who, (make, n) in makers.items()),
        targets=(faster(1, "ours", "torch"), faster(1, "ours", "ours, one thread")),
        rtol=1e-3,
        atol=1e-4,
        clock="perf_counter",
    )


WORKLOADS = tuple(map(workload, NETWORKS))
