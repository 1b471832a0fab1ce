"""Every option that a user fills in has a row, and each place has what the row says."""

import argparse
import inspect
from functools import cache

import pytest

import rnn_tui
from rnn_tui.cli.commands import build_parser
from rnn_tui.data.options import ReadingOptions, role_of
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.options import Option, options_of
from tests.reference_pages.commands import parsers

#: by record, the commands that take its options.
COMMANDS = {
    ReadingOptions: (
        "train sequences",
        "ask sequences",
        "inspect sequences",
        "sweep sequences",
        "data show",
    ),
}
#: by record, the Python function that takes its options.
FUNCTIONS = {ReadingOptions: rnn_tui.read_sequences}
ROWS = [(record, option) for record in COMMANDS for option in options_of(record).values()]
every_row = pytest.mark.parametrize(
    ("record", "option"), ROWS, ids=[f"{record.__name__}.{row.name}" for record, row in ROWS]
)


@cache
def options_of_command(command: str) -> dict[str, argparse.Action]:
    """Return the options of a command by their names."""
    [parser] = [each for each in parsers(build_parser()) if each.prog == f"rnn-tui {command}"]
    return {name: action for action in parser._actions for name in action.option_strings}


def test_every_field_of_reading_a_file_has_a_row() -> None:
    assert set(options_of(ReadingOptions)) == set(ReadingOptions.__dataclass_fields__)


@every_row
def test_a_row_describes_its_field(record: type, option: Option) -> None:
    assert options_of(record)[option.name] is option
    assert option.label
    assert option.setting.help
    if option.default is not None:
        assert option.setting.check(option.default) == option.default
    for choice in option.choices:
        assert option.setting.check(choice) == choice


@every_row
def test_the_shell_has_it(record: type, option: Option) -> None:
    for command in COMMANDS[record]:
        action = options_of_command(command)[option.shell_name]
        assert action.dest == option.name
        assert action.default == option.default
        assert str(action.help).startswith(option.setting.help)


@every_row
def test_a_form_can_ask_for_it(record: type, option: Option) -> None:
    assert option.choices or option.setting.characters or role_of(option) is not None


@every_row
def test_python_has_it(record: type, option: Option) -> None:
    function = FUNCTIONS[record]
    parameter = inspect.signature(function).parameters[option.name]
    assert parameter.default == option.default
    assert f"    {option.name}: {option.setting.help}" in str(inspect.getdoc(function))


@every_row
def test_its_record_refuses_what_is_not_allowed(record: type, option: Option) -> None:
    with pytest.raises(SettingError, match=f"^{option.setting.label} must be .*not “?3.5”?"):
        record(**{option.name: 3.5})
