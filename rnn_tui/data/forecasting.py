"""Make windows of series whose next steps are forecast, and choose how their numbers are read."""

from dataclasses import dataclass, field, replace

import numpy as np

from rnn_tui.data.data_set import TRAINING, VALIDATION
from rnn_tui.data.description import LONGEST_NAME
from rnn_tui.data.files.names import COLUMN_SERIES_NAMES, simple, stem_and_number
from rnn_tui.data.filling import fill_with
from rnn_tui.data.forecast import IN_WORDS, Forecast, Transform
from rnn_tui.data.known import KnownAhead, with_ahead
from rnn_tui.data.options import MOST_STEPS, ReadingOptions
from rnn_tui.data.relative import anchors_of, relative_inputs
from rnn_tui.data.seasons import season_of
from rnn_tui.data.sequences import Flags, Floats, Places, Sequences, positions_of, starts_of
from rnn_tui.data.splitting import Parts
from rnn_tui.data.windows import (
    LEAST_STEPS,
    Borders,
    Windows,
    borders_of,
    borders_of_parts,
    default_context,
    targets_of,
    windows_of,
)
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, printable

LEAST_TRAINING = 10  # steps of each series
LEAST_COLUMNS = 3  # called like series, that are series
READ_BY_RIDGE = 8  # steps that the choice of a transform looks at
PENALTY = 1.0  # of that ridge regression, whose inputs are standardised
MOST_ROWS = 20_000  # that it is fitted on


def columns_as_series(sequences: Sequences) -> Sequences | None:
    """Return a series for each column of a table whose columns are called so; None of others.

    Args:
        sequences: of the table, a step a row.
    """
    parts = [stem_and_number(name) for name in sequences.features]
    stems = {part[0] for part in parts if part is not None}
    if sequences.count != 1 or len(parts) < LEAST_COLUMNS or None in parts or len(stems) != 1:
        return None
    [stem] = stems
    if simple(stem) not in COLUMN_SERIES_NAMES:
        return None
    count, steps = len(parts), len(sequences.values)
    measured = sequences.measured
    return replace(
        sequences,
        features=("value",),
        values=sequences.values.T.reshape(-1, 1),
        measured=None if measured is None else measured.T.reshape(-1, 1),
        starts=starts_of(np.full(count, steps)),
        ids=sequences.features,
        origins=np.arange(count),
        tests=np.zeros(count, np.bool_),
        firsts=np.zeros(count, np.int64),
        times=np.tile(sequences.times, count),
        members=np.zeros(0, np.int64),
        groups=(),
        given=np.tile(sequences.given, count),
    )


def are_long_enough(sequences: Sequences) -> bool:
    """Return whether all sequences have the steps that windows of their past need."""
    return bool(sequences.lengths.min() >= LEAST_STEPS)


@dataclass(frozen=True, eq=False)
class Forecasting:
    """Windows of series, with what they are asked."""

    sequences: Sequences  #: the windows.
    parts: Parts  #: (N,)
    targets: Floats  #: (T, h · C)
    forecast: Forecast


@dataclass
class Forecaster:
    """The way from series to windows.

    Args:
        series: whole, without gaps but at their beginnings; `measured` or the label says which
            numbers there are.
        options: the user's.
        horizon: steps ahead.
        notes: what is done is told here.
    """

    series: Sequences
    options: ReadingOptions
    horizon: int
    notes: list[str]
    ahead: KnownAhead | None = None  #: what is known ahead of their steps.
    borders: list[Borders] = field(init=False)  #: of each series.

    def __post_init__(self) -> None:
        series = self.series
        if self.options.test_from is None:
            self.borders = [borders_of(steps) for steps in series.lengths.tolist()]
            return
        parts = np.split(series.given, series.starts[1:-1])
        self.borders = [borders_of_parts(of_series) for of_series in parts]

    def forecasting(self) -> Forecasting:
        """Return the windows.

        Raises:
            DataError: if the series are too short for what is asked of them.
        """
        columns, truth = self._asked()
        means = self._training_means()
        series = fill_with(self.series, means)
        context = self._context()
        numbers = series.values[:, columns]
        season = self._season(numbers, context)
        names = tuple(printable(series.features[place], LONGEST_NAME) for place in columns)
        candidates = [
            Forecast(columns=names, transform=transform, season=season, context=context)
            for transform in self._transforms(numbers, season, context)
        ]
        forecast = self._chosen(candidates, numbers, truth)
        windows = windows_of(self.borders, forecast, self._readable)
        targets = targets_of(truth, series.starts, self.borders, windows, self.horizon)
        self._tell(forecast, windows)
        if self.ahead is not None:
            series = with_ahead(series, self.ahead, means, self.horizon)
        return Forecasting(_cut(series, windows), windows.parts, targets, forecast)

    @property
    def _readable(self) -> Places:
        """The steps (N,) of each series that windows may read."""
        return self.series.lengths if self.ahead is None else self.ahead.readable

    def _asked(self) -> tuple[list[int], Floats]:
        """Return the columns that are forecast, and their numbers (S, C), NaN where missing."""
        series, label = self.series, self.series.label
        if label is None:
            known = () if self.ahead is None else self.ahead.columns
            asked = [place for place, name in enumerate(series.features) if name not in known]
            truth = series.values if series.measured is None else series.measured
            return asked, truth[:, asked]
        return [series.features.index(label.name)], label.values.astype(np.float64)[:, None]

    def _training_means(self) -> Floats:
        within = _in_training(self.series, self.borders)
        values = self.series.values[within]
        present = ~np.isnan(values)
        sums = np.where(present, values, 0.0).sum(axis=0)
        means: Floats = sums / np.maximum(present.sum(axis=0), 1)
        return means

    def _context(self) -> int:
        training = min(borders.validation for borders in self.borders)
        if training < LEAST_TRAINING:
            raise DataError(
                f"A series has {count_of(training, 'step')} to train on, and a forecast needs "
                f"{LEAST_TRAINING}; begin the test later (--test-from), or leave that series out."
            )
        # of series that end before the test, none is asked there
        scored = min(each.end - each.test for each in self.borders if each.end > each.test)
        if self.horizon > scored:
            raise DataError(
                f"The test of the shortest series has {count_of(scored, 'step')}, and "
                f"{self.horizon} ahead are asked for (--horizon); ask for at most {scored}, begin "
                "the test earlier (--test-from), or bring longer series."
            )
        wish = self.options.context
        if wish is None:
            return default_context(training)
        most = min(training - 1, MOST_STEPS // 2)
        if wish > most:
            raise DataError(
                f"A context of {wish:,} steps (--context) is more than the training part of the "
                f"shortest series allows; the longest is {most:,}."
            )
        return wish

    def _season(self, numbers: Floats, context: int) -> int:
        """Return the season that the user names, or that the training steps show."""
        wish = self.options.season
        if wish is not None:
            if wish > 1 and wish + 2 > context:
                raise DataError(
                    f"A season of {wish} steps (--season) needs a context of {wish + 2} steps at "
                    f"least, and that is {context} (--context)."
                )
            return wish if wish > 1 else 0
        series = self.series
        columns = [
            numbers[start : start + borders.validation, place]
            for start, borders in zip(series.starts[:-1].tolist(), self.borders, strict=True)
            for place in range(numbers.shape[1])
        ]
        season = season_of(columns, context - 2)
        found = f"a season of {season} steps is" if season else "no season is"
        self.notes.append(
            f"By the autocorrelation of the training steps, {found} there (--season)."
        )
        return season

    def _transforms(self, numbers: Floats, season: int, context: int) -> list[Transform]:
        """Return the ways to read the numbers that can be chosen from."""
        if self.options.transform is not None:
            if self.options.transform.is_seasonal and not season:
                raise DataError(
                    f"The transform {self.options.transform} needs a season; say --season."
                )
            return [self.options.transform]
        transforms = [Transform.PLAIN, Transform.DIFFERENCE]
        is_positive = bool((numbers > 0).all())
        if is_positive:
            transforms.append(Transform.RATIO)
        if season and season + 2 <= context:
            transforms.append(Transform.SEASONAL_DIFFERENCE)
            if is_positive:
                transforms.append(Transform.SEASONAL_RATIO)
        return transforms

    def _chosen(self, candidates: list[Forecast], numbers: Floats, truth: Floats) -> Forecast:
        """Return the candidate by which a ridge regression forecasts the validation best."""
        if len(candidates) == 1:
            return candidates[0]
        trials = [
            _Trial(candidate, self.series, self.borders, self._readable, self.horizon, self.ahead)
            for candidate in candidates
        ]
        errors = [trial.error(numbers, truth) for trial in trials]
        best = int(np.argmin(errors))
        compared = ", ".join(
            f"{candidate.transform.value} {error:.4g}"
            for candidate, error in zip(candidates, errors, strict=True)
        )
        self.notes.append(
            f"The numbers are read {IN_WORDS[candidates[best].transform]} (--transform): so a "
            f"ridge regression forecasts the validation best (errors: {compared})."
        )
        return candidates[best]

    def _tell(self, forecast: Forecast, windows: Windows) -> None:
        names = ", ".join(forecast.columns[:5]) + (", …" if len(forecast.columns) > 5 else "")
        steps = "the next step" if self.horizon == 1 else f"the next {self.horizon} steps"
        count = "one series" if self.series.count == 1 else f"{self.series.count:,} series"
        self.notes.append(
            f"Forecast {'is' if len(forecast.columns) == 1 else 'are'} {names}, {steps}, in "
            f"{count}: {len(windows.parts):,} windows overlap, and read up to {forecast.context} "
            "steps before they are asked (--context; --window cuts pieces without that instead)."
        )
        self._tell_calendars()

    def _tell_calendars(self) -> None:
        """Say if series end at different dates, as each is shared out by its own steps."""
        series = self.series
        if not len(series.times) or not series.dated:
            return
        if len(np.unique(series.times[series.starts[1:] - 1])) > 1:
            self.notes.append(
                "The series end at different dates, and each is shared out by its own steps: dates "
                "in the test of one may be in the training of another."
            )


def _in_training(series: Sequences, borders: list[Borders]) -> Flags:
    """Return which steps (S,) of series are of the training part."""
    ends = np.array([of_series.validation for of_series in borders])
    return np.asarray(positions_of(series.starts) < np.repeat(ends, series.lengths))


def _cut(series: Sequences, windows: Windows) -> Sequences:
    """Return the windows of series as sequences."""
    rows = windows.rows(series.starts)
    members = series.members
    return replace(
        series,
        values=series.values[rows],
        starts=starts_of(windows.lengths),
        label=None,
        measured=None,
        origins=series.origins[windows.series],
        tests=series.tests[windows.series],
        firsts=series.firsts[windows.series] + windows.firsts,
        times=series.times[rows] if len(series.times) else series.times,
        given=series.given[rows] if len(series.given) else series.given,
        members=members[windows.series] if len(members) else members,
    )


@dataclass
class _Trial:
    """A ridge regression on the last steps, to compare ways to read the same numbers."""

    forecast: Forecast
    series: Sequences
    borders: list[Borders]
    readable: Places
    horizon: int
    ahead: KnownAhead | None

    def error(self, numbers: Floats, truth: Floats) -> float:
        """Return the root mean squared error on the validation, in units of the columns.

        Of several columns, each counts by its standard deviation.
        """
        series, forecast = self.series, self.forecast
        windows = windows_of(self.borders, forecast, self.readable)
        targets = targets_of(truth, series.starts, self.borders, windows, self.horizon)
        rows = windows.rows(series.starts)
        anchors = anchors_of(forecast, numbers, series.starts, self.horizon)
        parts = np.repeat(windows.parts, windows.lengths)
        inputs = self._inputs(numbers)
        scale = self._scales(numbers)
        training = self._rows(targets, parts == TRAINING)
        validation = self._rows(targets, parts == VALIDATION)
        squares, count = 0.0, 0
        for output in range(targets.shape[1]):
            relative = (targets[:, output] - anchors.offsets[rows, output]) / anchors.weights[
                rows, output
            ]
            fitted = training[~np.isnan(relative[training])]
            scored = validation[~np.isnan(relative[validation])]
            if len(fitted) < 2 or not len(scored):
                continue
            answers = _ridge(inputs[rows[fitted]], relative[fitted], inputs[rows[scored]])
            errors = (answers - relative[scored]) * anchors.weights[rows[scored], output]
            squares += float(np.square(errors / scale[output % len(scale)]).sum())
            count += len(scored)
        return float(np.sqrt(squares / count)) if count else np.inf

    def _inputs(self, numbers: Floats) -> Floats:
        """Return the last READ_BY_RIDGE relative numbers and what is known ahead, (S, W)."""
        series = self.series
        relative = np.nan_to_num(relative_inputs(self.forecast, numbers, series.starts))
        begins = np.repeat(series.starts[:-1], series.lengths)
        steps = np.arange(len(numbers))
        parts = []
        for back in range(READ_BY_RIDGE):
            earlier = relative[np.maximum(steps - back, 0)]
            earlier[steps - back < begins] = 0.0
            parts.append(earlier)
        if self.ahead is not None:
            parts.append(np.nan_to_num(self.ahead.values))
        return np.concatenate(parts, axis=1)

    def _scales(self, numbers: Floats) -> Floats:
        if numbers.shape[1] == 1:
            return np.ones(1)
        deviations: Floats = numbers[_in_training(self.series, self.borders)].std(axis=0)
        return np.where(deviations > 0, deviations, 1.0)

    def _rows(self, targets: Floats, of_part: Flags) -> Places:
        """Return the asked steps of a part, some of them by chance if they are many."""
        rows = np.flatnonzero(of_part & ~np.isnan(targets).all(axis=1))
        if len(rows) > MOST_ROWS:
            rows = np.sort(np.random.default_rng(0).choice(rows, MOST_ROWS, replace=False))
        return rows


def _ridge(inputs: Floats, targets: Floats, asked: Floats) -> Floats:
    """Return the answers (m,) of a ridge regression to inputs (m, W), fitted on (n, W) and (n,)."""
    means, deviations = inputs.mean(axis=0), inputs.std(axis=0)
    deviations = np.where(deviations > 0, deviations, 1.0)
    columns = (inputs - means) / deviations
    level = targets.mean()
    products = columns.T @ columns + PENALTY * np.eye(columns.shape[1])
    weights = np.linalg.solve(products, columns.T @ (targets - level))
    answers: Floats = (asked - means) / deviations @ weights + level
    return answers
