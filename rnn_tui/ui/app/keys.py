"""The keys, in the footer, the help and the command palette; what `y` copies; themes, and the
settings that last.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, InvalidBinding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
from textual.events import MouseDown, MouseMove
from textual.keys import Keys, key_to_character
from textual.reactive import reactive
from textual.screen import Screen
from textual.theme import BUILTIN_THEMES, Theme
from textual.widget import Widget

from rnn_tui.engine.errors import printable
from rnn_tui.engine.preferences import Preferences, keep_theme, read_preferences
from rnn_tui.tasks import TASKS
from rnn_tui.ui.common.key_table import KEYS, key
from rnn_tui.ui.common.textual_workarounds import Dialog
from rnn_tui.ui.common.threads import in_thread, telling

FIRST = ("stop", "pause")  # in the footer before all others
FooterKeys = tuple[Binding, bool, str]  # with whether it can be used, and a tooltip
HIGH_CONTRAST = Theme(
    name="high-contrast",
    primary="#00d7ff",
    secondary="#ffd700",
    accent="#ffd700",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
    success="#00ff5f",
    warning="#ffaf00",
    error="#ff5f5f",
    dark=True,
    variables={"text-muted": "#ffffff", "footer-description-foreground": "#ffffff"},
)
THEMES = {"dark": "textual-dark", "light": "textual-light", "high contrast": HIGH_CONTRAST.name}


def documented(screen: Screen[object]) -> list[tuple[Binding, DOMNode]]:
    """The documented keys of what is in front and has the focus, then the app's; one an action."""
    found: dict[tuple[DOMNode, str], Binding] = {}
    for active in screen.active_bindings.values():
        if active.node is not screen and active.binding.tooltip:
            found.setdefault((active.node, active.binding.action), active.binding)
    return sorted(
        [(binding, node) for (node, _), binding in found.items()],
        key=lambda pair: pair[1] is screen.app,
    )


class HelpScreen(Dialog[None]):
    """Explanations in Markdown, and tables of the keys on a screen."""

    AUTO_FOCUS = "#help"  # the arrow keys scroll at once
    BINDINGS = [Binding("escape", "dismiss", "Close"), key("help", "dismiss", "Close")]

    def __init__(self, text: str, of: Screen[object]) -> None:
        super().__init__()
        tables: dict[str, str] = {}
        for binding, node in documented(of):
            heading = (
                f"## {'Keys' if node is of.app else 'In this view'}\n\n| key | what it does |\n| "
                "--- | --- |\n"
            )
            tables[heading] = (
                f"{tables.get(heading, heading)}| {of.app.get_key_display(binding)} | "
                f"{binding.tooltip} |\n"
            )
        other = Path(__file__).with_name("other_keys.md").read_text(encoding="utf-8")
        self._markdown = "\n\n".join([text, *tables.values(), other])

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as scroll:
            scroll.border_title, scroll.border_subtitle = "Help", "Esc closes"
            from textual.widgets import Markdown  # noqa: PLC0415 - slow, on use only

            yield Markdown(self._markdown)


def commands(screen: Screen[object]) -> Iterator[SystemCommand]:
    """Everything that a key does, for the command palette, and themes by the names people use."""
    app = screen.app
    for name, theme in THEMES.items():
        yield SystemCommand(
            f"Theme: {name}", "Colours of the app", partial(setattr, app, "theme", theme)
        )
    go = partial(app.run_action, "tab('runs')")
    yield SystemCommand(
        "Export runs: in the Runs tab", "Values, charts, weights: press e there", go
    )
    for binding, node in documented(screen):
        if node is not app or binding.action not in ("quit", "help"):
            where = f"Key {app.get_key_display(binding)}{'' if node is app else ', in this view'}"
            # Later: Textual's handlers raise where an action opens or closes a screen before the
            # palette is closed.
            do = partial(app.call_later, app.run_action, binding.action, node)
            # found by the footer's word, too
            yield SystemCommand(f"{binding.description}: {binding.tooltip}", where, do)


def copied(widget: Widget | None) -> str:
    """What a widget shows, as text: a table whole, with tabs between columns, a chart as on the
    screen, else nothing.
    """
    from textual.widgets import DataTable  # noqa: PLC0415 - not in the first frame

    from rnn_tui.ui.common.chart.chart import Chart  # noqa: PLC0415 - the same

    if isinstance(widget, Chart):
        return widget.as_text()
    if not isinstance(widget, DataTable) or not (
        heads := [column.label for column in widget.ordered_columns]
    ):
        return ""
    return "\n".join(
        "\t".join(map(_plain, row))
        for row in (heads, *map(widget.get_row_at, range(widget.row_count)))
    )


def _plain(cell: object) -> str:
    return " ".join((cell.plain if isinstance(cell, Text) else str(cell)).split())


class KeyFooter(Widget):
    """The keys that matter here, in one line: as many as fit, and always help and quit. Textual's
    `Footer` makes, styles and lays out a widget for each key whenever another one holds, and keeps
    what it threw away; this one draws its line anew.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {"key-footer--key", "key-footer--words", "key-footer--hover"}
    shown: Sequence[FooterKeys] = ()  #: the keys that are shown.
    over: reactive[str | None] = reactive(None)  #: that of them which is under the mouse.
    _looking = False

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self.look)

    def look(self, _screen: object = None) -> None:
        """Show the keys that hold, once however many ask for that; and once more when the screen
        shows what has changed.
        """
        if not self._looking:
            self._looking = True
            self.call_later(self._show_keys)
            self.call_after_refresh(self._show_keys)

    def _show_keys(self) -> None:
        """Show the keys that hold; a window in the back keeps those that it had."""
        self._looking = False
        if (
            self.app.app_focus
            and self.is_attached
            and (keys := self._keys_that_fit()) != self.shown
        ):
            self.shown = keys
            self.refresh()

    on_resize = look

    def render(self) -> Text:
        styles = [
            self.get_component_rich_style(f"key-footer--{part}")
            for part in ("key", "words", "hover")
        ]
        line = Text(no_wrap=True)
        for binding, enabled, tooltip in self.shown:
            here = Style(
                bgcolor=styles[2].bgcolor if binding.key == self.over else None,
                dim=not enabled or None,
                # what the mouse is over, also where other keys are shown by the time that is told
                meta={"key": binding.key, "enabled": enabled, "tooltip": tooltip},
            )
            line.append(self.app.get_key_display(binding), styles[0] + here)
            line.append(f" {binding.description}", styles[1] + here).append(" ")
        return line

    def on_mouse_move(self, event: MouseMove) -> None:
        """Mark the key under the mouse, and have what it does told beside it."""
        seen = event.style.meta
        self.over = seen.get("key")
        if self.over is None:
            self.tooltip = None
        else:
            self.tooltip = Content(seen["tooltip"])

    def on_leave(self) -> None:
        self.over = None

    def on_mouse_down(self, event: MouseDown) -> None:
        seen = event.style.meta
        if seen.get("enabled"):
            self.app.simulate_key(seen["key"])
        elif "key" in seen:
            self.app.bell()

    def _keys_that_fit(self) -> Sequence[FooterKeys]:
        """What stops training first, then the keys of what is in front."""
        first: dict[str, FooterKeys] = {}
        for _, binding, enabled, tooltip in self.screen.active_bindings.values():
            if binding.show:
                first.setdefault(binding.action, (binding, enabled, tooltip))
        keys = sorted(first.values(), key=lambda one: one[0].id not in FIRST)
        always = [one for one in keys if one[0].id in ("help", "quit")]
        room = self.size.width or self.app.size.width  # before the first layout
        left = room - sum(map(self._width, always))
        shown = [
            one for one in keys if one not in always and (left := left - self._width(one)) >= 0
        ]
        return (*shown, *always)

    def _width(self, key: FooterKeys) -> int:
        """The columns of a key: a blank before its words, another after them."""
        return cell_len(self.app.get_key_display(key[0]) + key[0].description) + 2


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
