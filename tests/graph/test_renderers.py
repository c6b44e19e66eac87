"""An SVG looks the same in other programs: all they need is on the elements, and what is not to be seen is left out."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import tinygrad_edu as tg
from tinygrad_edu.errors import FileError

from .examples import EXAMPLES, worked_example

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_every_shape_has_its_looks_as_attributes(name: str, theme: Any) -> None:
    svg = re.sub(r"<style>.*?</style>", "", tg.draw(EXAMPLES[name](), theme=theme).svg(), flags=re.DOTALL)
    shapes = re.findall(r"<(?:rect|path|circle)\b[^>]*>", svg)
    assert shapes
    assert not [shape for shape in shapes if " fill=" not in shape]
    assert not re.search(r'\sstyle="', svg)  # a page of strict policy would not apply it
    assert set(re.findall(r'font-family="([^"]*)"', svg)) == {"Arial", "Times New Roman"}  # one each, as Qt needs it


def test_the_size_of_letters_is_in_the_style_sheet_and_outweighs_a_page() -> None:
    svg = tg.draw(worked_example()[-1]).svg()
    identity = re.search(r'id="(tg-[0-9a-f]+)"', svg)
    assert identity
    for size in set(re.findall(r'<(?:text|tspan) class="[^"]*\bs(\d+)"', svg)):
        assert f"svg#{identity[1]} .s{size}{{font-size:{int(size) / 10:g}px}}" in svg


@pytest.mark.parametrize("name", EXAMPLES)
def test_pictures_are_of_whole_pixels_which_no_program_has_to_scale(name: str) -> None:
    z = EXAMPLES[name]()
    strips = [tg.steps(z).filmstrip(at=[1, 2], columns=2)] if name == "worked example" else []
    for svg in (tg.draw(z).svg(), tg.draw(z, "both").svg(), *strips):
        (size,) = re.findall(r'^<svg [^>]* width="(\d+)" height="(\d+)" viewBox="0 0 (\d+) (\d+)"', svg)
        assert size[:2] == size[2:]


def test_no_id_of_two_filmstrips_or_of_two_frames_is_the_same() -> None:
    z = worked_example()[-1]
    one, two = tg.steps(z).filmstrip(at=[3, 3, 4]), tg.steps(z * 2).filmstrip(at=[3])
    ids = [re.findall(r'\bid="([^"]*)"', svg) for svg in (one, two)]
    assert not set(ids[0]) & set(ids[1])
    assert len(ids[0]) == len(set(ids[0]))


@pytest.mark.parametrize("step", range(1, 8))
def test_a_frame_says_nothing_that_is_not_known_yet(step: int) -> None:
    script = tg.steps(worked_example()[-1])
    state, text = script.state(step), tg.steps(worked_example()[-1]).filmstrip(at=[step])
    words = re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL).split('class="step')[0]
    words = re.sub("<[^>]*>", "", words)
    for node in script.graph.nodes:
        arrival = state.gradients.get(node.id)
        known = arrival is not None and arrival.status == "final"
        assert (f"∂z/∂{node.label} = " in words) == known


@pytest.mark.parametrize("extension", ["svg", "png", "pdf"])
def test_a_filmstrip_is_what_its_extension_says(extension: str, tmp_path: Path) -> None:
    if extension != "svg":
        pytest.importorskip("typst")
    path = tmp_path / f"z.{extension}"
    tg.steps(worked_example()[-1]).filmstrip(path, at=[2])
    start = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF"}[extension]
    assert path.read_bytes().startswith(start)
    with pytest.raises(FileError, match=r"filmstrip: 'z\.gif' has none of the extensions"):
        tg.steps(worked_example()[-1]).filmstrip(tmp_path / "z.gif")


def test_a_picture_is_saved_to_an_open_file() -> None:
    drawing, file = tg.draw(worked_example()[-1]), io.BytesIO()
    drawing.save(file, "svg")
    assert file.getvalue().decode() == drawing.svg()
    text = io.StringIO()
    drawing.save(text, ".json")
    assert text.getvalue() == drawing.json()
    with pytest.raises(ValueError, match="an open file has no extension; say the format"):
        drawing.save(io.BytesIO())  # type: ignore[call-overload]


def test_a_notebook_that_is_only_read_has_the_picture_and_its_words() -> None:
    drawing = tg.draw(worked_example()[-1])
    html = drawing._repr_html_()
    assert html.startswith('<img alt="The computation graph of z: 3 leaves, 2 operations; 4 arrows" src="data:image/')


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH")
@pytest.mark.parametrize("program", ["rsvg-convert", "inkscape", "soffice"])
@pytest.mark.parametrize("mode", ["forward", "both"])
def test_other_programs_draw_it_as_a_browser_does(program: str, mode: Any, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    if shutil.which(program) is None:
        pytest.skip(f"no {program} on the PATH")
    svg = tmp_path / "z.svg"
    svg.write_text(tg.draw(worked_example()[-1], mode, engine="builtin").svg())
    width, height = map(float, re.findall(r'width="([\d.]+)" height="([\d.]+)"', svg.read_text())[0])
    shot, other = tmp_path / "browser.png", tmp_path / "other.png"
    window = f"--window-size={int(width)},{int(height)}"
    command = [CHROMIUM or "", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", window]
    subprocess.run([*command, f"--screenshot={shot}", svg.as_uri()], capture_output=True, check=True, timeout=120)
    commands = {
        "rsvg-convert": ["rsvg-convert", str(svg), "-o", str(other)],
        "inkscape": ["inkscape", str(svg), "-o", str(other), "-d", "96"],
        "soffice": [
            *("soffice", "--headless", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"),
            *("--convert-to", "png", "--outdir", str(tmp_path), str(svg)),
        ],
    }
    subprocess.run(commands[program], capture_output=True, check=True, timeout=240)
    if program == "soffice":
        (tmp_path / "z.png").rename(other)
    pictures = [image.open(path).convert("L").resize((400, 200)) for path in (shot, other)]
    differing = sum(abs(a - b) > 64 for a, b in zip(*(picture.tobytes() for picture in pictures)))
    assert differing / 80_000 < 0.04
