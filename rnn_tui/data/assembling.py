"""Make a data set of sequences: decide the goal, fill, cut, share out, measure."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data.bounds import check_numbers, check_sequences
from rnn_tui.data.cutting import FEW_SEQUENCES, brought_to_length, thinning_of
from rnn_tui.data.data_set import TEST, TRAINING, VALIDATION, DataSet
from rnn_tui.data.description import (
    LARGEST,
    LONGEST_NAME,
    MOST_FEATURES,
    MOST_OUTPUTS,
    Description,
    unique_names,
)
from rnn_tui.data.files.opening import named
from rnn_tui.data.filling import fill_with, fill_within, tell_missing
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
from rnn_tui.data.inputs import relative_values
from rnn_tui.data.options import Fill, Goal, ReadingOptions, Split, Tokens
from rnn_tui.data.relative import anchors_of
from rnn_tui.data.sequences import Flags, Floats, Sequences
from rnn_tui.data.splitting import (
    LEAST_GROUPS,
    LEAST_PIECES,
    NAMES,
    Parts,
    groups_in_two_parts,
    parts_of,
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
    from_past: bool = False  #: whether gaps may be filled by what came before them only.

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
        _check_numbers(sequences, named(self.path))
        self.goal = goal_of(sequences, self.options.goal, self.notes)
        self._check_tokens(sequences)
        self.horizon = self._horizon()
        if self.goal is Goal.NEXT:
            sequences = self._as_series(sequences)
        # what comes after a gap may be what is asked, or part of the test
        self.split = self._split(sequences)
        in_time = self.split not in (Split.CHANCE, Split.FILES)
        self.from_past = self.goal is Goal.NEXT or in_time
        if self.split is Split.FROM:
            text = self.options.test_from or ""
            sequences = given_from(sequences, text, every_step=self.goal.every_step)
        if self.goal is Goal.NEXT:
            sequences = self._with_label_to_come(sequences)
        sequences = self._without_label(sequences)
        sequences = self._with_labelled_steps(self._filled(sequences))
        self.split = self._split(sequences)
        if self._forecasts(sequences):
            return self._forecast_of(sequences)
        if len(sequences.given):
            sequences = cut_at_parts(sequences, every_step=self.goal.every_step)
        longest = int(sequences.lengths.max())
        sequences, self.window = brought_to_length(
            sequences, self.goal, self.horizon, self.options.window, self.notes
        )
        self.thinned = thinning_of(longest) if self.window is None else 1
        sequences = self._not_empty(sequences, self.horizon)
        sequences = self._with_labelled_steps(sequences)
        self._tell_unanswered(sequences)
        answers = answers_of(sequences.label, self.goal)
        if self.horizon and self.goal is Goal.STEP_NUMBER:
            answers = answers_to_come(answers, sequences, self.horizon)
        if sequences.measured is not None:
            answers = replace(answers, targets=sequences.measured.astype(np.float32))
        if self.goal in (Goal.CLASS, Goal.STEP_CLASS):
            tell_alike_classes(answers, self.notes)
        strata = self._strata(sequences, answers)
        self.by_group = self._is_by_group(sequences)
        parts = parts_of(self.split, sequences, strata, by_group=self.by_group)
        _check_answers(sequences, parts)
        training = np.repeat(parts == TRAINING, sequences.lengths)
        sequences = fill_with(sequences, _means(sequences.values[training]))
        if sequences.words:
            sequences, note = with_vocabulary(sequences, training)
            self.notes.append(note)
        if self.goal is Goal.CLASS:
            tell_rare_classes(answers, self.notes)
        self._tell_split(sequences, parts)
        self._tell_parts(sequences, parts)
        return self._assembled(sequences, answers, parts)

    def _as_series(self, sequences: Sequences) -> Sequences:
        """Return a series for each column of a table that has one in each, and tell it."""
        is_open = self.options.label is None and self.options.inputs is None
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
        may_be = bool(self.horizon) and self.split is Split.TIME and not sequences.alphabet
        options = [
            f"--{name}"
            for name in ("context", "season", "transform")
            if getattr(self.options, name) is not None
        ]
        if may_be and self._cuts_no_pieces and are_long_enough(sequences):
            if options or sequences.values.size <= MOST_OVERLAPPING:
                check_numbers(MOST_COPIES * sequences.values.size, named(self.path))
                return True
            self.notes.append(
                f"More than {MOST_OVERLAPPING:,} numbers are cut into pieces, each read without "
                "its past; --context reads that first, and takes several times the memory."
            )
        if options and self.options.goal is Goal.NEXT:
            raise DataError(
                f"The option {options[0]} is of forecasts, which need --goal next, numbers, a "
                f"split by time (--split time), no --window, and {LEAST_STEPS} steps of each "
                "series."
            )
        return False

    def _forecast_of(self, sequences: Sequences) -> DataSet:
        """Return the data set of windows that forecast."""
        forecaster = Forecaster(sequences, self.options, self.horizon, self.notes)
        forecasting = forecaster.forecasting()
        self.goal = Goal.STEP_NUMBER
        windows = forecasting.sequences
        check_numbers(windows.values.size, named(self.path))
        check_sequences(windows.count, named(self.path))
        asked = np.repeat(forecasting.parts, windows.lengths)
        _check_asked(asked[~np.isnan(forecasting.targets).all(axis=1)])
        names = _names_ahead(forecasting.forecast.columns, self.horizon)
        answers = Answers(names, forecasting.targets.astype(np.float32))
        self._tell_split(windows, forecasting.parts)
        return self._assembled(windows, answers, forecasting.parts, forecasting.forecast)

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
        if self.fill is not Fill.DROP:
            self.filled = int(missing.sum())
        if self.filled and self.from_past and self.options.fill is Fill.LINE:
            self.notes.append("Gaps are filled from the past: a line would look at what follows.")
        if self.filled and self.goal is Goal.NEXT:
            self.notes.append("Numbers that are missing are read as filled, and not asked for.")
            sequences = replace(sequences, measured=sequences.values)
        return self._not_empty(fill_within(sequences, self.fill, from_past=self.from_past), 0)

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

    def _without_label(self, sequences: Sequences) -> Sequences:
        """Leave out sequences without a label, if each needs one."""
        label = sequences.label
        if label is None or label.every_step or not label.missing.any():
            return sequences
        missing = int(label.missing.sum())
        self.notes.append(f"Left out: {count_of(missing, 'sequence')} without a label.")
        if label.missing.all():
            raise DataError(f"The label {label.name} is missing everywhere.")
        return sequences.keep_sequences(~label.missing)

    def _with_labelled_steps(self, sequences: Sequences) -> Sequences:
        """Leave out sequences, or pieces of them, none of whose steps has a label.

        A part that has no others could not be measured.
        """
        label = sequences.label
        if label is None or not label.every_step or label.missing.all():
            return sequences  # a label that is missing everywhere is refused later
        labelled = np.logical_or.reduceat(~label.missing, sequences.starts[:-1])
        unlabelled = int((~labelled).sum())
        if unlabelled:
            kind = "sequence" if self.window is None else "piece"
            self.notes.append(
                f"Left out: {count_of(unlabelled, kind)} without a label at any step."
            )
        return sequences.keep_sequences(labelled)

    def _tell_unanswered(self, sequences: Sequences) -> None:
        """Note the steps without a label among others that have one."""
        label = sequences.label
        if label is None or not label.every_step or not label.missing.any():
            return
        steps = count_of(int(label.missing.sum()), "step")
        self.notes.append(f"Read, but not answered: {steps} without a label.")

    def _not_empty(self, sequences: Sequences, least: int) -> Sequences:
        """Leave out sequences of at most `least` steps."""
        long_enough = sequences.lengths > least
        short = int((~long_enough).sum())
        if not long_enough.any():
            if not least:
                raise DataError("No sequence has any step.")
            raise DataError(
                f"No sequence has more than {count_of(least, 'step')}, as are predicted "
                "(--horizon)."
            )
        if short:
            kind = "without a step" if not least else f"of at most {count_of(least, 'step')}"
            self.notes.append(f"Left out: {count_of(short, 'sequence')} {kind}.")
        return sequences.keep_sequences(long_enough)

    def _split(self, sequences: Sequences) -> Split:
        """Return the user's split, or a guess: by files, by time for few sequences, by chance."""
        has_test = bool(sequences.tests.any() and not sequences.tests.all())
        wish = self._wished_split(sequences)
        if wish is Split.FILES and not has_test:
            raise DataError(
                "There is no second file for the test; it must lie beside this one and be called "
                "the same, with TEST where this one has TRAIN."
            )
        if wish is not None:
            return wish
        if has_test:
            return Split.FILES
        if len(sequences.given):
            return Split.COLUMN
        if self.options.group is not None:
            return Split.CHANCE
        few = sequences.count < FEW_SEQUENCES and self.goal.every_step
        return Split.TIME if few or self._are_of_one_calendar(sequences) else Split.CHANCE

    def _are_of_one_calendar(self, sequences: Sequences) -> bool:
        """Return whether many sequences are to be forecast that share dates, as those of shops."""
        if not self.horizon or not len(sequences.times) or not sequences.dated:
            return False
        firsts = sequences.times[sequences.starts[:-1]]
        lasts = sequences.times[sequences.starts[1:] - 1]
        return bool(self._cuts_no_pieces and firsts.max() < lasts.min())

    def _wished_split(self, sequences: Sequences) -> Split | None:
        """Return the split that the user says, perhaps by another option; None for a guess.

        Raises:
            DataError: if options say different ones.
        """
        options = self.options
        by_option = {Split.COLUMN: options.split_column, Split.FROM: options.test_from}
        said = [split for split, value in by_option.items() if value is not None]
        if len(said) > 1:
            raise DataError("The test is told by --split-column or by --test-from, not by both.")
        wish = options.split
        if said and wish not in (None, said[0]):
            option = "--split-column" if said[0] is Split.COLUMN else "--test-from"
            raise DataError(f"{option} says how to split, and --split {wish} otherwise; say one.")
        if wish in by_option and not said and not len(sequences.given):
            option = "--split-column" if wish is Split.COLUMN else "--test-from"
            raise DataError(f"--split {wish} needs {option}, which says what the test is.")
        wish = said[0] if said else wish
        if options.group is not None and wish in (Split.TIME, Split.FROM):
            raise DataError(
                "A split by time has steps of each group in all parts, so leave out --group, or "
                "split otherwise."
            )
        return wish

    def _is_by_group(self, sequences: Sequences) -> bool:
        """Return whether sequences are shared out by groups: told ones, or found ones if they can.

        A split by time or as the file says is not changed by groups that were only found.
        """
        if self.options.group is not None:
            return True
        if not len(sequences.members):
            return False
        if self.split is Split.COLUMN:
            given = sequences.given[sequences.starts[:-1]]
            in_training = len(np.unique(sequences.members[given == TRAINING]))
            return in_training >= LEAST_GROUPS and not groups_in_two_parts(sequences, given).any()
        groups = len(np.unique(sequences.members))
        return self.split is Split.CHANCE and groups >= LEAST_GROUPS

    def _tell_parts(self, sequences: Sequences, parts: Parts) -> None:
        """Note how many sequences of how many groups each part has, and which the file lacks."""
        if self.split is Split.COLUMN:
            given = set(sequences.given.tolist())
            lacking = [NAMES[part] for part in (VALIDATION, TEST) if part not in given]
            if lacking:
                self.notes.append(
                    f"The file says nothing of {' and '.join(lacking)}: made of its training part."
                )
        if not len(sequences.members):
            return
        counts = [int((parts == part).sum()) for part in NAMES]
        groups = [len(np.unique(sequences.members[parts == part])) for part in NAMES]
        words = [f"{count:,} {name}" for count, name in zip(counts, NAMES.values(), strict=True)]
        numbers = [f"{number:,}" for number in groups]
        name = printable(sequences.grouped_by, 40)
        kind = f"{name}s" if name.isalpha() and not name.endswith("s") else f"groups ({name})"
        self.notes.append(
            f"{', '.join(words[:2])} and {words[2]} sequences of {', '.join(numbers[:2])} and "
            f"{numbers[2]} {kind}."
        )

    def _tell_split(self, sequences: Sequences, parts: Parts) -> None:
        in_order = "first training, then validation, then test"
        by_time = f"in the order of the file: {in_order}"
        if sequences.count > 1 and self.split is Split.TIME:
            pieces = np.unique(sequences.origins, return_counts=True)[1]
            if len(pieces) > 1 and pieces.max() < LEAST_PIECES:
                by_time = f"whole, {by_time} (--window splits each of them by time)"
            elif len(pieces) > 1:
                by_time = f"by time, the pieces of each: {in_order}"
        how = {
            Split.CHANCE: "by chance",
            Split.TIME: by_time,
            Split.FILES: "with the second file as the test",
            Split.COLUMN: f"as {printable(sequences.given_by, 40)} says",
            Split.FROM: f"by time: from {printable(self.options.test_from or '', 40)} on the test, "
            "the last before it validation",
        }[self.split]
        name = printable(sequences.grouped_by, 40)
        if self.by_group:
            how += f", each {name} in one part"
        elif len(sequences.members) and len(np.unique(sequences.members)) < LEAST_GROUPS:
            how += f", not by {name}, of which there are fewer than three"
        elif len(sequences.members):
            spread = int(groups_in_two_parts(sequences, parts).sum())
            of_all = f"{spread:,} of {count_of(len(np.unique(sequences.members)), 'group')}"
            how += f"; {of_all} ({name}) lie in several parts" if spread else ""
        stratified = self.goal is Goal.CLASS and self.split in (Split.CHANCE, Split.FILES)
        nearly = "as equal shares of each class as groups allow"
        equal = nearly if self.by_group else "equal shares of each class"
        shares = f", with {equal}" if stratified else ""
        self.notes.append(f"Sequences are shared out {how}{shares}.")

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
            inputs, outputs = _relative_statistics(forecast, inputs, sequences, answers, parts)
        counts = np.bincount(parts, minlength=3).tolist()
        has_classes = self.goal in (Goal.CLASS, Goal.STEP_CLASS)
        label = printable(self.path.stem, LONGEST_NAME)
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
            notes=tuple(printable(note, 300) for note in self.notes),
            class_counts=tuple(answers.counts()) if has_classes else (),
        )
        starts, targets = sequences.starts, answers.targets
        return DataSet(description, values, starts, targets, parts, sequences.origin).named(label)

    def _outputs(
        self, sequences: Sequences, answers: Answers, inputs: "Statistics", parts: Parts
    ) -> "Statistics":
        """Return the names of the answers, with means and deviations if they are numbers."""
        if self.goal is Goal.NEXT:
            return _next_outputs(sequences, inputs, self.horizon)
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


def _check_numbers(sequences: Sequences, name: str) -> None:
    """Refuse what float32 can't hold, and too much of anything.

    Args:
        sequences: those of a file.
        name: what the file is called in sentences.
    """
    check_numbers(sequences.values.size, name)
    check_sequences(sequences.count, name)
    if len(sequences.features) > MOST_FEATURES:
        raise DataError(
            f"There are {len(sequences.features):,} inputs at a step, and at most {MOST_FEATURES} "
            "are read; name fewer (--inputs)."
        )
    if not sequences.count or not len(sequences.values):
        raise DataError("No sequence has any step.")
    beyond = (np.abs(np.nan_to_num(sequences.values)) > LARGEST).any(0)
    if beyond.any():
        name = (sequences.features or ("symbols",))[int(beyond.argmax())]
        raise DataError(f"The column {printable(name)} has numbers beyond 1e38.")


def _check_answers(sequences: Sequences, parts: Parts) -> None:
    """Refuse parts in which nothing that is to come is known."""
    if sequences.measured is None:
        return
    present: Flags = np.logical_not(np.isnan(sequences.measured).all(axis=1))
    present[sequences.starts[:-1]] = False  # nothing comes before the first step
    _check_asked(np.repeat(parts, sequences.lengths)[present])


def _check_asked(asked: Parts) -> None:
    """Refuse a data set unless something is asked in each part; `asked` has those of all steps."""
    for part, name in ((TRAINING, "training"), (VALIDATION, "validation"), (TEST, "test")):
        if not (asked == part).any():
            raise DataError(
                f"Too many numbers are missing: the {name} part has none to predict; leave out "
                "columns with gaps (--ignore)."
            )


def _means(values: Floats) -> Floats:
    """Return the means (F,) of numbers that are there; NaN where none is."""
    present = ~np.isnan(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        means: Floats = np.where(present, values, 0.0).sum(0) / present.sum(0)
    return means


@dataclass(frozen=True)
class Statistics:
    """The means and standard deviations of numbers with names; none of symbols or classes."""

    names: tuple[str, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]


def statistics(names: tuple[str, ...], values: npt.NDArray[Any]) -> Statistics:
    """Return the statistics of numbers (T, F), NaN left out.

    What is always the same has the deviation 1.
    """
    wide = values.astype(np.float64)
    means = np.nan_to_num(_means(wide))
    variances = np.nan_to_num(_means(np.square(wide - means)))
    deviations = np.sqrt(variances)
    rounding = 1e-7 * np.maximum(1e-30, np.abs(means))  # single precision has seven digits
    deviations[deviations <= rounding] = 1.0
    return Statistics(names, tuple(means.tolist()), tuple(deviations.tolist()))


def _relative_statistics(
    forecast: Forecast, inputs: Statistics, sequences: Sequences, answers: Answers, parts: Parts
) -> tuple[Statistics, Statistics]:
    """Return the statistics of what is read, and of what is answered, relative to earlier numbers.

    Args:
        forecast: which columns are, and how.
        inputs: of all features, with their names.
        sequences: windows.
        answers: of each step.
        parts: of each window.
    """
    values = sequences.values.astype(np.float32)
    training = np.repeat(parts == TRAINING, sequences.lengths)
    relative = relative_values(inputs.names, forecast, values, sequences.starts)
    horizon = len(answers.names) // len(forecast.columns)
    columns = [inputs.names.index(name) for name in forecast.columns]
    offsets, weights = anchors_of(forecast, values[:, columns], sequences.starts, horizon)
    targets = (answers.targets - offsets) / weights
    if np.isnan(targets[training]).all():
        raise DataError(
            "The series are too short to learn from with this context and season; say a shorter "
            "one (--context, --season)."
        )
    return (
        statistics(inputs.names, relative[training]),
        statistics(answers.names, targets[training]),
    )


def _names_ahead(columns: tuple[str, ...], horizon: int) -> tuple[str, ...]:
    """Return the names of answers: the columns for each step ahead in turn."""
    if len(columns) * horizon > MOST_OUTPUTS:
        raise DataError(
            f"{len(columns)} inputs for {horizon} steps ahead are more than {MOST_OUTPUTS} "
            "numbers to predict; name the one that is wanted (--label), or fewer inputs (--inputs) "
            "or steps (--horizon)."
        )
    names = [
        f"{printable(name, LONGEST_NAME - 5)} +{step}"
        for step in range(1, horizon + 1)
        for name in columns
    ]
    return tuple(unique_names(names))


def _next_outputs(sequences: Sequences, inputs: Statistics, horizon: int) -> Statistics:
    """Return the inputs to come: symbols, or the features of each step ahead in turn."""
    if sequences.alphabet:
        return Statistics(sequences.alphabet, (), ())
    names = _names_ahead(inputs.names, horizon)
    return Statistics(names, inputs.means * horizon, inputs.deviations * horizon)
