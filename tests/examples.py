"""What is shown before there is a run: `python -m tests.examples`.

Trains every task with the settings that its form has at first, sequences with five seeds, in a home
of its own, and writes what charts draw of it to `assets/examples/TASK.json`. Then makes a small
sweep, and writes what commands list of runs and trials to `runs.tsv` and `trials.tsv` there.
"""

import contextlib
import io
import json
import math
import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rnn_tui.archive.event_json import to_document
from rnn_tui.archive.training import train
from rnn_tui.cli.main import main
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.events import Control, Event, new_run_id
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import SequenceConfig

SEEDS = 5
RUN_HEADINGS = ("name", "network", "n", "test")
SWEEP = (
    *("sweep", "recall", "--preset", "fast", "--seeds", "5", "--on", "local:2"),
    *("--grid", "learning_rate=0.001,0.003,0.01,0.03,0.1", "--grid", "hidden_size=2,5"),
)
STEPS = 60  # logged steps that are kept at most
DIGITS = 4  # significant ones; a chart has room for fewer
OTHERS = (events.RunStarted, events.EpochEnded, events.RunFinished)


def short(value: Any) -> Any:
    """A value with as few digits as are drawn."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {name: short(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [short(item) for item in value]
    return value


def record(config: RunConfig) -> dict[str, Any]:
    """Train, and return settings and events as a document."""
    logged: list[Event] = []
    train(config, logged.append, Control(), new_run_id())
    steps = [event for event in logged if isinstance(event, events.StepLogged)]
    kept_steps = steps[:: math.ceil(len(steps) / STEPS)]
    drawn = [event for event in logged if isinstance(event, OTHERS) or event in kept_steps]
    documents = [short(to_document(event)) for event in drawn]
    return {"config": config.to_dict(), "events": documents}


def printed(*arguments: str) -> list[list[str]]:
    """The table that a command prints, its headings first."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        assert main(arguments) == 0
    return [line.split("\t") for line in output.getvalue().splitlines()]


def write_table(path: Path, rows: list[list[str]], headings: Sequence[str]) -> None:
    """Write the columns of these headings."""
    columns = [rows[0].index(heading) for heading in headings]
    lines = ["\t".join(row[column] for column in columns) for row in rows]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    print(path, f"{len(rows) - 1} rows")


def record_tables(folder: Path) -> None:
    """Write the tables of the runs that were trained, and of the trials of a sweep."""
    write_table(folder / "runs.tsv", printed("runs"), RUN_HEADINGS)
    assert main([*SWEEP, "--name", "example", "--quiet"]) == 0
    trials = printed("sweep", "show", "example")
    write_table(folder / "trials.tsv", trials, trials[0][:-1])


def record_all() -> None:
    """Write a file for each task that ships, and the tables."""
    folder = asset_dir() / "examples"
    folder.mkdir(exist_ok=True)
    for task in TASKS.values():
        config = task.config(task.default_cell)
        if isinstance(config, SequenceConfig):
            config = replace(config, seeds=SEEDS)
        path = folder / f"{task.name}.json"
        path.write_text(json.dumps(record(config), separators=(",", ":")) + "\n", "utf-8")
        print(path, f"{path.stat().st_size:,} bytes")
    record_tables(folder)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["RNN_TUI_HOME"] = home
        record_all()
