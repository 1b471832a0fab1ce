"""What comes from a terminal: replies, pastes and sizes among keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.ui.terminal.terminal_input import (
    ASK_KITTY,
    MOST_COLUMNS,
    MOST_PASTED,
    MOST_ROWS,
    PASTE_ENDS,
    InputText,
    Replies,
    bounded_size,
    questions,
)

REPLIES = "\x1b_Gi=1;OK\x1b\\\x1b[6;20;10t\x1b[?62;4;6c"
KEYS = "abcé\t\r\x1b[A\x1b[6~\x1b[6;5~\x1b[24;80R\x1b[<0;3;4M\x1b[200~a paste\x1b[201~\x1bx"


@given(st.lists(st.integers(0, len(KEYS + REPLIES) + 3), max_size=9), st.integers(0, 9))
def test_replies_in_any_parts_among_keys_are_taken_out_and_keys_stay(
    cuts: list[int], place: int
) -> None:
    replies = Replies()
    typed = InputText(replies)
    text = KEYS[:place] + REPLIES + KEYS[place:]
    ends = sorted({*cuts, len(text)})
    parts = [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    got = "".join(map(typed.feed, parts)) + typed.end_sequence()
    assert got == KEYS
    assert replies.complete
    assert replies.sixel
    assert replies.kitty
    assert replies.cell == (10, 20)


@given(st.text(alphabet="\x1b[]_G\\?c;6t200~1abé", max_size=40), st.integers(1, 5))
def test_of_any_keys_nothing_is_lost_but_replies(text: str, size: int) -> None:
    typed = InputText()
    parts = [text[place : place + size] for place in range(0, len(text), size)]
    got = "".join(map(typed.feed, parts)) + typed.end_sequence()
    whole = InputText()
    assert got + typed._unfinished == whole.feed(text) + whole.end_sequence() + whole._unfinished


def test_escape_alone_waits_for_what_it_may_begin() -> None:
    typed = InputText()
    assert typed.feed("\x1b") == ""
    assert typed.is_unfinished
    assert typed.end_sequence() == "\x1b"
    assert not typed.is_unfinished
    assert typed.feed("\x1b") + typed.feed("\x1b[A") == "\x1b\x1b[A"


def test_what_is_pasted_is_no_reply_and_has_an_end() -> None:
    replies = Replies()
    typed = InputText(replies)
    pasted = typed.feed("\x1b[200~\x1b[?62;4c\x1b[201~")
    assert pasted == "\x1b[200~[?62;4c\x1b[201~"
    assert not replies.complete
    kept = typed.feed("\x1b[200~")
    for _ in range(30):
        kept += typed.feed("x" * (MOST_PASTED // 10))
    kept += typed.feed("\x1b[2") + typed.end_sequence() + typed.feed("01~") + typed.feed("next")
    assert kept == f"\x1b[200~{'x' * (MOST_PASTED + 1)}\x1b[201~next"


@pytest.mark.parametrize(
    ("width", "height", "drawn"),
    [
        (80, 24, (80, 24)),
        (0, -5, (1, 1)),
        (10**9, 10**9, (MOST_COLUMNS, MOST_ROWS)),
        ("120", 40.7, (120, 40)),
    ],
)
def test_a_size_has_bounds(width: object, height: object, drawn: tuple[int, int]) -> None:
    assert bounded_size(width, height) == drawn


@pytest.mark.parametrize(
    ("environment", "asks"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "linux"}, False),
        ({"TERM": "tmux-256color"}, False),
        ({"TERM": "xterm-256color", "TMUX": "/tmp/x,1,0"}, False),
    ],
)
def test_who_would_print_the_question_for_kitty_is_not_asked(
    environment: dict[str, str], asks: bool
) -> None:
    assert (ASK_KITTY in questions(environment)) is asks


def test_a_paste_whose_end_is_lost_ends_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = InputText()
    assert typed.feed("\x1b[200~abc\x1b[20") == "\x1b[200~abc"
    assert typed.is_unfinished
    assert typed.end_sequence() == ""
    monkeypatch.setattr("rnn_tui.ui.terminal.terminal_input.SECONDS_FOR_THE_REST", 0.0)
    assert typed.end_sequence() == PASTE_ENDS
    assert not typed.is_unfinished
    assert typed.feed("\x11") == "\x11"
