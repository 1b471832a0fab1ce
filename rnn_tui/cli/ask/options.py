"""The options of the commands that ask; numpy is not loaded before something is asked."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from rnn_tui.engine.settings import SETTINGS, Setting

if TYPE_CHECKING:
    from rnn_tui.tasks.choice import Choice

Commands: TypeAlias = "argparse._SubParsersAction[Any]"
# Makes an option's `type` of a setting.
Reader: TypeAlias = Callable[[Setting], Callable[[str], Any]]


def add_commands(commands: Commands, reader: Reader) -> None:
    """Add `recall` and `add` to the command line."""
    _add_recall(commands, reader)
    _add_add(commands, reader)


def _add_recall(commands: Commands, reader: Reader) -> None:
    parser = commands.add_parser(
        "recall",
        help="ask a network which digit stood at a position",
        description="Ask a trained network which digit stood at a position of a sequence.",
        epilog="""examples:
  rnn-tui recall 3 1 4 1 5 --position 3
  rnn-tui recall 31415 --vote
  rnn-tui recall --json < sequences.txt""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "query", nargs="*", metavar="DIGITS",
        help="the sequence; without one, every line of stdin is a sequence",
    )  # fmt: skip
    parser.add_argument(
        "--position", type=reader(SETTINGS["position"]), metavar="N",
        help=f"{SETTINGS['position'].help} (default: the one that the weights were trained for, "
        "which is 3 for those that ship)",
    )  # fmt: skip
    _add_choice(parser, reader)


def _add_add(commands: Commands, reader: Reader) -> None:
    parser = commands.add_parser(
        "add",
        help="ask a network to add two numbers",
        description="Ask a trained network to add two numbers, bit by bit.",
        epilog="""examples:
  rnn-tui add 1011 110
  rnn-tui add 0x1f 0d13
  rnn-tui add --base decimal 13 + 29 --hidden-size 3
  rnn-tui add --json < pairs.txt""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "query", nargs="*", metavar="NUMBER",
        help="two numbers, with or without a plus between them; without any, every line of stdin "
        "has two",
    )  # fmt: skip
    parser.add_argument(
        "--base", choices=("binary", "decimal", "hexadecimal"), default="binary",
        help="of numbers without a prefix; 0b, 0d and 0x overrule it, and the answer is written "
        "like the first number (default: %(default)s)",
    )  # fmt: skip
    _add_choice(parser, reader)


def _add_choice(parser: argparse.ArgumentParser, reader: Reader) -> None:
    """Options on who answers and how that is told."""
    weights = parser.add_mutually_exclusive_group()
    weights.add_argument(
        "--run", metavar="RUN",
        help="ask the networks of this run: its id, the beginning of it, its name, or last",
    )  # fmt: skip
    weights.add_argument(
        "--weights", metavar="FILE",
        help="ask these weights (default: those of the last run of the task, or those that ship)",
    )  # fmt: skip
    weights.add_argument(
        "--pretrained", action="store_true", help="ask the weights that ship, whatever was trained"
    )
    parser.add_argument(
        "--hidden-size", type=reader(SETTINGS["hidden_size"]), metavar="N",
        help="ask a network of this size (default: the largest)",
    )  # fmt: skip
    parser.add_argument(
        "--loss", metavar="NAME",
        help="ask a network trained with this loss (default: bce for sums, or the first)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=reader(SETTINGS["seed"]), metavar="N",
        help="ask the network of this seed (default: the lowest)",
    )  # fmt: skip
    parser.add_argument(
        "--vote", action="store_true", help="let all networks vote that the options above allow"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--quiet", action="store_true", help="print answers and errors only, not who answers"
    )


def ask(options: argparse.Namespace) -> int:
    """Ask what the command line says; returns the exit code."""
    from rnn_tui.cli.ask import output as face  # noqa: PLC0415 - numpy, on use only
    from rnn_tui.tasks.adder.questions import AdderQuestions  # noqa: PLC0415
    from rnn_tui.tasks.recall.questions import RecallQuestions  # noqa: PLC0415

    weights = None if options.weights is None else Path(options.weights)
    task = {"add": "adder"}.get(options.command, "recall")
    choice = choice_of(options, task, weights, vote=options.vote)
    text = " ".join(options.query) if options.query else None
    if options.command == "add":
        sums = AdderQuestions(choice, options.base)
        return face.ask(sums, text, as_json=options.json, quiet=options.quiet)
    sequences = RecallQuestions(choice, options.position)
    return face.ask(sequences, text, as_json=options.json, quiet=options.quiet)


def choice_of(
    options: argparse.Namespace, task: str, weights: Path | None, *, vote: bool = False
) -> "Choice":
    """Which networks are to be asked.

    Args:
        options: with `run`, `pretrained`, `hidden_size`, `loss` and `seed`.
        task: whose run it is, if one is named.
        weights: the file that was named; a run takes its place.
        vote: whether all networks are to vote.

    Raises:
        CheckpointError: if there is no such run.
    """
    from rnn_tui.tasks.choice import Choice  # noqa: PLC0415 - numpy, on use only

    if options.run is not None:
        from rnn_tui.runs.weights import run_weights  # noqa: PLC0415

        weights = run_weights(task, options.run).path
    return Choice(
        weights=weights,
        only_pretrained=options.pretrained,
        hidden_size=options.hidden_size,
        loss=options.loss,
        seed=options.seed,
        vote=vote,
    )
