"""An example of results before there is any run: the networks that ship, measured as runs are."""

from dataclasses import dataclass
from typing import Any

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.metrics import split_figures
from rnn_tui.engine.state import RunState, Status
from rnn_tui.runs.weights import Source, shipped
from rnn_tui.tasks.task import Task


@dataclass(frozen=True)
class Example:
    """Networks that ship, as a finished run with its evaluation."""

    name: str  #: such as `pretrained LSTM`.
    run: RunState  #: their settings and test figures; there are no curves of their training.
    evaluation: Any  #: the evaluation, as of a run of the task.


def measure_example(task: Task) -> Example:
    """Measure the networks that ship for a task on its test data: a few seconds, with PyTorch.

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
    return Example(source.title, run, evaluation)


def _usual_source(task: Task) -> Source:
    """Return the weights that ship for the position that a task recalls by default, if any."""
    sources = shipped(task.name)
    if not sources:
        raise CheckpointError(f"No weights ship for {task.name}.")
    position = getattr(task.config(task.default_cell), "position", None)
    return next((source for source in sources if source.position == position), sources[0])
