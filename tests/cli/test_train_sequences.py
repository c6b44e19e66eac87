"""`tinygrad-edu train` teaches a recurrent network a text, and a pair of networks to make digits."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .conftest import Command


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_recurrent_network_learns_a_text_and_goes_on_with_it(run: Command, folder: Path, cell: str) -> None:
    Path("text.txt").write_text("床前看月光，疑是地上霜。\n" * 60, encoding="utf-8")
    options = [
        "--text",
        "text.txt",
        "--cell",
        cell,
        "--channels",
        "24",
        "--block",
        "13",
        "--epochs",
        "12",
        "--lr",
        "0.02",
    ]
    code, out, err = run("train", "char_rnn", *options)
    assert (code, err) == (0, "")
    assert float(out.split()[-1]) < 2, "it has the line by heart"
    code, out, err = run("sample", "char_rnn.npz", "--prompt", "床前", "--length", "10", "--temperature", "0")
    assert (code, err, out.strip()) == (0, "", "床前看月光，疑是地上霜。")


def test_heads_are_no_option_of_a_recurrent_network(run: Command) -> None:
    code, _, err = run("train", "char_rnn", "--heads", "2")
    assert code == 2
    assert "--heads is an option of" in err


def test_two_networks_make_digits(run: Command, folder: Path) -> None:
    code, out, err = run("train", "gan", "--epochs", "2")
    assert (code, err) == (0, "")
    assert re.search(r"epoch 2/2  loss \d\.\d{4}  told apart \d+\.\d\d%  test told apart", out)
    assert (folder / "gan-samples.svg").is_file() == ("gan-samples.svg" in out)
    code, resumed, _ = run("train", "gan", "--epochs", "3", "--resume")
    code, at_once, _ = run("train", "gan", "--epochs", "3", "--out", "again")
    assert re.findall(r"epoch 3/3  loss \S+", resumed) == re.findall(r"epoch 3/3  loss \S+", at_once) != []
