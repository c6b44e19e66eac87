"""The lessons, which are programs outside this folder, as pages of the site."""

import shutil
from pathlib import Path


def copy_lessons(tutorials: Path, folder: Path) -> None:
    """Copy the programs that changed, and remove those that are gone."""
    folder.mkdir(exist_ok=True)
    programs = {program.name: program for program in sorted(tutorials.glob("[0-9]*.py"))}
    for name, program in programs.items():
        copy = folder / name
        if not copy.exists() or copy.read_bytes() != program.read_bytes():
            shutil.copyfile(program, copy)
    for copy in folder.glob("*.py"):
        if copy.name not in programs:
            copy.unlink()
