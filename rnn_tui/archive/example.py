"""What a task shows before a run begins: the user's last run, or else an example that ships.

Examples are a recorded training and trained networks. `python -m tests.examples` records the
trainings.
"""

import json
from dataclasses import dataclass, replace
from typing import Any

from rnn_tui.archive.event_json import event_from
from rnn_tui.archive.store import RunStore
from rnn_tui.archive.weights import Source, finished_runs, shipped
from rnn_tui.engine.config import config_from_dict
from rnn_tui.engine.errors import CheckpointError, StoreError, printable
from rnn_tui.engine.files.paths import asset_dir, weights_of
from rnn_tui.engine.metrics import split_figures
from rnn_tui.engine.state import RunState, Status
from rnn_tui.tasks.task import Task


@dataclass(frozen=True)
class Example:
    """A run that is shown before one begins."""

    name: str  #: such as `pretrained LSTM`.
    run: RunState  #: settings and figures.
    evaluation: Any = None  #: the evaluation, as of a run of the task; None if there is none.
    own: bool = False  #: whether the user trained it, which makes it no example.


def recorded_example(task: Task) -> Example | None:
    """Read the user's last run of a task, or else its recorded training, with the curves.

    Returns:
        None if there is neither.
    """
    return _last_run(task) or _recorded_training(task)


def _last_run(task: Task) -> Example | None:
    """Read the newest finished run that was trained by hand; None if none can be read."""
    source = next(finished_runs(task.name, by_hand=True), None)
    if source is None:
        return None
    try:
        with RunStore() as store:
            record = store.find(source.path.parent.name)
            return Example(printable(record.name), store.state(record), own=True)
    except StoreError:
        return None


def _recorded_training(task: Task) -> Example | None:
    path = asset_dir() / "examples" / f"{task.name}.json"
    if not path.is_file():
        return None
    document = json.loads(path.read_text(encoding="utf-8"))
    config = config_from_dict(document["config"])
    run = RunState(f"recorded {task.name}", config)
    for event_document in document["events"]:
        run = run.apply(event_from(event_document, run.run_id, config))
    return Example(f"a recorded training of {config.name}, preset {config.preset}", run)


def measure_example(task: Task) -> Example:
    """Measure the user's last run of a task, or else the networks that ship, on the test data.

    This takes a few seconds, and PyTorch.

    Raises:
        CheckpointError: if there are neither, or a file can't be read.
        DataError: if the data of the last run are no longer there.
    """
    from rnn_tui.engine.training.checkpoint import load_checkpoint  # torch

    last_run = _last_run(task)
    if last_run is None:
        return _measure_shipped(task)
    checkpoint = load_checkpoint(weights_of(last_run.run.run_id))
    evaluation = task.load().evaluate(checkpoint.config, checkpoint.weights)
    return replace(last_run, evaluation=evaluation)


def _measure_shipped(task: Task) -> Example:
    """Measure the networks that ship; there are no curves of their training."""
    from rnn_tui.engine.training.checkpoint import load_checkpoint  # torch

    source = _usual_source(task)
    checkpoint = load_checkpoint(source.path)
    results, replica_results = split_figures(checkpoint.metrics)
    run = RunState(
        run_id=f"example {task.name}",
        config=checkpoint.config,
        status=Status.FINISHED,
        metric_definitions=task.metric_definitions,
        step=checkpoint.step,
        results=results,
        replica_results=replica_results,
        checkpoint=str(source.path),
    )
    evaluation = task.load().evaluate(checkpoint.config, checkpoint.weights)
    name = f"{source.title}, preset {checkpoint.config.preset}, as shipped"
    return Example(name, run, evaluation)


def _usual_source(task: Task) -> Source:
    """Return the weights that ship for the position that a task recalls by default, if any."""
    sources = shipped(task.name)
    if not sources:
        raise CheckpointError(f"No weights ship for {task.name}.")
    position = getattr(task.config(task.default_cell), "position", None)
    return next((source for source in sources if source.position == position), sources[0])
