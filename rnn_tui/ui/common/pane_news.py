"""What the app tells its panes: news of runs, of long jobs, of weights."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message


class PaneNews(Message):
    """News for a pane, which takes none before all its parts are there, but catches up then."""


class WeightsChanged(PaneNews):
    """From now on other weights answer in a panel."""


@dataclass
class RunsChanged(PaneNews):
    """These runs have new figures, or else PyTorch is loaded; the `TrainingManager` has it all."""

    run_ids: Sequence[str]


class LongJobChanged(PaneNews):
    """The report rerun, or the sweep, has got on, or ended; the `TrainingManager` has it."""
