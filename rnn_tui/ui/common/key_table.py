"""Every key of the app and what it means: one key, one meaning, wherever it holds.

A binding takes its key from `keys.txt` by the name of the meaning, so that no key can come to mean
two things. `keys` in the configuration file goes by the same names, and `docs/reference/keys.md` is
made of the table.

Arrows, Enter, Space, Esc, Home, End and page keys act on what has the focus and stand in no table.
In a field, where letters are typed, Alt with a key does the same.
"""

from collections.abc import Mapping
from pathlib import Path

from textual.binding import Binding


def _read_table() -> dict[str, tuple[str, str]]:
    """Return the table of keys, of which each line has a name, its keys and their meaning."""
    table = {}
    text = Path(__file__).with_name("keys.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, keys, meaning = line.split(maxsplit=2)
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
) -> Binding:
    """Return a binding of the key with a meaning.

    Args:
        name: of the meaning in `KEYS`.
        action: what the key does, as Textual writes it, such as `zoom(1)`.
        label: what the footer says.
        tooltip: what help and palette say; if it is empty, what the key means everywhere.
        show: whether the footer shows it.
        display: what the footer shows in place of the name of the key.
    """
    keys, meaning = KEYS[name]
    return Binding(
        keys, action, label, show=show, key_display=display, tooltip=tooltip or meaning, id=name
    )


def moves(action: str, arguments: Mapping[str, object]) -> list[Binding]:
    """Return the bindings of arrows and the like, which no footer shows.

    Args:
        action: the name of what they do.
        arguments: by keys, what that is called with.
    """
    return [
        Binding(keys, f"{action}({argument})", show=False) for keys, argument in arguments.items()
    ]
