"""The settings of a user that last: which can be used, and how the app gets them."""

from collections.abc import Callable
from dataclasses import replace

from textual.app import App
from textual.theme import BUILTIN_THEMES

from rnn_tui.engine import waits
from rnn_tui.engine.preferences import Preferences, keep_entry, read_preferences
from rnn_tui.tasks import TASKS
from rnn_tui.ui.app.themes import HIGH_CONTRAST
from rnn_tui.ui.app.user_keys import usable_keys
from rnn_tui.ui.work.threads import in_thread, telling

_WRITING = waits.Lock("the file of settings")  # held while a thread of the app writes the file


def usable_preferences() -> Preferences:
    """Return the usable settings in `config.toml`, and a sentence for each other one."""
    presets = dict.fromkeys(preset.name for task in TASKS.values() for preset in task.presets)
    preferences = read_preferences(
        {"theme": (*BUILTIN_THEMES, HIGH_CONTRAST.name), "preset": tuple(presets)}
    )
    keys, sentences = usable_keys(preferences.keys or {})
    return replace(preferences, keys=keys, problems=(*preferences.problems, *sentences))


def apply_preferences(app: App[int]) -> Preferences:
    """Give an app its theme and its keys, before its first frame; keep a theme that is chosen."""
    preferences = usable_preferences()
    if "theme" in preferences.given:
        app.theme = preferences.theme
    app.set_keymap(dict(preferences.keys or {}))

    def keep() -> None:
        app.run_worker(keep_preference(app, "theme", lambda: app.theme), group="theme")

    app.watch(app, "theme", keep, init=False)
    return preferences


async def keep_preference(app: App[int], name: str, value: Callable[[], str]) -> None:
    """Write an entry into the user's file, or say why that can't be done."""

    def write() -> None:
        with _WRITING:  # asked for only now, so the last choice is written last
            keep_entry(name, value())

    with telling(app, severity="warning", timeout=10):
        await in_thread(app.screen, write)
