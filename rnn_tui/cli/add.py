"""`rnn-tui add`: the sum of two numbers, bit by bit, asked of a trained network."""

import argparse
from dataclasses import dataclass

from rnn_tui.cli.commands import add_examples
from rnn_tui.cli.questions import (
    AskRequest,
    NetworkRequest,
    add_base_option,
    add_question_options,
    ask,
    find_networks,
    read_ask_request,
    read_network_request,
)
from rnn_tui.tasks.adder import ADDER


@dataclass(frozen=True)
class AddRequest:
    """Add numbers."""

    base: str  #: of numbers without a prefix.
    networks: NetworkRequest
    asked: AskRequest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Ask a trained network to add two numbers, bit by bit."
    add_examples(parser, "rnn-tui add --base decimal 13 + 29", "echo 1011 110 | rnn-tui add --json")
    parser.add_argument(
        "query",
        nargs="*",
        metavar="NUMBER",
        help="two numbers, with or without a plus between them; without any, every line of stdin "
        "has two",
    )
    add_base_option(parser, ", and the answer is written like the first number")
    add_question_options(parser, loss="bce, or the first")


def run(options: argparse.Namespace) -> int:
    """Add numbers, and print the sums; returns the exit code.

    Raises:
        CheckpointError: if there are no such weights.
        SettingError: if there is no such network among them.
        QueryError: if what was typed are no two numbers.
    """
    return add(read_request(options))


def read_request(options: argparse.Namespace) -> AddRequest:
    """Read the options into a request."""
    return AddRequest(options.base, read_network_request(options), read_ask_request(options))


def add(request: AddRequest) -> int:
    """Add numbers, and print the sums as they come; returns the exit code."""
    from rnn_tui.tasks.adder.questions import AdderQuestions  # noqa: PLC0415 - numpy, on use only

    networks = find_networks(request.networks, ADDER)
    questions = AdderQuestions(
        networks.network, networks.label, networks.path, networks.choice, request.base
    )
    return ask(questions, request.asked)
