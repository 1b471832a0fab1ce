"""Rows of table `runs` as records, each made once for as long as nothing is new of it.

A list of 20,000 runs that is asked for again every second, since one of them is in training, costs
a look at a few columns.
"""

import json
import sqlite3

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.state import Status
from rnn_tui.engine.weights_file import read_description
from rnn_tui.runs.database import transaction
from rnn_tui.runs.locks import is_alive, is_held, lock_of_sweep
from rnn_tui.runs.records import RUN_ROW, Moment, RunRecord, is_id, record_from_row
from rnn_tui.runs.rows import sessions, update_run, write_results

ACTIVE = [status for status in Status if status.active]


class RecordReader:
    """Reads records of runs from rows that are `sqlite3.Row`, and remembers them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        # By their place in the database: what tells that a run changed, and what was read.
        self._known: dict[int, tuple[tuple[object, ...], RunRecord]] = {}

    def records(self, where: str, *arguments: str | None) -> list[RunRecord]:
        """The runs that a clause of SQL with parameters chooses, in its order; a `sqlite3.Error` if it can't be."""
        tags: dict[object, list[object]] = {}
        for run_id, tag in self._connection.execute("SELECT run_id, tag FROM tags"):
            tags.setdefault(run_id, []).append(tag)
        # Whatever is written of a run changes one of these.
        columns = "rowid, id, status, updated, step, name, note, deleted, (SELECT sweep FROM trials WHERE run_id = id) AS sweep"
        rows = self._connection.execute(f"SELECT {columns} FROM runs {where}", arguments)
        now = {row["rowid"]: (*row, *tags.get(row["id"], ()), self._alive(row)) for row in rows.fetchall()}
        news = [at for at, state in now.items() if at not in self._known or self._known[at][0] != state]
        whole = self._connection.execute(
            f"SELECT {RUN_ROW} FROM runs WHERE rowid IN (SELECT value FROM json_each(?))", [json.dumps(news)]
        )
        for row in whole.fetchall():
            at = row["rowid"]
            run = record_from_row(row, tags.get(row["id"], []), now[at][-1])
            self._known[at] = now[at], self._settled(run)
        return [self._known[at][1] for at in now if at in self._known]

    def _alive(self, row: sqlite3.Row) -> bool:
        if row["status"] not in ACTIVE or not is_id(row["id"]):
            return False
        held = is_held(row["id"])
        if not held and is_id(sweep := row["sweep"]):
            held = is_held(lock_of_sweep(sweep))  # of runs elsewhere the one process that watches them has one lock
        if held is not None:
            return held
        last = sessions(self._connection, row["id"])[-1:]
        return any(is_alive(one.host, one.pid, one.process_started) for one in last)

    def _settled(self, run: RunRecord) -> RunRecord:
        """A run that was killed after its weights were complete, but before it could say so."""
        if run.status is not Status.INTERRUPTED:
            return run
        try:
            _, step, metrics = read_description(run.weights)
        except CheckpointError:
            metrics = {}
        if not metrics:
            return run
        with transaction(self._connection):
            moment = Moment.test(run.config, step, run.elapsed, metrics)
            columns = write_results(self._connection, run.run_id, run.config, run.specs, moment)
            update_run(self._connection, run.run_id, **columns)
        found = self.records("WHERE id = ?", run.run_id)
        return found[0] if found else run
