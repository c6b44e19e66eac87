"""Programs of the course in another language: their Markdown, comments and docstrings, from catalogues.

A catalogue is a `.po` file of gettext, and a text is what has an entry there. In Markdown that is each paragraph,
heading, point of a list, cell of a table and formula on lines of its own, as Sphinx has it for the site; in code it is
each docstring, and comments on lines below each other; if asked for, also each string that has words in it: what is
printed, and what stands at a plot. Of an f-string it is all between the quotes, with its braces.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import tokenize
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from io import StringIO
from pathlib import Path

__all__ = ["read_catalogue", "texts_in_code", "texts_in_markdown", "translated", "translated_markdown"]

Translate = Callable[[str], str]
Span = tuple[int, int, int, int]
"""A piece of code: its first line and the column where it begins, its last line and the column after its end."""

ENTRY = re.compile(r'^msgid ((?:".*"\n)+)msgstr ((?:".*"\n)+)', re.MULTILINE)
MARKDOWN = "# %% [markdown]"
BLOCK = re.compile(r"^(?:```[\s\S]*?^```|\$\$[\s\S]*?\$\$$|(?:.+\n?)+)", re.MULTILINE)
HEADING = re.compile(r"(#+ )?(.*)")
POINT = re.compile(r"^((?:-|\d+\.) )", re.MULTILINE)
FOR_TOOLS = re.compile(r"# ?(%%|fmt:|noqa|type:|equivalent$)")
QUOTES = re.compile(r'r?("""|")')
F_STRING = re.compile(r'(f")([^"\n]*)(")')
BRACES = re.compile(r"\{[^{}]*\}")
WORD = re.compile(r"(?<![\w.<])[A-Za-z][a-z]+(?![\w.>])", re.ASCII)


@cache
def read_catalogue(path: Path) -> Mapping[str, str]:
    """The translation of each text; not of those that are marked `fuzzy`, whose English has changed since."""
    entries = path.read_text(encoding="utf-8").split("\n\n")
    found = [ENTRY.search(f"{entry}\n") for entry in entries if "#, fuzzy" not in entry]
    texts = {_unquoted(entry[1]): _unquoted(entry[2]) for entry in found if entry}
    return {text: translation for text, translation in texts.items() if text and translation}


def _unquoted(lines: str) -> str:
    return "".join(ast.literal_eval(line) for line in lines.splitlines())


def translated(program: str, translate: Translate, *, strings: bool = False) -> str:
    """A program, or a lesson in the percent format, with the answer of `translate` in the place of each text.

    `strings`: of each string with words as well. What is computed with them is then in the language, too.
    """
    return "".join(_cell(cell, translate, strings) for cell in _cells(program))


def translated_markdown(page: str, translate: Translate) -> str:
    """A page in Markdown with the answer of `translate` in the place of each text."""
    return BLOCK.sub(lambda block: _block(block[0], translate), page)


def texts_in_code(program: str, *, strings: bool = False) -> list[str]:
    """The comments and docstrings of a program or a lesson, each once; with `strings`, also its strings with words."""
    code = [cell for cell in _cells(program) if not cell.startswith(MARKDOWN)]
    return _noted(lambda note: [_cell(cell, note, strings) for cell in code])


def texts_in_markdown(page: str) -> list[str]:
    """The texts of a page in Markdown, each once."""
    return _noted(lambda note: translated_markdown(page, note))


def _noted(translation: Callable[[Translate], object]) -> list[str]:
    """What a translation asks for."""
    found: dict[str, str] = {}
    translation(lambda text: found.setdefault(text, text))
    return list(found)


def _cells(program: str) -> list[str]:
    return re.split(r"^(?=# %%)", program, flags=re.MULTILINE)


def _cell(cell: str, translate: Translate, strings: bool = False) -> str:
    if cell.startswith("# ---"):  # what jupytext writes at the head of a lesson
        return cell
    return _markdown(cell, translate) if cell.startswith(MARKDOWN) else _code(cell, translate, strings)


# Markdown, in comments.


def _markdown(cell: str, translate: Translate) -> str:
    text = cell.rstrip("\n")
    head, *lines = text.split("\n")
    said = translated_markdown("\n".join(line[2:] for line in lines), translate)
    return "\n".join([head, *(f"# {line}".rstrip() for line in said.split("\n"))]) + cell[len(text) :]


def _block(block: str, translate: Translate) -> str:
    if block.startswith("```"):
        return block
    if block.startswith("$$"):
        return "$${}$$".format(translate(block[2:-2].strip("\n")))
    if block.startswith("<"):
        return translate(block)
    end = "\n" * block.endswith("\n")
    if block.startswith("|"):
        return "\n".join(_row(row, translate) for row in block.splitlines()) + end
    before, *points = POINT.split(block)
    if points and not before:
        said = (mark + translate(_one_line(text)) for mark, text in zip(points[::2], points[1::2]))
        return "\n".join(said) + end
    heading = HEADING.fullmatch(_one_line(block))
    assert heading is not None
    return (heading[1] or "") + translate(heading[2]) + end


def _row(row: str, translate: Translate) -> str:
    cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
    return row if set(row) <= set("|-: ") else f"| {' | '.join(cell and translate(cell) for cell in cells)} |"


def _one_line(text: str) -> str:
    return " ".join(line.strip() for line in text.strip().splitlines())


# Code.


def _code(code: str, translate: Translate, strings: bool) -> str:
    lines = code.splitlines(keepends=True)
    kinds = {_string: _strings(code) if strings else [], _docstring: _docstrings(code), _comment: _comments(code)}
    places = {place: say for say, places in kinds.items() for place in places}  # a docstring is a string, too
    for (first, start, last, end), say in sorted(places.items(), key=lambda one: one[0], reverse=True):
        piece = "".join([*lines[first - 1 : last - 1], lines[last - 1][:end]])[start:]
        said = say(piece, " " * start, translate)
        lines[first - 1 : last] = [lines[first - 1][:start] + said + lines[last - 1][end:]]
    return "".join(lines)


def _comments(code: str) -> Iterator[Span]:
    found: list[Span] = []
    for token in tokenize.generate_tokens(StringIO(code).readline):
        if token.type == tokenize.COMMENT and not FOR_TOOLS.match(token.string):
            (line, start), (_, end) = token.start, token.end
            alone = not token.line[:start].strip()
            if alone and found and found[-1][1:3] == (start, line - 1):
                line = found.pop()[0]
            found.append((line, start, token.end[0], end))
    yield from found


def _docstrings(code: str) -> Iterator[Span]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            yield _span(code, node.body[0])


def _strings(code: str) -> Iterator[Span]:
    todo: list[ast.AST] = [ast.parse(code)]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            yield _span(code, node)
        else:
            todo += ast.iter_child_nodes(node)


def _span(code: str, node: ast.stmt | ast.expr) -> Span:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    lines = [line.encode() for line in code.splitlines()]  # columns count bytes
    start, end = lines[node.lineno - 1][: node.col_offset], lines[node.end_lineno - 1][: node.end_col_offset]
    return node.lineno, len(start.decode()), node.end_lineno, len(end.decode())


def _comment(piece: str, indent: str, translate: Translate) -> str:
    text = "\n".join(line.strip()[1:].removeprefix(" ") for line in piece.split("\n"))
    return f"\n{indent}".join(f"# {line}".rstrip() for line in translate(text).split("\n"))


def _docstring(piece: str, indent: str, translate: Translate) -> str:
    quotes = QUOTES.match(piece)
    assert quotes is not None
    text = piece[quotes.end() : -len(quotes[1])]
    first, *rest = translate(inspect.cleandoc(text)).split("\n")
    last = f"\n{indent}" * text.endswith(f"\n{indent}")
    return "\n".join([quotes[0] + first, *(f"{indent}{line}".rstrip() for line in rest)]) + last + quotes[1]


def _string(piece: str, indent: str, translate: Translate) -> str:
    if piece.startswith("f"):
        return F_STRING.sub(lambda part: part[1] + _words(part[2], translate) + part[3], piece)
    text = ast.literal_eval(f"({piece})")  # of several lines, perhaps
    said = _words(text, translate)
    quoted = f'"""{said}"""' if piece.startswith('"""') else json.dumps(said, ensure_ascii=False)
    return piece if said == text else quoted


def _words(text: str, translate: Translate) -> str:
    return translate(text) if WORD.search(BRACES.sub("", text)) else text
