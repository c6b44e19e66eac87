"""`tinygrad-edu demo`: the textbook's numbers, real data, pictures; the same each time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tinygrad_edu as tg
from tinygrad_edu.cli.demo import accuracy, fit, pixels

from .conftest import Command

PICTURES = ["backward.svg", "digits_loss.svg", "forward.svg"]


def test_the_demo_from_end_to_end(typed: Command, folder: Path) -> None:
    code, out, err = typed("demo")
    assert (code, err) == (0, "")
    for line in (
        "  2  z = q · w = 20",
        "  5  ∂z/∂w = q = 5",
        "     ∂z/∂w = 1 · 5 = 5",
        "     ∂z/∂x = ∂z/∂q · ∂q/∂x",
        "     ∂z/∂x = 4 · 1 = 4",
        "     ∂u/∂x: 3 → 6",
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
