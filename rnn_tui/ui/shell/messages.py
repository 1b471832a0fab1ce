"""What the app tells its panes, and what panes ask of the app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.message import Message

from rnn_tui.engine.config import RunConfig

if TYPE_CHECKING:
    from rnn_tui.report.plan import Plan
    from rnn_tui.runs.records import RunRecord

UNDER_WAY = "Training is under way; stop it first (s)."


class RunsChanged(Message):
    """Runs have new figures; a pane takes them from the `TrainingManager`.

    Attributes:
        run_ids: the runs concerned.
    """

    def __init__(self, run_ids: Sequence[str]) -> None:
        self.run_ids = tuple(run_ids)
        super().__init__()


class TrainRequested(Message):
    """The user wants these runs trained, one after another."""

    def __init__(self, configs: Sequence[RunConfig]) -> None:
        self.configs = tuple(configs)
        super().__init__()


class ResumeRequested(Message):
    """The user wants this run to go on."""

    def __init__(self, run: RunRecord) -> None:
        self.run = run
        super().__init__()


class SettingsWanted(Message):
    """The user wants a form filled in with these settings."""

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        super().__init__()


class WeightsWanted(Message):
    """The user wants the weights of this run to answer."""

    def __init__(self, run: RunRecord) -> None:
        self.run = run
        super().__init__()


class WeightsChanged(Message):
    """From now on other weights answer in a panel."""


class ReportRequested(Message):
    """The user wants what this plan lacks trained."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        super().__init__()


class ReportChanged(Message):
    """The report rerun has got on, or ended; the `TrainingManager` has it."""


class RunsWanted(Message):
    """The user wants to see these runs, beside each other.

    Attributes:
        run_ids: which.
    """

    def __init__(self, run_ids: Sequence[str]) -> None:
        self.run_ids = tuple(run_ids)
        super().__init__()
