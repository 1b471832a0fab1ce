"""Make a data set of sequences: decide the goal, fill, cut, share out, measure."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rnn_tui.data.bounds import check_numbers, check_sequences
from rnn_tui.data.checks import check_answers, check_asked, check_content
from rnn_tui.data.cutting import brought_to_length, thinning_of
from rnn_tui.data.data_set import LONGEST_STEM, TRAINING, DataSet
from rnn_tui.data.description import LONGEST_NAME, Description, unique_names
from rnn_tui.data.far_numbers import tell_far_numbers
from rnn_tui.data.files.opening import named
from rnn_tui.data.filling import fill_with, fill_within, tell_missing
from rnn_tui.data.folds import Fold
from rnn_tui.data.forecast import MOST_COPIES, Forecast
from rnn_tui.data.forecasting import Forecaster, are_long_enough, columns_as_series
from rnn_tui.data.given_parts import cut_at_parts, given_from
from rnn_tui.data.goals import (
    Answers,
    answers_of,
    answers_to_come,
    goal_of,
    tell_alike_classes,
    tell_rare_classes,
)
from rnn_tui.data.known import (
    KnownAhead,
    asked_numbers,
    check_size,
    cut_to,
    known_ahead,
    known_features,
    notes_of_future,
    steps_of_past,
)
from rnn_tui.data.leaving_out import (
    not_empty,
    tell_unanswered,
    with_labelled_steps,
    without_label,
)
from rnn_tui.data.options import Fill, Goal, ReadingOptions, Split, Tokens
from rnn_tui.data.sequences import Flags, Sequences
from rnn_tui.data.sharing import Sharing, note_of_split, notes_of_parts
from rnn_tui.data.splitting import Parts, parts_of
from rnn_tui.data.statistics import (
    Statistics,
    means_of,
    names_ahead,
    next_outputs,
    relative_statistics,
    statistics,
)
from rnn_tui.data.windows import LEAST_STEPS
from rnn_tui.data.words import with_vocabulary
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, printable

MOST_OVERLAPPING = 200_000  # numbers that windows are made of unasked: they hold each up to 8 times


@dataclass
class Assembly:
    """The way from the sequences of a file to a data set."""

    path: Path
    options: ReadingOptions
    notes: list[str] = field(default_factory=list)
    window: int | None = None  #: by which the sequences were cut.
    goal: Goal = Goal.NEXT
    horizon: int = 0
    split: Split = Split.CHANCE
    thinned: int = 1  #: steps of the file that one was made of.
    filled: int = 0  #: numbers that were missing.
    by_group: bool = False  #: whether no group has sequences in two parts.
    fold: Fold | None = None  #: which is the test; None without folds.
    from_past: bool = False  #: whether gaps may be filled by what came before them only.
    ahead: KnownAhead | None = None  #: what forecasts know ahead.

    @property
    def fill(self) -> Fill:
        """What stands in for missing numbers."""
        wish = self.options.fill
        if self.from_past and wish in (None, Fill.LINE):
            return Fill.PREVIOUS
        return wish or Fill.LINE

    def data_set(self, sequences: Sequences) -> DataSet:
        """Return the data set.

        Raises:
            DataError: if nothing can be learned of these sequences.
        """
        check_content(sequences, named(self.path))
        self.goal = goal_of(sequences, self.options.goal, self.notes)
        self._check_tokens(sequences)
        self.horizon = self._horizon()
        if self.goal is Goal.NEXT:
            sequences = self._as_series(sequences)
        # what comes after a gap may be what is asked, or part of the test
        self.split = self._sharing.split_of(sequences)
        in_time = self.split not in (Split.CHANCE, Split.FILES)
        self.from_past = self.goal is Goal.NEXT or in_time
        if self.split is Split.FROM:
            text = self.options.test_from or ""
            sequences = given_from(sequences, text, every_step=self.goal.every_step)
        if self.goal is Goal.NEXT:
            sequences = self._without_future(self._with_label_to_come(sequences))
        sequences = without_label(sequences, self.notes)
        sequences = with_labelled_steps(self._filled(sequences), "sequence", self.notes)
        self.split = self._sharing.split_of(sequences)
        self._sharing.check_folds(self.split)
        if self._forecasts(sequences):
            return self._forecast_of(sequences)
        if len(sequences.given):
            sequences = cut_at_parts(sequences, every_step=self.goal.every_step)
        longest = int(sequences.lengths.max())
        sequences, self.window = brought_to_length(
            sequences, self.goal, self.horizon, self.options.window, self.notes
        )
        self.thinned = thinning_of(longest) if self.window is None else 1
        sequences = not_empty(sequences, self.horizon, self.notes)
        kind = "sequence" if self.window is None else "piece"
        sequences = with_labelled_steps(sequences, kind, self.notes)
        tell_unanswered(sequences, self.notes)
        answers = answers_of(sequences.label, self.goal)
        if self.horizon and self.goal is Goal.STEP_NUMBER:
            answers = answers_to_come(answers, sequences, self.horizon)
        if sequences.measured is not None:
            answers = replace(answers, targets=sequences.measured.astype(np.float32))
        if self.goal in (Goal.CLASS, Goal.STEP_CLASS):
            tell_alike_classes(answers, self.notes)
        strata = self._strata(sequences, answers)
        self.by_group = self._sharing.is_by_group(self.split, sequences)
        self.fold = self._sharing.fold_of(sequences, by_group=self.by_group)
        parts = parts_of(self.split, sequences, strata, by_group=self.by_group, fold=self.fold)
        check_answers(sequences, parts)
        training = np.repeat(parts == TRAINING, sequences.lengths)
        sequences = fill_with(sequences, means_of(sequences.values[training]))
        if sequences.words:
            sequences, note = with_vocabulary(sequences, training)
            self.notes.append(note)
        if self.goal is Goal.CLASS:
            tell_rare_classes(answers, self.notes)
        self._tell_split(sequences, parts)
        self.notes += notes_of_parts(self.split, sequences, parts)
        return self._assembled(sequences, answers, parts)

    def _as_series(self, sequences: Sequences) -> Sequences:
        """Return a series for each column of a table that has one in each, and tell it."""
        options = self.options
        is_open = options.label is None and options.inputs is None and not options.known
        series = columns_as_series(sequences) if is_open and self._cuts_no_pieces else None
        if series is None or not are_long_enough(series):
            return sequences
        first, last = series.ids[0], series.ids[-1]
        self.notes.append(
            f"Each column from {first} to {last} is a series of its own, which one network reads "
            "(--inputs reads several columns at each step)."
        )
        return series

    @property
    def _cuts_no_pieces(self) -> bool:
        return self.options.window is None

    def _forecasts(self, sequences: Sequences) -> bool:
        """Return whether windows of their past forecast the sequences, in place of pieces.

        Raises:
            DataError: if the user says how, and they do not.
        """
        by_time = self.split in (Split.TIME, Split.FROM)
        may_be = bool(self.horizon) and by_time and not sequences.alphabet
        options = [
            f"--{name}"
            for name in ("context", "season", "transform", "known")
            if getattr(self.options, name) not in (None, ())
        ]
        if may_be and self._cuts_no_pieces and are_long_enough(sequences):
            if options or sequences.values.size <= MOST_OVERLAPPING:
                check_numbers(MOST_COPIES * sequences.values.size, named(self.path))
                return True
            self.notes.append(
                f"More than {MOST_OVERLAPPING:,} numbers are cut into pieces, each read without "
                "its past; --context reads that first, and takes several times the memory."
            )
        if options and (self.options.goal is Goal.NEXT or self.options.known):
            raise DataError(
                f"The option {options[-1]} is of forecasts, which need --goal next, numbers, a "
                "split by time (--split time or --test-from), no --window, and "
                f"{LEAST_STEPS} steps of each series."
            )
        return False

    def _forecast_of(self, sequences: Sequences) -> DataSet:
        """Return the data set of windows that forecast."""
        forecaster = Forecaster(sequences, self.options, self.horizon, self.notes, self.ahead)
        forecasting = forecaster.forecasting()
        self.goal = Goal.STEP_NUMBER
        windows = forecasting.sequences
        check_numbers(windows.values.size, named(self.path))
        check_sequences(windows.count, named(self.path))
        asked = np.repeat(forecasting.parts, windows.lengths)
        check_asked(asked[~np.isnan(forecasting.targets).all(axis=1)])
        names = names_ahead(forecasting.forecast.columns, self.horizon)
        answers = Answers(names, forecasting.targets.astype(np.float32))
        self._tell_split(windows, forecasting.parts)
        return self._assembled(windows, answers, forecasting.parts, forecasting.forecast)

    def _without_future(self, sequences: Sequences) -> Sequences:
        """Return the past of sequences, after which nothing that is predicted has a number.

        What is known ahead is kept, at the steps of the past, in `ahead`.
        """
        known = known_features(sequences.features, self.options.known)
        asked = asked_numbers(sequences, known)
        if not asked.shape[1]:
            if known:
                raise DataError(
                    "All columns are known ahead (--known), so none is left to forecast."
                )
            return sequences
        past = steps_of_past(asked, sequences.starts)
        if not past.any():
            raise DataError("Nothing of what is to be forecast has a number anywhere.")
        self.notes += notes_of_future(sequences, past, known)
        if known:
            check_size(len(sequences.features), len(known), self.horizon)
            if self.options.fill is Fill.DROP:
                raise DataError(
                    "Steps can't be left out (--fill drop) where columns are known ahead "
                    "(--known); fill gaps in another way."
                )
            whole = sequences.keep_sequences(past > 0)
            self.ahead = known_ahead(whole, known, past[past > 0], self.horizon)
        return cut_to(sequences, past)

    def _check_tokens(self, sequences: Sequences) -> None:
        """Refuse words where there are none, or where the next one would be the answer."""
        if self.options.tokens is not Tokens.WORDS:
            return
        if not sequences.words and not sequences.alphabet:
            raise DataError(
                "--tokens words is for one column of text, and something else is read here; leave "
                "it out, or name the column (--inputs) and --layout wide for a text in each row."
            )
        if not sequences.words or self.goal is Goal.NEXT:
            raise DataError(
                "The next word of a text is not learned, only its next character; leave out "
                "--tokens words, or name a label in a table (--label)."
            )

    def _filled(self, sequences: Sequences) -> Sequences:
        """Fill what can be filled from the same sequence, and tell it."""
        missing = np.isnan(sequences.values)
        names = sequences.features or ("symbols",)
        self.notes += tell_missing(missing, names, self.fill)
        if not sequences.alphabet:
            self.notes += tell_far_numbers(names, sequences.values)
        label = sequences.label
        is_number = self.goal in (Goal.NUMBER, Goal.STEP_NUMBER)
        if label is not None and is_number and not label.is_text:
            self.notes += tell_far_numbers((label.name,), label.values.astype(float)[:, None])
        if self.fill is not Fill.DROP:
            self.filled = int(missing.sum())
        if self.filled and self.from_past and self.options.fill is Fill.LINE:
            self.notes.append("Gaps are filled from the past: a line would look at what follows.")
        if self.filled and self.goal is Goal.NEXT:
            self.notes.append("Numbers that are missing are read as filled, and not asked for.")
            sequences = replace(sequences, measured=sequences.values)
        filled = fill_within(sequences, self.fill, from_past=self.from_past)
        return not_empty(filled, 0, self.notes)

    def _with_label_to_come(self, sequences: Sequences) -> Sequences:
        """Return sequences whose label is what is predicted ahead, if the user names one."""
        label = sequences.label
        if label is None or self.options.label is None:
            return replace(sequences, label=None)
        if label.is_text:
            raise DataError(
                f"The label {label.name} holds words, and numbers are predicted ahead; choose "
                "--goal step-class, or leave out --label."
            )
        self.goal = Goal.STEP_NUMBER
        steps = count_of(self.horizon, "step")
        self.notes.append(f"Predicted is {label.name}, up to {steps} ahead; it is read as well.")
        return sequences

    def _horizon(self) -> int:
        return self.options.horizon if self.goal is Goal.NEXT else 0

    @property
    def _sharing(self) -> Sharing:
        return Sharing(self.options, self.goal, self.horizon)

    def _tell_split(self, sequences: Sequences, parts: Parts) -> None:
        by_group = self.by_group
        note = note_of_split(self._sharing, self.split, sequences, parts, by_group=by_group)
        self.notes.append(note)

    def _strata(self, sequences: Sequences, answers: Answers) -> npt.NDArray[np.int64]:
        """Return the class (N,) by which sequences are shared out; one for all without classes."""
        if self.goal is Goal.CLASS:
            return answers.targets
        return np.zeros(sequences.count, np.int64)

    def _assembled(
        self,
        sequences: Sequences,
        answers: Answers,
        parts: Parts,
        forecast: Forecast | None = None,
    ) -> DataSet:
        """Return the data set, named."""
        features = tuple(unique_names(printable(name, LONGEST_NAME) for name in sequences.features))
        training = np.repeat(parts == TRAINING, sequences.lengths)
        values = sequences.values.astype(np.float32)
        inputs = Statistics(features, (), ())
        if features:
            inputs = statistics(features, values[training])
            self._tell_constant(values, features)
        if forecast is None:
            outputs = self._outputs(sequences, answers, inputs, parts)
        else:
            inputs, outputs = relative_statistics(forecast, inputs, sequences, answers, parts)
        counts = np.bincount(parts, minlength=3).tolist()
        has_classes = self.goal in (Goal.CLASS, Goal.STEP_CLASS)
        label = printable(self.path.stem, LONGEST_NAME)
        stem = label
        if self.fold is not None:
            stem = self.fold.named(label, LONGEST_STEM)
            label = self.fold.named(label, LONGEST_NAME)
        description = Description(
            name="unnamed",
            label=label,
            source=printable(self.path, 400),
            goal=self.goal,
            horizon=self.horizon,
            features=features,
            alphabet=sequences.alphabet,
            outputs=outputs.names,
            means=inputs.means,
            deviations=inputs.deviations,
            output_means=outputs.means,
            output_deviations=outputs.deviations,
            training=counts[0],
            validation=counts[1],
            test=counts[2],
            shortest=int(sequences.lengths.min()),
            longest=int(sequences.lengths.max()),
            split=self.split,
            fill=self.fill,
            filled=self.filled,
            dated=sequences.dated,
            thinned=self.thinned,
            forecast=forecast,
            words=sequences.words,
            known=() if self.ahead is None else self.ahead.columns,
            notes=tuple(printable(note, 300) for note in self.notes),
            class_counts=tuple(answers.counts()) if has_classes else (),
        )
        starts, targets = sequences.starts, answers.targets
        return DataSet(description, values, starts, targets, parts, sequences.origin).named(stem)

    def _outputs(
        self, sequences: Sequences, answers: Answers, inputs: Statistics, parts: Parts
    ) -> Statistics:
        """Return the names of the answers, with means and deviations if they are numbers."""
        if self.goal is Goal.NEXT:
            return next_outputs(sequences, inputs, self.horizon)
        if self.goal in (Goal.CLASS, Goal.STEP_CLASS):
            return Statistics(answers.names, (), ())
        chosen: Flags = parts == TRAINING
        if self.goal is Goal.STEP_NUMBER:
            chosen = np.repeat(chosen, sequences.lengths)
        if np.isnan(answers.targets[chosen]).all():
            raise DataError("No training sequence has a label.")
        return statistics(answers.names, answers.targets[chosen])

    def _tell_constant(self, values: npt.NDArray[np.float32], names: tuple[str, ...]) -> None:
        constant = np.flatnonzero(values.min(0) == values.max(0))
        if len(constant):
            some = ", ".join(names[place] for place in constant[:5])
            more = ", …" if len(constant) > 5 else ""
            self.notes.append(f"Always the same number, so nothing to learn from: {some}{more}.")
