"""Every run of every task, kept: SQLite for settings and values, a folder of weights for each.

Whatever goes wrong here costs no training: it is told once in a sentence, and what can be kept is
kept. No torch in here, so that a list of runs is there at once.
"""

from rnn_tui.engine.paths import run_dir

# What a user types for the newest run, wherever a run is named.
LAST = "last"


def kept_runs() -> list[str]:
    """The folders of runs, the newest first."""
    try:
        return sorted((path.name for path in run_dir().iterdir()), reverse=True)
    except OSError:
        return []
