"""What `import tinygrad_edu` adds to the start of a program that imports NumPy anyway."""

from __future__ import annotations

import importlib.util
import os
import resource
import subprocess
import sys
from dataclasses import dataclass

from .harness import OURS, Options, Outcome, Target, bounded

AFTER_NUMPY = """
import time, numpy
began = time.process_time()
{0}
print(1000 * (time.process_time() - began))
"""
LOADED = """
import sys, {0}
print(*sorted({{name.partition(".")[0] for name in sys.modules}} - sys.stdlib_module_names))
"""


@dataclass(frozen=True)
class Program:
    """A one-line program, and the module without which it cannot run."""

    name: str
    module: str
    code: str
    slow: bool = False  # run it a few times only


@dataclass(frozen=True)
class Importing:
    """Fresh interpreters in turn; each round's difference to NumPy's is one figure."""

    name: str
    computes: str
    programs: tuple[Program, ...]
    targets: tuple[Target, ...]

    def measure(self, options: Options) -> Outcome:
        outcome = Outcome()
        programs = []
        for program in self.programs:
            if program.name in options.without:
                continue
            if importlib.util.find_spec(program.module) is None:
                outcome.absent[program.name] = "not installed"
                continue
            try:
                start(program.code)  # writes the byte code, so that nobody compiles in a round
            except subprocess.CalledProcessError as error:
                outcome.absent[program.name] = error.stderr.strip().rpartition("\n")[2]
            else:
                programs.append(program)
        rounds = 7 if options.quick else 25
        for done in range(rounds):
            numpy = 0.0
            for program in programs:
                if program.slow and done >= 3:
                    continue
                milliseconds, _ = start(program.code)
                numpy = numpy or milliseconds  # NumPy's program is the first
                _, printed = start(AFTER_NUMPY.format(program.code))
                outcome.add(program.name, "ms in all", milliseconds)
                outcome.add(program.name, "ms over numpy", milliseconds - numpy)
                outcome.add(program.name, "ms after numpy", float(printed))
        if "ours" in outcome.samples:
            _, printed = start(LOADED.format(OURS))
            others = [name for name in printed.split() if name not in (OURS, "numpy") and name[0] != "_"]
            outcome.notes.append(
                f"import {OURS} loads NumPy: {'yes' if 'numpy' in printed.split() else 'no'}; "
                f"other packages: {', '.join(others) or 'none'}"
            )
        outcome.notes.append(
            f"{rounds} rounds, interleaved (slow ones 3); in all: CPU time of the whole interpreter; "
            "over numpy: the difference to numpy's of the same round; "
            "after numpy: the import alone, NumPy being there already"
        )
        return outcome


def start(code: str) -> tuple[float, str]:
    """Run the program in a fresh interpreter: milliseconds of CPU time that it took, and what it printed."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return 1000 * seconds, done.stdout


WORKLOADS = (
    Importing(
        name="import",
        computes="start of a fresh interpreter that imports one package",
        programs=(
            Program("numpy", "numpy", "import numpy"),
            Program("nothing", "numpy", "pass"),
            Program("ours", OURS, f"import {OURS}"),
            Program("ours, first tensor", OURS, f"import {OURS}; {OURS}.tensor([1.0])"),
            Program("micrograd", "micrograd", "import micrograd.engine"),
            Program("torch", "torch", "import torch", slow=True),
            Program("mygrad", "mygrad", "import mygrad", slow=True),
            Program("autograd", "autograd", "import autograd"),
        ),
        targets=(bounded(10, "ours", "ms over numpy"), bounded(15, "ours, first tensor", "ms over numpy")),
    ),
)
