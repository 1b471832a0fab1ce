"""Sentences on files, which name options of the shell, in the words of the fields here."""

import re

from rnn_tui.data.options import ReadingOptions, role_of
from rnn_tui.engine.options import options_of

_OPTION = re.compile(r"(?<![\w-])(--[a-z]+(?:-[a-z]+)*)(?: ([a-z]+(?:-[a-z]+)*))?")
_BY_SHELL_NAME = {option.shell_name: option for option in options_of(ReadingOptions).values()}


def in_fields(sentence: str) -> str:
    """Return a sentence with the fields and roles of this tab in place of the shell's options.

    `--goal number` is “Answer: number”, `--window` is “Pieces of”, `--label` is the role “label”.
    """
    return _OPTION.sub(_field_of, sentence)


def _field_of(match: re.Match[str]) -> str:
    """Return what stands for an option, and the word behind it if that is not its value."""
    name, word = match.groups()
    behind = "" if word is None else f" {word}"
    option = _BY_SHELL_NAME.get(name)
    if option is None:
        return f"“{name.removeprefix('--')}”{behind}"
    role = role_of(option)
    if role is not None:
        return f"role “{role}”{behind}"
    if word in option.choices:
        return f"“{option.label}: {option.choices[word]}”"
    return f"“{option.label}”{behind}"
