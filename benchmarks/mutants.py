"""A mutation tester: which small mistakes in the code do the tests not notice?

    python -m benchmarks.mutants tinygrad_edu/optim --tests tests/optim --count 40 --seed 0

A mutant is the package with one change: a comparison, an arithmetic operator, a sign or a constant is another, or a
`not` is gone. The tests must fail for it. The ones that pass have overlooked a mistake, or the change makes no
difference: that is for people to tell. Survivors are printed with their line, before and after.

The tests run in copies of the checkout in a temporary folder, one for each process, so the checkout itself is never
changed. PyTorch is hidden from them: what they notice with NumPy alone, they notice on every machine.
"""

from __future__ import annotations

import argparse
import ast
import compileall
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

CHECKOUT = Path(__file__).parents[1]
COPIED = ("tinygrad_edu", "tests", "benchmarks", "pyproject.toml")

OTHER: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
"""What each operator is exchanged for."""

UNCHANGED = {"annotation", "returns"}
"""Fields of the syntax tree that do nothing when the program runs."""


@dataclass(frozen=True)
class Mutant:
    """A file with one change.

    Attributes
    ----------
    path : the file, relative to the checkout.
    line : the number of the changed line.
    before, after : the changed expression.
    source : the whole file after the change.
    """

    path: Path
    line: int
    before: str
    after: str
    source: bytes


def mutants(path: Path, source: bytes) -> Iterator[Mutant]:
    """Every mutant of a file."""
    text, starts = source.decode(), [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node in nodes(ast.parse(text)):
        for mutated in changes(node):
            begin = starts[node.lineno - 1] + node.col_offset  # the columns of a syntax tree are in bytes
            before, after = ast.get_source_segment(text, node) or "", ast.unparse(mutated)
            new = after if isinstance(node, (ast.Constant, ast.stmt)) else f"({after})"
            changed_source = source[:begin] + new.encode() + source[begin + len(before.encode()) :]
            yield Mutant(path, node.lineno, " ".join(before.split()), after, changed_source)


def nodes(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """The parts of a program that run; without those of f-strings, which are texts for people."""
    if isinstance(node, (ast.expr, ast.stmt)):
        yield node
    for name, field in ast.iter_fields(node):
        for child in field if isinstance(field, list) else [field]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr) and name not in UNCHANGED:
                yield from nodes(child)


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """A part of a program with one change, in every way that there is; its own parts stay as they are."""
    match node:
        case ast.Compare(ops=ops):
            for i, op in enumerate(ops):
                yield twin(node, ops=[*ops[:i], OTHER[type(op)](), *ops[i + 1 :]])
        case ast.BinOp(op=op) | ast.BoolOp(op=op) | ast.AugAssign(op=op) if type(op) in OTHER:
            yield twin(node, op=OTHER[type(op)]())
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            yield operand
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield ast.Constant(value + 1)


def twin(node: ast.AST, **fields: object) -> ast.AST:
    """A copy of a node with other fields."""
    copied = copy.copy(node)
    vars(copied).update(fields)
    return copied


class Copy:
    """A copy of the checkout in a folder, to run the tests of one mutant after the other in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            source, ignored = CHECKOUT / name, shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / name, ignore=ignored) if source.is_dir() else shutil.copy2(source, folder)
        (folder / "torch.py").write_text("raise ModuleNotFoundError('PyTorch is hidden from the tests')\n")
        compileall.compile_dir(folder, quiet=2)

    def passes(self, tests: Sequence[str], seconds: float | None = None) -> bool:
        """Whether the tests pass, in time."""
        path = str(self.folder)
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", "not slow", *tests]
        try:
            done = subprocess.run(command, cwd=path, env=environment, capture_output=True, timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    def survives(self, mutant: Mutant, tests: Sequence[str], seconds: float) -> bool:
        """Whether the tests pass with the mutant in the place of its file."""
        file = self.folder / mutant.path
        source, times = file.read_bytes(), (file.stat().st_atime_ns, file.stat().st_mtime_ns)
        file.write_bytes(mutant.source)
        try:
            return self.passes(tests, seconds)
        finally:
            file.write_bytes(source)
            os.utime(file, ns=times)  # so that its compiled form is valid again


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tests on mutants; 0 if all are noticed, 1 if some survive, 2 if the tests fail without a mutant."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutants", description="Look for mistakes not noticed.")
    parser.add_argument("target", type=Path, help="the file or folder to change, such as tinygrad_edu/optim")
    parser.add_argument("--tests", nargs="+", metavar="PATH", required=True, help="the tests that have to fail")
    parser.add_argument("--count", type=int, default=40, help="how many mutants, drawn at random (40)")
    parser.add_argument("--seed", type=int, default=0, help="of the drawing (0)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many run at a time")
    options = parser.parse_args(arguments)
    target = CHECKOUT / options.target
    files = sorted(target.rglob("*.py")) if target.is_dir() else [target]
    every = [mutant for file in files for mutant in mutants(file.relative_to(CHECKOUT), file.read_bytes())]
    drawn = random.Random(options.seed).sample(range(len(every)), min(options.count, len(every)))
    chosen = [every[i] for i in sorted(drawn)]

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.processes) as pool:
        copies: SimpleQueue[Copy] = SimpleQueue()
        for i in range(options.processes):
            (Path(folder) / str(i)).mkdir()
            copies.put(Copy(Path(folder) / str(i)))
        first, began = copies.get(), time.monotonic()
        if not first.passes(options.tests):
            print("The tests fail without any change.")
            return 2
        seconds = 10 + 5 * (time.monotonic() - began)
        copies.put(first)

        def survives(mutant: Mutant) -> bool:
            free = copies.get()
            try:
                return free.survives(mutant, options.tests, seconds)
            finally:
                copies.put(free)

        survivors = 0
        for mutant, alive in zip(chosen, pool.map(survives, chosen), strict=True):
            if alive:
                survivors += 1
                print(f"{mutant.path}:{mutant.line}: {mutant.before}  ->  {mutant.after}", flush=True)
    print(f"{len(chosen)} of {len(every)} mutants tried: {len(chosen) - survivors} noticed, {survivors} not")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
