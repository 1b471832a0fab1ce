"""The requests of `rnn-tui inspect`, and the options that state them."""

import argparse
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rnn_tui.cli.commands import (
    add_examples,
    add_output_options,
    add_setting,
    choose_by_option,
    read_path,
)
from rnn_tui.cli.inspect.own import EXAMPLES, OWN, OwnInput, add_network_file, read_own
from rnn_tui.cli.options import add_option
from rnn_tui.cli.questions import (
    NetworkRequest,
    add_weights_options,
    read_network_request,
    typed_question,
)
from rnn_tui.cli.sequence_files import add_data_argument, trained_data_set
from rnn_tui.engine.settings import TEST_IMAGE
from rnn_tui.inside.analyses import (
    ATTRIBUTION,
    AUTOMATON,
    OF_OWN,
    OF_SEQUENCES,
    OWN_AUTOMATON,
    SURVIVAL,
    options_of,
)
from rnn_tui.inside.analysis_kind import AnalysisKind
from rnn_tui.photos.options import PREPROCESSING
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.data_sets.task import SEQUENCES
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.recall import RECALL
from rnn_tui.tasks.task import SequenceShape, Task

LOOK = "look into"  # what is done with networks, in the help
WITHOUT_INPUT = "without, only analyses of the whole network are printed"


@dataclass(frozen=True, kw_only=True)
class QuestionInput:
    """A question that a network of a task answers."""

    task: Task
    text: str | None  #: as typed; None for analyses of the whole network alone.
    networks: NetworkRequest
    details: Mapping[str, Any]  #: the further arguments of the questions of its task.


@dataclass(frozen=True, kw_only=True)
class ImageInput:
    """A digit that a network reads: a photo or a test image."""

    photo: Path | None
    test_image: int | None
    preprocessing: str  #: of the photo.
    weights: Path | None  #: the network in this file.
    run: str | None  #: the network of this run.
    cell: str  #: of the networks that ship this one; empty for the usual one.


@dataclass(frozen=True, kw_only=True)
class InspectRequest:
    """Look inside a network."""

    input: QuestionInput | ImageInput | OwnInput
    edits: tuple[str, ...]  #: as typed.
    analyses: tuple[AnalysisKind, ...]
    dot: bool  #: print the automaton alone, in Graphviz's DOT language.
    npz: Path | None  #: the file to write all numbers to.
    history: Path | None  #: the file to write the training history to.
    as_json: bool
    quiet: bool  #: print the result and errors only.

    @property
    def has_input(self) -> bool:
        """Whether an input was named, and not only analyses of the whole network."""
        match self.input:
            case ImageInput():
                return True
            case OwnInput(text=text, file=file):
                return text is not None or file is not None
            case _:
                return self.input.text is not None


@dataclass(frozen=True, kw_only=True)
class _TaskHelp:
    """The help on what can be looked at of a task."""

    task: Task
    help: str  #: its line in `rnn-tui inspect --help`.
    does: str  #: what its networks do, in its own help.
    examples: tuple[str, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments, with a subcommand for each task."""
    parser.description = (
        "Show a network's answers, states and gates after each step of one input, and what edits "
        "change. The table has the answers and the unit that matters most; --json and "
        "--npz have everything. Units are counted from 0."
    )
    add_examples(parser, "rnn-tui inspect adder 1011 110", "rnn-tui inspect mnist --test-image 7")
    tasks = parser.add_subparsers(dest="inspected", metavar="TASK", required=True)
    for task_help in _tasks_help():
        name = task_help.task.name
        task_parser = tasks.add_parser(
            name,
            help=task_help.help,
            description=f"Look inside a network that {task_help.does}.",
        )
        if task_help.task.shape is None:
            _add_image(task_parser)
        else:
            _add_question(task_parser, name)
        _add_analysis_options(task_parser, task_help.task)
        _add_file_options(task_parser)
        add_output_options(task_parser)
        add_examples(
            task_parser, *(f"rnn-tui inspect {name} {words}" for words in task_help.examples)
        )
        task = task_help.task
        task_parser.set_defaults(
            complain=task_parser.error, dot=False, task_of=lambda _, task=task: task
        )
    _add_sequences(tasks)
    _add_own(parser, tasks)


def _tasks_help() -> list["_TaskHelp"]:
    """Return the help of all tasks whose networks can be looked into."""
    known = {task_help.task.name for task_help in TASKS_HELP}
    others = [
        _general_help(task, task.shape)
        for task in TASKS.values()
        if task.name not in known and task.shape is not None
    ]
    return [*TASKS_HELP, *others]


def _general_help(task: Task, shape: SequenceShape) -> "_TaskHelp":
    """Return the help of a task whose shape says all."""
    example = shape.typed_example
    if shape.example:  # one word for the shell
        example = shlex.quote(example)
    return _TaskHelp(
        task=task,
        help=f"a sequence of {task.label}, {shape.step} by {shape.step}",
        does=f"was trained on {task.label}",
        examples=(example, f"{example} --sensitivity"),
    )


def _add_sequences(tasks: Any) -> None:
    """Add the task that a file of sequences is."""
    parser = tasks.add_parser(
        SEQUENCES,
        help="a sequence like those in a file of your own",
        description="Look inside a network that was trained on a file of sequences. A file is to "
        "be read by the options that it was trained with.",
    )
    add_data_argument(parser)
    _add_question(parser, SEQUENCES)
    _add_edit_option(parser)
    for kind in (SURVIVAL, *OF_SEQUENCES, ATTRIBUTION, AUTOMATON):
        name = "probes" if kind is SURVIVAL else kind.name.replace("_", "-")
        _add_analysis_option(parser, name, kind)
    _add_dot_option(parser)
    _add_file_options(parser)
    add_output_options(parser)
    add_examples(
        parser,
        "rnn-tui inspect sequences swings.csv 20 18.5 12",
        "rnn-tui inspect sequences swings.csv --state-space",
    )
    parser.set_defaults(complain=parser.error, dot=False, task_of=trained_data_set)


def _add_own(parser: argparse.ArgumentParser, tasks: Any) -> None:
    """Add the subcommand for a network of the user's own, which `--network` chooses."""
    parser.add_argument(
        "--network",
        metavar="FILE",
        help="look into a network of your own, from this file, in place of a task's",
    )
    choose_by_option(parser, "--network", OWN)
    own_parser = tasks.add_parser(
        OWN,
        prog="rnn-tui inspect",
        help="a network of your own: --network FILE",
        description="Look inside a recurrent network that was trained elsewhere: RNN, LSTM or GRU "
        "layers of PyTorch, stacked or in both directions, with linear layers before "
        "and behind them.",
    )
    add_network_file(own_parser)
    _add_edit_option(own_parser)
    for kind in OF_OWN:
        _add_analysis_option(own_parser, kind.name.replace("_", "-"), kind)
    _add_dot_option(own_parser)
    _add_npz_option(own_parser)
    add_output_options(own_parser)
    add_examples(own_parser, *(f"rnn-tui inspect {words}" for words in EXAMPLES))
    own_parser.set_defaults(complain=own_parser.error, history=None)


def _add_edit_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--edit",
        action="append",
        default=[],
        metavar="EDIT",
        help="read the input once more with this edit, such as state[5]@3=0; may be given several "
        "times",
    )


def _add_analysis_options(parser: argparse.ArgumentParser, task: Task) -> None:
    _add_edit_option(parser)
    options = options_of(task)
    for name, kind in options.items():
        _add_analysis_option(parser, name, kind)
    if AUTOMATON in options.values():
        _add_dot_option(parser)


def _add_dot_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dot", action="store_true", help="print the automaton in Graphviz's DOT language"
    )


def _add_analysis_option(parser: argparse.ArgumentParser, name: str, kind: AnalysisKind) -> None:
    parser.add_argument(
        f"--{name}", action="append_const", dest="analyses", const=kind, help=kind.help
    )


def _add_npz_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--npz", metavar="FILE", help="write all numbers to this file, as NumPy arrays"
    )


def _add_file_options(parser: argparse.ArgumentParser) -> None:
    _add_npz_option(parser)
    parser.add_argument(
        "--film",
        metavar="FILE",
        dest="history",
        help="write the training history of one of your runs to this file, a .gif",
    )


def _add_question(parser: argparse.ArgumentParser, task_name: str) -> None:
    typed_question(task_name).add_to(parser, LOOK, WITHOUT_INPUT)


def _add_image(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photo", nargs="?", metavar="PHOTO", help="a photo of a digit")
    add_setting(
        parser, TEST_IMAGE, f"in place of a photo, {TEST_IMAGE.help}, {TEST_IMAGE.range_text}"
    )
    setting = PREPROCESSING.setting
    setting = replace(setting, help=f"of the photo; {setting.help}")
    add_option(parser, replace(PREPROCESSING, setting=setting))
    add_weights_options(parser, LOOK, "those that ship for the model")
    parser.add_argument(
        "--cell",
        "--model",
        dest="model",
        choices=MNIST.shipped_cells,
        help="look into the network of this cell that ships",
    )


TASKS_HELP = (
    _TaskHelp(
        task=ADDER,
        help="an addition, place by place",
        does="adds, place by place, the lowest first",
        examples=(
            "1011 110 --probes",
            "--base decimal 13 + 29 --npz sum.npz",
            '1011 110 --edit "state[0]@2-=0"',
            "--automaton",
        ),
    ),
    _TaskHelp(
        task=RECALL,
        help="a sequence, digit by digit",
        does="recalls, digit by digit",
        examples=("31415 --position 3", "31415 --json", "31415 --sensitivity"),
    ),
    _TaskHelp(
        task=MNIST,
        help="a digit, row by row",
        does="reads digits, row by row",
        examples=("photos/7-ruled.jpg", "--test-image 7 --json"),
    ),
)


def read_request(options: argparse.Namespace) -> InspectRequest:
    """Read the options into a request; ends the command if they contradict each other."""
    analyses = tuple(dict.fromkeys(options.analyses or ()))
    if options.dot:
        analyses = (OWN_AUTOMATON if options.inspected == OWN else AUTOMATON,)
    request = InspectRequest(
        input=_read_input(options),
        edits=tuple(options.edit),
        analyses=analyses,
        dot=options.dot,
        npz=None if options.npz is None else read_path(options.npz),
        history=None if options.history is None else read_path(options.history),
        as_json=options.json,
        quiet=options.quiet,
    )
    if isinstance(request.input, QuestionInput):
        _check_analyses(options, request.input.task, analyses)
    whole_network = analyses and not any(kind.of_input for kind in analyses)
    if isinstance(request.input, OwnInput):
        whole_network = not any(kind.of_input for kind in analyses)  # what it is is told
    if not request.has_input and (request.edits or not whole_network):
        options.complain("name an input; only analyses of a whole network work without one")
    return request


def _check_analyses(
    options: argparse.Namespace, task: Task, analyses: Sequence[AnalysisKind]
) -> None:
    """End the command if a task, as that of a file of sequences, can't be analysed like that."""
    known = options_of(task)
    for kind in analyses:
        if kind not in known.values():
            names = ", ".join(f"--{name}" for name in known)
            options.complain(
                f"“{kind.label}” does not fit what {task.name} reads and answers; possible: {names}"
            )


def _read_input(options: argparse.Namespace) -> QuestionInput | ImageInput | OwnInput:
    if options.inspected == OWN:
        return read_own(options)
    if options.inspected == MNIST.name:
        return _read_image(options)
    task: Task = options.task_of(options)
    return QuestionInput(
        task=task,
        text=" ".join(options.query) if options.query else None,
        networks=read_network_request(options),
        details=typed_question(task.name).read_options(options),
    )


def _read_image(options: argparse.Namespace) -> ImageInput:
    if (options.photo is None) == (options.test_image is None):
        options.complain("name a photo, or a test image with --test-image")
    if options.model is not None and (options.run, options.weights) != (None, None):
        options.complain("--model is for networks that ship; a run or a file has its own")
    return ImageInput(
        photo=None if options.photo is None else read_path(options.photo),
        test_image=options.test_image,
        preprocessing=options.preprocessing,
        weights=None if options.weights is None else read_path(options.weights),
        run=options.run,
        cell=options.model or "",
    )
