"""`tinygrad-edu sample gpt.npz --prompt "an"`: continue a text with a model that `train` has saved."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from .._support.languages import say, texts
from ..data.text import CharTokenizer, Tokenizer
from ..engine.grad_mode import no_grad
from ..engine.messages import short
from ..errors import TinygradError
from ..models import choose, generate
from .command import Commands, Refusal, above, at_least, command, not_negative, refusing
from .texts import saved_model

__all__ = ["add_to"]


def add_to(commands: Commands) -> None:
    """Add the command and its options to the parser."""
    add = command(commands, _run_sample, "sample", "continue a text with a trained language model")
    add("weights", metavar="WEIGHTS.npz", type=Path, help="what train wrote, with the two .json files beside it")
    add("--prompt", metavar="TEXT", help="what is continued (default: the beginning of a line)")
    add("--length", metavar="N", type=at_least(1), default=200, help="new tokens (default: 200)")
    add("--temperature", metavar="T", type=not_negative, default=1.0, help="0 takes the likeliest token (default: 1)")
    add("--top-k", metavar="K", type=at_least(1), help="draw among the K likeliest tokens only")
    add("--top-p", metavar="P", type=above(0), help="draw among the likeliest tokens with this share in all")
    add("--seed", metavar="S", type=at_least(0), default=0, help="of the random choice (default: 0)")


def _run_sample(arguments: argparse.Namespace) -> None:
    """Print the prompt, and behind it the new tokens as they come."""
    how = {"temperature": arguments.temperature, "top_k": arguments.top_k, "top_p": arguments.top_p}
    with refusing(TinygradError):
        model, tokenizer, network = saved_model(arguments.weights)
        _refuse_unknown_characters(arguments.prompt or "", tokenizer, network)
        if network == "bert":
            print(_filled(model, tokenizer, arguments.prompt, how, arguments.seed))
            return
        prompt = "\n" if arguments.prompt is None else arguments.prompt
        if not prompt:
            raise Refusal(say("an empty --prompt cannot be continued; leave it out to begin with a new line"))
        if arguments.prompt is None and prompt in _unknown_characters(prompt, tokenizer):
            raise Refusal(say("give a --prompt: the text that this model learned has no new line to begin with"))
        tokens = tokenizer.encode(prompt)
        print(prompt.removeprefix("\n"), end="", flush=True)
        shown = tokenizer.decode(tokens)
        for token in generate(model, tokens, arguments.length, seed=arguments.seed, **how):
            tokens.append(token)
            text = tokenizer.decode(tokens)
            if not text.endswith("\ufffd"):  # else a character whose last bytes are still to come
                print(text[len(shown) :], end="", flush=True)
                shown = text
        print()


def _unknown_characters(prompt: str, tokenizer: Tokenizer) -> str:
    """Those that the text from which the tokenizer was made does not have."""
    known = tokenizer.characters if isinstance(tokenizer, CharTokenizer) else prompt
    return "".join(character for character in dict.fromkeys(prompt) if character not in known)


def _refuse_unknown_characters(prompt: str, tokenizer: Tokenizer, network: str) -> None:
    """Refuse a prompt with characters that the model has never read; `<mask>` is none of them for bert."""
    unknown = _unknown_characters(prompt.replace("<mask>", "") if network == "bert" else prompt, tokenizer)
    if unknown:
        known = short("".join(tokenizer.tokens[len(tokenizer.special) :]).strip())
        raise Refusal(
            "the text that this model learned has no {unknown}; it has {known}", unknown=repr(unknown), known=known
        )


def _filled(model: Any, tokenizer: Tokenizer, prompt: str | None, how: Any, seed: int) -> str:
    """The prompt, with a token in each of its gaps `<mask>`."""
    if prompt is None or "<mask>" not in prompt:
        raise Refusal(say("bert fills gaps: give a --prompt with <mask> where a token is missing"))
    parts = [tokenizer.encode(part) for part in prompt.split("<mask>")]
    tokens = [tokenizer.special["<cls>"], *parts[0]]
    for part in parts[1:]:
        tokens += [tokenizer.special["<mask>"], *part]
    row = np.array([[*tokens, tokenizer.special["<sep>"]]])
    if row.size > model.block:
        said = texts("the --prompt makes {n} tokens, and this model reads {block} at once")
        raise Refusal(said, n=row.size, block=model.block)
    with no_grad():
        places, _ = model.eval()(row)
    rng = np.random.default_rng(seed)
    logits = places.data[0].copy()
    logits[:, : len(tokenizer.special)] = -np.inf
    for i in np.flatnonzero(row[0] == tokenizer.special["<mask>"]):
        row[0, i] = choose(logits[i], seed=rng, **how)
    return tokenizer.decode(row[0], skip_special=True)
