"""Every run of every task, kept: SQLite for settings and values, a folder of weights for each.

What goes wrong here costs no training: it is told once, and what can be kept is kept. No torch, so that a list is quick.
"""

from rnn_tui.engine.paths import run_dir

LAST = "last"  # what a user types for the newest run, wherever a run is named


def kept_runs() -> list[str]:
    """The folders of runs, the newest first."""
    try:
        return sorted((path.name for path in run_dir().iterdir()), reverse=True)
    except OSError:
        return []
