"""The store of all runs: settings and values in SQLite, weights in a folder for each run.

Nothing here imports torch, so that a list of runs is quick.
"""

import sys
from types import ModuleType
from typing import Any

from rnn_tui.engine.paths import run_dir

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
        from rnn_tui.api.run import runs  # noqa: PLC0415 - of a room above, for its users only

        return runs(*arguments, **options)


sys.modules[__name__].__class__ = _CallableModule
