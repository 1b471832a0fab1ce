"""The command's options, and what they start. Torch-free, and free of OpenCV until asked."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from rnn_tui.engine.errors import SettingError, printable

METHODS = {"mnist": "as MNIST's digits were, made robust for photos", "report": "as in the report"}
MODELS = ("lstm", "rnn", "bilstm")


def add_command(commands: argparse._SubParsersAction[Any]) -> None:
    """Add `predict` to the commands."""
    parser = commands.add_parser(
        "predict",
        help="read photos of digits",
        description="Read photos of digits, one digit each: files, or folders of them. Answers in "
        "which little trust is to be put have no prediction, and say so.",
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a photo or a folder of photos")
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument(
        "--run", metavar="RUN", help="ask the network of a run: its id, its name, or last"
    )
    whose.add_argument("--weights", metavar="FILE", help="ask the network in this file")
    whose.add_argument(
        "--model", choices=MODELS, default="lstm",
        help="ask the network of this kind that ships (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--preprocessing", choices=METHODS, default="mnist",
        help="; ".join(f"{name}: {text}" for name, text in METHODS.items())
        + " (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--recursive", action="store_true", help="folders in folders too")
    parser.add_argument(
        "--labels", action="store_true",
        help="take the right digit from the folder's name or the first digit in the file's, and "
        "tell accuracy and confusion matrix",
    )  # fmt: skip
    parser.add_argument(
        "--threshold", type=_percent, metavar="PERCENT",
        help="an answer less probable than this is no prediction, 0 to 100 (default 50)",
    )  # fmt: skip
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON document")
    form.add_argument("--csv", action="store_true", help="print a table with commas")
    parser.add_argument("--quiet", action="store_true", help="print answers only")


def _percent(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(
            f"Threshold must be a number from 0 to 100, not “{printable(text, 24)}”."
        )
    return value


def predict(options: argparse.Namespace) -> int:
    """Read what the command line says; returns the exit code.

    Raises:
        CheckpointError: if there are no such weights.
        SettingError: if a path is no path.
    """
    from rnn_tui.cli.predict import output as face  # noqa: PLC0415
    from rnn_tui.photos.reader import THRESHOLD as USUAL  # noqa: PLC0415 - and OpenCV, on use
    from rnn_tui.photos.reader import PhotoReader  # noqa: PLC0415
    from rnn_tui.runs.row_reader_networks import described, network_of, source_of  # noqa: PLC0415 - numpy

    for text in options.paths:
        if "\0" in text or not text:
            raise SettingError(f"“{printable(text)}” is no path.")
    weights = None if options.weights is None else Path(options.weights)
    source = source_of(weights, options.run, options.model)
    network = network_of(source)
    reader = PhotoReader(
        network,
        options.preprocessing,
        threshold=USUAL if options.threshold is None else options.threshold / 100,
        labelled=options.labels,
    )
    form = "json" if options.json else "csv" if options.csv else "lines"
    return face.predict(
        reader,
        [Path(text) for text in options.paths],
        recursive=options.recursive,
        form=form,
        quiet=options.quiet,
        weights=described(source, network),
    )
