"""The collections of text that ship with the package: first names, and old Chinese poems."""

from __future__ import annotations

from ..._support.files import read_resource

__all__ = ["names", "poems"]


def names() -> list[str]:
    """8,403 first names of English-speaking countries, of the letters a to z, in alphabetical order.

    From Grady Ward's Moby Word Lists (2002), in the public domain; `names.LICENSE.txt` beside them says more.

    >>> len(names()), names()[:3]
    (8403, ['aaren', 'aarika', 'aaron'])
    """
    return _lines_of("names.txt")


def poems() -> list[str]:
    """1,676 quatrains of the Tang dynasty, of four times five characters, in simplified Chinese characters.

    From the Complete Tang Poems (1705), as collected by the project chinese-poetry under the MIT licence;
    `poems.LICENSE.txt` beside them says more.

    >>> [poem for poem in poems() if "疑是地上霜" in poem]
    ['床前看月光，疑是地上霜。举头望山月，低头思故乡。']
    """
    return _lines_of("poems.txt")


def _lines_of(name: str) -> list[str]:
    """The lines of a file beside this one."""
    return read_resource(__package__, name).splitlines()
