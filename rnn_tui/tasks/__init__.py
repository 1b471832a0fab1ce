"""The tasks: one package each, and a line in this registry."""

from collections.abc import Mapping

from rnn_tui.tasks.base import TaskSpec
from rnn_tui.tasks.mnist import MNIST

TASKS: Mapping[str, TaskSpec] = {task.name: task for task in (MNIST,)}
