"""`tinygrad-edu train gpt|bert` learns a text, and `tinygrad-edu sample` goes on with it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tinygrad_edu.cli.texts import sentences_of

from .conftest import Command

SMALL = ["--block", "8", "--channels", "8", "--layers", "1", "--heads", "2", "--epochs", "1"]


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


def test_a_gpt_learns_a_text_and_goes_on_with_a_prompt(run: Command, folder: Path) -> None:
    write(folder, "sea.txt", "the sea the sea the open sea\n" * 30)
    how = ["--block", "16", "--channels", "32", "--layers", "1", "--heads", "2", "--epochs", "20", "--lr", "0.01"]
    code, out, err = run("train", "gpt", "--text", "sea.txt", "--out", "run", *how)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[1] == "783 tokens to train with, 87 to test with, 10 different"
    assert re.fullmatch(r"epoch 20/20  loss \d\.\d{4}  perplexity \d+\.\d\d  test perplexity \d+\.\d\d  .*", lines[21])
    assert re.fullmatch(r"test perplexity after epoch 20: 1\.\d\d", lines[-1])
    assert json.loads((folder / "run" / "gpt-sizes.json").read_text("utf-8"))["vocabulary"] == 10
    code, out, err = run("sample", "run/gpt.npz", "--prompt", "the o", "--length", "30", "--temperature", "0")
    assert (code, err) == (0, "")
    assert out.startswith("the open sea\n")
    assert len(out) == 5 + 30 + 1
    first = run("sample", "run/gpt.npz", "--length", "40", "--seed", "3", "--top-k", "5", "--top-p", "0.9")
    assert first == run("sample", "run/gpt.npz", "--length", "40", "--seed", "3", "--top-k", "5", "--top-p", "0.9")


def test_byte_pairs_know_every_prompt(run: Command, folder: Path) -> None:
    write(folder, "poem.txt", "床前看月光，疑是地上霜。\n" * 12)
    assert run("train", "gpt", "--text", "poem.txt", "--tokens", "270", *SMALL)[0] == 0
    code, out, err = run("sample", "gpt.npz", "--prompt", "诗: ", "--length", "20")
    assert (code, err) == (0, "")
    assert out.startswith("诗: ")


def test_bert_learns_pairs_of_sentences_and_fills_gaps(run: Command, folder: Path) -> None:
    write(folder, "days.txt", "One day is good. The next is bad.\nA night is long. A day is short.\n" * 5)
    code, out, err = run("train", "bert", "--text", "days.txt", *SMALL, "--block", "48")
    assert (code, err) == (0, "")
    assert out.splitlines()[1].startswith("8 pairs of sentences to train with, 2 to test with, ")
    code, out, err = run("sample", "bert.npz", "--prompt", "One <mask>ay <mask>s", "--seed", "1")
    assert (code, err) == (0, "")
    assert re.fullmatch(r"One .ay .s\n", out)
    code, out, err = run("sample", "bert.npz", "--prompt", "One")
    assert (code, out) == (2, "")
    assert "bert fills gaps: give a --prompt with <mask>" in err
    assert "60 tokens, and this model reads 48 at once" in run("sample", "bert.npz", "--prompt", "<mask>" * 58)[2]


def test_documents_are_paragraphs_or_lines() -> None:
    assert sentences_of("A? B.\n\n\nC.\n") == [["A?", "B."], ["C."]]
    assert sentences_of("天。地！\n人？\n") == [["天。", "地！"], ["人？"]]


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("", [], "x.txt is empty"),
        ("ab", [], "too few tokens (2): give a longer text, or a smaller --block than 64"),
        ("a" * 99, ["--heads", "3"], "--heads 3 cannot share --channels 64 equally"),
        ("a" * 99, ["--tokens", "9"], "not a whole number from 257 on"),
    ],
)
def test_texts_and_sizes_that_cannot_be_learned_are_refused(
    run: Command, folder: Path, text: str, options: list[str], words: str
) -> None:
    write(folder, "x.txt", text)
    code, _, err = run("train", "gpt", "--text", "x.txt", *options)
    assert code == 2
    assert words in err


def test_files_that_are_missing_or_no_text_are_refused(run: Command, folder: Path) -> None:
    (folder / "latin.txt").write_bytes(b"caf\xe9 " * 99)
    assert "latin.txt is no text in UTF-8" in run("train", "gpt", "--text", "latin.txt")[2]
    (folder / "notepad.txt").write_bytes(b"\xef\xbb\xbf" + b"abc " * 60)
    assert "24 to test with, 4 different" in run("train", "gpt", "--text", "notepad.txt", *SMALL)[1]
    assert "cannot read none.txt: No such file" in run("train", "gpt", "--text", "none.txt")[2]
    for no_file in ("none.npz", "."):
        assert f"{no_file} is no file; give the .npz that train wrote" in run("sample", no_file)[2]
    write(folder, "none.npz", "")
    assert "cannot read none-sizes.json" in run("sample", "none.npz")[2]
    write(folder, "y.txt", "one line has no second sentence\n" * 9)
    assert "give a text with more lines of two sentences" in run("train", "bert", "--text", "y.txt")[2]
    assert "--block is at least 5" in run("train", "bert", "--text", "y.txt", "--block", "4")[2]


def test_a_prompt_that_cannot_be_read_is_refused(run: Command, folder: Path) -> None:
    write(folder, "x.txt", "abc " * 60)
    assert run("train", "gpt", "--text", "x.txt", *SMALL)[0] == 0
    code, out, err = run("sample", "gpt.npz", "--prompt", "xyz")
    assert (code, out) == (2, "")
    assert "the text that this model learned has no 'xyz'; it has 'abc'" in err
    assert "give a --prompt: " in run("sample", "gpt.npz")[2]
    assert "an empty --prompt" in run("sample", "gpt.npz", "--prompt", "")[2]
    assert "top_p is a share" in run("sample", "gpt.npz", "--prompt", "a", "--top-p", "2")[2]
    assert "not a number from 0 on: '-1'" in run("sample", "gpt.npz", "--temperature", "-1")[2]
    sizes = (folder / "gpt-sizes.json").read_text("utf-8")
    write(folder, "gpt-sizes.json", sizes.replace('"channels": 8', '"channels": 4'))
    assert "gpt-sizes.json is not of the model in gpt.npz" in run("sample", "gpt.npz", "--prompt", "a")[2]
    write(folder, "gpt-sizes.json", "{}")
    assert "gpt-sizes.json describes no language model" in run("sample", "gpt.npz")[2]
