"""Messages from the app to its panes."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message


class PaneNews(Message):
    """News for a pane, which takes none before all its parts are there, but catches up then."""


class WeightsChanged(PaneNews):
    """A message that other weights answer in a panel from now on."""


@dataclass
class RunsChanged(PaneNews):
    """A message that these runs have new figures, or that PyTorch is loaded.

    The `TrainingManager` has the details.
    """

    run_ids: Sequence[str]  #: empty if no run has changed, and only PyTorch has been loaded.


class RerunChanged(PaneNews):
    """A message that the rerun of a paper has progressed or ended.

    The `TrainingManager` has its status.
    """


class SweepChanged(PaneNews):
    """A message that the sweep has progressed or ended.

    The `TrainingManager` has its status.
    """
