"""A look inside on stdout, as a table or one JSON document; arrays to a file; notes on stderr."""

from __future__ import annotations

import io
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from rnn_tui.cli import exit_codes
from rnn_tui.cli.stop_signals import stopping_on_signals
from rnn_tui.engine.errors import ExportError, printable
from rnn_tui.engine.files import write_atomically
from rnn_tui.inside.inspection import Subject
from rnn_tui.inside.probes import Progress, silent

SIGNALLED = 128


def show(subject: Subject, *, probes: bool, npz: Path | None, as_json: bool, quiet: bool) -> int:
    """Print what was found in `subject`; returns the exit code.

    130 after Ctrl-C, 143 after SIGTERM (the shell's 128 + signal): a study that was stopped is not
    printed in part.

    Raises:
        ExportError: if `npz` can't be written.
    """
    if not quiet:
        say(f"weights: {subject.label}")
        for notice in subject.notices:
            say(notice)
    if probes:
        stop = threading.Event()
        with stopping_on_signals(stop.set) as received, _progress(quiet) as progress:
            whole = subject.study(progress, stop.is_set)
        if received or not whole:
            return SIGNALLED + received[0] if received else exit_codes.FAILURE
    if npz is not None:
        _write_arrays(npz, subject)
    if as_json:
        document = {"weights": subject.weights, **subject.document()}
        print(json.dumps(document, allow_nan=False))
    else:
        _print_table(subject)
    if npz is not None and not quiet:
        say(f"All numbers are in {printable(npz, 200)}.")
    return exit_codes.OK


def say(text: str) -> None:
    """A message on stderr."""
    print(f"rnn-tui: {text}", file=sys.stderr, flush=True)


def _print_table(subject: Subject) -> None:
    heads, rows = subject.table()
    print(subject.title, end="\n\n")
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for cells in (heads, *rows):
        print("  ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True)))
    if findings := subject.findings():
        print("", *findings, sep="\n")


def _write_arrays(path: Path, subject: Subject) -> None:
    buffer = io.BytesIO()
    arrays: dict[str, Any] = subject.arrays()
    np.savez_compressed(buffer, **arrays)
    try:
        if path.exists() and not path.is_file():  # a folder, or a device that must stay one
            raise OSError(None, "it is not a regular file")
        write_atomically(path, buffer.getvalue())
    except OSError as error:
        raise ExportError(
            f"{printable(path, 200)} can't be written ({error.strerror or error}); choose another "
            "place for --npz."
        ) from error


@contextmanager
def _progress(quiet: bool) -> Iterator[Progress]:
    """A bar on stderr, where that is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console  # noqa: PLC0415 - on a terminal only
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415

    bars = Bars(
        TextColumn("probes"), BarColumn(), MofNCompleteColumn(),
        console=Console(file=sys.stderr), transient=True,
    )  # fmt: skip
    task = bars.add_task("probes", total=None)

    def advance(done: int, total: int) -> None:
        bars.update(task, completed=done, total=total)

    with bars:
        yield advance
