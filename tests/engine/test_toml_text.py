"""TOML that may be anybody's: read as Python does, or refused before it takes time or memory."""

import re
import tomllib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.files.toml_text import MOST_CHARACTERS, read_toml
from rnn_tui.papers.shipped import FOLDER, paper_names
from tests.measured import operations, peak_memory

#: a text with quotation marks and dots in it, then a key.
TORN = 'x = """\n\\""" ' + "a." * 20 + '"""\n[' + "a." * 10 + "a]"


@pytest.mark.parametrize("name", paper_names())
def test_papers_that_ship_are_read_as_python_reads_them(name: str) -> None:
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    assert repr(read_toml(text)) == repr(tomllib.loads(text))


pieces = st.sampled_from(
    ["a", "'", '"', '"""', "'''", "\\", ".", "=", "[", "]", "{", "}", ",", "#", "\n", " ", "1", "-"]
)


@given(st.lists(pieces, max_size=40).map("".join))
def test_any_text_is_read_as_python_reads_it(text: str) -> None:
    try:
        expected = tomllib.loads(text)
    except ValueError:
        with pytest.raises(ValueError):  # noqa: PT011 - the reader's own words
            read_toml(text)
    else:
        assert read_toml(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"a = 1\n{'a.' * 10}a = 1", "line 2 has a key of more than 10 parts"),
        (f"x = {{{'a . ' * 10}a = 1}}", "line 1 has a key of more than 10 parts"),
        ('"." . ' * 10 + "'.' = 1", "line 1 has a key of more than 10 parts"),
        (TORN, "line 3 has a key of more than 10 parts"),
        (f"a = {'[' * 50_000}", "line 1 has more than 20 lists or tables in one another"),
        (f"a = {'{a=' * 30_000}", "line 1 has more than 20 lists or tables in one another"),
        ("a = 0x8000000000000000", "has a whole number beyond 9,223,372,036,854,775,807"),
        (f"a = {'9' * 5_000}", "limit"),
        (" " * (MOST_CHARACTERS + 1), "more than 100,000 characters"),
    ],
)
def test_what_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        read_toml(text)


def test_texts_and_numbers_may_have_any_dots() -> None:
    dots = "a." * 1000
    text = f"# {dots}\nx = \"{dots}\"\ny = '''\n{dots}'''\nz = [{'1.5, ' * 1000}]"
    assert read_toml(text)["x"] == dots


def _long_keys(count: int) -> str:
    return "[a.a.a.a.a.a.a.a.a.a]\n" + "".join(
        f"b.b.b.b.b.b.b.b.b.{number} = 1\n" for number in range(count)
    )


def _unclosed(count: int) -> str:
    return 'a = """' + '\\"""' * count


def _tables(count: int) -> str:
    return "".join(f"[a.{number}]\nb = [{{}}]\n" for number in range(count))


@pytest.mark.parametrize("make", [_long_keys, _unclosed, _tables])
def test_time_and_memory_grow_with_the_text(make: Callable[[int], str]) -> None:
    def read(count: int) -> None:
        try:
            read_toml(make(count))
        except ValueError:
            assert make is _unclosed

    fewer = operations(lambda: read(500))
    assert operations(lambda: read(1000)) < 2.2 * fewer + 100
    assert peak_memory(lambda: read(2500)) < 40_000_000
