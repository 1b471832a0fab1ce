"""Runs that have a folder of weights but are not in the database: it is new, or was moved away."""

import sqlite3
import time
from pathlib import Path

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.paths import run_dir, weights_of
from rnn_tui.engine.weights_file import read_description
from rnn_tui.runs.database import transaction
from rnn_tui.runs.locks import is_held
from rnn_tui.runs.records import ID, Moment, RunStatus, headline
from rnn_tui.runs.writing import insert_run, update_run, write_results

MOST_ADOPTED = 2000
_TIME_IN_ID = "%Y%m%d-%H%M%S"


def adopt_folders(connection: sqlite3.Connection, *, but: str = "") -> int:
    """Add what lies in the folder of runs to a new database; returns how many there were.

    Their curves are lost, or never were: settings, figures and weights are kept.

    Args:
        connection: to the database.
        but: a run that is being added in another way.

    Raises:
        sqlite3.Error: as SQLite does.
    """
    try:
        names = sorted((path.name for path in run_dir().iterdir()), reverse=True)
    except OSError:
        return 0
    adopted = 0
    for name in names[:MOST_ADOPTED]:
        if name != but and ID.fullmatch(name) and not is_held(name):
            with transaction(connection):
                adopted += _adopt(connection, name)
    return adopted


def _adopt(connection: sqlite3.Connection, run_id: str) -> bool:
    path = weights_of(run_id)
    try:
        config, step, metrics = read_description(path)
        created = _created(run_id, path)
    except (CheckpointError, OSError):
        return False
    label = config.label.lower().replace(" ", "-").replace("×", "x")
    insert_run(connection, run_id, config, f"{config.task}-{label}", created)
    columns: dict[str, object] = {"status": RunStatus.STOPPED, "step": step}
    if metrics:
        columns |= write_results(
            connection, run_id, config, (), Moment.test(config, step, 0.0, metrics)
        )
        accuracy = next((name for name in metrics if name.endswith("accuracy")), None)
        if accuracy is not None:
            columns |= {
                "final": headline(config, metrics[accuracy], True),
                "final_metric": accuracy,
            }
    update_run(connection, run_id, **columns)
    return True


def _created(run_id: str, path: Path) -> float:
    try:
        return time.mktime(time.strptime(run_id[:15], _TIME_IN_ID))
    except ValueError:
        return path.stat().st_mtime
