"""Run the notebooks whose files are named, each in a new kernel and in its own folder; an error in a cell ends it."""

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

sys.path.insert(0, str(Path(__file__).parents[1] / "docs"))
from extensions.kernels import KernelInFolder

for file in map(Path, sys.argv[1:]):
    started = time.perf_counter()
    resources = {"metadata": {"path": file.parent}}
    notebook = nbformat.read(file, as_version=4)
    NotebookClient(notebook, kernel_manager_class=KernelInFolder, resources=resources).execute()
    print(f"{file.name}: {time.perf_counter() - started:.0f} s", flush=True)
