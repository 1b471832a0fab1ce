"""Retrains a paper's networks and shows them beside its figures, as a `RerunRequest` asks for."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from rnn_tui.archive.export.page.blocks import DOCUMENTS, markdown_table
from rnn_tui.archive.store import RunStore, existing_store
from rnn_tui.archive.unsaved import UnsavedRun, give_up
from rnn_tui.archive.verdicts import COMPARED
from rnn_tui.cli import output
from rnn_tui.cli.commands import add_output_options
from rnn_tui.cli.options import add_option
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import printable
from rnn_tui.engine.events import Control, Event, LogLine
from rnn_tui.engine.options import DEVICE
from rnn_tui.engine.pace import roughly
from rnn_tui.engine.process.signals import stopping_on_signals
from rnn_tui.papers.columns import FULL_WIDTH, columns_of, explanations, row_document
from rnn_tui.papers.conclusions import BASIS, RULE, Conclusion, conclusions
from rnn_tui.papers.curves import accuracy_by_length
from rnn_tui.papers.document import check_path, concluded, write_document
from rnn_tui.papers.estimate import ESTIMATE_COLUMNS, Estimate, estimate
from rnn_tui.papers.inventory import take_inventory
from rnn_tui.papers.plan import Plan
from rnn_tui.papers.provenance import Provenance, gather_provenance
from rnn_tui.papers.rows import Results, results
from rnn_tui.papers.running import Standing, train_missing
from rnn_tui.sweeps.places import PLACE_FORM, TRUST_HELP, TrainingPlace, read_place

USUAL = "default: %(default)s"
LONG = 600.0  # seconds of training, of which `rerun` warns


class RerunAction(Enum):
    """What to do with the networks that a plan lacks."""

    TRAIN = "train"  #: train them, and show all.
    COMPARE = "compare"  #: leave them out, and show those that are there.
    ESTIMATE = "estimate"  #: say how long they would take.


@dataclass(frozen=True, kw_only=True)
class RerunRequest:
    """Train what a plan lacks, and compare with what was published."""

    plan: Plan
    action: RerunAction
    place: TrainingPlace | None  #: the cores or machines to train on; None for this process.
    documents: tuple[Path, ...]  #: the files to write everything to.
    as_json: bool
    quiet: bool  #: print the result and errors only.
    warns: bool  #: whether it is said before a long training here how long it will take.


@dataclass(frozen=True)
class _Rerun:
    """A paper's networks in the store, compared with its figures."""

    results: Results
    conclusions: Sequence[Conclusion]


def add_rerun_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command has which retrains a paper's networks."""
    add_option(parser, DEVICE)
    parser.add_argument(
        "--on",
        metavar="WHERE",
        help=f"train on many cores or machines: {PLACE_FORM}; needs the extra cluster",
    )
    parser.add_argument("--trust", action="store_true", help=TRUST_HELP)
    parser.add_argument(
        "--no-training",
        action="store_true",
        help="train nothing; compare the networks that are trained already",
    )
    files = " or ".join(f"FILE{form.suffix}" for form in DOCUMENTS.values())
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        action="append",
        default=[],
        dest="outputs",
        help=f"write a document with all results and charts: {files}; may be given several times",
    )
    add_output_options(parser)


def rerun_request(
    options: argparse.Namespace, plan: Plan, action: RerunAction, *, warns: bool
) -> RerunRequest:
    """Read the options that `add_rerun_options` adds into a request."""
    documents = tuple(Path(text) for text in options.outputs)
    if documents and action is RerunAction.ESTIMATE:
        options.complain("--estimate writes no documents: leave -o out")
    for path in documents:
        check_path(path)
    place = None
    if options.on is not None and action is RerunAction.TRAIN:
        place = read_place(options.on, trust=options.trust)
    return RerunRequest(
        plan=plan,
        action=action,
        place=place,
        documents=documents,
        as_json=options.json,
        quiet=options.quiet,
        warns=warns,
    )


def perform(request: RerunRequest) -> int:
    """Do what a request asks for; returns the exit code.

    Raises:
        UserError: if runs, device or documents can't be used.
    """
    match request.action:
        case RerunAction.TRAIN:
            return train(request)
        case RerunAction.COMPARE:
            return compare(request)
        case RerunAction.ESTIMATE:
            return say_time(request)


def compare(request: RerunRequest) -> int:
    """Show the networks that are trained already beside the paper's; returns the exit code."""
    _show(request, stopped=False, losses=())
    _say_written(request)
    return output.OK


def _estimate(request: RerunRequest) -> Estimate:
    """Estimate how long the missing runs take, with a bar meanwhile."""
    bar = output.ProgressBar("looking at the runs", quiet=request.quiet, counted=True)

    def begin(label: str, done: int, total: int) -> None:
        bar.update(done, total, label=f"timing {label}")

    with existing_store() as store, bar:
        return estimate(request.plan, store, begin)


def say_time(request: RerunRequest) -> int:
    """Print how long it would take here to train what is missing; returns the exit code."""
    found = _estimate(request)
    if request.as_json:
        #: a command that gives the same.
        output.print_json({"command": request.plan.command, **found.to_dict()})
        return output.OK
    if found.runs:
        output.print_table(ESTIMATE_COLUMNS, found.runs)
        print()
    _print_sentence(_time_in_words(found))
    return output.OK


def _print_sentence(sentence: str) -> None:
    """Print a sentence on stdout, on a terminal in lines that end between words."""
    if sys.stdout.isatty():
        output.console(sys.stdout).print(sentence, soft_wrap=False, markup=False, emoji=False)
    else:
        print(sentence)


def _time_in_words(found: Estimate) -> str:
    """Return how much is to be trained, and how long that takes here."""
    missing = f"{found.missing:,} of {count_of(found.networks, 'network')} are not trained yet"
    if not found.missing:
        return f"All of {count_of(found.networks, 'network')} are trained."
    if found.seconds is None:
        return f"{missing}; how long that takes here is not known."
    return f"{missing}; that takes {roughly(found.seconds)} in one process of this machine."


def _warn(request: RerunRequest) -> None:
    """Say before a training how long it will take, if that is long."""
    found = _estimate(request)
    if found.seconds is not None and found.seconds >= LONG:
        output.say(
            f"{_time_in_words(found)} Ctrl-C stops it, and the same command resumes it then."
        )


def train(request: RerunRequest) -> int:
    """Train what is missing, and show all networks beside the paper's; returns the exit code."""
    if request.warns and not request.quiet and request.place is None:
        _warn(request)
    control = Control()
    progress = _Progress(quiet=request.quiet)
    unsaved: list[UnsavedRun] = []
    with stopping_on_signals(control.stop_by_signal) as signals:
        with progress.bar:
            end = train_missing(
                request.plan, progress.take, control, request.place, on_unsaved=unsaved.append
            )
            losses = give_up(unsaved)
        stopped = end.runs_left > 0
        # A signal that comes now is too late to stop anything: the results are shown whole.
        _show(request, stopped=stopped, losses=losses)
    for sentence in losses:
        output.say(sentence)
    if stopped:
        no_document = " No document was written." if request.documents else ""
        output.say(
            f"stopped; what was trained is stored, and the same command resumes it.{no_document}"
        )
        return output.stopped(signals)
    if end.elsewhere and not losses:
        output.say(
            f"{end.elsewhere} networks are being trained by another process; the same command has "
            "them once they are done."
        )
    _say_written(request)
    return output.FAILURE if end.failures or losses else output.OK


class _Progress:
    """Shows how training goes on: by a bar on a terminal, by a line a run elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        self.bar = output.ProgressBar("looking at the runs", quiet=quiet)
        self.bar.update(total=1.0)
        self._quiet = quiet
        self._run_id = ""  #: the id of the run that was reported last.
        self._failures = 0  #: how many were said.

    def take(self, event: Event | Standing) -> None:
        """Show what `train_missing` emits."""
        match event:
            case LogLine(level="warning"):
                self.bar.say(event.text)
            case Standing():
                self._show(event)

    def _show(self, standing: Standing) -> None:
        for failure in standing.failures[self._failures :]:
            self.bar.say(failure)
        self._failures = len(standing.failures)
        run = standing.planned_run
        done = f"{standing.done} of {standing.total} networks done"
        seconds = standing.seconds_left or 0
        left = f"{roughly(seconds)} left" if seconds >= 1 else ""
        if self.bar.shown:
            label = "all runs" if run is None else run.label
            self.bar.update(standing.share, label=f"{label} · {done}", left=left)
        elif run is not None and standing.run_id != self._run_id and not self._quiet:
            self._run_id = standing.run_id
            verb = "trains" if run.run is None else "resumes"
            progress = f"{done}, {left}" if left else done
            output.say(f"{progress}; {verb} {run.label}")


def _show(request: RerunRequest, *, stopped: bool, losses: Sequence[str]) -> None:
    """Print what the store has, and write the documents unless the training was stopped."""
    documents = () if stopped else request.documents
    with existing_store() as store:
        rerun = _gather(request, store, stopped=stopped)
        if request.as_json:
            provenance = gather_provenance(rerun.results, store)
            output.print_json(_document(rerun, provenance, stopped=stopped, losses=losses))
        elif sys.stdout.isatty():
            _print_tables(rerun)
        else:
            _print_markdown(rerun)
        sys.stdout.flush()
        for path in documents:
            write_document(path, request.plan, store)


def _say_written(request: RerunRequest) -> None:
    if not request.quiet:
        for path in request.documents:
            output.say(f"written to {printable(path, 200)}")


def _gather(request: RerunRequest, store: RunStore | None, *, stopped: bool) -> _Rerun:
    """Read the results in the store; skip what takes long if the training was stopped."""
    inventory = take_inventory(request.plan, store)
    compared = results(inventory)
    by_length = () if stopped else accuracy_by_length(inventory)
    of_report: Sequence[Conclusion] = ()
    if request.as_json or not stopped:
        of_report = conclusions(compared, by_length)
    return _Rerun(compared, of_report)


def _document(
    rerun: _Rerun, provenance: Provenance, *, stopped: bool, losses: Sequence[str]
) -> dict[str, Any]:
    status = "complete" if rerun.results.complete else "incomplete"
    return {
        "status": "stopped" if stopped else status,  #: `complete`, `incomplete` or `stopped`.
        "kept": not losses,  #: whether all of the runs is on the disk.
        **provenance.to_dict(),
        #: one entry for each published figure.
        "rows": [row_document(row) for row in rerun.results.rows],
        #: the report's conclusions, each compared with the figures.
        "conclusions": [conclusion.to_dict() for conclusion in rerun.conclusions],
        "rule": RULE,  #: how a verdict follows from the intervals, in a sentence.
        #: what the intervals assume, in sentences.
        "assumptions": [*explanations(rerun.results.plan.paper), *BASIS],
    }


def _print_markdown(rerun: _Rerun) -> None:
    """Print the table and the conclusions as Markdown."""
    plan = rerun.results.plan
    table = markdown_table(columns_of(plan.paper), rerun.results.rows)
    blocks = [table, *explanations(plan.paper), *plan.notes]
    for conclusion in rerun.conclusions:
        blocks += concluded(conclusion)
    if rerun.conclusions:
        blocks += [RULE, *BASIS]
    print("\n\n".join(blocks))


def _print_tables(rerun: _Rerun) -> None:
    """Print the table and the conclusions on a terminal."""
    from rich.text import Text  # on terminals only

    out = output.console(sys.stdout)
    plan = rerun.results.plan
    narrow = out.width < FULL_WIDTH
    columns = [column for column in columns_of(plan.paper) if not (narrow and column.spare)]
    output.print_table(columns, rerun.results.rows)
    for note in (*explanations(plan.paper), *plan.notes):
        out.print(Text(f"\n{note}", "dim"), soft_wrap=False)
    for conclusion in rerun.conclusions:
        out.print(Text(f"\n{conclusion.sentence}", "bold"), soft_wrap=False)
        claim = f"The {plan.paper.kind}: “{conclusion.claim}” {conclusion.measured}"
        out.print(Text(claim), soft_wrap=False)
        output.print_table(COMPARED, conclusion.comparisons)
    if rerun.conclusions:
        for note in (RULE, *BASIS):
            out.print(Text(f"\n{note}", "dim"), soft_wrap=False)
