"""The terminal player, driven by its keys."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu._support.languages import say, speaking
from tinygrad_edu._support.text import columns
from tinygrad_edu.step.predict import Score
from tinygrad_edu.step.texts import TEXTS

from .test_script import textbook

pytest.importorskip("textual", reason='the terminal player needs textual: pip install "tinygrad_edu[step]"')

from textual.geometry import Region
from textual.widgets import Static

from tinygrad_edu.step.terminal import FRAME, KEYS, Player

Press = Callable[..., Coroutine[Any, Any, None]]


def play(test: Callable[[Player, Press], Coroutine[Any, Any, None]], **options: Any) -> None:
    """Run a test on a player of the textbook's example, on a screen of 80 columns."""

    async def run() -> None:
        player = Player(options.pop("script", None) or tg.steps(textbook()[0]), **options)
        async with player.run_test(size=(80, 24)) as pilot:

            async def press(*keys: str) -> None:
                await pilot.press(*keys)
                await pilot.pause()

            await test(player, press)

    asyncio.run(run())


def shown(player: Player, part: str) -> str:
    return str(player.query_one(f"#{part}", Static).render())


def test_keys_move_through_the_script_and_show_the_event() -> None:
    async def test(player: Player, press: Press) -> None:
        for keys, step in (
            ("left", 0),
            ("right right", 2),
            ("left", 1),
            ("end right", 7),
            ("home", 0),
            ("n n n", 5),
            ("p", 2),
            ("b", 3),
            ("right", 4),
        ):
            await press(*keys.split())
            assert player.step == step, keys
        assert "∂z/∂q = 1 · 4 = 4" in shown(player, "equation")
        assert "upstream 1 times local derivative 4 is 4" in shown(player, "said")
        assert "4 / 7   Step by step: z = (x + y) · w" in shown(player, "place")
        await press("end")
        rows = [[str(cell) for cell in player.table.get_row_at(i)] for i in range(player.table.row_count)]
        assert [(row[0], row[3], row[4]) for row in rows] == [
            (label, gradient, "final")
            for label, gradient in (("x", "4"), ("y", "4"), ("w", "5"), ("q", "4"), ("z", "1"))
        ]

    play(test)


def test_a_narrow_screen_shows_the_whole_table_and_lines_follow_its_width() -> None:
    x = tg.Value(2.0, "x")
    player = Player(tg.steps(tg.tanh(x * 0.25) * tg.exp(x * 0.5)))

    async def test() -> None:
        async with player.run_test(size=(40, 20)) as pilot:
            await pilot.press("right", "shift+right", "shift+right")
            await pilot.pause()
            assert player.step == 1
            assert player.table.scroll_x == player.table.max_scroll_x > 0
            for width in (40, 80, 40):
                await pilot.resize_terminal(width, 20)
                await pilot.pause()
                assert ("…" in shown(player, "place")) is (width == 40)
                assert columns(shown(player, "place")) <= width

    asyncio.run(test())


def test_a_step_of_a_long_script_writes_only_the_cells_that_change(monkeypatch: pytest.MonkeyPatch) -> None:
    y = x = tg.Value(1.001, "x")
    for _ in range(300):
        y = y * x
    player = Player(tg.steps(y))
    written: list[Any] = []

    async def test() -> None:
        async with player.run_test(size=(80, 24)) as pilot:
            update = player.table.update_cell

            def noted(*cell: Any) -> None:
                written.append(cell)
                update(*cell)

            monkeypatch.setattr(player.table, "update_cell", noted)
            for keys, most in (
                (("right", "right", "left"), 15),
                (("end",), 3 * 301),
                (("left",), 6),
                (("g", "left"), 0),
            ):
                written.clear()
                await pilot.press(*keys)
                await pilot.pause()
                assert len(written) <= most, keys
            await pilot.press("g")
            widths = {column.label.plain: column.width for column in player.table.columns.values()}
            assert widths["value"] >= len("1.351")
            assert widths["arrived"] == len("300 of 301")

    asyncio.run(test())


def test_what_says_nothing_takes_no_room_and_a_question_names_only_the_keys_that_act() -> None:
    async def test(player: Player, press: Press) -> None:
        def empty() -> list[str]:
            return [part for part in ("said", "source", "feedback") if not player.query_one(f"#{part}").display]

        assert empty() == ["said", "source", "feedback"]
        assert "escape" not in shown(player, "keys")
        await press("right", *"five", "enter")
        assert empty() == ["source"]
        assert shown(player, "keys").strip() == f"escape {say(TEXTS['leave'])}"
        assert shown(player, "feedback") == say(TEXTS["not a number"])

    play(test, predict=True)
    with speaking("zh"):
        play(test, predict=True)


def test_matrices_are_shown_in_rows_and_in_the_table_by_shape_and_range() -> None:
    x = tg.tensor(np.arange(6.0).reshape(2, 3) + 0.125, requires_grad=True, name="x")

    async def test(player: Player, press: Press) -> None:
        await press("right")
        assert "⎡0.25  2.25   4.25⎤" in shown(player, "equation")
        assert "⎣6.25  8.25  10.25⎦" in shown(player, "equation")
        assert str(player.table.get_row_at(0)[2]) == "(2, 3) 0.12 … 5.1"

    play(test, script=tg.steps((x * 2).sum()))


def test_answers_hints_and_the_score() -> None:
    async def test(player: Player, press: Press) -> None:
        await press("right", *"five", "enter")
        assert "not a number" in shown(player, "feedback")
        assert player.score == Score(questions=6)
        await press("backspace", "backspace", "backspace", "backspace", "6", "enter")
        assert "Not yet" in shown(player, "feedback")
        assert player.step == 0
        await press("5", "enter")
        assert (player.step, player.score.points) == (1, 0.5)
        assert "0.5 of 1 points" in shown(player, "place")
        await press("right", "2", "0", "enter")
        assert (player.step, player.score.points) == (2, 1.5)
        await press("right", "right", "enter")  # the seed asks nothing; Enter alone takes a hint
        assert "upstream: ∂z/∂z = 1" in shown(player, "feedback")
        await press("enter", "enter", "enter")  # the other hints, and then the answer
        assert (player.step, player.score.points) == (4, 1.5)
        assert player.score.met[3]["hints"] == 3
        await press("right", "escape")
        assert (player.step, player.question) == (4, None)

    play(test, predict=True)


def test_space_plays_and_stops_and_the_speed_is_set() -> None:
    async def test(player: Player, press: Press) -> None:
        await press("plus", "plus", "plus", "space")
        assert player.timer is not None
        for _ in range(50):
            await asyncio.sleep(0.05)
            if player.step >= 2:
                break
        await press("space")
        assert player.timer is None
        assert player.step >= 2

    play(test)


def test_the_labels_of_the_keys_are_in_the_readers_language_and_all_on_the_screen() -> None:
    async def test(player: Player, _press: Press) -> None:
        rows = [str(row.text) for row in player.query_one("#keys", Static).render_lines(Region(0, 0, 80, 2))]
        labels = [text for _, _, text, _ in KEYS if text != "leave"]
        with speaking("zh"):
            assert all(any(say(TEXTS[text]) in row for row in rows) for text in labels)

    play(test, lang="zh")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_long_names_and_wide_matrices_fit_the_screen(lang: str) -> None:
    X = tg.tensor(np.arange(6.0).reshape(3, 2) / 3, name="输入数据的第一个小批量样本")
    W = tg.tensor((np.arange(12.0).reshape(2, 6) - 12.5) / 7e6, requires_grad=True, name="encoder.layers.0.weight")
    h = tg.tanh(X @ W)
    h.name = "隐藏层的激活值"
    loss = (h**2).mean()
    matrices: list[str] = []

    async def test(player: Player, press: Press) -> None:
        for _ in player.script:
            await press("right")
            rows = shown(player, "equation").splitlines()
            matrices.extend(row for row in rows if set(row) & set("⎡⎢⎣"))
            assert all(columns(row) <= 80 - FRAME for row in matrices)
            assert columns(shown(player, "place")) <= 80 - 2
            assert player.table.virtual_size.width <= player.table.size.width

    play(test, script=tg.steps(loss), lang=lang)
    assert any("  …  " in row for row in matrices)


def of_twelve() -> tg.Tensor:
    """A loss of vectors that no line of a screen of 80 holds."""
    x = tg.tensor(np.linspace(-1.4, 1.7, 12), requires_grad=True, name="x")
    w = tg.tensor(np.linspace(0.33, -0.77, 12), requires_grad=True, name="weights_of_the_layer")
    return (tg.tanh(x * w) * w).sum()


def test_long_vectors_keep_to_their_line_and_leave_room_for_the_table() -> None:
    said: list[str] = []

    async def test(player: Player, press: Press) -> None:
        for _ in player.script:
            await press("right")
            said.extend(shown(player, "equation").splitlines())
            assert player.screen.virtual_size.height <= 24

    play(test, script=tg.steps(of_twelve()))
    assert max(map(columns, said)) <= 80 - FRAME
    arrays = [line for line in said if line.endswith("]")]
    assert sum(", …, " in line for line in arrays) > 5
    assert all(line.count("[") == line.count("]") for line in said)


def test_a_wide_graph_in_characters_leaves_the_arrow_keys_to_the_player() -> None:
    y = of_twelve()
    for _ in range(16):
        y = tg.sin(y)

    async def test(player: Player, press: Press) -> None:
        await press("end", "g", "left", "left", "right")
        last = len(player.script) - 1
        assert player.step == last
        graph = player.query_one("#graph")
        assert graph.virtual_size.width > graph.size.width
        await press("shift+right", "pagedown")
        await asyncio.sleep(0.5)  # it glides
        assert player.step == last
        assert min(graph.scroll_offset) > 0

    play(test, script=tg.steps(y))


def test_the_graph_in_characters_takes_the_place_of_the_table_and_says_what_is_known() -> None:
    async def test(player: Player, press: Press) -> None:
        assert player.table.display
        await press("g", "right")
        assert not player.table.display
        lines = shown(player, "tree").splitlines()
        assert lines[0] == "z = q × w"
        assert lines[1].strip() == "├─ q = x + y = 5"
        await press("end")
        lines = shown(player, "tree").splitlines()
        assert lines[0].split() == ["z", "=", "q", "×", "w", "=", "20", "∂z/∂z", "=", "1"]
        await press("g")
        assert player.table.display

    play(test)


@pytest.mark.parametrize("predict", [False, True])
@pytest.mark.parametrize("key", ["ctrl+c", "ctrl+d"])
def test_ctrl_c_and_ctrl_d_end_it_as_they_end_every_program(predict: bool, key: str) -> None:
    async def test(player: Player, press: Press) -> None:
        await press("right", key)
        assert isinstance(player.return_value, Score)

    play(test, predict=predict)


def test_a_terminal_that_moves_no_cursor_gets_the_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in the shell of an editor."""
    script = tg.steps(textbook()[0])
    monkeypatch.setenv("TERM", "dumb")
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    script.show()
    assert capsys.readouterr().out == script.text() + "\n"
