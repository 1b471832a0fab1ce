"""Examples that are shown before there is any run: a recorded training, and networks that ship.

`python -m tests.examples` records the trainings.
"""

import json
from dataclasses import dataclass
from typing import Any

from rnn_tui.engine.config import config_from_dict
from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.metrics import split_figures
from rnn_tui.engine.paths import asset_dir
from rnn_tui.engine.state import RunState, Status
from rnn_tui.runs.event_json import event_from
from rnn_tui.runs.weights import Source, shipped
from rnn_tui.tasks.task import Task


@dataclass(frozen=True)
class Example:
    """A run that is shown as an example."""

    name: str  #: such as `pretrained LSTM`.
    run: RunState  #: settings and figures.
    evaluation: Any = None  #: the evaluation, as of a run of the task; None if there is none.


def recorded_example(task: Task) -> Example | None:
    """Read the training that was recorded for a task, with its curves; None if none was."""
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
    """Measure the networks that ship for a task on its test data: a few seconds, with PyTorch.

    There are no curves of their training.

    Raises:
        CheckpointError: if none ship, or their file can't be read.
    """
    from rnn_tui.engine.checkpoint import load_checkpoint  # noqa: PLC0415 - torch

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
