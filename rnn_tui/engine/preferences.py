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

from rnn_tui.engine.counts import first_few
from rnn_tui.engine.errors import SettingError, printable, why
from rnn_tui.engine.files.atomic import make_folder, read_small, write_file
from rnn_tui.engine.files.paths import config_file
from rnn_tui.engine.files.toml_text import read_toml
from rnn_tui.engine.settings import DEVICES

GRAPHICS = ("auto", "kitty", "sixel", "blocks")
LANGUAGES = ("auto", "en", "de")
MOST_BYTES = 65_536
MOST_PROBLEMS = 5  # problems that are reported one by one
# Raised for files that can't be read, or are no TOML.
FAULTS = (OSError, ValueError)


def _entry(default: Any, words: str, choices: Collection[Any] = ()) -> Any:
    """Return a field for an entry of the file.

    It has a default, a description, and the allowed values if they are known here.
    """
    return field(default=default, metadata={"words": words, "choices": choices})


@dataclass(frozen=True)
class Preferences:
    """The settings in use: the file's entries, and defaults for the others."""

    theme: str = _entry("textual-dark", "colours of the app; Ctrl+P changes and keeps them")
    graphics: str = _entry("auto", "how photos are drawn", GRAPHICS)
    preset: str = _entry("", "preset that the app's forms begin with; empty: the task's own")
    device: str = _entry("auto", "device that the app's forms begin with", DEVICES)
    redraws: int = _entry(4, "times a second that the app draws what trains", range(1, 11))
    language: str = _entry(
        "auto", "language of guided experiments; auto: as the environment says", LANGUAGES
    )
    alerts: bool = _entry(True, "ring when a run ends, fails or stalls", (False, True))
    keys: Mapping[str, str] | None = _entry(None, "keys of the app, by meaning")
    given: frozenset[str] = frozenset()  #: the names of the entries that are the file's.
    problems: tuple[str, ...] = ()  #: a sentence for each entry that is not as it should be.


ENTRIES = {entry.name: entry for entry in fields(Preferences) if entry.metadata}


def read_preferences(choices: Mapping[str, Collection[str]]) -> Preferences:
    """Read the file, as far as it can be used.

    Args:
        choices: by entry, what it may be, if that is known further up.
    """
    path = config_file()
    try:
        values = read_toml(_text(path))
    except FileNotFoundError:
        return Preferences()
    except FAULTS as error:
        problem = (
            f"{printable(path, 200)} can't be used ({why(error, 120)}); the defaults are used."
        )
        return Preferences(problems=(problem,))
    valid: dict[str, Any] = {}
    problems: list[str] = []
    for name, value in values.items():
        problem = _problem(name, value, choices.get(name))
        if problem:
            problems.append(f"{path.name}: {printable(name)} {problem}.")
        else:
            valid[name] = value
    said = first_few(problems, f"{path.name}: {{}} more entries can't be used.", MOST_PROBLEMS)
    return Preferences(**valid, given=frozenset(valid), problems=tuple(said))


def _problem(name: str, value: Any, choices: Collection[Any] | None) -> str:
    """Return what is wrong with an entry, to be written after its name; empty if nothing."""
    if name not in ENTRIES:
        return f"is not an entry; the entries are {', '.join(ENTRIES)}"
    default = ENTRIES[name].default
    choices = choices or ENTRIES[name].metadata["choices"]
    if default is None:
        if isinstance(value, dict) and all(isinstance(text, str) for text in value.values()):
            return ""
        return 'must be a table of texts, such as train = "t"; it is ignored'
    is_allowed = not choices or value == default or value in choices
    if type(value) is type(default) and is_allowed:
        return ""
    allowed = f"one of {', '.join(map(as_toml, choices))}"
    if isinstance(choices, range):
        allowed = f"a whole number from {choices[0]} to {choices[-1]}"
    return f"must be {allowed}, not {printable(as_toml(value))}; {as_toml(default)} is used"


def keep_entry(name: str, value: str) -> None:
    """Write an entry that is a text into the file, and change nothing else in it.

    Raises:
        SettingError: if that can't be done; then nothing is changed at all.
    """
    path = config_file()
    try:
        data = _with_entry(_text(path) if path.exists() else "", name, value).encode()
        make_folder(path.parent)
        write_file(path, data)
    except FAULTS as error:
        raise SettingError(
            f"The {name} can't be written to {printable(path, 200)} ({why(error, 120)})."
        ) from error


def _with_entry(text: str, name: str, value: str) -> str:
    """Return the same text with another value of an entry."""
    wanted = read_toml(text) | {name: value}
    line = f"{name} = {as_toml(value)}"
    changed = re.sub(rf"(?m)^{name}[ \t]*=[ \t]*(\"[^\"\n]*\"|'[^'\n]*')", line, text, count=1)
    # That line may have been another table's, or part of a long text: reading it again shows that.
    for candidate in (changed, f"{line}\n{text}"):
        with suppress(*FAULTS):
            if read_toml(candidate) == wanted:
                return candidate
    raise ValueError("its line can't be changed alone; do so by hand")


def as_toml(value: Any) -> str:
    """Format the value of an entry for the file."""
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def _text(path: Path) -> str:
    return read_small(path, MOST_BYTES).decode()
