"""The options of a record on the command line, from the rows at its fields."""

import argparse
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

from rnn_tui.cli.commands import add_setting
from rnn_tui.engine.options import FlagSetting, Option, TextsSetting, options_of
from rnn_tui.engine.settings import ChoiceSetting

Record = TypeVar("Record")
#: a parser, or a group of its options.
Parser: TypeAlias = "argparse.ArgumentParser | argparse._ArgumentGroup"  # noqa: SLF001


def add_options(parser: Parser, record: type) -> None:
    """Add all options of a record."""
    for option in options_of(record).values():
        add_option(parser, option)


def add_option(parser: Parser, option: Option, prefix: str = "") -> None:
    """Add an option, whose value is checked as in a form.

    Args:
        parser: takes it.
        option: the row.
        prefix: stands before the name in the namespace.
    """
    setting = replace(option.setting, name=f"{prefix}{option.name}")
    text = f"{setting.help}{option.in_shell}"
    match setting:
        case FlagSetting():
            action: Any = argparse.BooleanOptionalAction if option.default is None else "store_true"
            parser.add_argument(option.shell_name, dest=setting.name, action=action, help=text)
        case TextsSetting():
            parser.add_argument(
                option.shell_name,
                dest=setting.name,
                action="append",
                metavar=option.metavar,
                help=text,
            )
        case _:
            metavar = option.metavar
            if isinstance(setting, ChoiceSetting) and not metavar:
                metavar = f"{{{','.join(setting.choices)}}}"
            default = option.default
            add_setting(parser, setting, text, option.shell_name, default=default, metavar=metavar)


def read_options(options: argparse.Namespace, record: type[Record]) -> Record:
    """Return the record that the options of `add_options` make."""
    values = {name: getattr(options, name) for name in options_of(record)}
    return record(**{name: value for name, value in values.items() if value is not None})
