"""The autograder for Gradescope: the zip that an instructor uploads, and the function that runs there.

Gradescope unpacks the zip into `/autograder/source` and runs `setup.sh` once. Then, for each submission, it runs
`/autograder/run_autograder` as root in a fresh container. This reads `submission/` and `submission_metadata.json`
beside it and writes `results/results.json` (https://gradescope-autograders.readthedocs.io/en/latest/specs/).

The zip also holds this package, so Gradescope grades with the version that the instructor tried.
"""

from __future__ import annotations

import io
import json
import os
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import requires
from pathlib import Path
from typing import Any

from ..._support.files import replace_file
from ...errors import FileError
from ..assignment import load_assignment
from ..errors import SandboxError
from ..grading import grade_one
from ..jobs import Job
from ..results import Feedback
from ..sandbox.sandbox import Sandbox
from .services import gradescope
from .words import UNGRADED, final, to_look_at

__all__ = ["autograder", "run"]

SETUP = """\
#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image.
set -euo pipefail
cd "$(dirname "$0")"
apt-get update
apt-get install --yes --no-install-recommends python3 python3-venv
python3 -m venv venv
venv/bin/python -m pip install {requirements}
chmod -R go= assignment settings.json  # nobody but root reads the checks
"""

RUN = """\
#!/usr/bin/env bash
# Gradescope runs this for each submission, as root, in a fresh container.
set -euo pipefail
cd "$(dirname "$0")/source"
exec venv/bin/python -c 'from tinygrad_edu.grade.formats.autograder import run; run("..")'
"""


def autograder(
    assignment: str | os.PathLike[str],
    *,
    secret: bytes = b"",
    feedback: Feedback = "how",
    require_isolation: int = 1,
) -> bytes:
    """The zip for Gradescope, as bytes.

    Parameters
    ----------
    assignment : its folder, which is taken as a whole; or its file, with all .py files beside it.
    secret : the bytes from which the inputs of each student are drawn; see `Job`.
    feedback : how much students are told: "what", "where" or "how".
    require_isolation : the lowest isolation level at which students are graded.

    Raises `AssignmentError` if the assignment cannot be used, and `OSError` if a file cannot be read.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "hw1.py").write_text(
    ...         "from tinygrad_edu.grade import Assignment, expect\\n"
    ...         "hw = Assignment('hw1')\\n"
    ...         "@hw.check()\\n"
    ...         "def two(student, rng): expect(student.two()).equals(2)\\n")
    ...     zipped = zipfile.ZipFile(io.BytesIO(autograder(Path(folder, "hw1.py"))))
    >>> sorted(name for name in zipped.namelist() if not name.startswith("tinygrad_edu/"))
    ['assignment/hw1.py', 'run_autograder', 'settings.json', 'setup.sh']
    """
    loaded = load_assignment(assignment)  # refuse now an assignment that does not load
    path = Path(assignment).resolve()
    folder, file = (path, "assignment.py") if path.is_dir() else (path.parent, path.name)
    beside = _files(folder) if path.is_dir() else [other for other in _files(folder, "*.py") if other.parent == folder]
    beside = sorted({*beside, *(folder / name for name in loaded.assignment.files)})
    package = Path(__file__).parents[2]
    needed = [one for one in requires(package.name) or [] if "extra ==" not in one]
    settings = {
        "assignment": file,
        "secret": secret.hex(),
        "feedback": feedback,
        "require_isolation": require_isolation,
    }
    content = {
        "setup.sh": SETUP.format(requirements=" ".join(f"'{one}'" for one in needed)).encode(),
        "run_autograder": RUN.encode(),
        "settings.json": json.dumps(settings, indent=1).encode(),
        **{f"assignment/{one.relative_to(folder).as_posix()}": one.read_bytes() for one in beside},
        **{f"{package.name}/{one.relative_to(package).as_posix()}": one.read_bytes() for one in _files(package)},
    }
    return _zipped(content)


def _zipped(content: Mapping[str, bytes]) -> bytes:
    """A zip of files by their names: the same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in content.items():
            entry = zipfile.ZipInfo(name)  # dated 1980
            entry.external_attr = (0o755 if name in ("setup.sh", "run_autograder") else 0o644) << 16
            file.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _files(folder: Path, pattern: str = "*") -> list[Path]:
    """The files in a folder and below it, without caches and hidden ones."""

    def wanted(path: Path) -> bool:
        names = path.relative_to(folder).parts
        return path.is_file() and not any(name == "__pycache__" or name.startswith(".") for name in names)

    return sorted(filter(wanted, folder.rglob(pattern)))


def run(folder: str | os.PathLike[str]) -> None:
    """Grade the submission in a folder with the layout of Gradescope's `/autograder`, and write `results.json`.

    If the grader fails, the file has no score or is missing, the exit code is 1, and the output, which instructors can
    see, says why.
    """
    root = Path(folder)
    settings = json.loads((root / "source" / "settings.json").read_text(encoding="utf-8"))
    loaded = load_assignment(root / "source" / "assignment" / settings["assignment"])
    metadata = root / "submission_metadata.json"
    students, late = _students(metadata), days_late(metadata)
    student = "+".join(sorted(one["email"] for one in students)) or "student"
    secret = bytes.fromhex(settings["secret"] or loaded.sha256)
    job = Job(loaded, student, str(root / "submission"), secret, settings["require_isolation"], late=late)
    limits = loaded.assignment.limits
    try:
        with Sandbox(limits, require_isolation=job.require_isolation, files=loaded.files) as sandbox:
            result = grade_one(
                loaded.assignment,
                job.submission(),
                sandbox=sandbox,
                student=job.student,
                secret=job.secret,
                assignment_sha256=loaded.sha256,
                late=job.late,
            )
    except SandboxError as error:
        sys.exit(f"{UNGRADED}\n{error}")
    (root / "results").mkdir(exist_ok=True)
    text = gradescope(result.told(settings["feedback"]), students)
    replace_file(root / "results" / "results.json", text.encode())
    print("\n".join(to_look_at(result)))  # which Gradescope shows to instructors alone
    if not final(result):
        sys.exit("\n".join([UNGRADED, *(f"{check.name}: {check.message}" for check in result.checks)]))


def _students(metadata: Path) -> list[dict[str, str]]:
    """The names and e-mail addresses of the students who handed in; groups have several."""
    with _reading(metadata) as document:
        return [{key: str(user.get(key, "")) for key in ("name", "email")} for user in document.get("users", [])]


def days_late(metadata: Path) -> float:
    """How many days after the last due date it was handed in; a student who was given more time has another one."""
    with _reading(metadata) as document:
        dates = [one.get("assignment", {}).get("due_date") for one in (document, *document.get("users", []))]
        due, handed_in = [_time(date) for date in dates if date], document.get("created_at")
        return max((_time(handed_in) - max(due)).total_seconds() / 86_400, 0.0) if due and handed_in else 0.0


@contextmanager
def _reading(metadata: Path) -> Iterator[dict[str, Any]]:
    """The content of the file; empty if an instructor tries the autograder by hand. Raises `FileError` for damage."""
    try:
        yield json.loads(metadata.read_bytes()) if metadata.exists() else {}
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise FileError(f"{metadata} is damaged: {error}") from None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))  # before Python 3.11 it does not know Z
