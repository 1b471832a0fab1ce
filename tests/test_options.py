"""Every option that a user fills in has a row, and each place has what the row says."""

import argparse
import inspect
from dataclasses import fields
from functools import cache, partial

import pytest

import rnn_tui
from rnn_tui.archive.export.formats import Export
from rnn_tui.cli.commands import build_parser
from rnn_tui.data.options import ReadingOptions, role_of
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.options import Option, options_of
from rnn_tui.papers.plan import Plan
from rnn_tui.photos.options import PhotoOptions
from rnn_tui.sweeps.options import SweepOptions
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
    Export: ("runs export",),
    PhotoOptions: ("predict",),
    Plan: ("rerun", "report"),
    SweepOptions: ("sweep recall", "sweep mnist", "sweep sequences"),
}
OF_OPTIONS_ALONE = (ReadingOptions, SweepOptions, PhotoOptions)
#: settings of a task that have a row of their own, in place of this one.
OF_A_TASK = {"seeds"}
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


@pytest.mark.parametrize("record", OF_OPTIONS_ALONE)
def test_every_field_has_a_row(record: type) -> None:
    assert list(options_of(record)) == [field.name for field in fields(record)]


@every_row
def test_a_row_describes_its_field(record: type, option: Option) -> None:
    assert options_of(record)[option.name] is option
    assert option.label
    assert option.setting.help
    [field] = [each for each in fields(record) if each.name == option.name]
    assert field.default == option.default
    for choice in option.choices:
        assert option.setting.check(choice) == choice


@every_row
def test_the_shell_has_it(record: type, option: Option) -> None:
    for command in COMMANDS[record]:
        action = options_of_command(command)[option.shell_name]
        assert action.dest == option.name
        if option.name not in OF_A_TASK:
            assert action.default in (option.default, None)
            assert str(action.help).startswith(option.setting.help)


def test_the_form_of_a_file_can_ask_for_each_row() -> None:
    for option in options_of(ReadingOptions).values():
        assert option.choices or option.setting.characters or role_of(option) is not None


@every_row
def test_python_has_it(record: type, option: Option) -> None:
    function = FUNCTIONS.get(record)
    if function is None:
        return
    parameter = inspect.signature(function).parameters[option.name]
    assert parameter.default == option.default
    assert f"    {option.name}: {option.setting.help}" in str(inspect.getdoc(function))


@every_row
def test_what_is_not_allowed_is_refused(record: type, option: Option) -> None:
    make = partial(option.setting.check, -3.5)
    if record in OF_OPTIONS_ALONE:
        make = partial(record, **{option.name: -3.5})
    with pytest.raises(SettingError, match=f"^{option.setting.label} must be .*not “?-3.5”?"):
        make()
