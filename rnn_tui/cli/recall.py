"""`rnn-tui recall`: which digit stood at a position? Asked of a trained network."""

import argparse

from rnn_tui.cli.commands import add_examples, add_setting
from rnn_tui.cli.questions import add_question_options, ask, chosen
from rnn_tui.engine.settings import SETTINGS
from rnn_tui.tasks.recall import RECALL


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.description = "Ask a trained network which digit stood at a position of a sequence."
    add_examples(
        parser, "rnn-tui recall 3 1 4 1 5 --position 3", "echo 31415 | rnn-tui recall --json"
    )
    sequence = "the sequence; without one, every line of stdin is a sequence"
    parser.add_argument("query", nargs="*", metavar="DIGITS", help=sequence)
    usual = "the one that the weights were trained for, which is 3 for those that ship"
    add_setting(parser, SETTINGS["position"], f"{SETTINGS['position'].help} (default: {usual})")
    add_question_options(parser, loss="the first")


def run(options: argparse.Namespace) -> int:
    """Ask; returns the exit code; a CheckpointError, SettingError or QueryError tells of weights,
    network or words.
    """
    from rnn_tui.tasks.recall.questions import RecallQuestions  # noqa: PLC0415 - numpy, on use only

    return ask(
        RecallQuestions(*chosen(options, RECALL, options.position), options.position), options
    )
