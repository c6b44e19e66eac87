"""Dataclasses as JSON: writing them, reading and checking them, and their JSON Schema.

A record is a frozen dataclass of numbers, strings, other records and tuples of these. Its fields and their types decide
what is written, what is accepted, and what the schema says.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache, partial
from inspect import getdoc
from pathlib import Path
from types import NoneType
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

from .files import read_file

__all__ = ["Format", "Wrong", "shown"]

LARGEST = 100_000_000
"""The characters of the longest text that is read."""

NONFINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
"""Strings for the numbers that JSON does not have."""


class Wrong(Exception):
    """A text that breaks its format; the message says in one line how."""


class Format(NamedTuple):
    """A file format of one record.

    Attributes
    ----------
    record : the type of the record.
    name, version : written into each file; a file of another version is refused.
    title : of the schema.
    """

    record: Any
    name: str
    version: int
    title: str

    def write(self, record: Any) -> str:
        r"""The record as JSON, after the name and version of the format: a line for each field and each item in it.

        The numbers that JSON does not have become the strings "nan", "inf" and "-inf". A lone surrogate in a name
        becomes the escape `\udxxx`, so that the text can always be encoded.
        """
        document = {"format": self.name, "version": self.version, **_data(record)}
        text = "{\n" + ",\n".join(f" {_json(key)}: {_lines(x)}" for key, x in document.items()) + "\n}"
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")  # two halves become a whole
        return text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n"

    def read(self, source: str | os.PathLike[str], what: str) -> Any:
        """The record in a JSON text or in the file at a path; errors call it `what`.

        Nothing in the text is executed. Raises `Wrong` if the text breaks the format, `OSError` if the file
        cannot be read.
        """
        return _parser(self.record)(self._document(_text(source)), what)

    def _document(self, text: str) -> dict[str, Any]:
        """The parsed text, once its format and version are checked and taken out."""

        def no_json(constant: str) -> None:
            raise ValueError(f"{constant} is not JSON")

        try:
            document = json.loads(text, parse_constant=no_json)
        except (ValueError, RecursionError) as error:
            raise Wrong(f"not JSON, or cut off: {error}") from None
        if not isinstance(document, dict) or document.pop("format", None) != self.name:
            raise Wrong(f'JSON, but of another kind: it lacks "format": "{self.name}"')
        version = document.pop("version", None)
        if type(version) is not int or version != self.version:
            raise Wrong(
                f"this is version {version!r:.20} of the format, and version {self.version} is what can be read here"
            )
        return document

    def schema(self) -> dict[str, Any]:
        """The JSON Schema (draft 2020-12) of what `write` writes."""
        definitions: dict[str, Any] = {}
        top = _object_schema(self.record, definitions)
        fixed = {"format": {"const": self.name}, "version": {"const": self.version}}
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.title,
            **top,
            "properties": {**fixed, **top["properties"]},
            "required": [*fixed, *top["required"]],
            "$defs": {name: definitions[name] for name in sorted(definitions)},
        }


_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
"""In one line, which Python writes ten times as fast as with an indentation."""


def _lines(data: Any) -> str:
    """A field in JSON, with a line for each item."""
    if not isinstance(data, list) or not data:
        return _json(data)
    return "[\n" + ",\n".join(f"  {_json(item)}" for item in data) + "\n ]"


def _data(value: Any) -> Any:
    """A value in the types of JSON. The recursion is as deep as the types of the records, not as the graph."""
    if isinstance(value, (str, bool, int, NoneType)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, tuple):
        return [_data(x) for x in value]
    pairs = ((key, default, getattr(value, name)) for name, key, default in _written(value.__class__))
    return {key: _data(x) for key, default, x in pairs if x != default}


@cache
def _written(record: Any) -> list[tuple[str, str, Any]]:
    """The name of each field, its key in JSON, and its default, which is not written."""
    return [(field.name, _key(field), field.default) for field in fields(record)]


def _text(source: str | os.PathLike[str]) -> str:
    """The text itself, or the content of the file."""
    if isinstance(source, str) and source.lstrip()[:1] in ("{", "["):
        text = source
    else:
        path = Path(source)
        try:
            text = read_file(path, LARGEST + 1).decode("utf-8")
        except UnicodeDecodeError:
            raise Wrong(f"{path.name} is no text in UTF-8") from None
    if len(text) > LARGEST:
        raise Wrong(f"more than {LARGEST:,} characters, which is too much")
    return text


# From JSON to records.


Parser = Callable[[Any, str], Any]
"""Makes a value of parsed JSON; the second argument is where it stands, for errors."""


@cache
def _parser(type_: Any) -> Parser:
    """What makes the values of a type."""
    if is_dataclass(type_):
        return partial(_record, type_)
    origin, arguments = get_origin(type_), get_args(type_)
    if origin is tuple:
        return partial(_tuple, arguments)
    if origin is Literal:
        return partial(_one_of, arguments)
    if arguments:  # X | None
        (other,) = (x for x in arguments if x is not NoneType)
        return partial(_optional, _parser(other))
    return _number if type_ is float else partial(_plain, type_)


def _record(type_: Any, data: Any, where: str) -> Any:
    """A record from a JSON object, which may leave out fields that have a default."""
    if not isinstance(data, dict):
        raise Wrong(f"{where} is {shown(data)}, and not an object")
    parsers = _parsers(type_)
    unknown = [key for key in data if key not in parsers]
    if unknown:
        raise Wrong(f"{where} has a field {shown(unknown[0])} that the format does not know")
    missing = [name for name in _required(type_) if name not in data]
    if missing:
        raise Wrong(f"{where} lacks the field {missing[0]!r}")
    parts = {name: parse(data[key], f"{where}.{key}") for key, (name, parse) in parsers.items() if key in data}
    try:
        return type_(**parts)
    except ValueError as error:  # a record may check what its types do not say
        raise Wrong(f"{where}: {error}") from None


def _tuple(types: tuple[Any, ...], data: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise Wrong(f"{where} is {shown(data)}, and not an array")
    if types[-1:] == (...,):
        types = types[:1] * len(data)
    elif len(data) != len(types):
        raise Wrong(f"{where} has {len(data)} items, and not {len(types)}")
    return tuple([_parser(type_)(x, f"{where}[{i}]") for i, (type_, x) in enumerate(zip(types, data))])


def _one_of(words: tuple[str, ...], data: Any, where: str) -> Any:
    if isinstance(data, str) and data in words:
        return data
    raise Wrong(f"{where} is {shown(data)}, and not one of {', '.join(words)}")


def _optional(parse: Parser, data: Any, where: str) -> Any:
    return None if data is None else parse(data, where)


def _plain(type_: Any, data: Any, where: str) -> Any:
    if type(data) is type_:
        return data
    raise Wrong(f"{where} is {shown(data)}, and not {_NAMES[type_]}")


def _number(data: Any, where: str) -> float:
    if isinstance(data, str) and data in NONFINITE:
        return NONFINITE[data]
    if type(data) not in (int, float):
        raise Wrong(f"{where} is {shown(data)}, and not a number")
    try:
        number = float(data)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Wrong(f"{where} is a number that no float holds")
    return number


_NAMES = {int: "a whole number", str: "a string", bool: "true or false"}


def shown(data: Any) -> str:
    """A value in a few characters, for error messages."""
    return f"{data!a:.40}"


@cache
def _types(record: Any) -> dict[str, Any]:
    """The type of each field."""
    return get_type_hints(record)


@cache
def _parsers(record: Any) -> dict[str, tuple[str, Parser]]:
    """The keys of a record in JSON, with the names of the fields and what makes their values."""
    return {_key(field): (field.name, _parser(_types(record)[field.name])) for field in fields(record)}


def _key(field: Field[Any]) -> str:
    """The key of a field in JSON: its name, or what its metadata say where it was renamed."""
    key: str = field.metadata.get("key", field.name)
    return key


@cache
def _required(record: Any) -> list[str]:
    return [_key(field) for field in fields(record) if field.default is MISSING]


# From records to the schema.


def _schema_of(type_: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if is_dataclass(type_):
        name = type_.__name__  # type: ignore[union-attr]
        if name not in definitions:
            definitions[name] = {}  # first a placeholder, because a record may contain records of its own type
            definitions[name] = _object_schema(type_, definitions)
        return {"$ref": f"#/$defs/{name}"}
    origin, arguments = get_origin(type_), get_args(type_)
    if origin is tuple and arguments[-1] is ...:
        return {"type": "array", "items": _schema_of(arguments[0], definitions)}
    if origin is tuple:
        items = [_schema_of(x, definitions) for x in arguments]
        return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}
    if origin is Literal:
        return {"enum": list(arguments)}
    if arguments:
        return {"anyOf": [_schema_of(x, definitions) for x in arguments]}
    if type_ is float:
        return {"anyOf": [{"type": "number"}, {"enum": list(NONFINITE)}]}
    return {"type": {int: "integer", str: "string", bool: "boolean", NoneType: "null"}[type_]}


def _object_schema(record: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    said = dict(_said_of_fields(record))
    return {
        "description": (getdoc(record) or "").partition("\n")[0],
        "type": "object",
        "properties": {
            _key(field): {
                **_schema_of(_types(record)[field.name], definitions),
                **({"description": said[field.name]} if field.name in said else {}),
                **({} if field.default is MISSING else {"default": _data(field.default)}),
            }
            for field in fields(record)
        },
        "required": _required(record),
        "additionalProperties": False,
    }


def _said_of_fields(record: Any) -> Iterator[tuple[str, str]]:
    """Each field and its description, from the lines `names : words` of the docstring."""
    for names, words in re.findall(r"^(\w+(?:, \w+)*) : (.*(?:\n +.*)*)", getdoc(record) or "", re.MULTILINE):
        yield from ((name, " ".join(words.split())) for name in names.split(", "))
