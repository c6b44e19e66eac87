"""Language models as tasks of `tinygrad-edu train`, and what `tinygrad-edu sample` needs to read them again."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from .. import models, nn
from .._support.files import replace_file
from .._support.json_records import Format, Wrong
from .._support.languages import say, texts
from ..data import Dataset
from ..data.text import BytePairTokenizer, CharTokenizer, NextSentence, Tokenizer, Windows, mask_tokens, names, poems
from ..errors import FileError, ModuleError, ShapeError
from ..saving import load
from .command import Refusal, at_least
from .tasks import Measure, Task

__all__ = ["Gaps", "NextToken", "NextTokenByRNN", "saved_model"]


@dataclass(frozen=True)
class Sizes:
    """A language model in a file: which one, and its sizes. The weights and the tokenizer are in files beside it."""

    network: Literal["bert", "char_rnn", "gpt"]
    vocabulary: int
    channels: int
    layers: int
    block: int | None = None
    heads: int | None = None
    cell: str | None = None


FORMAT = Format(Sizes, "tinygrad_edu.language_model", 1, "A language model")


class Text(Task):
    """The base class of tasks on a text: its options, its tokenizer, and the files beside the weights."""

    network: ClassVar[Any]
    options: ClassVar = {
        "--text": {"metavar": "FILE", "help": "a text in UTF-8 to learn (default: names or poems that ship)"},
        "--tokens": {
            "metavar": "N",
            "type": at_least(257),
            "help": "learn N byte pairs as tokens (default: every character is one)",
        },
        "--block": {"metavar": "N", "type": at_least(2), "help": "tokens that the model reads at once (default: 64)"},
        "--channels": {"metavar": "N", "type": at_least(1), "help": "numbers a token (default: 64)"},
        "--layers": {"metavar": "N", "type": at_least(1), "help": "layers above each other (default: 2)"},
    }
    own_sizes: ClassVar[Sequence[str]] = ("block", "channels", "layers", "heads")

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.block: int = arguments.block
        if "heads" in self.own_sizes and arguments.channels % arguments.heads:
            text = texts("--heads {heads} cannot share --channels {channels} equally")
            raise Refusal(text, heads=arguments.heads, channels=arguments.channels)

    def read(self, shipped: Callable[[], Sequence[str]]) -> str:
        """The text of the file, or lines that ship with the package."""
        if self.arguments.text is None:
            lines = list(shipped())
            np.random.default_rng(0).shuffle(lines)  # they are in order, and the last ones are to test with
            return "\n".join(lines) + "\n"
        try:
            text = Path(self.arguments.text).read_text("utf-8-sig")  # some editors begin a file with a mark
        except UnicodeDecodeError as error:
            said = texts("{file} is no text in UTF-8: {why} at byte {place}; save it as UTF-8 in a text editor")
            raise Refusal(said, file=self.arguments.text, why=error.reason, place=error.start) from error
        except OSError as error:
            raise Refusal("cannot read {file}: {why}", file=self.arguments.text, why=error.strerror) from error
        if not text.strip():
            raise Refusal("{file} is empty", file=self.arguments.text)
        return text

    def learn_tokens(self, text: str, special: Sequence[str] = ()) -> Tokenizer:
        """A tokenizer of the text."""
        if self.arguments.tokens is None:
            return CharTokenizer.train(text, special)
        return BytePairTokenizer.train(text, max(self.arguments.tokens, 256 + len(special)), special)

    def describe(self, about: str, train: int, test: int) -> None:
        """Say what the data are: so much to train with, so much to test with, and how many tokens there are."""
        self.example = np.zeros((1, self.block), int)
        self.about = say(about, n=f"{train:,}", m=f"{test:,}", k=f"{len(self.tokenizer):,}")

    @property
    def sizes(self) -> dict[str, Any]:
        """The sizes of the model."""
        return {"vocabulary": len(self.tokenizer), **{name: getattr(self.arguments, name) for name in self.own_sizes}}

    tokenizer: Tokenizer

    def write(self, name: str, out: Path) -> list[Path]:
        """The tokenizer and the sizes."""
        path = out / f"{name}-sizes.json"
        replace_file(path, FORMAT.write(Sizes(self.network, **self.sizes)).encode())
        return [self.tokenizer.save(out / f"{name}-tokens.json"), path]


HEADS = {"--heads": {"metavar": "N", "type": at_least(1), "help": "heads of the attention (default: 4)"}}


class NextToken(Text):
    """A text, of which the next token is to be predicted."""

    network: ClassVar = "gpt"
    options: ClassVar = {**Text.options, **HEADS}
    measures: ClassVar = {texts("perplexity"): Measure(models.perplexity, "{:.2f}", of_loss=True)}

    def __init__(self, arguments: argparse.Namespace) -> None:
        super().__init__(arguments)
        text = self.read(names)
        self.tokenizer = self.learn_tokens(text)
        tokens = self.tokenizer.encode(text)
        cut = len(tokens) - max(len(tokens) // 10, self.block + 1)
        if cut <= self.block:
            said = texts("too few tokens ({n}): give a longer text, or a smaller --block than {block}")
            raise Refusal(said, n=len(tokens), block=self.block)
        self.train = Windows(tokens[:cut], self.block)
        self.test = Windows(tokens[cut:], self.block)
        self.describe(texts("{n} tokens to train with, {m} to test with, {k} different"), cut, len(tokens) - cut)

    def loss(self) -> Callable[..., Any]:
        return models.next_token_loss


class NextTokenByRNN(NextToken):
    """The same for a recurrent network, which needs no attention."""

    network: ClassVar = "char_rnn"
    options: ClassVar = {
        **Text.options,
        "--cell": {"choices": ("rnn", "lstm", "gru"), "help": "of the recurrent network (default: lstm)"},
    }
    own_sizes: ClassVar = ("channels", "layers", "cell")


class Gaps(Text):
    """Pairs of sentences with gaps: what stood in each, and whether the second sentence follows the first."""

    network: ClassVar = "bert"
    options: ClassVar = {**Text.options, **HEADS}

    def __init__(self, arguments: argparse.Namespace) -> None:
        super().__init__(arguments)
        if self.block < 5:
            raise Refusal(say("bert reads two sentences and three marks at once: --block is at least 5"))
        text = self.read(poems)
        special = ["<pad>", "<cls>", "<sep>", "<mask>"]
        self.tokenizer = self.learn_tokens(text, special)
        documents = [[self.tokenizer.encode(sentence) for sentence in document] for document in sentences_of(text)]
        cut = len(documents) - max(2, len(documents) // 10)
        parts = [documents[:cut], documents[cut:]] if cut >= 2 else [documents, documents]
        try:
            self.train, self.test = (
                Masked(NextSentence(part, self.tokenizer, self.block, seed), self.tokenizer, seed)
                for part, seed in zip(parts, (arguments.seed, arguments.seed + 1))
            )
        except ShapeError as error:
            said = texts(
                "bert learns whether one sentence follows another: give a text with more lines of two sentences, or "
                "more paragraphs of several between empty lines"
            )
            raise Refusal(say(said)) from error
        about = texts("{n} pairs of sentences to train with, {m} to test with, {k} different tokens")
        self.describe(about, len(self.train), len(self.test))

    def loss(self) -> Callable[..., Any]:
        return models.bert_loss


class Masked(Dataset):
    """Pairs of sentences with other gaps each time: tokens, segments, padding, and targets as of `bert_loss`."""

    def __init__(self, pairs: NextSentence, tokenizer: Tokenizer, seed: int) -> None:
        self.pairs, self.tokenizer, self.rng = pairs, tokenizer, np.random.default_rng(seed)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        return tuple(part[0] for part in self.batch([index]))

    def batch(self, indices: Any) -> tuple[np.ndarray, ...]:
        """Tokens with gaps, segments and padding, and targets, all (N, longest)."""
        tokens, segments, follows = self.pairs.batch(indices)
        masked, targets = mask_tokens(tokens, self.tokenizer, self.rng)
        targets[:, 0] = follows
        return masked, segments, tokens == self.pairs.pad, targets


def sentences_of(text: str) -> list[list[str]]:
    """The sentences of each document: of paragraphs between empty lines, or else of lines.

    >>> sentences_of("One. Two!\\nThree.\\n")
    [['One.', 'Two!'], ['Three.']]
    >>> sentences_of("One.\\nTwo.\\n\\nThree.")
    [['One.', 'Two.'], ['Three.']]
    """
    documents = re.split(r"\n\s*\n", text) if re.search(r"\n\s*\n\s*\S", text) else text.splitlines()
    cut = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])\s*|\n")
    return [found for found in ([s for s in cut.split(document) if s.strip()] for document in documents) if found]


def saved_model(weights: Path) -> tuple[Any, Tokenizer, str]:
    """The model whose weights, sizes and tokenizer `train` wrote, and which network it is.

    Raises `Refusal` for files that are missing or damaged.
    """
    if not weights.is_file():
        beside = next(weights.glob("*-sizes.json"), Path("gpt/gpt-sizes.json"))
        said = texts("{file} is no file; give the .npz that train wrote, such as {example}")
        raise Refusal(said, file=weights, example=str(beside).replace("-sizes.json", ".npz"))
    stem = weights.with_suffix("")
    sizes = Path(f"{stem}-sizes.json")
    try:
        saved = FORMAT.read(sizes, "model")
        tokenizer = Tokenizer.load(f"{stem}-tokens.json")
        given = asdict(saved)
        make = getattr(models, given.pop("network"))
        network: nn.Module = make(**{name: x for name, x in given.items() if x is not None})
        network.load_state_dict(load(weights))
    except OSError as error:
        said = texts("cannot read {file}: {why}; train writes it beside the weights of char_rnn, gpt and bert")
        raise Refusal(said, file=error.filename or sizes, why=error.strerror) from error
    except Wrong as error:
        raise Refusal("{file} describes no language model: {error}", file=sizes, error=error) from error
    except FileError as error:
        raise Refusal(str(error).removeprefix("load: ")) from error
    except ModuleError as error:
        raise Refusal("{sizes} is not of the model in {file}", sizes=sizes, file=weights) from error
    return network, tokenizer, saved.network
