"""The options of a record on the command line, from the rows at its fields."""

import argparse
from typing import Any, TypeVar

from rnn_tui.cli.commands import add_setting
from rnn_tui.engine.options import FlagSetting, Option, options_of
from rnn_tui.engine.settings import ChoiceSetting

Record = TypeVar("Record")


def add_options(parser: "argparse.ArgumentParser | argparse._ArgumentGroup", record: type) -> None:
    """Add all options of a record."""
    for option in options_of(record).values():
        add_option(parser, option)


def add_option(parser: "argparse.ArgumentParser | argparse._ArgumentGroup", option: Option) -> None:
    """Add an option, whose value is checked as in a form."""
    setting = option.setting
    help_text = f"{setting.help}{option.in_shell}"
    if isinstance(setting, FlagSetting):
        action: Any = argparse.BooleanOptionalAction if option.default is None else "store_true"
        parser.add_argument(option.shell_name, dest=option.name, action=action, help=help_text)
        return
    metavar = option.metavar
    if isinstance(setting, ChoiceSetting) and not metavar:
        metavar = f"{{{','.join(setting.choices)}}}"
    add_setting(
        parser, setting, help_text, option.shell_name, default=option.default, metavar=metavar
    )


def read_options(options: argparse.Namespace, record: type[Record]) -> Record:
    """Return the record that the options of `add_options` make."""
    return record(**{name: getattr(options, name) for name in options_of(record)})
