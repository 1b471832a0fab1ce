"""Fill and thin the sequences of a new file as those of training were, and see what is unlike."""

import itertools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data.applying.remarks import Remarks
from rnn_tui.data.cutting import thinned
from rnn_tui.data.data_set import TRAINING, DataSet
from rnn_tui.data.description import UNKNOWN_WORD, Description
from rnn_tui.data.filling import fill_with, fill_within
from rnn_tui.data.goals import Answers, answers_to_come
from rnn_tui.data.known import known_ahead, steps_of_past
from rnn_tui.data.options import Fill, Goal, Split
from rnn_tui.data.sequences import Floats, Places, Sequences, positions_of, starts_of
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, printable

SHOWN_FEATURES = 3  # whose numbers lie outside those of training, in a sentence


@dataclass(frozen=True, eq=False)
class NewSequences:
    """N sequences of a new file, of altogether T steps, as those of the data set are."""

    ids: tuple[str, ...]  #: (N,) what the file calls them; their numbers from 1 if it does not.
    #: (T, F) numbers in the units of the file, without gaps, or (T, 1) places in the alphabet.
    values: npt.NDArray[np.float32]
    starts: Places  #: (N + 1,)
    steps: tuple[str, ...]  #: (T,) the file's words for the steps; empty if it has none.
    #: as `DataSet.targets`, of inputs to come always (T, F); None if the file does not say them.
    targets: npt.NDArray[Any] | None


@dataclass(frozen=True, eq=False)
class RawSequences:
    """N sequences as they stand in a new file, with gaps."""

    ids: tuple[str, ...]  #: (N,)
    values: Floats  #: (T, F), NaN where they are missing.
    starts: Places  #: (N + 1,)
    steps: tuple[str, ...] = ()  #: (T,), or empty.
    targets: npt.NDArray[Any] | None = None  #: (N,) or (T,) of a label; None without one.


@dataclass(frozen=True, eq=False)
class Ranges:
    """The smallest and largest numbers (F,) of the training sequences."""

    lowest: npt.NDArray[Any]
    highest: npt.NDArray[Any]

    @classmethod
    def of(cls, data_set: DataSet) -> "Ranges | None":
        """Return those of a data set; None of symbols."""
        if data_set.description.alphabet:
            return None
        training = np.repeat(data_set.parts == TRAINING, data_set.lengths)
        values = data_set.values[training]
        return cls(values.min(axis=0), values.max(axis=0))


class Preparation:
    """The way from sequences of a new file to what networks were trained on.

    Args:
        description: of the data set that they were trained on.
        remarks: is told of what is unlike training.
        ranges: of the numbers in training; None if they are not looked at.
    """

    def __init__(
        self, description: Description, remarks: Remarks, ranges: Ranges | None = None
    ) -> None:
        self._description = description
        self._remarks = remarks
        self._ranges = ranges
        self._outside = np.zeros(len(description.features), np.int64)
        self._numbers = 0  # of each feature
        self._shorter = self._longer = self._too_short = self._sequences = 0
        self._longest = 0
        self._words = self._unknown = 0
        # as `Assembly.data_set` decides it
        self._from_past = bool(description.horizon) or description.split is Split.TIME

    def prepared(self, raw: RawSequences) -> NewSequences | None:
        """Return sequences without gaps; None if none has a step left."""
        description = self._description
        ahead: Floats | None = None
        if description.forecast is not None:
            raw, ahead = self._without_future(raw)
            if not len(raw.ids):
                return None
        sequences = Sequences(
            features=description.columns_read,
            alphabet=description.alphabet,
            values=raw.values,
            starts=raw.starts,
            times=np.arange(len(raw.values), dtype=np.float64),  # the step in `raw` of each
        )
        fill = description.fill
        if fill is Fill.LINE and self._from_past:
            fill = Fill.PREVIOUS
        if not description.alphabet:
            sequences = fill_within(sequences, fill, from_past=self._from_past)
        if description.thinned > 1 and not description.alphabet:
            self._remarks.note(
                f"The means of {description.thinned} steps each are read, as in training."
            )
            sequences = thinned(sequences, description.thinned)
        rows = sequences.times.astype(np.int64)
        measured = raw.values[rows] if description.thinned == 1 else sequences.values
        sequences = fill_with(sequences, np.array(description.means)[: raw.values.shape[1]])
        if ahead is not None:
            sequences = sequences.with_values(np.concatenate([sequences.values, ahead], axis=1))
        full = sequences.lengths > 0
        for place in np.flatnonzero(~full).tolist():
            name = printable(raw.ids[place])
            self._remarks.sequence(f"The sequence {name} has no step that can be read.")
        if not full.any():
            return None
        self._look(sequences.values, sequences.lengths[full])
        return NewSequences(
            tuple(name for name, stays in zip(raw.ids, full.tolist(), strict=True) if stays),
            sequences.values.astype(np.float32),
            starts_of(sequences.lengths[full]),
            tuple(raw.steps[row] for row in rows.tolist()) if raw.steps else (),
            self._targets(raw, sequences, rows, full, measured),
        )

    def _without_future(self, raw: RawSequences) -> tuple[RawSequences, Floats | None]:
        """Return sequences up to the last number that is forecast, and what is known ahead (T, K).

        Raises:
            DataError: if that is not known of as many steps as are forecast.
        """
        description = self._description
        assert description.forecast is not None
        series = Sequences(description.columns_read, (), raw.values, raw.starts)
        columns = [description.features.index(name) for name in description.forecast.columns]
        past = steps_of_past(raw.values[:, columns], raw.starts)
        for place in np.flatnonzero(past == 0).tolist():
            self._remarks.sequence(
                f"The sequence {printable(raw.ids[place])} has no number to forecast from."
            )
        future = series.lengths - past
        ahead = None
        if description.known:
            self._check_future(raw, past, future)
            names, horizon = description.known, description.horizon
            whole = series.keep_sequences(past > 0)
            values = known_ahead(whole, names, past[past > 0], horizon).values
            means = np.array(description.means)[-values.shape[1] :]
            ahead = np.where(np.isnan(values), means, values)
        elif future[past > 0].any():
            rows = count_of(int(future[past > 0].sum()), "row")
            self._remarks.note(
                f"{rows} after the last number that is forecast are not used; forecasts begin "
                "after that."
            )
        of_past = positions_of(raw.starts) < np.repeat(past, series.lengths)
        steps = tuple(itertools.compress(raw.steps, of_past.tolist()))
        return (
            replace(
                raw,
                ids=tuple(itertools.compress(raw.ids, (past > 0).tolist())),
                values=raw.values[of_past],
                starts=starts_of(past[past > 0]),
                steps=steps,
                targets=None if raw.targets is None else raw.targets[of_past],
            ),
            ahead,
        )

    def _check_future(self, raw: RawSequences, past: Places, future: Places) -> None:
        """Refuse sequences without all rows of the future, or with gaps in them."""
        horizon, known = self._description.horizon, self._description.known
        reading = self._description.reading
        words = known if reading is None else reading.known or known
        names = printable(", ".join(words), 100)
        for place in np.flatnonzero((past > 0) & (future < horizon)).tolist():
            steps = count_of(int(horizon - future[place]), "row")
            rows = count_of(int(future[place]), "row")
            raise DataError(
                f"The sequence {printable(raw.ids[place], 60)} has {rows} after its last number, "
                f"and {horizon} steps ahead are forecast with what is known of them ({names}): "
                f"{steps} of the future {'is' if steps == '1 row' else 'are'} missing."
            )
        columns = [self._description.features.index(name) for name in known]
        begins = raw.starts[:-1] + past
        for place in np.flatnonzero(past > 0).tolist():
            rows_ahead = raw.values[begins[place] : begins[place] + horizon][:, columns]
            if np.isnan(rows_ahead).any():
                step, column = (int(at[0]) for at in np.nonzero(np.isnan(rows_ahead)))
                self._remarks.note(
                    f"The sequence {printable(raw.ids[place], 60)} has no number of "
                    f"{known[column]} {step + 1} ahead; the one before is read."
                )
        if (future[past > 0] > horizon).any():
            self._remarks.note(f"Rows more than {count_of(horizon, 'step')} ahead are not used.")

    def _targets(
        self,
        raw: RawSequences,
        sequences: Sequences,
        rows: Places,
        full: npt.NDArray[np.bool_],
        measured: Floats,
    ) -> npt.NDArray[Any] | None:
        """Return what is right of the sequences or steps that are left."""
        description = self._description
        if description.goal is Goal.NEXT:
            return measured.astype(np.float32)
        if description.forecast is not None:
            columns = [description.features.index(name) for name in description.forecast.columns]
            numbers = Answers(description.forecast.columns, measured[:, columns])
            return answers_to_come(numbers, sequences, description.horizon).targets
        if raw.targets is None:
            return None
        if not description.goal.every_step:
            of_sequences = raw.targets[full]
            return of_sequences if description.classifies else of_sequences[:, None]
        of_steps = raw.targets[rows]
        of_label = of_steps[:, None].astype(np.float32)
        if not description.horizon:
            return of_steps if description.classifies else of_label
        return answers_to_come(Answers(("",), of_label), sequences, description.horizon).targets

    def _look(self, values: Floats, lengths: Places) -> None:
        """Count what lies outside training."""
        description = self._description
        self._sequences += len(lengths)
        if description.forecast is None:
            self._shorter += int((lengths < description.shortest).sum())
            self._longer += int((lengths > description.longest).sum())
        else:  # each step is answered from as many as in training
            self._too_short += int((lengths <= description.forecast.first_asked).sum())
        self._longest = max(self._longest, int(lengths.max()))
        if description.words:
            self._words += len(values)
            self._unknown += int((values[:, 0] == 0).sum())
        if self._ranges is not None:
            numbers = values.astype(np.float32)
            outside = (numbers < self._ranges.lowest) | (numbers > self._ranges.highest)
            self._outside += outside.sum(axis=0)
            self._numbers += len(numbers)

    def tell_outside(self) -> None:
        """Say what lies outside training, once all is read."""
        description = self._description
        note = self._remarks.note
        if description.forecast is not None:
            read_only = count_of(description.forecast.first_asked, "step")
            note(f"The first {read_only} of each sequence are read and not answered.")
        if self._too_short:
            note(
                f"{_share(self._too_short, self._sequences, 'sequence')} too short to be answered."
            )
        if self._longer:
            longest = count_of(description.longest, "step")
            note(
                f"{_share(self._longer, self._sequences, 'sequence')} longer than those of "
                f"training, up to {self._longest:,} steps where these have up to {longest}: "
                "answers may be worse there."
            )
        if self._shorter:
            note(
                f"{_share(self._shorter, self._sequences, 'sequence')} shorter than those of "
                f"training, which have at least {count_of(description.shortest, 'step')}."
            )
        if self._unknown:
            note(f"{_share(self._unknown, self._words, 'word')} unknown, read as {UNKNOWN_WORD}.")
        worst = np.argsort(-self._outside, kind="stable")[:SHOWN_FEATURES].tolist()
        for place in (place for place in worst if self._outside[place]):
            assert self._ranges is not None
            lowest, highest = self._ranges.lowest[place], self._ranges.highest[place]
            note(
                f"{printable(description.features[place])}: "
                f"{_share(int(self._outside[place]), self._numbers, 'number')} outside those of "
                f"training, {lowest:.6g} to {highest:.6g}."
            )


def _share(count: int, total: int, noun: str) -> str:
    """Return a count and its verb, such as `3 of 12 numbers are`."""
    verb = "is" if count == 1 else "are"
    return f"{count:,} of {count_of(total, noun)} {verb}"
