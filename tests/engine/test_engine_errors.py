"""Text from outside is shown on one line, without anything a terminal would obey."""

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from rnn_tui.engine.errors import printable


@given(st.text(max_size=200), st.integers(2, 100))
@example("\x1b[31mred\x07", 60)
@example("a\nb\r\nc\x85d", 60)
@example("evil\u202etxt.exe", 60)
@example("zero\u200bwidth\ufeff", 60)
@example("line\u2028paragraph\u2029", 60)
def test_result_is_one_harmless_line(text: str, limit: int) -> None:
    shown = printable(text, limit)
    assert len(shown) <= limit
    assert len(shown.splitlines()) <= 1
    assert all(unicodedata.category(character)[0] != "C" for character in shown)


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=60))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_cut_text_says_so() -> None:
    assert printable("x" * 61) == "x" * 59 + "…"
    assert printable("x" * 60) == "x" * 60
    assert printable(ValueError("why")) == "why"
    assert printable("a\x1b[0mb\u202ec") == "a�[0mb�c"
