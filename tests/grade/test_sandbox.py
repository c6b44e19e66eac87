"""A submission runs apart: it answers data in time or the reason is said, and the next question finds it anew."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.grade.test_attacks import processes
from tinygrad_edu.grade import (
    Isolation,
    IsolationError,
    Limits,
    Sandbox,
    SandboxError,
    Student,
    StudentError,
    Submission,
    afterwards,
    evaluate,
    session_of,
)  # fmt: skip
from tinygrad_edu.grade.sandbox.isolation import LEVELS, MECHANISMS

PROGRAM = """
import os, random, sys, time, threading
import numpy as np

PI, NAMES = 3.5, ["x", "y"]

def double(x): return 2 * x
def leave(code): os._exit(code)
def loop():
    while True: pass
def fail():
    return 1 / 0
def step(parameters, rate):
    for p in parameters:
        p -= rate
    return rate
def derivative(f, x, h=1e-6): return (f(x + h) - f(x - h)) / (2 * h)
def is_open(descriptor):
    try: return bool(os.fstat(descriptor))
    except OSError: return False
def opened(): return [descriptor for descriptor in range(1024) if is_open(descriptor)]
def chatter(): print("x" * 10**6); return True
def randoms(): return [*np.random.rand(3), random.random()]
def modules(): return sorted(name for name in sys.modules if "tinygrad" in name)

class Value:
    def __init__(self, data): self.data, self.grad, self.history = data, 0.0, []
    def __add__(self, other): return Value(self.data + (other.data if isinstance(other, Value) else other))
    def __mul__(self, other): return Value(self.data * (other.data if isinstance(other, Value) else other))
    def __neg__(self): return Value(-self.data)
    def __getitem__(self, key): return self.history[key]
    def __iter__(self): return iter([self, self.data])
    __radd__, __rmul__ = __add__, __mul__

print("loaded")
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Limits(call_seconds=1.0)) as sandbox:
        yield sandbox


@pytest.fixture
def student(sandbox: Sandbox) -> Iterator[Student]:
    with sandbox.open(Submission.from_source(PROGRAM)) as session:
        yield session.student


def test_arguments_and_answers_are_data(student: Student) -> None:
    x = np.arange(15.0).reshape(3, 5)
    assert np.array_equal(student.double(x), 2 * x)
    assert student.double([1, "a"]) == [1, "a", 1, "a"]
    assert student.PI == 3.5
    assert student["NAMES"] == ["x", "y"]


def test_objects_stay_behind_and_are_asked(student: Student) -> None:
    a = student.Value(2.0)
    assert repr(a) == "<Value of the student's>"
    assert ((3.0 * a + a) * np.float64(2.0)).data == 16.0
    assert (-a).data == -2.0
    a.grad = 5.0
    assert a.grad == 5.0
    a.history = [7]
    assert a[0] == 7
    itself, number = a
    assert (itself.data, number) == (2.0, 2.0)
    assert itself == a
    assert len({a, itself, student.Value(2.0)}) == 2


def test_nothing_of_a_handle_runs_here(student: Student) -> None:
    a = student.Value(2.0)
    for use in (np.asarray, bool, int, float, complex, range):
        with pytest.raises(StudentError, match=r"<Value of the student's>, where .* is expected"):
            use(a)
    with pytest.raises(AttributeError):
        _ = a.__array_interface__


def test_functions_of_the_graders_can_be_sent_as_source(student: Student) -> None:
    square = evaluate(student, "lambda x: x * x")
    assert student.derivative(square, 3.0) == pytest.approx(6.0)
    with pytest.raises(TypeError, match="cannot be sent"):
        student.derivative(lambda x: x, 3.0)


def test_arguments_are_copies_and_come_back_when_asked_for(student: Student) -> None:
    w = np.ones((2, 3))
    result, (parameters, rate) = afterwards(student.step, [w], 0.5)
    assert (result, rate) == (0.5, 0.5)
    assert np.array_equal(parameters[0], w - 0.5)
    assert np.array_equal(w, np.ones((2, 3)))


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda s: s.doubel(1.0), "missing", "defines no doubel; did you mean it where you wrote double?"),
        (lambda s: s.fail(), "raised", r"ZeroDivisionError: division by zero \(submission.py, line 12: return 1 / 0\)"),
        (lambda s: s.leave(3), "exited", "your program ended itself with exit code 3"),
        (lambda s: s.leave(0), "exited", "your program ended itself with exit code 0"),
        (lambda s: s.loop(), "time", "no answer within 1 s"),
    ],
)
def test_what_happened_is_said_and_later_calls_run(sandbox: Sandbox, call, kind: str, message: str) -> None:  # type: ignore[no-untyped-def]
    with sandbox.open(Submission.from_source(PROGRAM)) as session:
        double = session.student.double
        with pytest.raises(StudentError, match=message) as caught:
            call(session.student)
        assert caught.value.kind == kind
        assert double(4.0) == 8.0
        assert session.output == ("loaded\nloaded\n" if kind in ("exited", "time") else "loaded\n")


def test_a_program_that_breaks_python_ends_at_once_and_in_silence(sandbox: Sandbox) -> None:
    source = (
        "import builtins, sys\n"
        "def broken(*_, **__): raise RuntimeError\n"
        "def break_python(): sys.excepthook = builtins.isinstance = broken\n"
        "def f(): return 2.0\n"
    )
    with sandbox.open(Submission.from_source(source)) as session:
        with pytest.raises(StudentError, match="exit code 1"):
            session.student.break_python()
        assert session.student.f() == 2.0
        assert not session.output


def test_an_object_is_lost_with_its_process(student: Student) -> None:
    value = student.Value(1.0)
    with pytest.raises(StudentError):
        student.leave(0)
    with pytest.raises(StudentError, match="was lost when your program ended"):
        _ = value.data


def test_what_does_not_load_is_said_at_its_line_and_costs_nothing_else(sandbox: Sandbox) -> None:
    source = "def f(x):\n    return x\n\ndef g(x)\n    return x\n\nimport torch\n1 / 0\ndef h(x): return x + 1\n"
    with sandbox.open(Submission.from_source(source)) as session:
        assert session.student.f(1) + session.student.h(1) == 3
        problems = [(problem["line"], problem["message"]) for problem in session.problems]
    assert problems == [
        (4, "syntax error: expected ':'"),
        (7, "ModuleNotFoundError: 'torch' is not there while you are graded; NumPy and the standard library are"),
        (8, "ZeroDivisionError: division by zero"),
    ]


def test_time_is_limited_for_all_calls_together() -> None:
    limits = Limits(call_seconds=0.3, total_seconds=0.8)
    with Sandbox(limits) as sandbox, sandbox.open(Submission.from_source(PROGRAM)) as session:
        for _ in range(4):
            with pytest.raises(StudentError) as caught:
                session.student.loop()
        assert "are used up" in str(caught.value)


SLOW = "import time\ntime.sleep(9)\ndef f(x): return 2 * x\nfor _ in range(9):\n    time.sleep(9)\n"
DEAF = """
import time
def train():
    while True:
        try: time.sleep(0.01)
        except BaseException: pass
"""


def test_a_statement_that_is_too_slow_costs_nothing_else_and_is_left_out_from_then_on() -> None:
    with Sandbox(Limits(load_seconds=0.8)) as sandbox, sandbox.open(Submission.from_source(SLOW)) as session:
        for _ in range(3):
            assert session.student.f(3.0) == 6.0
            session.close()
        assert [problem["line"] for problem in session.problems] == [2, 5]
        assert "interrupted here after" in session.problems[0]["message"]
        assert session.record.seconds < 3 * 0.8


def test_a_statement_that_had_no_time_left_gets_it_without_the_slow_ones() -> None:
    source = "import time\ntime.sleep(9)\ntime.sleep(9)\nfor _ in range(3): time.sleep(0.05)\nx = 1\n"
    with Sandbox(Limits(load_seconds=1.0)) as sandbox, sandbox.open(Submission.from_source(source)) as session:
        assert session.student.x == 1
        assert [problem["line"] for problem in session.problems] == [2, 3]


def test_of_a_program_that_goes_on_though_interrupted_all_definitions_are_there() -> None:
    source = DEAF + "train()\ndef f(x): return 2 * x\n"
    with Sandbox(Limits(load_seconds=0.5)) as sandbox, sandbox.open(Submission.from_source(source)) as session:
        assert session.student.f(3.0) == 6.0
        assert "only definitions, imports and assignments" in session.problems[0]["message"]


def test_a_program_that_does_not_load_is_not_loaded_again() -> None:
    source = DEAF + "x = train()\n"
    with Sandbox(Limits(load_seconds=0.5)) as sandbox, sandbox.open(Submission.from_source(source)) as session:
        started = time.monotonic()
        for _ in range(5):
            with pytest.raises(StudentError, match="while it was loaded"):
                _ = session.student.f
        assert time.monotonic() - started < 2.0  # each of five times would be 1


def test_every_child_is_fresh_and_like_every_other(sandbox: Sandbox) -> None:
    numbers = []
    for _ in range(2):
        with sandbox.open(Submission.from_source(PROGRAM)) as session:
            assert session.student.modules() == []
            assert session.student.opened() == [0, 1, 2, 3, 4]  # nothing, output twice, and the two pipes
            numbers.append(session.student.randoms())
    assert np.array_equal(*numbers)


HOMES = """
import os
def homes(): return [os.environ["HOME"], os.environ["TMPDIR"]], os.getcwd()
def write():
    with open(os.path.join(os.environ["HOME"], "note.txt"), "w") as file: file.write("for the next one")
    return os.listdir(os.environ["HOME"])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems give every child a directory")
@pytest.mark.parametrize("walled", [True, False])
def test_a_child_has_a_directory_of_its_own_only_where_it_could_write_into_it(walled: bool) -> None:
    found = []
    with Sandbox(without=() if walled else ["files"]) as sandbox:
        if walled and "files" in sandbox.isolation.missing:
            pytest.skip("needs Landlock")
        for _ in range(2):
            with sandbox.open(Submission.from_source(HOMES)) as session:
                homes, here = session.student.homes()
                found.append(homes[0])
                assert (homes == [here, here]) is walled
                if walled:
                    with pytest.raises(StudentError, match=r"Permission|Read-only"):
                        session.student.write()
                else:
                    assert session.student.write() == ["note.txt"], "it finds nothing of another child"
    assert (found[0] == found[1]) is walled


def test_nobody_fails_for_printing_much(student: Student, sandbox: Sandbox) -> None:
    assert student.chatter()
    assert len(session_of(student).output) < 25_000


def test_two_sessions_do_not_meet(sandbox: Sandbox) -> None:
    program = Submission.from_source(PROGRAM)
    with sandbox.open(program) as one, sandbox.open(program) as two:
        value = one.student.Value(1.0)
        with pytest.raises(TypeError, match="another session"):
            two.student.double(value)


def test_many_threads_can_use_one_sandbox(sandbox: Sandbox) -> None:
    answers = []

    def use(number: int) -> None:
        with sandbox.open(Submission.from_source(PROGRAM)) as session:
            answers.append(session.student.double(number) == 2 * number)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 12


def test_the_isolation_is_stated_and_required() -> None:
    with Sandbox() as sandbox:
        level, missing = sandbox.isolation.level, sandbox.isolation.missing
    assert level >= 1
    assert set(missing) <= set(MECHANISMS)
    with Sandbox(without=["system calls"]) as weaker:
        assert weaker.isolation.level == min(level, 3)
        assert f"no  {MECHANISMS['system calls']}\n      left out" in str(weaker.isolation)
    with pytest.raises(IsolationError, match="isolation level 4 is required"):
        Sandbox(require_isolation=4, without=["system calls"])
    with pytest.raises(ValueError, match="no such mechanism: files and folders"):
        Sandbox(without=["files and folders"])


@pytest.mark.parametrize(
    ("missing", "level"),
    [
        ((), 5),
        (("user",), 5),
        (("network",), 5),
        (("user", "network"), 4),
        (("capabilities",), 4),
        (("system calls",), 3),
        (("files",), 2),
        (("files", "system calls"), 2),
        (("memory",), 1),
    ],
)
def test_a_level_needs_all_below_it(missing: tuple[str, ...], level: int) -> None:
    isolation = Isolation(dict.fromkeys(missing, "not on this system"))
    assert isolation.level == level
    assert LEVELS[level] in str(isolation)


def test_a_cold_start_answers_the_same() -> None:
    with Sandbox(Limits(call_seconds=0.5), fork=False) as sandbox:
        with sandbox.open(Submission.from_source(PROGRAM)) as session:
            assert session.student.double(2.0) == 4.0
            with pytest.raises(StudentError, match="exit code 3"):
                session.student.leave(3)
            assert session.student.double(2.0) == 4.0
            assert session.output == "loaded\nloaded\n"
        level = sandbox.isolation.level
    with Sandbox() as forked:
        assert forked.isolation.level == level


def test_a_sandbox_that_dies_is_the_graders_error_and_is_replaced() -> None:
    with Sandbox() as sandbox:
        session = sandbox.open(Submission.from_source(PROGRAM))
        session.child()
        os.kill(sandbox._starter.process.pid, signal.SIGKILL)  # type: ignore[union-attr]
        sandbox._starter.process.wait()  # type: ignore[union-attr]
        with pytest.raises(SandboxError, match="clean process"):
            session.close()
        with sandbox.open(Submission.from_source(PROGRAM)) as session:
            assert session.student.double(1.0) == 2.0


GRADER = """
import os, time
from tinygrad_edu.grade import Limits, Sandbox, Submission
sandbox = Sandbox(Limits(cpu_seconds=MARK))
session = sandbox.open(Submission.from_source("def f(): return 1"))
session.student.f()
print("working", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_nothing_survives_a_grader_that_is_killed(tmp_path: Path) -> None:
    mark = 20_000 + os.getpid()
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    program = GRADER.replace("MARK", str(mark))
    grader = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment)
    assert grader.stdout is not None
    with grader.stdout:
        assert grader.stdout.readline() == b"working\n"
    assert len(processes(mark)) == 2
    grader.kill()
    grader.wait()
    deadline = time.monotonic() + 5
    while (processes(mark) or list(tmp_path.iterdir())) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not processes(mark)
    assert list(tmp_path.iterdir()) == []


def test_the_untrusted_side_imports_nothing_of_the_trusted_side() -> None:
    import tinygrad_edu.grade.inside as inside

    for path in Path(inside.__file__).parent.glob("*.py"):
        assert "from .." not in path.read_text(encoding="utf-8")
        assert "tinygrad_edu." not in path.read_text(encoding="utf-8")


@pytest.mark.skipif((sys.platform, platform.machine()) != ("linux", "x86_64"), reason="a switch of this processor")
def test_long_doubles_have_the_digits_of_floats(sandbox: Sandbox) -> None:
    source = "import numpy as np\ndef left(): return float(np.longdouble(1) + np.longdouble(2) ** -60 - 1)\n"
    assert np.longdouble(1) + np.longdouble(2) ** -60 > 1
    with sandbox.open(Submission.from_source(source)) as session:
        assert session.student.left() == 0.0
