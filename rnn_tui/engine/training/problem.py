"""Define what a task gives to the training loop: a model, its data and its figures.

The loop knows no task, and a task knows neither loop nor optimiser. To add a task, write a
`Problem`, and a `tasks.task.Task` that names it. Its random numbers come from `generator`s.
"""

import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rnn_tui.engine.config import Replica, RunConfig
from rnn_tui.engine.metrics import Figures, Metric
from rnn_tui.engine.training.history import SPACED
from rnn_tui.engine.training.parallel import Workers

Log = Callable[[str], None]


class Problem(ABC):
    """A model with training, validation and test data on one device.

    The model may be a set of replicas, independent networks in the same tensors, whose first
    dimension is theirs: then every loss and figure has a value for each.
    """

    model: nn.Module  #: the model to train, on its device.
    #: the metrics of `validate` and `test`, and `train_loss`, in order of display.
    metric_definitions: tuple[Metric, ...]
    samples_per_epoch: int  #: training samples.
    batch_size: int  #: samples in a step; the last step of an epoch may have fewer.
    #: memory that a step takes for each sample, at least; 0 if that is not known.
    sample_bytes: int = 0
    #: the replicas, in the order of their figures; none if the model is a single network.
    replicas: tuple[Replica, ...] = ()

    #: at which multiples of each power of ten there is a snapshot in the first epoch.
    snapshot_multiples: tuple[int, ...] = SPACED

    @property
    def parameters(self) -> int:
        """The number of weights that are trained."""
        return sum(weight.numel() for weight in self.model.parameters())

    @property
    def steps_per_epoch(self) -> int:
        """Steps in an epoch, the last, smaller one included."""
        return -(-self.samples_per_epoch // self.batch_size)

    def samples_in(self, step: int) -> int:
        """Return the number of samples in a step of an epoch, counted from 0."""
        return min(self.batch_size, self.samples_per_epoch - step * self.batch_size)

    def data_digests(self) -> Mapping[str, str]:
        """Return digests of the data that the settings do not determine, by what they are called.

        A run that is resumed must find the same. By default there are no such data.
        """
        return {}

    @abstractmethod
    def begin_epoch(self, epoch: int) -> None:
        """Draw the order of the samples for an epoch; it depends on seed and epoch alone.

        The first call is for epoch 1, or for a later one if the run is resumed.
        """

    @abstractmethod
    def losses(self, step: int, parts: int) -> Sequence[Callable[[], Tensor]]:
        """Return at most `parts` functions that sum to the mean loss over a step's batch.

        They may be called in different threads at once; each returns a scalar with a graph, or (R,)
        losses of R replicas. What is random in the batch is drawn here, before any of them runs.
        """

    def random_states(self) -> Mapping[str, Tensor]:
        """Return the states of the generators that `losses` draws from, by name.

        With these put back after `begin_epoch`, the steps left are what they would have been.
        """
        return {}

    def set_random_states(self, states: Mapping[str, Tensor]) -> None:  # noqa: B027 - may be empty
        """Put back what `random_states` returned."""

    def layer_gradients(self) -> Mapping[str, Sequence[Tensor]]:
        """Return the gradients of the last step by the name of their layer, such as `readout`.

        Of R replicas each has the shape (R, …). No layers are known by default.
        """
        return {}

    def snapshot(self, model: nn.Module) -> Mapping[str, Tensor]:  # noqa: ARG002
        """Return a snapshot of `model` during its training.

        It has a few thousand numbers, on the CPU, by name.

        Nothing by default.
        """
        return {}

    @abstractmethod
    def validate(self, model: nn.Module, workers: Workers) -> Figures:
        """Return the figures of `model` on the validation data, without gradients."""

    @abstractmethod
    def test(self, model: nn.Module, workers: Workers) -> Figures:
        """Return the figures of `model` on the test data, without gradients."""

    def test_part(self, model: nn.Module, workers: Workers) -> float:
        """Do a part of the test, from whose time that of all can be estimated; by default all.

        Returns:
            the part of the test's work, above 0 and at most 1.
        """
        self.test(model, workers)
        return 1.0

    @classmethod
    def evaluate(cls, config: RunConfig, weights: Mapping[str, Tensor]) -> Any:  # noqa: ARG003
        """Measure trained weights in more detail than metrics do.

        Args:
            config: the settings of their run.
            weights: by parameter name, on the CPU.

        Returns:
            A `SequenceEvaluation` of a set of replicas, an `ImageEvaluation` of a reader of images,
            or None if there is no more to measure.

        Raises:
            CheckpointError: if the weights do not fit the settings.
            DataError: if the data can't be read.
        """
        return None

    @classmethod
    def parts_in_words(cls, config: RunConfig) -> Sequence[tuple[str, str]]:  # noqa: ARG003
        """Return what is trained, validated and tested on: the name of a part, and its size.

        Args:
            config: the settings of a run.

        Returns:
            None are known by default.

        Raises:
            DataError: if the data can't be read.
        """
        return ()


# Loads data and makes the model on a device, as a `Problem`'s class does; `UserError` where data or
# settings do not allow it.
ProblemBuilder = Callable[[RunConfig, torch.device, Log], Problem]


def generator(seed: int, *stream: str | int) -> torch.Generator:
    """Return a CPU generator for one purpose, such as `generator(seed, "order", epoch)`.

    Streams of the same seed are independent of each other (numpy's `SeedSequence` mixes seed and
    names), so that drawing more numbers for one purpose changes nothing elsewhere, and the order of
    any epoch can be had without those before it.
    """
    key = [zlib.crc32(part.encode()) if isinstance(part, str) else part for part in stream]
    # The length distinguishes ("order",) from ("order", 0): numpy pads with zeros.
    sequence = np.random.SeedSequence([seed, len(key), *key])
    high, low = sequence.generate_state(2, np.uint32)
    torch_seed = int(high) << 31 ^ int(low)  # 63 bits
    return torch.Generator().manual_seed(torch_seed)
