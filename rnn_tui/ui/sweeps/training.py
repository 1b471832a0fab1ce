"""A sweep in the app's training thread, and what it tells the app's own."""

import importlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rnn_tui.engine import events
from rnn_tui.engine.errors import UserError
from rnn_tui.engine.events import Control
from rnn_tui.engine.resources import heavy_imports

if TYPE_CHECKING:
    from rnn_tui.sweeps.cluster import Place
    from rnn_tui.sweeps.running import Standing
    from rnn_tui.sweeps.trials import TrialEnded, Trials

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SweepStatus:
    """How far the sweep of this session is."""

    name: str
    standing: "Standing | None" = None  #: the latest that was told.
    going_on: bool = True
    stopped: bool = False  #: whether the user ended it.
    problem: str = ""  #: why it could not go on, in a sentence.
    warning: str = ""  #: what the user must know, told with this status.


class SweepTrainer:
    """Trains what a sweep lacks, and tells how far that is."""

    def __init__(self, name: str, place: "Place") -> None:
        self.now = SweepStatus(name)
        self._place = place
        self._trials: Trials | None = None

    def train(self, tell: Callable[[SweepStatus], object], control: Control) -> None:
        """In a thread: train, to the end or until `control` stops it; raises nothing."""
        from rnn_tui.sweeps.running import Standing  # noqa: PLC0415 - on use only, as are those below

        def take(told: "Standing | TrialEnded | events.LogLine") -> None:
            if isinstance(told, events.LogLine):
                tell(replace(self.now, warning=told.text))
            elif isinstance(told, Standing):
                self.now = replace(self.now, standing=told)
            tell(self.now)

        problem = ""
        try:
            self._train(take, control)
        except UserError as error:
            problem = str(error)
        except Exception as error:
            logger.exception("the sweep %s failed", self.now.name)
            problem = f"The sweep failed: {type(error).__name__}; the log file has the details."
        self._trials = None
        tell(replace(self.now, going_on=False, stopped=control.stopping, problem=problem))

    def _train(self, take: "Callable[[Standing | TrialEnded | events.LogLine], None]", control: Control) -> None:
        from rnn_tui.sweeps.cluster import require  # noqa: PLC0415
        from rnn_tui.sweeps.running import train_elsewhere  # noqa: PLC0415
        from rnn_tui.sweeps.trials import Trials  # noqa: PLC0415

        require("distributed", "cluster")
        with heavy_imports():
            importlib.import_module("distributed")
        with Trials(self.now.name, take) as self._trials:
            more = True
            while more:  # once again where trials were added at the last moment
                train_elsewhere(self._place, self.now.name, self._trials, control, take)
                more = self._trials.more and not control.stopping

    def add(self, trials: int) -> bool:
        """Have the search try more; False if it has ended."""
        if (under_way := self._trials) is not None:
            under_way.add(trials)
        return under_way is not None
