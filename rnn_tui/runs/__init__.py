"""The store of all runs: settings and values in SQLite, weights in a folder for each run.

Nothing here imports torch, so that a list of runs is quick.

In scripts and notebooks, `rnn_tui.runs(task, status=…, cell=…, preset=…, tag=…, most=…)` lists
them, each a `rnn_tui.Run`.
"""

import sys
from types import ModuleType
from typing import Any

from rnn_tui.engine.files.paths import run_dir

LAST = "last"  # what a user types for the newest run, wherever a run is named


def run_folders() -> list[str]:
    """Return the names of the folders of runs, which are their ids, the newest first."""
    try:
        return sorted((path.name for path in run_dir().iterdir()), reverse=True)
    except OSError:
        return []


class _CallableModule(ModuleType):
    """This package and the public function `rnn_tui.runs`, which have one name.

    Python puts a package that is imported into its parent under its name, where the function would
    be. So the package can be called, and passes the call on.
    """

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Return stored runs, the newest first: `help(rnn_tui.Run)` says what each can do.

        Args:
            arguments: the name of a task, for its runs alone.
            options: `status`, `cell`, `preset`, `tag` and `most`, as in the reference of Python.
        """
        from rnn_tui.api.run import runs  # noqa: PLC0415 - of a room above, for its users only

        return runs(*arguments, **options)


sys.modules[__name__].__class__ = _CallableModule
