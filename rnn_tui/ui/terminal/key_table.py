"""Every key of the app and what it means: one key, one meaning, wherever it holds.

A binding takes its key from `keys.txt` by the name of the meaning, so that no key can come to mean
two things. `keys` in the configuration file goes by the same names, and `docs/reference/keys.md` is
made of the table.

Arrows, h j k l, Enter, Space, Esc, Home, End and page keys act on what has the focus and stand in
no table. In a field, where letters are typed, Alt with a key does the same.

What is seldom done has no key: the command palette has it, and users can give it a key.
"""

from collections.abc import Mapping
from pathlib import Path

from textual.binding import Binding

#: By the letter, the key that it stands for wherever no field takes letters.
MOVES = {"h": "left", "j": "down", "k": "up", "l": "right"}
NO_KEY = "-"  # in the table
NO_KEY_PREFIX = "no-key-"  # of the name of what stands for a key in a binding without one


def _read_table() -> dict[str, tuple[str, str]]:
    """Return the table of keys, of which each line has a name, its keys and their meaning."""
    table = {}
    text = Path(__file__).with_name("keys.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, keys, meaning = line.split(maxsplit=2)
            if keys == NO_KEY:  # Textual has no binding without a key
                keys = NO_KEY_PREFIX + name
            table[name] = (keys, meaning)
    return table


#: Keys by name, with commas between them, and their meaning everywhere.
KEYS = _read_table()


def key(
    name: str,
    action: str,
    label: str,
    tooltip: str = "",
    *,
    show: bool = True,
    display: str | None = None,
    priority: bool = False,
) -> Binding:
    """Return a binding of the key with a meaning; the palette has it if that has no key.

    Args:
        name: of the meaning in `KEYS`.
        action: what the key does, as Textual writes it, such as `zoom(1)`.
        label: what the footer says.
        tooltip: what help and palette say; if it is empty, what the key means everywhere.
        show: whether the footer shows it.
        display: what the footer shows in place of the name of the key.
        priority: whether it comes before the keys of what has the focus, and holds in dialogs.
    """
    keys, meaning = KEYS[name]
    has_key = not keys.startswith(NO_KEY_PREFIX)
    return Binding(
        keys,
        action,
        label,
        show=show and has_key,
        key_display=display,
        priority=priority,
        tooltip=tooltip or meaning,
        id=name,
        system=not has_key,  # the panel of keys leaves it out
    )


def has_key(binding: Binding) -> bool:
    """Return whether a binding has a key, of the app or of the user."""
    return not binding.key.startswith(NO_KEY_PREFIX)


def moves(action: str, arguments: Mapping[str, object]) -> list[Binding]:
    """Return the bindings of arrows and the like, which no footer shows.

    Args:
        action: the name of what they do.
        arguments: by keys, what that is called with.
    """
    return [
        Binding(keys, f"{action}({argument})", show=False) for keys, argument in arguments.items()
    ]
