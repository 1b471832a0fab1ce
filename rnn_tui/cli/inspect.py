"""`rnn-tui inspect`: what a network holds while it reads one input, as a table, JSON or NPZ."""

import argparse
import io
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from rnn_tui.cli import output
from rnn_tui.cli.add import add_base_option
from rnn_tui.cli.commands import add_examples, add_output_options, add_setting, read_path
from rnn_tui.cli.predict import add_method_option
from rnn_tui.cli.questions import add_network_options, add_weights_options, chosen
from rnn_tui.engine.errors import ExportError, UnreadableError, printable
from rnn_tui.engine.files import write_file
from rnn_tui.engine.history import read_history
from rnn_tui.engine.progress import Progress
from rnn_tui.engine.settings import SETTINGS, NumberSetting
from rnn_tui.inside.analyses import AUTOMATON, analyses_of
from rnn_tui.runs.export.formats import unwritable
from rnn_tui.runs.weights import (
    NETWORKS,
    choose_shipped,
    named_weights,
    trained_networks,
    weights_document,
)
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.recall import RECALL

if TYPE_CHECKING:
    from rnn_tui.inside.inspection import Inspection

UNASKED = "without, only analyses of the whole network are printed"
TEST_IMAGE = NumberSetting("test_image", "Test image", "a test image by its number", 0, 9999)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    where = (
        "The table has the answers and the unit that matters most; --json and --npz have "
        "everything."
    )
    what = (
        "Tell what a network holds after each step of one input: answers, states, gates; and "
        "what follows from edits."
    )
    parser.description = f"{what} {where} Units are counted from 0."
    add_examples(parser, "rnn-tui inspect adder 1011 110", "rnn-tui inspect mnist --test-image 7")
    tasks = parser.add_subparsers(dest="inspected", metavar="TASK", required=True)
    for task, add_own, what, does, *examples in (
        (
            ADDER,
            _add_sum,
            "an addition, place by place",
            "adds, place by place, the lowest first",
            "1011 110 --probes",
            "--base decimal 13 + 29 --npz sum.npz",
            '1011 110 --edit "state[0]@2-=0"',
            "--automaton",
        ),
        (
            RECALL,
            _add_digits,
            "a sequence, digit by digit",
            "recalls, digit by digit",
            "31415 --position 3",
            "31415 --json",
            "31415 --sensitivity",
        ),
        (
            MNIST,
            _add_image,
            "a digit, row by row",
            "reads digits, row by row",
            "photos/7-ruled.jpg",
            "--test-image 7 --json",
        ),
    ):
        one = tasks.add_parser(
            task.name, help=what, description=f"Look inside a network that {does}."
        )
        add_own(one)
        edit = (
            "read the input once more with this edit, such as state[5]@3=0; may be given several "
            "times"
        )
        one.add_argument("--edit", action="append", default=[], metavar="EDIT", help=edit)
        for at, kind in enumerate(analyses_of(task)):
            name = "probes" if at == 0 else kind.name.replace("_", "-")
            one.add_argument(
                f"--{name}", action="append_const", dest="analyses", const=kind, help=kind.help
            )
        if AUTOMATON in analyses_of(task):
            one.add_argument(
                "--dot", action="store_true", help="print the automaton in the language of Graphviz"
            )
        one.add_argument(
            "--npz", metavar="FILE", help="write all numbers to this file, as numpy's arrays"
        )
        help_text = "write how the network learned to this file, a .gif; of a run of your own"
        one.add_argument("--film", metavar="FILE", help=help_text)
        add_output_options(one)
        add_examples(one, *(f"rnn-tui inspect {task.name} {words}" for words in examples))
        one.set_defaults(complain=one.error, dot=False)


def _add_sum(parser: argparse.ArgumentParser) -> None:
    two = f"two numbers, with or without a plus between them; {UNASKED}"
    parser.add_argument("query", nargs="*", metavar="NUMBER", help=two)
    add_base_option(parser)
    add_network_options(parser, "look into", "bce, or the first")


def _add_digits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", nargs="*", metavar="DIGITS", help=f"the sequence; {UNASKED}")
    position = SETTINGS["position"]
    add_setting(
        parser, position, f"{position.help} (default: the one that the weights were trained for)"
    )
    add_network_options(parser, "look into", "the first")


def _add_image(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photo", nargs="?", metavar="PHOTO", help="a photo of a digit")
    add_setting(
        parser, TEST_IMAGE, f"in place of a photo, {TEST_IMAGE.help}, {TEST_IMAGE.range_text}"
    )
    add_method_option(parser, "of the photo; ")
    add_weights_options(parser, "look into", "those that ship for the model")
    cells, text = MNIST.shipped_cells, "look into this one of those that ship"
    parser.add_argument("--cell", "--model", dest="model", choices=cells, help=text)


def run(options: argparse.Namespace) -> int:
    """Look inside; returns the exit code; a UserError tells of weights, network, question, edit,
    photo or file at fault.
    """
    options.analyses = [AUTOMATON] if options.dot else list(dict.fromkeys(options.analyses or ()))
    subject = _digit(options) if options.inspected == MNIST.name else _typed(options)
    if options.edit:
        subject.edit(options.edit)
    return show(subject, options)


def _typed(options: argparse.Namespace) -> "Inspection":
    unasked = not options.query
    if unasked and (
        options.edit or not options.analyses or any(kind.of_input for kind in options.analyses)
    ):
        options.complain("name an input; only analyses of a whole network work without one")
    trained = partial(trained_networks, options.inspected)
    if options.inspected == ADDER.name:
        from rnn_tui.inside.adder import AdditionInspection  # noqa: PLC0415 - numpy, on use only
        from rnn_tui.tasks.adder.questions import AdderQuestions  # noqa: PLC0415

        text, who = " ".join(options.query or ("0", "0")), chosen(options, ADDER)
        return AdditionInspection(
            AdderQuestions(*who, options.base), text, trained, partial(read_history, who[2])
        )
    from rnn_tui.inside.recall import DigitsInspection  # noqa: PLC0415
    from rnn_tui.tasks.recall.questions import RecallQuestions  # noqa: PLC0415

    who = chosen(options, RECALL, options.position)
    questions = RecallQuestions(*who, options.position)
    text = "0" * (questions.config.position or 1) if unasked else " ".join(options.query)
    return DigitsInspection(questions, text, trained, partial(read_history, who[2]))


def _digit(options: argparse.Namespace) -> "Inspection":
    if (options.photo is None) == (options.test_image is None):
        options.complain("name a photo, or a test image with --test-image")
    if options.model is not None and (options.run, options.weights) != (None, None):
        options.complain("--model is of those that ship; a run or a file has its own")
    # numpy, on use only
    from rnn_tui.inside.mnist import DigitInspection, read_test_image  # noqa: PLC0415
    from rnn_tui.tasks.mnist.inference import RowReaderNetwork  # noqa: PLC0415

    file = None if options.weights is None else read_path(options.weights)
    source = named_weights(MNIST.name, file, options.run) or choose_shipped(
        MNIST.name, options.model or ""
    )
    network = NETWORKS.get(source.path, RowReaderNetwork)
    weights = weights_document(source, network)
    beside: dict[str, Any] = {
        "trained": partial(trained_networks, MNIST.name),
        "history": partial(read_history, source.path),
    }
    if options.photo is None:
        number = options.test_image
        digit, truth = read_test_image(number)
        return DigitInspection(
            network, weights, digit, {"test_image": number}, f"test image {number}", truth, **beside
        )
    from rnn_tui.photos.reader import PhotoReader  # noqa: PLC0415 - OpenCV

    path = read_path(options.photo)
    shown = printable(path, 200)
    (photo,) = next(PhotoReader(network, options.preprocessing).read([path]))
    if photo.digit is None:
        raise UnreadableError(f"{shown} can't be read: {photo.error}.")
    about = {"path": str(path), "preprocessing": options.preprocessing}
    return DigitInspection(
        network,
        weights,
        photo.digit,
        about,
        shown,
        notices=(photo.doubt,) if photo.doubt else (),
        **beside,
    )


def show(subject: "Inspection", options: argparse.Namespace) -> int:
    """Print what was found, but nothing if a signal stopped an analysis; returns the exit code; an
    ExportError tells of a file.
    """
    files = {
        name: read_path(path)
        for name in ("npz", "film")
        if (path := getattr(options, name)) is not None
    }
    quiet, whole = options.quiet, getattr(options, "query", None) != []
    for told in () if quiet else (f"weights: {subject.label}", *(subject.notices if whole else ())):
        output.say(told)
    for kind in options.analyses:
        bar = output.ProgressBar(kind.name, quiet=quiet, counted=True)
        progress = Progress(bar.show)
        with output.stopping_on_signals(output.stopping(progress.control)) as received, bar:
            made = subject.analyse(kind, progress)
        if received or not made:
            return output.stopped(received) if received else output.FAILURE
    for name, path in files.items():
        data = _numbers(subject) if name == "npz" else _history(subject, path)
        try:
            write_file(path, data)
        except OSError as error:
            raise unwritable(path, error.strerror or error, f"for --{name}") from error
    if options.json:
        output.print_json(
            {"weights": subject.weights, **subject.document(whole=whole)}, indent=None
        )
        return output.OK
    findings = [subject.analyses[AUTOMATON.name].dot] if options.dot else subject.findings()
    if whole and not options.dot:  # columns end below each other, in a pipe too
        heads, rows = subject.table()
        print(subject.title, end="\n\n")
        widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
        findings = (
            ["  ".join(map(str.rjust, cells, widths)) for cells in (heads, *rows)]
            + [""] * bool(findings)
            + findings
        )
    for line in findings:
        print(line)
    for name, path in () if quiet else files.items():
        contents = "All numbers are" if name == "npz" else "The training history is"
        output.say(f"{contents} in {printable(path, 200)}.")
    return output.OK


def _numbers(subject: "Inspection") -> bytes:
    import numpy as np  # noqa: PLC0415 - on use only

    buffer = io.BytesIO()
    np.savez_compressed(buffer, **cast("dict[str, Any]", subject.arrays()))
    return buffer.getvalue()


def _history(subject: "Inspection", path: Path) -> bytes:
    from rnn_tui.inside.history import as_gif, frames  # noqa: PLC0415 - numpy, on use only

    if path.suffix.lower() != ".gif":
        raise ExportError(
            "A training history is written to a file that ends in .gif, not to "
            f"{printable(path, 200)}."
        )
    return as_gif(frames(subject.reading))
