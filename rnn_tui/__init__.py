"""Train, watch and question small recurrent networks: in the terminal, in scripts, in notebooks.

    import rnn_tui

    run = rnn_tui.train("adder", preset="fast", seeds=20)
    trace = rnn_tui.load_network(run).trace("1011 110")
    print(trace.analyse("carry").summary)
    trace.plot("cell")

The names of `__all__` are all that scripts and notebooks need. Each is imported when it is first
asked for, so that `import rnn_tui` loads neither PyTorch nor NumPy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rnn_tui.api.comparing import compare
    from rnn_tui.api.loading import load_network
    from rnn_tui.api.network import Network
    from rnn_tui.api.run import Run, runs
    from rnn_tui.api.sequences import SequenceData, read_sequences, sequences
    from rnn_tui.api.sweeps import sweep
    from rnn_tui.api.trace import NetworkTrace
    from rnn_tui.api.training import register, train
    from rnn_tui.engine.config import Recipe, RunConfig
    from rnn_tui.engine.errors import UserError
    from rnn_tui.engine.metrics import ACCURACY, Measure, Metric
    from rnn_tui.networks import CELLS
    from rnn_tui.networks.cell import Cell
    from rnn_tui.tasks import TASKS
    from rnn_tui.tasks.task import Preset, SequenceShape, Task

__version__ = "0.1.0"

__all__ = [
    "ACCURACY",
    "CELLS",
    "TASKS",
    "Cell",
    "Measure",
    "Metric",
    "Network",
    "NetworkTrace",
    "Preset",
    "Recipe",
    "Run",
    "RunConfig",
    "SequenceData",
    "SequenceShape",
    "Task",
    "UserError",
    "compare",
    "load_network",
    "read_sequences",
    "register",
    "runs",
    "sequences",
    "sweep",
    "train",
]

#: the module of each public name.
_MODULES = {
    "ACCURACY": "rnn_tui.engine.metrics",
    "CELLS": "rnn_tui.networks",
    "TASKS": "rnn_tui.tasks",
    "Cell": "rnn_tui.networks.cell",
    "Measure": "rnn_tui.engine.metrics",
    "Metric": "rnn_tui.engine.metrics",
    "Network": "rnn_tui.api.network",
    "NetworkTrace": "rnn_tui.api.trace",
    "Preset": "rnn_tui.tasks.task",
    "Recipe": "rnn_tui.engine.config",
    "Run": "rnn_tui.api.run",
    "RunConfig": "rnn_tui.engine.config",
    "SequenceData": "rnn_tui.api.sequences",
    "SequenceShape": "rnn_tui.tasks.task",
    "Task": "rnn_tui.tasks.task",
    "UserError": "rnn_tui.engine.errors",
    "compare": "rnn_tui.api.comparing",
    "load_network": "rnn_tui.api.loading",
    "read_sequences": "rnn_tui.api.sequences",
    "register": "rnn_tui.api.training",
    "runs": "rnn_tui.api.run",
    "sequences": "rnn_tui.api.sequences",
    "sweep": "rnn_tui.api.sweeps",
    "train": "rnn_tui.api.training",
}


def __dir__() -> list[str]:
    return sorted([*__all__, *(name for name in globals() if name.startswith("__"))])


if not TYPE_CHECKING:  # a type checker knows the names above, and no others

    def __getattr__(name: str) -> Any:
        """Import a public name when it is first used."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_MODULES[name]), name)
        globals()[name] = value  # the next time it is there
        return value
