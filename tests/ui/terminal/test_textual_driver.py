"""Sequences that Textual's parser can't read, among keys."""

import pytest
from textual.events import Key, Message, MouseDown, Paste

from rnn_tui.ui.terminal.terminal_input import InputText
from rnn_tui.ui.terminal.textual_driver import SteadyParser

UNREADABLE = ("\x1b[:A", "\x1b[1114112R", "\x1b[1114112u", f"\x1b[{'9' * 25}u")


def parsed(text: str, size: int) -> list[Message]:
    """What a text says that comes in parts of a size."""
    typed = InputText()
    parser = SteadyParser(bool)
    parts = [text[place : place + size] for place in range(0, len(text), size)]
    return [message for part in parts for message in parser.feed(typed.feed(part))]


def keys(messages: list[Message]) -> list[str]:
    return [message.key for message in messages if isinstance(message, Key)]


@pytest.mark.parametrize("sequence", UNREADABLE)
@pytest.mark.parametrize("size", [1, 3, 4096])
def test_keys_before_and_behind_what_is_no_key_are_there(sequence: str, size: int) -> None:
    messages = parsed(f"a{sequence}?\x11{sequence}{sequence}\x1b[A", size)
    assert keys(messages) == ["a", "question_mark", "ctrl+q", "up"]


def pressed(text: str, *, tells_sizes: bool) -> tuple[float, float]:
    """Where the mouse is pressed, by a terminal whose sizes come among keys or do not."""
    parser = SteadyParser(lambda: tells_sizes)
    [press] = [message for message in parser.feed(text) if isinstance(message, MouseDown)]
    return press.x, press.y


def test_what_a_terminal_has_said_of_its_cells_holds_behind_what_is_no_key() -> None:
    """The mouse is told in pixels then, of which ten by twenty are a cell here."""
    text = "\x1b[48;24;80;480;800t\x1b[:A\x1b[<0;101;101M"
    assert pressed(text, tells_sizes=True) == (10, 5)


@pytest.mark.parametrize("size", ["48;24;80;480;800", "48;0;0;0;0", "48;24;80;0;0"])
def test_a_size_that_is_no_word_of_the_terminal_leaves_the_mouse_in_place(size: str) -> None:
    assert pressed(f"\x1b[{size}t\x1b[<0;11;6M", tells_sizes=False) == (10, 5)


def test_a_size_without_room_loses_no_press() -> None:
    assert pressed("\x1b[48;0;0;0;0t\x1b[<0;11;6M", tells_sizes=True) == (10, 5)


@pytest.mark.parametrize("size", [1, 3, 4096])
def test_nothing_that_is_pasted_becomes_a_key(size: int) -> None:
    messages = parsed("\x1b[200~a\x1bq\x1b[:A\x1b[55296u\x1b[201~?", size)
    assert keys(messages) == ["question_mark"]
    [paste] = [message for message in messages if isinstance(message, Paste)]
    assert paste.text == "aq[:A[55296u"


def test_escape_and_parts_of_sequences_are_keys_once_nothing_follows() -> None:
    parser = SteadyParser(bool)
    assert keys(list(parser.feed("\x1b"))) == []
    assert keys(list(parser.end_sequence())) == ["escape"]
    assert keys(list(parser.feed("\x1b["))) == []
    assert keys(list(parser.end_sequence())) == ["left_square_bracket"]
    assert keys(list(parser.end_sequence())) == []


def test_alt_with_a_digit_is_that_and_no_text() -> None:
    parser = SteadyParser(bool)
    assert keys(list(parser.feed("\x1b1\x1b8\x1b0"))) == ["alt+1", "alt+8", "alt+0"]
