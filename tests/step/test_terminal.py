"""The terminal player, driven by its keys."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

import tinygrad_edu as tg
from tinygrad_edu.step.predict import Score

from .test_script import textbook

pytest.importorskip("textual", reason="the terminal player needs textual: pip install 'tinygrad_edu[step]'")

from textual.widgets import Static

from tinygrad_edu.step.terminal import Player


def played(keys: str, *, predict: bool = False, look: Callable[[Player], None] | None = None) -> Player:
    """A player of the textbook's example after some keys."""

    async def play() -> Player:
        player = Player(tg.steps(textbook()[0]), predict=predict)
        async with player.run_test(size=(80, 24)) as pilot:
            await pilot.press(*keys.split())
            await pilot.pause()
            if look:
                look(player)
        return player

    return asyncio.run(play())


def shows(part: str, text: str) -> Callable[[Player], None]:
    def look(player: Player) -> None:
        assert text in str(player.query_one(f"#{part}", Static).render())

    return look


@pytest.mark.parametrize(
    ("keys", "step"),
    [
        ("", 0),
        ("right right", 2),
        ("right right left", 1),
        ("left", 0),
        ("end", 7),
        ("end right", 7),
        ("end home", 0),
        ("b", 3),
    ],
)
def test_keys_move_through_the_script(keys: str, step: int) -> None:
    assert played(keys).step == step


def test_the_equation_and_the_sentence_of_the_event_are_shown() -> None:
    played("b right right right", look=shows("equation", "∂z/∂x = 4 · 1 = 4"))
    played("b right", look=shows("said", "upstream 1 times local derivative 4 is 4"))


def test_the_table_has_the_gradients_at_the_end() -> None:
    def look(player: Player) -> None:
        rows = [[str(cell) for cell in player.table.get_row_at(i)] for i in range(player.table.row_count)]
        assert [(row[0], row[3], row[4]) for row in rows] == [
            (label, gradient, "final")
            for label, gradient in (("x", "4"), ("y", "4"), ("w", "5"), ("q", "4"), ("z", "1"))
        ]

    played("end", look=look)


def test_a_right_answer_leads_on_and_a_wrong_one_does_not() -> None:
    right = played("right 5 enter", predict=True)
    assert (right.step, right.score.points) == (1, 1.0)
    wrong = played("right 6 enter", predict=True, look=shows("feedback", "Not yet"))
    assert (wrong.step, wrong.score.points) == (0, 0.0)
    mended = played("right 6 enter 5 enter", predict=True)
    assert (mended.step, mended.score.points) == (1, 0.5)


def test_enter_alone_gives_the_hints_and_then_the_answer() -> None:
    played("b right enter", predict=True, look=shows("feedback", "upstream: ∂z/∂z = 1"))
    given_up = played("b right enter enter enter enter", predict=True)
    assert given_up.step == 4
    assert given_up.score.points == 0
    assert given_up.score.met[3]["hints"] == 3


def test_what_cannot_be_read_is_no_mistake() -> None:
    player = played("right f i v e enter", predict=True, look=shows("feedback", "not a number"))
    assert player.score == Score()


def test_space_plays_and_stops() -> None:
    async def play() -> tuple[int, bool, bool]:
        player = Player(tg.steps(textbook()[0]))
        async with player.run_test() as pilot:
            await pilot.press("plus", "plus", "plus", "space")
            playing = player.timer is not None
            await asyncio.sleep(1.0)
            await pilot.press("space")
            return player.step, playing, player.timer is None

    step, playing, stopped = asyncio.run(play())
    assert step >= 2
    assert playing
    assert stopped
