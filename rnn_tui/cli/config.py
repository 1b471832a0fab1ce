"""`rnn-tui config`: the settings of the app that last, and where their file is."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnn_tui.cli.commands import add_examples
from rnn_tui.cli.output import OK, print_json, print_table, say
from rnn_tui.engine.files.paths import config_file
from rnn_tui.engine.preferences import ENTRIES, as_toml
from rnn_tui.engine.tables import columns_of_cells

if TYPE_CHECKING:
    from rnn_tui.engine.preferences import Preferences


@dataclass(frozen=True)
class ConfigRequest:
    """Print the settings."""

    as_json: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Print the settings of the app, and where their file is. The forms of the app begin with "
        "the preset and device of the file; rnn-tui train uses its own options only."
    )
    entries = [f"{name}: {entry.metadata['words']}" for name, entry in ENTRIES.items()]
    parser.epilog = f"Entries. {'. '.join(entries)}."
    add_examples(parser, "rnn-tui config", "rnn-tui config --json")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> int:
    """Print the settings; faults of the file go to stderr."""
    return show_settings(read_request(options))


def read_request(options: argparse.Namespace) -> ConfigRequest:
    """Read the options into a request."""
    return ConfigRequest(options.json)


def show_settings(request: ConfigRequest) -> int:
    """Print the settings; returns the exit code."""
    from rnn_tui.ui.app.preferences import usable_preferences  # Textual, on use

    preferences = usable_preferences()
    for sentence in preferences.problems:
        say(sentence)
    if request.as_json:
        print_json(_document(preferences, config_file()))
    else:
        _print_table(preferences, config_file())
    return OK


def _source(preferences: "Preferences", name: str) -> str:
    """Return where the value of a setting comes from: the file or the default."""
    return "file" if name in preferences.given else "default"


def _document(preferences: "Preferences", path: Path) -> dict[str, Any]:
    settings = {
        name: {
            "value": getattr(preferences, name),  #: the current value.
            "from": _source(preferences, name),  #: `file` or `default`.
        }
        for name in ENTRIES
    }
    return {
        "file": str(path),  #: path of the file, whether or not it exists.
        "there": path.is_file(),  #: whether it exists.
        "settings": settings,  #: by entry.
        "problems": preferences.problems,  #: problems in the file, in sentences.
    }


def _print_table(preferences: "Preferences", path: Path) -> None:
    rows = [
        [name, as_toml(getattr(preferences, name)), _source(preferences, name)]
        for name in ENTRIES
        if name != "keys"
    ]
    for name, key in (preferences.keys or {}).items():
        rows.append([f"keys.{name}", as_toml(key), "file"])
    print(f"{path}{'' if path.is_file() else ' (not there yet)'}")
    print_table(columns_of_cells(("setting", "value", "from")), rows)
