"""Answer the sequences of a new file with the networks of a run, in NumPy and bounded memory.

All seeds of a network answer, and vote: of classes the mean of their probabilities decides, of
numbers their mean. What stands in the file's label is measured meanwhile.

Comments give shapes: R replicas, B sequences, T steps of all together, O outputs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rnn_tui.data.applying.preparing import NewSequences
from rnn_tui.data.applying.rows import STOPPED
from rnn_tui.data.conformal import Intervals
from rnn_tui.data.data_set import DataSet
from rnn_tui.data.description import Description
from rnn_tui.data.forecast import Forecast
from rnn_tui.data.goals import numbers_to_come
from rnn_tui.data.inputs import in_units, network_inputs
from rnn_tui.data.options import Goal
from rnn_tui.data.sequences import Places, starts_of
from rnn_tui.data.windows import answering_windows
from rnn_tui.engine.errors import DataError
from rnn_tui.engine.progress import Progress
from rnn_tui.networks.stepwise import Array, require_finite, sigmoid, softmax, still_going
from rnn_tui.tasks.data_sets.calibration import kept_temperatures
from rnn_tui.tasks.data_sets.intervals import intervals_of, scales_of
from rnn_tui.tasks.sequences.inference import ReplicaChoice, SequenceNetwork, longest_first

MOST_STEPS_AT_ONCE = 1 << 18  # with padding, of the sequences that are read at once
MOST_NUMBERS_AT_ONCE = 1 << 26  # of these steps, where each is one of many symbols
ANSWERS_AT_ONCE = 1 << 14  # written at once
LONG = 20_000  # steps of a sequence that takes longer to answer than to read
STEPS_OF_LOGITS = 512  # whose logits are turned into answers at once


@dataclass(frozen=True, eq=False)
class NewAnswers:
    """The answers to n sequences of a new file, or to their steps."""

    ids: Sequence[str]  #: (n,) the sequence of each.
    steps: Sequence[str]  #: (n,) the file's word for each step, or its number from 1; () of whole.
    #: (n, O) mean probabilities of classes, or the means of numbers in the units of the file.
    outputs: npt.NDArray[Any]
    #: (n,) the share of seeds, 0 … 1, that answer the same class; (n, O) of numbers their
    #: standard deviation over the seeds; None for one seed.
    spread: npt.NDArray[Any] | None
    targets: npt.NDArray[Any] | None  #: (n,) classes or (n, O) numbers; None if none are there.
    #: (n, O) half the widths of the intervals of numbers; None of classes, or where the errors in
    #: the validation are too few for any.
    half_widths: npt.NDArray[Any] | None = None

    @property
    def count(self) -> int:
        """The number of answers n."""
        return len(self.ids)

    def parts(self) -> Iterator["NewAnswers"]:
        """Yield the answers, some at a time, so that few have to be written at once."""
        for begin in range(0, self.count, ANSWERS_AT_ONCE):
            some = slice(begin, begin + ANSWERS_AT_ONCE)
            yield NewAnswers(
                self.ids[some],
                self.steps[some],
                self.outputs[some],
                None if self.spread is None else self.spread[some],
                None if self.targets is None else self.targets[some],
                None if self.half_widths is None else self.half_widths[some],
            )

    @property
    def ends(self) -> "tuple[npt.NDArray[Any], npt.NDArray[Any]] | None":
        """The low and the high ends (n, O) of intervals; None where there are none."""
        if self.half_widths is None:
            return None
        return self.outputs - self.half_widths, self.outputs + self.half_widths


class _Numbers(NamedTuple):
    """Numbers in the units of the file, n answers to each of O questions."""

    means: npt.NDArray[Any]  #: (n, O)
    deviations: npt.NDArray[Any] | None  #: (n, O) over the seeds; None of one seed.
    half_widths: npt.NDArray[Any] | None  #: (n, O) of intervals; None where there are none.


class Voters:
    """The seeds of one network of a run, which answer together.

    Args:
        network: all networks of the run.
        data_set: that they were trained on.
        choice: which of them are asked; of several sizes and losses one, with all of its seeds.
        progress: may stop them, and is told how far they are in a long sequence.

    Raises:
        SettingError: if there is no such network.
    """

    def __init__(
        self,
        network: SequenceNetwork,
        data_set: DataSet,
        choice: ReplicaChoice,
        progress: Progress,
    ) -> None:
        self._network = network
        self._progress = progress
        self.description: Description = data_set.description
        [first] = ReplicaChoice(choice.hidden_size, choice.loss, choice.seed).pick(
            network.replicas, None
        )
        variant = network.replicas[first].variant
        #: the places among all networks of those that vote.
        self.places = [
            place
            for place, replica in enumerate(network.replicas)
            if replica.variant == variant and choice.seed in (None, replica.seed)
        ]
        self.seeds = tuple(network.replicas[place].seed for place in self.places)
        self.label = variant.label
        self._separate = variant.loss == "bce"
        temperatures = kept_temperatures(network.metrics, self.places)
        self._temperatures = temperatures.astype(np.float32)[:, None, None]  # (R, 1, 1)
        #: of the mean of those that vote; None of classes, or where too few errors are known.
        self.intervals = self._intervals(data_set)

    def _intervals(self, data_set: DataSet) -> Intervals | None:
        if self.description.classifies:
            return None
        intervals = intervals_of(data_set, lambda inputs, starts: self._outputs(inputs, starts)[0])
        return intervals if np.isfinite(intervals.factors).any() else None

    def answers(self, sequences: NewSequences) -> Iterator[NewAnswers]:
        """Yield the answers to sequences, some at a time, in their order.

        Raises:
            CheckpointError: if the weights are too large to compute with.
            DataError: if they are stopped.
        """
        lengths = np.diff(sequences.starts)
        most = min(MOST_STEPS_AT_ONCE, MOST_NUMBERS_AT_ONCE // self._numbers_of_step())
        begin = 0
        while begin < len(lengths):
            end = begin + 1
            longest = int(lengths[begin])
            while end < len(lengths):
                longest = max(longest, int(lengths[end]))
                if longest * (end + 1 - begin) > most:
                    break
                end += 1
            yield from self._answers(sequences, begin, end).parts()
            begin = end

    def _numbers_of_step(self) -> int:
        """Return how many numbers the networks read at a step, each its own of a word."""
        if not self.description.words:
            return self.description.input_size
        numbers: int = self._network.config.recipe.embedding or self.description.input_size
        return numbers * len(self._network.replicas)

    def _answers(self, sequences: NewSequences, begin: int, end: int) -> NewAnswers:
        """Return the answers to the sequences from `begin` to `end`."""
        description = self.description
        starts = sequences.starts[begin : end + 1]
        steps = slice(int(starts[0]), int(starts[-1]))
        values, begins = sequences.values[steps], starts - starts[0]
        widths = None
        if description.forecast is not None:
            outputs, spread, widths = self._forecasts(description.forecast, values, begins)
        else:
            outputs, spread = self._outputs(network_inputs(description, values), begins)
            if not description.classifies:
                outputs, spread, widths = self._in_units(outputs, spread, values)
        ids = sequences.ids[begin:end]
        if not description.goal.every_step:
            targets = None if sequences.targets is None else sequences.targets[begin:end]
            return NewAnswers(ids, (), outputs, spread, targets, widths)
        lengths = np.diff(starts).tolist()
        names = sequences.steps[steps] or tuple(
            str(step) for length in lengths for step in range(1, length + 1)
        )
        return NewAnswers(
            tuple(np.repeat(np.array(ids, object), lengths)),
            names,
            outputs,
            spread,
            self._targets(sequences, steps, starts - starts[0]),
            widths,
        )

    def _in_units(
        self, outputs: npt.NDArray[Any], spread: npt.NDArray[Any] | None, values: npt.NDArray[Any]
    ) -> "_Numbers":
        """Return numbers in the units of the file.

        Args:
            outputs: (n, O) as networks answer.
            spread: their deviations over the seeds, if several answer.
            values: (T, F) what was read, of a forecast one window.
        """
        description = self.description
        numbers = in_units(description, outputs, values)
        deviations = None
        if spread is not None:
            deviations = np.abs(in_units(description, outputs + spread, values) - numbers)
        widths = None
        if self.intervals is not None:
            widths = self.intervals.half_widths(scales_of(description, numbers, values))
            widths[np.isnan(numbers)] = np.nan
        return _Numbers(numbers, deviations, widths)

    def _forecasts(
        self, forecast: Forecast, values: npt.NDArray[Any], starts: Places
    ) -> "_Numbers":
        """Return numbers (T, O) to come, NaN at the first steps.

        Each step is answered by networks that have read as many steps as in training, in windows.
        """
        windows = answering_windows(np.diff(starts), forecast)
        size = (len(values), len(self.description.outputs))
        forecasts = _Numbers(
            np.full(size, np.nan),
            np.full(size, np.nan) if len(self.places) > 1 else None,
            np.full(size, np.nan) if self.intervals is not None else None,
        )
        most = max(1, MOST_STEPS_AT_ONCE // (forecast.context + forecast.stride))
        for begin in range(0, len(windows.lengths), most):
            some = windows.part(slice(begin, begin + most))
            rows, begins = some.rows(starts), starts_of(some.lengths)
            inputs = network_inputs(self.description, values[rows], begins)
            outputs, spread = self._outputs(inputs, begins)
            asked = some.is_asked()
            for first, stop in pairwise(begins.tolist()):
                of_spread = None if spread is None else spread[first:stop]
                answered = self._in_units(outputs[first:stop], of_spread, values[rows[first:stop]])
                chosen = asked[first:stop]
                for array, of_window in zip(forecasts, answered, strict=True):
                    if array is not None and of_window is not None:
                        array[rows[first:stop][chosen]] = of_window[chosen]
        return forecasts

    def _targets(
        self, sequences: NewSequences, steps: slice, starts: npt.NDArray[np.int64]
    ) -> npt.NDArray[Any] | None:
        """Return what is right at each step; of inputs to come it stands in those that follow."""
        description = self.description
        if description.goal is not Goal.NEXT:
            return None if sequences.targets is None else sequences.targets[steps]
        assert sequences.targets is not None
        read = sequences.targets[steps]  # (T, F), or places (T, 1)
        ends = np.repeat(starts[1:], np.diff(starts))
        if description.alphabet:
            later = np.arange(len(read)) + description.horizon
            known = later < ends
            classes = np.full(len(read), -1, np.int64)
            classes[known] = read[later[known], 0]
            return classes
        return numbers_to_come(read, starts, description.horizon)

    def _outputs(
        self, inputs: npt.NDArray[Any], starts: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None]:
        """Return outputs (n, O) and their spread over the seeds, of sequences or of all steps."""
        every_step = self.description.goal.every_step
        parts = [inputs[start:stop] for start, stop in pairwise(starts.tolist())]
        order, lengths, read = longest_first(parts)
        firsts = starts[:-1][order] if every_step else np.array(order)
        tally = _Tally(self, int(starts[-1]) if every_step else len(parts))
        with np.errstate(all="ignore"):
            for step, logits in enumerate(self._network.steps(read, lengths)):  # (R, O, n)
                if step % STEPS_OF_LOGITS == STEPS_OF_LOGITS - 1:
                    self._report(step, lengths[0])
                if every_step:
                    tally.add(logits, firsts[: logits.shape[2]] + step)
                    continue
                going = still_going(lengths, step + 1)
                if going < logits.shape[2]:  # these end here
                    tally.add(logits[:, :, going:], firsts[going : logits.shape[2]])
            tally.flush()
        return tally.outputs, tally.spread

    def _report(self, step: int, steps: int) -> None:
        """Say how far the networks are in a long sequence; a `DataError` if they are to stop."""
        if self._progress.stopping:
            raise DataError(STOPPED)
        if steps > LONG:
            self._progress.advance(step, steps)

    def voted(self, logits: Array) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Return the mean outputs (n, O) of logits (R, n, O) and their spread."""
        require_finite(logits)
        if not self.description.classifies:
            numbers = logits.astype(np.float64)
            deviations = numbers.std(axis=0, ddof=1) if len(logits) > 1 else numbers[0] * 0
            return numbers.mean(axis=0), deviations
        logits = logits / self._temperatures
        probabilities = sigmoid(logits) if self._separate else softmax(logits)
        means = probabilities.mean(axis=0)  # (n, O)
        agree = probabilities.argmax(axis=2) == means.argmax(axis=1)
        return means, agree.mean(axis=0)


class _Tally:
    """The answers of all seeds to n sequences or steps, while they come."""

    def __init__(self, voters: Voters, count: int) -> None:
        description = voters.description
        outputs = len(description.outputs)
        self._voters = voters
        self._logits: list[Array] = []  # (R, n, O) each
        self._places: list[npt.NDArray[np.int64]] = []
        self.outputs: npt.NDArray[Any] = np.zeros((count, outputs))
        self.spread: npt.NDArray[Any] | None = None
        if len(voters.places) > 1:
            self.spread = np.zeros(count if description.classifies else (count, outputs))

    def add(self, logits: Array, places: npt.NDArray[np.int64]) -> None:
        """Add logits (R, O, n) of all networks, and where the answers of those who vote go."""
        self._logits.append(logits[self._voters.places].transpose(0, 2, 1))
        self._places.append(places)
        if len(self._logits) >= STEPS_OF_LOGITS:
            self.flush()

    def flush(self) -> None:
        """Vote on all logits that were added."""
        if not self._logits:
            return
        places = np.concatenate(self._places)
        outputs, spread = self._voters.voted(np.concatenate(self._logits, axis=1))
        self.outputs[places] = outputs
        if self.spread is not None:
            self.spread[places] = spread
        self._logits.clear()
        self._places.clear()
