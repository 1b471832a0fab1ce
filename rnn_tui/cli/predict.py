"""`rnn-tui predict`: photos that are named; answers, as they come, on stdout, progress and all else
on stderr.
"""

import argparse
import csv
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias

from rnn_tui.cli import output
from rnn_tui.cli.commands import WHICH_FINISHED_RUN, add_examples, read_path
from rnn_tui.engine.errors import printable
from rnn_tui.engine.progress import Progress
from rnn_tui.photos import METHODS, NUMBERS, THRESHOLD
from rnn_tui.photos.collection import CLASSES, ReadingSummary, count_images, find_images
from rnn_tui.runs.weights import NETWORKS, choose_shipped, named_weights, weights_document
from rnn_tui.runs.words import count_of
from rnn_tui.tasks.mnist import MNIST

if TYPE_CHECKING:
    from rnn_tui.photos.reader import PhotoReader
    from rnn_tui.photos.reading import Reading

Form: TypeAlias = "_Lines | _Table | output.JsonResults"
LONGEST_PATH, LONGEST_CSV_PATH = 200, 5000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    what = "Read photos of digits, one digit or a number each: files, or folders of them."
    parser.description = (
        f"{what} Answers in which little trust is to be put have no prediction, and say so."
    )
    add_examples(
        parser, "rnn-tui predict photos --labels", "rnn-tui predict photos/7-ruled.jpg --json"
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a photo or a folder of photos")
    whose, cells = parser.add_mutually_exclusive_group(), MNIST.shipped_cells
    whose.add_argument(
        "--run", metavar="RUN", help=f"ask the network of a run: {WHICH_FINISHED_RUN}"
    )
    whose.add_argument("--weights", metavar="FILE", help="ask the network in this file")
    text = "ask the network of this kind that ships (default: %(default)s)"
    whose.add_argument(
        "--cell", "--model", dest="model", choices=cells, default=MNIST.default_cell, help=text
    )
    add_method_option(parser)
    numbers = "; ".join(f"{name}: {text}" for name, text in NUMBERS.items())
    parser.add_argument(
        "--number",
        choices=NUMBERS,
        default=next(iter(NUMBERS)),
        help=f"{numbers} (default: %(default)s)",
    )
    parser.add_argument("--recursive", action="store_true", help="folders in folders too")
    right = "take the right digit from the folder's name or the first digit in the file's"
    parser.add_argument(
        "--labels", action="store_true", help=f"{right}, and tell accuracy and confusion matrix"
    )
    least = "an answer less probable than this is no prediction, 0 to 100 (default 50)"
    parser.add_argument("--threshold", type=_percent, metavar="PERCENT", help=least)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON document")
    form.add_argument("--csv", action="store_true", help="print a table with commas")
    parser.add_argument("--quiet", action="store_true", help="print answers only")


def add_method_option(parser: argparse.ArgumentParser, of: str = "") -> None:
    """Add `--preprocessing`, whose help begins with `of`."""
    methods = "; ".join(f"{name}: {text}" for name, text in METHODS.items())
    text = f"{of}{methods} (default: %(default)s)"
    parser.add_argument("--preprocessing", choices=METHODS, default=next(iter(METHODS)), help=text)


def _percent(text: str) -> float:
    with suppress(ValueError):
        if 0 <= (value := float(text)) <= 100:
            return value
    raise argparse.ArgumentTypeError(
        f"Threshold must be a number from 0 to 100, not “{printable(text, 24)}”."
    )


def run(options: argparse.Namespace) -> int:
    """Read photos; returns the exit code; a CheckpointError if there are no such weights, a
    SettingError if a path is none.
    """
    from rnn_tui.photos.reader import PhotoReader  # noqa: PLC0415 - OpenCV, on use only
    from rnn_tui.tasks.mnist.inference import RowReaderNetwork  # noqa: PLC0415

    paths = [read_path(text) for text in options.paths]
    source = named_weights(MNIST.name, options.weights, options.run) or choose_shipped(
        MNIST.name, options.model
    )
    network = NETWORKS.get(source.path, RowReaderNetwork)
    threshold = THRESHOLD if options.threshold is None else options.threshold / 100
    reader = PhotoReader(
        network,
        options.preprocessing,
        threshold=threshold,
        labelled=options.labels,
        number=options.number,
    )
    if not options.quiet:
        output.say(f"weights: {source.label}")
    if options.json:
        form: Form = output.JsonResults(sys.stdout, weights_document(source, network), _document)
    else:
        form = _Table(sys.stdout) if options.csv else _Lines(sys.stdout)
    return _read(reader, paths, form, options)


def _read(
    reader: "PhotoReader", paths: Sequence[Path], to: "Form", options: argparse.Namespace
) -> int:
    """Read photos and tell what they show; returns a signal's exit code, or 1 if there were none,
    or unreadable ones.
    """
    summary, quiet = ReadingSummary(), options.quiet
    # Where results go to the same terminal, they say how far it is.
    bar = output.ProgressBar("photos", quiet=quiet or sys.stdout.isatty(), counted=True)
    progress = Progress(bar.show)
    with output.stopping_on_signals(output.stopping(progress.control)) as received:
        try:
            with bar:
                if bar.shown:
                    count_images(paths, options.recursive, progress)
                progress.advance(0)
                found = find_images(paths, options.recursive)
                for readings in reader.read(found, lambda: progress.stopping):
                    to.show(readings)
                    summary.add(readings)
                    progress.advance(summary.photos)
                    bar.update(note=_rate(progress))
        finally:
            to.end(summary.document(reader.labelled))
    if received:
        return output.stopped(received)
    if not summary.photos:
        output.say(f"No photos in {', '.join(printable(path) for path in paths[:3])}.")
    elif not quiet:
        unlabelled = summary.unlabelled if reader.labelled else 0
        known = {
            "doubtful": summary.doubtful,
            "unreadable": summary.errors,
            "without a label": unlabelled,
        }
        some = (f"{count:,} of them {what}" for what, count in known.items() if count)
        output.say(", ".join([count_of(summary.photos, "photo"), *some]) + ".")
    return output.FAILURE if summary.errors or not summary.photos else output.OK


def _rate(progress: Progress) -> str:
    """How many photos are read in a second; empty where nothing tells yet."""
    return "" if progress.rate is None else f"{progress.rate:,.0f}/s"


class _Lines(output.Lines):
    """A line a photo, in colours where a terminal shows them; a confusion matrix at the end."""

    def show(self, readings: "Sequence[Reading]") -> None:
        """Print path, prediction, confidence."""
        self.print(
            *([(f"{printable(one.path, LONGEST_PATH)}  ", ""), _told(one)] for one in readings)
        )

    def end(self, summary: Mapping[str, Any] | None = None) -> None:
        """Print accuracy and confusion matrix, where labels are known, and how many are not."""
        if summary is None or "labelled" not in summary:
            return
        missing = f"{summary['unlabelled']:,} without a label in the names of file and folder"
        if not summary["labelled"]:
            self.print([(f"\n{missing}", "")])
            return
        right = (
            f"{summary['right']:,} of {summary['labelled']:,} right: {summary['accuracy']:.2f} %"
        )
        if summary["top1"] > summary["right"]:
            right += (
                f"; {summary['top1']:,} with doubted ones: "
                f"{100 * summary['top1'] / summary['labelled']:.2f} %"
            )
        lines = [
            f"\n{right}{f'; {missing}' if summary['unlabelled'] else ''}",
            "\n   is read as" + " " * 41 + "unsure",
            "   " + "".join(f"{digit:5}" for digit in range(CLASSES)) + "    ?",
            *(
                f"{at:3}" + "".join(f"{count or '·':>5}" for count in row)
                for at, row in enumerate(summary["confusion"])
            ),
        ]
        self.print(*([(line, "")] for line in lines))


def _told(reading: "Reading") -> tuple[str, str]:
    """A reading in a few words, and the colour to print them in."""
    if reading.error:
        return f"–  {reading.error}", "red"
    confidence = f"{100 * (reading.confidence or 0):.1f} %"
    text = f"{reading.text}  {reading.doubt or confidence}"
    if reading.correct is None:
        return text, "yellow" if reading.doubt else ""
    return (f"{text}  ✓", "green") if reading.correct else (f"{text}  ✗ {reading.label}", "red")


class _Table:
    """Comma-separated values, with a head."""

    def __init__(self, out: TextIO) -> None:
        from rnn_tui.photos.export import HEAD, table_row  # noqa: PLC0415 - OpenCV, on use only

        self._out, self._terminal, self._row = out, out.isatty(), table_row
        self._writer = csv.writer(out, lineterminator="\n")
        self._writer.writerow(HEAD)

    def show(self, readings: "Sequence[Reading]") -> None:
        """Write a row each; what there is none of stays empty."""
        for reading in readings:
            path, *rest = self._row(reading)
            self._writer.writerow(
                [printable(path, LONGEST_CSV_PATH) if self._terminal else path, *rest]
            )
        self._out.flush()

    def end(self, summary: Mapping[str, Any]) -> None:
        """Nothing: a table has no foot."""


def _document(reading: "Reading") -> dict[str, Any]:
    document: dict[str, Any] = {
        "path": str(reading.path),
        "prediction": reading.prediction,
        "confidence": reading.confidence,
        "probabilities": None if reading.probabilities is None else reading.probabilities.tolist(),
        "no_digit": None if reading.error or reading.rows else reading.no_digit,
        "error": reading.error or None,
        "number": reading.text if reading.rows else None,
        "digits": [
            {"box": one.box, "row": row, "prediction": one.prediction, "confidence": one.confidence}
            for row, of in enumerate(reading.rows or [reading.digits])
            for one in of
        ],
    }
    if reading.doubt:
        document["doubt"] = reading.doubt
    if reading.label is not None:
        document |= {"label": reading.label, "correct": reading.correct}
    return document
