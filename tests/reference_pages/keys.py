"""The page of keys, from the table of keys and the bindings."""

import importlib
import pkgutil
from collections.abc import Iterator

from textual.binding import Binding
from textual.dom import DOMNode

import rnn_tui.ui
from rnn_tui.ui.app.tabs import all_tabs, bindings
from rnn_tui.ui.terminal.key_table import KEYS, NO_KEY_PREFIX
from tests.reference_pages.markdown import MADE

# By the module or folder of whatever binds them, below `rnn_tui.ui`; the longest name counts.
PLACES = {
    "app": "everywhere",
    "frame": "everywhere",
    "terminal": "everywhere",
    "chart": "charts",
    "frame.chart_view": "charts",
    "widgets": "prompts",
    "widgets.confusion_table": "tabs of tasks",
    "widgets.drawing_pad": "Draw",
    "widgets.marked_table": "Runs",
    "frame.network_select": "prompts",
    "training": "tabs of tasks",
    "calculator_prompt": "questions",
    "photos": "Photos",
    "draw": "Draw",
    "inside": "Inside",
    "runs": "Runs",
    "papers": "Papers",
    "sweeps": "Sweeps",
    "sequences": "Sequences",
    "app.data_sets": "Sequences",
    "home": "Home",
}
HEAD = f"""\
# Keys

{MADE}
Each key has the same meaning everywhere. The footer shows at most eight keys, those that are most useful
in the current view; `F1` shows all of them, and Ctrl+P finds every command by its name. What has no key
here is in Ctrl+P only, until you give it one. In a text field, hold **Alt**: Alt+2 goes to the second
view, Alt+T trains. Alt+F and Alt+B move by a word there, as in shells.

`h` `j` `k` `l` are arrow keys, except in text fields. The arrow keys, Enter, Space, Tab, Esc, Home, End and the page keys act on the focused widget, as in any
program, and are not listed. The names in the first column are for `[keys]` in
[the configuration file](configuration.md).

| name | key | meaning | where |
| --- | --- | --- | --- |
"""
NAMES = {
    "question_mark": "?",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "slash": "/",
    "full_stop": ".",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "number_sign": "#",
    "delete": "Del",
    "tilde": "~",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "pageup": "PgUp",
    "pagedown": "PgDn",
}


def bound() -> Iterator[tuple[type, Binding]]:
    """Every binding of the app's own classes, with the class."""
    for package in pkgutil.walk_packages(rnn_tui.ui.__path__, "rnn_tui.ui."):
        module = importlib.import_module(package.name)
        for member in vars(module).values():
            if not (isinstance(member, type) and issubclass(member, DOMNode)):
                continue
            if member.__module__ == package.name:
                for binding in vars(member).get("BINDINGS", ()):
                    assert isinstance(binding, Binding), (member, binding)
                    yield member, binding


def written(keys: str) -> str:
    """Keys as people say them."""
    parts = []
    if keys.startswith(NO_KEY_PREFIX):
        return ""
    for key in keys.split(","):
        *modifiers, last = key.split("+")
        last = NAMES.get(last, last)
        if len(last) > 1 and last[0] == "f" and last[1:].isdigit():
            last = last.upper()
        elif len(last) > 1:
            last = last.capitalize()
        parts.append("+".join([*(modifier.capitalize() for modifier in modifiers), last]))
    return " ".join(f"`{part}`" for part in parts)


def name_of(binding: Binding) -> str:
    """The name of its meaning, if it has one."""
    return f"`{binding.id}`" if binding.id else ""


def place_of(module: str) -> str:
    """Where the keys hold that a module binds."""
    name = module.removeprefix("rnn_tui.ui.")
    while name not in PLACES:
        name = name.rpartition(".")[0]
    return PLACES[name]


def page() -> str:
    """The page."""
    places: dict[str, list[str]] = {}
    for owner, binding in bound():
        if binding.id:
            place = place_of(owner.__module__)
            if place not in places.setdefault(binding.id, []):
                places[binding.id].append(place)
    rows = [
        f"| `{name}` | {written(keys)} | {meaning} | {', '.join(sorted(places[name]))} |"
        for name, (keys, meaning) in KEYS.items()
        if name in places
    ]
    tabs = [
        f"| {name_of(tab)} | {written(tab.key)} | {tab.tooltip} | everywhere |"
        for tab in bindings(all_tabs())
    ]
    return HEAD + "\n".join([*tabs, *rows]) + "\n"
