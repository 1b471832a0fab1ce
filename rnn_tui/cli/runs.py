"""`rnn-tui runs`: runs listed, shown, compared, exported, renamed, deleted; watched and stopped
where others train them.
"""

import argparse
import sys
import threading
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rnn_tui.cli import output
from rnn_tui.cli.commands import WHICH_RUN, add_examples
from rnn_tui.cli.results import TrainingOutput, figures_in_words
from rnn_tui.engine.errors import StoreError, printable
from rnn_tui.engine.pace import duration, time_left
from rnn_tui.engine.progress import Progress
from rnn_tui.engine.state import RunState, Status
from rnn_tui.runs.export import documents
from rnn_tui.runs.export.formats import FORMATS, Export, extras_needed, write
from rnn_tui.runs.locks import is_held
from rnn_tui.runs.run_record import RunRecord
from rnn_tui.runs.store import DAYS_TO_UNDO, RunStore, existing_store
from rnn_tui.runs.words import (
    age,
    differing,
    figure,
    figure_with_name,
    run_summary,
    session_summary,
    settings_of,
)
from rnn_tui.tasks import TASKS

if TYPE_CHECKING:
    from rich.console import Group
    from rich.live import Live

COLUMNS = ("name", "task", "status", "progress", "best", "final", "trained", "age", "id")
RIGHT = ("best", "final", "trained", "age")
LAST_LINES = 5
# news comes twice a second; a long run takes a while to draw
SECONDS_BETWEEN_LOOKS, LOOK_SHARE = 0.25, 0.25
HIGHEST_CHART, AROUND_CHART = 20, 4
# for a step, a validation or a slow disk; and until a word says so
PATIENCE, SECONDS_IN_SILENCE = 20.0, 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    what = (
        "List all runs of the app and the command line, the newest first; or do something with "
        "some of them."
    )
    parser.description = f"{what} RUN is a run: {WHICH_RUN}."
    parser.add_argument(
        "--task", dest="only", choices=list(TASKS), help="list runs of this task only"
    )
    parser.add_argument(
        "--deleted", action="store_true", dest="list_deleted", help="list deleted runs instead"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    add_examples(parser, "rnn-tui runs --task recall", "rnn-tui runs --json")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    parsers = {}
    for name, (_, takes, what, description, *examples) in ACTIONS.items():
        parsers[name] = actions.add_parser(name, help=what, description=description)
        add_examples(parsers[name], *(f"rnn-tui runs {name} {words}" for words in examples))
        several = None if takes == "run" else "*" if name == "export" else "+"
        parsers[name].add_argument(
            takes,
            nargs=several,
            metavar="DELETED_RUN" if name == "restore" else "RUN",
            help=WHICH_RUN,
        )
    for name, text in (
        ("show", "print one JSON document, with every logged value"),
        ("compare", "print one JSON document"),
        ("watch", "print nothing until the end, then what show --json prints"),
    ):  # by default nothing, or it would overrule the same option before the action
        parsers[name].add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help=text
        )
    parsers["rename"].add_argument(
        "name", metavar="NAME", help="up to 80 characters, unlike other runs'"
    )
    _add_export(parsers["export"])


def _add_export(parser: argparse.ArgumentParser) -> None:
    formats = "; ".join(f"{name}: {one.help}" for name, one in FORMATS.items())
    tables = (
        "runs, a row a run with its settings, and values, a row a value; pandas reads each in a "
        "line"
    )
    parser.epilog = (
        f"Formats. {formats}. With --all, csv and json are a folder with two tables: {tables}. "
        f"{extras_needed()}"
    )
    every = "export all runs, or with --task before export those of a task, the oldest first"
    parser.add_argument("--all", action="store_true", help=every)
    parser.add_argument(
        "--to", required=True, choices=list(FORMATS), metavar="FORMAT", help=", ".join(FORMATS)
    )
    to_stdout = " and ".join(name for name, one in FORMATS.items() if one.to_stdout)
    usual = (
        f"{to_stdout} go to stdout, all else to a file in this folder that is called like the run"
    )
    parser.add_argument(
        "-o", "--output", metavar="PATH", help=f"the file or folder to write (default: {usual})"
    )
    shown = (
        "what a chart shows, such as val_loss (default: the loss and the accuracy, or what there "
        "is)"
    )
    parser.add_argument("--metric", metavar="METRIC", action="append", dest="metrics", help=shown)
    counted = "what a chart's x axis counts (default: %(default)s)"
    parser.add_argument(
        "--against", choices=("step", "epoch", "time"), default="epoch", help=counted
    )


def run(options: argparse.Namespace) -> int:
    """Do what the command line says; returns the exit code; a StoreError without such a run, or
    another UserError.
    """
    if options.action is not None:
        with RunStore() as store:
            return ACTIONS[options.action][0](store, options) or output.OK
    with existing_store() as kept:
        runs = [] if kept is None else kept.runs(options.only, deleted=options.list_deleted)
    if options.json:
        output.print_json({"runs": [documents.run_document(one) for one in runs]})
    elif runs:
        output.print_table(
            COLUMNS, map(_cells, runs), RIGHT, ("id", "trained", "best", "progress", "task")
        )
    else:
        output.say("There are no runs yet; rnn-tui train makes one.")
    return output.OK


def _cells(record: RunRecord) -> list[str]:
    return [
        record.name,
        record.config.task,
        str(record.status),
        f"{record.progress:.0%}",
        figure(record, record.metric, record.best),
        figure(record, record.final_metric, record.final),
        duration(record.elapsed),
        age(time.time() - record.created),
        record.run_id,
    ]


def _show(store: RunStore, options: argparse.Namespace) -> None:
    record = store.find(options.run)
    if options.json:
        output.print_json(documents.full_document(record, store))
        return
    trained = [
        pair
        for one in store.sessions(record.run_id)
        for pair in session_summary(one, documents.date)
    ]
    log = [("log", text) for _, _, text in store.log(record.run_id)[-LAST_LINES:]]
    output.print_pairs(
        [*run_summary(record, documents.date), *settings_of(record.config), *trained, *log]
    )


def _compare(store: RunStore, options: argparse.Namespace) -> None:
    runs = [store.find(text).undamaged for text in options.runs]
    different = differing(runs)
    if options.json:
        ids = [one.run_id for one in runs]
        differences = [
            {"setting": name, **dict(zip(ids, values, strict=True))} for name, values in different
        ]
        output.print_json(
            {"runs": [documents.run_document(one) for one in runs], "differences": differences}
        )
        return
    rows = [
        ["status", *(str(one.status) for one in runs)],
        ["progress", *(f"{one.progress:.0%}" for one in runs)],
        ["trained", *(duration(one.elapsed) for one in runs)],
        ["best", *(figure_with_name(one, one.metric, one.best) for one in runs)],
        ["final", *(figure_with_name(one, one.final_metric, one.final) for one in runs)],
        *([name, *values] for name, values in different),
    ]
    output.print_table(("", *(one.name for one in runs)), rows)


def _export(store: RunStore, options: argparse.Namespace) -> None:
    if bool(options.runs) is options.all:
        options.complain("either RUN or --all has to be given, and not both")
    form, found = FORMATS[options.to], [store.find(text).undamaged for text in options.runs]
    if options.all:
        every = store.runs(options.only)[::-1]
        found = [one for one in every if one.status is not Status.DAMAGED]
        if len(found) < len(every):
            output.say(f"{len(every) - len(found)} of {len(every)} runs are damaged, and left out.")
        if not found:
            raise StoreError("There are no runs to export yet; rnn-tui train makes one.")
        if form.of_all:
            form = replace(form, writer=form.of_all, to_stdout=False, several=True)
    each, to = (
        list({one.run_id: one for one in found}.values()),
        None if options.output is None else Path(options.output),
    )
    # Where the text goes to the same terminal, it would end in the bar.
    is_on_screen = form.to_stdout and to is None and sys.stdout.isatty()
    with output.ProgressBar("runs", quiet=is_on_screen, counted=True) as bar:
        export = Export(
            form,
            store,
            each,
            to,
            sys.stdout,
            options.metrics,
            options.against,
            Progress(bar.show),
        )
        paths = write(export)
    for path in paths:
        output.say(f"written to {printable(path, 200)}")


def _rename(store: RunStore, options: argparse.Namespace) -> None:
    record = store.find(options.run)
    output.say(f"{record.name} is now called {store.rename(record, options.name)}.")


def _delete(store: RunStore, options: argparse.Namespace) -> None:
    """Delete runs, for which there is an undo; and for good what was deleted long ago."""
    for record in [store.find(text) for text in options.runs]:
        store.delete(record)
        output.say(
            f"{record.name} is deleted; rnn-tui runs restore {record.run_id} brings it back for "
            f"{DAYS_TO_UNDO} days."
        )
    store.purge()


def _restore(store: RunStore, options: argparse.Namespace) -> None:
    for record in [store.find(text, deleted=True) for text in options.runs]:
        store.restore(record)
        output.say(f"{record.name} is back.")


def _ask(store: RunStore, options: argparse.Namespace) -> int:
    """Ask for what the action says, wait, and tell what came of it; returns 1 where a run does not
    do it, or not in time.
    """
    asked, code, what = [], output.OK, options.action
    for text in options.runs:
        try:
            run = store.find(text).undamaged
            store.request(run, what)
            asked.append(run.run_id)
        except StoreError as error:  # the others are asked all the same
            output.say(str(error))
            code = output.FAILURE
    wanted = {"pause": Status.PAUSED, "unpause": Status.TRAINING}.get(what)
    began, silent = time.monotonic(), True
    while True:
        runs = [run for run in map(store.get, dict.fromkeys(asked)) if run is not None]
        # What has ended is done once another process may have it.
        left = [
            one.name
            for one in runs
            if (one.status is not wanted if one.status.active else is_held(one.run_id))
        ]
        waited = time.monotonic() - began
        if not left or waited > PATIENCE:
            break
        if silent and waited > SECONDS_IN_SILENCE:
            silent = False
            output.say(
                f"{', '.join(left)}: asked to {what}; waiting for that, at most {PATIENCE:.0f} s …"
            )
        time.sleep(0.05)
    for run in runs:
        output.say(f"{'not yet: ' if run.name in left else ''}{_where(run)}")
    return output.FAILURE if left else code


def _where(run: RunRecord) -> str:
    """Where a run stands now, and what lets it go on."""
    at = f"{run.name} is {run.status} at step {run.step:,} of {run.total_steps:,}"
    if run.status is Status.PAUSED:
        return f"{at}; rnn-tui runs unpause {run.run_id} lets it go on."
    if run.status.resumable:
        kept = "its weights are kept, and " if run.weights.is_file() else ""
        return f"{at}; {kept}rnn-tui train --resume {run.run_id} goes on."
    return f"{at}."


def _watch(store: RunStore, options: argparse.Namespace) -> int:
    """Show a run until it ends; returns 0 where it has finished, or did not train, 130 after
    Ctrl-C, or else 1.
    """
    run, stop = store.find(options.run).undamaged, threading.Event()
    trained, drawn = run.status.active, sys.stdout.isatty() and not options.json
    if not trained:
        output.say(f"not in training: {_where(run)}")
    told = TrainingOutput(RunState(run.run_id, run.config), as_json=options.json, quiet=drawn)
    with output.stopping_on_signals(lambda _: stop.set()) as received:
        with told.bar, _live() if drawn else nullcontext() as live:
            while True:
                began, seen, state = time.monotonic(), run, store.state(run)
                if live is not None:
                    live.update(_picture(run, state, *live.console.size), refresh=True)
                if not run.status.active:
                    break  # what there is to say at the end stays below the chart
                told.follow(state)
                while run is seen and not stop.is_set():  # no news
                    stop.wait(max(SECONDS_BETWEEN_LOOKS, (time.monotonic() - began) / LOOK_SHARE))
                    run = store.get(run.run_id) or run
                if stop.is_set():
                    break
                paused, before = run.status is Status.PAUSED, seen.status is Status.PAUSED
                if run.status.active and paused is not before and not drawn:
                    told.bar.say(_where(run))
        told.follow(state)
    if options.json:
        output.print_json(documents.full_document(run, store))
    if run.status.active:
        output.say(f"{_where(run)} Only the watching has ended.")
        return output.stopped(received)
    if trained and run.status not in (Status.FINISHED, Status.FAILED):
        output.say(_where(run))
    return output.FAILURE if trained and run.status is not Status.FINISHED else output.OK


def _live() -> "Live":
    """A part of the terminal that is drawn anew where there is news, and stays at the end."""
    from rich.live import Live  # noqa: PLC0415 - on terminals only

    return Live(
        console=output.console(sys.stdout),
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def _picture(run: RunRecord, state: RunState, width: int, height: int) -> "Group":
    """How far a run is, the chart of its loss, and what else was measured last."""
    from rich.console import Group  # noqa: PLC0415 - on terminals only
    from rich.text import Text  # noqa: PLC0415

    from rnn_tui.ui.common.chart.chart import loss_chart  # noqa: PLC0415

    left = "" if state.remaining is None else f"{time_left(state.remaining)} · "
    epoch = min(len(state.epochs) + 1, state.config.epochs)
    far = (
        f"{run.progress:.0%} · {duration(state.elapsed)} · {left}epoch "
        f"{epoch}/{state.config.epochs}"
    )
    pace = (
        f" · {state.rate:,.0f} {TASKS[state.config.task].unit}/s"
        if run.status is Status.TRAINING
        else ""
    )
    heading = Text.assemble((run.name, "bold"), f"  {run.status}  ", (far + pace, "dim"))
    figures = Text(figures_in_words(state, state.epochs[-1]) if state.epochs else "")
    for line in (heading, figures):
        line.truncate(width, overflow="ellipsis")
    return Group(
        heading,
        loss_chart(state, width, max(4, min(HIGHEST_CHART, height - AROUND_CHART))),
        figures,
    )


ACTIONS = {  # what is done, to one or several runs, how `--help` says it, and its examples
    "show": (
        _show,
        "run",
        "all about a run",
        "Settings, versions, figures and log of a run.",
        "last",
        "recall-fast --json",
    ),
    "compare": (
        _compare,
        "runs",
        "runs side by side",
        "In which settings runs differ, and how their figures do.",
        "last recall-fast",
        "last recall-fast --json",
    ),
    "export": (
        _export,
        "runs",
        "write values, charts or weights of runs to files",
        "Write values, charts or weights of one or several runs, or of all.",
        "last --to csv -o values.csv",
        "--all --to csv -o runs",
    ),
    "watch": (
        _watch,
        "run",
        "follow a run that another process trains",
        "Follow a run that the app or another command trains, until it ends: a chart on a "
        "terminal, in a pipe the lines that train prints. Ctrl-C ends the watching only.",
        "last",
        "last --json",
    ),
    "stop": (
        _ask,
        "runs",
        "stop runs that another process trains",
        "Stop runs that the app or another command trains, as s does there: weights are kept, "
        "and runs that wait behind it in that app or report do not begin.",
        "last",
        "recall-fast",
    ),
    "pause": (_ask, "runs", "pause runs that another process trains", None, "last", "recall-fast"),
    "unpause": (
        _ask,
        "runs",
        "let paused runs go on in the process that trains them",
        "Let paused runs go on. What has ended goes on by rnn-tui train --resume.",
        "last",
        "recall-fast",
    ),
    "rename": (
        _rename,
        "run",
        "give a run another name",
        None,
        "last baseline",
        "recall-fast 'ten units'",
    ),
    "delete": (
        _delete,
        "runs",
        "delete runs; they can be restored for 30 days",
        "Delete runs. They can be restored for 30 days, then they are removed.",
        "last",
        "last recall-fast",
    ),
    "restore": (_restore, "runs", "bring deleted runs back", None, "last", "recall-fast"),
}
