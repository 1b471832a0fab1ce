"""Define what a training thread and its watchers exchange: events out, stop and pause in.

Where processes train in turn, `TurnAwaited` may come first and after a pause. `fit` emits
`RunStarted` once data and model are ready, then `StepLogged`, `EpochEnded`, `CheckpointSaved`,
`RunPaused`, `RunResumed` and `LogLine` as they come, and at the end exactly one of `RunFinished`,
`RunStopped` and `RunFailed`.

`metrics` has the figures of a single network, and the learning rate, which is one for all;
`replicas` has those of several: by metric name, a value for each of `RunConfig.replicas`, in order.

A thread can't be stopped from outside, only asked: the loop looks at its `Control` after each step.
"""

import os
import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rnn_tui.engine import waits
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import printable, printable_lines
from rnn_tui.engine.metrics import Metric

LONGEST_SENTENCE = 1000
LONGEST_TRACEBACK = 20_000
ReplicaFigures = Mapping[str, tuple[float, ...]]


def new_run_id() -> str:
    """Return an id that sorts by time and is unique across processes.

    Date, time, then ten hexadecimal digits: the microsecond, so that runs of one second sort as
    they began, and chance.
    """
    now = time.time()
    second = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    microsecond = int(now % 1 * 1_000_000)
    return f"{second}-{microsecond:05x}{os.urandom(3).hex()[1:]}"


@dataclass(frozen=True)
class Event:
    """Something that happened in the run of that id, in numbers and strings."""

    run_id: str


@dataclass(frozen=True)
class TurnAwaited(Event):
    """Training waits until others have had their turn."""

    before: int  #: how many of them; 0 once this run has its turn.


@dataclass(frozen=True)
class RunStarted(Event):
    """Data and model are ready; the first step comes next."""

    config: RunConfig
    metric_definitions: tuple[Metric, ...]  #: in order of display.
    total_steps: int  #: of all epochs.
    steps_per_epoch: int
    samples_per_epoch: int  #: training samples.
    parameters: int  #: trainable weights.
    device: str  #: the one in use: `cpu`, `cuda:0`, …
    workers: int = 1  #: threads that share a batch.
    first_step: int = 0  #: in a run that is resumed, the steps done before.


@dataclass(frozen=True)
class StepLogged(Event):
    """The mean loss since the last such event; learning rate and gradient norms of this step."""

    step: int  #: from 1, over the whole run.
    metrics: Mapping[str, float]  #: by metric name.
    rate: float  #: samples a second.
    elapsed: float  #: seconds of training, pauses left out.
    replicas: ReplicaFigures = field(default_factory=dict)
    #: the gradient norm of each layer by its name, of replicas their mean; a few times a second, or
    #: else empty; shown, but not stored.
    layer_norms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class EpochEnded(Event):
    """An epoch is trained and validated."""

    epoch: int  #: from 1.
    step: int  #: the last one of the epoch.
    metrics: Mapping[str, float]  #: by metric name.
    seconds: float  #: its own time, validation included.
    elapsed: float  #: seconds of training, pauses left out.
    replicas: ReplicaFigures = field(default_factory=dict)


@dataclass(frozen=True)
class CheckpointSaved(Event):
    """The weights of a step, and all that training needs to go on from there, are on disk."""

    step: int
    path: str


@dataclass(frozen=True)
class MachineSeen(Event):
    """The load of the machine was measured."""

    #: `cpu` and this `process` in percent of all cores, its `memory` in bytes; of a GPU that
    #: trains, `gpu` and `gpu_memory`.
    now: Mapping[str, float]
    whole: Mapping[str, float]  #: the means, and the most memory, since the run began or resumed.


@dataclass(frozen=True)
class RunPaused(Event):
    """Training waits before the next step."""

    step: int


@dataclass(frozen=True)
class RunResumed(Event):
    """Training goes on after a pause."""

    step: int


@dataclass(frozen=True)
class LogLine(Event):
    """A sentence for the log."""

    text: str
    level: Literal["info", "warning"] = "info"
    topic: Literal["", "keeping"] = ""  #: `keeping`: the run can't be saved on disk.

    def __post_init__(self) -> None:
        # The text may be of a plug-in, or of a file of events.
        object.__setattr__(self, "text", printable(self.text, LONGEST_SENTENCE))


@dataclass(frozen=True)
class RunFinished(Event):
    """The end of a run: all epochs are done and the test set is measured."""

    step: int  #: the last one.
    metrics: Mapping[str, float]  #: of the test, by metric name.
    seconds: float  #: of training, pauses left out.
    replicas: ReplicaFigures = field(default_factory=dict)
    kept: bool = True  #: whether its weights are on disk; always if none are to be kept.


@dataclass(frozen=True)
class RunStopped(Event):
    """The run was stopped, and the weights of `step` are kept."""

    step: int
    seconds: float  #: of training, pauses left out.
    interrupted: bool = False  #: whether not the user, but the system or the program stopped it.
    kept: bool = True  #: False if the weights could not be written.


@dataclass(frozen=True)
class RunFailed(Event):
    """The run can't go on."""

    step: int
    message: str  #: why, in one sentence for the user.
    #: the traceback for the log file of whoever follows the run from another process; empty where
    #: the sentence says all.
    traceback: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", printable(self.message, LONGEST_SENTENCE))
        traceback = printable_lines(self.traceback, LONGEST_TRACEBACK)
        object.__setattr__(self, "traceback", traceback)


class Control:
    """Stop and pause requests from any thread to one training loop."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._go = threading.Event()
        self._go.set()
        self.interrupted = False  #: whether the stop was not the user's wish.

    def stop(self, *, interrupted: bool = False) -> None:
        """Ask the run to end after the present step, or in a pause.

        `interrupted` says that this is not the user's wish.
        """
        self.interrupted = self.interrupted or interrupted
        self._stop.set()
        self._go.set()

    def stop_by_signal(self, number: int) -> None:
        """Ask the run to end at a signal: as stopped at Ctrl-C, else as interrupted."""
        self.stop(interrupted=number != signal.SIGINT)

    def pause(self) -> None:
        """Ask the run to wait after the present step."""
        if not self.stopping:
            self._go.clear()

    def resume(self) -> None:
        """Let a paused run continue."""
        self._go.set()

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for."""
        return self._stop.is_set()

    def stopped_within(self, seconds: float) -> bool:
        """Block for so long, or until a stop is asked for; returns whether one was."""
        return waits.wait(self._stop.wait, "a stop", seconds, by_design=True)

    @property
    def paused(self) -> bool:
        """Whether a pause was asked for and not ended."""
        return not self._go.is_set()

    def wait_while_paused(self) -> float:
        """Block until resumed or stopped; returns the seconds waited."""
        began = time.monotonic()
        waits.wait(self._go.wait, "the end of the pause", by_design=True)
        return time.monotonic() - began
