"""TikZ and LaTeX: they compile with pdflatex, whatever a name is in letters that LaTeX has commands for."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.graph.words.latex import equation, symbol

from .examples import EXAMPLES
from .test_svg import HOSTILE


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_brace_has_its_partner_and_every_box_its_place(name: str) -> None:
    drawing = tg.draw(EXAMPLES[name](), engine="builtin")
    text = drawing.tikz()
    bare = re.sub(r"\\[{}\\]", "", text)
    assert bare.count("{") == bare.count("}")
    assert text.count(r"\path[draw=") == len(drawing.graph.nodes)
    assert text.count("-latex") == len(drawing.graph.edges)


SIGNS = [
    *"#$%&_{}~^\\<>|'\"()*+-=/@ xW1αθΣ∂·×√ñßø°½²₁ᵀ′…«\u0302\u0304🙂",
    "_hat", "_{", "^{", "^2", "\\input{x}", "^^41", "$$", "}}",
]  # fmt: skip
"""Of which names are made that LaTeX could misread."""


def made_up(rng: random.Random) -> str:
    """A name of such signs."""
    return "".join(rng.choice(SIGNS) for _ in range(rng.randint(1, 9)))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex on the PATH")
def test_it_compiles_with_hostile_names(tmp_path: Path) -> None:
    parts = []
    rng = random.Random(0)
    for name in (*HOSTILE, "θx", "[∂Wσa", "\\end{document}", *(made_up(rng) for _ in range(30))):
        z = tg.exp(tg.Value(1.5, name) * tg.Value(-2e-7, f"y{name[:8]}")) ** 2
        z.name = made_up(rng)
        marks: Any = {"colour": lambda node: rng.choice(["tomato", "#08f", None]), "highlight": z, "title": name[:9]}
        arrow = {(z.inputs[0], z): "navy"}
        parts += [tg.draw(z, "both", engine="builtin", **marks).tikz(), tg.draw(z, "both", colour=arrow).tikz()]
        parts += [f"${tg.formula(z, latex=True)}$", tg.steps(z).latex()]
    body = "\n\n".join(re.sub("[\u2e80-\uffff]", "", part) for part in parts)  # Chinese needs a package
    packages = r"\usepackage{amsmath,amssymb,tikz}"
    document = rf"\documentclass{{article}}{packages}\begin{{document}}" + body + r"\end{document}"
    (tmp_path / "all.tex").write_text(document, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, [line for line in done.stdout.splitlines() if line.startswith("!")]


def test_what_the_author_adds_is_in_it() -> None:
    x, y = tg.Value(2.0, "x"), tg.Value(3.0, "y")
    v = x - y
    v.name = "v"
    looks: dict[str, Any] = {
        "colour": {x: "#36c", y: "orange", (x, v): "#ff0000"},
        "title": "One: step",
        "caption": "As in § 2",
    }
    text = tg.draw(tg.tanh(v), engine="builtin", steps=False, direction="LR", **looks).tikz()
    assert r"{$\mathrm{One{:}\ step}$}" in text
    assert r"{$\mathrm{As\ in\ \S{}\ 2}$}" in text
    assert "fill={rgb,255:red,51;green,102;blue,204}" in text
    assert "fill={rgb,255:red,255;green,165;blue,0}" in text
    assert r"\node[text=white] at" in text
    assert r"\draw[-latex,color={rgb,255:red,255;green,0;blue,0}]" in text
    assert re.findall(r"font=\\tiny\] at [^{]*\{(\d)\}", text) == ["1", "2"]


def test_an_arrow_from_top_to_bottom_has_a_gap_for_its_label() -> None:
    z = tg.tanh(tg.Value(2.0, "x"))
    lines = tg.draw(z, engine="builtin", direction="TB", steps=True, fit=None).tikz().splitlines()
    assert len([line for line in lines if line.startswith(r"\draw[tgline]")]) == 1
    assert len([line for line in lines if line.startswith(r"\draw[-latex,tgline]")]) == 1


@pytest.mark.parametrize("text", ["\u0301" * 300, "x" * 10_000, "two\nlines\x00"])
def test_a_title_of_any_text_is_in_lines_that_latex_can_read(text: str) -> None:
    z = tg.Value(2.0, "x") * 2
    text = tg.draw(z, title=text, caption=text, engine="builtin").tikz()
    assert "\x00" not in text
    assert r"\acute{" * 9 not in text
    assert max(map(len, text.splitlines())) < 1_000


def raised_twice(tex: str) -> bool:
    """Whether LaTeX would find a double superscript or subscript: two on the same nucleus, in any group."""
    marks: list[set[str]] = [set()]  # what the last nucleus of each open group has
    primes = opens = False
    for token in re.findall(r"\\[A-Za-z]+|\\.|\S", tex, re.DOTALL):
        sign = "^" if token == "'" else token
        if sign in {"^", "_"}:
            if sign in marks[-1] and not primes:
                return True
            marks[-1].add(sign)
        elif token == "{":
            marks[-1] = marks[-1] if opens else set()
            marks.append(set())
        elif token == "}":
            marks.pop()
        else:
            marks[-1] = set()
        primes, opens = token == "'", token in {"^", "_"}
    return False


@pytest.mark.parametrize("tex", ["x^{2}^{3}", "x'_{1}'", "x_{1} _{2}", "x^{2}'", "{x^{2}{}^{3}^{4}}"])
def test_the_check_finds_what_latex_refuses(tex: str) -> None:
    assert raised_twice(tex)


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_both_halves_have_their_headings(direction: Any) -> None:
    h = tg.tanh(tg.Value(0.5, "a") * 2)
    h.name = "h_t"
    headings = re.findall(r"\\node\[anchor=west.*", tg.draw(h, "both", direction=direction).tikz())
    assert [r"forward" in headings[0], r"gradients\ of\ }h_{t}" in headings[1]] == [True, True]
    assert "anchor=west" not in tg.draw(h).tikz()


SMALL = ["ᵀ", "²", "₁", "′", "'", "σ²", "Aᵀ'", "A\\ᵀ'", "x²'", "x_1^2′", "x²₁²₁", "₁^", "ʰᵀ", "x₁ ₁", "°²"]
"""Names that end or begin with what stands above or below the line."""

LINES = st.lists(st.sampled_from([*SMALL, *(f"«{x}»" for x in SMALL), *SIGNS, *"()^ "]), max_size=9).map("".join)


@given(LINES)
def test_nothing_is_raised_or_lowered_twice(line: str) -> None:
    assert not raised_twice(symbol(line or "x"))
    assert not raised_twice(equation(line))


@pytest.mark.parametrize("name", SMALL)
def test_a_part_written_by_its_name_is_a_base_in_brackets_where_the_name_is_raised(name: str) -> None:
    v = tg.exp(tg.Value(0.5, "x") * 3 + 1)
    v.name = name
    z = sum([v**2, v**3, 2**v, tg.sqrt(v), 1 / v] * 3, tg.Value(1.0, "b"))
    assert "where" in tg.formula(z)
    assert not raised_twice(tg.formula(z, latex=True))
    assert not re.search("[⁰¹²³⁴⁵⁶⁷⁸⁹ᵀ»][′']*[²³]{1,2}(?![′'»])", tg.formula(z).replace(f"«{name}»", "v"))


def test_a_derivative_has_the_colour_of_derivatives_also_where_only_its_shape_follows() -> None:
    W = tg.ones((4, 5), requires_grad=True)
    W.name = "W"
    loss = (W * W).sum()
    loss.name = "L"
    text = tg.draw(loss, "both", style="shapes", fit=None).tikz()
    (row,) = [line for line in text.splitlines() if r"\frac{\partial L}{\partial W}" in line and "(4" in line]
    assert "text=tgslope" in row
