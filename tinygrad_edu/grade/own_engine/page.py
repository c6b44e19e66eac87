"""`check_engine`: asks a home-made engine everything, and writes one page of what is right.

The engine runs in a process of its own: an endless loop, or a recursion that ends the interpreter, costs one question
and not the page.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..._support.languages import VARIABLE, language, say, texts
from ..._support.text import clean, exception_text
from ..errors import AssignmentError, WrongAnswer
from .engine import Engine, NotOffered, load_adapter
from .questions import LARGE, Question, about_graphs, about_operations

__all__ = ["Finding", "Page", "answered", "check_engine", "questions", "serve"]

SECONDS = 20.0
"""The longest time of the processor for one question; on a busy machine it may be ten times as long."""

GROWS = texts(
    "The work grows faster than the graph: visit every node once, and find the next one without a search through all "
    "that wait."
)

STARTING = 120.0
"""The longest time for loading the adapter and what it imports."""


def questions() -> list[Question]:
    """All questions, in the order of the page."""
    return about_operations() + about_graphs()


@dataclass(frozen=True)
class Finding:
    """The outcome of a question: "right", "wrong" or "not offered"; and what is wrong, in words."""

    section: str
    name: str
    outcome: str
    kind: str = ""
    message: str = ""
    how: str = ""


@dataclass(frozen=True)
class Page:
    """What is right about an engine, and what is not. It is true if nothing is wrong."""

    name: str
    findings: tuple[Finding, ...]

    def __bool__(self) -> bool:
        return not self.of("wrong")

    def of(self, outcome: str) -> list[Finding]:
        """The findings of one outcome."""
        return [finding for finding in self.findings if finding.outcome == outcome]

    def __str__(self) -> str:
        right, wrong, missing = map(self.of, ("right", "wrong", "not offered"))
        text = texts("{name}: {right} right, {wrong} wrong, {missing} not offered")
        lines = [say(text, name=self.name, right=len(right), wrong=len(wrong), missing=len(missing))]
        for section in dict.fromkeys(finding.section for finding in self.findings):
            here = [finding for finding in self.findings if finding.section == section]
            lines += ["", section]
            for text, outcome in (("✓ {names}", "right"), (texts("– not offered: {names}"), "not offered")):
                names = [finding.name for finding in here if finding.outcome == outcome]
                said = say("all {n}", n=len(names)) if len(names) == len(here) else say("; ").join(names)
                lines += ["  " + say(text, names=said)] if names else []
            for finding in here:
                if finding.outcome == "wrong":
                    lines.append("  ✗ " + say("{name}: {problem}", name=finding.name, problem=finding.message))
                    lines += [f"      {finding.how}"] if finding.how else []
        return clean("\n".join(lines), 20_000)


def answered(engine: Engine, question: Question) -> Finding:
    """Ask one question."""
    section, name = say(question.section), say(question.name)
    try:
        with np.errstate(all="ignore"):
            question.ask(engine)
    except WrongAnswer as wrong:
        said = say(" ").join(filter(None, (str(wrong), wrong.where)))
        return Finding(section, name, "wrong", wrong.kind, said, say(wrong.how))
    except NotOffered as missing:
        return Finding(section, name, "not offered", "", str(missing))
    except RecursionError:
        how = say("Loop over a list instead of recursing.")
        return Finding(section, name, "wrong", "recursion", "RecursionError", how)
    except Exception as error:
        return Finding(section, name, "wrong", "raised", exception_text(error))
    return Finding(section, name, "right")


def serve(path: str, first: int, seconds: float) -> None:
    """In the process of the engine: answer all questions from a number on, each in a line of JSON."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the engine prints is no answer
    try:
        engine = load_adapter(path)
    except AssignmentError as error:
        answers.write(json.dumps({"refused": str(error)}) + "\n")
        return
    answers.write(json.dumps({"ready": True}) + "\n")
    answers.flush()
    for question in questions()[first:]:
        if hasattr(signal, "setitimer"):  # its signal ends the process; on Windows the grader looks at the clock
            signal.setitimer(signal.ITIMER_PROF, seconds)
        answers.write(json.dumps(vars(answered(engine, question))) + "\n")
        answers.flush()


def check_engine(path: str | os.PathLike[str], *, seconds: float = SECONDS) -> Page:
    """Ask the engine behind an adapter everything.

    Parameters
    ----------
    path : the file of the adapter; modules beside it can be imported.
    seconds : the longest time for one question.

    Raises `AssignmentError` if the adapter cannot be used.
    """
    asked = questions()
    findings: list[Finding] = []
    while len(findings) < len(asked):
        findings += _until_it_stops(str(path), len(findings), seconds)
        if len(findings) < len(asked):
            findings.append(_stopped(asked[len(findings)], seconds))
    return Page(Path(path).name, tuple(findings))


def _stopped(question: Question, seconds: float) -> Finding:
    """The finding about a question that ended the process, or took too long."""
    text = texts("no answer in {s} s of the processor's time, or the process ended")
    message, section, name = say(text, s=f"{seconds:g}"), say(question.section), say(question.name)
    how = say(GROWS) if question.ask in LARGE else ""
    return Finding(section, name, "wrong", "time", message, how)


def _until_it_stops(path: str, first: int, seconds: float) -> list[Finding]:
    """The answers of one process, until it ends or is late."""
    call = "serve(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))"
    command = f"import sys; from tinygrad_edu.grade.own_engine.page import serve; {call}"
    child = subprocess.Popen(
        [sys.executable, "-c", command, path, str(first), str(seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        env=os.environ | {VARIABLE: language()},
    )
    lines: queue.Queue[str] = queue.Queue()

    def listen() -> None:
        assert child.stdout is not None
        for line in child.stdout:
            lines.put(line)
        lines.put("")

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    found: list[Finding] = []
    try:
        ended = {"refused": say("{name}: {problem}", name=path, problem=say("it ended while it was loaded"))}
        ready = json.loads(lines.get(timeout=STARTING) or "{}") or ended
        if "refused" in ready:
            raise AssignmentError(ready["refused"])
        patience = 10 * seconds if hasattr(signal, "setitimer") else seconds
        while line := lines.get(timeout=patience):
            found.append(Finding(**json.loads(line)))
        return found
    except queue.Empty:
        return found
    finally:
        child.kill()
        child.wait()
        listener.join()
        if child.stdout is not None:
            child.stdout.close()
