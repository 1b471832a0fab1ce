"""The settings of a user that last: which can be given to the app, and how they are given to it."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace

from textual.app import App
from textual.binding import Binding, InvalidBinding
from textual.keys import Keys, key_to_character
from textual.theme import BUILTIN_THEMES

from rnn_tui.engine.errors import printable
from rnn_tui.engine.preferences import Preferences, keep_theme, read_preferences
from rnn_tui.tasks import TASKS
from rnn_tui.ui.app.themes import HIGH_CONTRAST
from rnn_tui.ui.common.key_table import KEYS
from rnn_tui.ui.common.threads import in_thread, telling

MODIFIERS = {"ctrl", "alt", "shift", "super", "hyper", "meta"}
TAKEN = (  # they act on what has the focus, or are Textual's own
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
    "ctrl+q",
    "ctrl+p",
    "ctrl+c",
    "ctrl+i",
    "ctrl+m",
)
_KEEPING = threading.Lock()


def held_preferences() -> Preferences:
    """The user's settings, with the keys that can be given to the app."""
    presets = dict.fromkeys(one.name for task in TASKS.values() for one in task.presets)
    read = read_preferences(
        {"theme": (*BUILTIN_THEMES, HIGH_CONTRAST.name), "preset": tuple(presets)}
    )
    wanted = {name: _long_names(keys) for name, keys in (read.keys or {}).items()}
    wrong = {name: why for name, keys in wanted.items() if (why := _wrong(name, keys))}
    usable = {name: keys for name, keys in wanted.items() if name not in wrong}
    # two may change places; where one goes, its own key is back
    while twice := next(_twice(usable), None):
        name, one, other = twice
        wrong[name] = f"can't be “{printable(usable.pop(name))}”: {one} is the key of {other}"
    told = (f"config.toml: “{printable(name)}” in keys {why}." for name, why in wrong.items())
    return replace(read, keys=usable, problems=(*read.problems, *told))


def _long_names(keys: str) -> str:
    """Keys by their names, such as `question_mark` where `?` is written; as they are where one is
    missing.
    """
    try:
        return ",".join(one.key for one in Binding.make_bindings([Binding(keys, "", "")]))
    except InvalidBinding:
        return keys


def _wrong(name: str, keys: str) -> str:
    """What is wrong with an entry by itself; empty where nothing is."""
    if name not in KEYS:
        return "is not the name of a key; docs/reference/keys.md lists them"
    for one in keys.split(","):
        *modifiers, last = one.split("+")
        known = last and (last in list(Keys) or key_to_character(last) is not None)
        if not known or not MODIFIERS.issuperset(modifiers):
            return f"can't be “{printable(keys)}”: there is no key “{printable(one)}”"
    return ""


def _twice(usable: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """The user's entries whose key means something else: name, key, what else."""
    meanings: dict[str, str] = dict.fromkeys(TAKEN, "the app itself")
    table = {name: usable.get(name, keys) for name, (keys, _) in KEYS.items()}
    for name in sorted(table, key=lambda name: name in usable):
        for one in table[name].split(","):
            if name in usable and meanings.get(one, name) != name:
                yield name, one, meanings[one]
            meanings[one] = name


def apply_preferences(app: App[int]) -> Preferences:
    """Give an app its theme and its keys, before its first frame; keep a theme that is chosen."""
    held = held_preferences()
    if "theme" in held.given:
        app.theme = held.theme
    app.set_keymap(dict(held.keys or {}))

    def keep() -> None:
        app.run_worker(_keep_theme(app), group="theme")

    app.watch(app, "theme", keep, init=False)
    return held


async def _keep_theme(app: App[int]) -> None:
    def keep() -> None:
        with _KEEPING:  # whoever comes last writes the last
            keep_theme(app.theme)

    with telling(app, severity="warning", timeout=10):
        await in_thread(app.screen, keep)
