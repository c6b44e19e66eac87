"""`tinygrad-edu tutorials` lists the lessons and copies them; it never overwrites the work of a reader."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tinygrad_edu.cli.lessons import lessons

NUMBERS = [lesson.number for lesson in lessons()]


def test_each_lesson_of_the_course_has_its_exercises() -> None:
    assert len(NUMBERS) >= 15
    assert sorted(set(NUMBERS)) == NUMBERS
    for lesson in lessons():
        assert lesson.title()
        assert {"assignment.py", "starter.py", "reference.py"} <= {file.name for file in lesson.exercises.iterdir()}


def test_the_list_has_a_line_a_lesson(run: Command) -> None:
    code, out, err = run("tutorials")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()[: len(NUMBERS)]] == list(map(str, NUMBERS))


def test_scripts_are_copied_with_their_exercises(run: Command, folder: Path) -> None:
    code, out, _ = run("tutorials", "copy", "course", "--scripts")
    assert code == 0
    assert len(out.splitlines()) == len(NUMBERS)
    for lesson in lessons():
        assert (folder / "course" / f"{lesson.name}.py").read_bytes() == lesson.path.read_bytes()
        assert (folder / "course" / "exercises" / lesson.name / "starter.py").is_file()
    assert (folder / "course" / "programs" / "scalar_gpt.py").is_file()  # which a lesson imports


def test_lessons_are_notebooks_if_nothing_else_is_said(run: Command, folder: Path) -> None:
    pytest.importorskip("jupytext")
    assert run("tutorials", "copy", "course", "2", "01").code == 0
    assert sorted(file.name[:2] for file in (folder / "course").glob("*.ipynb")) == ["01", "02"]
    for file in (folder / "course").glob("*.ipynb"):
        notebook = json.loads(file.read_text(encoding="utf-8"))
        assert notebook["metadata"]["kernelspec"]["name"] == "python3"
        assert {cell["cell_type"] for cell in notebook["cells"]} == {"markdown", "code"}


def test_what_a_reader_has_written_is_never_overwritten(run: Command, folder: Path) -> None:
    assert run("tutorials", "copy", "course", "1", "--scripts").code == 0
    assert run("tutorials", "copy", "course", "1", "--scripts").code == 0, "the same again is no harm"
    mine = folder / "course" / "01_a_graph_of_numbers.py"
    mine.write_text("# my notes", encoding="utf-8")
    code, _, err = run("tutorials", "copy", "course", "--scripts")
    assert code == 2
    assert "01_a_graph_of_numbers.py is there already" in err
    assert mine.read_text(encoding="utf-8") == "# my notes"
    assert len(list((folder / "course").glob("*.py"))) == 1, "nothing was copied"


def test_a_lesson_that_there_is_not_is_named(run: Command) -> None:
    for words in (("copy", "course", "99"), ("open", "eleven")):
        code, _, err = run("tutorials", *words)
        assert code == 2
        assert f"there is no lesson '{words[-1]}'" in err


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_option_may_stand_between_the_arguments(lang: str, run: Command) -> None:
    assert run("tutorials", "copy", "course", "--scripts", "16", "--lang", lang).out == "course/16_gates.py\n"
    assert run("tutorials", "copy", "course", "--scripts", "1", "--nope", "--lang", lang).code == 2


def test_without_jupytext_there_are_still_the_scripts(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "jupytext", None)
    code, _, err = run("tutorials", "copy", "course")
    assert code == 2
    assert "pip install jupytext" in err
    assert run("tutorials", "copy", "course", "--scripts").code == 0


def test_without_jupyterlab_open_says_what_to_install(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinygrad_edu.cli.tutorials.find_spec", lambda name: None)
    code, _, err = run("tutorials", "open", "1")
    assert code == 2
    assert "pip install jupyterlab" in err


def test_open_gives_jupyter_the_readers_own_copy(run: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("jupytext")
    opened: list[list[str]] = []
    monkeypatch.setattr("tinygrad_edu.cli.tutorials.find_spec", lambda name: name)
    monkeypatch.setattr("subprocess.run", lambda words, check: opened.append(words))
    assert run("tutorials", "open", "1").code == 0
    mine = folder / "01_a_graph_of_numbers.ipynb"
    mine.write_text("{}", encoding="utf-8")
    assert run("tutorials", "open", "1").code == 0
    assert mine.read_text(encoding="utf-8") == "{}"
    assert [words[-2:] for words in opened] == [["jupyterlab", mine.name]] * 2
