"""Every command's help ends with examples; tests/documents/test_commands.py runs them."""

import argparse
from collections.abc import Iterator

from rnn_tui.cli.commands import Parser, build_parser
from rnn_tui.tasks import TASKS


def parsers(parser: argparse.ArgumentParser | None = None) -> Iterator[Parser]:
    """Every parser of the command line, as `--help` shows it."""
    parser = parser or build_parser()
    assert isinstance(parser, Parser)
    parser.complete()
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for subparser in dict.fromkeys(action.choices.values()):  # aliases name the same one
                yield from parsers(subparser)


def test_every_help_ends_with_examples() -> None:
    for parser in parsers():
        head, _, examples = parser.format_help().rpartition("\nexamples:\n")
        assert "usage:" in head, parser.prog
        lines = examples.splitlines()
        assert len(lines) >= 2, (
            f"{parser.prog} needs two examples: see add_examples in rnn_tui/cli/commands.py"
        )
        for line in lines:
            assert f"{parser.prog} " in f"{line} ", (
                f"{parser.prog} has an example of something else: {line}"
            )
            assert len(line) <= 79, line
    assert {"rnn-tui", "rnn-tui runs show", *(f"rnn-tui train {task}" for task in TASKS)} <= {
        parser.prog for parser in parsers()
    }
