"""JSON: read back it is the same graph, it keeps to its published schema, and what is broken is refused in one line."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
from tinygrad_edu._support import json_records as records
from tinygrad_edu.graph.recorded import plain

from .examples import EXAMPLES, programs, worked_example

SCHEMA = json.loads(
    resources.files("tinygrad_edu.graph.formats").joinpath("graph.schema.json").read_text(encoding="utf-8")
)
TEXT = tg.draw(worked_example()[-1]).json()


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("mode", ["forward", "backward", "both"])
def test_what_is_written_keeps_to_the_schema_and_is_read_back_as_the_same_graph(name: str, mode: Any) -> None:
    graph = tg.draw(EXAMPLES[name](), mode).graph
    jsonschema.validate(json.loads(graph.json()), SCHEMA, jsonschema.Draft202012Validator)
    again = tg.graph.read(graph.json())
    assert again == graph
    assert again.json() == graph.json()


@given(programs())
def test_any_program_comes_back_from_json(z: Any) -> None:
    graph = plain(z)
    assert tg.graph.read(graph.json()) == graph


@given(st.floats(), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_number_and_any_name_come_back_from_json(number: float, name: str) -> None:
    graph = plain(tg.Value(number, name=name) * number)
    assert tg.graph.read(graph.json()) == graph


def test_lone_surrogates_and_numbers_that_json_does_not_know_come_back() -> None:
    x = tg.tensor(np.array([np.nan, np.inf, -np.inf, -0.0]), requires_grad=True, name="a\udce9b")
    graph = plain(x * np.nan)
    graph.json().encode()
    assert tg.graph.read(graph.json()) == graph


def test_a_file_comes_back(tmp_path: Path) -> None:
    drawing = tg.draw(worked_example()[-1])
    assert tg.graph.read(drawing.save(tmp_path / "z.json")) == drawing.graph
    assert tg.graph.read(str(tmp_path / "z.json")) == drawing.graph


def test_the_schema_says_what_each_field_of_a_node_and_of_an_arrow_is() -> None:
    for record in "Graph", "PlainNode", "Edge", "Cluster":
        properties = SCHEMA["properties"] if record == "Graph" else SCHEMA["$defs"][record]["properties"]
        unsaid = [name for name, what in properties.items() if "description" not in what and "const" not in what]
        assert unsaid == []


def cluster(path: str, parent: str) -> dict[str, Any]:
    return {"path": path, "parent": parent, "kind": "module", "title": path, "nodes": 1}


BROKEN: dict[str, tuple[Any, Any]] = {
    "not JSON": ("{x", "not JSON, or cut off: Expecting property name"),
    "cut off": (TEXT[:200], "not JSON, or cut off"),
    "nothing": ("{}", 'of another kind: it lacks "format"'),
    "another format": ({"format": "elsewhere"}, 'of another kind: it lacks "format"'),
    "a later version": ({"version": 2}, "this is version 2 of the format, and version 1 is what can be read here"),
    "a version that is no number": ({"version": True}, "this is version True of the format"),
    "a list": ("[]", "of another kind"),
    "NaN": (TEXT.replace("20.0", "NaN"), "NaN is not JSON"),
    "nested too deep": ("[" * 100_000, "not JSON, or cut off"),
    "a number of too many digits": (TEXT.replace("20.0", "9" * 5000), "not JSON, or cut off"),
    "a field too many": ({"colour": 1}, "graph has a field 'colour' that the format does not know"),
    "a field too few": ({"of": None}, "graph.of is None, and not a string"),
    "no nodes": ({"nodes": 3}, "graph.nodes is 3, and not an array"),
    "a node that is none": ({"nodes": [3]}, "graph.nodes[0] is 3, and not an object"),
    "an empty node": ({"nodes": [{}]}, "graph.nodes[0] lacks the field 'id'"),
    "an unknown kind": (TEXT.replace('"leaf"', '"leave"', 1), "graph.nodes[0].kind is 'leave', and not one of leaf,"),
    "ids that do not count": (TEXT.replace('"id": 2', '"id": 3'), "graph.nodes[1].id is 3, and ids count from 1"),
    "an output that is not there": ({"outputs": [99]}, "graph.outputs[0] is 99, and there is none of that"),
    "an arrow from nowhere": ({"edges": [{"source": 0, "target": 1, "slot": 0}]}, "graph.edges[0].source is 0"),
    "an arrow to itself": (
        {"edges": [{"source": 1, "target": 1, "slot": 0}]},
        "circle, through the nodes [1, 1]",
    ),
    "arrows in a circle": (
        {"edges": [{"source": 1, "target": 3, "slot": 0}, {"source": 3, "target": 1, "slot": 0}]},
        "lead in a circle",
    ),
    "a cluster in itself": ({"clusters": [cluster("a", "a")]}, "clusters[0] comes before the one around it"),
    "clusters in each other": ({"clusters": [cluster("a", "b"), cluster("b", "a")]}, "clusters[0] comes before"),
    "a cluster twice": (
        {"clusters": [cluster("a", ""), cluster("a", "")]},
        "clusters[1] comes before",
    ),
    "pairs before others": (TEXT.replace('"id": 1,', '"id": 1, "pair": 2,'), "graph.nodes with a pair stand before"),
    "elements that are too few": (
        TEXT.replace('"shape": []', '"shape": [2]', 1),
        "elements of shape (2,) are not 2",
    ),
    "no colour": (TEXT.replace('"id": 1,', '"id": 1, "colour": "url(#x)",'), "graph.nodes[0].colour is 'url(#x)', and"),
    "a shape below nothing": (TEXT.replace('"shape": []', '"shape": [-1]', 1), "the elements of shape (-1,)"),
    "true for a number": ({"outputs": [True]}, "graph.outputs[0] is True, and not a whole number"),
    "a number beyond the floats": (TEXT.replace("20.0", "1e999"), "elements[0] is a number that no float holds"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_refused_in_one_line(case: str) -> None:
    change, message = BROKEN[case]
    text = change if isinstance(change, str) else json.dumps({**json.loads(TEXT), **change})
    with pytest.raises(tg.GraphError) as refused:
        tg.graph.read(text)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 250


@given(st.data())
def test_a_changed_byte_gives_a_graph_or_a_refusal(data: Any) -> None:
    position = data.draw(st.integers(0, len(TEXT) - 1))
    text = TEXT[:position] + data.draw(st.characters(exclude_categories=["Cs"])) + TEXT[position + 1 :]
    try:
        graph = tg.graph.read(text if text.lstrip().startswith("{") else "{" + text)
    except tg.GraphError:
        return
    assert tg.graph.read(graph.json()) == graph


def test_a_file_that_is_too_large_or_no_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "z.json").write_bytes(b"\xff\xfe")
    with pytest.raises(tg.GraphError, match=r"read: z\.json is no text in UTF-8"):
        tg.graph.read(tmp_path / "z.json")
    monkeypatch.setattr(records, "LARGEST", 10)
    (tmp_path / "z.json").write_text(TEXT, encoding="utf-8")
    with pytest.raises(tg.GraphError, match="more than 10 characters"):
        tg.graph.read(tmp_path / "z.json")
    with pytest.raises(FileNotFoundError):
        tg.graph.read(tmp_path / "nothing.json")
