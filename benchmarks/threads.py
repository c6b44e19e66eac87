"""Two threads: `fit(threads=2)` splits each batch, PyTorch splits each operation. Eight steps, by the clock."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from functools import partial
from typing import Any

from . import cnn, lenet, small_resnet
from .harness import OURS, Contestant, Run, Timed, faster, peer
from .training import Library

STEPS = 8
NETWORKS = {"lenet": (lenet, "SGD"), "cnn": (cnn, "Adam"), "small_resnet": (small_resnet, "SGD")}


def ours(name: str, threads: int) -> Run:
    network, optimiser = NETWORKS[name]
    library = Library("ours")
    images, labels, *_ = network.inputs()
    model, fit = network.network(library.nn), peer(OURS).train.fit
    network.start(library, model)
    begin = model.state_dict()
    batches = [(library.tensor(images), labels)] * STEPS

    def run() -> Sequence[Any]:
        model.load_state_dict(begin)
        optimizer = getattr(library.optim, optimiser)(model.parameters(), lr=network.LR)
        history = fit(model, batches, library.nn.CrossEntropyLoss(), optimizer, 1, threads=threads, progress=False)
        return history.steps[-1], *map(model.state_dict().get, network.NAMES)

    return run


def torch(name: str, threads: int) -> Run:
    network, optimiser = NETWORKS[name]
    library = Library("torch")
    peer("torch").set_num_threads(threads)
    images, labels, *_ = network.inputs()
    model = network.network(library.nn)
    network.start(library, model)
    begin = deepcopy(model.state_dict())  # a copy, since these are the tensors that learn

    def run() -> Sequence[Any]:
        model.load_state_dict(begin)
        optimizer = getattr(library.optim, optimiser)(model.parameters(), lr=network.LR)
        step = library.step(model, optimizer, images, labels, [*map(model.state_dict().get, network.NAMES)])
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
        atol=3e-4,  # where a gradient is nearly 0, rounding decides its sign, and each step of Adam moves by its rate
        clock="perf_counter",
    )


WORKLOADS = tuple(map(workload, NETWORKS))
