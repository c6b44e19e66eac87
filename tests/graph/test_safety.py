"""Whatever a name is, in every format it is only shown: real parsers read back the characters, and nothing else."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.graph.names import word
from tinygrad_edu.graph.text import shorten, visible

from .test_mermaid import assert_only_what_is_written_here
from .test_page import Elements
from .test_svg import HOSTILE

NAMES = st.text(st.characters(codec=None), min_size=1, max_size=40) | st.sampled_from(HOSTILE)


def named(name: str) -> Any:
    """A graph in which a leaf, a result and a box have this name."""

    @tg.block
    def box(x: Any) -> Any:
        return x * x

    box.__name__ = name
    z = box(tg.Value(2.0, name=name)) - 1.0
    z.name = name
    return z


TAME = named("x")
SVG_ELEMENTS = {"svg", "title", "desc", "style", "g", "rect", "circle", "path", "text", "tspan"}


@settings(deadline=None, max_examples=40)
@given(NAMES, st.sampled_from(["forward", "backward", "both"]), st.sampled_from([0, "all"]))
@example("\ud83d\ude00", "forward", 0)
def test_a_name_is_only_shown(name: str, mode: Any, depth: Any) -> None:
    drawing = tg.draw(named(name), mode, depth=depth, engine="builtin")

    svg = ElementTree.fromstring(drawing.svg().encode())
    assert {element.tag.partition("}")[2] for element in svg.iter()} <= SVG_ELEMENTS
    assert not any(key.startswith("on") or "href" in key for element in svg.iter() for key in element.attrib)

    page = Elements(drawing.html().encode().decode())
    assert len(page.of("script")) == 4
    assert not {"img", "a", "iframe", "object", "embed", "form", "base", "link"} & {tag for tag, _ in page.tags}
    assert not any(key.startswith("on") for _, attributes in page.tags for key in attributes)

    assert_only_what_is_written_here(drawing.mermaid())

    document = json.loads(drawing.json().encode())
    labels = {node["label"] for node in document["nodes"]}
    assert tg.graph.read(drawing.json()).json() == drawing.json()
    if mode == "forward":
        assert word(shorten(visible(name))) in labels or not name


@settings(deadline=None, max_examples=40)
@given(NAMES)
def test_graphviz_reads_the_name_that_is_shown(name: str) -> None:
    pygraphviz = pytest.importorskip("pygraphviz", reason="reads DOT back: pip install pygraphviz")
    drawing = tg.draw(named(name), depth="all", engine="builtin")
    graph = pygraphviz.AGraph(string=drawing.dot(), strict=False)
    assert len(graph.nodes()) == len(drawing.graph.nodes)
    assert len(graph.edges()) == len(drawing.graph.edges)
    label = re.sub(r"&amp;", "&", graph.get_node("n1").attr["label"])
    assert label.replace("\\\\", "\\").startswith(f"{word(shorten(visible(name)))} = 2")


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_an_error_shows_a_hostile_name_in_one_line(name: str) -> None:
    other = tg.Value(1.0, name=name) * 2.0
    with pytest.raises(tg.GraphError) as refused:
        tg.draw(TAME, focus=other)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400
