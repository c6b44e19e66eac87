"""Derivations on paper, and scripts in files."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from importlib import resources
from pathlib import Path

import jsonschema
import pytest

import tinygrad_edu as tg
from tinygrad_edu.graph.words.latex import equation
from tinygrad_edu.step import json_form

from .test_page import HOSTILE
from .test_script import textbook

SCHEMA = json.loads((resources.files("tinygrad_edu.step") / "script.schema.json").read_text("utf-8"))


def test_the_script_keeps_to_its_schema_and_is_read_back_as_the_same_script() -> None:
    script = tg.steps(textbook()[0])
    jsonschema.validate(json.loads(script.json()), SCHEMA, jsonschema.Draft202012Validator)
    again = json_form.read(script.json())
    assert (again.graph, again.events) == (script.graph, script.events)


def test_a_script_of_a_node_that_is_not_there_is_refused() -> None:
    document = json.loads(tg.steps(textbook()[0]).json())
    document["events"][0]["node"] = 99
    with pytest.raises(tg.GraphError, match=r"script.events\[0\]"):
        json_form.read(json.dumps(document))


@pytest.mark.parametrize("extension", [".html", ".svg", ".md", ".tex", ".txt", ".json"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_format_is_written(extension: str, lang: str, tmp_path: Path) -> None:
    path = tg.steps(textbook()[0]).save(tmp_path / f"z{extension}", lang=lang)
    assert path.read_text("utf-8")


def test_an_unknown_extension_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "z.pdf").write_text("mine")
    with pytest.raises(ValueError, match=r"none of the extensions \.html, \.svg"):
        tg.steps(textbook()[0]).save(tmp_path / "z.pdf")
    assert (tmp_path / "z.pdf").read_text() == "mine"


def test_an_unknown_language_is_refused_with_those_there_are() -> None:
    with pytest.raises(tg.TinygradError, match="lang is one of 'en', 'zh'"):
        tg.steps(textbook()[0]).text("fr")


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_filmstrip_is_well_formed_whatever_the_names(name: str) -> None:
    x = tg.Value(2.0, name)
    strip = ET.fromstring(tg.steps(x * x).filmstrip())
    ids = [element.get("id") for element in strip.iter() if element.get("id")]
    assert len(ids) == len(set(ids))


def test_a_filmstrip_shows_what_is_known_after_the_events_asked_for() -> None:
    svg = tg.steps(textbook()[0]).filmstrip(at=[2, 7])
    first, second = svg.split("<svg")[2:]
    assert "∂z/∂x = 4" not in re.sub("<[^>]*>", "", first)
    assert "∂z/∂x = 4" in re.sub("<[^>]*>", "", second)
    assert len(set(re.findall(r'\bid="([^"]*)"', svg))) == svg.count(' id="')
    with pytest.raises(ValueError, match="steps from 1 to 7, and not 8"):
        tg.steps(textbook()[0]).filmstrip(at=[8])
    for at in (2.5, ["x"], [None], "2", [1.0]):
        with pytest.raises(tg.TinygradError, match="steps from 1 to 7, and not "):
            tg.steps(textbook()[0]).filmstrip(at=at)  # type: ignore[arg-type]
    for columns in (None, "2", 1.5):
        with pytest.raises(tg.TinygradError, match="columns is how many pictures stand in a row, not "):
            tg.steps(textbook()[0]).filmstrip(columns=columns)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Σ_{s} g_{bts} K_{bsd}", r"\sum_{s} \, g_{\mathrm{bts}} \, K_{\mathrm{bsd}}"),
        ("∂L/∂b = Σ δ", r"\frac{\partial L}{\partial b} = \sum \delta"),
        ("W₂ ** (−1)", r"W_{2} ^{-1}"),
        ("g W.T² + x²^k", r"g \, \mathrm{W.T}^{2} + x^{2}{}^{k}"),
        ("«50% & more» + x", r"{\langle \mathrm{50\%\ \&\ more} \rangle} + x"),
        ("model.loss = log(2)", r"\mathrm{model.loss} = \log(2)"),
        ("v₁ = 2 ** 1.5 · max(x^0.5)", r"v_{1} = 2 ^{1.5} \cdot \max(x^{0.5})"),
        ("sigmoid(x) = v1.5", r"\operatorname{sigmoid}(x) = \mathrm{v1.5}"),
    ],
)
def test_our_notation_as_latex(ours: str, theirs: str) -> None:
    assert equation(ours) == theirs


def test_bold_names_in_the_strip_and_in_latex() -> None:
    w = tg.tensor([1.0, 2.0], requires_grad=True, name="w")
    script = tg.steps((w * w).sum(), bold=True)
    assert json_form.read(script.json()).bold
    assert r"\mathbf{w} \odot \mathbf{w}" in script.latex()
    strip = script.filmstrip(at=[1])
    assert re.findall(r'class="equation bold[^>]*>(.*?)<', strip)[:2] == ["v", "1"]
    assert "∂" not in strip, "what is not known yet is not there, bold or not"


def test_frames_stand_side_by_side_in_columns_each_with_its_words_below() -> None:
    script = tg.steps(textbook()[0])
    one, two = (ET.fromstring(script.filmstrip(at=[2, 3, 7], columns=columns)) for columns in (1, 2))
    assert float(two.get("width", 0)) == 2 * float(one.get("width", 0))
    assert float(two.get("height", 0)) < float(one.get("height", 0))
    frames = [g for g in two.iter() if g.find("{http://www.w3.org/2000/svg}svg") is not None]
    places = [re.findall(r"[\d.]+", g.get("transform", "")) for g in frames]
    (left, top), (right, beside), (below, lower) = [(float(x), float(y)) for x, y in places]
    assert left == below < right
    assert top == beside < lower
    with pytest.raises(ValueError, match="columns is how many pictures stand in a row, not 0"):
        script.filmstrip(columns=0)
