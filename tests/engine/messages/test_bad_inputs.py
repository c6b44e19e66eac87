"""Every mistake in the table is refused, in words that name the operation, the operands, the rule and the way out."""

from __future__ import annotations

import traceback

import pytest

from tinygrad_edu.errors import TinygradError

from .bad_inputs import BUILT_IN, ROWS, TABLE, Row

NUMPYS_OWN_WORDS = (
    "ufunc", "broadcast together", "remapped", "core dimension", "not aligned", "out of bounds", "cannot reshape array",
    "inhomogeneous", "setting an array element", "cannot be interpreted", "did not contain a loop", "zero-size array",
    "must be real number", "invalid literal", "could not convert", "zero-dimensional", "duplicate value", "newaxis",
    "dtype('", "<class", " object at 0x", "Traceback", "File \"", "cannot be computed on",
)  # fmt: skip
"""What no message may hold: NumPy's phrases, addresses, and the words for a call in which no mistake was found."""


def refusal_of(row: Row) -> TinygradError:
    with pytest.raises(TinygradError) as caught:
        row.mistake()
    return caught.value


def test_the_table_is_long_and_no_row_stands_twice() -> None:
    assert len(ROWS) == sum(map(len, TABLE.values())) >= 80


@pytest.mark.parametrize("name", ROWS)
def test_the_mistake_is_refused_in_words_that_help(name: str) -> None:
    row = ROWS[name]
    error = refusal_of(row)
    assert type(error) is row.error
    assert isinstance(error, BUILT_IN[row.error])
    missing = [words for words in row.words if words not in str(error)]
    assert not missing, str(error)


@pytest.mark.parametrize("name", ROWS)
def test_the_message_names_the_operation_first_in_at_most_three_lines(name: str) -> None:
    row = ROWS[name]
    message = str(refusal_of(row)).replace(__file__.replace("test_bad", "bad"), "bad_inputs.py")
    lines = message.splitlines()
    assert 1 <= len(lines) <= 3
    assert max(map(len, lines)) <= 260
    assert row.words[0] in message[:60]
    assert ":" in message or " was called as " in message or message.startswith("np.")


@pytest.mark.parametrize("name", ROWS)
def test_the_message_holds_none_of_numpys_own_words(name: str) -> None:
    message = str(refusal_of(ROWS[name]))
    assert not [words for words in NUMPYS_OWN_WORDS if words in message], message


@pytest.mark.parametrize("name", ROWS)
def test_the_user_sees_one_short_traceback(name: str) -> None:
    error = refusal_of(ROWS[name])
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/tests/" not in frame.filename]
    assert len(frames) <= 9  # one of them answers for misspelt arguments
