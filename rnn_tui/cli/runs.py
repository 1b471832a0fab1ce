"""`rnn-tui runs`: runs listed, shown, compared, exported, renamed, deleted; tables, tabs in a pipe, JSON on demand."""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

from rnn_tui.cli import elsewhere
from rnn_tui.cli.commands import WHICH_RUN, add_examples
from rnn_tui.cli.output import OK, print_json, print_pairs, print_table, say
from rnn_tui.engine.errors import StoreError, printable
from rnn_tui.engine.state import Status
from rnn_tui.runs.comparison import differing, settings_of
from rnn_tui.runs.export import documents
from rnn_tui.runs.export.formats import FORMATS, Export, extras_needed, write
from rnn_tui.runs.records import RunRecord
from rnn_tui.runs.store import DAYS_TO_UNDO, RunStore, existing_store
from rnn_tui.runs.words import about, about_session, age, duration, figure, named
from rnn_tui.tasks import TASKS

COLUMNS = ("name", "task", "status", "progress", "best", "final", "trained", "age", "id")
RIGHT = ("best", "final", "trained", "age")
LAST_LINES = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    what = "List all runs of the app and the command line, the newest first; or do something with some of them."
    parser.description = f"{what} RUN is a run: {WHICH_RUN}."
    parser.add_argument("--task", dest="only", choices=list(TASKS), help="list runs of this task only")
    parser.add_argument("--deleted", action="store_true", dest="list_deleted", help="list deleted runs instead")
    parser.add_argument("--json", action="store_true", dest="list_json", help="print one JSON document")
    add_examples(parser, "rnn-tui runs --task recall", "rnn-tui runs --json")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    parsers = {}
    for name, (_, takes, what, description, *examples) in ACTIONS.items():
        parsers[name] = actions.add_parser(name, help=what, description=description)
        add_examples(parsers[name], *(f"rnn-tui runs {name} {words}" for words in examples))
        several = None if takes == "run" else "*" if name == "export" else "+"
        metavar = "DELETED_RUN" if name == "restore" else "RUN"
        parsers[name].add_argument(takes, nargs=several, metavar=metavar, help=WHICH_RUN)
    parsers["show"].add_argument("--json", action="store_true", help="print one JSON document, with every logged value")
    parsers["compare"].add_argument("--json", action="store_true", help="print one JSON document")
    at_end = "print nothing until the end, then what show --json prints"
    parsers["watch"].add_argument("--json", action="store_true", help=at_end)
    parsers["rename"].add_argument("name", metavar="NAME", help="up to 80 characters, unlike other runs'")
    _add_export(parsers["export"])


def _add_export(parser: argparse.ArgumentParser) -> None:
    formats = "; ".join(f"{name}: {one.help}" for name, one in FORMATS.items())
    tables = "runs, a row a run with its settings, and values, a row a value; pandas reads each in a line"
    parser.epilog = f"Formats. {formats}. With --all, csv and json are a folder with two tables: {tables}. {extras_needed()}"
    every = "export all runs, or with --task before export those of a task, the oldest first"
    parser.add_argument("--all", action="store_true", help=every)
    parser.add_argument("--to", required=True, choices=list(FORMATS), metavar="FORMAT", help=", ".join(FORMATS))
    to_stdout = " and ".join(name for name, one in FORMATS.items() if one.to_stdout)
    usual = f"{to_stdout} go to stdout, all else to a file in this folder that is called like the run"
    parser.add_argument("-o", "--output", metavar="PATH", help=f"the file or folder to write (default: {usual})")
    shown = "what a chart shows, such as val_loss (default: the loss and the accuracy, or what there is)"
    parser.add_argument("--metric", metavar="METRIC", action="append", dest="metrics", help=shown)
    counted = "what a chart's x axis counts (default: %(default)s)"
    parser.add_argument("--against", choices=("step", "epoch", "time"), default="epoch", help=counted)


def run(options: argparse.Namespace) -> int:
    """Do what the command line says; returns the exit code; a StoreError without such a run, or another UserError."""
    if options.action is not None:
        with RunStore() as store:
            return ACTIONS[options.action][0](store, options) or OK
    with existing_store() as kept:
        runs = [] if kept is None else kept.runs(options.only, deleted=options.list_deleted)
    if options.list_json:
        print_json({"runs": [documents.of_run(one) for one in runs]})
    elif runs:
        print_table(COLUMNS, map(_cells, runs), RIGHT, ("id", "trained", "best", "progress", "task"))
    else:
        say("There are no runs yet; rnn-tui train makes one.")
    return OK


def _cells(record: RunRecord) -> list[str]:
    return [
        record.name, record.config.task, str(record.status), f"{record.progress:.0%}",
        figure(record, record.metric, record.best), figure(record, record.final_metric, record.final),
        duration(record.elapsed), age(time.time() - record.created), record.run_id,
    ]  # fmt: skip


def _show(store: RunStore, options: argparse.Namespace) -> None:
    record = store.find(options.run)
    if options.json or options.list_json:
        print_json(documents.in_full(record, store))
        return
    print_pairs([
        *about(record, documents.date),
        *settings_of(record.config),
        *(pair for one in store.sessions(record.run_id) for pair in about_session(one, documents.date)),
        *(("log", text) for _, _, text in store.log(record.run_id)[-LAST_LINES:]),
    ])  # fmt: skip


def _compare(store: RunStore, options: argparse.Namespace) -> None:
    runs = [store.find(text).whole for text in options.runs]
    different = differing(runs)
    if options.json or options.list_json:
        ids = [one.run_id for one in runs]
        differences = [{"setting": name, **dict(zip(ids, values, strict=True))} for name, values in different]
        print_json({"runs": [documents.of_run(one) for one in runs], "differences": differences})
        return
    rows = [
        ["status", *(str(one.status) for one in runs)],
        ["progress", *(f"{one.progress:.0%}" for one in runs)],
        ["trained", *(duration(one.elapsed) for one in runs)],
        ["best", *(named(one, one.metric, one.best) for one in runs)],
        ["final", *(named(one, one.final_metric, one.final) for one in runs)],
        *([name, *values] for name, values in different),
    ]
    print_table(("", *(one.name for one in runs)), rows)


def _export(store: RunStore, options: argparse.Namespace) -> None:
    if bool(options.runs) is options.all:
        options.complain("either RUN or --all has to be given, and not both")
    form, found = FORMATS[options.to], [store.find(text).whole for text in options.runs]
    if options.all:
        every = store.runs(options.only)[::-1]
        found = [one for one in every if one.status is not Status.DAMAGED]
        if len(found) < len(every):
            say(f"{len(every) - len(found)} of {len(every)} runs are damaged, and left out.")
        if not found:
            raise StoreError("There are no runs to export yet; rnn-tui train makes one.")
        if form.of_all:
            form = replace(form, writer=form.of_all, to_stdout=False, several=True)
    each, to = list({one.run_id: one for one in found}.values()), None if options.output is None else Path(options.output)
    for path in write(Export(form, store, each, to, sys.stdout, options.metrics, options.against)):
        say(f"written to {printable(path, 200)}")


def _rename(store: RunStore, options: argparse.Namespace) -> None:
    record = store.find(options.run)
    say(f"{record.name} is now called {store.rename(record, options.name)}.")


def _delete(store: RunStore, options: argparse.Namespace) -> None:
    """Delete runs, for which there is an undo; and for good what was deleted long ago."""
    for record in [store.find(text) for text in options.runs]:
        store.delete(record)
        say(f"{record.name} is deleted; rnn-tui runs restore {record.run_id} brings it back for {DAYS_TO_UNDO} days.")
    store.purge()


def _restore(store: RunStore, options: argparse.Namespace) -> None:
    for record in [store.find(text, deleted=True) for text in options.runs]:
        store.restore(record)
        say(f"{record.name} is back.")


# What is done, to one or several runs, how `--help` says it, and its examples.
ACTIONS = {
    "show": (_show, "run", "all about a run", "Settings, versions, figures and log of a run.", "last", "recall-fast --json"),
    "compare": (_compare, "runs", "runs side by side", "In which settings runs differ, and how their figures do.",
                "last recall-fast", "last recall-fast --json"),
    "export": (_export, "runs", "write values, charts or weights of runs to files",
               "Write values, charts or weights of one or several runs, or of all.", "last --to csv -o values.csv",
               "--all --to csv -o runs"),
    "watch": (elsewhere.watch, "run", "follow a run that another process trains",
              "Follow a run that the app or another command trains, until it ends: a chart on a "
              "terminal, in a pipe the lines that train prints. Ctrl-C ends the watching only.", "last", "last --json"),
    "stop": (elsewhere.ask, "runs", "stop runs that another process trains",
             "Stop runs that the app or another command trains, as s does there: weights are kept, "
             "and runs that wait behind it in that app or report do not begin.", "last", "recall-fast"),
    "pause": (elsewhere.ask, "runs", "pause runs that another process trains", None, "last", "recall-fast"),
    "unpause": (elsewhere.ask, "runs", "let paused runs go on in the process that trains them",
                "Let paused runs go on. What has ended goes on by rnn-tui train --resume.", "last", "recall-fast"),
    "rename": (_rename, "run", "give a run another name", None, "last baseline", "recall-fast 'ten units'"),
    "delete": (_delete, "runs", "delete runs; they can be restored for 30 days",
               "Delete runs. They can be restored for 30 days, then they are removed.", "last", "last recall-fast"),
    "restore": (_restore, "runs", "bring deleted runs back", None, "last", "recall-fast"),
}  # fmt: skip
