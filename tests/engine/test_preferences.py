"""The settings that last: what is read of the file, and how a theme gets into it."""

import os
from pathlib import Path

import pytest

from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.files.paths import config_file
from rnn_tui.engine.preferences import MOST_BYTES, Preferences, keep_entry, read_preferences

KNOWN = {"theme": ("textual-dark", "nord"), "preset": ("report", "fast")}
FILE = """\
# How I like it.
theme = 'nord'  # cold

redraws = 2
[keys]
train = "k"
"""


def write(text: str | bytes) -> Path:
    path = config_file()
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_without_a_file_the_defaults_hold(home: Path) -> None:
    preferences = read_preferences(KNOWN)
    assert preferences == Preferences()
    assert (preferences.given, preferences.problems) == (frozenset(), ())


def test_what_the_file_has_holds(home: Path) -> None:
    write(FILE + 'stop = "t"\n')
    preferences = read_preferences(KNOWN)
    assert (preferences.theme, preferences.redraws, preferences.keys) == (
        "nord",
        2,
        {"train": "k", "stop": "t"},
    )
    assert preferences.given == {"theme", "redraws", "keys"}
    assert preferences.problems == ()
    write('preset = ""')  # which says that the task's own is meant
    assert read_preferences(KNOWN).problems == ()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("redraws = 11", "redraws must be a whole number from 1 to 10, not 11; 4 is used."),
        ("redraws = true", "redraws must be a whole number from 1 to 10, not true; 4 is used."),
        ("redraws = 2.5", "not 2.5"),
        ('theme = "pink"', 'theme must be one of "textual-dark", "nord", not "pink"'),
        ("theme = 3", "not 3"),
        ('graphics = "ascii"', '"auto", "kitty", "sixel", "blocks"'),
        ('preset = "slow"', 'must be one of "report", "fast"'),
        ('device = "tpu"', '"auto", "cpu", "cuda", "mps", not "tpu"'),
        ('alerts = "yes"', 'must be one of false, true, not "yes"'),
        ('keys = "t"', "must be a table of texts"),
        ("[keys]\ntrain = 3", "must be a table of texts"),
        ("colour = 1", "config.toml: colour is not an entry; the entries are theme, "),
        ('"the\\u001b[2Jme" = 1', "is not an entry"),
    ],
)
def test_a_wrong_entry_costs_one_sentence_and_nothing_else(
    home: Path, line: str, words: str
) -> None:
    write(line if line.startswith("[") else f"{line}\n[other]\n")
    preferences = read_preferences(KNOWN)
    assert (preferences.theme, preferences.redraws, preferences.keys, preferences.alerts) == (
        "textual-dark",
        4,
        None,
        True,
    )
    sentence, *others = preferences.problems
    assert words in sentence
    assert sentence.isprintable()
    assert len(others) == (0 if line.startswith("[") else 1)  # of `other`


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"theme = nord\n", "at line 1"),
        (b"theme = '\xff'\n", "utf-8"),
        (b"#" * (MOST_BYTES + 1), "more than"),
        (b"a = " + b"[" * 5000, "in one another"),
    ],
)
def test_a_file_that_can_not_be_read_is_told_of_and_never_overwritten(
    home: Path, content: bytes, why: str
) -> None:
    path = write(content)
    preferences = read_preferences(KNOWN)
    assert why in preferences.problems[0]
    assert len(preferences.problems) == 1
    assert preferences.theme == Preferences().theme
    with pytest.raises(SettingError, match=why):
        keep_entry("theme", "nord")
    assert path.read_bytes() == content


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name")
def test_a_pipe_in_its_place_is_not_waited_for(home: Path) -> None:
    os.mkfifo(config_file())
    assert "not a regular file" in read_preferences(KNOWN).problems[0]
    with pytest.raises(SettingError, match="not a regular file"):
        keep_entry("theme", "nord")


def test_a_theme_is_kept_where_there_was_no_file(home: Path) -> None:
    keep_entry("theme", "nord")
    assert config_file().read_text() == 'theme = "nord"\n'


def test_a_theme_is_changed_and_all_else_stays_as_it_was(home: Path) -> None:
    path = write(FILE)
    keep_entry("theme", "textual-dark")
    assert path.read_text() == FILE.replace("'nord'", '"textual-dark"')


def test_a_theme_is_added_where_the_word_means_something_else(home: Path) -> None:
    text = 'note = """\ntheme = "none"\n"""\n[keys]\ntheme = "k"\n'
    path = write(text)
    keep_entry("theme", "nord")
    assert path.read_text() == f'theme = "nord"\n{text}'


def test_a_line_that_can_not_be_changed_alone_is_left(home: Path) -> None:
    path = write('"theme" = """\nnord"""\n')
    before = path.read_bytes()
    with pytest.raises(SettingError, match="by hand"):
        keep_entry("theme", "textual-dark")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"redraws = 0x{'f' * 20_000}", "has a whole number beyond 9,223,372,036,854,775,807"),
        (f"redraws = [0x{'f' * 20_000}]", "has a whole number beyond"),
        (f"redraws = {'9' * 4_301}", "can't be used"),
        (f"theme{'.a' * 30_000} = 1", "line 1 has a key of more than 10 parts"),
        (f"\n[{'a.' * 30_000}a]", "line 2 has a key of more than 10 parts"),
        (f"theme = {'[' * 30_000}", "line 1 has more than 20 lists or tables in one another"),
        ("\n".join(f"entry{at} = 1" for at in range(1000)), "995 more entries can't be used"),
    ],
)
def test_no_size_of_an_entry_keeps_the_program_from_starting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, words: str
) -> None:
    monkeypatch.setenv("RNN_TUI_HOME", str(tmp_path))
    (tmp_path / "config.toml").write_text(text)
    preferences = read_preferences({})
    assert words in preferences.problems[-1]
    assert len(preferences.problems) <= 6
    assert all(len(one) < 400 for one in preferences.problems)
    assert preferences.redraws == 4


def test_dots_in_a_comment_are_no_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RNN_TUI_HOME", str(tmp_path))
    (tmp_path / "config.toml").write_text(f"# {'.' * 60}\nredraws = 2\n")
    preferences = read_preferences({})
    assert (preferences.redraws, preferences.problems) == (2, ())
