"""Sentences that name options of the shell, in the words of keyword arguments."""

import re
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any

from rnn_tui.archive.export.formats import Export
from rnn_tui.data.options import ReadingOptions
from rnn_tui.engine.options import FlagSetting, NamesSetting, TextsSetting, options_of
from rnn_tui.engine.settings import (
    SETTINGS,
    ChoiceSetting,
    ListSetting,
    NumberSetting,
    RangeSetting,
    Setting,
)
from rnn_tui.sweeps.options import PLACE, SweepOptions

#: a command of the shell, whose options stay as they are, or an option with the word behind it.
_OPTION = re.compile(
    r"(?P<command>rnn-tui [^;,.)`]*)"
    r"|(?<![\w-])--(?P<name>[a-z]+(?:-[a-z]+)*)(?: (?P<word>[\w.,:=-]*\w…?))?"
)
#: what follows an option in a sentence, and is no value of it.
_PROSE = frozenset({"and", "as", "by", "for", "if", "in", "is", "names", "or", "says", "takes"})
#: what stands for a value, which an argument has no use for.
_STANDS_FOR_VALUE = re.compile(r"[A-Z][A-Z_.,…]*")


def in_arguments(sentence: str, parameters: Collection[str] = ()) -> str:
    """Return a sentence with keyword arguments in place of the shell's options.

    `--goal number` is `goal="number"`, `--window` is `window`. What the arguments are called, and
    what their values look like, their rows say.

    Args:
        sentence: what is said.
        parameters: the names of the arguments of the function, of which not all have rows.
    """

    def argument(match: re.Match[str]) -> str:
        if match["command"]:
            return match[0]
        row = _rows().get(match["name"])
        name = match["name"].replace("-", "_") if row is None else row[0]
        if row is None and name not in parameters:
            return match[0]
        word = match["word"]
        if word is None or "=" in word or _STANDS_FOR_VALUE.fullmatch(word):
            return name
        value = _value(None if row is None else row[1], word)
        return f"{name} {word}" if value is None else f"{name}={value}"

    return _OPTION.sub(argument, sentence)


@cache
def _rows() -> Mapping[str, tuple[str, Setting]]:
    """Return the name and the setting of each argument that has a row, by the shell's name."""
    rows: dict[str, tuple[str, Setting]] = {}
    for setting in SETTINGS.values():
        for shell_name in setting.option_names:
            rows.setdefault(shell_name.removeprefix("--"), (setting.name, setting))
    for record in (Export, SweepOptions, ReadingOptions):
        for option in options_of(record).values():
            rows[option.shell_name.removeprefix("--")] = (option.name, option.setting)
    rows[PLACE.shell_name.removeprefix("--")] = (PLACE.name, PLACE.setting)
    return rows


def _value(setting: Setting | None, word: str) -> str | None:
    """Return a word as the value of a setting; None if it is not one, but goes on the sentence."""
    is_value: Callable[[Any], bool] = _PROSE.isdisjoint
    match setting:
        case FlagSetting():
            return None
        case NumberSetting() | ListSetting() | RangeSetting():
            return word if re.fullmatch(r"[\d.,eE+-]*\d", word) else None
        case ChoiceSetting():
            return f'"{word}"' if word in map(str, setting.choices) else None
        case TextsSetting() | NamesSetting():
            return repr(word.split(",")).replace("'", '"') if is_value({word}) else None
    return f'"{word}"' if is_value({word}) else None
