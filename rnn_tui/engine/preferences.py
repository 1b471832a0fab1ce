"""The user's settings that last, from `config.toml` in the folder for such files.

A wrong entry costs a sentence and is replaced by the default: nothing in the file keeps the program
from starting. What a theme or a preset may be called is known further up, and passed in.
"""

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from rnn_tui.engine.errors import SettingError, printable, why
from rnn_tui.engine.files import make_folder, read_small, write_file
from rnn_tui.engine.paths import config_file
from rnn_tui.engine.settings import DEVICES

GRAPHICS = ("auto", "kitty", "sixel", "blocks")
MOST_BYTES = 65_536
# A key of thousands of parts would take tomllib a minute; one of the file's own has two.
MOST_DOTS = 32
MOST_PROBLEMS = 5  # that are told one by one
# of files that can't be read, or are no TOML: tomllib raises a `ValueError`
FAULTS = (OSError, ValueError, RecursionError)


def _entry(default: Any, words: str, choices: Collection[Any] = ()) -> Any:
    """An entry of the file: its default, what it is, and what it may be, if that is known here."""
    return field(default=default, metadata={"words": words, "choices": choices})


@dataclass(frozen=True)
class Preferences:
    """What holds: the file's entries, and defaults for the others."""

    theme: str = _entry("textual-dark", "colours of the app; Ctrl+P changes and keeps them")
    graphics: str = _entry("auto", "how photos are drawn", GRAPHICS)
    preset: str = _entry("", "preset that the app's forms begin with; empty: the task's own")
    device: str = _entry("auto", "device that the app's forms begin with", DEVICES)
    redraws: int = _entry(4, "times a second that the app draws what trains", range(1, 11))
    alerts: bool = _entry(True, "ring when a run ends, fails or stalls", (False, True))
    keys: Mapping[str, str] | None = _entry(None, "keys of the app, by what they mean")
    given: frozenset[str] = frozenset()  #: the names of the entries that are the file's.
    problems: tuple[str, ...] = ()  #: a sentence for each entry that is not as it should be.


ENTRIES = {one.name: one for one in fields(Preferences) if one.metadata}


def read_preferences(known: Mapping[str, Collection[str]]) -> Preferences:
    """What the file says, as far as it can be used; `known` has what entries may be, by name."""
    path = config_file()
    try:
        values = _values(_text(path))
    except FileNotFoundError:
        return Preferences()
    except FAULTS as error:
        return Preferences(
            problems=(
                f"{printable(path, 200)} can't be used ({why(error, 120)}); the defaults are used.",
            )
        )
    wrong = {name: _wrong(name, value, known.get(name)) for name, value in values.items()}
    sound = {name: value for name, value in values.items() if not wrong[name]}
    problems = [f"{path.name}: {printable(name)} {why}." for name, why in wrong.items() if why]
    if len(problems) > MOST_PROBLEMS:
        more = f"{path.name}: {len(problems) - MOST_PROBLEMS:,} more entries can't be used."
        problems[MOST_PROBLEMS:] = [more]
    return Preferences(**sound, given=frozenset(sound), problems=tuple(problems))


def _wrong(name: str, value: Any, known: Collection[Any] | None) -> str:
    """What is wrong with an entry, behind its name; empty where nothing is."""
    if name not in ENTRIES:
        return f"is not an entry; the entries are {', '.join(ENTRIES)}"
    usual, choices = ENTRIES[name].default, known or ENTRIES[name].metadata["choices"]
    if usual is None:
        fits = isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
        return "" if fits else 'must be a table of texts, such as train = "t"; it is ignored'
    if type(value) is type(usual) and (not choices or value == usual or value in choices):
        return ""
    what = f"one of {', '.join(map(as_toml, choices))}"
    if isinstance(choices, range):
        what = f"a whole number from {choices[0]} to {choices[-1]}"
    return f"must be {what}, not {_shown(value)}; {as_toml(usual)} is used"


def _shown(value: Any) -> str:
    """A value that is none, in a sentence."""
    try:
        return printable(as_toml(value))
    except (ValueError, RecursionError):  # a number of thousands of digits, tables in tables
        return "a value of this size"


def keep_theme(name: str) -> None:
    """Write a theme into the file, and change nothing else in it; or nothing at all, and raise
    `SettingError`.
    """
    path = config_file()
    try:
        data = _with_theme(_text(path) if path.exists() else "", name).encode()
        make_folder(path.parent)
        write_file(path, data)
    except FAULTS as error:
        raise SettingError(
            f"The theme can't be kept in {printable(path, 200)} ({why(error, 120)})."
        ) from error


def _with_theme(text: str, name: str) -> str:
    """The same text with another theme."""
    wanted, line = _values(text) | {"theme": name}, f"theme = {as_toml(name)}"
    changed = re.sub(r"(?m)^theme[ \t]*=[ \t]*(\"[^\"\n]*\"|'[^'\n]*')", line, text, count=1)
    # it may have been another table's, or in a long text: reading tells
    for written in (changed, f"{line}\n{text}"):
        with suppress(*FAULTS):
            if _values(written) == wanted:
                return written
    raise ValueError("its line can't be changed alone; do so by hand")


def as_toml(value: Any) -> str:
    """A value of an entry, as the file has it."""
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def _text(path: Path) -> str:
    return read_small(path, MOST_BYTES).decode()


def _values(text: str) -> dict[str, Any]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.count(".") > MOST_DOTS and not line.lstrip().startswith("#"):
            raise ValueError(f"line {number:,} has more than {MOST_DOTS} dots")
    import tomllib  # noqa: PLC0415 - most users have no file, and the first frame waits

    return tomllib.loads(text)
