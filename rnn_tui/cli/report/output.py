"""A rerun on the command line: the table on stdout, how it goes on stderr, documents in files."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rnn_tui.cli import exit_codes
from rnn_tui.cli.report.progress import Teller
from rnn_tui.cli.stop_signals import stopping_on_signals
from rnn_tui.engine.control import Control
from rnn_tui.engine.errors import printable
from rnn_tui.engine.paths import run_database
from rnn_tui.report.about import about
from rnn_tui.report.conclusions import Conclusion, conclusions
from rnn_tui.report.curves import accuracy_by_length
from rnn_tui.report.document import write_document
from rnn_tui.report.plan import Plan
from rnn_tui.report.rows import Results, results
from rnn_tui.report.running import Ending, reproduce
from rnn_tui.report.words import HEADS, cells, markdown_table
from rnn_tui.runs.store import RunStore

SIGNALLED = 128
RIGHT = ("published", "n", "time")


def rerun(
    plan: Plan, *, outputs: Sequence[Path], training: bool, as_json: bool, quiet: bool
) -> int:
    """Train what is lacking, then print the table; returns the exit code.

    0 at the end, 1 where a run failed, 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP (the
    shell's 128 + signal); stopped, it prints the table so far.

    Args:
        plan: what is wanted.
        outputs: documents to write, unless stopped.
        training: whether to train what is lacking, or only tell what there is.
        as_json: print one JSON document in place of the table.
        quiet: no progress, only the result and errors.

    Raises:
        UserError: if the runs, the device or a document's file can't be used.
    """
    teller = Teller(quiet=quiet)
    ending: Ending | None = None
    received: list[int] = []
    if training:
        ending, received = _trained(plan, teller)
    stopped = ending is not None and ending.stopped
    if not training and not run_database().exists():  # a question makes no database
        _tell(plan, None, outputs=outputs, as_json=as_json, stopped=False)
    else:
        with RunStore() as store:
            _tell(plan, store, outputs=[] if stopped else outputs, as_json=as_json, stopped=stopped)
    if ending is None:
        _say_written(teller, outputs, quiet)
        return exit_codes.OK
    if stopped:
        without = " No document was written." if outputs else ""
        teller.say(
            "stopped; what was trained is kept, and the same command goes on from there." + without
        )
        return SIGNALLED + received[0] if received else exit_codes.INTERRUPTED
    if ending.standing.elsewhere:
        teller.say(
            f"{ending.standing.elsewhere} networks are being trained by another process; the same "
            "command has them once they are done."
        )
    _say_written(teller, outputs, quiet)
    return exit_codes.FAILURE if ending.failures else exit_codes.OK


def _trained(plan: Plan, teller: Teller) -> tuple[Ending, list[int]]:
    """Train what is lacking; how that ended, and the signals that came."""
    control = Control()

    def stop() -> None:
        control.stop(interrupted=received[0] != signal.SIGINT)

    with stopping_on_signals(stop) as received, teller.showing():
        return reproduce(plan, teller.take, control), received


def _tell(
    plan: Plan, store: RunStore | None, *, outputs: Sequence[Path], as_json: bool, stopped: bool
) -> None:
    """Print what there is, and write the documents."""
    table = results(plan, store)
    # Who stopped it does not want to wait for more than what is there.
    by_length = () if stopped else accuracy_by_length(plan, store)
    concluded = conclusions(table, by_length)
    if as_json:
        status = "stopped" if stopped else "complete" if table.complete else "incomplete"
        document: dict[str, Any] = {
            "status": status,
            **about(table, store).to_dict(),
            "rows": [row.to_dict() for row in table.rows],
            "conclusions": [one.to_dict() for one in concluded],
        }
        print(json.dumps(document, indent=2, allow_nan=False))
    else:
        _print(table, () if stopped else concluded)
    sys.stdout.flush()
    for path in outputs:
        write_document(path, plan, store)


def _say_written(teller: Teller, outputs: Sequence[Path], quiet: bool) -> None:
    for path in [] if quiet else outputs:
        teller.say(f"written to {printable(path, 200)}")


def _print(table: Results, concluded: Sequence[Conclusion]) -> None:
    """The table and the conclusions: for the eye on a terminal, as Markdown elsewhere."""
    rows = [cells(row) for row in table.rows]
    if not sys.stdout.isatty():
        print(markdown_table(HEADS, rows))
        for note in table.plan.notes:
            print(f"\n{note}")
        for one in concluded:
            print(f"\n**{one.claim}** {one.text}")
        return
    console = Console(file=sys.stdout, force_terminal=True, highlight=False)
    shown = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for head in HEADS:
        shown.add_column(Text(head), justify="right" if head in RIGHT else "left")
    for row in rows:
        shown.add_row(*map(Text, row))
    console.print(shown)
    for note in table.plan.notes:
        console.print(Text(f"\n{note}", "dim"))
    for one in concluded:
        console.print(Text(f"\n{one.claim} ", "bold") + Text(one.text))
