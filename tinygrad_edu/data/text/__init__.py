"""Text for language models: small collections, tokenizers, and datasets of tokens.

>>> from tinygrad_edu.data import DataLoader, text
>>> names = text.names()
>>> tokenizer = text.CharTokenizer.train(names, special=["<end>"])
>>> end = tokenizer.special["<end>"]
>>> dataset = text.Documents([tokenizer.encode(name) for name in names], start=end, end=end, pad=end)
>>> inputs, targets = next(iter(DataLoader(dataset, batch_size=32, shuffle=True)))
>>> len(tokenizer), inputs.shape == targets.shape
(27, True)
"""

from ...engine.messages.hints import hold_to_hints
from .corpora import names, poems
from .language import Documents, NextSentence, Windows, mask_tokens, pad
from .tokenizers import BytePairTokenizer, CharTokenizer, Tokenizer

__all__ = [
    "BytePairTokenizer", "CharTokenizer", "Documents", "NextSentence", "Tokenizer", "Windows", "mask_tokens", "names",
    "pad", "poems",
]  # fmt: skip
hold_to_hints(globals())
