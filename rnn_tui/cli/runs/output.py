"""What `rnn-tui runs` prints: tables on a terminal, columns with tabs in a pipe, JSON on demand."""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rnn_tui.engine.errors import printable
from rnn_tui.engine.paths import run_database
from rnn_tui.runs import documents
from rnn_tui.runs.comparison import Against, differing, settings_of
from rnn_tui.runs.export.formats import write
from rnn_tui.runs.records import RunRecord
from rnn_tui.runs.store import DAYS_TO_UNDO, RunStore
from rnn_tui.runs.words import NOTHING, age, figure

COLUMNS = ("name", "task", "status", "progress", "best", "final", "trained", "age", "id")
RIGHT = ("best", "final", "trained", "age")
LAST_LINES = 5


def list_runs(task: str | None, *, deleted: bool = False, as_json: bool = False) -> None:
    """Print all runs, the newest first."""
    runs: list[RunRecord] = []
    if run_database().exists():  # a question makes no database
        with RunStore() as store:
            runs = store.runs(task, deleted=deleted)
    if as_json:
        _print_json({"runs": [documents.of_run(run) for run in runs]})
    elif runs:
        _print_table(COLUMNS, [_row(run) for run in runs], RIGHT)
    else:
        _say("There are no runs yet; rnn-tui train makes one.")


def show(text: str, *, as_json: bool = False) -> None:
    """Print all about a run."""
    with RunStore() as store:
        run = store.find(text)
        document = documents.in_full(run, store)
    if as_json:
        _print_json(document)
        return
    started = document["sessions"]
    lines = [
        ("id", run.run_id),
        ("name", run.name),
        ("status", f"{run.status}, {run.progress:.0%}"),
        *([("message", run.message)] if run.message else []),
        ("began", document["created"]),
        ("trained", f"{duration(run.elapsed)} on {run.device or NOTHING}, step {run.step:,} of "
                    f"{run.total_steps:,}"),
        ("parameters", f"{run.parameters:,}"),
        ("best", named(run, run.metric, run.best)),
        ("last", named(run, run.metric, run.last)),
        ("final", named(run, run.final_metric, run.final)),
        ("weights", document["weights"] or NOTHING),
        ("tags", ", ".join(run.tags) or NOTHING),
        ("note", run.note or NOTHING),
        *settings_of(run.config),
    ]  # fmt: skip
    for session in started:
        versions = ", ".join(f"{name} {version}" for name, version in session["versions"].items())
        lines.append(
            (f"from step {session['first_step']:,}",
             f"{session['started']} on {session['host']}, {session['device']}, {versions}")
        )  # fmt: skip
    lines += [("log", line["text"]) for line in document["log"][-LAST_LINES:]]
    _print_pairs(lines)


def compare(texts: Sequence[str], *, as_json: bool = False) -> None:
    """Print in what runs differ."""
    with RunStore() as store:
        runs = [store.find(text) for text in texts]
    if as_json:
        document = {
            "runs": [documents.of_run(run) for run in runs],
            "differences": documents.differences([r.run_id for r in runs], differing(runs)),
        }
        _print_json(document)
        return
    rows = [
        ["status", *(str(run.status) for run in runs)],
        ["progress", *(f"{run.progress:.0%}" for run in runs)],
        ["trained", *(duration(run.elapsed) for run in runs)],
        ["best", *(named(run, run.metric, run.best) for run in runs)],
        ["final", *(named(run, run.final_metric, run.final) for run in runs)],
    ]
    rows += [[name, *values] for name, values in differing(runs)]
    _print_table(("", *(run.name for run in runs)), rows)


def rename(text: str, name: str) -> None:
    """Give a run another name."""
    with RunStore() as store:
        run = store.find(text)
        _say(f"{run.name} is now called {store.rename(run, name)}.")


def delete(texts: Sequence[str]) -> None:
    """Delete runs, for which there is an undo; and for good what was deleted long ago."""
    with RunStore() as store:
        for run in [store.find(text) for text in texts]:
            store.delete(run)
            _say(
                f"{run.name} is deleted; rnn-tui runs restore {run.run_id} brings it back for "
                f"{DAYS_TO_UNDO} days."
            )
        store.purge()


def restore(texts: Sequence[str]) -> None:
    """Bring deleted runs back."""
    with RunStore() as store:
        for run in [store.find(text, deleted=True) for text in texts]:
            store.restore(run)
            _say(f"{run.name} is back.")


def export(
    texts: Sequence[str],
    form: str,
    output: Path | None,
    *,
    metrics: Sequence[str] | None,
    against: Against,
) -> None:
    """Write something of runs to files, or to stdout."""
    with RunStore() as store:
        runs = list({run.run_id: run for run in (store.find(text) for text in texts)}.values())
        written = write(store, runs, form, output, metrics=metrics, against=against, out=sys.stdout)
    for path in written:
        _say(f"written to {printable(path, 200)}")


# --- words --------------------------------------------------------------------------------------


def named(run: RunRecord, metric: str, value: float | None) -> str:
    """A figure with its unit and its name."""
    text = figure(run, metric, value)
    return text if text == NOTHING else f"{text} {run.spec(metric).label}"


def duration(seconds: float) -> str:
    """A time span as a clock has it."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _row(run: RunRecord) -> list[str]:
    return [
        run.name,
        run.config.task,
        str(run.status),
        f"{run.progress:.0%}",
        figure(run, run.metric, run.best),
        figure(run, run.final_metric, run.final),
        duration(run.elapsed),
        age(time.time() - run.created),
        run.run_id,
    ]


# --- output -------------------------------------------------------------------------------------


def _say(text: str) -> None:
    print(f"rnn-tui: {text}", file=sys.stderr, flush=True)


def _print_json(document: Any) -> None:
    print(json.dumps(document, indent=2, allow_nan=False))


def _console() -> Console:
    return Console(file=sys.stdout, force_terminal=sys.stdout.isatty(), highlight=False)


def _print_table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()
) -> None:
    shown = [[printable(cell, 200) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in (heads, *shown):
            print("\t".join(row))
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for head in heads:
        table.add_column(Text(head), justify="right" if head in right else "left")
    for row in shown:
        table.add_row(*map(Text, row))
    _console().print(table)


def _print_pairs(pairs: Sequence[tuple[str, str]]) -> None:
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        text = printable(value, 1000)
        if sys.stdout.isatty():
            _console().print(Text(f"{name:<{width}}  ", "bold") + Text(text), soft_wrap=True)
        else:
            print(f"{name}\t{text}")
