"""`tinygrad-edu demo`: the textbook's numbers, real data, pictures; the same each time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tinygrad_edu as tg
from tinygrad_edu.cli.worked_example import accuracy, backward_steps, fit, forward_values, pixels

from .conftest import Command

PICTURES = ["backward.svg", "digits_loss.svg", "forward.svg"]


def test_the_demo_from_end_to_end(typed: Command, folder: Path) -> None:
    code, out, err = typed("demo")
    assert (code, err) == (0, "")
    for line in (
        "  z = q · w = 20",
        "  z = q · w  w        1 × 5 = 5                        ∂z/∂w = 5",
        "  q = x + y  x        4 × 1 = 4                        ∂z/∂x = 4",
    ):
        assert line in out.splitlines()
    found = re.search(r"test accuracy ([\d.]+)%", out)
    assert found is not None
    assert float(found[1]) >= 94
    for picture in PICTURES:
        assert f"  {picture}: Drawing of" in out
        assert (folder / picture).read_text(encoding="utf-8").startswith("<svg")


def test_plain_lines_of_progress(run: Command) -> None:
    out = run("demo", "--epochs", "3", "--out", "pictures").out
    assert re.findall(r"epoch (\d) of 3 ", out) == ["1", "2", "3"]
    assert "\r" not in out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 160


def test_the_same_seed_gives_the_same_text_and_the_same_bytes(typed: Command, folder: Path) -> None:
    def demo(seed: str, out: str) -> tuple[str, list[bytes]]:
        said = typed("demo", "--seed", seed, "--epochs", "2", "--out", out, PYTHONHASHSEED=seed + str(len(out))).out
        return said.replace(out, ""), [(folder / out / picture).read_bytes() for picture in PICTURES]

    first, again, other = demo("7", "one"), demo("7", "another/folder"), demo("8", "three")
    assert first[0].replace("/", "") == again[0].replace("/", "")
    assert first[1] == again[1]
    assert first[0] != other[0]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_94_percent_of_the_digits_held_out_whatever_the_seed(seed: int) -> None:
    train, test = tg.data.digits().split(seed=seed)
    W, b = tg.zeros((64, 10), requires_grad=True), tg.zeros(10, requires_grad=True)
    losses = list(fit(pixels(train.images), train.labels, W, b, epochs=40, seed=seed))
    assert losses[-1] < losses[0] / 5
    assert accuracy(pixels(test.images), test.labels, W, b) >= 0.94


def test_running_sums_where_a_number_is_used_twice() -> None:
    x = tg.Value(3.0, name="x")
    lines = backward_steps(x * x)
    assert [line.split("∂")[-1] for line in lines[1:]] == ["x = 3", "x = 6"]


def test_long_names_keep_the_columns() -> None:
    x = tg.Value(-2.5, name="a_rather_long_name")
    assert forward_values(x * 2) == ["a_rather_long_name = −2.5", "v1" + " " * 17 + "= a_rather_long_name · 2 = −5"]
