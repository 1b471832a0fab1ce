"""`rnn-tui ask`: questions to trained networks of any task, read by the shape of the task.

Tasks with a command of their own are asked as that command asks them.
"""

import argparse
import importlib
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rnn_tui.cli.commands import COMMANDS, add_examples, examples_of
from rnn_tui.cli.questions import (
    AskRequest,
    NetworkRequest,
    add_question_options,
    ask,
    find_networks,
    read_ask_request,
    read_network_request,
)
from rnn_tui.cli.sequence_files import add_data_argument, trained_data_set
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.data_sets.task import SEQUENCES
from rnn_tui.tasks.task import SequenceShape, Task


@dataclass(frozen=True)
class AskTaskRequest:
    """Ask the networks of a task."""

    task: Task
    networks: NetworkRequest
    asked: AskRequest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command, with a subcommand for each task."""
    parser.description = (
        "Ask trained networks of a task. Without a question, every line of stdin is one."
    )
    add_examples(parser, "rnn-tui ask recall 3 1 4 1 5", "echo 1011 110 | rnn-tui ask adder --json")
    tasks = parser.add_subparsers(dest="asked_task", metavar="TASK", required=True)
    for task in TASKS.values():
        module = _own_command(task)
        if module is not None:
            _add_own(tasks, task, module)
        elif task.shape is not None:
            _add_general(tasks, task, task.shape)
    _add_sequences(tasks)


def _own_command(task: Task) -> Any:
    """Return the module of the command that asks a task's networks; None if there is none."""
    name = task.question.partition(" ")[0]
    modules = [command.module for command in COMMANDS if command.name == name]
    return importlib.import_module(modules[0]) if modules else None


def _add_own(
    tasks: "argparse._SubParsersAction[argparse.ArgumentParser]", task: Task, module: Any
) -> None:
    """Add a task that is asked as a command of its own asks it."""
    command = f"rnn-tui {task.question.partition(' ')[0]}"
    parser = tasks.add_parser(task.name, help=f"ask as {command} does")
    module.add_arguments(parser)
    examples = [example.replace(command, parser.prog) for example in examples_of(parser)]
    add_examples(parser, *examples)
    parser.set_defaults(complain=parser.error, perform=module.run)


def _add_general(
    tasks: "argparse._SubParsersAction[argparse.ArgumentParser]", task: Task, shape: SequenceShape
) -> None:
    """Add a task that is asked by its shape."""
    parser = tasks.add_parser(
        task.name,
        help=f"ask networks of {task.label}",
        description=f"Ask a trained network of {task.label}: {_what_is_read(shape)}.",
    )
    example = shape.typed_example
    if shape.example:  # one word for the shell
        example = shlex.quote(example)
    add_examples(
        parser,
        f"rnn-tui ask {task.name} {example}",
        f"echo {example} | rnn-tui ask {task.name} --json",
    )
    _add_question(parser)
    parser.set_defaults(complain=parser.error, task_of=lambda _: task)


def _add_sequences(tasks: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the task that a file of sequences is."""
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
    _add_question(parser)
    parser.set_defaults(complain=parser.error, task_of=trained_data_set)


def _what_is_read(shape: SequenceShape) -> str:
    """Return what is typed for a sequence, in a few words."""
    if shape.alphabet:
        return f"{shape.inputs}, one for each {shape.step}"
    if shape.features == 1:
        return f"a number for each {shape.step}"
    return f"{shape.features} numbers for each {shape.step}, with a semicolon between two"


def _add_question(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "query",
        nargs="*",
        metavar="SEQUENCE",
        help="the sequence; without one, every line of stdin is a sequence",
    )
    add_question_options(parser, loss="the first")


def run(options: argparse.Namespace) -> int:
    """Ask networks, and print their answers; returns the exit code.

    Raises:
        CheckpointError: if there are no such weights.
        SettingError: if there is no such network among them.
        QueryError: if what was typed is no sequence.
    """
    return ask_task(read_request(options))


def read_request(options: argparse.Namespace) -> AskTaskRequest:
    """Read the options into a request; a file of sequences is read, too."""
    task_of: Callable[[argparse.Namespace], Task] = options.task_of
    return AskTaskRequest(
        task_of(options), read_network_request(options), read_ask_request(options)
    )


def ask_task(request: AskTaskRequest) -> int:
    """Ask networks, and print their answers as they come; returns the exit code."""
    networks = find_networks(request.networks, request.task)
    make_questions = request.task.part(request.task.questions)
    questions = make_questions(networks.network, networks.label, networks.path, networks.choice)
    return ask(questions, request.asked)
