"""Sentences on files, which name options of the shell, in the words of the fields here."""

import re

from rnn_tui.data.columns import Role
from rnn_tui.ui.sequences.fields import AHEAD, FIELDS, PIECES

_OPTION = re.compile(r"(?<![\w-])--([a-z]+)(?: ([a-z]+(?:-[a-z]+)*))?")
_ROLES = {
    "sequence": Role.SEQUENCE,
    "step": Role.STEP,
    "label": Role.LABEL,
    "inputs": Role.INPUT,
    "ignore": Role.IGNORED,
}
_CHOICES = {field.name: field for field in FIELDS}
_NUMBERS = {setting.name: setting.label for setting in (AHEAD, PIECES)}


def in_fields(sentence: str) -> str:
    """Return a sentence with the fields and roles of this tab in place of the shell's options.

    `--goal number` is “Answer: number”, `--window` is “Pieces of”, `--label` is the role “label”.
    """
    return _OPTION.sub(_field_of, sentence)


def _field_of(option: re.Match[str]) -> str:
    """Return what stands for an option, and the word behind it if that is not its value."""
    name, word = option.groups()
    behind = "" if word is None else f" {word}"
    if name in _ROLES:
        return f"role “{_ROLES[name]}”{behind}"
    if name not in _CHOICES:
        return f"“{_NUMBERS.get(name, name)}”{behind}"
    field = _CHOICES[name]
    if word in field.choices:
        return f"“{field.label}: {field.choices[word]}”"
    return f"“{field.label}”{behind}"
