"""Forecasts from windows of the past, measured in the units of the file."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from rnn_tui.data.conformal import Intervals
from rnn_tui.data.data_set import TEST, VALIDATION
from rnn_tui.data.inputs import movements
from rnn_tui.engine.metrics import Figures
from rnn_tui.engine.training.parallel import Workers
from rnn_tui.tasks.data_sets import figures
from rnn_tui.tasks.data_sets.problem import DataSetProblem
from rnn_tui.tasks.sequences.examples import Batch, Examples
from rnn_tui.tasks.sequences.objective import AnsweredBatch
from rnn_tui.tasks.sequences.replica_problem import Networks, added

MOST_ERRORS = 100_000_000  # that intervals are made of, so that they fit into memory


class ForecastProblem(DataSetProblem):
    """Networks that answer numbers relative to those that they read.

    The targets of its batches (T, R, 3 O, B) are what networks answer, then what their errors are
    multiplied by, and the targets, both in the scale in which errors are told.
    """

    def targets_of(self, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """Return the targets (T, R, O, B) of a batch, and which are known."""
        targets = batch.targets[..., : self.outputs, :]
        return targets.nan_to_num(0.0), ~targets.isnan()

    def _told(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the factors and the targets (T, R, O, B) in the scale in which errors are told."""
        count = self.outputs
        return batch.targets[..., count : 2 * count, :], batch.targets[..., 2 * count :, :]

    def sums_of(self, network: Networks, batch: Batch) -> Mapping[str, Tensor]:
        """Return the sums over a batch that `figures_of` takes, errors in the told scale."""
        factors, told = self._told(batch)
        return added(
            {
                **super(DataSetProblem, self).sums_of_answers(answers),
                **_error_sums(answers, factors[step], told[step]),
            }
            for step, answers in enumerate(self.answers(network, batch))
        )

    def error_units(self) -> Tensor:
        """Return what told errors (O,) are multiplied by to be in the units of the file."""
        _, deviations = figures.told_scale(self.data_set)
        return torch.from_numpy(deviations)

    def test(self, model: nn.Module, workers: Workers) -> Figures:
        """Return the figures over the test, with the share of it that intervals hold."""
        measured = dict(super().test(model, workers))
        count = len(self.replicas) * self.outputs * self.description.longest
        if count * self.description.count > MOST_ERRORS:
            return measured
        validation = self._errors(model, VALIDATION, workers)  # (R, n, O)
        test = self._errors(model, TEST, workers)
        validation_scales, test_scales = self._scales(VALIDATION), self._scales(TEST)  # (n, O)
        shares = [
            100 * Intervals.of_errors(earlier, validation_scales).coverage(errors, test_scales)
            for earlier, errors in zip(validation, test, strict=True)
        ]
        if not np.isnan(shares).any():
            measured["test_coverage"] = tuple(shares)
        return measured

    def _errors(self, model: nn.Module, part: int, workers: Workers) -> npt.NDArray[np.float64]:
        """Return the errors (R, n, O) in the units of the file; NaN where nothing is asked."""
        order = self._by_length(part)
        errors = self._walk_part(model, order, workers, self._errors_of)["errors"]
        return (errors.flatten(1, 2).cpu().double() * self.error_units()).numpy()

    def _scales(self, part: int) -> npt.NDArray[np.float64]:
        """Return what these errors grow with (n, O), NaN after the end of a window."""
        data_set = self.data_set
        of_steps = movements(self.description, data_set.values, data_set.starts)
        order = self._by_length(part)
        scales = np.full((len(order), self.description.longest, self.outputs), np.nan)
        for place, index in enumerate(order.tolist()):
            steps = slice(int(data_set.starts[index]), int(data_set.starts[index + 1]))
            scales[place, : data_set.lengths[index]] = of_steps[steps]
        return scales.reshape(-1, self.outputs)

    def _errors_of(self, network: Networks, batch: Batch) -> Mapping[str, Tensor]:
        """Return the told errors (R, B, T, O) of a batch, T the steps of the longest window."""
        factors, _ = self._told(batch)
        longest = self.description.longest
        _, replicas, _, sequences = batch.inputs.shape
        errors = torch.full((replicas, sequences, longest, self.outputs), torch.nan)
        for step, answers in enumerate(self.answers(network, batch)):
            assert answers.known is not None
            differences = _told_errors(answers, factors[step])  # (R, O, B)
            differences = differences.where(answers.known, torch.nan)
            errors[:, :, step] = differences.transpose(1, 2).cpu()
        return {"errors": errors}

    def _of_sequences(
        self, temperatures: Tensor, network: Networks, batch: Batch
    ) -> Mapping[str, Tensor]:
        """Return the squared errors (R, B) of each window in the told scale, and their number."""
        del temperatures  # of classes
        factors, _ = self._told(batch)
        parts = []
        for step, answers in enumerate(self.answers(network, batch)):
            assert answers.known is not None
            errors = _told_errors(answers, factors[step])
            parts.append(
                {
                    "wrong": errors.square().sum(dim=1),
                    "count": answers.known.sum(dim=1).to(errors.dtype),
                }
            )
        return added(parts)

    def sample(self, count: int, random: torch.Generator, length: int | None = None) -> Examples:
        """Return test windows by chance; see `DataSetProblem.sample`."""
        examples = super().sample(count, random, length)
        return replace(examples, targets=examples.targets[..., : self.outputs])


def _told_errors(answers: AnsweredBatch, factors: Tensor) -> Tensor:
    """Return errors (R, O, B) times factors, 0 where nothing is asked."""
    assert answers.known is not None
    errors = (answers.outputs - answers.targets) * factors
    return errors.where(answers.known, 0.0)  # padding has no factor


def _error_sums(answers: AnsweredBatch, factors: Tensor, told: Tensor) -> dict[str, Tensor]:
    """Return sums over known targets that `figures.of_sums` takes, flat."""
    assert answers.known is not None
    errors = _told_errors(answers, factors)
    # of one replica: they are the same of all
    targets = told[0].where(answers.known[0], 0.0)  # (O, B)
    return {
        "squared": errors.square().sum(dim=2).flatten(),
        "absolute": errors.abs().sum(dim=2).flatten(),
        "counts": answers.known[0].sum(dim=1),
        "targets": targets.sum(dim=1),
        "squares": targets.square().sum(dim=1),
    }
