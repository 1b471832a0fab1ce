"""The tasks: one package each, and a line in this registry."""

from collections.abc import Mapping

from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.recall import RECALL
from rnn_tui.tasks.task import Task

TASKS: Mapping[str, Task] = {task.name: task for task in (MNIST, RECALL, ADDER)}
