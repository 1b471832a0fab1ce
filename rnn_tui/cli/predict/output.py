"""Answers about photos on stdout, as they come; progress and what is left to say on stderr."""

from __future__ import annotations

import csv
import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from rnn_tui.cli import exit_codes
from rnn_tui.cli.stop_signals import stopping_on_signals
from rnn_tui.engine.errors import printable
from rnn_tui.photos.finding import find_images
from rnn_tui.photos.reader import PhotoReader, Reading
from rnn_tui.photos.summary import CLASSES, Summary

LONGEST_PATH = 200
SIGNALLED = 128
# For what can't write them.
SUBSTITUTES = {"✓": "right", "✗": "wrong,", "–": "-", "…": "..."}


class Output(Protocol):
    """Where readings go."""

    def show(self, readings: Sequence[Reading]) -> None:
        """Tell some of them."""

    def end(self, summary: Summary) -> None:
        """After the last one, or when interrupted."""


class Lines:
    """A line a photo, in colours where a terminal shows them; a confusion matrix at the end."""

    def __init__(self, out: TextIO) -> None:
        self._console = Console(
            file=out, highlight=False, soft_wrap=True, force_terminal=out.isatty()
        )
        self._replaced = {} if _can_write(out, "".join(SUBSTITUTES)) else SUBSTITUTES

    def show(self, readings: Sequence[Reading]) -> None:
        """Print path, prediction, confidence."""
        for reading in readings:
            self._print(printable(reading.path, LONGEST_PATH), *_told(reading))

    def _print(self, path: str, text: str, style: str) -> None:
        for character, substitute in self._replaced.items():
            path, text = path.replace(character, substitute), text.replace(character, substitute)
        self._console.print(Text(f"{path}  ") + Text(text, style))

    def end(self, summary: Summary) -> None:
        """Print accuracy and confusion matrix, where labels are known."""
        if summary.accuracy is None:
            return
        self._console.print(
            f"\n{summary.right:,} of {summary.labelled:,} right: {summary.accuracy:.2f} %"
        )
        self._console.print("\n   is read as" + " " * 41 + "unsure")
        self._console.print("   " + "".join(f"{digit:5}" for digit in range(CLASSES)) + "    ?")
        for digit, row in enumerate(summary.confusion):
            self._console.print(f"{digit:3}" + "".join(f"{count or '·':>5}" for count in row))


class Table:
    """Comma-separated values, with a head."""

    def __init__(self, out: TextIO) -> None:
        self._out, self._terminal = out, out.isatty()
        self._writer = csv.writer(out, lineterminator="\n")
        probabilities = [f"p{digit}" for digit in range(CLASSES)]
        self._writer.writerow(
            ["path", "prediction", "confidence", *probabilities, "label", "doubt", "error"]
        )

    def show(self, readings: Sequence[Reading]) -> None:
        """Write a row each; what there is none of stays empty."""
        for reading in readings:
            path = printable(reading.path, 5000) if self._terminal else str(reading.path)
            values = [""] * CLASSES
            if reading.probabilities is not None:
                values = [f"{value:.6f}" for value in reading.probabilities]
            confidence = "" if reading.confidence is None else f"{reading.confidence:.6f}"
            self._writer.writerow(
                [
                    _encodable(path, self._out),
                    _or_empty(reading.prediction),
                    confidence,
                    *values,
                    _or_empty(reading.label),
                    reading.doubt,
                    reading.error,
                ]
            )
        self._out.flush()

    def end(self, summary: Summary) -> None:
        """Nothing: a table has no foot."""


class Document:
    """One JSON document, written as readings come: it may be longer than memory."""

    def __init__(self, out: TextIO, weights: Mapping[str, Any]) -> None:
        self._out, self._between = out, "\n"
        out.write(f'{{"weights": {json.dumps(weights)},\n"results": [')

    def show(self, readings: Sequence[Reading]) -> None:
        """Append results."""
        for reading in readings:
            self._out.write(self._between + json.dumps(_document(reading), allow_nan=False))
            self._between = ",\n"
        self._out.flush()

    def end(self, summary: Summary) -> None:
        """Close the document."""
        self._out.write(f'\n],\n"summary": {json.dumps(summary.document())}}}\n')
        self._out.flush()


def predict(
    reader: PhotoReader,
    paths: Sequence[Path],
    *,
    recursive: bool,
    form: str,
    quiet: bool,
    weights: Mapping[str, Any],
) -> int:
    """Read photos and print what they show; returns the exit code.

    1 if any could not be read or there were none, 130 after Ctrl-C, 143 after SIGTERM (the shell's
    128 + signal).
    """
    if not quiet:
        say(f"weights: {weights['source']}")
    output: Output
    match form:
        case "json":
            output = Document(sys.stdout, weights)
        case "csv":
            output = Table(sys.stdout)
        case _:
            output = Lines(sys.stdout)
    summary, stop = Summary(), threading.Event()
    with stopping_on_signals(stop.set) as received:
        try:
            with _progress(lambda: find_images(paths, recursive), quiet) as advance:
                for readings in reader.read(find_images(paths, recursive), stop.is_set):
                    output.show(readings)
                    summary.add(readings)
                    advance(len(readings))
        finally:
            output.end(summary)
    if received:
        return SIGNALLED + received[0]
    if not summary.photos:
        say(f"No photos in {', '.join(printable(path) for path in paths[:3])}.")
    elif not quiet:
        say(_counted(summary))
    return exit_codes.FAILURE if summary.errors or not summary.photos else exit_codes.OK


def say(text: str) -> None:
    """A message on stderr."""
    print(f"rnn-tui: {text}", file=sys.stderr, flush=True)


@contextmanager
def _progress(find: Callable[[], Iterator[Path]], quiet: bool) -> Iterator[Callable[[int], object]]:
    """A bar on stderr, where results do not go to the same terminal."""
    if quiet or not sys.stderr.isatty() or sys.stdout.isatty():
        yield lambda _: None
        return
    bar = Progress(
        TextColumn("photos"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.speed:,.0f}/s ETA"),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
    )
    task = bar.add_task("photos", total=None)

    def count() -> None:
        # Looking through folders once more takes far less than reading what lies in them.
        bar.update(task, total=sum(1 for _ in find()))

    threading.Thread(target=count, daemon=True).start()
    with bar:
        yield lambda count: bar.advance(task, count)


def _told(reading: Reading) -> tuple[str, str]:
    """A reading in a few words, and the colour to print them in."""
    if reading.error:
        return f"–  {reading.error}", "red"
    confidence = f"{100 * (reading.confidence or 0):.1f} %"
    text = f"?  {reading.doubt}" if reading.doubt else f"{reading.prediction}  {confidence}"
    style = "yellow" if reading.doubt else ""
    if reading.correct is None:
        return text, style
    return (f"{text}  ✓", "green") if reading.correct else (f"{text}  ✗ {reading.label}", "red")


def _document(reading: Reading) -> dict[str, Any]:
    probabilities = reading.probabilities
    document: dict[str, Any] = {
        "path": str(reading.path),
        "prediction": reading.prediction,
        "confidence": reading.confidence,
        "probabilities": None if probabilities is None else probabilities.tolist(),
        "error": reading.error or None,
    }
    if reading.doubt:
        document["doubt"] = reading.doubt
    if reading.label is not None:
        document |= {"label": reading.label, "correct": reading.correct}
    return document


def _counted(summary: Summary) -> str:
    parts = [f"{summary.photos:,} photo{'s' if summary.photos != 1 else ''}"]
    if summary.doubtful:
        parts.append(f"{summary.doubtful:,} of them doubtful")
    if summary.errors:
        parts.append(f"{summary.errors:,} of them unreadable")
    return ", ".join(parts) + "."


def _or_empty(value: int | None) -> str:
    return "" if value is None else str(value)


def _encodable(text: str, out: TextIO) -> str:
    """`text` as `out` can write it: names may have bytes that are no characters."""
    encoding = out.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


def _can_write(out: TextIO, text: str) -> bool:
    try:
        text.encode(out.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
