"""Translations: the texts that readers see are English in the code, and are said in the reader's language.

The English text is the key. A language is a folder here with the texts of it, in files by what they are about; a new
folder is a new language. `lang=` in a call, `--lang` in a command and `TINYGRAD_EDU_LANG` in the environment choose it.

Whole sentences are translated, never pieces that English happens to put in this order: what fills a place in braces is
a name, a number, or a text with an entry of its own. "1 path" and "2 paths" are two texts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, TypeVar

from ..text import clean

__all__ = [
    "FileError", "SpokenError", "TinygradError", "counted", "language", "languages", "listed", "retold", "say",
    "speaking", "tag", "texts",
]  # fmt: skip

T = TypeVar("T")

VARIABLE = "TINYGRAD_EDU_LANG"

Texts = Mapping[str, Mapping[str, str]]
"""Texts of somebody's own: of each language, those by the English ones."""

NONE: Texts = MappingProxyType({})

PLACE = r"\{(\w+)\}"
WIDE = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
"""Chinese characters and signs: between two of them stands no space."""

_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)
_own: ContextVar[Texts] = ContextVar("own", default=NONE)


@cache
def languages() -> tuple[str, ...]:
    """The languages that can be spoken.

    >>> languages()
    ('en', 'zh')
    """
    from importlib import resources  # at the first text: with all that it imports, it takes longer than this package

    folders = (folder.name for folder in resources.files(__package__).iterdir() if folder.is_dir())
    return tuple(sorted({"en", *(name for name in folders if not name.startswith("_"))}))


def language() -> str:
    """The language that is spoken now. Raises `TinygradError` where the environment names an unknown one.

    >>> language()
    'en'
    """
    return _spoken.get() or _known(os.environ.get(VARIABLE) or "en", f"the environment variable {VARIABLE}")


def tag() -> str:
    """The language that is spoken now, as pages name it: `zh-CN`."""
    return {"zh": "zh-CN"}.get(language(), language())


@contextmanager
def speaking(lang: str | None, own: Texts | None = None) -> Iterator[None]:
    """Speak a language inside the block; None goes on in the present one. `TinygradError` for an unknown one.

    `own` are texts that somebody else has brought, such as an assignment: they are looked up first.

    >>> with speaking("zh"):
    ...     say("Forward")
    '前向传播'
    """
    spoken = _spoken.set(_spoken.get() if lang is None else _known(lang, "lang"))
    brought = _own.set(_own.get() if own is None else own)
    try:
        yield
    finally:
        _own.reset(brought)
        _spoken.reset(spoken)


def _known(lang: str, where: str) -> str:
    if lang not in languages():
        raise TinygradError(f"{where} is one of {', '.join(map(repr, languages()))}, and not {lang!r:.40}")
    return lang


def say(text: str, /, **values: Any) -> str:
    """The text in the reader's language, with the values in its places.

    A text that the language lacks is said in English; a test finds those of the package. Behind `##`, a remark tells
    two texts apart that are one in English: "to##the end of an arrow".

    >>> say("The gradient of {label} is {after}.", label="x", after=6)
    'The gradient of x is 6.'
    """
    spoken, own = language(), _own.get()
    template = (own and own.get(spoken, {}).get(text)) or _said(text, spoken)
    return _filled(template, values) if values else template


@lru_cache(4096)
def _said(text: str, spoken: str) -> str:
    return _catalogue(spoken).get(text, text.partition("##")[0])


def _filled(template: str, values: Mapping[str, object]) -> str:
    """The text with the values in its places. The space beside a place goes where Chinese meets Chinese.

    >>> _filled("返回的是 {given}。", {"given": "数组"}), _filled("返回的是 {given}。", {"given": "None"})
    ('返回的是数组。', '返回的是 None。')
    """
    parts = _parts(template)
    said = "".join([str(values[part]) if i % 2 else part for i, part in enumerate(parts)])
    return re.sub(f"(?<={WIDE})\x1f(?={WIDE})", "", said).replace("\x1f", " ") if "\x1f" in said else said


@lru_cache(4096)
def _parts(template: str) -> list[str]:
    """The parts of a text: words and names of places, in turn; with a joint where Chinese may meet Chinese."""
    return re.split(PLACE, re.sub(rf"(?<={WIDE}) (?=\{{)|(?<=\}}) (?={WIDE})", "\x1f", template))


def retold(message: str) -> str:
    """A message in English with values in it already, as Python, NumPy or a student's process says it.

    `retold.json` of each language has what they say most often, the special texts before those that fit them, too.

    >>> with speaking("zh"):
    ...     retold("NameError: name 'x' is not defined")
    "NameError：名称 'x' 没有定义"
    """
    for template in _files(language()).get("retold.json", ()):
        if found := _fitting(template).fullmatch(message):
            return say(template, **found.groupdict())
    return message


@cache
def _fitting(template: str) -> re.Pattern[str]:
    """What a message looks like that was made of a text, with values of at most 80 characters.

    A message may come from somebody who wants the search to last long; without the limit it could.
    """
    parts = re.split(PLACE, template)  # text, name, text, name, text
    met: set[str] = set()
    for i in range(1, len(parts), 2):
        parts[i - 1], name = re.escape(parts[i - 1]), parts[i]
        parts[i] = f"(?P={name})" if name in met else f"(?P<{name}>.{{1,80}}?)"
        met.add(name)
    return re.compile("".join([*parts[:-1], re.escape(parts[-1])]), re.DOTALL)


def counted(count: int, one: str, many: str, /, **values: Any) -> str:
    """One of two texts, by the count, which fills the place {n}.

    >>> counted(1, "{n} line left out", "{n} lines left out"), counted(1200, "{n} line left out", "{n} lines left out")
    ('1 line left out', '1,200 lines left out')
    """
    return say(one if count == 1 else many, n=f"{count:,}", **values)


def listed(items: Sequence[str], alternatives: bool = False) -> str:
    """Several things as one: `x, y and z`, or `x, y or z`; "" where there are none.

    >>> listed(["x"]), listed(["x", "y", "z"]), listed(["x", "y"], alternatives=True)
    ('x', 'x, y and z', 'x or y')
    >>> with speaking("zh"):
    ...     listed(["x", "y", "z"])
    'x、y 和 z'
    """
    if len(items) < 2:
        return "".join(items)
    most, last = say(", ").join(items[:-1]), items[-1]
    return say("{most} or {last}" if alternatives else "{most} and {last}", most=most, last=last)


def texts(table: T) -> T:
    """The table as it is: this marks all strings in it as texts to say later.

    In a dictionary, the texts are the values; or the keys, if the values are functions.
    """
    return table


class SpokenError(Exception):
    """An error. With values, its message is a text in the reader's language with the values in its places.

    >>> with speaking("zh"):
    ...     print(SpokenError("not a number above {bound}: {given}", bound=0, given="'x'"))
    不是大于 0 的数：'x'
    """

    def __init__(self, message: object = "", /, **values: object) -> None:
        super().__init__(say(str(message), **values) if values else message)


class TinygradError(SpokenError):
    """The base of all errors of this package.

    Names in a message may come from a stranger's file; what a terminal would obey is shown as Python writes it.
    """

    def __str__(self) -> str:
        text = super().__str__()
        return clean(text, len(text))


class FileError(TinygradError, ValueError):
    """A file that is missing, cut off, damaged, or not in a format that is known, or that it claims."""


TinygradError.__module__ = FileError.__module__ = "tinygrad_edu.errors"  # where callers find them


@cache
def _files(lang: str) -> Mapping[str, Mapping[str, str]]:
    """The files of a language: in each, its texts by the English ones. None for English."""
    if lang == "en":
        return {}
    import json
    from importlib import resources

    files = sorted((resources.files(__package__) / lang).iterdir(), key=lambda file: file.name)
    return {file.name: json.loads(file.read_text("utf-8")) for file in files if file.name.endswith(".json")}


@cache
def _catalogue(lang: str) -> Mapping[str, str]:
    """The texts of a language by the English ones, from all its files."""
    return MappingProxyType({key: text for part in _files(lang).values() for key, text in part.items()})
