"""The command's options, and what they start; numpy is not loaded before something is asked."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rnn_tui.cli import exit_codes
from rnn_tui.cli.ask.options import Commands, Reader, choice_of
from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.settings import SETTINGS, NumberSetting

MODELS = ("lstm", "rnn", "bilstm")
METHODS = {"mnist": "as MNIST's digits were, made robust for photos", "report": "as in the report"}
TEST_IMAGE = NumberSetting("test_image", "Test image", "a test image by its number", 0, 9999)


def add_command(commands: Commands, reader: Reader) -> None:
    """Add `inspect` to the commands."""
    parser = commands.add_parser(
        "inspect",
        help="look inside a network while it reads one input",
        description="Tell what a network holds after each step of one input: answers, states, "
        "gates. The table has the answers and the unit that matters most; --json and --npz have "
        "everything. Units are counted from 0.",
        epilog="""examples:
  rnn-tui inspect adder 1011 110 --probes
  rnn-tui inspect recall 3 1 4 1 5 --position 3
  rnn-tui inspect mnist --test-image 7 --npz digit.npz""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    tasks = parser.add_subparsers(dest="inspected", metavar="TASK", required=True)
    _add_adder(tasks, reader)
    _add_recall(tasks, reader)
    _add_mnist(tasks, reader)


def _add_adder(tasks: Commands, reader: Reader) -> None:
    parser = tasks.add_parser(
        "adder",
        help="an addition, place by place",
        description="Look inside a network that adds, place by place, the lowest first.",
    )
    parser.add_argument(
        "query", nargs="+", metavar="NUMBER",
        help="two numbers, with or without a plus between them",
    )  # fmt: skip
    parser.add_argument(
        "--base", choices=("binary", "decimal", "hexadecimal"), default="binary",
        help="of numbers without a prefix; 0b, 0d and 0x overrule it (default: %(default)s)",
    )  # fmt: skip
    _add_sequence_choice(parser, reader, "bce, or the first")
    _add_output(parser, "look for the carry in the units over 1,000 random additions")


def _add_recall(tasks: Commands, reader: Reader) -> None:
    parser = tasks.add_parser(
        "recall",
        help="a sequence, digit by digit",
        description="Look inside a network that recalls, digit by digit.",
    )
    parser.add_argument("query", nargs="+", metavar="DIGITS", help="the sequence")
    parser.add_argument(
        "--position", type=reader(SETTINGS["position"]), metavar="N",
        help=f"{SETTINGS['position'].help} (default: the one that the weights were trained for)",
    )  # fmt: skip
    _add_sequence_choice(parser, reader, "the first")
    _add_output(parser, "read every earlier digit from the state after each step")


def _add_mnist(tasks: Commands, reader: Reader) -> None:
    parser = tasks.add_parser(
        "mnist",
        help="a digit, row by row",
        description="Look inside a network that reads digits, row by row.",
    )
    parser.set_defaults(complain=parser.error)
    parser.add_argument("photo", nargs="?", metavar="PHOTO", help="a photo of a digit")
    parser.add_argument(
        "--test-image", type=reader(TEST_IMAGE), metavar="N",
        help=f"in place of a photo, {TEST_IMAGE.help}, {TEST_IMAGE.range_text}",
    )  # fmt: skip
    parser.add_argument(
        "--preprocessing", choices=METHODS, default="mnist",
        help="of the photo; " + "; ".join(f"{name}: {text}" for name, text in METHODS.items())
        + " (default: %(default)s)",
    )  # fmt: skip
    _add_weights(parser, "those that ship for the model")
    parser.add_argument("--model", choices=MODELS, help="look into this one of those that ship")
    _add_output(parser, "measure the accuracy by the number of rows read, over all test images")


def _add_weights(parser: argparse.ArgumentParser, default: str) -> None:
    weights = parser.add_mutually_exclusive_group()
    weights.add_argument(
        "--run", metavar="RUN",
        help="look into the network of this run: its id, the beginning of it, its name, or last",
    )  # fmt: skip
    weights.add_argument(
        "--weights", metavar="FILE", help=f"look into the network in this file (default: {default})"
    )
    weights.add_argument(
        "--pretrained", action="store_true", help="look into one that ships, whatever was trained"
    )


def _add_sequence_choice(parser: argparse.ArgumentParser, reader: Reader, loss: str) -> None:
    _add_weights(parser, "that of the last run of the task, or one that ships")
    parser.add_argument(
        "--hidden-size", type=reader(SETTINGS["hidden_size"]), metavar="N",
        help="a network of this size (default: the largest)",
    )  # fmt: skip
    parser.add_argument(
        "--loss", metavar="NAME", help=f"a network trained with this loss (default: {loss})"
    )
    parser.add_argument(
        "--seed", type=reader(SETTINGS["seed"]), metavar="N",
        help="the network of this seed (default: the lowest)",
    )  # fmt: skip


def _add_output(parser: argparse.ArgumentParser, probes: str) -> None:
    parser.add_argument("--probes", action="store_true", help=probes)
    parser.add_argument(
        "--npz", metavar="FILE", help="write all numbers to this file, as numpy's arrays"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--quiet", action="store_true", help="print the result and errors only")


def inspect(options: argparse.Namespace) -> int:
    """Look into what the command line says; returns the exit code.

    Raises:
        CheckpointError: if there are no such weights.
        ExportError: if a file can't be written.
        QueryError: if what was typed is no question.
        SettingError: if no network is as asked for.
    """
    from rnn_tui.cli.inspect import output as face  # noqa: PLC0415 - numpy, on use only
    from rnn_tui.inside.inspection import UnreadableError  # noqa: PLC0415

    try:
        subject = _subject(options)
    except UnreadableError as error:  # no wrong usage
        face.say(str(error))
        return exit_codes.FAILURE
    return face.show(
        subject,
        probes=options.probes,
        npz=None if options.npz is None else _path(options.npz),
        as_json=options.json,
        quiet=options.quiet,
    )


def _subject(options: argparse.Namespace) -> Any:
    if options.inspected == "mnist":
        return _digit(options)
    weights = None if options.weights is None else _path(options.weights)
    choice = choice_of(options, options.inspected, weights)
    text = " ".join(options.query)
    if options.inspected == "adder":
        from rnn_tui.inside.adder_inspection import SumSubject  # noqa: PLC0415

        return SumSubject(choice, options.base, text)
    from rnn_tui.inside.recall_inspection import SequenceSubject  # noqa: PLC0415

    return SequenceSubject(choice, options.position, text)


def _digit(options: argparse.Namespace) -> Any:
    if (options.photo is None) == (options.test_image is None):
        options.complain("name a photo, or a test image with --test-image")
    if options.model is not None and (options.run, options.weights) != (None, None):
        options.complain("--model is of those that ship; a run or a file has its own")
    from rnn_tui.inside.mnist_inspection import DigitSubject  # noqa: PLC0415
    from rnn_tui.runs.row_reader_networks import source_of  # noqa: PLC0415

    source = source_of(
        None if options.weights is None else _path(options.weights),
        options.run,
        options.model or MODELS[0],
    )
    if options.photo is None:
        return DigitSubject.of_test_image(source, options.test_image)
    return DigitSubject.of_photo(source, _path(options.photo), options.preprocessing)


def _path(text: str) -> Path:
    if "\0" in text or not text:
        raise SettingError(f"“{printable(text)}” is no path.")
    return Path(text)
