"""The course in Chinese: every text of it is Chinese, and the programs are the same."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tinygrad_edu.cli.lessons import Lesson, catalogues, copy_lessons, lessons
from tinygrad_edu.cli.translation import read_catalogue, texts_in_code, translated

CHINESE = re.compile(r"[\u4e00-\u9fff]")

PROGRAM = '''# ---
# jupyter: head
# ---

# %% [markdown]
# # 1. A heading
#
# A paragraph
# of two lines.
#
# 1. One
#    point.
# 2. Another.
#
# | a | $b$ |
# |---|---|
# | cell | |
#
# $$x
# = y$$
#
# ```sh
# kept as it is
# ```
#
# <details><summary>Answers</summary>
#
# </details>

# %% tags=["hide-cell"]
import numpy  # why


def f(x):
    r"""What \\sigma does.

    More.
    """
    # Two lines
    # below each other.
    return "# no comment"  # noqa: E501
'''


def test_each_kind_of_text_is_translated_as_a_whole_and_all_else_stays() -> None:
    asked: list[str] = []

    def translate(text: str) -> str:
        asked.append(text)
        return text if text.startswith("<") else f"[{text}]"

    result = translated(PROGRAM, translate)
    assert asked[:10] == [
        "1. A heading",
        "A paragraph of two lines.",
        "One point.",
        "Another.",
        "a",
        "$b$",
        "cell",
        "x\n= y",
        "<details><summary>Answers</summary>\n",
        "</details>",
    ]
    assert sorted(asked[10:]) == ["Two lines\nbelow each other.", "What \\sigma does.\n\nMore.", "why"]
    assert "# # [1. A heading]\n#\n# [A paragraph of two lines.]\n#\n# 1. [One point.]\n# 2. [Another.]\n" in result
    assert "    # [Two lines\n    # below each other.]\n" in result
    assert '    r"""[What \\sigma does.\n\n    More.]\n    """\n' in result
    assert {"# jupyter: head", "# kept as it is", "# |---|---|", "# </details>"} <= set(result.split("\n"))
    assert 'return "# no comment"  # noqa: E501\n' in result


def test_strings_with_words_are_translated_and_code_stays() -> None:
    program = (
        'print("names,", f"{x["a"] if 0 else n:3} of {total}", "W1", f"{n}")\n'
        'plot({"two words": x["float64"]}, title=("one " "line"))\n'
    ).replace('["a"]', "['a']")
    asked: list[str] = []

    def translate(text: str) -> str:
        asked.append(text)
        return {"{x['a'] if 0 else n:3} of {total}": "{total}之{x['a'] if 0 else n}", "two words": "两个词"}.get(
            text, text
        )

    result = translated(program, translate, strings=True)
    assert sorted(asked) == ["names,", "one line", "two words", "{x['a'] if 0 else n:3} of {total}"]
    assert """f"{total}之{x['a'] if 0 else n}", "W1", f"{n}")""" in result
    assert 'plot({"两个词": x["float64"]}, title=("one " "line"))' in result
    assert texts_in_code(program) == []


def test_a_catalogue_is_read_without_what_is_old_or_empty(tmp_path: Path) -> None:
    path = tmp_path / "page.po"
    path.write_text(
        'msgid ""\nmsgstr "Language: zh\\n"\n\n#, python-format\nmsgid ""\n"two "\n"\\"lines\\""\nmsgstr "两行"\n\n'
        '#, fuzzy\nmsgid "old"\nmsgstr "旧"\n\nmsgid "empty"\nmsgstr ""\n\n#~ msgid "gone"\n#~ msgstr "没有了"\n',
        encoding="utf-8",
    )
    assert read_catalogue(path) == {'two "lines"': "两行"}


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.name)
def test_no_text_of_a_lesson_is_english(lesson: Lesson) -> None:
    page, code = (read_catalogue(catalogues("zh") / kind / f"{lesson.name}.po") for kind in ("lessons", "code"))
    assert {text for text in page.keys() & code.keys() if page[text] != code[text]} == set(), "one would hide the other"
    texts = {**page, **code}
    asked: list[str] = []
    for program in lesson.all_programs:
        english = program.read_text(encoding="utf-8")
        if program != lesson.path:
            asked += texts_in_code(english, strings=program in lesson.programs)
        chinese = lesson.text(program, "zh")
        assert skeleton(chinese) == skeleton(english)

    def note(text: str) -> str:
        asked.append(text)
        return text

    translated(lesson.path.read_text(encoding="utf-8"), note, strings=True)
    assert [text for text in asked if text not in texts and text.strip() != "</details>"] == []


def skeleton(program: str) -> str:
    """The program as a tree, without its docstrings and strings; of f-strings there are the values, in any order."""

    class Strings(ast.NodeTransformer):
        def visit_Constant(self, node: ast.Constant) -> ast.Constant:
            return ast.Constant("") if isinstance(node.value, str) else node

        def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.Set:
            values = (self.visit(part.value) for part in node.values if isinstance(part, ast.FormattedValue))
            return ast.Set(sorted(values, key=ast.dump))

    tree = ast.parse(program)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(Strings().visit(tree))


def test_chinese_notebooks_speak_chinese_and_run(run: Command, folder: Path) -> None:
    pytest.importorskip("jupytext")
    code, _, err = run("tutorials", "copy", "course", "1", "--lang", "zh")
    assert (code, err) == (0, "")
    cells = json.loads((folder / "course" / "01_a_graph_of_numbers.ipynb").read_text(encoding="utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    assert len(texts) > 10
    assert all(CHINESE.search(text) for text in texts)
    starter = (folder / "course" / "exercises" / "01_a_graph_of_numbers" / "starter.py").read_text(encoding="utf-8")
    assert CHINESE.search(starter.partition("\n")[0])
    program = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    shown = f"{program}\nprint(tg.explain(z, x))"
    ended = subprocess.run([sys.executable, "-W", "error", "-c", shown], capture_output=True, encoding="utf-8")
    assert ended.returncode == 0, ended.stderr
    assert "前向传播" in ended.stdout


def test_the_environment_chooses_the_language_too(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    english = run("tutorials").out
    monkeypatch.setenv("TINYGRAD_EDU_LANG", "zh")
    chinese = run("tutorials").out
    assert chinese == run("tutorials", "--lang", "zh").out
    assert english == run("tutorials", "--lang", "en").out == run("--lang=en", "tutorials").out
    assert run("--lang", "en", "tutorials", "copy", "in", "99").err.startswith("tinygrad-edu: there is no lesson '99'")
    assert "1  数的计算图" in chinese


def test_links_between_notebooks_lead_to_notebooks(folder: Path) -> None:
    pytest.importorskip("jupytext")
    for path in copy_lessons(folder, lessons()[1:3]):
        links = re.findall(r"\]\((\d\d_\w+\.\w+)\)", path.read_text(encoding="utf-8"))
        assert links
        assert all(link.endswith(".ipynb") for link in links)
