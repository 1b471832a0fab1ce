"""Rows as records."""

import json
import math
import sqlite3
from collections.abc import Iterable, Mapping
from functools import reduce

from rnn_tui.engine import events
from rnn_tui.engine.state import RunState, Status
from rnn_tui.runs.records import Curve, Kind, Moment, RunRecord, Session, unpack


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


def sessions(connection: sqlite3.Connection, run_id: str) -> list[Session]:
    """The stretches of training of a run, the first one first."""
    rows = connection.execute(
        "SELECT started, first_step, host, pid, process_started, device, workers, versions "
        "FROM sessions WHERE run_id = ? ORDER BY started",
        (run_id,),
    )
    return [Session(**{**dict(row), "versions": _versions(row["versions"])}) for row in rows]


def _versions(text: str) -> Mapping[str, str]:
    try:
        return {str(name): str(version) for name, version in json.loads(text).items()}
    except (AttributeError, ValueError):
        return {}


def replayed(
    run: RunRecord, logged: Iterable[Moment], texts: Iterable[tuple[float, str, str]]
) -> RunState:
    """The state that the run's events led to, as the app and the command line show it."""
    return reduce(RunState.apply, _events(run, logged, texts), RunState(run.run_id, run.config))


def _events(
    run: RunRecord, logged: Iterable[Moment], texts: Iterable[tuple[float, str, str]]
) -> Iterable[events.Event]:
    name = run.run_id
    if run.total_steps:
        yield events.RunStarted(
            name, run.config, run.specs, run.total_steps, run.steps_per_epoch,
            run.samples_per_epoch, run.parameters, run.device,
        )  # fmt: skip
    for _, level, text in texts:
        yield events.LogLine(name, text, "warning" if level == "warning" else "info")
    end: events.Event | None = None
    for m in logged:
        match m.kind:
            case "step":
                yield events.StepLogged(
                    name, m.step, m.metrics, m.rate or 0.0, m.elapsed, m.replicas
                )
            case "epoch":
                yield events.EpochEnded(
                    name, m.epoch or 0, m.step, m.metrics, m.seconds or 0.0, m.elapsed, m.replicas
                )
            case "test":
                end = events.RunFinished(name, m.step, m.metrics, m.elapsed, m.replicas)
    if run.weights.is_file():
        yield events.CheckpointSaved(name, run.step, str(run.weights))
    match run.status:
        case Status.PAUSED:
            yield events.RunPaused(name, run.step)
        case Status.STOPPED | Status.INTERRUPTED:
            interrupted = run.status is Status.INTERRUPTED
            yield events.RunStopped(name, run.step, run.elapsed, interrupted)
        case Status.FAILED:
            yield events.RunFailed(name, run.step, run.message)
        case Status.FINISHED if end is not None:
            yield end
