"""Messages from the app to its panes."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message


class PaneNews(Message):
    """News for a pane, which takes none before all its parts are there, but catches up then."""


class WeightsChanged(PaneNews):
    """From now on other weights answer in a panel."""


@dataclass
class RunsChanged(PaneNews):
    """These runs have new figures, or PyTorch is loaded; the `TrainingManager` has all of it."""

    run_ids: Sequence[str]  #: empty if no run has changed, and only PyTorch has been loaded.


class ReportChanged(PaneNews):
    """The report rerun has got on, or ended; the `TrainingManager` has its status."""


class SweepChanged(PaneNews):
    """The sweep has got on, or ended; the `TrainingManager` has its status."""
