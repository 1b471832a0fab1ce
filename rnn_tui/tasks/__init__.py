"""The tasks: a package for each that ships and a line in this registry; then those of plug-ins."""

from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.plugins import add_plugins
from rnn_tui.tasks.recall import RECALL
from rnn_tui.tasks.task import Task

TASKS: dict[str, Task] = {task.name: task for task in (MNIST, RECALL, ADDER)}
# What is wrong with plug-ins that could not be used, a sentence each.
BROKEN_PLUGINS: list[str] = add_plugins(TASKS)
