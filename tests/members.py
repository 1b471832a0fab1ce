"""All members of what is registered, for tests that go over them."""

from rnn_tui.tasks.task import Task


def metrics_of(task: Task, *stages: str) -> list[str]:
    """The names of a task's metrics of these stages, in order of display."""
    return [metric.name for metric in task.metric_definitions if metric.stage in stages]
