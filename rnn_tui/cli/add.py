"""`rnn-tui add`: the sum of two numbers, bit by bit. Asked of a trained network."""

import argparse

from rnn_tui.cli.commands import add_examples
from rnn_tui.cli.questions import add_question_options, ask, chosen
from rnn_tui.tasks.adder import ADDER

BASES = ("binary", "decimal", "hexadecimal")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.description = "Ask a trained network to add two numbers, bit by bit."
    add_examples(parser, "rnn-tui add --base decimal 13 + 29", "echo 1011 110 | rnn-tui add --json")
    numbers = (
        "two numbers, with or without a plus between them; without any, every line of stdin has two"
    )
    parser.add_argument("query", nargs="*", metavar="NUMBER", help=numbers)
    add_base_option(parser, ", and the answer is written like the first number")
    add_question_options(parser, loss="bce, or the first")


def add_base_option(parser: argparse.ArgumentParser, more: str = "") -> None:
    """Add `--base`; `more` is what it says besides."""
    text = f"of numbers without a prefix; 0b, 0d and 0x overrule it{more} (default: %(default)s)"
    parser.add_argument("--base", choices=BASES, default=BASES[0], help=text)


def run(options: argparse.Namespace) -> int:
    """Ask; returns the exit code; a CheckpointError, SettingError or QueryError tells of weights,
    network or words.
    """
    from rnn_tui.tasks.adder.questions import AdderQuestions  # noqa: PLC0415 - numpy, on use only

    return ask(AdderQuestions(*chosen(options, ADDER), options.base), options)
