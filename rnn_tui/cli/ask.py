"""`rnn-tui ask`: questions to trained networks of any task; `add` and `recall` are those of one.

Photos of digits are asked as `rnn-tui predict` asks them.
"""

import argparse
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rnn_tui.cli.commands import add_examples, add_output_options, examples_of
from rnn_tui.cli.questions import (
    ASK,
    AskRequest,
    NetworkRequest,
    ask,
    questions_to,
    read_ask_request,
    read_network_request,
    typed_question,
)
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.data_sets.task import SEQUENCES
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.recall import RECALL
from rnn_tui.tasks.task import SequenceShape, Task


@dataclass(frozen=True)
class AskTaskRequest:
    """Ask the networks of a task."""

    task: Task
    details: dict[str, Any]  #: the further arguments of its questions.
    networks: NetworkRequest
    asked: AskRequest


@dataclass(frozen=True, kw_only=True)
class _TaskHelp:
    """What the help says of a task."""

    line: str  #: among those of all tasks.
    description: str
    example: str  #: a question.
    piped: str  #: a line of stdin.


OWN_HELP = {
    ADDER.name: _TaskHelp(
        line="ask as rnn-tui add does",
        description="Ask a trained network to add two numbers, bit by bit.",
        example="--base decimal 13 + 29",
        piped="1011 110",
    ),
    RECALL.name: _TaskHelp(
        line="ask as rnn-tui recall does",
        description="Ask a trained network which digit stood at a position of a sequence.",
        example="3 1 4 1 5 --position 3",
        piped="31415",
    ),
}


def add_arguments(parser: argparse.ArgumentParser, task_name: str = "") -> None:
    """Add the arguments of the command.

    Args:
        parser: takes them.
        task_name: the task that is asked; empty for a subcommand for each.
    """
    if task_name:
        _add_task(parser, TASKS[task_name])
        return
    parser.description = (
        "Ask trained networks of a task. Without a question, every line of stdin is one."
    )
    add_examples(parser, "rnn-tui ask recall 3 1 4 1 5", "echo 1011 110 | rnn-tui ask adder --json")
    tasks = parser.add_subparsers(dest="asked_task", metavar="TASK", required=True)
    for task in TASKS.values():
        if task.name == MNIST.name:
            _add_digits(tasks)
        elif task.shape is not None:
            _add_task(tasks.add_parser(task.name, help=_help_of(task, task.shape).line), task)
    _add_sequences(tasks)


def _add_digits(tasks: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the task whose networks read photos."""
    from rnn_tui.cli import predict

    parser = tasks.add_parser(MNIST.name, help="ask as rnn-tui predict does")
    predict.add_arguments(parser)
    examples = [example.replace("rnn-tui predict", parser.prog) for example in examples_of(parser)]
    add_examples(parser, *examples)
    parser.set_defaults(complain=parser.error, perform=predict.run)


def _add_task(parser: argparse.ArgumentParser, task: Task) -> None:
    """Add what is asked of a task on sequences."""
    assert task.shape is not None
    task_help = _help_of(task, task.shape)
    parser.description = task_help.description
    add_examples(
        parser,
        f"{parser.prog} {task_help.example}",
        f"echo {task_help.piped} | {parser.prog} --json",
    )
    _add_question(parser, task.name)
    parser.set_defaults(complain=parser.error, task_of=lambda _: task)


def _help_of(task: Task, shape: SequenceShape) -> _TaskHelp:
    """Return what the help says of a task, by its shape unless it says so itself."""
    example = shape.typed_example
    if shape.example:  # one word for the shell
        example = shlex.quote(example)
    by_shape = _TaskHelp(
        line=f"ask networks of {task.label}",
        description=f"Ask a trained network of {task.label}: {_what_is_read(shape)}.",
        example=example,
        piped=example,
    )
    return OWN_HELP.get(task.name, by_shape)


def _add_sequences(tasks: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the task that a file of sequences is."""
    # `add` and `recall` read no files
    from rnn_tui.cli.sequence_files import add_data_argument, trained_data_set

    parser = tasks.add_parser(
        SEQUENCES,
        help="ask networks that were trained on a file of sequences",
        description="Ask a network that was trained on a file of sequences of your own: symbols, "
        "or numbers in the units of the file, with a semicolon between two steps. A file is to be "
        "read by the options that it was trained with.",
    )
    add_examples(
        parser,
        "rnn-tui ask sequences swings.csv 0.1 0.4 0.2",
        "echo 0.1 0.4 0.2 | rnn-tui ask sequences swings.csv --json",
    )
    add_data_argument(parser)
    _add_question(parser, SEQUENCES)
    parser.set_defaults(complain=parser.error, task_of=trained_data_set)


def _what_is_read(shape: SequenceShape) -> str:
    """Return what is typed for a sequence, in a few words."""
    if shape.alphabet:
        return f"{shape.inputs}, one for each {shape.step}"
    if shape.features == 1:
        return f"a number for each {shape.step}"
    return f"{shape.features} numbers for each {shape.step}, with a semicolon between two"


def _add_question(parser: argparse.ArgumentParser, task_name: str) -> None:
    typed = typed_question(task_name)
    typed.add_to(parser, ASK, typed.from_stdin)
    parser.add_argument(
        "--vote", action="store_true", help="let all networks that the options above allow vote"
    )
    add_output_options(parser, "print answers and errors only, not which weights answer")


def run(options: argparse.Namespace) -> int:
    """Ask networks, and print their answers; returns the exit code.

    Raises:
        CheckpointError: if there are no such weights.
        SettingError: if there is no such network among them.
        QueryError: if what was typed is no question.
    """
    return ask_task(read_request(options))


def read_request(options: argparse.Namespace) -> AskTaskRequest:
    """Read the options into a request; a file of sequences is read, too."""
    task_of: Callable[[argparse.Namespace], Task] = options.task_of
    task = task_of(options)
    return AskTaskRequest(
        task,
        typed_question(task.name).read_options(options),
        read_network_request(options),
        read_ask_request(options),
    )


def ask_task(request: AskTaskRequest) -> int:
    """Ask networks, and print their answers as they come; returns the exit code."""
    questions = questions_to(request.networks, request.task, request.details)
    return ask(questions, request.asked)
