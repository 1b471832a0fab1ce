"""`rnn-tui recall`: which digit stood at a position, asked of a trained network."""

import argparse
from dataclasses import dataclass

from rnn_tui.cli.commands import add_examples, add_setting
from rnn_tui.cli.questions import (
    AskRequest,
    NetworkRequest,
    add_question_options,
    ask,
    find_networks,
    read_ask_request,
    read_network_request,
)
from rnn_tui.engine.settings import SETTINGS
from rnn_tui.tasks.recall import RECALL


@dataclass(frozen=True)
class RecallRequest:
    """Recall digits of sequences."""

    position: int | None  #: None for the one that the weights were trained for.
    networks: NetworkRequest
    asked: AskRequest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Ask a trained network which digit stood at a position of a sequence."
    add_examples(
        parser, "rnn-tui recall 3 1 4 1 5 --position 3", "echo 31415 | rnn-tui recall --json"
    )
    parser.add_argument(
        "query",
        nargs="*",
        metavar="DIGITS",
        help="the sequence; without one, every line of stdin is a sequence",
    )
    position = SETTINGS["position"]
    add_setting(
        parser,
        position,
        f"{position.help} (default: the one that the weights were trained for, which is 3 for "
        "those that ship)",
    )
    add_question_options(parser, loss="the first")


def run(options: argparse.Namespace) -> int:
    """Recall digits, and print them; returns the exit code.

    Raises:
        CheckpointError: if there are no such weights.
        SettingError: if there is no such network among them.
        QueryError: if what was typed is no sequence.
    """
    return recall(read_request(options))


def read_request(options: argparse.Namespace) -> RecallRequest:
    """Read the options into a request."""
    return RecallRequest(options.position, read_network_request(options), read_ask_request(options))


def recall(request: RecallRequest) -> int:
    """Recall digits, and print them as they come; returns the exit code."""
    from rnn_tui.tasks.recall.questions import RecallQuestions  # noqa: PLC0415 - numpy, on use only

    networks = find_networks(request.networks, RECALL, request.position)
    questions = RecallQuestions(
        networks.network, networks.label, networks.path, networks.choice, request.position
    )
    return ask(questions, request.asked)
