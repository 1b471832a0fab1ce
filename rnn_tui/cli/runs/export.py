"""`rnn-tui runs export`: values, charts or weights of runs, written to files."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rnn_tui.archive.curves import Against
from rnn_tui.archive.export.formats import FORMATS, Export, ExportFormat, extras_needed, write
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.cli import output
from rnn_tui.cli.options import add_options
from rnn_tui.cli.runs.action import Action, add_runs
from rnn_tui.engine.errors import StoreError, printable
from rnn_tui.engine.progress import Progress
from rnn_tui.engine.state import Status


@dataclass(frozen=True, kw_only=True)
class ExportRequest:
    """Write something of runs to files."""

    runs: tuple[str, ...]  #: as typed; empty for all.
    task: str | None  #: of all runs those of this task; None for all tasks.
    form: ExportFormat
    output: Path | None  #: the file or folder to write; None for the usual one.
    metrics: tuple[str, ...] | None  #: what a chart shows; None for the usual ones.
    against: Against  #: what a chart's x axis counts.


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the action takes."""
    formats = "; ".join(f"{form.name}: {form.help}" for form in FORMATS.values())
    parser.epilog = (
        f"Formats. {formats}. With --all, csv and json are a folder with two tables: runs, a row "
        "a run with its settings, and values, a row a value; pandas reads each in a line. "
        f"{extras_needed()}"
    )
    add_runs(parser, may_be_none=True)
    parser.add_argument(
        "--all",
        action="store_true",
        help="export all runs, the oldest first; with --task before export, those of a task",
    )
    parser.add_argument(
        "--to", required=True, choices=list(FORMATS), metavar="FORMAT", help=", ".join(FORMATS)
    )
    to_stdout = " and ".join(form.name for form in FORMATS.values() if form.to_stdout)
    parser.add_argument(
        "-o",
        "--output",
        metavar="PATH",
        help=f"the file or folder to write (default: {to_stdout} go to stdout, all else to a file "
        "in this folder that is named after the run)",
    )
    add_options(parser, Export)


def read_request(options: argparse.Namespace) -> ExportRequest:
    """Read the options into a request; ends the command if they contradict each other."""
    if bool(options.runs) is options.all:
        options.complain("give either RUN or --all")
    form = FORMATS[options.to]
    if options.all and form.of_all:
        form = replace(form, writer=form.of_all, to_stdout=False, several=True)
    return ExportRequest(
        runs=tuple(options.runs),
        task=options.only,
        form=form,
        output=None if options.output is None else Path(options.output),
        metrics=None if options.metrics is None else tuple(options.metrics),
        against=options.against,
    )


def export(request: ExportRequest) -> int:
    """Write something of runs to files, and say to which; returns the exit code."""
    # If the text goes to the same terminal, it would end in the bar.
    on_screen = request.form.to_stdout and request.output is None and sys.stdout.isatty()
    with RunStore() as store:
        runs = _runs_of(store, request)
        with output.ProgressBar("runs", quiet=on_screen, counted=True) as bar:
            paths = write(
                Export(
                    request.form,
                    store,
                    runs,
                    request.output,
                    sys.stdout,
                    request.metrics,
                    request.against,
                    Progress(bar.show),
                )
            )
    _show(paths)
    return output.OK


def _runs_of(store: RunStore, request: ExportRequest) -> list[RunRecord]:
    """Return the runs to export, each once; says how many are damaged."""
    if request.runs:
        runs = [store.find(text).undamaged for text in request.runs]
        return list({run.run_id: run for run in runs}.values())
    runs = store.runs(request.task)[::-1]
    undamaged = [run for run in runs if run.status is not Status.DAMAGED]
    if len(undamaged) < len(runs):
        output.say(f"{len(runs) - len(undamaged)} of {len(runs)} runs are damaged, and left out.")
    if not undamaged:
        raise StoreError("There are no runs to export yet; rnn-tui train makes one.")
    return undamaged


def _show(paths: Sequence[Path]) -> None:
    for path in paths:
        output.say(f"written to {printable(path, 200)}")


EXPORT = Action(
    name="export",
    help="write values, charts or weights of runs to files",
    description="Write values, charts or weights of one or several runs, or of all.",
    examples=("last --to csv -o values.csv", "--all --to csv -o runs"),
    add_arguments=add_arguments,
    read=read_request,
    perform=export,
)
