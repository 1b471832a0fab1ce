"""What was logged of a run, as it was written."""

import math
import sqlite3

from rnn_tui.runs.records import Curve, Kind, Moment, RunRecord, unpack


def moments(connection: sqlite3.Connection, run_id: str, kind: Kind | None = None) -> list[Moment]:
    """All that was logged of a run, by step; at the same step `step`, then `epoch`, then `test`."""
    only, arguments = ("", [run_id]) if kind is None else (" AND kind = ?", [run_id, kind])
    figures: dict[tuple[str, int], tuple[dict[str, float], dict[str, tuple[float, ...]]]] = {}
    for row_kind, metric, step, value, replicas in connection.execute(
        f"SELECT kind, metric, step, value, replicas FROM points WHERE run_id = ?{only}", arguments
    ):
        single, many = figures.setdefault((row_kind, step), ({}, {}))
        if replicas is None:
            single[metric] = math.nan if value is None else value
        else:
            many[metric] = unpack(replicas)
    rows = connection.execute(
        "SELECT kind, step, epoch, elapsed, rate, seconds FROM moments "
        f"WHERE run_id = ?{only} ORDER BY step, instr('step epoch test', kind)",
        arguments,
    )
    return [
        Moment(kind, step, elapsed, *figures.get((kind, step), ({}, {})), epoch, rate, seconds)
        for kind, step, epoch, elapsed, rate, seconds in rows
    ]


def curve(connection: sqlite3.Connection, run: RunRecord, metric: str) -> Curve:
    """A metric as it was logged: by step where it was, else by epoch, else at the end."""
    for kind in ("step", "epoch", "test"):
        logged = connection.execute(
            "SELECT p.step, m.elapsed, p.value, p.replicas FROM points p JOIN moments m "
            "ON m.run_id = p.run_id AND m.kind = p.kind AND m.step = p.step "
            "WHERE p.run_id = ? AND p.kind = ? AND p.metric = ? ORDER BY p.step",
            (run.run_id, kind, metric),
        ).fetchall()
        if logged:
            break
    values = tuple(
        unpack(replicas) if replicas is not None else math.nan if value is None else value
        for _, _, value, replicas in logged
    )
    steps = tuple(row[0] for row in logged)
    epochs = tuple(step / max(1, run.steps_per_epoch) for step in steps)
    return Curve(metric, steps, epochs, tuple(row[1] for row in logged), values)
