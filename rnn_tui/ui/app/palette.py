"""What the command palette offers."""

from collections.abc import Iterator
from functools import partial

from textual.app import SystemCommand
from textual.screen import Screen

from rnn_tui.ui.app.help import documented
from rnn_tui.ui.app.themes import THEMES


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
