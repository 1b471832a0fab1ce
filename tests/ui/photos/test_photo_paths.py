"""Paths as people type, paste and complete them: whatever the names, what is meant is found."""

import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from rnn_tui.engine.errors import printable
from rnn_tui.ui.widgets.path_input import completed, parse_path, parse_paths, spelled

# What a file system keeps: any character but these, and bytes that are none as surrogates.
CHARACTERS = st.one_of(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]),
    st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF),
    st.sampled_from(" '\"\\~$*?[]#%&;:-\n\t\x1b\x07\u200d\u202e\u2028\x85"),
)


def names(characters: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Names of files."""
    return st.text(characters, min_size=1, max_size=12).filter(lambda name: name not in (".", ".."))


NAMES = names(CHARACTERS)
RELATIVE = st.lists(NAMES, min_size=1, max_size=3).map(lambda names: Path(*names))
PATHS = st.one_of(RELATIVE, RELATIVE.map(lambda path: Path("/") / path))
# By character: of whole names most would be thrown away.
PLAIN_NAMES = names(CHARACTERS.filter(lambda letter: printable(letter) == letter))


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which nothing lies."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


def absolute(paths: list[Path]) -> list[str]:
    return [os.path.abspath(path) for path in paths]


# Spelling


# The folder stays empty throughout.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PATHS, min_size=1, max_size=4))
@example([Path("~")])
@example([Path("~root/x")])
@example([Path("file:") / "x"])
@example([Path("family \N{MAN}\u200d\N{WOMAN}.jpg")])
def test_what_is_spelled_is_read_back_and_harmless(paths: list[Path]) -> None:
    text = spelled(paths)
    assert printable(text, len(text)) == text
    assert absolute(parse_paths(text)) == absolute(paths)


@given(st.text(max_size=80))
@example("file://[x")
@example("file://\N{FULLWIDTH SOLIDUS}/x")
@example("file:///%00")
@example("file://")
@example("~nobody-of-that-name/x")
@example("don't")
@example("'")
@example("~\0")
@example("\ud800")
@example("a\0b")
def test_anything_typed_gives_paths_and_completions_without_an_exception(text: str) -> None:
    for path in parse_paths(text):
        assert isinstance(path, Path)
    one = parse_path(text)
    assert (one is None) == (not text.strip())
    longer = completed(text)
    assert longer is None or (longer.startswith(text) and longer != text)


# Reading


def test_a_path_as_a_person_writes_it(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(nowhere))
    for text, expected in (
        ("", []),
        (" \n ", []),
        ("a.png", ["a.png"]),
        ("  a.png\n", ["a.png"]),
        ("a.png b.png", ["a.png", "b.png"]),
        ("'a b.png'", ["a b.png"]),
        ('"a b.png" c.png', ["a b.png", "c.png"]),
        (r"a\ b.png c\'d.png", ["a b.png", "c'd.png"]),
        ("don't.png", ["don't.png"]),
        ("~/a.png", [f"{nowhere}/a.png"]),
        ("'~/a b.png'", [f"{nowhere}/a b.png"]),
        ("file:///tmp/a%20b.png", ["/tmp/a b.png"]),
        ("file://localhost/tmp/%E2%9C%93.png", ["/tmp/✓.png"]),
        ("file:///tmp/a#1?b[c].png", ["/tmp/a#1?b[c].png"]),
        ("file:///tmp/a.png file:///tmp/b.png", ["/tmp/a.png", "/tmp/b.png"]),
        ("a.png\nb c.png\r\n\n'd e.png'\n", ["a.png", "b", "c.png", "d e.png"]),
    ):
        assert [str(path) for path in parse_paths(text)] == expected, text


def test_a_file_that_is_there_is_meant_as_it_stands(nowhere: Path) -> None:
    for name in ("my photo.png", "it's.png", "'quoted'.png", r"back\slash.png", "two 'words.png"):
        (nowhere / name).touch()
        assert parse_paths(name) == [Path(name)]
    assert parse_paths("my photo.png\nit's.png") == [Path("my photo.png"), Path("it's.png")]
    (nowhere / "dangling link.png").symlink_to("nothing")
    assert parse_paths("dangling link.png") == [Path("dangling link.png")]


def test_a_quote_that_is_not_closed_yet_is_no_part_of_the_name(nowhere: Path) -> None:
    (nowhere / "my photos").mkdir()
    for quote in "'\"":
        assert parse_paths(f"{quote}my photos/") == [Path("my photos")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("new name.csv", "new name.csv"),
        ("'new name.csv'", "new name.csv"),
        (r"new\ name.csv", "new name.csv"),
        ("file:///tmp/new%20name.csv", "/tmp/new name.csv"),
        ("  new.csv ", "new.csv"),
        ("don't.csv", "don't.csv"),
    ],
)
def test_a_file_that_is_to_be_written_is_one_path(text: str, expected: str) -> None:
    assert parse_path(text) == Path(expected)
    assert parse_path("  ") is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(name=PLAIN_NAMES)
def test_each_way_of_pasting_names_the_file(folder: Path, name: str) -> None:
    """Quoted, escaped and as a URL, as terminals and file managers do it."""
    path = folder / f"{name}.png"
    path.touch()
    escaped = "".join(f"\\{letter}" if not letter.isalnum() else letter for letter in str(path))
    url = "file://" + quote_from_bytes(os.fsencode(path))
    for text in (str(path), shlex.quote(str(path)), escaped, url, f"{url}\n"):
        assert parse_paths(text) == [path]
        assert parse_paths(f"{text}\n{text}") == [path, path]
        if text != str(path):
            assert parse_paths(f"{text} /b.png") == [path, Path("/b.png")]
    path.unlink()


# Completing


@given(name=PLAIN_NAMES, share=st.floats(0, 1), way=st.sampled_from(["plain", "escaped", "quoted"]))
def test_what_is_completed_is_there(name: str, share: float, way: str) -> None:
    """Whatever is typed of a name, in each way to write it, after another path or alone."""
    # Of each example's own: what one that fails leaves behind would be found by the next.
    with TemporaryDirectory() as folder:
        check_completion(Path(folder), name, share, way)


def check_completion(folder: Path, name: str, share: float, way: str) -> None:
    file = folder / f"x{name}.png"
    file.touch()
    typed = f"x{name}"[: 1 + int(share * len(name))]
    beginning = {
        "plain": f"{folder}/{typed}",
        "escaped": f"{folder}/" + "".join(f"\\{c}" if not c.isalnum() else c for c in typed),
        "quoted": f"'{folder}/{typed}",
    }[way]
    assume(way != "quoted" or "'" not in name)
    longer = completed(beginning)
    assert longer is not None
    assert longer.startswith(beginning)
    assert parse_paths(longer) == [file]
    if way == "escaped":
        after = completed(f"/b.png {beginning}")
        assert after is not None
        assert parse_paths(after) == [Path("/b.png"), file]


def test_folders_and_photos_are_completed_and_nothing_else(nowhere: Path) -> None:
    (nowhere / "photos").mkdir()
    for name in ("a.JPG", "notes.txt", ".hidden.png", "bell\x07.png", "b.webp"):
        (nowhere / "photos" / name).touch()
    (nowhere / "photos" / "circle.png").symlink_to("circle.png")
    (nowhere / "photos" / "deeper").mkdir()
    for typed, expected in (
        ("", None),
        ("p", "photos/"),
        ("photos", "photos/"),
        ("photos/", "photos/a.JPG"),
        ("photos/b", "photos/b.webp"),
        ("photos/c", "photos/circle.png"),
        ("photos/d", "photos/deeper/"),
        ("photos/.", "photos/.hidden.png"),
        ("photos/n", None),
        ("photos/bell", None),
        ("photos/a.JPG", None),
        ("photos/deeper/", None),
        ("nowhere/", None),
        ("file:///tm", None),
    ):
        assert completed(typed) == expected, typed
