"""The archive of runs: settings and values in SQLite, weights in a folder for each run.

Nothing here imports torch, so that a list of runs is quick.
"""

from rnn_tui.engine.files.paths import run_dir

LAST = "last"  # what a user types for the newest run, wherever a run is named


def run_folders() -> list[str]:
    """Return the names of the folders of runs, which are their ids, the newest first."""
    try:
        return sorted((path.name for path in run_dir().iterdir()), reverse=True)
    except OSError:
        return []
