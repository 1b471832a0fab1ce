"""What the app tells its panes, and what panes ask of the app."""

from collections.abc import Sequence

from textual.message import Message

from rnn_tui.engine.config import RunConfig


class RunsChanged(Message):
    """Runs have new figures; a pane takes them from the `RunManager`.

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
