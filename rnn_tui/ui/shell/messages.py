"""What the app tells its panes, and what panes ask of the app."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from rnn_tui.engine.config import RunConfig

if TYPE_CHECKING:
    from rnn_tui.report.plan import Plan
    from rnn_tui.runs.records import RunRecord

UNDER_WAY = "Training is under way; stop it first (s)."


@dataclass
class RunsChanged(Message):
    """These runs have new figures; a pane takes them from the `TrainingManager`."""

    run_ids: Sequence[str]


@dataclass
class TrainRequested(Message):
    """The user wants these runs trained, one after another."""

    configs: Sequence[RunConfig]


@dataclass
class ResumeRequested(Message):
    """The user wants this run to go on."""

    run: RunRecord


@dataclass
class SettingsWanted(Message):
    """The user wants a form filled in with these settings."""

    config: RunConfig


@dataclass
class WeightsWanted(Message):
    """The user wants the weights of this run to answer."""

    run: RunRecord


class WeightsChanged(Message):
    """From now on other weights answer in a panel."""


@dataclass
class ReportRequested(Message):
    """The user wants what this plan lacks trained."""

    plan: Plan


class ReportChanged(Message):
    """The report rerun has got on, or ended; the `TrainingManager` has it."""


@dataclass
class RunsWanted(Message):
    """The user wants to see these runs, beside each other."""

    run_ids: Sequence[str]
