"""What of a process's memory is PyTorch: its size after each step of the way to a training.

Counted is what belongs to the process alone, without what it shares with others, such as the code
of libraries. There is no target; docs/reliability.md has the figures.
"""

import os
import tempfile
import threading
from collections.abc import Callable
from functools import partial
from importlib import import_module

import psutil

from rnn_tui.engine.events import Control
from rnn_tui.engine.process.machine import share_arenas, usable_cores
from rnn_tui.tasks import TASKS

TRAINED = ("recall", "adder", "mnist")
TIMES = 3


def megabytes() -> float:
    """The memory of this process that it shares with no other."""
    memory = psutil.Process().memory_info()
    return float(memory.rss - getattr(memory, "shared", 0)) / (1 << 20)


def load_tasks() -> None:
    for task in TASKS.values():
        task.load()


def train(name: str) -> None:
    """Train one epoch of a task in a thread of its own, as the app does."""
    from rnn_tui.archive import training  # noqa: PLC0415

    task = TASKS[name]
    config = task.config(next(iter(task.cells)), "fast", epochs=1)
    run_id = os.urandom(8).hex()

    def work() -> None:
        training.train(config, lambda _: None, Control(), run_id)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def main() -> None:
    share_arenas(max(2, usable_cores()))
    before = megabytes()
    print(f"{before:6.0f} MB  Python and the engine")
    steps: list[tuple[str, Callable[[], object]]] = [
        ("the app, with Textual", partial(import_module, "rnn_tui.ui.app.app")),
        ("import torch", partial(import_module, "torch")),
        ("all tasks", load_tasks),
    ]
    for name in TRAINED:
        for number in range(TIMES):
            steps.append((f"training {number + 1} of {name}", partial(train, name)))
    with tempfile.TemporaryDirectory() as home:  # not `_common`, which imports PyTorch
        os.environ["RNN_TUI_HOME"] = home
        for name, step in steps:
            step()
            after = megabytes()
            print(f"{after:6.0f} MB  {name}: {after - before:+.0f}")
            before = after


if __name__ == "__main__":
    main()
