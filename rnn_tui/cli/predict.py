"""`rnn-tui predict`: reads photos of digits, or the sequences of a new file.

Which of the two a run reads is known by its task, or else by the file's ending.

Answers go to stdout as they come, progress and all else to stderr.
"""

import argparse
import csv
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO, TypeAlias

from rnn_tui.archive.weights import NETWORKS, choose_shipped, named_weights, weights_document
from rnn_tui.cli import output
from rnn_tui.cli.applying import (
    ApplyRequest,
    SequenceChoice,
    apply_networks,
    file_to_read,
    sequence_weights,
)
from rnn_tui.cli.commands import WHICH_FINISHED_RUN, add_examples, add_setting, read_path
from rnn_tui.cli.options import add_options, read_options
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.process.signals import stopping_on_signals
from rnn_tui.engine.progress import Progress
from rnn_tui.engine.settings import SETTINGS
from rnn_tui.engine.tables import cells_of
from rnn_tui.photos.collection import (
    CLASSES,
    ReadingSummary,
    UnreadPictures,
    count_images,
    find_images,
)
from rnn_tui.photos.options import PhotoOptions
from rnn_tui.tasks.mnist import MNIST

if TYPE_CHECKING:
    from rnn_tui.photos.reader import PhotoReader
    from rnn_tui.photos.reading import Reading

LONGEST_PATH = 200
LONGEST_CSV_PATH = 5000
DIGIT_WIDTH = 5  #: characters of a column of the confusion matrix.

Form: TypeAlias = Literal["lines", "csv", "json"]
Results: TypeAlias = "_Lines | _Table | output.JsonResults"


@dataclass(frozen=True, kw_only=True)
class PredictRequest:
    """Read photos, or a file of sequences."""

    paths: tuple[Path, ...]  #: photos, and folders of photos.
    weights: str | None  #: ask the network in this file.
    run: str | None  #: ask the network of this run.
    cell: str  #: else ask the network of this cell that ships.
    options: PhotoOptions  #: how to read them.
    form: Form  #: of the results.
    answers: Path | None  #: the file to write answers about sequences to.
    choice: SequenceChoice  #: of the networks that answer about sequences.
    quiet: bool  #: print answers only.


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Read photos of digits, one digit or a number each: files, or folders of them. "
        "Low-confidence answers are marked as unsure and give no prediction. With a run on "
        "sequences of your own, read a new file as its file was read, and answer each sequence, or "
        "each step."
    )
    add_examples(
        parser, "rnn-tui predict photos --labels", "rnn-tui predict photos/7-ruled.jpg --json"
    )
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="a photo or a folder of photos; or a new file of sequences: CSV, TSV, NPZ, NPY, .ts, "
        "ARFF, JSON lines or text, with the columns of the file that the run was trained on, in "
        "any order; - for stdin",
    )
    network = parser.add_mutually_exclusive_group()
    network.add_argument(
        "--run", metavar="RUN", help=f"ask the network of this run: {WHICH_FINISHED_RUN}"
    )
    network.add_argument("--weights", metavar="FILE", help="ask the network in this file")
    network.add_argument(
        "--cell",
        "--model",
        dest="model",
        choices=MNIST.shipped_cells,
        default=MNIST.default_cell,
        help="ask the network of this cell that ships (default: %(default)s)",
    )
    add_options(parser, PhotoOptions)
    _add_sequence_options(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON document")
    form.add_argument("--csv", action="store_true", help="print comma-separated values")
    parser.add_argument("--quiet", action="store_true", help="print answers only")


def _add_sequence_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a run on sequences."""
    group = parser.add_argument_group("sequences")
    group.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write the answers there: .csv, .jsonl (a JSON document a line) or .npz, by its "
        "ending (default, or -: CSV on stdout)",
    )
    add_setting(
        group,
        SETTINGS["hidden_size"],
        "of several sizes, ask those of this one (default: the largest)",
    )
    group.add_argument("--loss", metavar="LOSS", help="of several losses, ask those of this one")
    add_setting(group, SETTINGS["seed"], "ask the network of this seed alone (default: all vote)")


def run(options: argparse.Namespace) -> int:
    """Read photos or sequences, and print what is answered; returns the exit code.

    Raises:
        CheckpointError: if there are no such weights.
        DataError: if a file of sequences can't be read.
        SettingError: if a path can be none.
    """
    request = read_request(options)
    source = sequence_weights(request.paths, request.weights, request.run)
    if source is None:
        _refuse_options_of_sequences(request)
        return predict(request)
    if request.options != PhotoOptions():
        raise SettingError("This run reads sequences: the options of photos are not for it.")
    if len(request.paths) > 1:
        raise SettingError("One file of sequences is answered at a time; name one.")
    with file_to_read(request.paths[0]) as path:
        applied = ApplyRequest(
            path=path,
            source=source,
            answers=request.answers,
            choice=request.choice,
            as_json=request.form == "json",
            quiet=request.quiet,
        )
        return apply_networks(applied)


def _refuse_options_of_sequences(request: PredictRequest) -> None:
    """Raise `SettingError` for options that readers of photos do not have."""
    if request.answers is not None:
        raise SettingError("What photos show is printed: say --csv or --json in place of --output.")
    if request.choice != SequenceChoice():
        raise SettingError("Photos are read by one network: name it by --run, --weights or --cell.")


def read_request(options: argparse.Namespace) -> PredictRequest:
    """Read the options into a request."""
    form: Form = "lines"
    if options.json:
        form = "json"
    elif options.csv:
        form = "csv"
    return PredictRequest(
        paths=tuple(read_path(text) for text in options.paths),
        weights=options.weights,
        run=options.run,
        cell=options.model,
        options=read_options(options, PhotoOptions),
        form=form,
        answers=None if options.output in (None, "-") else read_path(options.output),
        choice=SequenceChoice(options.hidden_size, options.loss, options.seed),
        quiet=options.quiet,
    )


def predict(request: PredictRequest) -> int:
    """Read photos, and print what they show as it comes; returns the exit code."""
    from rnn_tui.photos.export import reading_document  # numpy, on use only
    from rnn_tui.photos.reader import PhotoReader  # OpenCV, on use only
    from rnn_tui.tasks.images.inference import RowReaderNetwork

    source = named_weights(MNIST.name, request.weights, request.run)
    if source is None:
        source = choose_shipped(MNIST.name, request.cell)
    network = NETWORKS.get(source.path, RowReaderNetwork)
    reader = PhotoReader(
        network,
        request.options.preprocessing,
        threshold=request.options.least_confidence,
        labelled=request.options.labelled,
        number=request.options.number,
    )
    if not request.quiet:
        output.say(f"weights: {source.label}")
    results: Results
    match request.form:
        case "json":
            results = output.JsonResults(
                sys.stdout, weights_document(source, network), reading_document
            )
        case "csv":
            results = _Table(sys.stdout)
        case "lines":
            results = _Lines(sys.stdout)
    return _read(reader, request, results)


def _read(reader: "PhotoReader", request: PredictRequest, results: "Results") -> int:
    """Read photos and show them.

    Returns:
        The exit code: a signal's if one came; 1 without any photos, or with unreadable ones.
    """
    summary = ReadingSummary()
    unread = UnreadPictures()
    # Where results go to the same terminal, they show how far it is.
    hidden = request.quiet or sys.stdout.isatty()
    bar = output.ProgressBar("photos", quiet=hidden, counted=True)
    progress = Progress(bar.show)
    with stopping_on_signals(progress.control.stop_by_signal) as signals:
        try:
            with bar:
                if bar.shown:
                    count_images(request.paths, request.options.recursive, progress)
                progress.advance(0)
                photos = find_images(request.paths, request.options.recursive, unread)
                for readings in reader.read(photos, lambda: progress.stopping):
                    results.show(readings)
                    summary.add(readings)
                    progress.advance(summary.photos)
                    bar.update(note=_rate(progress))
        finally:
            results.end(summary.document(request.options.labelled))
    if signals:
        return output.stopped(signals)
    if not summary.photos:
        output.say(_no_photos(request))
    elif not request.quiet:
        output.say(_summary_sentence(summary, labelled=request.options.labelled))
    if unread:
        output.say(unread.sentence)
    return output.FAILURE if summary.errors or not summary.photos else output.OK


def _no_photos(request: PredictRequest) -> str:
    """Say that nothing was found, and how to look further."""
    places = ", ".join(printable(path) for path in request.paths[:3])
    if request.options.recursive:
        return f"No photos in {places}."
    return f"No photos in {places}; with --recursive, folders in it are read too."


def _summary_sentence(summary: ReadingSummary, *, labelled: bool) -> str:
    """Say how many photos were read, and why some have no prediction."""
    counts = {"unsure": summary.doubtful, "unreadable": summary.errors}
    if labelled:
        counts["without a label"] = summary.unlabelled
    parts = [f"{count:,} of them {property_}" for property_, count in counts.items() if count]
    return ", ".join([count_of(summary.photos, "photo"), *parts]) + "."


def _rate(progress: Progress) -> str:
    """Say how many photos are read in a second; empty if that is not known yet."""
    return "" if progress.rate is None else f"{progress.rate:,.0f}/s"


class _Lines(output.Lines):
    """A line a photo, in colours if a terminal shows them; a confusion matrix at the end."""

    def show(self, readings: "Sequence[Reading]") -> None:
        """Print path, prediction, confidence."""
        self.print(
            *(
                [(f"{printable(reading.path, LONGEST_PATH)}  ", ""), _styled(reading)]
                for reading in readings
            )
        )

    def end(self, summary: Mapping[str, Any] | None = None) -> None:
        """Print accuracy and confusion matrix, where labels are known, and how many are not."""
        if summary is None or "labelled" not in summary:
            return
        missing = f"{summary['unlabelled']:,} without a label in the names of file and folder"
        if not summary["labelled"]:
            self.print([(f"\n{missing}", "")])
            return
        accuracy = _accuracy(summary)
        if summary["unlabelled"]:
            accuracy += f"; {missing}"
        lines = [f"\n{accuracy}", *_confusion_matrix(summary["confusion"])]
        self.print(*([(line, "")] for line in lines))


def _accuracy(summary: Mapping[str, Any]) -> str:
    """Say how many photos were read right; if some are unsure, also how many with those."""
    right, labelled, top1 = summary["right"], summary["labelled"], summary["top1"]
    text = f"{right:,} of {labelled:,} right: {summary['accuracy']:.2f} %"
    if top1 > right:
        text += f"; {top1:,} with unsure ones: {100 * top1 / labelled:.2f} %"
    return text


def _confusion_matrix(rows: Sequence[Sequence[int]]) -> list[str]:
    """Return a line a label: how many of its photos were read as each digit, and as none."""
    digits = "".join(f"{digit:{DIGIT_WIDTH}}" for digit in range(CLASSES))
    title = "is read as".ljust(CLASSES * DIGIT_WIDTH + 1)
    lines = [f"\n   {title}unsure", f"   {digits}    ?"]
    for label, row in enumerate(rows):
        cells = "".join(f"{count or '·':>{DIGIT_WIDTH}}" for count in row)
        lines.append(f"{label:3}{cells}")
    return lines


def _styled(reading: "Reading") -> tuple[str, str]:
    """Return a reading in a few words, and the colour to print them in."""
    if reading.error:
        return f"–  {reading.error}", "red"
    confidence = f"{100 * (reading.confidence or 0):.1f} %"
    text = f"{reading.text}  {reading.doubt or confidence}"
    if reading.correct is None:
        return text, "yellow" if reading.doubt else ""
    if reading.correct:
        return f"{text}  ✓", "green"
    return f"{text}  ✗ {reading.label}", "red"


class _Table:
    """Comma-separated values, with a head."""

    def __init__(self, out: TextIO) -> None:
        from rnn_tui.photos.export import HEAD, TABLE_COLUMNS  # numpy, on use only

        self._out = out
        self._on_terminal = out.isatty()
        self._columns = TABLE_COLUMNS
        self._writer = csv.writer(out, lineterminator="\n")
        self._writer.writerow(HEAD)

    def show(self, readings: "Sequence[Reading]") -> None:
        """Write a row a photo; cells without a value stay empty."""
        for reading in readings:
            path, *cells = cells_of(reading, self._columns)
            if self._on_terminal:
                path = printable(path, LONGEST_CSV_PATH)
            self._writer.writerow([path, *cells])
        self._out.flush()

    def end(self, summary: Mapping[str, Any]) -> None:
        """Print nothing: a table has no foot."""
