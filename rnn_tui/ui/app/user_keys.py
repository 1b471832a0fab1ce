"""The keys that a user gives to meanings in `config.toml`: which of them can be used."""

from collections.abc import Mapping
from dataclasses import dataclass

from textual.binding import Binding, InvalidBinding
from textual.keys import Keys, key_to_character

from rnn_tui.engine.errors import printable
from rnn_tui.ui.terminal.key_table import KEYS, MOVES

MODIFIERS = {"ctrl", "alt", "shift", "super", "hyper", "meta"}
RESERVED = (  # they act on what has the focus, or are Textual's own
    "left",
    "right",
    "up",
    "down",
    "enter",
    "space",
    "escape",
    "tab",
    "shift+tab",
    "home",
    "end",
    "pageup",
    "pagedown",
    "backspace",
    *MOVES,
    "ctrl+q",
    "ctrl+c",
    "ctrl+i",
    "ctrl+m",
)


@dataclass(frozen=True)
class Clash:
    """A key that a user gives to a meaning, and that means something else."""

    name: str  #: the name of the meaning in `KEYS`.
    key: str
    other: str  #: its other meaning.


def usable_keys(wanted: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the keys that can be given to the app.

    Args:
        wanted: by the name of a meaning in `KEYS`, keys with commas between them, as typed.

    Returns:
        Those that can be used, by their long names, and a sentence for each entry that can't.
    """
    usable: dict[str, str] = {}
    sentences: list[str] = []

    def refuse(name: str, fault: str) -> None:
        sentences.append(f"config.toml: “{printable(name)}” in keys {fault}.")

    for name, typed in wanted.items():
        keys = _long_names(typed)
        fault = _fault(name, keys)
        if fault:
            refuse(name, fault)
        else:
            usable[name] = keys
    # Two may change places. If one is refused, its own key is back, which another may have.
    clash = _clash(usable)
    while clash is not None:
        keys = usable.pop(clash.name)
        refuse(clash.name, f"can't be “{printable(keys)}”: {clash.key} is the key of {clash.other}")
        clash = _clash(usable)
    return usable, sentences


def _long_names(keys: str) -> str:
    """Return the keys by their names, such as `question_mark` for `?`.

    They stay as they are if one is missing.
    """
    try:
        return ",".join(binding.key for binding in Binding.make_bindings([Binding(keys, "", "")]))
    except InvalidBinding:
        return keys


def _fault(name: str, keys: str) -> str:
    """Return what is wrong with a single entry, to be written after its name; empty if nothing."""
    if name not in KEYS:
        return "is not the name of a key; docs/reference/keys.md lists them"
    for key in keys.split(","):
        if not _is_key(key):
            return f"can't be “{printable(keys)}”: there is no key “{printable(key)}”"
    return ""


def _is_key(key: str) -> bool:
    """Return whether this is a known key with known modifiers."""
    *modifiers, last = key.split("+")
    if not last or not MODIFIERS.issuperset(modifiers):
        return False
    return last in list(Keys) or key_to_character(last) is not None


def _clash(usable: Mapping[str, str]) -> Clash | None:
    """Return the first of the user's keys that means something else, too; None if none does."""
    meanings: dict[str, str] = dict.fromkeys(RESERVED, "the app itself")
    table = {name: usable.get(name, keys) for name, (keys, _) in KEYS.items()}
    users_last = sorted(table, key=lambda name: name in usable)
    for name in users_last:
        for key in table[name].split(","):
            other = meanings.get(key, name)
            if name in usable and other != name:
                return Clash(name, key, other)
            meanings[key] = name
    return None
