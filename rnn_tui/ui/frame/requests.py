"""Messages from panes to the app: to train, to resume, to show something in another tab."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from rnn_tui.engine.config import RunConfig

if TYPE_CHECKING:
    from rnn_tui.archive.run_record import RunRecord
    from rnn_tui.ui.frame.digit_at_hand import DigitAtHand

UNDER_WAY = "Training is under way; stop it first (s)."


@dataclass
class TrainRequested(Message):
    """The user wants these runs trained, one after another."""

    configs: Sequence[RunConfig]


@dataclass
class ResumeRequested(Message):
    """The user wants this run to go on."""

    run: "RunRecord"


@dataclass
class SettingsWanted(Message):
    """The user wants a form filled in with these settings."""

    config: RunConfig
    train: bool = False  #: whether to train what the form says then.


@dataclass
class WeightsWanted(Message):
    """The user wants the weights of this run to answer."""

    run: "RunRecord"


@dataclass
class ViewWanted(Message):
    """The user wants a view of a tab, or the one in front there."""

    tab: str  #: its id, or the name of a task.
    view: str = ""  #: its id.


@dataclass
class DataSetWanted(Message):
    """The user wants a data set open in its tab."""

    name: str
    train: bool = False  #: whether to train on it as the preset of the form says.


@dataclass
class DataSetsWanted(Message):
    """The user wants to choose another data set, or to read another file."""

    path: str = ""  #: a file to read, as it was typed or pasted; empty for none.


@dataclass
class DataSetDeleted(Message):
    """A data set was deleted, which may be open."""

    name: str


@dataclass
class InsideWanted(Message):
    """A request that a network reads this in the view Inside of a task."""

    task: str  #: its name.
    #: a digit, or the number of a test image or of a sequence; None for what is typed in the
    #: task's views.
    digit: "DigitAtHand | int | None" = None


@dataclass
class LongJobRequested(Message):
    """The user wants what the rerun of a paper or a sweep lacks trained."""

    train: Callable[[], object]  #: begins that, by the `TrainingManager`.


@dataclass
class RunsWanted(Message):
    """The user wants to see these runs, beside each other."""

    run_ids: Sequence[str]
