"""The commands of the palette: all that keys do, and the choice of a theme."""

from collections.abc import Iterator
from functools import partial
from typing import cast

from textual.app import SystemCommand
from textual.screen import Screen

from rnn_tui.ui.app.help import documented
from rnn_tui.ui.app.themes import THEMES
from rnn_tui.ui.frame.host_app import HostApp
from rnn_tui.ui.guide.words import WORDS
from rnn_tui.ui.terminal.key_table import has_key

OFFERED_BY_TEXTUAL = ("quit", "help", "command_palette")  # actions of the app


def commands(screen: Screen[object]) -> Iterator[SystemCommand]:
    """Yield everything that a key does on a screen, and themes by their usual names."""
    from rnn_tui.ui.guide.panel import change_language  # on use only

    app = cast("HostApp", screen.app)
    for name, theme in THEMES.items():
        choose = partial(setattr, app, "theme", theme)
        yield SystemCommand(f"Theme: {name}", "Colours of the app", choose)
    yield SystemCommand(
        "Export runs: in the Runs tab",
        "Values, charts, weights: press e there",
        partial(app.run_action, "tab('runs')"),
    )
    for code, words in WORDS.items():
        yield SystemCommand(
            f"{words.title}: {words.language}",
            "Language of the guided experiments",
            partial(change_language, app, code),
        )
    for binding, node in documented(screen):
        if node is app and binding.action in OFFERED_BY_TEXTUAL:
            continue
        shown_key = f"Key {app.get_key_display(binding)}" if has_key(binding) else "No key"
        place = "" if node is app else ", in this view"
        # Later: Textual's handlers raise if an action opens or closes a screen before the
        # palette is closed.
        act = partial(app.call_later, app.run_action, binding.action, node)
        yield SystemCommand(
            f"{binding.description}: {binding.tooltip}",  # found by the footer's word, too
            f"{shown_key}{place}",
            act,
        )
