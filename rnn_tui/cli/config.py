"""`rnn-tui config`: where the settings that last lie, and what holds."""

import argparse

from rnn_tui.cli.commands import add_examples
from rnn_tui.cli.output import OK, print_json, print_table, say
from rnn_tui.engine.paths import config_file
from rnn_tui.engine.preferences import ENTRIES, as_toml


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    whose = (
        "The settings are the app's: preset and device are what its forms begin with; rnn-tui "
        "train goes by its options."
    )
    parser.description = f"Print where the file of settings lies and what holds. {whose}"
    lines = (f"{name}: {one.metadata['words']}" for name, one in ENTRIES.items())
    parser.epilog = f"Entries. {'. '.join(lines)}."
    add_examples(parser, "rnn-tui config", "rnn-tui config --json")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> int:
    """Print what holds; what is wrong goes to stderr."""
    from rnn_tui.ui.app.preferences import usable_preferences  # noqa: PLC0415 - Textual, on use

    held, path = usable_preferences(), config_file()
    for sentence in held.problems:
        say(sentence)
    source = {name: "file" if name in held.given else "default" for name in ENTRIES}
    values = {name: getattr(held, name) for name in ENTRIES}
    if options.json:
        settings = {name: {"value": values[name], "from": source[name]} for name in ENTRIES}
        print_json(
            {
                "file": str(path),
                "there": path.is_file(),
                "settings": settings,
                "problems": held.problems,
            }
        )
        return OK
    keys = values.pop("keys")
    rows = [[name, as_toml(value), source[name]] for name, value in values.items()]
    rows += [[f"keys.{name}", as_toml(key), "file"] for name, key in keys.items()]
    print(f"{path}{'' if path.is_file() else ' (not there yet)'}")
    print_table(("setting", "value", "from"), rows)
    return OK
