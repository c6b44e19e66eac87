"""What can be tried on any system of the parts that macOS and Windows need."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tinygrad_edu.grade import Limits, Sandbox, StudentError, Submission
from tinygrad_edu.grade.inside import filters
from tinygrad_edu.grade.inside.wire import pack, unpack
from tinygrad_edu.grade.sandbox import children, other_systems
from tinygrad_edu.grade.sandbox.children import BlockingChannel, Channel


@pytest.fixture(params=[Channel, BlockingChannel])
def ends(request: pytest.FixtureRequest) -> Iterator[tuple[Channel, int, int]]:
    """A channel, and the two descriptors of whoever is at its other end."""
    (theirs_in, requests), (answers, theirs_out) = os.pipe(), os.pipe()
    channel = request.param(requests, answers)
    yield channel, theirs_in, theirs_out
    for descriptor in (theirs_in, theirs_out):
        try:
            os.close(descriptor)
        except OSError:
            continue  # the test has closed it
    channel.close()


def soon(seconds: float = 5.0) -> float:
    return time.monotonic() + seconds


def test_a_frame_goes_out_and_a_frame_comes_back(ends: tuple[Channel, int, int]) -> None:
    channel, theirs_in, theirs_out = ends
    frame = pack({"x": list(range(1000))}, lambda x: (0, ""))

    def echo() -> None:
        left = len(frame)
        while left:
            left -= os.write(theirs_out, os.read(theirs_in, left))

    thread = threading.Thread(target=echo)
    thread.start()
    channel.write(frame, soon())
    assert unpack(*channel.read(soon()), lambda *_: None) == {"x": list(range(1000))}
    thread.join()


def test_nobody_who_reads_or_writes_is_waited_for_longer_than_the_clock_allows(ends: tuple[Channel, int, int]) -> None:
    channel, _, theirs_out = ends
    os.write(theirs_out, b"\x08\x00")
    with pytest.raises(TimeoutError):
        channel.read(soon(0.05))
    if type(channel) is Channel:  # the other one is still waiting for the answer
        with pytest.raises(TimeoutError):
            channel.write(bytes(1 << 20), soon(0.05))


def test_the_end_of_a_pipe_is_no_answer(ends: tuple[Channel, int, int]) -> None:
    channel, theirs_in, theirs_out = ends
    os.write(theirs_out, b"\x08\x00")
    os.close(theirs_out)
    with pytest.raises(EOFError):
        channel.read(soon())
    os.close(theirs_in)
    with pytest.raises(EOFError):
        channel.write(bytes(1 << 20), soon())


def test_a_sandbox_works_over_blocking_pipes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "Channel", BlockingChannel)
    source = "def f(x): return 2 * x\ndef loop():\n    while True: pass"
    limits = Limits(call_seconds=0.3)
    with Sandbox(limits, fork=False) as sandbox, sandbox.open(Submission.from_source(source)) as session:
        with pytest.raises(StudentError, match="no answer within"):
            session.student.loop()
        assert session.student.f(3.0) == 6.0


@pytest.mark.skipif(shutil.which("ps") is None, reason="asks ps, which every macOS has")
def test_a_process_that_takes_too_much_memory_is_killed() -> None:
    process = subprocess.Popen([sys.executable, "-c", "x = bytearray(1 << 27)\nimport time\ntime.sleep(20)"])
    other_systems.watch_memory(process, 1 << 26)
    assert process.wait(timeout=10) != 0


def test_the_profile_of_macos_opens_numpy_and_closes_the_packages_around_it() -> None:
    rules = other_systems.profile("/home of a child").splitlines()
    assert all(rule.count("(") == rule.count(")") for rule in rules)
    assert "numpy" in rules[-1]
    assert "/home of a child" in rules[-1]
    assert rules[-1].startswith("(allow")
    assert rules[-2].startswith("(deny file-read-data")


def test_the_profile_names_folders_as_they_are_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Cellar").mkdir()
    (tmp_path / "opt").symlink_to(tmp_path / "Cellar")
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path / "opt"))
    assert f'(subpath "{tmp_path.resolve()}/Cellar")' in other_systems.profile("/home")


def test_where_sandbox_exec_does_not_work_it_is_not_believed() -> None:
    if not Path("/usr/bin/sandbox-exec").exists():
        assert not other_systems.can_confine()


@pytest.mark.parametrize("error", [ProcessLookupError, PermissionError])
def test_a_child_that_has_ended_is_no_error_on_any_system(monkeypatch: pytest.MonkeyPatch, error: type) -> None:
    def no_group(group: int, number: int) -> None:
        raise error

    monkeypatch.setattr(os, "killpg", no_group)
    with Sandbox(fork=False) as sandbox, sandbox.open(Submission.from_source("def f(): raise SystemExit")) as session:
        session.child().process.kill()
        with pytest.raises(StudentError, match="was ended by SIGKILL"):
            session.student.f()


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="the sizes on 64 bits")
def test_the_structures_of_windows_have_their_sizes() -> None:
    assert ctypes.sizeof(other_systems.BasicLimits) == 64
    assert ctypes.sizeof(other_systems.ExtendedLimits) == 144
    limits = other_systems.job_limits({"cpu_seconds": 2, "memory": 1 << 20})
    assert (limits.basic.process_time, limits.job_memory, limits.basic.processes) == (20_000_000, 1 << 20, 1)


def test_on_windows_a_child_is_the_real_interpreter_and_finds_its_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "_base_executable", "C:\\Python\\python.exe")
    monkeypatch.setenv("SYSTEMROOT", "C:\\Windows")
    assert children._command("serve_alone", {})[0] == "C:\\Python\\python.exe"
    assert {"SYSTEMROOT", "PATH"} < children._environment("home").keys()


class Ended:
    """A process that has ended with this exit code, and the kernel that ended its job."""

    def __init__(self, status: int) -> None:
        self.wait, self.job = lambda: status, 1
        self.TerminateJobObject = self.CloseHandle = lambda *_: 1


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (3, "your program ended itself with exit code 3"),
        (other_systems.KILLED, "your program was ended by SIGKILL: it closed its pipes or killed itself"),
        (0xC0000005, "your program was ended by SIGSEGV: memory that is not its own"),
        (0xC00000FD, "your program was ended by SIGSEGV: memory that is not its own, or a recursion without an end"),
    ],
)
def test_how_a_child_ended_on_windows(monkeypatch: pytest.MonkeyPatch, status: int, told: str) -> None:
    ended = Ended(status)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "WinDLL", lambda name, use_last_error: ended, raising=False)
    assert children._how_it_ended(other_systems.end_job(ended)).startswith(told)


def test_windows_removes_a_directory_with_files_that_are_only_to_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, unlink = tmp_path / "home", os.unlink
    children._write_files(home, {"data/x.csv": b"1"})

    def unlink_as_windows(path: str, **how: Any) -> None:
        if not os.stat(path, **how).st_mode & 0o200:
            raise PermissionError(13, "Access is denied", path)
        unlink(path, **how)

    monkeypatch.setattr(os, "unlink", unlink_as_windows)
    monkeypatch.setattr(sys, "platform", "win32")
    children._remove(str(home))
    assert not home.exists()


LACKING = """
import ctypes, json, os, pathlib, platform, struct, sys, sysconfig
sys.path.insert(0, sys.argv[1])
sys.platform = "win32"
sys.modules["resource"] = None
del os.getuid
from inside.walls import raise_walls
settings = {"without": (), "cpu_seconds": 9, "file_bytes": 9, "tasks": 9, "memory": 9, "rules": None}
print(json.dumps(raise_walls(".", os.getppid(), settings, {"files": "no Landlock"})))
"""


def test_walls_that_a_system_lacks_are_reported_one_by_one() -> None:
    folder = Path(children.__file__).parents[1]
    answer = subprocess.run([sys.executable, "-c", LACKING, str(folder)], capture_output=True, text=True, check=True)
    reached = json.loads(answer.stdout)
    assert set(reached) == {"limits", "memory", "user", "capabilities", "parent", "files", "system calls"}
    assert reached["files"] == "no Landlock"
    assert reached["system calls"] == reached["parent"] == reached["capabilities"] == "only on Linux"
    assert all(reached.values())


HEADERS = {0: "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", 1: "/usr/include/asm-generic/unistd.h"}


@pytest.mark.parametrize("column", [0, 1], ids=["x86_64", "aarch64"])
def test_the_numbers_of_the_system_calls_are_those_of_the_kernels_headers(column: int) -> None:
    if not Path(HEADERS[column]).exists():
        pytest.skip("needs the headers of the kernel (linux-libc-dev)")
    numbers = {}
    for line in Path(HEADERS[column]).read_text().splitlines():
        words = line.replace("__NR3264_", "__NR_").split()
        if len(words) == 3 and words[1].startswith("__NR_") and words[2].isdigit():
            numbers[words[1].removeprefix("__NR_")] = int(words[2])
    numbers.setdefault("newfstatat", numbers.get("fstatat", 0))  # the generic header's name for it
    ours = {name: pair[column] for calls in filters.ALLOWED.values() for name, pair in calls.items()}
    ours |= {name: pair[column] for name, (pair, _, _) in filters.CONDITIONAL.items()}
    ours |= {"clone": filters.CLONE[column], "clone3": filters.CLONE3}
    assert {name: number for name, number in ours.items() if number is not None} == {
        name: numbers[name] for name, number in ours.items() if number is not None
    }
    assert not [name for name, number in ours.items() if number is None and name in numbers]


@pytest.mark.parametrize("column", [0, 1], ids=["x86_64", "aarch64"])
def test_every_jump_of_the_filter_lands_inside_it(column: int) -> None:
    program = filters.instructions(column, 0xC000003E, 1234)
    for place, (operation, if_true, if_false, _) in enumerate(program):
        if operation in (filters.IF_EQUAL, filters.IF_BITS):
            assert place + 1 + max(if_true, if_false) < len(program)
    assert program[-1] == (filters.RETURN, 0, 0, filters.NOT_PERMITTED)


@pytest.mark.parametrize(
    ("name", "arguments", "answer"),
    [
        ("read", (), filters.ALLOW),
        ("clone", (filters.CLONE_THREAD | 0x100,), filters.ALLOW),
        ("clone", (0x11,), filters.NOT_PERMITTED),
        ("clone3", (), filters.NO_SUCH_CALL),
        ("kill", (1234,), filters.ALLOW),
        ("kill", (1,), filters.NOT_PERMITTED),
        ("fcntl", (3, 1030), filters.ALLOW),
        ("fcntl", (3, 8), filters.NOT_PERMITTED),
        ("ioctl", (0, 0x5401), filters.ALLOW),
        ("ioctl", (0, 0x5412), filters.NOT_PERMITTED),
        ("prlimit64", (0,), filters.ALLOW),
        ("prlimit64", (1,), filters.NOT_PERMITTED),
        ("execve", (), filters.NOT_PERMITTED),
        ("x32 read", (), filters.NOT_PERMITTED),
    ],
)
@pytest.mark.parametrize("column", [0, 1], ids=["x86_64", "aarch64"])
def test_what_the_filter_answers(name: str, arguments: tuple[int, ...], answer: int, column: int) -> None:
    numbers = {"read": (0, 63), "clone": filters.CLONE, "clone3": (435, 435), "execve": (59, 221)}
    numbers |= {"x32 read": (0x40000000, 0x40000000)}
    numbers |= {call: pair for call, (pair, _, _) in filters.CONDITIONAL.items()}
    memory = {0: numbers[name][column], 4: 7} | {16 + 8 * i: value for i, value in enumerate(arguments)}
    assert interpret(filters.instructions(column, 7, 1234), memory) == answer
    assert interpret(filters.instructions(column, 8, 1234), memory) == filters.KILL


def interpret(program: list[filters.Instruction], memory: dict[int, int]) -> int:
    """Run a filter as the kernel does."""
    place = accumulator = 0
    while True:
        operation, if_true, if_false, operand = program[place]
        if operation == filters.RETURN:
            return operand
        if operation == filters.LOAD:
            accumulator = memory[operand]
            place += 1
        else:
            true = accumulator == operand if operation == filters.IF_EQUAL else bool(accumulator & operand)
            place += 1 + (if_true if true else if_false)
