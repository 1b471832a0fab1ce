"""Text from outside is shown on one line, without anything a terminal would obey."""

from hypothesis import example, given
from hypothesis import strategies as st

from rnn_tui.engine.errors import as_cell, printable, printable_lines
from tests.harmless import is_one_harmless_line


@given(st.text(max_size=200), st.integers(2, 100))
@example("\x1b[31mred\x07", 60)
@example("a\nb\r\nc\x85d", 60)
@example("evil\u202etxt.exe", 60)
@example("zero\u200bwidth\ufeff", 60)
@example("line\u2028paragraph\u2029", 60)
def test_result_is_one_harmless_line(text: str, limit: int) -> None:
    shown = printable(text, limit)
    assert len(shown) <= limit
    assert is_one_harmless_line(shown)


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=60))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_cut_text_says_so() -> None:
    assert printable("x" * 61) == "x" * 59 + "…"
    assert printable("x" * 60) == "x" * 60
    assert printable(ValueError("why")) == "why"
    assert printable("a\x1b[0mb\u202ec") == "a�[0mb�c"


def test_what_scripts_and_emoji_are_made_of_stays() -> None:
    for text in ("é", "e\u0301", "数", "👩\u200d💻", "☀\ufe0f", "می\u200cخواهم", "क्\u200dष"):
        assert printable(text) == text


def test_cleaning_a_huge_text_looks_at_what_is_shown_of_it() -> None:
    assert printable("\x1b" * 10_000_000, 3) == "��…"


def test_notes_keep_their_lines() -> None:
    assert printable_lines("a\nb\x1b[1m\r\nc", 100) == "a\nb�[1m\nc"
    assert printable_lines("abcdef", 3) == "ab…"


def test_no_cell_is_a_formula() -> None:
    for text in ("=1+1", "+1", "-1", "@SUM(A1)"):
        assert as_cell(text) == f"'{text}"
    for text in ("\t=1+1", "\r=1", "\x1b[2J"):
        assert as_cell(text) == f"�{text[1:]}"
    for text in ("", "a=b", "é", "caf\udce9.png"):
        assert as_cell(text) == text


def test_what_python_makes_no_text_of_is_said_by_its_kind() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert printable(16**5000) == "a value of the kind int"
    assert printable(deep) == "a value of the kind list"
    while deep:  # or Python would take them apart by calling itself
        deep = deep.pop()  # type: ignore[assignment]
