"""A run by script, for tests that want to know beforehand what will be on screen."""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.events import Control
from rnn_tui.engine.metrics import Metric
from rnn_tui.tasks.task import ImageEvaluation
from rnn_tui.ui.work.training_manager import Evaluated, TrainingManager

SPECS = (Metric("train_loss", "training loss"), Metric("val_accuracy", "accuracy", "%"))
STEPS_PER_EPOCH = 10


def evaluation() -> ImageEvaluation:
    """Twenty images of which the last two are read as the next digit."""
    labels = np.arange(20) % 10
    predictions = labels.copy()
    predictions[18:] = (labels[18:] + 1) % 10
    probabilities = np.full((20, 10), 0.01, np.float32)
    probabilities[np.arange(20), predictions] = 0.91
    confusion = np.zeros((10, 10), np.int64)
    np.add.at(confusion, (labels, predictions), 1)
    images = np.zeros((20, 28, 28), np.uint8)
    images[:, 4:24, 13:15] = 255
    return ImageEvaluation(
        images, labels, probabilities, predictions, confusion, np.array([18, 19])
    )


class ScriptedRuns(TrainingManager):
    """Trains nothing: emits a fixed curve, and ends a run when told to.

    Attributes:
        started: the settings of every run, in order.
        epochs: how many epochs a run emits before it waits.
        go_on: set to let the run that waits after its epochs finish.
        failure: a message with which the run fails instead.
        layer_norms: the gradient norms that every step has.
    """

    def __init__(self) -> None:
        super().__init__()
        self.started: list[RunConfig] = []
        self.epochs = 2
        self.go_on = threading.Event()
        self.failure = ""
        self.layer_norms: dict[str, float] = {}
        self.controls: list[Control] = []

    def load_engine(self) -> None:
        """Nothing to load."""

    def start(self, configs: Sequence[RunConfig]) -> list[str]:
        self.go_on.clear()
        return super().start(configs)

    def _train_one(self, run_id: str, config: RunConfig, control: Control) -> None:
        self.started.append(config)
        self.controls.append(control)
        emit: Any = self._queue.append
        total = config.epochs * STEPS_PER_EPOCH
        emit(events.RunStarted(run_id, config, SPECS, total, STEPS_PER_EPOCH, 1000, 116_746, "cpu"))
        emit(events.LogLine(run_id, "data loaded"))
        for epoch in range(1, self.epochs + 1):
            for step in range((epoch - 1) * STEPS_PER_EPOCH + 1, epoch * STEPS_PER_EPOCH + 1):
                loss = {"train_loss": 2.0 / step}
                norms = self.layer_norms
                emit(events.StepLogged(run_id, step, loss, 12_345.0, step / 2, {}, norms))
            metrics = {
                "train_loss": 1.0 / epoch,
                "train_loss_last_batch": 0.9 / epoch,
                "val_loss": 0.8 / epoch,
                "val_accuracy": 90.0 + 4 * epoch,
            }
            emit(
                events.EpochEnded(run_id, epoch, epoch * STEPS_PER_EPOCH, metrics, 5.0, 5.0 * epoch)
            )
        while not self.go_on.wait(0.01):
            if control.stopping:
                emit(events.CheckpointSaved(run_id, 20, "weights.safetensors"))
                emit(events.RunStopped(run_id, 20, 10.0))
                return
        if self.failure:
            emit(events.RunFailed(run_id, 20, self.failure))
            return
        emit(events.RunFinished(run_id, 20, {"test_loss": 0.05, "test_accuracy": 98.9}, 10.0))
        emit(Evaluated(run_id, evaluation()))


@pytest.fixture
def runs() -> ScriptedRuns:
    return ScriptedRuns()
