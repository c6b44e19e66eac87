"""The harness: every contestant in its own process, first compared, then timed in turn.

A contestant is a function that makes its inputs and returns a `run`: one forward and backward pass, which gives
a tuple of results. A process imports the library of one contestant only, so that nobody pays for what another
has loaded (the garbage collector visits every object of the process, PyTorch's too). The processes take turns,
A B C A B C ...: one works while the others sleep.

Times are CPU times of the contestant's process (`time.process_time`), less disturbed by a busy neighbour than
wall-clock time is. The garbage collector stays as the interpreter sets it; each sample starts right after a
collection, so that it pays for its own garbage and not for that of the sample before.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import math
import resource
import statistics
import sys
import time
import traceback
import tracemalloc
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

import numpy as np

Run = Callable[[], Sequence[Any]]
Samples = dict[str, dict[str, list[float]]]  # contestant -> metric -> one number a round

OURS = "tinygrad_edu"


@dataclass(frozen=True)
class Contestant:
    """One way to compute the workload; `make(*sizes)` prepares the inputs and returns the pass to time."""

    name: str
    make: Callable[..., Run]
    traced: bool = True  # False: allocates outside Python, where tracemalloc does not look


@dataclass(frozen=True)
class Target:
    """A figure to reach: `subject`'s metric, as it is or against another's; at most, or at least, `limit`."""

    text: str
    subject: str
    limit: float
    metric: str = "time"
    against: str | None = None
    at_least: bool = False  # True: the figure, or `against` / `subject`, is at least `limit`

    def figures(self, samples: Samples) -> list[float]:
        """The figure of each round; empty if one of the two was not measured."""
        mine = samples.get(self.subject, {}).get(self.metric, [])
        if self.against is None:
            return mine
        other = samples.get(self.against, {}).get(self.metric, [])
        return [b / a if self.at_least else a / b for a, b in zip(mine, other, strict=False)]

    def reached(self, figure: float) -> bool:
        return figure >= self.limit if self.at_least else figure <= self.limit


def at_most(limit: float, subject: str, against: str, metric: str = "time") -> Target:
    return Target(f"{subject}: at most {limit:g} x {against}", subject, limit, metric, against)


def faster(limit: float, subject: str, against: str) -> Target:
    how = "faster than" if limit == 1 else f"at least {limit:g} x faster than"
    return Target(f"{subject}: {how} {against}", subject, limit, "time", against, at_least=True)


def bounded(limit: float, subject: str, metric: str) -> Target:
    return Target(f"{subject}: at most {limit:g} {metric}", subject, limit, metric)


def reaching(limit: float, subject: str, metric: str) -> Target:
    return Target(f"{subject}: {metric} of at least {limit:,.0f}", subject, limit, metric, at_least=True)


@dataclass(frozen=True)
class Options:
    """How much time to spend: the full run, or `--quick`."""

    quick: bool = False
    without: tuple[str, ...] = ()  # contestants to leave out

    @property
    def seconds(self) -> float:
        return 3.0 if self.quick else 20.0

    @property
    def rounds(self) -> tuple[int, int]:
        """Fewest and most rounds of a workload."""
        return (3, 11) if self.quick else (7, 41)

    def present(self, contestants: Iterable[Contestant]) -> list[Contestant]:
        return [contestant for contestant in contestants if contestant.name not in self.without]


@dataclass
class Outcome:
    """The result of a workload: the samples, who is absent and why, and notes."""

    samples: Samples = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, contestant: str, metric: str, value: float) -> None:
        self.samples.setdefault(contestant, {}).setdefault(metric, []).append(value)


class Workload(Protocol):
    """A workload, as the command line sees it."""

    @property
    def name(self) -> str: ...
    @property
    def computes(self) -> str: ...
    @property
    def targets(self) -> tuple[Target, ...]: ...
    def measure(self, options: Options) -> Outcome: ...


@dataclass(frozen=True)
class Timed:
    """A workload whose contestants first have to agree, and are then timed in turn."""

    name: str
    computes: str
    outputs: tuple[str, ...]
    contestants: tuple[Contestant, ...]  # the first is the one the others are compared with
    targets: tuple[Target, ...]
    rtol: float = 1e-9
    atol: float = 1e-12
    input_bytes: int = 0  # not 0: measure the peak memory too, as a multiple of this
    clock: str = "process_time"  # of `time`; CPU time adds up that of all threads

    def measure(self, options: Options) -> Outcome:
        outcome = Outcome()
        workers, results = start(options.present(self.contestants), outcome)
        try:
            outcome.notes.append(compare(results, self.outputs, self.rtol, self.atol))
            interleave(workers, options, outcome, self.clock)
        finally:
            stop(workers.values())
        if self.input_bytes:
            self.measure_memory([c for c in self.contestants if c.name in workers], outcome)
        return outcome

    def measure_memory(self, contestants: Iterable[Contestant], outcome: Outcome) -> None:
        """The peak of the first pass, above the inputs and with the gradients, in fresh processes."""
        for contestant in contestants:
            if contestant.traced:
                (peak,) = in_fresh_process(contestant.make, (), "traced")
                outcome.add(contestant.name, "peak / inputs", peak / self.input_bytes)
            _, resident = in_fresh_process(contestant.make, (), "sample", "resident")
            outcome.add(contestant.name, "resident / inputs", resident / self.input_bytes)
        outcome.notes.append(
            "memory of the first pass in a fresh process, above the inputs and with the gradients; "
            "peak: what tracemalloc sees; resident: growth of the largest resident set"
        )


# Agreement


class Disagreement(Exception):
    """Two contestants compute different things, so that their times say nothing."""


def compare(results: Mapping[str, Sequence[Any]], outputs: Sequence[str], rtol: float, atol: float) -> str:
    """Compare everyone's results with the first contestant's; say how far apart they are at most.

    Raises `Disagreement` if a shape differs, or an entry by more than `atol + rtol * max|expected|`.
    """
    (reference, expected), *others = results.items()
    worst = 0.0
    for name, found in others:
        if len(found) != len(expected):
            raise Disagreement(f"{name} gives {len(found)} results, {reference} gives {len(expected)}")
        for output, a, b in zip(outputs, expected, found, strict=True):
            if a.shape != b.shape:
                raise Disagreement(f"{output}: {name} has shape {b.shape}, {reference} has {a.shape}")
            allowed = atol + rtol * float(np.max(np.abs(a)))
            error = float(np.max(np.abs(a - b)))
            if not error <= allowed:
                raise Disagreement(
                    f"{output}: {name} differs from {reference} by {error:.3g}, allowed are {allowed:.3g}"
                )
            worst = max(worst, error / allowed)
    return (
        f"all agree on {', '.join(outputs)}: allowed {rtol:g} of the largest entry + {atol:g}, "
        f"used at most {worst:.1g} of that"
    )


def plain(value: Any) -> Any:
    """A result of any library as a float64 array."""
    for method in ("detach", "numpy"):
        if hasattr(value, method):
            value = getattr(value, method)()
    if not isinstance(value, list | float | np.ndarray | np.generic):
        value = value.data
    if isinstance(value, list):
        value = [float(item) for item in value]
    return np.asarray(value, np.float64)


# Taking turns

SAMPLE_SECONDS = 0.01  # a sample repeats the pass until it lasts at least so long
SLOW_SECONDS = 1.0  # whoever takes longer for a pass ...
SLOW_ROUNDS = 3  # ... takes part in so many rounds only


def interleave(workers: Mapping[str, Worker], options: Options, outcome: Outcome, clock: str = "process_time") -> None:
    """Time all workers in turn, as many rounds as fit into the time there is."""
    repeats = {name: calibrate(worker) for name, worker in workers.items()}
    slow: set[str] = set()
    began = time.perf_counter()
    fewest, most = options.rounds
    rounds = 0
    while rounds < fewest or (rounds < most and time.perf_counter() - began < options.seconds):
        for name, worker in workers.items():
            if rounds < SLOW_ROUNDS or name not in slow:
                seconds = worker.ask("sample", repeats[name], clock)
                outcome.add(name, "time", seconds)
                if seconds > SLOW_SECONDS:
                    slow.add(name)
        rounds += 1
    less = f" ({', '.join(sorted(slow))}: {SLOW_ROUNDS})" if slow else ""
    outcome.notes.append(f"{rounds} rounds{less}, interleaved, in {time.perf_counter() - began:.0f} s")


def calibrate(worker: Worker) -> int:
    """How often to repeat the pass so that a sample lasts long enough; warms up on the way."""
    repeats = 1
    while (seconds := worker.ask("sample", repeats)) * repeats < SAMPLE_SECONDS:
        enough = math.ceil(1.2 * SAMPLE_SECONDS / max(seconds, 1e-9))
        repeats = min(max(2 * repeats, enough), 100 * repeats)
    return repeats


def summary(values: Sequence[float]) -> tuple[float, float, float]:
    """Lower quartile, median, upper quartile."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, statistics.median(values), high


# Processes

ANSWER_WITHIN = 300.0  # seconds


class Absent(Exception):
    """The contestant cannot take part: not installed, or it failed; the message says which."""


class Exhausted(Absent):
    """It ran out of stack, memory or time; with less to do it may succeed."""


class NotInstalled(Exception):
    """A library of a contestant is missing."""


def peer(module: str) -> Any:
    """Import a contestant's library, in its own process."""
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise  # it is there, and something that it needs is not
        raise NotInstalled from error
    if module == "torch":
        found.set_num_threads(1)
    if module == OURS:
        importlib.import_module(f"{OURS}.engine.memory").keep_freed_memory()  # as training does
    return found


class Worker:
    """A fresh process with one contestant in it, which answers questions until it is stopped."""

    def __init__(self, make: Callable[..., Run], sizes: Sequence[int] = ()) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, make, tuple(sizes)), daemon=True)
        self.process.start()
        theirs.close()
        self.receive()

    def ask(self, question: str, *arguments: Any) -> Any:
        self.pipe.send((question, arguments))
        return self.receive()

    def receive(self) -> Any:
        if not self.pipe.poll(ANSWER_WITHIN):
            self.stop()
            raise Exhausted(f"no answer within {ANSWER_WITHIN:.0f} s")
        try:
            fine, answer = self.pipe.recv()
        except EOFError:
            self.process.join()
            raise Exhausted(f"its process died with exit code {self.process.exitcode}") from None
        if not fine:
            self.stop()
            raise (Exhausted if answer.startswith(("RecursionError", "MemoryError")) else Absent)(answer)
        return answer

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def start(contestants: Iterable[Contestant], outcome: Outcome) -> tuple[dict[str, Worker], dict[str, list[Any]]]:
    """Workers and their results, for those who can take part; `outcome.absent` says why another cannot."""
    workers, results = {}, {}
    for contestant in contestants:
        try:
            worker = Worker(contestant.make)
            results[contestant.name] = worker.ask("results")
            workers[contestant.name] = worker
        except Absent as reason:
            outcome.absent[contestant.name] = str(reason)
    return workers, results


def stop(workers: Iterable[Worker]) -> None:
    for worker in workers:
        worker.stop()


def in_fresh_process(make: Callable[..., Run], sizes: Sequence[int], *questions: str) -> list[Any]:
    """The answers of a process that has done nothing before."""
    worker = Worker(make, sizes)
    try:
        return [worker.ask(question) for question in questions]
    finally:
        worker.stop()


def serve(pipe: Connection, make: Callable[..., Run], sizes: Sequence[int]) -> None:
    """The worker's side: build the contestant, then answer."""
    try:
        run = make(*sizes)
        gc.collect()
        forget_largest_resident_set()
        before = largest_resident_set()
        pipe.send((True, None))
        while True:
            question, arguments = pipe.recv()
            if question == "resident":
                pipe.send((True, largest_resident_set() - before))
            else:
                pipe.send((True, QUESTIONS[question](run, *arguments)))
    except NotInstalled:
        pipe.send((False, "not installed"))
    except EOFError:
        return
    except Exception as error:
        if not isinstance(error, RecursionError | MemoryError):
            traceback.print_exc()
        pipe.send((False, f"{type(error).__name__}: {error}"))


def results(run: Run) -> list[Any]:
    """The results of the second pass, in which a gradient left over from the first would show."""
    run()
    return [plain(value) for value in run()]


def sample(run: Run, repeats: int = 1, clock: str = "process_time") -> float:
    """Seconds of CPU time a pass, or those of another clock, over `repeats` of them."""
    now: Callable[[], float] = getattr(time, clock)
    gc.collect()
    began = now()
    for _ in range(repeats):
        run()
    return (now() - began) / repeats


def once(run: Run) -> tuple[float, list[Any]]:
    """One pass: its seconds of CPU time, its results."""
    gc.collect()
    began = time.process_time()
    values = run()
    seconds = time.process_time() - began
    return seconds, [plain(value) for value in values]


def traced(run: Run) -> int:
    """The largest number of bytes that one pass has allocated at the same time, as tracemalloc sees them."""
    gc.collect()
    tracemalloc.start()
    run()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def forget_largest_resident_set() -> None:
    """Let the peak start from what is in use now, where the system can: making the inputs may have taken more."""
    with contextlib.suppress(OSError):
        CLEAR.write_text("5")


def largest_resident_set() -> int:
    """The largest resident set of this process so far, in bytes."""
    if STATUS.exists():  # Linux, where getrusage gives the parent's figure if that is larger
        return 1024 * int(STATUS.read_text().partition("VmHWM:")[2].split()[0])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


QUESTIONS: dict[str, Callable[..., Any]] = {
    "results": results,
    "sample": sample,
    "once": once,
    "traced": traced,
}
