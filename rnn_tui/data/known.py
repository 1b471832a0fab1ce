"""Give networks what is known ahead: the columns whose numbers of the steps to come can be read.

A column `price` that is known ahead is read at each step t as others are, and with it what it holds
in the steps t + 1 … t + h that are forecast, as `price +1` … `price +h`. Rows after the last number
that is forecast are the future: they have only what is known ahead.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rnn_tui.data.description import LONGEST_NAME, MOST_FEATURES
from rnn_tui.data.filling import fill_within
from rnn_tui.data.options import Fill
from rnn_tui.data.sequences import Floats, Places, Sequences, positions_of
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, printable


@dataclass(frozen=True, eq=False)
class KnownAhead:
    """What is known ahead at each of the S steps of N series."""

    columns: tuple[str, ...]  #: the K features that are known ahead.
    #: (S, h · K) for each step ahead in turn; NaN beyond the rows of the file.
    values: Floats
    readable: Places  #: (N,) the steps of each series for which all of it is in the file.


def known_features(features: Sequence[str], columns: Sequence[str]) -> tuple[str, ...]:
    """Return the features that columns are read as; words are several.

    Raises:
        DataError: if a column is none of them.
    """
    known = []
    for column in columns:
        of_column = [name for name in features if name == column or name.startswith(f"{column}=")]
        if not of_column:
            raise DataError(
                f"The column {printable(column, 40)} is not read, so it can't be known ahead "
                "(--known); name it as an input (--inputs)."
            )
        known += of_column
    return tuple(dict.fromkeys(known))


def names_of_ahead(known: Sequence[str], horizon: int) -> tuple[str, ...]:
    """Return the names of what is read ahead: the known columns of each step ahead in turn."""
    return tuple(
        f"{printable(name, LONGEST_NAME - 5)} +{step}"
        for step in range(1, horizon + 1)
        for name in known
    )


def check_size(features: int, known: int, horizon: int) -> None:
    """Refuse more inputs at a step than are read."""
    if features + known * horizon > MOST_FEATURES:
        raise DataError(
            f"{known} columns that are known {horizon} steps ahead (--known, --horizon) make more "
            f"than {MOST_FEATURES} inputs at a step; name fewer."
        )


def asked_numbers(sequences: Sequences, known: Sequence[str]) -> Floats:
    """Return the numbers (T, C) that are predicted: the label, or all that is not known ahead."""
    label = sequences.label
    if label is not None and label.every_step:
        return label.values.astype(np.float64)[:, None]
    asked = [place for place, name in enumerate(sequences.features) if name not in known]
    return sequences.values[:, asked]


def notes_of_future(sequences: Sequences, past: Places, known: Sequence[str]) -> list[str]:
    """Return sentences on rows after the last number that is predicted, if there are any.

    Args:
        sequences: whole.
        past: (N,) the steps of each up to that number; 0 of those that have none.
        known: the features that are known ahead.
    """
    notes = []
    empty = int((past == 0).sum())
    if empty:
        notes.append(f"Left out: {count_of(empty, 'sequence')} without a number.")
    future = int((sequences.lengths - past)[past > 0].sum())
    if future:
        use = "they are not used (--known names columns that are known there)"
        if known:
            use = "what is known ahead is read there"
        notes.append(
            f"{count_of(future, 'row')} after the last number that is predicted are the future: "
            f"{use}, and nothing is asked of them."
        )
    return notes


def steps_of_past(asked: Floats, starts: Places) -> Places:
    """Return the steps (N,) of each series up to the last that has a number; 0 if none has.

    Args:
        asked: (S, C) the numbers that are forecast, NaN where they are missing.
        starts: (N + 1,) the first step of each series, then S.
    """
    present = ~np.isnan(asked).all(axis=1)
    last = np.where(present, positions_of(starts) + 1, 0)
    past: Places = np.maximum.reduceat(last, starts[:-1]).astype(np.int64)
    return past


def known_ahead(
    series: Sequences, known: tuple[str, ...], past: Places, horizon: int
) -> KnownAhead:
    """Return what is known ahead at the steps of the past.

    Args:
        series: whole, with their future and with gaps, which are filled from before them.
        known: the features that are known ahead.
        past: (N,) the steps of each series that are the past.
        horizon: the steps ahead h.
    """
    columns = [series.features.index(name) for name in known]
    numbers = Sequences(known, (), series.values[:, columns], series.starts)
    values = fill_within(numbers, Fill.PREVIOUS, from_past=True).values
    ends = np.repeat(series.starts[1:], series.lengths)
    ahead = []
    for step in range(1, horizon + 1):
        later = np.arange(len(values)) + step
        of_step = values[np.minimum(later, len(values) - 1)]
        of_step[later >= ends] = np.nan
        ahead.append(of_step)
    of_past = positions_of(series.starts) < np.repeat(past, series.lengths)
    readable = np.minimum(past, np.maximum(series.lengths - horizon, 0))
    return KnownAhead(known, np.concatenate(ahead, axis=1)[of_past], readable)


def with_ahead(series: Sequences, ahead: KnownAhead, means: Floats, horizon: int) -> Sequences:
    """Return series with what is known ahead as further features.

    Args:
        series: without gaps.
        ahead: what is known at their steps.
        means: (F,) of the features, for steps before the first number that is known.
        horizon: the steps ahead.
    """
    columns = [series.features.index(name) for name in ahead.columns]
    fills = np.tile(np.nan_to_num(means[columns]), horizon)
    values = np.where(np.isnan(ahead.values), fills, ahead.values)
    names = names_of_ahead(ahead.columns, horizon)
    return replace(
        series,
        features=(*series.features, *names),
        values=np.concatenate([series.values, values], axis=1),
    )


def cut_to(series: Sequences, past: Places) -> Sequences:
    """Return series with so many steps (N,) of each; those of none are left out."""
    kept = positions_of(series.starts) < np.repeat(past, series.lengths)
    return series.keep_steps(kept).keep_sequences(past > 0)
