"""Every run of every task, kept: SQLite has settings and values, folders weights. No torch, so that
a list is quick.
"""

from rnn_tui.engine.paths import run_dir

LAST = "last"  # what a user types for the newest run, wherever a run is named


def kept_runs() -> list[str]:
    """The folders of runs, the newest first."""
    try:
        return sorted((path.name for path in run_dir().iterdir()), reverse=True)
    except OSError:
        return []
