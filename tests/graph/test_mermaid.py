"""Mermaid: what Markdown pages draw, within the limits that Mermaid has, and nothing that a name could add to it."""

from __future__ import annotations

import re
from typing import Any

import pytest

import tinygrad_edu as tg
from tinygrad_edu.graph.formats.mermaid import MOST_ARROWS, MOST_CHARACTERS, mermaid
from tinygrad_edu.graph.recorded import plain

from .examples import EXAMPLES, chain, square
from .test_svg import HOSTILE

LABEL = r"(?:[^\"\\&;<>{}`$%#]|#\d+;|<br>)*"
STATEMENTS = [
    r"flowchart (LR|RL|TB|BT)",
    rf"accTitle: {LABEL}",
    rf'n\d+(\(\["{LABEL}"\]\)|\["{LABEL}"\]|\{{\{{"{LABEL}"\}}\}}|\[\["{LABEL}"\]\]):::\w+',
    rf'n\d+ (-->|==>|-\.->)(\|"{LABEL}"\|)? n\d+',
    r"n\d+ -\.- n\d+",
    rf'subgraph c\d+\["{LABEL}"\]',
    r"end",
    r"classDef \w+ [\w#:,\- ]+",
    r"class [nc]\d+(,[nc]\d+)* \w+",
    rf'notes>"{LABEL}"\]:::note',
]
"""The lines that there are. In labels, whatever Mermaid, its Markdown or HTML could read as more is a number."""


def assert_only_what_is_written_here(text: str) -> None:
    for line in text.splitlines():
        assert any(re.fullmatch(statement, line.strip()) for statement in STATEMENTS), line


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("mode", ["forward", "backward"])
def test_every_node_and_every_arrow_is_a_line(name: str, mode: Any) -> None:
    drawing = tg.draw(EXAMPLES[name](), mode)
    text = drawing.mermaid()
    assert_only_what_is_written_here(text)
    assert len(re.findall(r"^ +n\d+[(\[{]", text, re.MULTILINE)) == len(drawing.graph.nodes)
    assert len(re.findall(r"^ +n\d+ -->", text, re.MULTILINE)) == len(drawing.graph.edges)


def test_x_times_x_has_two_arrows_and_operands_are_numbered_where_order_matters() -> None:
    assert tg.draw(square()).mermaid().count("n1 --> n2") == 2
    a, b = tg.Value(5.0, name="a"), tg.Value(2.0, name="b")
    assert 'n1 -->|"1"| n3\n    n2 -->|"2"| n3' in tg.draw(a - b).mermaid()


MERMAID = [*HOSTILE, "1. item", "end", "%%{init: {}}%%", "$$x$$", "a#quot;b", "fa:fa-car", "click n1 call()", "__x__"]


@pytest.mark.parametrize("name", MERMAID, ids=range(len(MERMAID)))
def test_a_hostile_name_adds_nothing_to_the_text(name: str) -> None:
    x = tg.Value(2.0, name=name)
    z = x * x
    z.name = name
    assert_only_what_is_written_here(tg.draw(z).mermaid())


def test_beyond_the_limits_of_mermaid_the_text_says_how_much_there_is() -> None:
    text = mermaid(plain(chain(MOST_ARROWS)), "LR")
    assert len(text) < MOST_CHARACTERS
    assert text.count("-->") < 10
    assert "too many to draw one by one" in text
    assert "499 operations" in text or "500 operations" in text
