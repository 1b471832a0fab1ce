"""Questions to recall networks: whatever is typed is read, or refused in a harmless sentence."""

import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rnn_tui.engine.errors import QueryError
from rnn_tui.tasks.recall.questions import MOST_DIGITS, check_position, parse_digits, parse_position


def assert_sentence(error: QueryError) -> None:
    message = str(error)
    assert not any(unicodedata.category(character)[0] == "C" for character in message)
    assert len(message.splitlines()) == 1
    assert message.endswith(".")
    assert len(message) < 120


@given(st.text() | st.text("0123456789 ,;\t\n"))
@example("")
@example(" ,; ")
@example("\x1b[31m3")
@example("٣")
@example("²")
@example("３")
@example("\u00a0")
@example("\u2028")
@example("\ud800")
@example("-1")
@example("3.1")
def test_any_text_gives_digits_or_a_sentence(text: str) -> None:
    try:
        digits = parse_digits(text)
    except QueryError as refused:
        error = refused
    else:
        assert 1 <= len(digits) <= MOST_DIGITS
        typed = [int(character) for character in text if character in "0123456789"]
        assert list(digits) == typed
        assert set(text) <= set("0123456789 ,;\t\r\n")
        return
    assert_sentence(error)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.sampled_from(["", " ", ",", "; "]))
def test_digits_come_back_however_they_are_set_apart(digits: list[int], between: str) -> None:
    assert parse_digits(between.join(map(str, digits))) == tuple(digits)


def test_the_longest_sequence_is_read_and_the_next_is_not() -> None:
    assert parse_digits("7" * MOST_DIGITS) == (7,) * MOST_DIGITS
    for text in ("7" * (MOST_DIGITS + 1), "7 " * 10**6, "7" * 10**6):
        with pytest.raises(QueryError, match="at most 1,000 digits"):
            parse_digits(text)
    assert parse_digits(" " * 10**6 + "7") == (7,)
    with pytest.raises(QueryError) as refused:
        parse_digits("x" * 10**6)
    assert_sentence(refused.value)


def test_the_character_that_is_no_digit_is_named() -> None:
    with pytest.raises(QueryError) as refused:
        parse_digits("31a4")
    assert str(refused.value) == "Only the digits 0 to 9 can be recalled; character 3 is “a”."
    with pytest.raises(QueryError, match="such as 3 1 4 1 5"):
        parse_digits("  ")


@given(st.integers() | st.integers(-3, 12), st.lists(st.integers(0, 9), min_size=1, max_size=9))
def test_a_position_is_in_the_sequence_or_refused(position: int, digits: Sequence[int]) -> None:
    if 1 <= position <= len(digits):
        assert check_position(position, digits) == position
        return
    with pytest.raises(QueryError) as refused:
        check_position(position, digits)
    assert_sentence(refused.value)


def test_how_many_digits_there_are_is_said() -> None:
    with pytest.raises(QueryError, match="which has one digit"):
        check_position(2, (5,))
    with pytest.raises(QueryError, match="which has 2 digits"):
        check_position(3, (5, 6))


def test_positions_are_read_as_typed() -> None:
    assert parse_position(" 12 ") == 12
    for bad in ("", "0", "1e3", "²", "-1"):
        with pytest.raises(QueryError):
            parse_position(bad)
