"""The command line: `python -m benchmarks --help`."""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from . import (
    big_arrays,
    boxes,
    chain,
    cnn,
    gpt,
    grading,
    higher_order,
    importing,
    lenet,
    mlp,
    operations,
    pictures,
    resnet,
    rnn,
    scalar_gpt,
    scalar_mlp,
    small_tensors,
    threads,
)
from .harness import Disagreement, Options, Outcome, Target, Workload, summary

FAMILIES = (
    scalar_mlp,
    scalar_gpt,
    chain,
    small_tensors,
    big_arrays,
    operations,
    higher_order,
    importing,
    mlp,
    lenet,
    cnn,
    rnn,
    gpt,
    resnet,
    threads,
    boxes,
    pictures,
    grading,
)
WORKLOADS: dict[str, Workload] = {w.name: w for family in FAMILIES for w in family.WORKLOADS}
REFERENCES = ("hand", "ours")  # the table gives everybody's time as a multiple of theirs
PACKAGES = ("numpy", "torch", "micrograd", "mygrad", "autograd")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen workloads; 0 if all contestants agreed, 1 if not or if ours failed, 2 on wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Time us beside our peers.")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=WORKLOADS, help="these workloads only")
    parser.add_argument("--without", nargs="+", metavar="PEER", default=(), help="leave these contestants out")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, shorter chains for the peers")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples and figures there")
    parser.add_argument("--list", action="store_true", help="name workloads and targets, run nothing")
    options = parser.parse_args(arguments)
    chosen = [WORKLOADS[name] for name in options.only or WORKLOADS]
    if options.list:
        for workload in chosen:
            print(f"{workload.name:18}{workload.computes}")
            for target in workload.targets:
                print(f"{'':18}- {target.text}")
        return 0

    python = platform.python_version()
    print(f"Python {python}, {', '.join(versions())}; one thread, CPU time, medians (quartiles)")
    record: dict[str, Any] = {"python": python, "packages": versions(), "workloads": {}}
    failed = False
    for workload in chosen:
        print(f"\n{workload.name}: {workload.computes}", flush=True)
        try:
            outcome = workload.measure(Options(options.quick, tuple(options.without)))
        except Disagreement as disagreement:
            print(f"  DISAGREE: {disagreement}; nothing was timed")
            failed = True
            continue
        print("\n".join(report(outcome, workload.targets)), flush=True)
        failed = failed or any(name.startswith("ours") for name in outcome.absent)
        record["workloads"][workload.name] = as_json(outcome, workload.targets)
    if options.json:
        options.json.write_text(json.dumps(record, indent=1) + "\n")
    return 1 if failed else 0


def versions() -> list[str]:
    """Name and version of every package that takes part and is installed."""
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            found.append(f"{package} not installed")
    return found


def report(outcome: Outcome, targets: Sequence[Target]) -> list[str]:
    """The table of an outcome, then the targets, then the notes."""
    lines = table(outcome)
    lines += [f"  {name}: {reason}" for name, reason in outcome.absent.items()]
    lines += [f"  - {verdict(target, outcome)}" for target in targets]
    lines += [f"  ({note})" for note in outcome.notes]
    return lines


def table(outcome: Outcome) -> list[str]:
    """A line a contestant: median and quartiles of each metric, then its time against the references'."""
    metrics = list(dict.fromkeys(metric for row in outcome.samples.values() for metric in row))
    ratio = next((metric for metric in ("time", "ns a node") if metric in metrics), None)
    references = [name for name in REFERENCES if ratio and name in outcome.samples]
    rows = [["", *metrics, *(f"/ {name}" for name in references)]]
    for contestant, row in outcome.samples.items():
        cells = [contestant, *(cell(metric, row[metric]) if metric in row else "" for metric in metrics)]
        for name in references:
            both = zip(row[str(ratio)], outcome.samples[name][str(ratio)], strict=False)
            cells.append(f"{statistics.median(a / b for a, b in both):.2f}")
        rows.append(cells)
    first, *others = (max(map(len, column)) for column in zip(*rows, strict=True))
    return [
        "  ".join(["", f"{name:<{first}}", *(f"{c:>{w}}" for c, w in zip(cells, others, strict=True))])
        for name, *cells in rows
    ]


def cell(metric: str, samples: Sequence[float]) -> str:
    """A median, with quartiles where there are several samples that differ."""
    scale, unit = time_unit(statistics.median(samples)) if metric == "time" else (1.0, "")
    low, middle, high = (number(value * scale) for value in summary(samples))
    return f"{middle}{unit}" + (f" ({low} to {high})" if low != high else "")


def time_unit(seconds: float) -> tuple[float, str]:
    for scale, unit in ((1.0, " s"), (1e3, " ms")):
        if seconds * scale >= 1:
            return scale, unit
    return 1e6, " us"


def number(value: float) -> str:
    """Three digits, or all of a large number."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def verdict(target: Target, outcome: Outcome) -> str:
    figures = target.figures(outcome.samples)
    if not figures:
        return f"{target.text}: not measured"
    low, middle, high = summary(figures)
    word = "reached" if target.reached(middle) else "short"
    spread = f" (quartiles {number(low)} to {number(high)})" if number(low) != number(high) else ""
    return f"{target.text}: {number(middle)}{spread}, {word}"


def as_json(outcome: Outcome, targets: Sequence[Target]) -> dict[str, Any]:
    """The samples and verdicts of a workload, as plain data."""
    verdicts = []
    for target in targets:
        figures = target.figures(outcome.samples)
        middle = statistics.median(figures) if figures else None
        reached = middle is not None and target.reached(middle)
        verdicts.append({"target": target.text, "limit": target.limit, "figure": middle, "reached": reached})
    return {
        "samples": outcome.samples,
        "absent": outcome.absent,
        "notes": outcome.notes,
        "targets": verdicts,
    }


if __name__ == "__main__":
    sys.exit(main())
