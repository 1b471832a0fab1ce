"""Every key of the app and what it means: one key, one meaning, wherever it holds. A binding takes
its key from `keys.txt` by the name of the meaning, so that no key can come to mean two things;
`keys` in the configuration file goes by the same names, and `docs/reference/keys.md` is made of it.
Arrows, Enter, Space, Esc, Home, End, page keys act on what has the focus and stand in no table. In
a field, where letters are typed, Alt with a key does the same.
"""

from collections.abc import Mapping
from pathlib import Path

from textual.binding import Binding

_LINES = Path(__file__).with_name("keys.txt").read_text(encoding="utf-8").splitlines()
_ROWS = (line.split(maxsplit=2) for line in _LINES if line and not line.startswith("#"))
# Name: keys, what they mean everywhere.
KEYS: dict[str, tuple[str, str]] = {name: (keys, meaning) for name, keys, meaning in _ROWS}


def key(
    name: str,
    action: str,
    label: str,
    tooltip: str = "",
    *,
    show: bool = True,
    display: str | None = None,
) -> Binding:
    """A binding of the key with the meaning `name` in `KEYS`. Help and palette say the `tooltip`,
    or else what it means everywhere; the footer, if it is to `show` it, the `label`, and the key by
    its name or as it is to `display`.
    """
    keys, meaning = KEYS[name]
    return Binding(
        keys, action, label, show=show, key_display=display, tooltip=tooltip or meaning, id=name
    )


def moves(action: str, ways: Mapping[str, object]) -> list[Binding]:
    """Bindings of arrows and the like, which no footer shows: by key, what the action is called
    with.
    """
    return [Binding(keys, f"{action}({given})", show=False) for keys, given in ways.items()]
