"""Keep a data set's sequences on a device, once for all seeds, and gather batches by index."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from rnn_tui.data.data_set import UNKNOWN, DataSet
from rnn_tui.data.inputs import anchors, network_inputs, standardised_targets
from rnn_tui.data.options import Goal
from rnn_tui.data.relative import Anchors
from rnn_tui.engine.training.devices import send
from rnn_tui.tasks.data_sets.figures import told_scale
from rnn_tui.tasks.sequences.examples import Batch

Indices = npt.NDArray[np.int64]


class SequencesOnDevice:
    """The sequences of a data set as networks read them, one after another as in the data set.

    A row of zeros, or of `UNKNOWN` or NaN, follows the last step: padding is read from there.

    Args:
        data_set: N sequences of T steps together.
        device: where batches are wanted.
    """

    def __init__(self, data_set: DataSet, device: torch.device) -> None:
        description = data_set.description
        self._goal = description.goal
        self._horizon = description.horizon
        self._alphabet_size = len(description.alphabet)
        self._device = device
        self.lengths = data_set.lengths  #: (N,) on the CPU.
        self._starts = _sent(data_set.starts[:-1], device)  # (N,)
        self._lengths = _sent(self.lengths, device)  # (N,)
        self._padding = len(data_set.values)  # the number of the row that follows the last step
        if description.alphabet:
            places = data_set.values[:, 0].astype(np.int64)
            self._values = _sent(_followed_by(places, UNKNOWN), device)  # (T + 1,)
        else:
            numbers = network_inputs(description, data_set.values, data_set.starts)
            self._values = _sent(_followed_by(numbers, 0), device)  # (T + 1, F)
        self._targets: Tensor | None = None
        if self._goal is not Goal.NEXT:
            self._targets = _sent(self._known_targets(data_set), device)
        elif not description.classifies:
            # from a standardised input to an output, where the two are standardised differently
            repeated = len(description.outputs) // len(description.features)
            deviations = np.array(description.output_deviations)
            scale = np.tile(description.deviations, repeated) / deviations
            differences = np.tile(description.means, repeated) - description.output_means
            self._to_come = _sent(
                _followed_by(network_inputs(description, data_set.to_come), np.nan), device
            )  # (T + 1, F)
            self._scale = _sent(scale.astype(np.float32)[:, None], device)  # (O, 1)
            self._shift = _sent((differences / deviations).astype(np.float32)[:, None], device)

    @staticmethod
    def _known_targets(data_set: DataSet) -> npt.NDArray[Any]:
        """Return targets as networks answer them: (N, …), or (T + 1, …), the last unknown."""
        description = data_set.description
        if description.classifies:
            targets: npt.NDArray[Any] = data_set.targets.astype(np.int64)
            unknown: float = UNKNOWN
        else:
            relative_to = None
            if description.forecast is not None:
                relative_to = anchors(description, data_set.values, data_set.starts)
            targets = standardised_targets(description, data_set.targets, relative_to)
            if relative_to is not None:
                targets = np.concatenate([targets, *in_own_scale(data_set, relative_to)], axis=1)
            unknown = np.nan
        return _followed_by(targets, unknown) if description.goal.every_step else targets

    def batch(self, indices: Tensor, longest: int, *, equal: bool, embedded: bool = False) -> Batch:
        """Return sequences with their targets.

        Unknown targets are `UNKNOWN` or NaN, as are those after a sequence's end.

        Args:
            indices: (R, B) of the sequences, on the device.
            longest: steps T of the longest of them.
            equal: whether all are that long; then the batch has no lengths.
            embedded: whether symbols are wanted by their places (T, R, B), any after the end.

        Returns:
            inputs (T, R, F, B) or places; classes (R, B) or numbers (R, O, B) as targets of the
            last steps, or (T, R, …) of every step; lengths (R, B).
        """
        lengths = self._lengths[indices]  # (R, B)
        steps = torch.arange(longest, device=self._device)[:, None, None]  # (T, 1, 1)
        rows = self._starts[indices] + steps  # (T, R, B)
        if not equal:
            rows = torch.where(steps < lengths, rows, self._padding)
        values = self._values[rows]  # (T, R, B) places, or (T, R, B, F)
        inputs = values.movedim(-1, 2)  # (T, R, F, B)
        if embedded:
            inputs = values.clamp(min=0)
        elif self._alphabet_size:
            alphabet = torch.arange(self._alphabet_size, device=self._device)
            inputs = (values[:, :, None] == alphabet[:, None]).to(torch.uint8)
        if self._targets is None:
            targets = self._next_targets(values, rows)
        else:
            targets = self._targets[rows if self._goal.every_step else indices]
            if targets.is_floating_point():
                targets = targets.movedim(-1, -2)  # (…, O, B)
        return Batch(inputs, targets, None if equal else lengths)

    def _next_targets(self, values: Tensor, rows: Tensor) -> Tensor:
        """Return the symbols (T, R, B) `horizon` steps on, or the next numbers (T, R, O, B).

        Outputs are in the order of steps ahead, and for each step in that of the features.
        """
        if self._alphabet_size:
            return _ahead(values, self._horizon, UNKNOWN)
        numbers = self._to_come[rows].movedim(-1, 2)  # (T, R, F, B), NaN of padding
        ahead = [_ahead(numbers, step, np.nan) for step in range(1, self._horizon + 1)]
        return torch.cat(ahead, 2) * self._scale + self._shift  # (T, R, O, B)


def in_own_scale(
    data_set: DataSet, relative_to: Anchors
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return what a forecast is measured by, both (T, O).

    An error of a network, times the first, is one of the scale in which errors are told: that of
    the file, or, of several columns, standard deviations. The second is the targets in that scale,
    less their mean, NaN where nothing is asked.
    """
    means, deviations = told_scale(data_set)
    factors = relative_to.weights * np.array(data_set.description.output_deviations) / deviations
    targets = (data_set.targets - means) / deviations
    return np.nan_to_num(factors).astype(np.float32), targets.astype(np.float32)


def _ahead(values: Tensor, steps: int, unknown: float) -> Tensor:
    """Return what follows each step of `values` (T, …) so many steps later, or `unknown`."""
    later = torch.full_like(values, unknown)
    if steps < len(values):
        later[:-steps] = values[steps:]
    return later


def _followed_by(array: npt.NDArray[Any], last: float) -> npt.NDArray[Any]:
    """Return an array (T, …) with a row more, in which all is `last`."""
    row = np.full((1, *array.shape[1:]), last, array.dtype)
    return np.concatenate([array, row])


def _sent(array: npt.NDArray[Any], device: torch.device) -> Tensor:
    return send(torch.from_numpy(np.ascontiguousarray(array)), device)


class Cut(NamedTuple):
    """A batch of an epoch."""

    places: slice  #: of its sequences in the order of each seed.
    longest: int  #: steps of the longest sequence.
    longest_of_seeds: tuple[int, ...]  #: the same of the sequences of each seed.
    equal: bool  #: whether all are that long.


def cut_epoch(orders: Sequence[Indices], lengths: Indices, batch_size: int) -> list[Cut]:
    """Return the batches of an epoch.

    Args:
        orders: of each seed, the indices of its sequences in their order.
        lengths: of all sequences of the data set.
        batch_size: sequences in a batch; the last one may have fewer.
    """
    of_orders = lengths[np.stack(orders)]  # (S, n)
    starts = range(0, of_orders.shape[1], batch_size)
    shortest = np.minimum.reduceat(of_orders.min(axis=0), starts).tolist()
    longest = np.maximum.reduceat(of_orders, starts, axis=1).T.tolist()  # a list a batch
    return [
        Cut(
            slice(start, start + batch_size), max(of_seeds), tuple(of_seeds), least == max(of_seeds)
        )
        for start, least, of_seeds in zip(starts, shortest, longest, strict=True)
    ]
